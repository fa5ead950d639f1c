package standalone

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"pgregory.net/rapid"
)

// lab is a host that notes what it is told.
type lab struct{ said []string }

func (l *lab) Observe(e node.Event) {}
func (l *lab) Append(txn *wire.Txn) { l.said = append(l.said, fmt.Sprint("log ", txn.Zxid)) }
func (l *lab) Deliver(txn *wire.Txn) {
	l.said = append(l.said, fmt.Sprint("deliver ", txn.Zxid))
}
func (l *lab) AnswerSync(sid, session int64, cxid int32) {
	l.said = append(l.said, fmt.Sprint("sync ", cxid))
}

func txn(z wire.Zxid) *wire.Txn { return &wire.Txn{Zxid: z, Body: &wire.ErrorTxn{}} }

func TestNothingIsDeliveredBeforeItIsDurable(t *testing.T) {
	l := &lab{}
	o := New(1, l, wire.MakeZxid(0, 4), bugs.Set{})
	o.Sync(1, 7, 1)
	o.Propose(txn(wire.MakeZxid(0, 5)))
	o.Sync(1, 7, 2)
	o.Propose(txn(wire.MakeZxid(0, 6)))
	o.LogDurable(wire.MakeZxid(0, 4))
	if !o.Busy() {
		t.Error("not busy with two proposals outstanding")
	}
	o.LogDurable(wire.MakeZxid(0, 5))
	o.LogDurable(wire.MakeZxid(0, 6))
	want := []string{"sync 1", "log 0:5", "log 0:6", "deliver 0:5", "sync 2", "deliver 0:6"}
	if !slices.Equal(l.said, want) || o.Busy() {
		t.Errorf("said %q, want %q", l.said, want)
	}
}

func TestTheCounterCarries(t *testing.T) {
	l := &lab{}
	o := New(1, l, wire.MakeZxid(2, 0xffffffff), bugs.Set{})
	if next := o.NextZxid(); next != wire.MakeZxid(3, 0) || o.MustEnd() {
		t.Errorf("next is %v, must end %v; want 3:0 and no end", next, o.MustEnd())
	}
}

// TestOrderAgainstTwin: whatever comes when, deliveries and answers come in the order
// of the requests, and none before what it rests on is durable.
func TestOrderAgainstTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &lab{}
		o := New(1, l, 0, bugs.Set{})
		var asked []string // requests in order: what must have happened in the end
		durable, xid := wire.Zxid(0), int32(0)
		t.Repeat(map[string]func(*rapid.T){
			"propose": func(*rapid.T) {
				z := o.NextZxid()
				o.Propose(txn(z))
				asked = append(asked, fmt.Sprint("deliver ", z))
			},
			"sync": func(*rapid.T) {
				xid++
				asked = append(asked, fmt.Sprint("sync ", xid))
				o.Sync(1, 7, xid)
			},
			"durable": func(t *rapid.T) {
				durable = wire.Zxid(rapid.Int64Range(int64(durable), int64(o.NextZxid()-1)).Draw(t, "z"))
				o.LogDurable(durable)
			},
			"": func(t *rapid.T) {
				done := slices.DeleteFunc(slices.Clone(l.said), func(s string) bool { return s[:3] == "log" })
				due := 0
				for due < len(asked) && asked[due] != fmt.Sprint("deliver ", durable+1) {
					due++
				}
				if !slices.Equal(done, asked[:due]) {
					t.Fatalf("done %q, want %q", done, asked[:due])
				}
			},
		})
	})
}
