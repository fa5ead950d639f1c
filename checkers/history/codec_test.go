package history

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"pgregory.net/rapid"
)

// Generators of everything a history can hold.
var (
	anyData = rapid.Custom(func(t *rapid.T) []byte {
		if rapid.Bool().Draw(t, "nil") {
			return nil
		}
		return rapid.SliceOfN(rapid.Byte(), 0, 12).Draw(t, "bytes")
	})
	anyZxid = rapid.Custom(func(t *rapid.T) wire.Zxid { return wire.Zxid(rapid.Int64().Draw(t, "zxid")) })
	anyPath = rapid.StringMatching(`/[a-zé]{0,5}`)
)

func genStat(t *rapid.T) wire.Stat {
	i, n := rapid.Int64(), rapid.Int32()
	return wire.Stat{
		Czxid: anyZxid.Draw(t, "c"), Mzxid: anyZxid.Draw(t, "m"), Pzxid: anyZxid.Draw(t, "p"),
		Ctime: i.Draw(t, "ct"), Mtime: i.Draw(t, "mt"), EphemeralOwner: i.Draw(t, "o"),
		Version: n.Draw(t, "v"), Cversion: n.Draw(t, "cv"), Aversion: n.Draw(t, "av"),
		DataLength: n.Draw(t, "dl"), NumChildren: n.Draw(t, "nc"),
	}
}

func genBody(t *rapid.T, depth int) wire.TxnBody {
	n := rapid.Int32()
	switch rapid.IntRange(0, 8-depth).Draw(t, "body") {
	case 0:
		return &wire.CreateTxn{Path: anyPath.Draw(t, "p"), Data: anyData.Draw(t, "d"), ACL: wire.OpenACL, Ephemeral: rapid.Bool().Draw(t, "e"), Container: rapid.Bool().Draw(t, "co"), TTL: rapid.Int64().Draw(t, "ttl"), ParentCversion: n.Draw(t, "pc")}
	case 1:
		return &wire.DeleteTxn{Path: anyPath.Draw(t, "p")}
	case 2:
		return &wire.SetDataTxn{Path: anyPath.Draw(t, "p"), Data: anyData.Draw(t, "d"), Version: n.Draw(t, "v")}
	case 3:
		return &wire.CheckTxn{Path: anyPath.Draw(t, "p"), Version: n.Draw(t, "v")}
	case 4:
		return &wire.CreateSessionTxn{TimeoutMs: n.Draw(t, "t")}
	case 5:
		return &wire.CloseSessionTxn{Paths: []string{anyPath.Draw(t, "p")}}
	case 6:
		return &wire.SetACLTxn{Path: anyPath.Draw(t, "p"), ACL: wire.OpenACL, Version: n.Draw(t, "v")}
	case 7:
		return &wire.ErrorTxn{Err: wire.ErrorCode(n.Draw(t, "e"))}
	}
	m := &wire.MultiTxn{}
	for range rapid.IntRange(0, 3).Draw(t, "parts") {
		m.Parts = append(m.Parts, wire.SubTxn{Type: wire.OpCode(n.Draw(t, "op")), Body: genBody(t, 1)})
	}
	return m
}

func genResult(t *rapid.T) wire.MultiResult {
	r := wire.MultiResult{Type: wire.OpCode(rapid.Int32().Draw(t, "op")), Err: wire.ErrorCode(rapid.Int32().Draw(t, "err"))}
	switch rapid.IntRange(0, 6).Draw(t, "result") {
	case 0:
		r.Body = &wire.CreateReply{Path: anyPath.Draw(t, "p")}
	case 1:
		r.Body = &wire.Create2Reply{Path: anyPath.Draw(t, "p"), Stat: genStat(t)}
	case 2:
		r.Body = &wire.StatReply{Stat: genStat(t)}
	case 3:
		r.Body = &wire.Empty{}
	case 4:
		r.Body = &wire.DataReply{Data: []byte(anyPath.Draw(t, "d")), Stat: genStat(t)}
	case 5:
		r.Body = &wire.ChildrenReply{Children: []string{anyPath.Draw(t, "c")}}
	}
	return r
}

func genOp(t *rapid.T, id int) Op {
	n, i := rapid.Int32(), rapid.IntRange(-3, 1000)
	op := Op{
		ID: id, Process: i.Draw(t, "process"), Client: i.Draw(t, "client"), F: Multi,
		Path: anyPath.Draw(t, "path"), Value: string(anyData.Draw(t, "value")), Old: string(anyData.Draw(t, "old")),
		Version: n.Draw(t, "version"), Mode: n.Draw(t, "mode"), TTL: rapid.Int64().Draw(t, "ttl"), ACL: anyPath.Draw(t, "acl"),
		Invoke: time.Duration(rapid.Int64().Draw(t, "invoke")), Return: time.Duration(rapid.Int64().Draw(t, "return")),
		Outcome: Outcome(rapid.IntRange(0, 2).Draw(t, "outcome")), Final: rapid.Bool().Draw(t, "final"),
		Session: rapid.Int64().Draw(t, "session"), Conn: i.Draw(t, "conn"), Xid: n.Draw(t, "xid"), Server: i.Draw(t, "server"),
		Zxid: anyZxid.Draw(t, "zxid"), Err: wire.ErrorCode(n.Draw(t, "err")), Watch: rapid.Bool().Draw(t, "watch"), Step: i.Draw(t, "step"), Order: i.Draw(t, "order"), SyncXid: n.Draw(t, "sx"), SyncZxid: anyZxid.Draw(t, "sz"),
		OutPath: anyPath.Draw(t, "op"), OutValue: string(anyData.Draw(t, "ov")), OutNil: rapid.Bool().Draw(t, "nil"),
	}
	if rapid.Bool().Draw(t, "change?") {
		op.F, op.Change = Reconfig, &Change{Joining: anyPath.Draw(t, "j"), Leaving: anyPath.Draw(t, "l"), Members: anyPath.Draw(t, "m"), From: rapid.Int64().Draw(t, "from")}
	}
	if rapid.Bool().Draw(t, "log?") {
		op.Log = genLogOp(t)
	}
	if rapid.Bool().Draw(t, "stat?") {
		s := genStat(t)
		op.OutStat = &s
	}
	for range rapid.IntRange(0, 3).Draw(t, "children") {
		op.OutChildren = append(op.OutChildren, anyPath.Draw(t, "child"))
	}
	for range rapid.IntRange(0, 3).Draw(t, "parts") {
		op.Parts = append(op.Parts, Part{F: Set, Path: anyPath.Draw(t, "pp"), Value: string(anyData.Draw(t, "pv")), Version: n.Draw(t, "v"), Mode: n.Draw(t, "m"), TTL: rapid.Int64().Draw(t, "pt"), ACL: anyPath.Draw(t, "a")})
		op.OutParts = append(op.OutParts, genResult(t))
	}
	return op
}

func genLogOp(t *rapid.T) *LogOp {
	word, n, i := rapid.StringMatching(`[a-z0-9,-]{0,6}`), rapid.Int32(), rapid.Int64()
	l := &LogOp{
		Key: word.Draw(t, "key"), Keyless: rapid.Bool().Draw(t, "keyless"), Tombstone: rapid.Bool().Draw(t, "tombstone"), Acks: int16(rapid.IntRange(-1, 1).Draw(t, "acks")),
		From: word.Draw(t, "from"), Group: word.Draw(t, "group"), Znodes: rapid.Bool().Draw(t, "znodes"), Args: word.Draw(t, "args"),
		As: word.Draw(t, "as"), Super: rapid.Bool().Draw(t, "super"),
		Broker: n.Draw(t, "broker"), Err: rapid.Int16().Draw(t, "err"), Partition: word.Draw(t, "partition"), Offset: i.Draw(t, "offset"),
		Epoch: n.Draw(t, "epoch"), Producer: i.Draw(t, "producer"), ProducerEpoch: rapid.Int16().Draw(t, "producer epoch"),
		Sequence: n.Draw(t, "sequence"), Generation: n.Draw(t, "generation"), Member: word.Draw(t, "member"), Attempts: rapid.IntRange(0, 3).Draw(t, "attempts"), Moved: rapid.Bool().Draw(t, "moved"),
	}
	for range rapid.IntRange(0, 2).Draw(t, "records") {
		l.Records = append(l.Records, Record{Partition: word.Draw(t, "rp"), Offset: i.Draw(t, "ro"), Key: word.Draw(t, "rk"), Value: word.Draw(t, "rv"), Tombstone: rapid.Bool().Draw(t, "rt")})
		l.Jumps = append(l.Jumps, Jump{word.Draw(t, "jp"), i.Draw(t, "from"), i.Draw(t, "to"), word.Draw(t, "why")})
		l.Names = append(l.Names, word.Draw(t, "name"))
		l.Positions = append(l.Positions, Position{word.Draw(t, "pp"), i.Draw(t, "po")})
	}
	return l
}

var anyLocal = rapid.Custom(func(t *rapid.T) LocalSession {
	return LocalSession{
		At: time.Duration(rapid.Int64().Draw(t, "at")), Session: rapid.Int64().Draw(t, "session"),
		Server: rapid.IntRange(0, 9).Draw(t, "server"), Timeout: time.Duration(rapid.Int64().Draw(t, "timeout")),
		Upgradable: rapid.Bool().Draw(t, "upgradable"),
	}
})

func TestLinesLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := &History{
			Rules: Rules{NeverUsed: time.Duration(rapid.Int64().Draw(t, "never used")), EnforceQuota: rapid.Bool().Draw(t, "quota"), SkipACL: rapid.Bool().Draw(t, "skip"), SequenceStart: rapid.Int32().Draw(t, "sequence")},
			Config: rapid.StringMatching(`(server\.[1-9]=a
)?version=[0-9a-f]+`).Draw(t, "config"),
		}
		for range rapid.IntRange(0, 2).Draw(t, "locals") {
			h.Locals = append(h.Locals, anyLocal.Draw(t, "local"))
			h.Tails = append(h.Tails, Tail{After: anyZxid.Draw(t, "after"), Txns: []*wire.Txn{{
				Session: rapid.Int64().Draw(t, "ts"), Zxid: anyZxid.Draw(t, "tz"), Body: genBody(t, 0),
			}}})
		}
		for range rapid.IntRange(0, 2).Draw(t, "partitions") {
			h.Partitions = append(h.Partitions, LogEvent{At: time.Duration(rapid.Int64().Draw(t, "pat")), Kind: UncleanElection, Partition: "t-0", Offset: rapid.Int64().Draw(t, "po")})
		}
		for range rapid.IntRange(0, 2).Draw(t, "access") {
			h.Access = append(h.Access, AccessEvent{
				At: time.Duration(rapid.Int64().Draw(t, "aat")), Kind: EntriesWritten, Resource: "Topic:t", Version: rapid.Int64().Draw(t, "av"), Open: rapid.Bool().Draw(t, "open"),
				Entries: []AccessEntry{{Principal: "User:a", Host: "*", Operation: "Read", Deny: rapid.Bool().Draw(t, "deny")}},
			})
		}
		for range rapid.IntRange(0, 2).Draw(t, "states") {
			n := func(name string) int64 { return rapid.Int64().Draw(t, name) }
			h.States = append(h.States, StateOp{
				F: WriteIsr, By: int32(n("by")), Call: time.Duration(n("call")), Return: time.Duration(n("ret")), Outcome: Outcome(rapid.IntRange(0, 2).Draw(t, "end")),
				Partition: "t-0", Expect: n("expect"), Version: n("version"), Leader: int32(n("leader")), Epoch: n("epoch"), Isr: n("isr"),
			})
		}
		for id := range rapid.IntRange(0, 4).Draw(t, "ops") {
			h.Ops = append(h.Ops, genOp(t, id))
		}
		for range rapid.IntRange(0, 3).Draw(t, "txns") {
			h.Log = append(h.Log, Applied{At: time.Duration(rapid.Int64().Draw(t, "at")), Txn: &wire.Txn{
				Session: rapid.Int64().Draw(t, "s"), Cxid: rapid.Int32().Draw(t, "c"), Zxid: anyZxid.Draw(t, "z"),
				Time: rapid.Int64().Draw(t, "t"), Type: wire.OpCode(rapid.Int32().Draw(t, "op")), Body: genBody(t, 0),
			}})
		}
		for range rapid.IntRange(0, 3).Draw(t, "events") {
			h.Sessions = append(h.Sessions, SessionEvent{
				At: time.Duration(rapid.Int64().Draw(t, "at")), Client: 3, Kind: Connected, Session: rapid.Int64().Draw(t, "s"),
				Conn: 2, Server: 1, Zxid: anyZxid.Draw(t, "z"), Timeout: time.Second,
				Before: rapid.Int64().Draw(t, "before"), Asked: rapid.Bool().Draw(t, "asked"),
				Vouched: []wire.Identity{{Scheme: "ip", ID: anyPath.Draw(t, "address")}},
			})
		}
		for range rapid.IntRange(0, 2).Draw(t, "watches") {
			h.Events = append(h.Events, WatchEvent{
				At: time.Second, Client: 3, Session: rapid.Int64().Draw(t, "s"), Conn: 2, Server: 1, Order: 4,
				Type: wire.EventType(rapid.Int32().Draw(t, "type")), Path: anyPath.Draw(t, "path"), Zxid: anyZxid.Draw(t, "z"),
			})
			h.Rearms = append(h.Rearms, Rearm{
				At: time.Second, Client: 3, Session: rapid.Int64().Draw(t, "s"), Conn: 2, Server: 1, Order: 4,
				Zxid: anyZxid.Draw(t, "z"), Seen: anyZxid.Draw(t, "seen"),
				Data: []string{anyPath.Draw(t, "data")}, Exist: []string{anyPath.Draw(t, "exist")}, Child: []string{anyPath.Draw(t, "child")},
				Persistent: []string{anyPath.Draw(t, "persistent")}, Recursive: []string{anyPath.Draw(t, "recursive")},
			})
		}
		for range rapid.IntRange(0, 2).Draw(t, "auths") {
			h.Auths = append(h.Auths, Auth{
				At: time.Second, Client: 3, Session: rapid.Int64().Draw(t, "s"), Conn: 2, Server: 1, After: rapid.Int32().Draw(t, "after"),
				Scheme: anyPath.Draw(t, "scheme"), Secret: string(anyData.Draw(t, "secret")), Super: rapid.Bool().Draw(t, "super"),
				Answered: rapid.Bool().Draw(t, "answered"), Err: wire.ErrorCode(rapid.Int32().Draw(t, "err")), Order: 4,
			})
		}
		for range rapid.IntRange(0, 2).Draw(t, "claims") {
			h.Claims = append(h.Claims, Claim{
				At: time.Second, Client: 3, Session: rapid.Int64().Draw(t, "s"), Step: 1005, Recipe: "lock", Kind: Acquired,
				Path: anyPath.Draw(t, "path"), Node: anyPath.Draw(t, "node"), Zxid: anyZxid.Draw(t, "z"),
				Token: anyZxid.Draw(t, "token"), N: rapid.Int().Draw(t, "n"), Values: []string{string(anyData.Draw(t, "value"))},
			})
		}
		var b bytes.Buffer
		if err := WriteLines(&b, h); err != nil {
			t.Fatal(err)
		}
		if b.Len() == 0 {
			return
		}
		got, err := ReadAny(bytes.NewReader(b.Bytes()), "h")
		if err != nil {
			t.Fatalf("%v in\n%s", err, b.String())
		}
		if !reflect.DeepEqual(got, h) {
			t.Fatalf("got %+v\nwant %+v\nin\n%s", got, h, b.String())
		}
	})
}

func TestReadErrorsNameThePlaceAndTheRemedy(t *testing.T) {
	op := `{"type":"op","id":1,"process":0,"f":"get","invoke":1,"return":2,"outcome":"ok"}` + "\n"
	tests := []struct{ name, in, want string }{
		{"cut off", op + `{"type":"op","id":2,"pro`, "h:2: the last line is cut off"},
		{"damaged", `{"type":"op",,}` + "\n" + op, "h:1: not JSON"},
		{"unknown type", op + `{"type":"watch"}` + "\n", `h:2: type "watch" is none of`},
		{"unknown field", `{"type":"op","id":1,"f":"get","color":1}` + "\n", `h:1: json: unknown field "color"`},
		{"bad outcome", `{"type":"op","id":1,"f":"get","outcome":"maybe"}` + "\n", `outcome "maybe" of operation 1`},
		{"bad zxid", `{"type":"txn","zxid":"1-3","op":1}` + "\n", `zxid "1-3" is not "epoch:counter"`},
		{"no body", `{"type":"txn","zxid":"1:3","op":1}` + "\n", "transaction 1:3: it has no body"},
		{"twice", op + op, "h: operation 1 occurs twice"},
		{"empty", " \n", "the file is empty"},
		{"alien", "hello", "neither JSON lines, EDN nor a Jepsen log"},
		{"edn cut off", "{:type :invoke, :f :read, :process 0}\n{:type :ok, :f :re", "after event 1: not EDN, or cut off"},
		{"edn function", "{:type :invoke, :f :enqueue, :process 0}", "event 1: function :enqueue is not a register's"},
		{"edn headless", "{:type :ok, :f :read, :value 3, :process 0}", "event 1: process 0 completes an operation it never invoked"},
		{"log function", "INFO  jepsen.util - 3 :invoke :dequeue nil\n", "h:1: function :dequeue is not a register's"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, err := ReadAny(strings.NewReader(tc.in), "h")
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want one with %q", err, tc.want)
			}
		})
	}
}

func TestReadJepsen(t *testing.T) {
	log := `INFO  jepsen.util - 0	:invoke	:read	nil
INFO  jepsen.core - starting
INFO  jepsen.util - 1	:invoke	:cas	[4 2]
INFO  jepsen.util - 0	:ok	:read	nil
INFO  jepsen.util - 1	:fail	:cas	[4 2]
INFO  jepsen.util - 2	:invoke	:write	7
INFO  jepsen.util - 2	:info	:write	:timed-out
`
	want := []Op{
		{ID: 0, F: Read, Invoke: 1, Return: 4, Outcome: OK, OutNil: true},
		{ID: 1, Process: 1, Client: 1, F: CAS, Old: "4", Value: "2", Invoke: 3, Return: 5, Outcome: Fail, Err: wire.ErrBadVersion},
		{ID: 2, Process: 2, Client: 2, F: Write, Value: "7", Invoke: 6, Return: Never},
	}
	check(t, log, want)
	want[1].Err = wire.OK // Jepsen's own histories do not tell why a cas failed
	check(t, `
{:type :invoke, :f :read, :value nil, :process 0, :time 1, :index 0}
{:type :info, :f :start, :process :nemesis, :time 2, :index 1}
{:type :invoke, :f :cas, :value [4 2], :process 1, :time 3, :index 2}
{:type :ok, :f :read, :value nil, :process 0, :time 4, :index 3}
{:type :fail, :f :cas, :value [4 2], :process 1, :time 5, :index 4}
{:type :invoke, :f :write, :value 7, :process 2, :time 6, :index 5}
{:type :info, :f :write, :value 7, :process 2, :time 7, :index 6, :error :timed-out}`, want)
	check(t, `[{:type :invoke :f :cas :value ["k" [1 2]] :process 5}
	 {:type :ok :f :cas :value ["k" [1 2]] :process 5}]`,
		[]Op{{Process: 5, Client: 5, F: CAS, Path: "k", Old: "1", Value: "2", Invoke: 1, Return: 2, Outcome: OK}})
}

func check(t *testing.T, in string, want []Op) {
	t.Helper()
	h, err := ReadAny(strings.NewReader(in), "h")
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(h.Ops, want) {
		t.Errorf("got  %+v\nwant %+v", h.Ops, want)
	}
}

func TestEDNRoundTrip(t *testing.T) {
	h := &History{Ops: []Op{
		{ID: 0, F: Write, Path: "x", Value: "a", Invoke: 1, Return: 4, Outcome: OK},
		{ID: 1, Process: 1, Client: 1, F: Read, Path: "x", Invoke: 2, Return: 4, Outcome: OK, OutValue: "a"},
		{ID: 2, Process: 2, Client: 2, F: CAS, Path: "x", Old: "a", Value: "b", Invoke: 3, Return: Never},
		{ID: 3, Process: 1, Client: 1, F: Read, Path: "x", Invoke: 5, Return: 6, Outcome: OK, OutNil: true},
	}}
	var b bytes.Buffer
	if err := WriteEDN(&b, h); err != nil {
		t.Fatal(err)
	}
	if first, _, _ := strings.Cut(b.String(), "\n"); first != `{:type :invoke, :f :write, :value ["x" "a"], :process 0, :time 1, :index 0}` {
		t.Errorf("first event is %s", first)
	}
	check(t, b.String(), h.Ops)
}

func TestEDNOfACoordinatorHistory(t *testing.T) {
	h := &History{Ops: []Op{{
		F: Set, Path: "/r/1", Value: "v", Version: 3, Invoke: 1, Return: 2, Outcome: Fail,
		Session: 7, Zxid: wire.MakeZxid(1, 4), Err: wire.ErrBadVersion,
	}}}
	var b bytes.Buffer
	if err := WriteEDN(&b, h); err != nil {
		t.Fatal(err)
	}
	want := `{:type :invoke, :f :set, :value ["/r/1" "v"], :process 0, :time 1, :index 0, :version 3}
{:type :fail, :f :set, :value ["/r/1" "v"], :process 0, :time 2, :index 1, :session 7, :zxid "1:4", :error :bad-version}
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}
