package tree_test

import (
	"fmt"
	"testing"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// grown returns a leader with n nodes below /a.
func grown(n int) *leader {
	l := newLeader()
	l.open(1)
	l.create(1, "/a", wire.ModePersistent)
	for i := range n {
		l.create(1, fmt.Sprintf("/a/%04d", i), wire.ModePersistent)
	}
	return l
}

func BenchmarkApplySetData(b *testing.B) {
	l := grown(100)
	txn := &wire.Txn{Zxid: 1 << 40, Type: wire.OpSetData, Body: &wire.SetDataTxn{Path: "/a/0042", Data: make([]byte, 64), Version: 1}}
	b.ReportAllocs()
	for b.Loop() {
		l.tree.Apply(txn)
	}
}

func BenchmarkSerialize(b *testing.B) {
	l := grown(1000)
	for b.Loop() {
		l.tree.Serialize()
	}
}

func TestApplySetDataDoesNotAllocate(t *testing.T) {
	l := grown(3)
	txn := &wire.Txn{Zxid: 1 << 40, Type: wire.OpSetData, Body: &wire.SetDataTxn{Path: "/a/0001", Data: []byte("x"), Version: 1}}
	if n := testing.AllocsPerRun(10, func() { l.tree.Apply(txn) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
