package election

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/quorum"
)

// world is an arena whose servers keep their histories, with a witness of what
// they said.
type world struct {
	*arena
	t      *rapid.T
	voters quorum.Verifier
	own    []Vote // by sid
	// said is who claimed, while looking, to hold a vote in a round. The transport
	// forges nothing, so it bounds what anybody can have heard.
	said map[ballot]quorum.Bits
}

func drawWorld(t *rapid.T, b bugs.Set) *world {
	all := []int64{1, 2, 3, 4, 5}[:rapid.SampledFrom([]int{3, 5}).Draw(t, "servers")]
	w := &world{t: t, voters: quorum.Majority(all...), own: make([]Vote, len(all)+1), said: map[ballot]quorum.Bits{}}
	w.arena = newArena(w.voters, all, b)
	for _, el := range w.up() {
		el.cfg.TimeoutMax = 800 * time.Millisecond
	}
	for _, sid := range all {
		w.own[sid] = drawVote(t, "own")
		w.own[sid].Leader = sid
	}
	w.onSend = w.witness
	return w
}

// witness records what is said and checks that nobody holds a vote worse than
// its own.
func (w *world) witness(l letter) {
	b := ballotOf(l.n)
	if b.state != wire.Looking {
		return
	}
	w.said[b] = w.said[b].Add(l.from)
	if w.own[l.from].Better(b.vote) {
		w.t.Fatalf("server %d has %v and votes for %v", l.from, w.own[l.from], b.vote)
	}
}

// start begins an election at one server.
func (w *world) start(el *elector) { el.Start(w.own[el.cfg.Sid]) }

// step is one random thing that a bad network and impatient servers can do.
func (w *world) step() {
	el := rapid.SampledFrom(w.up()).Draw(w.t, "server")
	before, looking := ballot{el.vote, el.round, el.state}, !el.decided
	switch action := rapid.IntRange(0, 9).Draw(w.t, "action"); {
	case action == 0 || el.round == 0:
		w.start(el)
		return
	case action == 1:
		w.drawLetter(el, false) // lost
	case action == 2:
		w.drawLetter(el, true) // delivered, and will be again
		w.drawLetter(el, false)
	case action == 3 && el.pending[RetryTimeout] > 0:
		el.fire(RetryTimeout)
	case action == 4 && el.pending[FinalizeTimeout] > 0:
		el.fire(FinalizeTimeout)
	case action == 5:
		el.Connected(rapid.SampledFrom(w.all).Draw(w.t, "peer"))
	default:
		if l, ok := w.drawLetter(el, false); ok {
			w.deliver(l)
		}
	}
	if looking {
		w.judge(el, before)
	}
}

// drawLetter takes, or copies, any letter under way to a server.
func (w *world) drawLetter(el *elector, keep bool) (letter, bool) {
	var mine []int
	for i, l := range w.mail {
		if l.to == el.cfg.Sid {
			mine = append(mine, i)
		}
	}
	if len(mine) == 0 {
		return letter{}, false
	}
	i := rapid.SampledFrom(mine).Draw(w.t, "letter")
	l := w.mail[i]
	if keep {
		w.deliver(l)
	} else {
		w.mail = slices.Delete(w.mail, i, i+1)
	}
	return l, true
}

// judge holds what a server that was looking did against the rules.
func (w *world) judge(el *elector, before ballot) {
	if !el.decided {
		if el.round < before.round || el.round == before.round && before.vote.Better(el.vote) {
			w.t.Fatalf("server %d went back from %v to %v", el.cfg.Sid, before, el.ballot())
		}
		return
	}
	if !w.backed(el.result.Vote) {
		w.t.Fatalf("server %d decided for %v, which no quorum ever held\n%s",
			el.cfg.Sid, el.result, w.takeTrace())
	}
}

// backed reports whether a quorum held the vote in one round, while looking. By
// [world.witness] nobody in it had a better history than the one voted for.
func (w *world) backed(v Vote) bool {
	for b, who := range w.said { //sim:unordered any one suffices
		if b.vote == v && w.voters.HasQuorum(who) {
			return true
		}
	}
	return false
}

// TestDecidedVotesHadAQuorum lets messages be lost, duplicated and reordered and
// timeouts strike at any moment.
func TestDecidedVotesHadAQuorum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, bugs.Set{})
		for range rapid.IntRange(0, 150).Draw(t, "steps") {
			w.step()
		}
	})
}

// TestElectsOnceMessagesFlow: whatever happened before, once messages arrive and
// servers give up on leaders that do not lead, everybody follows one leader.
func TestElectsOnceMessagesFlow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, bugs.Set{})
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			w.step()
		}
		f := newFlow(w, rapid.IntRange(1, 40).Draw(t, "delayMs"))
		for _, el := range w.up() {
			if el.round == 0 {
				w.start(el)
			}
		}
		f.run(time.Minute)
		for _, el := range w.up() {
			if el.State() == wire.Looking || w.electors[el.Vote().Leader].State() != wire.Leading {
				t.Fatalf("after a minute %d is %v for %v\n%s", el.cfg.Sid, el.State(), el.Vote(), w.takeTrace())
			}
		}
	})
}

// TestAgreesWithinTheFinalizeWindow: if all servers start together and two
// messages fit into the finalize wait (one to hear of the latest round, one to
// tell the best vote in it), everybody decides for the best of all histories in
// the latest of all rounds. Beyond that the election promises no agreement, and
// discovery has to provide it.
func TestAgreesWithinTheFinalizeWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, bugs.Set{})
		rounds := rapid.IntRange(1, 3)
		best, round := noVote, 0
		for _, el := range w.up() {
			n := rounds.Draw(t, "round")
			for range n {
				w.start(el)
			}
			round = max(round, n)
			if own := w.own[el.cfg.Sid]; own.Better(best) {
				best = own
			}
		}
		newFlow(w, 99).run(10 * time.Second)
		for _, el := range w.up() {
			want := Result{Leader: best.Leader, Round: int64(round), Vote: best}
			if r, ok := el.Decided(); !ok || r != want {
				t.Fatalf("server %d decided %v %v, want %v\n%s", el.cfg.Sid, ok, r, want, w.takeTrace())
			}
		}
	})
}

// TestPlantedBugIsCaught: with the zxid ignored the witness must protest, or the
// tests above prove nothing.
func TestPlantedBugIsCaught(t *testing.T) {
	w := &world{voters: quorum.Majority(1, 2), own: make([]Vote, 3)}
	w.arena = newArena(w.voters, []int64{1, 2}, bugs.Of(bugs.ElectionIgnoresZxid))
	worse := false
	w.onSend = func(l letter) {
		worse = worse || w.own[l.from].Better(ballotOf(l.n).vote)
	}
	w.own[1] = Vote{Leader: 1, Zxid: 9}
	w.own[2] = Vote{Leader: 2, Zxid: 5}
	for _, el := range w.up() {
		w.start(el)
	}
	for len(w.mail) > 0 {
		l, _ := w.take(func(letter) bool { return true })
		w.deliver(l)
	}
	if !worse {
		t.Error("nobody voted for a worse history than its own")
	}
}
