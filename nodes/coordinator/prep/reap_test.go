package prep

import (
	"testing"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// reap prepares the deletion of a container, like do.
func (l *leader) reap(path string) *wire.Txn {
	n := len(l.prepared) + 1
	txn := l.prep.Reap(path, wire.MakeZxid(1, uint32(n)), int64(n))
	l.prepared = append(l.prepared, txn)
	return txn
}

// container returns a leader whose container /c had a child and has none.
func container(b bugs.Set) *leader {
	l := newLeader(b)
	l.open(1)
	l.do(1, wire.OpCreateContainer, newNode("/c", wire.ModeContainer))
	l.create("/c/x", wire.ModePersistent)
	l.do(1, wire.OpDelete, remove("/c/x"))
	l.applyAll()
	return l
}

func TestReap(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(l *leader)
		want   wire.ErrorCode
	}{
		{"unused", func(l *leader) {}, wire.OK},
		{"a child is on its way", func(l *leader) { l.create("/c/y", wire.ModePersistent) }, wire.ErrNotEmpty},
		{"a child came and goes", func(l *leader) { l.create("/c/y", 0); l.do(1, wire.OpDelete, remove("/c/y")) }, wire.OK},
		{"it is on its way out", func(l *leader) { l.do(1, wire.OpDelete, remove("/c")) }, wire.ErrNoNode},
		{"an ordinary node took its place", func(l *leader) { l.do(1, wire.OpDelete, remove("/c")); l.create("/c", 0) }, wire.ErrBadArguments},
	} {
		l := container(bugs.Set{})
		c.before(l)
		if got := code(l.reap("/c")); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
		l.applyAll()
		if stat, err := l.tree.Stat("/c"); c.want == wire.OK && err != wire.ErrNoNode || stat.EphemeralOwner != 0 {
			t.Errorf("%s: %v, owner %d", c.name, err, stat.EphemeralOwner)
		}
	}
	l := container(bugs.Of(bugs.ReaperTrustsItsList))
	l.create("/c/y", wire.ModePersistent)
	if got := code(l.reap("/c")); got != wire.OK {
		t.Errorf("with the bug: %v", got)
	}
}
