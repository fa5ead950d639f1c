package workloads

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

const (
	queues         = "/queue"
	priorityQueues = "/pqueue"
	// priorities is how many priorities there are; 0 comes first.
	priorities = 5
)

// queueing is about queues. A producer creates a sequential znode; consumers delete
// the first, and who succeeds has it. The two writes that matter can be lost on the
// way back: then the client looks, and if looking cannot tell, it says so and does
// not try again, for an element must not be offered or delivered twice.
func queueing() Workload {
	return Workload{
		Name: "queue",
		Doc:  "queues and priority queues of sequential znodes, with producers and consumers that lose contact in between",
		Draw: func(r *rand.Rand) Shape {
			s := drawRecipeShape(r, 6, 2)
			s.Mix = swarm(r, []Weight{{"offer", 4}, {"take", 4}, {"offer-priority", 3}, {"take-priority", 3}, {"move", 1}, {"hang", 1}, {"open", 1}},
				"offer-priority", "take-priority", "move", "hang", "open")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return timeline(r, s, func(kind string) []Op { return queueOps(r, s, kind) }, func(client int) []Op {
				path := child(queues, client%s.Keys)
				return []Op{{F: Offer, Path: path, Recipe: farewell(0)}, {F: Take, Path: path, Recipe: farewell(0)}}
			})
		},
		Setup:       func(s Shape) []Op { return together(creates(queues, s.Keys), creates(priorityQueues, s.Keys)) },
		FinalReads:  func(s Shape) []Op { return finals(SyncChildren, s, children(queues, s.Keys)...) },
		Judges:      []string{"witness", "queue"},
		NeedsClaims: []history.ClaimKind{history.Offered, history.Took},
	}
}

func queueOps(r *rand.Rand, s Shape, kind string) []Op {
	args := RecipeArgs{Within: time.Duration(100+r.IntN(1500)) * time.Millisecond}
	plain, urgent := child(queues, s.key(r)), child(priorityQueues, s.key(r))
	switch kind {
	case "offer":
		return []Op{{F: Offer, Path: plain, Recipe: args}}
	case "take":
		return []Op{{F: Take, Path: plain, Recipe: args}}
	case "offer-priority":
		args.N = r.IntN(priorities)
		return []Op{{F: OfferPriority, Path: urgent, Recipe: args}}
	case "take-priority":
		return []Op{{F: TakePriority, Path: urgent, Recipe: args}}
	}
	return sessionOps(r, s, kind)
}

// offer adds an element. After a create that was lost, the element may be there, or
// taken by somebody already, or not be there at all; only in the first case can the
// producer know.
func (s *step) offer() {
	prefix := s.op.Path + "/" + s.name() + "e-"
	if s.op.F == OfferPriority {
		prefix = s.op.Path + "/" + s.name() + fmt.Sprintf("%02d-", s.op.Recipe.N)
	}
	for !s.late() {
		got, ok := s.ask(Op{F: history.Create, Path: prefix, Mode: wire.ModePersistentSequential})
		switch {
		case got.Outcome == history.OK:
			s.claim(history.Claim{Kind: history.Offered, Node: got.OutPath, Zxid: got.Zxid, Values: []string{got.Value}})
			return
		case got.Outcome == history.Info && ok && s.has(bugs.OfferRetried):
		case got.Outcome == history.Info:
			s.lookForOffer(got, ok)
			return
		case !ok:
			return
		}
		s.t.Sleep(retryPause)
	}
	s.gaveUp()
}

// lookForOffer settles a create that was lost, if the session goes on to tell.
func (s *step) lookForOffer(lost history.Op, alive bool) {
	if alive {
		list, ok := s.insist(Op{F: SyncChildren, Path: s.op.Path})
		i := slices.IndexFunc(list.OutChildren, func(name string) bool { return strings.HasPrefix(name, s.name()) })
		if ok && i >= 0 {
			s.claim(history.Claim{Kind: history.Offered, Node: s.op.Path + "/" + list.OutChildren[i], Zxid: list.Zxid, Values: []string{lost.Value}})
			return
		}
	}
	s.claim(history.Claim{Kind: history.Unsure})
}

// byPriority orders elements of a priority queue: by the two digits, then by number.
func byPriority(a, b string) int {
	return cmp.Or(cmp.Compare(priority(a), priority(b)), cmp.Compare(suffix(a), suffix(b)))
}

// priority is what stands before the sequence number, "NN-".
func priority(name string) string {
	const tail = len("NN-0000000000")
	return name[max(0, len(name)-tail):max(0, len(name)-tail+2)]
}

// take takes the first element, and waits for one if there is none. In a plain queue
// elements come behind those listed, so the list can be tried to its end; in one with
// priorities a better one may have come, so after every failure it is read again.
func (s *step) take() {
	order := func(a, b string) int { return cmp.Compare(suffix(a), suffix(b)) }
	switch {
	case s.op.F == TakePriority:
		order = byPriority
	case s.has(bugs.QueueByName):
		order = cmp.Compare
	}
	for {
		s.forget(s.op.Path)
		list, ok := s.list(s.op.Path, true)
		if !ok {
			return
		}
		names := slices.SortedFunc(slices.Values(list.OutChildren), order)
		for _, name := range names {
			if s.takeOne(s.op.Path+"/"+name, list.Zxid) {
				return
			}
			if s.op.F == TakePriority && !s.has(bugs.PriorityFromOldList) {
				break
			}
		}
		if len(names) == 0 && !s.await(s.op.Path) || s.late() {
			s.gaveUp()
			return
		}
	}
}

// takeOne tries to take an element that was in a list, and says whether that ends the
// step: it was taken, or nobody knows, or the session is over.
func (s *step) takeOne(path string, listed wire.Zxid) (ends bool) {
	value, there := "", true
	if !s.has(bugs.QueueDeletesFirst) {
		got, ok := s.insist(Op{F: history.Get, Path: path})
		if value, there = got.OutValue, got.Outcome == history.OK; !ok || !there {
			return !ok
		}
	}
	for {
		del, ok := s.ask(Op{F: history.Delete, Path: path, Version: Any})
		switch {
		case del.Outcome == history.OK || del.Err == wire.ErrNoNode && s.has(bugs.GoneIsTaken):
			if s.has(bugs.QueueDeletesFirst) {
				got, _ := s.insist(Op{F: history.Get, Path: path})
				if value = got.OutValue; got.Outcome != history.OK {
					return false // nothing left to deliver
				}
			}
			s.took(path, value, listed, del.Zxid)
			return true
		case del.Outcome == history.Info:
			if !s.stillThere(path, ok) {
				s.claim(history.Claim{Kind: history.Unsure, Node: path})
				return true
			}
		case !ok || del.Err == wire.ErrNoNode:
			return !ok
		}
		s.t.Sleep(retryPause)
	}
}

// took claims an element: of a plain queue as of its deletion, else as of the list
// that it was the first of.
func (s *step) took(path, value string, listed, deleted wire.Zxid) {
	c := history.Claim{Kind: history.Took, Node: path, Zxid: deleted, Values: []string{value}}
	if s.op.F == TakePriority {
		c.Zxid = listed
	}
	s.claim(c)
}

// stillThere looks whether a delete that was lost did not happen. After a sync over
// another connection it has happened or never will.
func (s *step) stillThere(path string, alive bool) bool {
	if !alive {
		return false
	}
	got, ok := s.insist(Op{F: history.SyncGet, Path: path})
	return ok && got.Outcome == history.OK
}
