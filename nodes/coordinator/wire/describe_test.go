package wire

import (
	"reflect"
	"testing"

	"github.com/stampede-sim/stampede/nodes/node"
	"pgregory.net/rapid"
)

func TestDescriptions(t *testing.T) {
	create := &Txn{Session: 16, Cxid: 3, Zxid: MakeZxid(1, 7), Type: OpCreate, Body: &CreateTxn{Path: "/a", Data: []byte("xyz")}}
	multi := &Txn{Session: 16, Zxid: MakeZxid(1, 8), Type: OpMulti, Body: &MultiTxn{[]SubTxn{
		{OpSetData, &SetDataTxn{"/a", nil, 2}}, {OpDelete, &DeleteTxn{"/b"}}}}}
	for _, c := range []struct {
		m          node.Message
		kind, line string
	}{
		{&Packet{Type: PacketProposal, Txn: create}, "PROPOSAL", "PROPOSAL 1:7 create /a 3B s=0x10 cxid=3"},
		{&Packet{Type: PacketProposal, Txn: multi}, "PROPOSAL", "PROPOSAL 1:8 multi [setData /a 0B v2; delete /b] s=0x10 cxid=0"},
		{&Request{5, OpCreateTTL, &CreateTTLRequest{CreateRequest{Path: "/a", Mode: ModeTTL}, 30}}, "REQ createTTL", "REQ createTTL /a 0B mode=5 ttl=30ms xid=5"},
		{&Packet{Type: PacketCommit, Zxid: MakeZxid(2, 1)}, "COMMIT", "COMMIT 2:1"},
		{&Packet{Type: PacketAckEpoch, Zxid: NoZxid, Epoch: -1}, "ACKEPOCH", "ACKEPOCH none epoch=-1"},
		{&Packet{Type: PacketRequest, Request: &ForwardedRequest{16, 4, OpCloseSession, &Empty{}, nil}}, "REQUEST", "REQUEST closeSession s=0x10 cxid=4"},
		{&Request{XidAuth, OpAuth, &AuthRequest{"digest", []byte("u:p")}}, "REQ auth", "REQ auth digest xid=-4"},
		{&Reply{Xid: 7, Zxid: 3, Type: OpWhoAmI, Body: &WhoAmIReply{[]ClientInfo{{"ip", "10.0.0.7"}, {"digest", "u"}}}}, "REPLY", "REPLY whoAmI xid=7 zxid=0:3 ok [ip:10.0.0.7; digest:u]"},
		{&Packet{Type: 77}, "PACKET77", "PACKET77 0:0"},
		{&Notification{1, Looking, 3, MakeZxid(1, 5), 2, 1, ""}, "VOTE", "VOTE from=1 LOOKING leader=3 zxid=1:5 round=2 epoch=1"},
		{&ConnectRequest{TimeoutMs: 4000}, "CONNECT", "CONNECT s=0x0 timeout=4000ms seen=0:0"},
		{&ConnectResponse{}, "CONNECTED", "CONNECTED session expired"},
		{&Request{5, OpGetData, &PathRequest{"/a", true}}, "REQ getData", "REQ getData /a watch xid=5"},
		{&Request{XidPing, OpPing, nil}, "REQ ping", "REQ ping xid=-2"},
		{&Request{5, 999, &Opaque{}}, "REQ unknown", "REQ op999 0B unread xid=5"},
		{&Reply{Xid: 5, Zxid: 3, Type: OpCreate, Body: &CreateReply{"/a"}}, "REPLY", "REPLY create xid=5 zxid=0:3 ok /a"},
		{&Reply{Xid: 5, Err: ErrBadVersion, Type: OpDelete}, "REPLY", "REPLY delete xid=5 zxid=0:0 bad-version"},
		{&Request{XidSetWatches, OpSetWatches, &SetWatchesRequest{Seen: 3, Data: []string{"/a"}}}, "REQ setWatches", "REQ setWatches since=0:3 data=1 exist=0 child=0 xid=-8"},
		{&Request{XidSetWatches, OpSetWatches2, &SetWatches2Request{Recursive: []string{"/a"}}}, "REQ setWatches2",
			"REQ setWatches2 since=0:0 data=0 exist=0 child=0 persistent=0 recursive=1 xid=-8"},
		{&Request{5, OpAddWatch, &AddWatchRequest{"/a", WatchRecursive}}, "REQ addWatch", "REQ addWatch /a recursive xid=5"},
		{&Request{5, OpRemoveWatches, &WatchesRequest{"/a", AnyWatches}}, "REQ removeWatches", "REQ removeWatches /a any xid=5"},
		{&Request{5, OpCheckWatches, &WatchesRequest{"/a", 9}}, "REQ checkWatches", "REQ checkWatches /a type9 xid=5"},
		{&Reply{Xid: XidNotification, Zxid: 3, Type: OpNotification, Body: &WatcherEvent{NodeDeleted, SyncConnected, "/a"}}, "EVENT", "EVENT notification xid=-1 zxid=0:3 ok deleted /a"},
	} {
		if c.m.Kind() != c.kind || c.m.String() != c.line {
			t.Errorf("got %q %q, want %q %q", c.m.Kind(), c.m.String(), c.kind, c.line)
		}
	}
}

// Two messages of one type that differ have different fingerprints, as far as
// the fingerprint looks. Lists of names and ACLs are only sampled.
func TestFingerprintsTellMessagesApart(t *testing.T) {
	base := func() *Packet {
		return &Packet{Type: PacketProposal, Zxid: 1, Txn: &Txn{Session: 1, Cxid: 1, Zxid: 1, Time: 1, Type: OpCreate,
			Body: &CreateTxn{Path: "/directory/a", Data: []byte("1")}}}
	}
	changes := map[string]func(*Packet){
		"zxid":      func(p *Packet) { p.Zxid++ },
		"session":   func(p *Packet) { p.Txn.Session++ },
		"cxid":      func(p *Packet) { p.Txn.Cxid++ },
		"time":      func(p *Packet) { p.Txn.Time++ },
		"op":        func(p *Packet) { p.Txn.Type = OpCreate2 },
		"path":      func(p *Packet) { p.Txn.Body.(*CreateTxn).Path = "/directory/b" },
		"data":      func(p *Packet) { p.Txn.Body.(*CreateTxn).Data = []byte("2") },
		"ephemeral": func(p *Packet) { p.Txn.Body.(*CreateTxn).Ephemeral = true },
		"ttl":       func(p *Packet) { p.Txn.Body.(*CreateTxn).TTL = 1 },
		"creates":   func(p *Packet) { p.Txn.Body.(*CreateTxn).ParentCversion++ },
	}
	seen := map[uint64]string{base().Fingerprint(): "nothing"}
	for name, change := range changes { //sim:unordered each case is its own
		p := base()
		change(p)
		if other, ok := seen[p.Fingerprint()]; ok {
			t.Errorf("changing %s gives the fingerprint of changing %s", name, other)
		}
		seen[p.Fingerprint()] = name
	}
}

func TestVotesHaveDistinctFingerprints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genNotification(t), genNotification(t)
		if !reflect.DeepEqual(a, b) && a.Fingerprint() == b.Fingerprint() {
			t.Fatalf("%s and %s", a, b)
		}
	})
}

// The simulator fingerprints every message it delivers, and encodes many.
func TestMessagePathDoesNotAllocate(t *testing.T) {
	txn := &Txn{Type: OpMulti, Body: &MultiTxn{[]SubTxn{{OpCreate, &CreateTxn{Path: "/directory/a", ACL: OpenACL}}}}}
	request := &Request{1, OpMulti, &MultiRequest{[]MultiOp{{OpCreate, &CreateRequest{"/directory/a", nil, OpenACL, 0}}}}}
	buf := make([]byte, 0, 1024)
	for _, m := range []node.Message{&Packet{Type: PacketProposal, Txn: txn}, &Packet{Type: PacketAck}, request, &Notification{}} {
		if n := testing.AllocsPerRun(10, func() { m.Fingerprint(); _ = m.Kind(); m.AppendWire(buf) }); n != 0 {
			t.Errorf("%s: %v allocations", m, n)
		}
	}
}

func BenchmarkProposal(b *testing.B) {
	txn := &Txn{Session: 1, Cxid: 1, Zxid: 1, Type: OpSetData, Body: &SetDataTxn{"/directory/a", make([]byte, 16), 3}}
	p := &Packet{Type: PacketProposal, Zxid: 1, Txn: txn}
	frame := p.AppendWire(nil)
	b.Run("fingerprint", func(b *testing.B) {
		for b.Loop() {
			p.Fingerprint()
		}
	})
	b.Run("encode", func(b *testing.B) {
		buf := make([]byte, 0, 256)
		for b.Loop() {
			p.AppendWire(buf)
		}
	})
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			if _, err := DecodePacket(frame); err != nil {
				b.Fatal(err)
			}
		}
	})
}
