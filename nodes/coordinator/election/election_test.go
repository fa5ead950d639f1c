package election

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/quorum"
)

func drawVote(t *rapid.T, label string) Vote {
	small := rapid.Int64Range(0, 3)
	return Vote{
		Leader:    small.Draw(t, label+" leader"),
		Zxid:      wire.Zxid(small.Draw(t, label+" zxid")),
		PeerEpoch: small.Draw(t, label+" epoch"),
	}
}

// TestVoteOrderIsStrictAndTotal guards against votes that run in circles
// (ZOOKEEPER-1419).
func TestVoteOrderIsStrictAndTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u, v, w := drawVote(t, "u"), drawVote(t, "v"), drawVote(t, "w")
		if u.Better(u) {
			t.Fatalf("%v beats itself", u)
		}
		if u != v && u.Better(v) == v.Better(u) {
			t.Fatalf("%v and %v: neither beats the other alone", u, v)
		}
		if u.Better(v) && v.Better(w) && !u.Better(w) {
			t.Fatalf("%v beats %v beats %v, which is not beaten by the first", u, v, w)
		}
		if slow := slowBetter(u, v); u.Better(v) != slow {
			t.Fatalf("%v better than %v: %v, spelt out %v", u, v, u.Better(v), slow)
		}
	})
}

// slowBetter is the order as ZooKeeper's manual spells it out.
func slowBetter(u, v Vote) bool {
	if u.PeerEpoch != v.PeerEpoch {
		return u.PeerEpoch > v.PeerEpoch
	}
	if u.Zxid != v.Zxid {
		return u.Zxid > v.Zxid
	}
	return u.Leader > v.Leader
}

func TestEveryVoteBeatsNobody(t *testing.T) {
	if !(Vote{Leader: 1}).Better(noVote) || noVote.Better(Vote{Leader: 1}) {
		t.Error("a vote for nobody must lose against any other")
	}
}

func TestAloneElectsItself(t *testing.T) {
	a := newArena(quorum.Majority(1), []int64{1}, bugs.Set{})
	el := a.electors[1]
	el.Start(Vote{Leader: 1})
	if _, ok := el.Decided(); ok || el.pending[FinalizeTimeout] != 200*time.Millisecond {
		t.Fatalf("want a pending finalize window, have %v", el.pending)
	}
	el.fire(FinalizeTimeout)
	if r, ok := el.Decided(); !ok || r.Leader != 1 || el.State() != wire.Leading {
		t.Fatalf("decided %v %v in state %v", r, ok, el.State())
	}
}

func TestBackoffDoublesUpToTheLimitAndStartsAnew(t *testing.T) {
	a := newArena(quorum.Majority(1, 2, 3), []int64{1, 2, 3}, bugs.Set{})
	el := a.electors[1]
	el.Start(Vote{Leader: 1})
	want := 200 * time.Millisecond
	for range 12 {
		if el.pending[RetryTimeout] != want {
			t.Fatalf("waits %v, want %v", el.pending[RetryTimeout], want)
		}
		el.fire(RetryTimeout)
		want = min(2*want, time.Minute)
	}
	el.Start(Vote{Leader: 1})
	if el.pending[RetryTimeout] != 200*time.Millisecond {
		t.Fatalf("a new election waits %v", el.pending[RetryTimeout])
	}
}

// TestSettledServersAreAtRest: whatever a settled server hears, it changes
// nothing and tells only those who are looking.
func TestSettledServersAreAtRest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := newArena(quorum.Majority(1), []int64{1, 2}, bugs.Set{})
		el := a.electors[1]
		el.Start(Vote{Leader: 1})
		el.fire(FinalizeTimeout)
		el.Settle(wire.Leading, el.Vote(), 7)
		a.mail = nil
		before := el.notification()
		state := rapid.SampledFrom([]wire.PeerState{wire.Looking, wire.Following, wire.Leading, wire.Observing})
		vote := drawVote(t, "vote")
		n := wire.Notification{
			From: 2, State: state.Draw(t, "state"), Leader: vote.Leader, Zxid: vote.Zxid,
			PeerEpoch: vote.PeerEpoch, ElectionEpoch: rapid.Int64Range(0, 9).Draw(t, "round"),
		}
		el.Receive(n)
		if el.notification() != before || el.pending != [FinalizeTimeout + 1]time.Duration{} {
			t.Fatalf("changed from %v to %v, waits for %v", before, el.notification(), el.pending)
		}
		if answered := len(a.mail) > 0; answered != (n.State == wire.Looking) {
			t.Fatalf("answered %v: %v", n.State, answered)
		}
	})
}

func TestSettleWhileLookingPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	newArena(quorum.Majority(1), []int64{1}, bugs.Set{}).electors[1].Settle(wire.Looking, Vote{}, 1)
}

// TestStaleTimeoutsAreIgnored: a timeout may come due in the moment in which it
// is cancelled.
func TestStaleTimeoutsAreIgnored(t *testing.T) {
	a := newArena(quorum.Majority(1, 2, 3), []int64{1, 2, 3}, bugs.Set{})
	el := a.electors[1]
	el.Timeout(RetryTimeout) // before the first Start
	el.Start(Vote{Leader: 1})
	el.Timeout(FinalizeTimeout) // no window is open
	if _, ok := el.Decided(); ok {
		t.Error("decided without a quorum")
	}
	if len(el.events) != 1 || el.events[0].Kind != facts.ElectionStarted {
		t.Errorf("stated %v", el.events)
	}
}

// TestReceiveDoesNotAllocate: an election among many is part of every run.
func TestReceiveDoesNotAllocate(t *testing.T) {
	el := New(Config{Sid: 1, View: View{Voters: quorum.Majority(1, 2, 3, 4, 5)}}, silentHost{})
	el.Start(Vote{Leader: 1, Zxid: 5})
	n := wire.Notification{From: 2, Leader: 2, Zxid: 4, ElectionEpoch: 1}
	if allocs := testing.AllocsPerRun(100, func() { el.Receive(n) }); allocs > 0 {
		t.Errorf("%v allocations a notification", allocs)
	}
}

func ExampleVote_Better() {
	long := Vote{Leader: 1, PeerEpoch: 1, Zxid: wire.MakeZxid(1, 99)}
	late := Vote{Leader: 2, PeerEpoch: 2, Zxid: wire.MakeZxid(1, 5)}
	fmt.Println(late.Better(long))
	// Output: true
}
