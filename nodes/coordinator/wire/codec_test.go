package wire

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"github.com/stampede-sim/stampede/nodes/node"
	"pgregory.net/rapid"
)

// codec is one message type: how to make one, and how to read one back.
type codec struct {
	name   string
	gen    func(*rapid.T) node.Message
	decode func(op OpCode, frame []byte) (node.Message, error)
	// prefixes tells that a proper prefix of an encoding can be one, too.
	prefixes func(node.Message) bool
}

func never(node.Message) bool { return false }

func opaque(m node.Message) bool {
	switch m := m.(type) {
	case *Request:
		_, ok := m.Body.(*Opaque)
		return ok
	case *Reply:
		_, ok := m.Body.(*Opaque)
		return ok
	}
	return false
}

// malformed reports whether a body was kept unread, which refuses it, too.
func malformed(m node.Message) bool {
	r, ok := m.(*Request)
	if !ok {
		return false
	}
	_, ok = r.Body.(*Malformed)
	return ok
}

// txnMessage lets a bare transaction pass as a message.
type txnMessage struct{ *Txn }

func (txnMessage) Kind() string                 { return "TXN" }
func (m txnMessage) AppendWire(b []byte) []byte { return EncodeTxn(b, m.Txn) }

// message joins decoder results without hiding a nil pointer in an interface.
func message[T node.Message](m T, err error) (node.Message, error) {
	if err != nil {
		return nil, err
	}
	return m, nil
}

var codecs = []codec{
	{"packet", func(t *rapid.T) node.Message { return genPacket(t) },
		func(_ OpCode, b []byte) (node.Message, error) { return message(DecodePacket(b)) }, never},
	{"notification", func(t *rapid.T) node.Message { return genNotification(t) },
		func(_ OpCode, b []byte) (node.Message, error) { return message(DecodeNotification(b)) }, never},
	{"connect request", func(t *rapid.T) node.Message { return genConnectRequest(t) },
		func(_ OpCode, b []byte) (node.Message, error) { return message(DecodeConnectRequest(b)) },
		func(node.Message) bool { return true }},
	{"connect response", func(t *rapid.T) node.Message { return genConnectResponse(t) },
		func(_ OpCode, b []byte) (node.Message, error) { return message(DecodeConnectResponse(b)) },
		func(node.Message) bool { return true }},
	{"request", func(t *rapid.T) node.Message { return genRequest(t) },
		func(_ OpCode, b []byte) (node.Message, error) { return message(DecodeRequest(b)) }, opaque},
	{"reply", func(t *rapid.T) node.Message { return genReply(t) },
		func(op OpCode, b []byte) (node.Message, error) {
			return message(DecodeReply(b, func(int32) (OpCode, bool) { return op, true }))
		}, opaque},
	{"transaction", func(t *rapid.T) node.Message { return txnMessage{genTxn(t)} },
		func(_ OpCode, b []byte) (node.Message, error) {
			txn, err := DecodeTxn(b)
			return message(txnMessage{txn}, err)
		}, never},
}

// replyType is what the receiver of a reply knows.
func replyType(m node.Message) OpCode {
	if r, ok := m.(*Reply); ok {
		return r.Type
	}
	return 0
}

func TestDecodingInvertsEncoding(t *testing.T) {
	for _, c := range codecs {
		t.Run(c.name, rapid.MakeCheck(func(t *rapid.T) {
			m := c.gen(t)
			prefix := []byte("before")
			b := m.AppendWire(prefix)
			if !bytes.HasPrefix(b, prefix) {
				t.Fatal("encoding does not append")
			}
			b = b[len(prefix):]
			got, err := c.decode(replyType(m), b)
			if err != nil {
				t.Fatalf("%s: %v", m, err)
			}
			for i := range b {
				b[i] = 0xee // the message must not share the frame
			}
			if !reflect.DeepEqual(got, m) {
				t.Fatalf("sent %#v\n got %#v", m, got)
			}
			if got.Fingerprint() != m.Fingerprint() || got.String() != m.String() || got.Kind() != m.Kind() {
				t.Fatalf("sent %s, got %s", m, got)
			}
		}))
	}
}

func TestTruncatedFramesAreRefused(t *testing.T) {
	for _, c := range codecs {
		t.Run(c.name, rapid.MakeCheck(func(t *rapid.T) {
			m := c.gen(t)
			if c.prefixes(m) {
				return
			}
			b := m.AppendWire(nil)
			cut := rapid.IntRange(0, len(b)-1).Draw(t, "cut")
			if got, err := c.decode(replyType(m), b[:cut]); err == nil {
				if malformed(got) {
					return
				}
				t.Fatalf("%d of %d bytes of %s read as %s", cut, len(b), m, got)
			} else if !strings.Contains(err.Error(), "offset") || !strings.Contains(err.Error(), "field") {
				t.Fatalf("error does not say where: %v", err)
			}
			if got, err := c.decode(replyType(m), append(b, 0)); err == nil && !malformed(got) {
				t.Fatalf("a byte too many, yet read as %s", got)
			}
		}))
	}
}

// Whatever arrives, decoding ends with a message or an error, and a message can
// be sent on and means the same to the next one.
func TestCorruptFramesNeverPanic(t *testing.T) {
	for _, c := range codecs {
		t.Run(c.name, rapid.MakeCheck(func(t *rapid.T) {
			m := c.gen(t)
			b := m.AppendWire(nil)
			for range rapid.IntRange(1, 4).Draw(t, "flips") {
				b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] = rapid.SampledFrom([]byte{0, 1, 0x7f, 0x80, 0xff}).Draw(t, "byte")
			}
			op := replyType(m)
			got, err := c.decode(op, b)
			if err != nil {
				return
			}
			again, err := c.decode(op, got.AppendWire(nil))
			if err != nil || !reflect.DeepEqual(got, again) {
				t.Fatalf("read %#v, then %#v, %v", got, again, err)
			}
			_ = got.Fingerprint()
		}))
	}
}

// The bytes real clients and servers exchange.
func TestKnownEncodings(t *testing.T) {
	password := [16]byte{15: 7}
	create := &CreateRequest{"/a", []byte{9}, OpenACL, ModeEphemeral}
	txn := &Txn{Session: 1, Cxid: 2, Zxid: MakeZxid(3, 4), Time: 5, Type: OpSetData, Body: &SetDataTxn{"/a", nil, 6}}
	const (
		createHex = "00000002 2f61" + "00000001 09" + "00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65" + "00000001"
		txnHex    = "0000000000000001 00000002 0000000300000004 0000000000000005 00000005" + "00000002 2f61 ffffffff 00000006"
	)
	for _, c := range []struct {
		m    node.Message
		want string
	}{
		{&ConnectRequest{LastZxidSeen: 5, TimeoutMs: 4000, Password: password},
			"00000000 0000000000000005 00000fa0 0000000000000000 00000010 00000000000000000000000000000007 00"},
		{&ConnectResponse{TimeoutMs: 4000, Session: 1, Password: password},
			"00000000 00000fa0 0000000000000001 00000010 00000000000000000000000000000007 00"},
		{&Request{XidPing, OpPing, &Empty{}}, "fffffffe 0000000b"},
		{&Request{1, OpCreate, create}, "00000001 00000001" + createHex},
		{&Request{1, OpCreateTTL, &CreateTTLRequest{CreateRequest{"/a", nil, nil, ModeTTL}, 300}},
			"00000001 00000015" + "00000002 2f61 ffffffff ffffffff 00000005 000000000000012c"},
		{txnMessage{&Txn{Type: OpCreateTTL, Body: &CreateTxn{Path: "/a", ParentCversion: 2, TTL: 300}}},
			"0000000000000000 00000000 0000000000000000 0000000000000000 00000015" + "00000002 2f61 ffffffff ffffffff 00000002 000000000000012c"},
		{&Request{2, OpMulti, &MultiRequest{[]MultiOp{{OpCreate, create}, {OpCheck, &CheckRequest{"/a", -1}}}}},
			"00000002 0000000e" + "00000001 00 ffffffff" + createHex + "0000000d 00 ffffffff 00000002 2f61 ffffffff" + "ffffffff 01 ffffffff"},
		{&Reply{Xid: 3, Zxid: 9, Err: ErrNoNode, Type: OpGetData}, "00000003 0000000000000009 ffffff9b"},
		{&Reply{Xid: XidNotification, Zxid: 9, Type: OpNotification, Body: &WatcherEvent{NodeDeleted, SyncConnected, "/a"}},
			"ffffffff 0000000000000009 00000000 00000002 00000003 00000002 2f61"},
		{&Request{XidSetWatches, OpSetWatches, &SetWatchesRequest{9, []string{"/a"}, nil, nil}},
			"fffffff8 00000065 0000000000000009 00000001 00000002 2f61 ffffffff ffffffff"},
		{&Request{XidSetWatches, OpSetWatches2, &SetWatches2Request{
			SetWatchesRequest{9, []string{}, []string{}, []string{"/a"}}, []string{"/b"}, []string{"/", "/c"}}},
			"fffffff8 00000069 0000000000000009 00000000 00000000 00000001 00000002 2f61" +
				"00000001 00000002 2f62" + "00000002 00000001 2f 00000002 2f63"},
		{&Request{4, OpAddWatch, &AddWatchRequest{"/a", WatchRecursive}}, "00000004 0000006a 00000002 2f61 00000001"},
		{&Reply{Xid: 4, Zxid: 9, Type: OpAddWatch, Body: &ErrorReply{}}, "00000004 0000000000000009 00000000 00000000"},
		{&Request{5, OpRemoveWatches, &WatchesRequest{"/a", AnyWatches}}, "00000005 00000012 00000002 2f61 00000003"},
		{&Request{6, OpCheckWatches, &WatchesRequest{"/a", RecursiveWatches}}, "00000006 00000011 00000002 2f61 00000005"},
		{&Reply{Xid: 6, Zxid: 9, Err: ErrNoWatcher, Type: OpCheckWatches}, "00000006 0000000000000009 ffffff87"},
		{&Reply{Xid: 3, Zxid: 9, Type: OpMulti, Body: &MultiReply{[]MultiResult{{OpError, OK, nil}, {OpError, ErrNoNode, nil}}}},
			"00000003 0000000000000009 00000000" + "ffffffff 00 00000000 00000000" + "ffffffff 00 ffffff9b ffffff9b" + "ffffffff 01 ffffffff"},
		{&Request{XidAuth, OpAuth, &AuthRequest{"digest", []byte("u:p")}},
			"fffffffc 00000064 00000000 00000006 646967657374 00000003 753a70"},
		{&Reply{Xid: XidAuth, Err: ErrAuthFailed, Type: OpAuth}, "fffffffc 0000000000000000 ffffff8d"},
		{&Request{4, OpWhoAmI, &Empty{}}, "00000004 0000006b"},
		{&Reply{Xid: 4, Zxid: 9, Type: OpWhoAmI, Body: &WhoAmIReply{[]ClientInfo{{"ip", "10.0.0.7"}}}},
			"00000004 0000000000000009 00000000 00000001 00000002 6970 00000008 31302e302e302e37"},
		{&Packet{Type: PacketRequest, Zxid: NoZxid, Request: &ForwardedRequest{1, 2, OpDelete, &DeleteRequest{"/a", -1}, []Identity{{"ip", "::1"}}}},
			"00000001 ffffffffffffffff 0000001a 0000000000000001 00000002 00000002 00000002 2f61 ffffffff" + "00000001 00000002 6970 00000003 3a3a31"},
		{&Packet{Type: PacketAck, Zxid: MakeZxid(1, 2)}, "00000003 0000000100000002 ffffffff ffffffff"},
		{&Packet{Type: PacketFollowerInfo, Zxid: MakeZxid(1, 0), Sid: 3},
			"0000000b 0000000100000000 00000014 0000000000000003 00010000 0000000000000000 ffffffff"},
		{&Packet{Type: PacketLeaderInfo, Zxid: MakeZxid(2, 0)}, "00000011 0000000200000000 00000004 00010000 ffffffff"},
		{&Packet{Type: PacketAckEpoch, Zxid: 7, Epoch: -1}, "00000012 0000000000000007 00000004 ffffffff ffffffff"},
		{&Packet{Type: PacketProposal, Zxid: txn.Zxid, Txn: txn}, "00000002 0000000300000004 0000002e" + txnHex + "ffffffff"},
		{&Packet{Type: PacketRevalidate, Session: 1, TimeoutMs: 4}, "00000006 0000000000000000 0000000c 0000000000000001 00000004 ffffffff"},
		{&Packet{Type: PacketRevalidate, Session: 1, Valid: true}, "00000006 0000000000000000 00000009 0000000000000001 01 ffffffff"},
		{&Notification{3, Leading, 2, 7, 4, 1, ""},
			"0000000000000003 00000002 0000000000000002 0000000000000007 0000000000000004 0000000000000001 00000002 00000000"},
		{&Notification{3, Leading, 2, 7, 4, 1, "version=0"},
			"0000000000000003 00000002 0000000000000002 0000000000000007 0000000000000004 0000000000000001 00000002 00000009" + hexText("version=0")},
		{&Packet{Type: PacketNewLeader, Zxid: MakeZxid(2, 0), Config: "version=0"},
			"0000000a 0000000200000000 00000009" + hexText("version=0") + "ffffffff"},
		{&Packet{Type: PacketFollowerInfo, Zxid: MakeZxid(2, 0), Sid: 3, ConfigVersion: MakeZxid(1, 5)},
			"0000000b 0000000200000000 00000014 0000000000000003 00010000 0000000100000005 ffffffff"},
		{&Packet{Type: PacketActivate, Zxid: MakeZxid(1, 5), Designated: 2},
			"00000009 0000000100000005 00000008 0000000000000002 ffffffff"},
		{&Request{7, OpReconfig, &ReconfigRequest{Leaving: "3", From: -1}},
			"00000007 00000010 ffffffff 00000001 33 ffffffff ffffffffffffffff"},
		{txnMessage{&Txn{Type: OpMulti, Body: &MultiTxn{[]SubTxn{{OpError, &ErrorTxn{ErrNoNode}}}}}},
			"0000000000000000 00000000 0000000000000000 0000000000000000 0000000e" + "00000001 ffffffff 00000004 ffffff9b"},
	} {
		want, err := hex.DecodeString(strings.ReplaceAll(c.want, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.m.AppendWire(nil); !bytes.Equal(got, want) {
			t.Errorf("%s\n got %x\nwant %x", c.m, got, want)
		}
	}
}

func TestOldConnectRequestsLackTheLastByte(t *testing.T) {
	b := (&ConnectRequest{Session: 5, ReadOnly: true}).AppendWire(nil)
	r, err := DecodeConnectRequest(b[:len(b)-1])
	if err != nil || r.Session != 5 || r.ReadOnly {
		t.Fatalf("got %+v, %v", r, err)
	}
	if _, err := DecodeConnectRequest(b[:len(b)-2]); err == nil {
		t.Fatal("a cut password was accepted")
	}
}

func TestRepliesNeedTheirRequest(t *testing.T) {
	unknown := func(int32) (OpCode, bool) { return 0, false }
	if _, err := DecodeReply((&Reply{Xid: 4}).AppendWire(nil), unknown); err == nil {
		t.Error("a reply to no request was accepted")
	}
	ping, err := DecodeReply((&Reply{Xid: XidPing, Zxid: 3}).AppendWire(nil), unknown)
	if err != nil || ping.Type != OpPing || ping.Zxid != 3 {
		t.Errorf("ping: got %v, %v", ping, err)
	}
}

func TestErrorsNamePlaceAndField(t *testing.T) {
	huge := (&ConnectRequest{}).AppendWire(nil)
	copy(huge[24:], []byte{0x7f, 0xff, 0xff, 0xff})
	nested := EncodeTxn(nil, &Txn{Type: OpMulti, Body: &MultiTxn{[]SubTxn{{OpError, &ErrorTxn{}}}}})
	nested[len(nested)-9] = byte(OpMulti)
	copy(nested[len(nested)-12:], []byte{0, 0, 0})
	for _, c := range []struct {
		name string
		err  func() error
		want string
	}{
		{"huge length", func() error { _, err := DecodeConnectRequest(huge); return err },
			"wire: offset 28, field passwd.length: is 2147483647, only 16 is understood"},
		{"half a header", func() error { _, err := DecodeRequest([]byte{0, 0, 0, 1}); return err },
			"wire: offset 4, field type: needs 4 bytes, 0 are left"},
		{"unknown packet", func() error { _, err := DecodePacket(make([]byte, 20)); return err },
			"wire: offset 12, field type: 0 is no packet type"},
		{"multi in a multi", func() error { _, err := DecodeTxn(nested); return err },
			"wire: offset 44, field txn.type: multi is no transaction that can occur here"},
		{"empty", func() error { _, err := DecodeNotification(nil); return err },
			"wire: offset 0, field sid: needs 8 bytes, 0 are left"},
	} {
		if err := c.err(); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
}

// A body that does not hold what its type promises is kept as it came, on the way from
// the client and on the way to the leader: it is answered, and harms nobody else.
func TestMalformedBodiesAreKept(t *testing.T) {
	huge := (&Request{1, OpSetData, &SetDataRequest{"/a", []byte{1}, 0}}).AppendWire(nil)
	copy(huge[14:], []byte{0x7f, 0xff, 0xff, 0xff})
	for name, frame := range map[string][]byte{
		"a length that is too large": huge,
		"a negative length":          {0, 0, 0, 1, 0, 0, 0, 4, 0xff, 0xff, 0xff, 0xfe, 0},
		"no body":                    {0, 0, 0, 1, 0, 0, 0, 2},
		"too much":                   {0, 0, 0, 1, 0, 0, 0, 11, 9},
		"no boolean":                 {0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 1, '/', 2},
		"a null path":                {0, 0, 0, 1, 0, 0, 0, 6, 0xff, 0xff, 0xff, 0xff},
		"a setACL in a multi":        {0, 0, 0, 1, 0, 0, 0, 14, 0, 0, 0, 7, 0, 0xff, 0xff, 0xff, 0xff},
	} {
		r, err := DecodeRequest(frame)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, ok := r.Body.(*Malformed); !ok {
			t.Errorf("%s reads as %v", name, r)
		}
		if again := r.AppendWire(nil); !bytes.Equal(again, frame) {
			t.Errorf("%s: %x becomes %x", name, frame, again)
		}
		forwarded := &Packet{Type: PacketRequest, Request: &ForwardedRequest{Session: 1, Cxid: 1, Type: r.Type, Body: r.Body}}
		p, err := DecodePacket(forwarded.AppendWire(nil))
		if err != nil || !reflect.DeepEqual(p, forwarded) {
			t.Errorf("%s forwarded: %v, %v", name, p, err)
		}
	}
}

// Clients older than 3.4 neither send nor expect readOnly.
func TestConnectOfOldClients(t *testing.T) {
	frame := (&ConnectRequest{Session: 3, Old: true}).AppendWire(nil)
	r, err := DecodeConnectRequest(frame)
	if err != nil || !r.Old || len(frame) != 44 {
		t.Errorf("%d bytes read as %v, %v", len(frame), r, err)
	}
	frame = (&ConnectResponse{Session: 3, Old: true}).AppendWire(nil)
	if a, err := DecodeConnectResponse(frame); err != nil || !a.Old || len(frame) != 36 {
		t.Errorf("%d bytes read as %v, %v", len(frame), a, err)
	}
}

func TestRevalidateIsQuestionOrAnswer(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a REVALIDATE with timeout and verdict was encoded")
		}
	}()
	(&Packet{Type: PacketRevalidate, TimeoutMs: 1, Valid: true}).AppendWire(nil)
}

func hexText(s string) string { return hex.EncodeToString([]byte(s)) }

func TestWordsAreToldFromConnectRequests(t *testing.T) {
	word, connect, err := DecodeOpening((&Word{IsReadOnly}).AppendWire(nil))
	if err != nil || connect != nil || word == nil || word.Text != "isro" {
		t.Errorf("word %v, connect %v, %v", word, connect, err)
	}
	word, connect, err = DecodeOpening((&ConnectRequest{Session: 7, ReadOnly: true}).AppendWire(nil))
	if err != nil || word != nil || connect == nil || connect.Session != 7 || !connect.ReadOnly {
		t.Errorf("word %v, connect %v, %v", word, connect, err)
	}
	for _, text := range []string{ReadWriteServer, ""} {
		if got := DecodeWordReply((&WordReply{text}).AppendWire(nil)); got.Text != text {
			t.Errorf("%q came back as %q", text, got.Text)
		}
	}
}
