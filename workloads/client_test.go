package workloads

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/checkers"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
	"pgregory.net/rapid"
)

// stage is a world with a perfect ensemble of three servers and the clients of a
// workload.
type stage struct {
	world    *sim.World
	ensemble *ensemble
	record   *Recorder
	clients  []node.ID
	plan     []Op
	finals   []Op
}

const (
	servers = 3
	startAt = 500 * time.Millisecond
)

// build sets a stage. Client clocks drift by a few percent.
func build(seed uint64, wired bool, w Workload, s Shape, plan []Op) *stage {
	world := sim.NewWorld(sim.Config{Seed: seed, Wire: wired})
	st := &stage{world: world, ensemble: newEnsemble(world.Now), record: NewRecorder(s.Clients, world.Now), plan: plan, finals: w.FinalReads(s)}
	for i := range servers {
		id := world.Add(fmt.Sprintf("zk%d", i+1), "zk", func() node.Node {
			return &server{ensemble: st.ensemble, world: world.Now, sessions: map[node.ConnID]int64{}}
		})
		world.Start(id)
	}
	st.addClients(w, s, plan, startAt)
	return st
}

// addClients adds the clients of a workload that starts at some time.
func (st *stage) addClients(w Workload, s Shape, plan []Op, start time.Duration) {
	for i := range s.Clients {
		cfg := ClientConfig{
			Index: i, Servers: []node.ID{0, 1, 2}, SessionTimeout: time.Second, OpTimeout: 400 * time.Millisecond,
			Ops: OpsOf(plan, i), Final: OpsOf(st.finals, i), Record: st.record,
			StartAt: start, StopAt: start + s.Duration, FinalAt: start + s.Duration + time.Second,
		}
		if i == 0 {
			cfg.Setup = w.Setup(s)
		}
		id := st.world.Add(fmt.Sprintf("c%d", i), "client", func() node.Node { return NewClient(cfg) })
		st.clients = append(st.clients, id)
		st.world.Start(id)
		st.world.SetDrift(id, int64(i*7919%40000-20000))
	}
}

// run lets the whole workload happen and fails the test on a panic of a node.
func (st *stage) run(t tester, s Shape) {
	end := startAt + s.Duration + 8*time.Second
	st.world.Run(end)
	for st.record.Finals() < len(st.finals) && end < patience {
		end += time.Second // recipe steps wait for one another
		st.world.Run(end)
	}
	if f := st.world.Failure(); f != nil {
		t.Fatalf("%s: %s\n%s", f.Name, f.Reason, f.Stack)
	}
	st.world.Close()
}

// patience is how long a stage may take at most.
const patience = 2 * time.Minute

// breakThings cuts connections and crashes clients and servers at random.
func (st *stage) breakThings(r *rand.Rand, d time.Duration) {
	all := func(node.ID, node.ID, node.Port) bool { return true }
	for at := startAt; at < startAt+d; at += time.Duration(r.IntN(600)) * time.Millisecond {
		victim := node.ID(r.IntN(servers + len(st.clients)))
		if r.IntN(2) == 0 {
			st.world.At(at, "cut", func() { st.world.Cut(all) })
			continue
		}
		st.world.At(at, "crash", func() { st.world.Crash(victim, sim.LoseAll) })
		st.world.At(at+50*time.Millisecond, "restart", func() { st.start(victim) })
	}
}

// start boots a process unless another fault has done so already.
func (st *stage) start(id node.ID) {
	if !st.world.Processes()[id].Up {
		st.world.Start(id)
	}
}

// ofCoordinator lists the workloads whose clients are all of the coordinator.
func ofCoordinator() (some []Workload) {
	for _, w := range All() {
		if w.OnBrokers == nil {
			some = append(some, w)
		}
	}
	return some
}

// TestHistoriesAreTrue runs every workload of the coordinator through broken connections and
// crashes and holds what was recorded against the log of the ensemble.
func TestHistoriesAreTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.SampledFrom(ofCoordinator()).Draw(t, "workload")
		isTrue(t, w, rapid.Uint64().Draw(t, "seed"))
	})
}

// TestSessionsEndAfterFinalReads keeps two runs in which a client crashes so late
// that its ephemerals are still there when others make their final reads.
func TestSessionsEndAfterFinalReads(t *testing.T) {
	for _, seed := range []uint64{1195, 4352} {
		isTrue(t, sequence(), seed)
	}
}

// tester is a test of either kind, *testing.T or *rapid.T.
type tester interface {
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// isTrue is one run of TestHistoriesAreTrue.
func isTrue(t tester, w Workload, seed uint64) {
	s, _ := drawn(w, seed)
	s.Duration = 2 * time.Second
	r := rand.New(rand.NewPCG(seed, 1))
	plan := w.Generate(r, s)
	st := build(seed, seed%4 == 0, w, s, plan)
	st.breakThings(r, s.Duration)
	st.run(t, s)
	st.judge(t)
}

// committed finds the transaction of an operation, nil if it was never executed.
func (st *stage) committed(op history.Op) *wire.Txn {
	i := slices.IndexFunc(st.ensemble.log, func(txn *wire.Txn) bool {
		return op.Xid != 0 && txn.Session == op.Session && txn.Cxid == op.Xid
	})
	if i < 0 {
		return nil
	}
	return st.ensemble.log[i]
}

func (st *stage) judge(t tester) {
	h := st.record.History()
	if !st.record.Ready() || st.record.Finals() != len(st.finals) {
		t.Fatalf("setup done %v, %d of %d final reads answered", st.record.Ready(), st.record.Finals(), len(st.finals))
	}
	planned := map[int]bool{}
	for _, op := range st.plan {
		planned[op.ID] = true
	}
	if slices.ContainsFunc(st.plan, func(op Op) bool { return isRecipe(op.F) }) {
		st.judgeClaims(t, h)
		return // steps may outlast the final reads of others
	}
	for _, op := range h.Ops {
		if op.ID >= FirstID && op.ID < finalID && !planned[op.ID] {
			t.Errorf("operation %d is not in the plan", op.ID)
		}
		txn := st.committed(op)
		switch {
		case op.Return != history.Never && op.Return < op.Invoke:
			t.Errorf("operation %d returned before it began: %+v", op.ID, op)
		case op.Outcome == history.Fail && op.Zxid == 0 && txn != nil:
			t.Errorf("operation %d failed without an answer and was executed: %+v", op.ID, op)
		case op.Outcome == history.OK && writes(op) && (txn == nil || txn.Zxid != op.Zxid):
			t.Errorf("operation %d is ok, but the log has %+v: %+v", op.ID, txn, op)
		case op.Final:
			st.judgeFinal(t, op)
		}
	}
	st.judgeProcesses(t, h)
}

// judgeClaims has the judges look at what recipes concluded.
func (st *stage) judgeClaims(t tester, h *history.History) {
	for i, txn := range st.ensemble.log {
		h.Log = append(h.Log, history.Applied{At: st.ensemble.at[i], Txn: txn})
	}
	for _, f := range checkers.Judge(h, checkers.Options{}).Findings {
		t.Errorf("%v\n%s", f.Error(), strings.Join(f.Evidence, "\n"))
	}
}

func writes(op history.Op) bool {
	if op.F == history.Ask {
		return false
	}
	code, _ := request(op.F, op)
	return code.IsWrite()
}

// judgeFinal compares a final read with the database as it was at the read's zxid,
// which must be the one at which the server was asked. The database at the end will
// not do: the session of a client that crashed late ends, and farewells come, after
// the reads, and take ephemerals with them.
func (st *stage) judgeFinal(t tester, op history.Op) {
	if op.SyncXid == 0 || op.Xid != op.SyncXid+1 {
		t.Errorf("final read %d was xid %d after a sync with xid %d", op.ID, op.Xid, op.SyncXid)
	}
	if first, last := st.lastBy(op.Invoke), st.lastBy(op.Return); op.Zxid < first || op.Zxid > last {
		t.Errorf("final read %d has zxid %v, want one from %v to %v", op.ID, op.Zxid, first, last)
	}
	then := st.treeAt(op.Zxid)
	if op.F == history.Children {
		names, _, err := then.Children(op.Path)
		if err != op.Err || !slices.Equal(names, op.OutChildren) {
			t.Errorf("final read %+v; the tree has %v, %v", op, names, err)
		}
		return
	}
	data, _, err := then.Data(op.Path)
	if err != op.Err || err == wire.OK && string(data) != op.OutValue {
		t.Errorf("final read %+v; the tree has %q, %v", op, data, err)
	}
}

// lastBy is the zxid of the last transaction that was committed by a time.
func (st *stage) lastBy(at time.Duration) wire.Zxid {
	var last wire.Zxid
	for i, txn := range st.ensemble.log {
		if st.ensemble.at[i] <= at {
			last = txn.Zxid
		}
	}
	return last
}

// treeAt is the database as of a zxid, built from the log.
func (st *stage) treeAt(zxid wire.Zxid) *tree.Tree {
	then := tree.New()
	for _, txn := range st.ensemble.log {
		if txn.Zxid <= zxid {
			then.Apply(txn)
		}
	}
	return then
}

// judgeProcesses checks that a process does nothing after an operation of which
// nobody knows the outcome, except what was in flight with it.
func (st *stage) judgeProcesses(t tester, h *history.History) {
	lost := map[int]history.Op{}
	for _, op := range h.Ops {
		if op.Outcome == history.Info {
			lost[op.Process] = op
		}
	}
	for _, op := range h.Ops {
		if info, ok := lost[op.Process]; ok && info.Return != history.Never && op.Invoke > info.Return {
			t.Errorf("process %d began operation %d after operation %d ended info", op.Process, op.ID, info.ID)
		}
	}
}

// TestRunsRepeat checks that a seed gives one history, whether messages are
// encoded on their way or not.
func TestRunsRepeat(t *testing.T) {
	for _, w := range ofCoordinator() {
		t.Run(w.Name, func(t *testing.T) {
			s, _ := drawn(w, 7)
			s.Duration = 2 * time.Second
			once := func(wired bool) (*history.History, uint64) {
				r := rand.New(rand.NewPCG(7, 1))
				st := build(7, wired, w, s, w.Generate(r, s))
				st.breakThings(r, s.Duration)
				st.run(t, s)
				return st.record.History(), st.world.Hash()
			}
			h1, hash1 := once(false)
			h2, hash2 := once(false)
			h3, hash3 := once(true)
			if hash1 != hash2 || !reflect.DeepEqual(h1, h2) {
				t.Error("the same seed gave two histories")
			}
			if hash1 != hash3 || len(h1.Ops) != len(h3.Ops) {
				t.Error("encoding the messages changed the run")
			}
		})
	}
}

// script runs a plan of one client in a healthy world.
func script(t *testing.T, w Workload, lines ...string) (*stage, *history.History) {
	t.Helper()
	var plan []Op
	for _, line := range lines {
		op, err := ParseOp(line)
		if err != nil {
			t.Fatal(err)
		}
		plan = append(plan, op)
	}
	s := Shape{Clients: 1, Keys: 2, Duration: 10 * time.Second, Think: time.Second, Mix: []Weight{{"get", 1}}}
	st := build(1, true, w, s, plan)
	st.run(t, s)
	h := st.record.History()
	h.Ops = slices.DeleteFunc(h.Ops, func(op history.Op) bool { return op.ID >= finalID || op.ID < FirstID })
	return st, h
}

// summary renders an operation's end in a few words.
func summary(op history.Op) string {
	return fmt.Sprintf("%s %s v%d %v %v", op.F, op.Path, op.Version, op.Outcome, op.Err)
}

func expect(t *testing.T, h *history.History, want ...string) {
	t.Helper()
	var got []string
	for _, op := range h.Ops {
		got = append(got, summary(op))
	}
	if !slices.Equal(got, want) {
		t.Errorf("recorded\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestSeenVersions(t *testing.T) {
	_, h := script(t, register(),
		"op 1001 c0 0s cas /r/0 value=a version=seen",
		"op 1002 c0 0s write /r/0 value=b",
		"op 1003 c0 0s cas /r/0 value=c version=seen",
		"op 1004 c0 0s cas /r/0 value=d version=2",
		"op 1005 c0 0s multi [check /r/0 version=seen] [write /r/0 value=e] [write /r/1 value=f]",
		"op 1006 c0 0s cas /r/0 value=g version=seen",
		"op 1007 c0 0s delete /r/0 version=seen",
		"op 1008 c0 0s get /r/0",
	)
	expect(t, h,
		"set /r/0 v0 ok ok", "set /r/0 v-1 ok ok", "set /r/0 v2 ok ok", "set /r/0 v2 fail bad-version",
		"multi  v0 ok ok", "set /r/0 v4 ok ok", "delete /r/0 v5 ok ok", "get /r/0 v0 fail no-node")
}

func TestFailedMultiReportsItsError(t *testing.T) {
	st, h := script(t, sequence(),
		"op 1001 c0 0s multi [create /q/0/n- value=a mode=sequential] [check /q/0 version=9]",
		"op 1002 c0 0s create /q/0/n- value=b mode=sequential pipelined",
	)
	expect(t, h, "multi  v0 fail bad-version", "create /q/0/n- v0 ok ok")
	if got := h.Ops[1].OutPath; got != "/q/0/n-0000000000" {
		t.Errorf("created %s after a failed multi, want the first number", got)
	}
	if h.Ops[1].Invoke != h.Ops[0].Invoke || h.Ops[0].Zxid >= h.Ops[1].Zxid {
		t.Errorf("pipelined %+v behind %+v", h.Ops[1], h.Ops[0])
	}
	if names, _, _ := st.ensemble.tree.Children("/q/0"); len(names) != 1 {
		t.Errorf("children %v, want one", names)
	}
}

func TestDeleteOfTheLastCreated(t *testing.T) {
	_, h := script(t, sequence(),
		"op 1001 c0 0s create /q/0/n- value=a mode=sequential",
		"op 1002 c0 0s create /q/0/n- value=b mode=sequential",
		"op 1003 c0 0s delete /q/0/?",
		"op 1004 c0 0s delete /q/0/?",
		"op 1005 c0 0s delete /q/0/?",
	)
	expect(t, h, "create /q/0/n- v0 ok ok", "create /q/0/n- v0 ok ok",
		"delete /q/0/n-0000000001 v-1 ok ok", "delete /q/0/n-0000000000 v-1 ok ok", "delete /q/0/? v-1 fail no-node")
}

func TestSessionLife(t *testing.T) {
	_, h := script(t, session(),
		"op 1001 c0 0s create /e/a value=a mode=ephemeral",
		"op 1002 c0 100ms move",
		"op 1003 c0 200ms exists /e/a",
		"op 1004 c0 300ms hang for=2s",
		"op 1005 c0 3s exists /e/a",
		"op 1006 c0 3.1s create /e/b value=b mode=ephemeral",
		"op 1007 c0 3.2s close pipelined",
		"op 1008 c0 3.3s exists /e/b",
		"op 1009 c0 3.4s create /e/c value=c mode=ephemeral",
		"op 1010 c0 3.5s open",
		"op 1011 c0 3.6s exists /e/c",
		"op 1012 c0 6s exists /e/c",
	)
	expect(t, h, "create /e/a v0 ok ok", "exists /e/a v0 ok ok", "exists /e/a v0 fail no-node",
		"create /e/b v0 ok ok", "close  v0 ok ok", "exists /e/b v0 fail no-node",
		"create /e/c v0 ok ok", "exists /e/c v0 ok ok", "exists /e/c v0 fail no-node")
	var events []string
	processes := map[int]bool{}
	for _, e := range h.Sessions {
		events = append(events, fmt.Sprintf("%s %d", e.Kind, e.Conn))
	}
	for _, op := range h.Ops {
		processes[op.Process] = true
	}
	want := []string{"connected 1", "disconnected 1", "connected 2", "disconnected 2", "expired 2",
		"connected 1", "closed 1", "connected 1", "disconnected 1", "connected 1"}
	if !slices.Equal(events, want) {
		t.Errorf("session events %v\nwant %v", events, want)
	}
	if len(processes) != 4 {
		t.Errorf("%d processes for four sessions", len(processes))
	}
}

func TestClientGoesOnAfterACrash(t *testing.T) {
	w := register()
	s := Shape{Clients: 1, Keys: 1, Duration: 2 * time.Second, Think: 10 * time.Millisecond, Mix: []Weight{{"write", 1}}}
	plan := w.Generate(rand.New(rand.NewPCG(1, 0)), s)
	st := build(1, false, w, s, plan)
	for at := startAt; at < startAt+s.Duration; at += 300 * time.Millisecond {
		st.world.At(at, "crash", func() { st.world.Crash(st.clients[0], sim.LoseAll) })
		st.world.At(at+100*time.Millisecond, "restart", func() { st.start(st.clients[0]) })
	}
	st.run(t, s)
	ok, _, info := st.record.Counts()
	if ok < len(plan)/2 || st.record.Finals() != 1 {
		t.Errorf("%d ok and %d info of %d operations, %d final reads; want most to go on after the crashes", ok, info, len(plan), st.record.Finals())
	}
	if p := st.record.Process(0); p < 6 {
		t.Errorf("process %d after seven crashes, want a new one for each", p)
	}
}

func TestClientConfigValidate(t *testing.T) {
	record := NewRecorder(1, func() time.Duration { return 0 })
	good := ClientConfig{Record: record, OpTimeout: time.Second, StopAt: 1, FinalAt: 2}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		change func(*ClientConfig)
		want   string
	}{
		{"no recorder", func(c *ClientConfig) { c.Record = nil }, "without a recorder"},
		{"index", func(c *ClientConfig) { c.Index = 1 }, "client 1, but the recorder has 1"},
		{"op timeout", func(c *ClientConfig) { c.OpTimeout = 0 }, "OpTimeout must be positive"},
		{"order", func(c *ClientConfig) { c.FinalAt = 0 }, "must come in this order"},
		{"foreign", func(c *ClientConfig) { c.Ops = []Op{{ID: 1, Client: 2, F: Move}} }, "client 0 was given `op 1 c2 0s move`"},
	}
	for _, test := range tests {
		cfg := good
		test.change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}
