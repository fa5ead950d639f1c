package zab

import (
	"testing"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// TestThrottle sends away observers only, and only while as many as may are being
// synchronised in the same way: TRUNC is a way of DIFF, SNAP is one of its own.
func TestThrottle(t *testing.T) {
	follower, observer := &learner{sid: 1}, &learner{sid: 4, observer: true}
	for _, c := range []struct {
		story         string
		snaps, diffs  int
		who           *learner
		op            wire.PacketType
		others        []wire.PacketType
		wantThrottled bool
	}{
		{"no bound", 0, 0, observer, wire.PacketSnap, []wire.PacketType{wire.PacketSnap}, false},
		{"room", 2, 1, observer, wire.PacketSnap, []wire.PacketType{wire.PacketSnap}, false},
		{"no room for a snapshot", 1, 9, observer, wire.PacketSnap, []wire.PacketType{wire.PacketSnap}, true},
		{"a diff is no snapshot", 1, 9, observer, wire.PacketSnap, []wire.PacketType{wire.PacketDiff, wire.PacketTrunc}, false},
		{"no room for a diff", 9, 2, observer, wire.PacketDiff, []wire.PacketType{wire.PacketDiff, wire.PacketTrunc}, true},
		{"nor for a truncation", 9, 1, observer, wire.PacketTrunc, []wire.PacketType{wire.PacketDiff}, true},
		{"who is done does not count", 1, 1, observer, wire.PacketDiff, []wire.PacketType{0, 0}, false},
		{"voters are exempt", 1, 1, follower, wire.PacketSnap, []wire.PacketType{wire.PacketSnap}, false},
	} {
		l := &Leader{cfg: Config{MaxSnapSyncs: c.snaps, MaxDiffSyncs: c.diffs}, learners: []*learner{c.who}}
		for i, op := range c.others {
			l.learners = append(l.learners, &learner{sid: int64(10 + i), syncing: op})
		}
		if got := l.throttled(c.who, c.op); got != c.wantThrottled {
			t.Errorf("%s: throttled %v", c.story, got)
		}
	}
}
