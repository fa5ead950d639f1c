package checkers

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

var update = flag.Bool("update", false, "write testdata again from the scripts in this file")

// fixture is the story behind testdata/ID_ok.jsonl and testdata/ID_bad.jsonl: a good
// history, and what a broken ensemble would have made of it.
type fixture struct {
	id    string
	story func(e *ensemble, a, b *client)
	spoil func(h *history.History)
}

type op = history.Op
type part = history.Part

// Short forms for the stories.
func create(path string) op     { return op{F: history.Create, Path: path, Value: "v0"} }
func set(path, value string) op { return op{F: history.Set, Path: path, Value: value, Version: -1} }
func cas(path, value string, v int32) op {
	return op{F: history.Set, Path: path, Value: value, Version: v}
}
func get(path string) op      { return op{F: history.Get, Path: path} }
func syncGet(path string) op  { return op{F: history.SyncGet, Path: path} }
func children(path string) op { return op{F: history.Children, Path: path} }
func mode(path string, mode int32) op {
	return op{F: history.Create, Path: path, Mode: mode}
}

// txnBody is the body of transaction i.
func txnBody[B any](h *history.History, i int) B { return h.Log[i].Txn.Body.(B) }

// writes and reads a register from two sessions; ops 0 to 4, transactions 2 to 4.
func registerStory(e *ensemble, a, b *client) {
	e.write(a, create("/r"))
	e.write(a, set("/r", "v1"))
	e.write(b, cas("/r", "v2", 1))
	e.read(a, get("/r"))
	e.read(b, syncGet("/r"))
}

// ephemeral /e of session 1, which then closes; ops 0 to 2, transactions 2 to 4.
func ephemeralStory(e *ensemble, a, b *client) {
	e.write(a, mode("/e", wire.ModeEphemeral))
	e.write(b, create("/f"))
	e.write(a, op{F: history.Close})
}

// localStory has two local sessions, of which one is made known to all; ops 0 to 4.
func localStory(e *ensemble, a, b *client) {
	c, d := e.openLocal(3, 0, true), e.openLocal(4, 1, false)
	e.write(c, create("/r"))
	e.commit(3, 0, wire.OpCreateSession, &wire.CreateSessionTxn{TimeoutMs: 4000})
	e.write(c, mode("/r/e", wire.ModeEphemeral))
	e.write(d, mode("/r/f", wire.ModeEphemeral)).Err = wire.ErrEphemeralOnLocal
	e.write(c, op{F: history.Close})
	e.closeLocal(d)
}

// /u, which may hold two znodes, and /u/x; ops 0 to 4, transactions 2 to 6.
func quotaStory(e *ensemble, a, b *client) {
	e.h.Rules.EnforceQuota = true
	e.write(a, create("/u"))
	e.write(a, create("/zookeeper/quota/u"))
	e.write(a, op{F: history.Create, Path: "/zookeeper/quota/u/zookeeper_limits", Value: "count=-1,bytes=-1=;countHardLimit=2"})
	e.write(a, op{F: history.Create, Path: "/zookeeper/quota/u/zookeeper_stats"})
	e.write(b, create("/u/x"))
}

// readOnlyStory has a server that is cut off with a write that never was committed,
// and shows it to a client, which then moves on; ops 0 to 6.
func readOnlyStory(e *ensemble, a, b *client) {
	e.write(a, create("/r"))
	e.write(a, set("/r", "v1"))
	e.catchUp(1, len(e.h.Log))
	lost := &wire.Txn{Session: 1, Cxid: 9, Zxid: wire.MakeZxid(1, e.counter+1), Time: 9, Type: wire.OpSetData,
		Body: &wire.SetDataTxn{Path: "/r", Data: []byte("lost"), Version: 2}}
	e.h.Tails = []history.Tail{{After: e.leader.Last(), Txns: []*wire.Txn{lost}}}
	e.servers[1].Apply(lost)
	e.elect()
	e.write(a, set("/r", "v2"))
	c := e.openLocal(3, 1, true)
	came := &e.h.Sessions[len(e.h.Sessions)-1]
	came.Kind, came.Asked = history.ConnectedReadOnly, true
	refused := e.start(c, set("/r", "v3"))
	refused.Outcome, refused.Err = history.Fail, wire.ErrNotReadOnly
	e.finish(c, refused, lost.Zxid)
	e.read(c, get("/r"))
	e.read(c, get("/r"))
	d := e.openLocal(4, 0, true)
	came = &e.h.Sessions[len(e.h.Sessions)-1]
	came.Zxid, came.Before, came.Asked = lost.Zxid, 3, true
	e.read(d, get("/r"))
}

var fixtures = []fixture{
	{LogOrder, registerStory, func(h *history.History) {
		h.Log[3], h.Log[4] = h.Log[4], h.Log[3]
	}},
	{AtMostOnce, registerStory, func(h *history.History) { // the first set is executed again
		again := *h.Log[3].Txn
		again.Zxid, again.Body = again.Zxid+2, &wire.SetDataTxn{Path: "/r", Data: []byte("v1"), Version: 3}
		h.Log = append(h.Log, history.Applied{At: h.Log[4].At, Txn: &again})
	}},
	{DefiniteFailure, registerStory, func(h *history.History) {
		h.Ops[1].Outcome, h.Ops[1].Err, h.Ops[1].Zxid, h.Ops[1].OutStat = history.Fail, 0, 0, nil
	}},
	{NothingUnasked, registerStory, func(h *history.History) { // a lost request was sent once more, by nobody's will
		again := *h.Log[3].Txn
		again.Cxid, again.Zxid, again.Body = 9, again.Zxid+2, &wire.SetDataTxn{Path: "/r", Data: []byte("v1"), Version: 3}
		h.Log = append(h.Log, history.Applied{At: h.Log[4].At, Txn: &again})
	}},
	{CheckInMulti, func(e *ensemble, a, b *client) {
		e.write(a, create("/r"))
		o := e.start(a, op{F: history.Check, Path: "/r", Version: 0})
		o.Outcome, o.Err = history.Fail, wire.ErrUnimplemented
		e.finish(a, o, e.leader.Last())
	}, func(h *history.History) { // a server takes it for a write
		h.Ops[1].Outcome, h.Ops[1].Err, h.Ops[1].Zxid = history.Info, 0, 0
		last := h.Log[len(h.Log)-1]
		h.Log = append(h.Log, history.Applied{At: last.At, Txn: &wire.Txn{
			Session: 1, Cxid: 2, Zxid: last.Txn.Zxid + 1, Type: wire.OpCheck, Body: &wire.CheckTxn{Path: "/r"},
		}})
	}},
	{Durability, registerStory, func(h *history.History) { // the last write is lost, and nobody had read it
		h.Log, h.Ops = h.Log[:4], h.Ops[:3]
	}},
	{WriteZxid, registerStory, func(h *history.History) { h.Ops[2].Zxid++; h.Ops = h.Ops[:3] }},
	{RealTimeOrder, registerStory, func(h *history.History) { // the cas seems to come before what it followed
		h.Ops[2].Invoke, h.Ops[2].Return = 3*time.Millisecond, 4*time.Millisecond
		h.Ops[2].Session, h.Ops = 2, h.Ops[:3]
		h.Ops[0].Invoke, h.Ops[0].Return = 1*time.Millisecond, 2*time.Millisecond
	}},
	{ClosedSession, func(e *ensemble, a, b *client) {
		ephemeralStory(e, a, b)
		e.read(b, syncGet("/f"))
	}, func(h *history.History) { // session 1 goes on as if nothing were
		h.Ops[3].Session, h.Ops[3].Xid = 1, 3
	}},
	{SessionKept, func(e *ensemble, a, b *client) {
		for _, path := range []string{"/a", "/b", "/c"} {
			e.write(a, create(path))
			e.now += 2 * time.Second
		}
		e.now += 2 * time.Second
		e.commit(a.session, 0, wire.OpCloseSession, &wire.CloseSessionTxn{})
	}, func(h *history.History) { // its leader knew of /a, 3 s before
		h.Log[5].At = h.Ops[0].Invoke + 3*time.Second
	}},
	{LocalUpgrade, localStory, func(h *history.History) { // where sessions are upgraded, none is refused
		h.Locals[1].Upgradable = true
		h.Ops[2].Err = wire.ErrSessionExpired
	}},
	{ReadOnlyAsked, readOnlyStory, func(h *history.History) { h.Sessions[2].Asked = false }},
	{ReadOnlyWrites, readOnlyStory, func(h *history.History) { // what it logs nowhere it lets pass
		h.Ops[3].Outcome, h.Ops[3].Err = history.OK, wire.OK
	}},
	{ReadOnlyFrozen, readOnlyStory, func(h *history.History) { // it has found its leader, and serves on
		r := &h.Ops[5]
		r.Zxid, r.OutValue, r.OutStat = h.Log[4].Txn.Zxid, "v2", h.Ops[2].OutStat
	}},
	{SessionOnce, registerStory, func(h *history.History) { h.Log[1].Txn.Session = 1 }},
	{EphemeralOwner, ephemeralStory, func(h *history.History) {
		h.Log = append(h.Log, history.Applied{At: h.Log[4].At, Txn: &wire.Txn{
			Session: 1, Zxid: h.Log[4].Txn.Zxid + 1, Type: wire.OpCreate,
			Body: &wire.CreateTxn{Path: "/late", Ephemeral: true, ParentCversion: 3},
		}})
	}},
	{AccessControl, accessStory, func(h *history.History) { // session 2 writes what it may only read
		h.Ops, h.Log = h.Ops[:3], h.Log[:5]
		h.Ops[2].Outcome, h.Ops[2].Err = history.OK, wire.OK
		h.Log[4].Txn.Type, h.Log[4].Txn.Body = wire.OpSetData, &wire.SetDataTxn{Path: "/d", Data: []byte("v2"), Version: 2}
	}},
	{NoAuth, accessStory, func(h *history.History) { // the owner is refused
		h.Ops, h.Log = h.Ops[:2], h.Log[:4]
		h.Ops[1].Outcome, h.Ops[1].Err, h.Ops[1].OutStat = history.Fail, wire.ErrNoAuth, nil
		h.Log[3].Txn.Type, h.Log[3].Txn.Body = wire.OpError, &wire.ErrorTxn{Err: wire.ErrNoAuth}
	}},
	{ACLMasked, accessStory, func(h *history.History) { h.Ops[4].OutValue = mine + ":31,world:anyone:1" }},
	{Identities, accessStory, func(h *history.History) { h.Ops[7].OutChildren = []string{"ip:10.0.0.1"} }},
	{AuthKept, credentialStory, func(h *history.History) { // on the second connection it is nobody
		h.Auths = append(h.Auths[:1], h.Auths[2])
		h.Ops[1].Outcome, h.Ops[1].Err, h.Ops[1].OutStat, h.Ops[1].OutValue = history.Fail, wire.ErrNoAuth, nil, ""
	}},
	{EphemeralCleanup, ephemeralStory, func(h *history.History) { txnBody[*wire.CloseSessionTxn](h, 4).Paths = nil }},
	{ContainerRemoval, func(e *ensemble, a, b *client) {
		e.write(a, mode("/c", wire.ModeContainer))
		e.write(a, create("/c/x"))
		e.write(a, op{F: history.Delete, Path: "/c/x", Version: -1})
		e.commit(0, 0, wire.OpDeleteContainer, &wire.DeleteTxn{Path: "/c"})
	}, func(h *history.History) { // the last child is still there
		h.Ops, h.Log = h.Ops[:2], append(h.Log[:4], h.Log[5])
	}},
	{OperatorTruth, func(e *ensemble, a, b *client) {
		e.write(a, create("/o"))
		e.ask(b, "srvr", 1, fmt.Sprintf("Latency min/avg/max: 0/0.0/0\nZxid: %#x\nMode: leader\nNode count: %d\n", int64(e.leader.Last()), e.leader.Len()+1))
		e.ask(b, "hash", 1, fmt.Sprintf("%#x: %x\n", int64(e.leader.Last()), e.leader.Digest()))
		e.write(a, create("/o/x"))
	}, func(h *history.History) { // the zxid of the log, the znodes of the tree
		h.Ops[1].OutValue = strings.Replace(h.Ops[1].OutValue, "Node count: ", "Node count: 1", 1)
	}},
	{TTLRemoval, func(e *ensemble, a, b *client) {
		e.write(a, op{F: history.Create, Path: "/l", Mode: wire.ModeTTL, TTL: 100})
		e.now += 90 * time.Millisecond
		e.write(b, set("/l", "v1"))
		e.now += 100 * time.Millisecond
		e.commit(0, 0, wire.OpDeleteContainer, &wire.DeleteTxn{Path: "/l"})
	}, func(h *history.History) { // its TTL counts from its creation
		h.Log[4].Txn.Time -= 50
	}},
	{QuotaKept, func(e *ensemble, a, b *client) {
		quotaStory(e, a, b)
		o := e.start(b, create("/u/y"))
		txn := e.commit(b.session, b.xid, wire.OpError, &wire.ErrorTxn{Err: wire.ErrQuotaExceeded})
		o.Outcome, o.Err = history.Fail, wire.ErrQuotaExceeded
		e.catchUp(b.server, len(e.h.Log))
		e.finish(b, o, txn.Zxid)
	}, func(h *history.History) { // nobody asked the quota
		last := len(h.Ops) - 1
		h.Ops[last].Outcome, h.Ops[last].Err, h.Ops[last].OutPath = history.OK, wire.OK, "/u/y"
		txn := h.Log[len(h.Log)-1].Txn
		txn.Type, txn.Body = wire.OpCreate, &wire.CreateTxn{Path: "/u/y", Data: []byte("v0"), ACL: wire.OpenACL, ParentCversion: 2}
	}},
	{QuotaStats, func(e *ensemble, a, b *client) {
		quotaStory(e, a, b)
		e.read(b, get("/zookeeper/quota/u/zookeeper_stats"))
		last := &e.h.Ops[len(e.h.Ops)-1]
		last.OutValue, last.OutStat = "count=2,bytes=4", nil
	}, func(h *history.History) { h.Ops[len(h.Ops)-1].OutValue = "count=1,bytes=2" }},
	{SequentialNames, func(e *ensemble, a, b *client) {
		e.write(a, create("/q"))
		e.write(a, mode("/q/n-", wire.ModePersistentSequential))
		e.write(b, op{F: history.Delete, Path: "/q/n-0000000000", Version: -1})
		e.write(a, mode("/q/n-", wire.ModePersistentSequential))
	}, func(h *history.History) { // the number is of children there are, not of those there ever were
		h.Ops[3].OutPath = "/q/n-0000000000"
		txnBody[*wire.CreateTxn](h, 5).Path = "/q/n-0000000000"
	}},
	{VersionCAS, registerStory, func(h *history.History) { h.Ops[2].Version = 0 }},
	{VersionGrowth, registerStory, func(h *history.History) { // the version jumps, and everybody sees it jump
		txnBody[*wire.SetDataTxn](h, 4).Version = 5
		for _, i := range []int{2, 3, 4} {
			if st := h.Ops[i].OutStat; st.Version == 2 {
				st.Version = 5
			}
		}
	}},
	{MultiAtomic, func(e *ensemble, a, b *client) {
		e.write(a, create("/r"))
		e.write(a, create("/s"))
		e.multi(a, part{F: history.Set, Path: "/r", Value: "m", Version: -1}, part{F: history.Set, Path: "/s", Value: "m", Version: 3})
	}, func(h *history.History) { // the first part happens, the second does not
		txnBody[*wire.MultiTxn](h, 4).Parts[0] = wire.SubTxn{Type: wire.OpSetData, Body: &wire.SetDataTxn{Path: "/r", Data: []byte("m"), Version: 1}}
		h.Ops[2].Outcome, h.Ops[2].Return = history.Info, history.Never
		h.Ops[2].Zxid, h.Ops[2].Err, h.Ops[2].OutParts = 0, 0, nil
	}},
	{WriteResult, func(e *ensemble, a, b *client) {
		registerStory(e, a, b)
		e.write(a, create("/r"))
	}, func(h *history.History) { // the znode exists, yet somebody is told that its parent does not
		h.Ops[5].Err = wire.ErrNoNode
		txnBody[*wire.ErrorTxn](h, 5).Err = wire.ErrNoNode
	}},
	{FIFOReplies, registerStory, func(h *history.History) { h.Ops[1].Return = h.Ops[3].Return + 1 }},
	{FIFOWrites, func(e *ensemble, a, b *client) {
		e.write(a, create("/r"))
		lost := len(e.h.Ops)
		e.write(a, set("/r", "v1"))
		e.write(a, set("/r", "v2"))
		e.h.Ops[lost].Outcome, e.h.Ops[lost].Return, e.h.Ops[lost].Zxid, e.h.Ops[lost].OutStat = history.Info, history.Never, 0, nil
	}, func(h *history.History) { // the first set is gone, the second sent after it is not
		h.Log = slices.Delete(h.Log, 3, 4)
		txnBody[*wire.SetDataTxn](h, 3).Version = 1
		h.Ops[2].OutStat.Version = 1
	}},
	{ReadYourWrites, registerStory, func(h *history.History) { // served before the own write was applied
		created := h.Ops[0]
		r := &h.Ops[3]
		r.Zxid, r.OutValue, r.OutStat = created.Zxid, "v0", created.OutStat
		r.Xid, h.Ops = 3, h.Ops[:4]
	}},
	{MonotonicReads, func(e *ensemble, a, b *client) {
		registerStory(e, a, b)
		e.read(b, get("/r"))
	}, func(h *history.History) {
		earlier := h.Ops[2]
		h.Ops[2].Session, h.Ops[2].Xid = 3, 1 // written by a third session
		h.Log[4].Txn.Session, h.Log[4].Txn.Cxid = 3, 1
		h.Log = slices.Insert(h.Log, 0, history.Applied{Txn: &wire.Txn{Session: 3, Zxid: wire.MakeZxid(0, 1), Body: &wire.CreateSessionTxn{}}})
		last := &h.Ops[5]
		last.Zxid, last.OutValue, last.OutStat = earlier.Zxid-1, "v1", h.Ops[1].OutStat
	}},
	{SingleImage, func(e *ensemble, a, b *client) {
		registerStory(e, a, b)
		e.move(b, 0)
		e.read(b, get("/r"))
	}, func(h *history.History) {
		last := &h.Ops[5]
		last.Zxid, last.OutValue, last.OutStat = h.Ops[1].Zxid, "v1", h.Ops[1].OutStat
	}},
	{SyncOrder, func(e *ensemble, a, b *client) {
		e.write(a, create("/r"))
		e.write(a, set("/r", "v1"))
		e.read(b, syncGet("/r"))
	}, func(h *history.History) { // the server answered the sync itself
		h.Ops[2].Zxid, h.Ops[2].SyncZxid = h.Ops[0].Zxid, h.Ops[0].Zxid
		h.Ops[2].OutValue, h.Ops[2].OutStat = "v0", h.Ops[0].OutStat
	}},
	{FinalReads, func(e *ensemble, a, b *client) {
		e.write(a, create("/r"))
		e.elect()
		e.write(a, set("/r", "v1"))
		r := syncGet("/r")
		r.Final = true
		e.read(b, r)
	}, func(h *history.History) { // a deposed leader still answers, long after healing
		h.Ops[2].Zxid, h.Ops[2].SyncZxid = h.Ops[0].Zxid, h.Ops[0].Zxid
		h.Ops[2].OutValue, h.Ops[2].OutStat = "v0", h.Ops[0].OutStat
	}},
	{ReadResult, func(e *ensemble, a, b *client) {
		e.write(a, create("/q"))
		e.write(a, create("/q/x"))
		e.read(a, children("/q"))
	}, func(h *history.History) { h.Ops[2].OutChildren = nil }},
	{ConfigChange, reconfigStory, func(h *history.History) { // who left is still there
		txnBody[*wire.SetDataTxn](h, 2).Data = []byte(withMembers("100000003", 1, 2))
		h.Ops[0].OutValue = withMembers("100000003", 1, 2)
		h.Ops, h.Log = h.Ops[:1], h.Log[:3]
	}},
	{ConfigShown, reconfigStory, func(h *history.History) { h.Ops[1].OutValue = h.Config }},
	{WatchOrder, watchStory, func(h *history.History) { // the reply that shows the change comes first
		h.Events[0].Order, h.Ops[3].Order = 3, 2
	}},
	{WatchOnce, watchStory, func(h *history.History) { // the watch fires for the second change, too
		again := h.Events[0]
		again.Order, again.Zxid = 4, h.Log[4].Txn.Zxid
		h.Events = append(h.Events, again)
	}},
	{WatchKept, watchStory, func(h *history.History) { h.Events = nil }},
	{WatchPersistent, persistentStory, func(h *history.History) { // of a grandchild it says nothing
		h.Events = slices.Delete(h.Events, 2, 3)
	}},
	{WatchReadable, secretStory, func(h *history.History) { // the znode that it may not read is told of
		h.Events = append(h.Events[:1:1], history.WatchEvent{
			At: h.Events[0].At, Client: 2, Session: 2, Conn: 1, Server: 1, Order: 5,
			Type: wire.NodeCreated, Path: "/r/secret", Zxid: h.Log[4].Txn.Zxid,
		}, h.Events[1])
		h.Events[2].Order, h.Ops[6].Order = 6, 7
	}},
	{WatchRemoved, removedStory, func(h *history.History) { // what was removed fires
		h.Events = append(h.Events, history.WatchEvent{
			At: h.Ops[7].Return, Client: 2, Session: 2, Conn: 1, Server: 1, Order: 5,
			Type: wire.NodeDataChanged, Path: "/r", Zxid: h.Log[len(h.Log)-1].Txn.Zxid,
		})
	}},
	{WatchSurvives, movingWatchStory, func(h *history.History) { h.Events = h.Events[:2] }}, // an exist watch is forgotten
}

// linearOK is a history without a log, for the search alone.
const linearOK = `{:type :invoke, :f :write, :value 1, :process 0, :time 1, :index 0}
{:type :ok, :f :write, :value 1, :process 0, :time 2, :index 1}
{:type :invoke, :f :read, :value nil, :process 1, :time 3, :index 2}
{:type :ok, :f :read, :value 1, :process 1, :time 4, :index 3}
`

// record plays a story with sessions 1 and 2 on two servers.
func (f *fixture) record() *history.History {
	e := newEnsemble(2)
	e.h.Ops = make([]history.Op, 0, 16) // stories hold pointers into it
	a, b := e.open(1, 0), e.open(2, 1)
	f.story(e, a, b)
	return &e.h
}

// TestFixturesAreTheirStories checks that testdata is what the stories give today. A
// fixture that lags behind judges a history that nobody records any more.
func TestFixturesAreTheirStories(t *testing.T) {
	stored, _ := filepath.Glob(filepath.Join("testdata", "*_*.*"))
	want := fixtureFiles(t)
	for _, path := range stored {
		if want[filepath.Base(path)] == nil {
			t.Errorf("%s has no story", path)
		}
	}
	for name, b := range want { //sim:unordered each by itself
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, b) {
			t.Errorf("%s is not what its story gives (error %v); go test ./checkers -run Fixtures -update writes it: look at the diff", path, err)
		}
	}
}

func TestFixtures(t *testing.T) {
	for _, g := range Guarantees {
		t.Run(g.ID, func(t *testing.T) {
			judgeFixture(t, g.ID+"_ok", "")
			judgeFixture(t, g.ID+"_bad", g.ID)
		})
	}
}

// judgeFixture judges one file; want is the only guarantee to break, "" for none.
func judgeFixture(t *testing.T, name, want string) {
	names, _ := filepath.Glob(filepath.Join("testdata", name+".*"))
	if len(names) != 1 {
		t.Fatalf("testdata has %d histories called %s, want 1", len(names), name)
	}
	b, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	h, err := history.ReadAny(bytes.NewReader(b), names[0])
	if err != nil {
		t.Fatal(err)
	}
	model := "witness"
	if isPlain(h) {
		model = "register"
	}
	r, err := CheckHistory(h, model)
	if err != nil {
		t.Fatal(err)
	}
	var broken []string
	for _, f := range r.Findings {
		broken = append(broken, f.Error())
	}
	switch {
	case want == "" && r.Verdict != Pass:
		t.Errorf("%s: %v %v\n%s", name, r.Verdict, r.Notes, strings.Join(broken, "\n"))
	case want != "" && (len(r.Findings) != 1 || r.Findings[0].Guarantee != want):
		t.Errorf("%s: %v, want exactly %s\n%s", name, r.Verdict, want, strings.Join(broken, "\n"))
	case want != "" && len(r.Findings[0].Evidence) == 0:
		t.Errorf("%s: no evidence for %v", name, r.Findings[0])
	}
}

// fixtureFiles is what testdata should hold, by the name of the file.
func fixtureFiles(t *testing.T) map[string][]byte {
	files := map[string][]byte{
		"linearizable_ok.edn":  []byte(linearOK),
		"linearizable_bad.edn": []byte(strings.Replace(linearOK, ":read, :value 1", ":read, :value nil", 1)),
	}
	for i := range fixtures {
		f := &fixtures[i]
		files[f.id+"_ok.jsonl"] = lines(t, f.record())
		bad := f.record()
		f.spoil(bad)
		files[f.id+"_bad.jsonl"] = lines(t, bad)
	}
	return files
}

func lines(t *testing.T, h *history.History) []byte {
	var b bytes.Buffer
	if err := history.WriteLines(&b, h); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
