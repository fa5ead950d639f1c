package replica

import (
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

const lag = 10 * time.Second

// rig is one replica under test, on broker 1.
type rig struct {
	*testing.T
	*Partition
	log *plainLog
	*notes
	now  time.Duration
	dead Set
}

func newRig(t *testing.T, epochs ...int32) *rig {
	r := &rig{T: t, log: &plainLog{}, notes: &notes{}}
	for i, e := range epochs {
		r.log.append(plainRecord{e, i})
	}
	r.Partition = New(Config{Self: 1, Name: "t-0", Lag: lag, MinInsync: 1, Alive: func(id int32) bool { return !r.dead.Has(id) }}, r.log, r.notes)
	return r
}

// state is what a controller says of three replicas.
func state(leader, epoch, version int32, isr ...int32) State {
	return State{Leader: leader, LeaderEpoch: epoch, Version: version, Isr: SetOf(isr...), Replicas: []int32{1, 2, 3}}
}

// lead makes the replica the leader.
func (r *rig) lead(epoch, version int32, isr ...int32) *rig {
	r.Helper()
	if began, code := r.Lead(state(1, epoch, version, isr...), r.now); !began || code != wire.OK {
		r.Fatalf("not the leader in epoch %d: %v", epoch, code)
	}
	return r
}

// produce appends some records as the leader.
func (r *rig) produce(n int) {
	for range n {
		r.log.append(plainRecord{r.LeaderEpoch(), 0})
	}
	r.Appended(r.now)
}

// fetch has a follower ask whose log agrees with the leader's up to where it ends.
func (r *rig) fetch(from int32, offset int64) Answer {
	return r.Fetched(Fetch{Replica: from, Epoch: r.LeaderEpoch(), Offset: offset, LastEpoch: -1}, r.now)
}

func (r *rig) wantMark(want int64) {
	r.Helper()
	if got := r.log.HighWatermark(); got != want {
		r.Errorf("the high watermark is %d, want %d", got, want)
	}
}

func TestTheMarkIsWhatAllInSyncReplicasHave(t *testing.T) {
	r := newRig(t).lead(1, 1, 1, 2, 3)
	r.produce(5)
	r.fetch(2, 4)
	r.wantMark(0) // of 3 nothing is known in this epoch
	r.fetch(3, 2)
	r.wantMark(2)
	r.fetch(3, 5)
	r.wantMark(4)
}

func TestAloneInSyncTheLeaderCommits(t *testing.T) {
	r := newRig(t).lead(1, 1, 1)
	r.produce(3)
	r.wantMark(3)
}

// Below min.insync.replicas nothing is committed (KAFKA-15583).
func TestTheMarkWaitsForMinInsync(t *testing.T) {
	r := newRig(t)
	r.SetMinInsync(2)
	r.lead(1, 1, 1)
	r.produce(3)
	r.wantMark(0)
	if code := r.MayAppend(); code != wire.NotEnoughReplicas {
		t.Errorf("records for all in-sync replicas are %v", code)
	}
}

// A topic may ask for more in-sync replicas than it has. It takes no promises then, and
// what is written without one is committed all the same.
func TestMoreInSyncReplicasThanThereAre(t *testing.T) {
	r := newRig(t)
	r.SetMinInsync(4)
	r.lead(1, 1, 1, 2, 3)
	if code := r.MayAppend(); code != wire.NotEnoughReplicas {
		t.Errorf("with all three in sync: %v", code)
	}
	r.produce(1)
	r.fetch(2, 1)
	r.fetch(3, 1)
	r.wantMark(1)
}

// While a reassignment ends, replicas are in sync that are not assigned any more
// (KAFKA-9672). A controller that takes over then may elect one.
func TestTheMarkWaitsUntilOutsidersAreOut(t *testing.T) {
	r := newRig(t).lead(1, 1, 1, 2, 9)
	r.produce(1)
	r.fetch(2, 1)
	r.fetch(3, 1)
	r.wantMark(0)
	if out := r.Lagging(r.now); out != SetOf(9) {
		t.Fatalf("%v lag", out.Members())
	}
	r.Committed(r.Shrink(SetOf(9)), 2, r.now)
	r.wantMark(1)
}

// A controller that takes over before a reassignment is written down as over has its replicas
// back. One that was in sync all the while has the time to show that it is.
func TestWhoIsAssignedAgainHasTime(t *testing.T) {
	r := newRig(t)
	without := state(1, 1, 1, 1, 2, 3)
	without.Replicas = []int32{1, 3}
	r.Lead(without, r.now)
	r.produce(1)
	r.now += lag / 2
	r.Lead(state(1, 1, 1, 1, 2, 3), r.now)
	if out := r.Lagging(r.now + lag); out != SetOf(3) {
		t.Errorf("%v lag", out.Members())
	}
	if out := r.Lagging(r.now + lag + 1); out != SetOf(2, 3) {
		t.Errorf("%v lag in the end", out.Members())
	}
}

// What was seen of a follower in an earlier epoch counts for nothing: it may have been cut
// since, under a leader whom we never heard of.
func TestANewEpochForgetsPositions(t *testing.T) {
	r := newRig(t).lead(1, 1, 1, 2)
	r.produce(3)
	r.fetch(2, 3)
	r.wantMark(3)
	r.lead(3, 3, 1, 2)
	r.produce(1)
	r.fetch(3, 4)
	r.wantMark(3)
	r.fetch(2, 4)
	r.wantMark(4)
}

// A change of the in-sync replicas is no new epoch (KAFKA-13790).
func TestNewsWithinAnEpochKeepPositions(t *testing.T) {
	r := newRig(t, 0, 0).lead(1, 1, 1, 2, 3)
	r.produce(1)
	r.fetch(2, 3)
	if began, code := r.Lead(state(1, 1, 2, 1, 2), r.now); began || code != wire.OK {
		t.Fatalf("began %v, %v", began, code)
	}
	if r.epochStart != 2 {
		t.Errorf("the epoch begins at %d", r.epochStart)
	}
	r.produce(0)
	r.wantMark(3)
}

// A reassignment that ends with fewer replicas than have to be in sync commits what waited for
// more of them: no append comes any more that could.
func TestFewerReplicasCommitWhatWaitedForMore(t *testing.T) {
	r := newRig(t).lead(1, 1, 1, 2)
	r.SetMinInsync(2)
	r.produce(1)
	alone := state(1, 1, 2, 1)
	r.Lead(alone, r.now)
	r.wantMark(0)
	alone.Replicas = []int32{1}
	if began, code := r.Lead(alone, r.now); began || code != wire.OK {
		t.Fatalf("began %v, %v", began, code)
	}
	r.wantMark(1)
}

func TestOldOrdersAreRefused(t *testing.T) {
	r := newRig(t).lead(3, 5, 1, 2)
	if _, code := r.Lead(state(1, 2, 9, 1), r.now); code != wire.StaleControllerEpoch {
		t.Errorf("an older epoch: %v", code)
	}
	if _, code := r.Follow(state(2, 2, 9, 1)); code != wire.StaleControllerEpoch {
		t.Errorf("an older epoch: %v", code)
	}
	r.Lead(state(1, 3, 4, 1), r.now) // the same, said again
	if r.Isr() != SetOf(1, 2) {
		t.Errorf("in sync are %v", r.Isr().Members())
	}
}

func TestFetchesAreFenced(t *testing.T) {
	r := newRig(t).lead(3, 1, 1, 2)
	ask := func(from, epoch int32) wire.ErrorCode {
		return r.Fetched(Fetch{Replica: from, Epoch: epoch, LastEpoch: -1}, r.now).Code
	}
	for _, c := range []struct {
		from, epoch int32
		want        wire.ErrorCode
	}{
		{2, 2, wire.FencedLeaderEpoch}, {2, 4, wire.UnknownLeaderEpoch}, {2, 3, wire.OK}, {2, -1, wire.OK},
		{9, 3, wire.UnknownLeaderEpoch}, {9, -1, wire.NotLeaderOrFollower},
	} {
		if got := ask(c.from, c.epoch); got != c.want {
			t.Errorf("replica %d in epoch %d: %v, want %v", c.from, c.epoch, got, c.want)
		}
	}
	r.Follow(state(2, 4, 2, 1, 2))
	if got := ask(3, 4); got != wire.NotLeaderOrFollower {
		t.Errorf("a follower answers a follower: %v", got)
	}
}

// A follower whose log is not the leader's up to its end is told where to cut, and has
// not come anywhere by that.
func TestADivergingFollowerCountsForNothing(t *testing.T) {
	r := newRig(t, 1, 1, 1, 4, 4).lead(5, 1, 1, 2, 3)
	for _, c := range []struct {
		offset    int64
		last      int32
		epoch     int32
		end       int64
		diverging bool
	}{
		{3, 1, 0, 0, false}, // agrees
		{4, 1, 1, 3, true},  // has more of epoch 1
		{5, 2, 1, 3, true},  // has an epoch that is foreign here
		{6, 4, 4, 5, true},  // has more of epoch 4
	} {
		a := r.Fetched(Fetch{Replica: 2, Epoch: 5, Offset: c.offset, LastEpoch: c.last}, r.now)
		if a.Code != wire.OK || a.Diverges != c.diverging || a.Diverges && (a.DivergingEpoch != c.epoch || a.DivergingEnd != c.end) {
			t.Errorf("at %d in epoch %d: %+v", c.offset, c.last, a)
		}
		if c.diverging && r.follower(2).end != 3 {
			t.Errorf("a diverging follower is at %d", r.follower(2).end)
		}
	}
}

func TestOutOfRangeAtTheLeader(t *testing.T) {
	r := newRig(t, 1, 1, 1)
	r.lead(2, 1, 1)
	r.log.AdvanceStart(2)
	for offset, want := range map[int64]wire.ErrorCode{1: wire.OffsetOutOfRange, 2: wire.OK, 3: wire.OK, 4: wire.OffsetOutOfRange} {
		if a := r.Fetched(Fetch{Replica: 2, Epoch: 2, Offset: offset, LastEpoch: -1}, r.now); a.Code != want {
			t.Errorf("at %d: %v, want %v", offset, a.Code, want)
		}
	}
}

// Who has asked for the end of the log had caught up then, though the log has grown
// since; who always asks for less has not.
func TestCaughtUp(t *testing.T) {
	r := newRig(t).lead(1, 1, 1, 2, 3)
	for i := range int64(10) {
		r.now += 4 * time.Second
		r.fetch(2, 3*i)       // all there was at its last fetch
		r.fetch(3, max(0, i)) // falls behind
		r.produce(3)
	}
	if got := r.Lagging(r.now); got != SetOf(3) {
		t.Errorf("%v lag", got.Members())
	}
}

func TestWhoIsAtTheEndNeverLags(t *testing.T) {
	r := newRig(t).lead(1, 1, 1, 2)
	r.produce(1)
	r.fetch(2, 1)
	r.now += 100 * lag
	if got := r.Lagging(r.now); got != 0 {
		t.Errorf("%v lag", got.Members())
	}
}

func TestExpansion(t *testing.T) {
	r := newRig(t, 0, 0, 0, 0).lead(1, 1, 1, 3)
	r.fetch(3, 2)
	r.wantMark(2)
	if r.Expandable(2) {
		t.Error("a replica that has not fetched in this epoch")
	}
	r.fetch(2, 3)
	if r.Expandable(2) {
		t.Error("beyond the high watermark, not yet at the start of the epoch (KAFKA-7128)")
	}
	r.fetch(2, 4)
	r.dead = SetOf(2)
	if r.Expandable(2) {
		t.Error("a dead broker (KAFKA-14140)")
	}
	r.dead = 0
	if !r.Expandable(2) || r.Expandable(3) {
		t.Error("2 should be counted in, 3 is in")
	}
}

// Who is about to be in sync counts at once, who is about to be out counts until it is
// known.
func TestProposalsCount(t *testing.T) {
	r := newRig(t).lead(1, 1, 1, 3)
	r.fetch(2, 0)
	grow := r.Expand(2)
	r.produce(1)
	r.fetch(3, 1)
	r.wantMark(0)
	r.Committed(grow, 2, r.now)
	if r.Isr() != SetOf(1, 2, 3) || r.Version() != 2 {
		t.Fatalf("in sync are %v in version %d", r.Isr().Members(), r.Version())
	}
	r.now += 2 * lag
	out := r.Lagging(r.now)
	if out != SetOf(2) {
		t.Fatalf("%v lag", out.Members())
	}
	smaller := r.Shrink(out)
	r.produce(0)
	r.wantMark(0)
	if raised := r.Committed(smaller, 3, r.now); !raised {
		t.Error("the high watermark waits for a replica that is out")
	}
	r.wantMark(1)
}

// The write had happened and its answer was lost (KAFKA-1382, KAFKA-2729).
func TestAProposalIsAdopted(t *testing.T) {
	r := newRig(t).lead(1, 1, 1, 2, 3)
	p := r.Shrink(SetOf(3))
	r.Found(p, state(1, 1, 2, 1, 2), r.now)
	if r.Isr() != SetOf(1, 2) || r.Version() != 2 || r.count("isr-adopted") != 1 {
		t.Errorf("in sync are %v in version %d: %v", r.Isr().Members(), r.Version(), r.list)
	}
}

func TestAProposalThatDidNotHappenIsForgotten(t *testing.T) {
	r := newRig(t).lead(1, 1, 1, 2, 3)
	p := r.Shrink(SetOf(3))
	r.Found(p, state(1, 1, 1, 1, 2, 3), r.now)
	if r.Isr() != SetOf(1, 2, 3) || r.Current(p) || r.count("isr-adopted") != 0 {
		t.Errorf("in sync are %v: %v", r.Isr().Members(), r.list)
	}
}

// Somebody else has decided, perhaps after our write: all who might be in sync count
// until the controller says who is.
func TestARefusedProposalCountsUntilTheControllerSpeaks(t *testing.T) {
	r := newRig(t).lead(1, 1, 1, 3)
	r.fetch(2, 0)
	p := r.Expand(2)
	r.Found(p, state(2, 2, 3, 2, 3), r.now)
	r.produce(1)
	r.fetch(3, 1)
	r.wantMark(0)
	if r.Expandable(2) || r.Lagging(100*lag) != 0 || !r.Refused() {
		t.Error("a leader whose proposal was refused goes on proposing")
	}
	r.lead(3, 4, 1, 3)
	r.fetch(3, 1)
	r.wantMark(1)
}

func TestAnOutcomeOfAnEarlierEpochIsIgnored(t *testing.T) {
	r := newRig(t).lead(1, 1, 1, 2, 3)
	p := r.Shrink(SetOf(3))
	r.lead(2, 5, 1, 2, 3)
	r.Committed(p, 2, r.now)
	r.Found(p, state(1, 1, 2, 1, 2), r.now)
	r.Undone(p)
	if r.Isr() != SetOf(1, 2, 3) || r.Version() != 5 {
		t.Errorf("in sync are %v in version %d", r.Isr().Members(), r.Version())
	}
}

func TestPromises(t *testing.T) {
	r := newRig(t)
	r.SetMinInsync(2)
	r.lead(1, 1, 1, 2, 3)
	r.produce(2)
	if decided, _ := r.Reached(0); decided {
		t.Error("promised before anybody else has it")
	}
	r.fetch(2, 1)
	r.fetch(3, 1)
	if decided, code := r.Reached(0); !decided || code != wire.OK {
		t.Errorf("everybody has it: %v, %v", decided, code)
	}
	r.Committed(r.Shrink(SetOf(2, 3)), 2, r.now)
	if decided, code := r.Reached(0); !decided || code != wire.NotEnoughReplicasAfterAppend {
		t.Errorf("too few are left: %v, %v", decided, code)
	}
	r.Follow(state(2, 2, 3, 2))
	if decided, code := r.Reached(1); !decided || code != wire.NotLeaderOrFollower {
		t.Errorf("another leads: %v, %v", decided, code)
	}
}

// Between its election and the moment when all that it began with is committed, a leader
// may know of less than was committed (KIP-207).
func TestTheEndIsNotToldBeforeItIsKnown(t *testing.T) {
	r := newRig(t, 0, 0, 0).lead(1, 1, 1, 2)
	if _, code := r.Latest(); code != wire.OffsetNotAvailable {
		t.Errorf("the end is %v", code)
	}
	r.fetch(2, 3)
	if end, code := r.Latest(); code != wire.OK || end != 3 {
		t.Errorf("the end is %d, %v", end, code)
	}
}

// follow makes the replica a follower of broker 2.
func (r *rig) follow(epoch int32) *rig {
	r.Helper()
	if began, code := r.Follow(state(2, epoch, epoch, 1, 2)); !began || code != wire.OK {
		r.Fatalf("does not follow in epoch %d: %v", epoch, code)
	}
	return r
}

func TestAFollowerTakesTheMarkAsFarAsItHasCome(t *testing.T) {
	r := newRig(t, 1, 1, 1).follow(2)
	r.Copied(9, 0)
	r.wantMark(3)
	r.Copied(2, 0)
	r.wantMark(3) // what was committed stays so
	r.Copied(9, 2)
	if r.log.Start() != 2 {
		t.Errorf("the log begins at %d", r.log.Start())
	}
}

// Where the logs part, by the epochs that both have (KIP-279).
func TestTruncation(t *testing.T) {
	for _, c := range []struct {
		story string
		own   []int32
		epoch int32
		end   int64
		want  int64
	}{
		{"the leader has less of our last epoch", []int32{1, 1, 2, 2}, 2, 3, 3},
		{"the leader never saw our last epoch", []int32{1, 1, 2, 2}, 1, 5, 2},
		{"the leader has epochs in between that we never saw", []int32{1, 1, 4, 4}, 3, 9, 2},
		{"the leader knows only what is before all of ours", []int32{3, 3}, 1, 1, 0},
		{"we have nothing of it", []int32{}, 1, 4, 0},
	} {
		r := newRig(t, c.own...).follow(9)
		r.Truncate(c.epoch, c.end, 0)
		if r.log.End() != c.want {
			t.Errorf("%s: cut to %d, want %d", c.story, r.log.End(), c.want)
		}
	}
}

// A follower keeps nothing of which all lies below where its leader's log begins: the leader
// cannot say whether it is the same.
func TestWhatIsLeftBelowTheLeadersStartIsThrownAway(t *testing.T) {
	r := newRig(t, 1, 1, 1, 1).follow(9)
	r.Truncate(1, 2, 2)
	if r.log.String() != "2:" {
		t.Errorf("the log is %v, the leader's begins at 2", r.log)
	}
	r = newRig(t, 1, 1, 1, 1).follow(9)
	r.Truncate(1, 3, 2)
	if r.log.String() != "0:111" {
		t.Errorf("the log is %v, the leader's has epoch 1 up to 3", r.log)
	}
}

// Nor does a log stay that ends just where its leader's begins, in an epoch of which nothing
// is left there: what it has may be what nobody ever committed. Where the leader still has
// that epoch, the logs agree.
func TestALogThatEndsWhereTheLeadersBeginsIsThrownAway(t *testing.T) {
	for _, c := range []struct {
		story  string
		led    []int32
		own    []int32
		hidden int64
		want   string
	}{
		{"the leader had others there", []int32{1, 1, 5}, []int32{3, 3}, 0, "2:"},
		{"perhaps the leader had the same", []int32{3, 3, 5}, []int32{3, 3}, 0, "2:"},
		{"what we have is hidden", []int32{1, 1, 5}, []int32{3, 3}, 2, "2:"},
		{"the leader has more of our epoch", []int32{3, 3, 3, 5}, []int32{3, 3}, 0, "0:33"},
	} {
		leader := newRig(t, c.led...).lead(6, 1, 1, 2)
		leader.log.AdvanceStart(2)
		follower := newRig(t, c.own...).follow(6)
		follower.log.AdvanceStart(c.hidden)
		for range 3 {
			q := follower.Question()
			q.Replica = 2
			a := leader.Fetched(q, 0)
			if a.Code != wire.OK {
				t.Fatalf("%s: %v", c.story, a.Code)
			}
			if !a.Diverges {
				break
			}
			follower.Truncate(a.DivergingEpoch, a.DivergingEnd, leader.log.Start())
		}
		if got := follower.log.String(); got != c.want || (follower.log.LatestEpoch() >= 0) != (c.want == "0:33") {
			t.Errorf("%s: the follower has %s", c.story, got)
		}
	}
}

// Three leaders in a row, each of whom missed the one before (KAFKA-6361): one step is not
// enough, and each fetch makes another.
func TestFastFailoversAreReconciledStepByStep(t *testing.T) {
	leader := newRig(t, 1, 1, 1, 1, 3, 3)
	leader.Lead(state(1, 5, 1, 1, 2), 0)
	follower := newRig(t, 1, 1, 2, 2, 2, 4, 4, 4)
	follower.Follow(State{Leader: 2, LeaderEpoch: 5, Version: 1, Isr: SetOf(1, 2), Replicas: []int32{1, 2}})
	for range 5 {
		q := follower.Question()
		q.Replica = 2
		a := leader.Fetched(q, 0)
		if !a.Diverges {
			break
		}
		follower.Truncate(a.DivergingEpoch, a.DivergingEnd, 0)
	}
	if got := follower.log.String(); got != "0:11" {
		t.Errorf("the follower has %s", got)
	}
}

func TestOutOfRangeAtTheFollower(t *testing.T) {
	for _, c := range []struct {
		start, end, wantStart, wantEnd int64
	}{
		{0, 2, 0, 2}, // the leader is behind: an unclean election
		{7, 9, 7, 7}, // the leader has dropped what comes next
		{1, 9, 0, 4}, // it has changed since: ask again
	} {
		r := newRig(t, 1, 1, 1, 1).follow(2)
		r.log.SetHighWatermark(4)
		r.OutOfRange(c.start, c.end)
		if r.log.Start() != c.wantStart || r.log.End() != c.wantEnd || r.log.HighWatermark() > c.wantEnd {
			t.Errorf("[%d, %d): the log is %v up to %d", c.start, c.end, r.log, r.log.HighWatermark())
		}
	}
}

// An answer that was long on its way must not end what has begun since (KAFKA-7786).
func TestAnAnswerAppliesToItsQuestionOnly(t *testing.T) {
	r := newRig(t, 1, 1).follow(2)
	q := r.Question()
	if !r.Applies(q) {
		t.Error("the answer to what was just asked")
	}
	r.log.append(plainRecord{2, 0})
	if r.Applies(q) {
		t.Error("the log has grown since")
	}
	q = r.Question()
	r.follow(3)
	if r.Applies(q) {
		t.Error("another epoch has begun")
	}
	q = r.Question()
	r.Stop()
	if r.Applies(q) {
		t.Error("the replica was stopped")
	}
}

// A follower goes on as it was when something less than the epoch has changed.
func TestFollowingGoesOn(t *testing.T) {
	r := newRig(t).follow(2)
	if began, _ := r.Follow(state(2, 2, 7, 1, 2, 3)); began {
		t.Error("began anew for other in-sync replicas")
	}
	if began, _ := r.Follow(state(2, 3, 8, 1, 2, 3)); !began {
		t.Error("did not begin anew in a new epoch")
	}
}
