package prep

import (
	"testing"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// reap prepares the deletion of a container, like do.
func (l *leader) reap(path string) *wire.Txn {
	return l.reapAt(path, int64(len(l.prepared)+1))
}

func (l *leader) reapAt(path string, now int64) *wire.Txn {
	txn := l.prep.Reap(path, wire.MakeZxid(1, uint32(len(l.prepared)+1)), now)
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

// leased returns a leader whose node /l was made at time 2 with a TTL of 10, and has
// been changed at time 3.
func leased(b bugs.Set) *leader {
	l := newLeader(b)
	l.prep.SetLimits(Limits{ExtendedTypes: true})
	l.tree.SetBugs(b)
	l.open(1)
	l.do(1, wire.OpCreateTTL, withTTL("/l", 10))
	l.do(1, wire.OpSetData, set("/l", -1))
	l.applyAll()
	return l
}

func TestNodesWithTTLAreReapedWhenTheyAreIdle(t *testing.T) {
	for _, c := range []struct {
		name   string
		now    int64
		before func(l *leader)
		want   wire.ErrorCode
	}{
		{"its TTL is not over", 13, func(l *leader) {}, wire.ErrBadVersion},
		{"its TTL is over", 14, func(l *leader) {}, wire.OK},
		{"a change is on its way", 14, func(l *leader) { l.do(1, wire.OpSetData, set("/l", -1)) }, wire.ErrBadVersion},
		{"a change is long on its way", 15, func(l *leader) { l.do(1, wire.OpSetData, set("/l", -1)) }, wire.OK},
		{"a new list is no change", 14, func(l *leader) { l.do(1, wire.OpSetACL, setACL("/l", -1)) }, wire.OK},
		{"a child is on its way", 99, func(l *leader) { l.create("/l/x", 0) }, wire.ErrNotEmpty},
		{"a child came and goes", 14, func(l *leader) { l.create("/l/x", 0); l.do(1, wire.OpDelete, remove("/l/x")) }, wire.OK},
		{"it is on its way out", 99, func(l *leader) { l.do(1, wire.OpDelete, remove("/l")) }, wire.ErrNoNode},
		{"an ephemeral takes its place", 99, func(l *leader) { l.do(1, wire.OpDelete, remove("/l")); l.create("/l", wire.ModeEphemeral) }, wire.ErrBadArguments},
	} {
		l := leased(bugs.Set{})
		c.before(l)
		if got := code(l.reapAt("/l", c.now)); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
		l.applyAll()
		if _, err := l.tree.Stat("/l"); c.want == wire.OK && err != wire.ErrNoNode {
			t.Errorf("%s: it is still there", c.name)
		}
	}
	l := leased(bugs.Of(bugs.ReaperIgnoresTouch))
	l.do(1, wire.OpSetData, set("/l", -1))
	if got := code(l.reapAt("/l", 5)); got != wire.OK {
		t.Errorf("with the bug: %v", got)
	}
	l = leased(bugs.Of(bugs.TTLFromCreation))
	if got := code(l.reapAt("/l", 13)); got != wire.OK {
		t.Errorf("with the bug: %v", got)
	}
}

func TestContainersThatWereNeverUsed(t *testing.T) {
	for _, c := range []struct {
		neverUsed, now int64
		want           wire.ErrorCode
	}{{0, 1000, wire.ErrBadVersion}, {10, 12, wire.ErrBadVersion}, {10, 13, wire.OK}} {
		l := newLeader(bugs.Set{})
		l.prep.SetLimits(Limits{NeverUsed: c.neverUsed})
		l.open(1)
		l.do(1, wire.OpCreateContainer, newNode("/c", wire.ModeContainer))
		l.applyAll()
		if got := code(l.reapAt("/c", c.now)); got != c.want {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}

func TestModes(t *testing.T) {
	seq := withTTL("/q-", 5)
	seq.Mode = wire.ModeSequentialTTL
	wrong := withTTL("/x", 5)
	wrong.Mode = wire.ModePersistent
	boxed := withTTL("/x", 5)
	boxed.Mode = wire.ModeContainer
	for _, c := range []struct {
		name string
		off  bool
		op   wire.OpCode
		body wire.Record
		want wire.ErrorCode
	}{
		{"a TTL", false, wire.OpCreateTTL, withTTL("/x", 1), wire.OK},
		{"the greatest TTL", false, wire.OpCreateTTL, withTTL("/x", tree.MaxTTL), wire.OK},
		{"a sequential one", false, wire.OpCreateTTL, seq, wire.OK},
		{"too great a TTL", false, wire.OpCreateTTL, withTTL("/x", tree.MaxTTL+1), wire.ErrBadArguments},
		{"a TTL of 0", false, wire.OpCreateTTL, withTTL("/x", 0), wire.ErrBadArguments},
		{"a TTL of -1", false, wire.OpCreateTTL, withTTL("/x", -1), wire.ErrBadArguments},
		{"a TTL for a persistent node", false, wire.OpCreateTTL, wrong, wire.ErrBadArguments},
		{"a TTL for a container", false, wire.OpCreateTTL, boxed, wire.ErrBadArguments},
		{"the mode without a TTL", false, wire.OpCreate, newNode("/x", wire.ModeTTL), wire.ErrBadArguments},
		{"switched off", true, wire.OpCreateTTL, withTTL("/x", 1), wire.ErrUnimplemented},
		{"switched off, without a TTL", true, wire.OpCreate2, newNode("/x", wire.ModeSequentialTTL), wire.ErrUnimplemented},
	} {
		l := newLeader(bugs.Set{})
		l.prep.SetLimits(Limits{ExtendedTypes: !c.off})
		l.open(1)
		if got := code(l.do(1, c.op, c.body)); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
