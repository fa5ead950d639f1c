package stampede

import (
	"bytes"
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

func stepOf(n int64) node.Event {
	return node.Event{Kind: facts.FailoverStep, N: [4]int64{1, 0, 0, n}}
}

func caseOf(k *node.EventKind, of int64) node.Event {
	return node.Event{Kind: k, Text: "orders-0", N: [4]int64{0, 0, 0, of}}
}

func TestDeathsOfBrokersAreCountedInTheirWindows(t *testing.T) {
	for story, c := range map[string]struct { //sim:unordered each for itself
		stated []node.Event
		want   []string
	}{
		"a broker that tries":        {[]node.Event{told(facts.ElectionTried, "")}, []string{"crash.failover-tried"}},
		"one that another outran":    {[]node.Event{told(facts.ElectionTried, ""), told(outrun, "")}, nil},
		"one that won":               {[]node.Event{told(facts.ElectionTried, ""), told(facts.ControllerElected, "")}, []string{"crash.failover-elected"}},
		"one that has watches":       {[]node.Event{told(facts.ControllerElected, ""), stepOf(facts.StepWatches)}, []string{"crash.failover-watches-set"}},
		"one that sent metadata":     {[]node.Event{stepOf(facts.StepContext), stepOf(facts.StepMetadata)}, []string{"crash.failover-metadata-sent"}},
		"one that is through":        {[]node.Event{stepOf(facts.StepDeletions), stepOf(facts.StepElections)}, nil},
		"one that gave up on it":     {[]node.Event{stepOf(facts.StepContext), told(facts.ControllerResigned, "")}, []string{"crash.failover-resigned"}},
		"a leader that shrinks":      {[]node.Event{caseOf(facts.IsrProposed, 0)}, []string{"crash.isr-shrinking"}},
		"a leader that expands":      {[]node.Event{caseOf(facts.IsrProposed, 1)}, []string{"crash.isr-expanding"}},
		"a leader that is answered":  {[]node.Event{caseOf(facts.IsrProposed, 1), caseOf(facts.IsrRefused, 0)}, nil},
		"a group, and another":       {[]node.Event{told(facts.Rebalancing, "g1"), told(facts.Generation, "g2")}, []string{"crash.rebalance-joining", "crash.rebalance-syncing"}},
		"a group that is assigned":   {[]node.Event{told(facts.Generation, "g1"), told(facts.GroupAssigned, "g1")}, []string{"crash.rebalance-assigned"}},
		"a member that has to share": {[]node.Event{told(facts.MemberLeads, "g1")}, []string{"crash.rebalance-leader"}},
	} {
		w := newWindows(3)
		life(&w, sim.Crashed, c.stated...)
		hits := map[string]uint64{}
		w.marks(hits)
		if got := slices.Sorted(maps.Keys(hits)); !slices.Equal(got, c.want) {
			t.Errorf("%s: counted %v, want %v", story, got, c.want)
		}
	}
}

// zombieRig is three coordinators and two brokers, of which b1 is process 3.
type zombieRig struct {
	*zombies
	windows windows
	all     []sim.ProcessInfo
}

func newZombieRig() *zombieRig {
	r := &zombieRig{windows: newWindows(5), all: make([]sim.ProcessInfo, 5)}
	for i := range r.all {
		r.all[i] = sim.ProcessInfo{ID: node.ID(i), Up: true, Incarnation: 1}
	}
	r.zombies = newZombies(Knobs{Servers: 3, BrokerKnobs: BrokerKnobs{Brokers: 2}}, func() []sim.ProcessInfo { return r.all }, &r.windows)
	return r
}

func (r *zombieRig) txn(session int64, body wire.TxnBody) {
	r.committed(9, &wire.Txn{Session: session, Body: body})
}

func (r *zombieRig) says(id int32, e node.Event) {
	r.windows.observe(&sim.Seen{Step: 9, Node: node.ID(2 + id), Event: e})
	r.observe(id, &e)
}

// rules lets b1 try to be the controller and be it, by session 11.
func (r *zombieRig) rules() {
	r.says(1, told(facts.ElectionTried, ""))
	r.txn(11, &wire.MultiTxn{Parts: []wire.SubTxn{{Body: &wire.CreateTxn{Path: znodes.Controller, Data: znodes.EncodeController(1, 0)}}}})
}

func TestWhatHappensToControllersAndLeaders(t *testing.T) {
	for story, c := range map[string]struct { //sim:unordered each for itself
		does func(*zombieRig)
		want []string
	}{
		"its session ends before it knows that it won": {func(r *zombieRig) { r.rules(); r.txn(11, &wire.CloseSessionTxn{}) }, []string{"expired.failover-tried"}},
		"another session ends":                         {func(r *zombieRig) { r.rules(); r.txn(12, &wire.CloseSessionTxn{}) }, nil},
		"its znode is deleted": {func(r *zombieRig) {
			r.rules()
			r.says(1, told(facts.ControllerElected, ""))
			r.says(1, stepOf(facts.StepContext))
			r.txn(99, &wire.DeleteTxn{Path: znodes.Controller})
		}, []string{"deposed.failover-context-read"}},
		"the session of an earlier life ends": {func(r *zombieRig) {
			r.rules()
			r.all[3].Incarnation++
			r.says(1, told(facts.ElectionTried, ""))
			r.txn(11, &wire.CloseSessionTxn{})
		}, nil},
		"another is faster": {func(r *zombieRig) {
			r.says(2, told(facts.ElectionTried, ""))
			r.rules()
			r.says(2, told(facts.Disconnected, ""))
		}, nil},
		"its connection breaks": {func(r *zombieRig) { r.rules(); r.says(1, told(facts.Disconnected, "")) }, []string{"cut.failover-tried"}},
		"a leader sleeps past its session and takes records": {func(r *zombieRig) {
			r.sleeps()
			r.says(1, told(facts.LeaderAppended, "orders-0"))
		}, []string{leaderAppends, leaderExpired}},
		"it hears of that first": {func(r *zombieRig) {
			r.sleeps()
			r.says(1, told(facts.SessionLost, ""))
			r.says(1, told(facts.LeaderAppended, "orders-0"))
		}, []string{leaderExpired}},
		"a log is cut for an unclean leader": {func(r *zombieRig) {
			r.says(1, caseOf(facts.LeaderElected, facts.ElectedUnclean))
			r.says(2, caseOf(facts.Truncated, facts.CutSharedEpoch))
		}, []string{cutAfterUnclean}},
		"for a clean one": {func(r *zombieRig) {
			r.says(1, caseOf(facts.LeaderElected, facts.ElectedUnclean))
			r.says(1, caseOf(facts.LeaderElected, facts.ElectedOffline))
			r.says(2, caseOf(facts.Truncated, facts.CutSharedEpoch))
		}, nil},
		"a leader is replaced, hears of it late, and stays in sync": {func(r *zombieRig) {
			r.replaced("[1,2]")
			r.says(1, caseOf(facts.Truncated, facts.CutSharedEpoch))
		}, []string{cutInSync}},
		"one that is out of sync by then": {func(r *zombieRig) {
			r.replaced("[2]")
			r.says(1, caseOf(facts.Truncated, facts.CutSharedEpoch))
		}, nil},
		"one that has followed another since": {func(r *zombieRig) {
			r.replaced("[1,2]")
			r.says(1, told(facts.BecameFollower, "orders-0"))
			r.says(1, caseOf(facts.Truncated, facts.CutSharedEpoch))
		}, nil},
	} {
		r := newZombieRig()
		c.does(r)
		hits := maps.Clone(r.hits)
		r.windows.marks(hits)
		if got := slices.Sorted(maps.Keys(hits)); !slices.Equal(got, c.want) {
			t.Errorf("%s: counted %v, want %v", story, got, c.want)
		}
	}
}

// sleeps lets b1 lead, be registered by session 7, and stand still while that ends.
func (r *zombieRig) sleeps() {
	r.txn(7, &wire.CreateTxn{Path: znodes.BrokerPath(1)})
	r.says(1, told(facts.BecameLeader, "orders-0"))
	r.all[3].Paused = true
	r.txn(7, &wire.CloseSessionTxn{})
	r.all[3].Paused = false
}

// replaced lets b1 lead, and b2 lead after it, with some in sync.
func (r *zombieRig) replaced(isr string) {
	state := znodes.StatePath(znodes.TopicPartition{Topic: "orders"})
	r.says(1, told(facts.BecameLeader, "orders-0"))
	r.txn(11, &wire.MultiTxn{Parts: []wire.SubTxn{{Body: &wire.SetDataTxn{
		Path: state, Data: []byte(`{"controller_epoch":1,"leader":2,"version":1,"leader_epoch":1,"isr":` + isr + `}`),
	}}}})
	r.says(1, told(facts.BecameFollower, "orders-0"))
}

// TestTheTableOfMarksIsTrue: what docs/COVERAGE.md says that hunts reach is counted and asked
// for, and all that is counted of failovers, of replication and of zombies is there.
func TestTheTableOfMarksIsTrue(t *testing.T) {
	text, err := os.ReadFile("docs/COVERAGE.md")
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, m := range regexp.MustCompile("`([a-z-]+\\.[a-z.-]+)`").FindAllSubmatch(text, -1) {
		mark := string(m[1])
		named = append(named, mark)
		if !slices.Contains(Paths(), mark) && byTests[mark] == "" {
			t.Errorf("no hunt is asked for %s", mark)
		}
	}
	for _, p := range slices.Concat(failoverPoints(), brokerPoints) {
		if !slices.Contains(named, p.Mark) {
			t.Errorf("the table does not name %s", p.Mark)
		}
	}
	for _, z := range ZombieMarks {
		if !slices.Contains(named, z.Mark) {
			t.Errorf("the table does not name %s", z.Mark)
		}
	}
	for mark, test := range byTests { //sim:unordered each for itself
		if !bytes.Contains(text, []byte("`"+mark+"`")) || !bytes.Contains(text, []byte("`"+test+"`")) {
			t.Errorf("the table does not say that %s is for %s", mark, test)
		}
	}
}
