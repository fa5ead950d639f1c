package coordinator_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/store"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/txnlog"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// past is what a server's disk holds from before the test.
type past struct {
	accepted, current int64
	// history are counters of epoch 1; asSnapshot says that a SNAP brought them.
	history    []uint32
	asSnapshot bool
}

// returning is a server with a past.
type returning struct {
	*coordinator.Server
	past past
}

func (r *returning) Boot(env node.Env) {
	if len(env.Disk().List()) == 0 {
		r.past.write(env.Disk())
	}
	r.Server.Boot(env)
}

func (p past) write(d node.Disk) {
	log, _ := txnlog.Open(d, bugs.Set{})
	t := tree.New()
	for _, counter := range p.history {
		txn := &wire.Txn{Session: 1, Cxid: int32(counter), Zxid: wire.MakeZxid(1, counter), Type: wire.OpCreate,
			Body: &wire.CreateTxn{Path: "/" + strconv.Itoa(int(counter)), ACL: wire.OpenACL, ParentCversion: int32(counter)}}
		t.Apply(txn)
		if !p.asSnapshot {
			must(log.Append(txn))
		}
	}
	if p.asSnapshot {
		name := "snapshot." + strconv.FormatInt(int64(t.LastProcessed()), 16)
		must(0, 0, d.WriteFile(name, t.Serialize()))
	}
	for name, epoch := range map[string]int64{store.AcceptedEpoch: p.accepted, store.CurrentEpoch: p.current} { //sim:unordered two files
		must(0, 0, d.WriteFile(name, strconv.AppendInt(nil, epoch, 10)))
	}
}

func must(_, _ any, err error) {
	if err != nil {
		panic(err)
	}
}

// A follower that holds in a snapshot what no leader ever committed takes over
// what the leader has, by a SNAP, without a write and without ending its process:
// from a leader that can do without it, and from one that needs it for its quorum.
func TestSnapshotThatCannotBeCut(t *testing.T) {
	tests := []struct {
		name    string
		pasts   []past
		started []int // besides server 1, before it
	}{
		{"at an established leader", []past{
			{accepted: 2, current: 1, history: []uint32{1, 2}, asSnapshot: true},
			{accepted: 1, current: 1, history: []uint32{1}},
			{accepted: 2, current: 1, history: []uint32{1}},
		}, []int{1, 2}},
		{"at a leader that needs it", []past{
			{accepted: 3, current: 1, history: []uint32{1, 2}, asSnapshot: true},
			{accepted: 3, current: 3, history: []uint32{1}},
			{},
		}, []int{1}},
		{"at a leader with no history at all", []past{
			{accepted: 2, current: 1, history: []uint32{1, 2}, asSnapshot: true},
			{accepted: 3, current: 3},
			{},
		}, []int{1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newReturning(t, tt.pasts)
			ended := 0
			e.world.OnProcess(func(c sim.ProcessChange) {
				if c.Kind == sim.Exited {
					ended++
				}
			})
			for _, i := range tt.started {
				e.world.Start(e.servers[i])
			}
			e.run(3 * time.Second)
			e.world.Start(e.servers[0])
			e.run(5 * time.Second)
			if ended > 0 || e.seen[facts.TruncImpossible] != 1 || e.seen[facts.SnapshotLoaded] != 1 {
				t.Errorf("%d processes ended, %d TRUNCs were impossible, %d snapshots loaded",
					ended, e.seen[facts.TruncImpossible], e.seen[facts.SnapshotLoaded])
			}
			if f := e.role("follower"); len(e.role("leader")) != 1 || len(f) != len(tt.started) || f[0] != e.servers[0] {
				t.Errorf("leaders %v, followers %v", e.role("leader"), f)
			}
			e.sameAfterRestart(t, append(tt.started, 0))
		})
	}
}

// newReturning is an ensemble that is not started, one server for each past.
func newReturning(t *testing.T, pasts []past) *ensemble {
	e := &ensemble{t: t, world: sim.NewWorld(sim.Config{Seed: 1, Wire: true}), seen: map[*node.EventKind]int{}}
	t.Cleanup(e.world.Close)
	var members []coordinator.Member
	for i := range pasts {
		members = append(members, coordinator.Member{Sid: int64(i + 1), Node: node.ID(i)})
	}
	for i, p := range pasts {
		cfg := coordinator.Config{Sid: int64(i + 1), Members: members, Tick: 100 * time.Millisecond, ElectionTimeoutMax: time.Second}
		id := e.world.Add("zk"+strconv.Itoa(i+1), "zk", func() node.Node {
			return &returning{coordinator.New(cfg), p}
		})
		e.servers = append(e.servers, id)
	}
	e.world.OnEvent(func(s sim.Seen) {
		e.seen[s.Event.Kind]++
		e.facts = append(e.facts, s)
	})
	return e
}

// sameAfterRestart crashes some servers with all that is not durable, and requires
// that they come back with equal trees.
func (e *ensemble) sameAfterRestart(t *testing.T, which []int) {
	t.Helper()
	for _, i := range which {
		e.world.Crash(e.servers[i], sim.LoseAll)
	}
	e.facts = nil
	for _, i := range which {
		e.world.Start(e.servers[i])
	}
	e.run(time.Second)
	var digests []int64
	for _, s := range e.facts {
		if s.Event.Kind == facts.Recovered {
			digests = append(digests, s.Event.N[2])
		}
	}
	for _, d := range digests {
		if d != digests[0] || len(digests) != len(which) {
			t.Fatalf("servers %v come back with trees of digests %x", which, digests)
		}
	}
}
