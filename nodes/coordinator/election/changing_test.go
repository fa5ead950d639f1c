package election

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/quorum"
)

// ensemble is one that changes: which configuration is active, and what each server
// holds, which says what may follow.
type ensemble struct {
	active []int64
	views  []View // by sid
	own    []Vote
}

// drawEnsemble draws six servers whose histories are of epoch 1 or 2. In either epoch a
// reconfiguration may have been proposed, and the leader of epoch 2 may have kept that of
// epoch 1. It was established before others followed it than a quorum of the active.
func drawEnsemble(t *rapid.T) *ensemble {
	servers := rapid.SliceOfNDistinct(rapid.Int64Range(1, 6), 1, 4, rapid.ID[int64])
	e := &ensemble{active: servers.Draw(t, "active"), views: make([]View, 7), own: make([]Vote, 7)}
	first, second := servers.Draw(t, "next in 1"), servers.Draw(t, "next in 2")
	at := rapid.Uint32Range(1, 4)
	firstAt, secondAt := at.Draw(t, "reconfiguration of 1"), at.Draw(t, "reconfiguration of 2")
	latest, kept := rapid.Int64Range(1, 2).Draw(t, "latest epoch"), rapid.Bool().Draw(t, "kept")
	for sid := int64(1); sid <= 6; sid++ {
		epoch, length := rapid.Int64Range(1, latest).Draw(t, "epoch"), rapid.Uint32Range(0, 3).Draw(t, "length")
		if i := slices.Index(e.active, sid); i >= 0 && i <= len(e.active)/2 {
			epoch = latest
		}
		e.own[sid] = Vote{Leader: sid, Zxid: wire.MakeZxid(epoch, length), PeerEpoch: epoch}
		switch {
		case epoch == 1 && length >= firstAt || epoch == 2 && kept:
			e.views[sid] = changingView(e.active, first)
		case epoch == 2 && length >= secondAt:
			e.views[sid] = changingView(e.active, second)
		default:
			e.views[sid] = changingView(e.active, nil)
		}
	}
	return e
}

// counts reports whether a server takes another for a voter.
func (e *ensemble) counts(server, other int64) bool {
	v := e.views[server]
	return slices.Contains(e.active, other) || v.Next != nil && v.Next.Members().Has(other)
}

// exchange delivers everything under way, in any order.
func exchange(t *rapid.T, a *arena) {
	for limit := 5000; len(a.mail) > 0; limit-- {
		if limit == 0 {
			t.Fatalf("notifications do not come to rest")
		}
		i := rapid.IntRange(0, len(a.mail)-1).Draw(t, "letter")
		l := a.mail[i]
		a.mail = slices.Delete(a.mail, i, i+1)
		a.deliver(l)
	}
}

// fireAll has the timeouts of a kind come due that are pending, and lets all talk.
func fireAll(t *rapid.T, a *arena, kind TimeoutKind) {
	for _, el := range a.up() {
		if el.pending[kind] > 0 {
			el.fire(kind)
		}
	}
	exchange(t, a)
}

// fail has everybody give up who cannot go on: a leader that sees a better history among
// those that it counts, or is not followed by enough, and who follows one that does not
// lead. It reports whether anybody did.
func (e *ensemble) fail(a *arena) (failed bool) {
	for _, el := range a.up() {
		if el.decided && !e.goesOn(a, el) {
			el.Start(e.own[el.cfg.Sid])
			failed = true
		}
	}
	return failed
}

func (e *ensemble) goesOn(a *arena, el *elector) bool {
	if leader := el.result.Leader; leader != el.cfg.Sid {
		return a.electors[leader].decided && a.electors[leader].result.Leader == leader
	}
	followers := quorum.Of(el.cfg.Sid)
	for _, f := range a.up() {
		sid := f.cfg.Sid
		if e.counts(el.cfg.Sid, sid) && e.own[sid].beyond(e.own[el.cfg.Sid]) {
			return false
		}
		if f.decided && f.result.Leader == el.cfg.Sid {
			followers = followers.Add(sid)
		}
	}
	return el.decides(el.cfg.Sid, followers)
}

// beyond reports whether a leader of history w must not lead who holds v.
func (v Vote) beyond(w Vote) bool {
	v.Leader, w.Leader = 0, 0
	return v.Better(w)
}

// Whatever is active, whatever may follow, and whoever knows of it: before long somebody
// leads whom everybody follows that counts it, and sees no better history; see
// [Election.mayLead] and [Election.decides].
func TestChangingEnsembleElects(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEnsemble(t)
		a := newArena(quorum.Majority(e.active...), []int64{1, 2, 3, 4, 5, 6}, bugs.Set{})
		for _, el := range a.up() {
			el.SetView(e.views[el.cfg.Sid])
			for range rapid.IntRange(1, 3).Draw(t, "starts") {
				el.Start(e.own[el.cfg.Sid])
			}
		}
		for attempt := 0; attempt == 0 || e.fail(a) || !e.settled(a); attempt++ {
			if attempt == 8 {
				t.Fatalf("nobody leads:\n%s", a.takeTrace())
			}
			exchange(t, a)
			for range 3 {
				fireAll(t, a, RetryTimeout)
				fireAll(t, a, FinalizeTimeout)
			}
		}
	})
}

// settled reports whether one server leads all that count it. Others, if it was elected
// without them, learn of its configuration when it is established.
func (e *ensemble) settled(a *arena) bool {
	var leaders []int64
	for _, el := range a.up() {
		if el.decided && el.result.Leader == el.cfg.Sid {
			leaders = append(leaders, el.cfg.Sid)
		}
	}
	if len(leaders) != 1 {
		return false
	}
	for _, el := range a.up() {
		sid := el.cfg.Sid
		if !el.decided && e.counts(sid, leaders[0]) {
			return false
		}
	}
	return true
}
