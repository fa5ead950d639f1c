package workloads

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

const (
	barriers       = "/barrier"
	doubleBarriers = "/double"
	// meeting is how long the clients that come to a double barrier take the same one.
	meeting = 1500 * time.Millisecond
)

// waiting is about barriers. Nobody passes a barrier while its znode is there; and a
// double barrier lets nobody in before enough have come, and nobody out before all
// are done.
func waiting() Workload {
	return Workload{
		Name: "barrier",
		Doc:  "barriers that come, change and go while clients wait before them, and double barriers that clients enter and leave together",
		Draw: func(r *rand.Rand) Shape {
			s := drawRecipeShape(r, 6, 3)
			s.Mix = swarm(r, []Weight{{"raise", 3}, {"lift", 3}, {"touch", 2}, {"pass", 6}, {"meet", 5}, {"impatient", 1}, {"move", 1}, {"hang", 1}, {"open", 1}},
				"touch", "meet", "impatient", "move", "hang", "open")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			// Farewells are two by two: a client may need its session to end before the
			// next one begins, and with all of them the last would decide.
			together := RecipeArgs{N: 1 + min(1, s.Clients-1), Within: farewell(0).Within}
			plan := timeline(r, s, func(kind string) []Op { return barrierOps(r, s, kind) }, func(client int) []Op {
				path := child(barriers, client%s.Keys)
				return []Op{
					{F: history.Delete, Path: path, Version: Any},
					{F: Pass, Path: path, Recipe: farewell(0)},
					{F: Meet, Path: doubleBarriers, Recipe: together},
				}
			})
			return introduced(plan)
		},
		Setup: func(s Shape) []Op { return together(creates(barriers, s.Keys), creates(doubleBarriers, 0)) },
		FinalReads: func(s Shape) []Op {
			return finals(SyncChildren, s, barriers, doubleBarriers)
		},
		Judges:      []string{"witness"},
		NeedsClaims: []history.ClaimKind{history.Passed, history.Entered},
	}
}

// introduced gives those who come to a double barrier at about the same time the same
// one, which waits for as many as the first of them says: all must agree on that.
func introduced(plan []Op) []Op {
	sizes := map[string]int{}
	for i := range plan {
		op := &plan[i]
		switch {
		case op.F != Meet:
			continue
		case op.Patient:
			op.Path += "/last"
		default:
			op.Path += "/" + strconv.Itoa(int(op.At/meeting))
		}
		if n, met := sizes[op.Path]; met {
			op.Recipe.N = n
		}
		sizes[op.Path] = op.Recipe.N
	}
	return plan
}

func barrierOps(r *rand.Rand, s Shape, kind string) []Op {
	path, within := child(barriers, s.key(r)), time.Duration(200+r.IntN(2500))*time.Millisecond
	switch kind {
	case "raise":
		return []Op{{F: history.Create, Path: path}}
	case "lift":
		return []Op{{F: history.Delete, Path: path, Version: Any}}
	case "touch":
		return []Op{{F: history.Set, Path: path, Version: Any}}
	case "pass":
		return []Op{{F: Pass, Path: path, Recipe: RecipeArgs{Within: within}}}
	case "impatient":
		within = time.Duration(20+r.IntN(200)) * time.Millisecond
		fallthrough
	case "meet":
		n := 1 + r.IntN(s.Clients)
		return []Op{{F: Meet, Path: doubleBarriers, Recipe: RecipeArgs{N: n, Hold: time.Duration(r.IntN(200)) * time.Millisecond, Within: within}}}
	}
	return sessionOps(r, s, kind)
}

// pass waits until a barrier is gone.
func (s *step) pass() {
	for {
		s.forget(s.op.Path)
		got, ok := s.insist(Op{F: history.Exists, Path: s.op.Path, Watch: true})
		switch {
		case !ok:
			return
		case got.Outcome != history.OK:
			s.claim(history.Claim{Kind: history.Passed, Zxid: got.Zxid})
			return
		case !s.await(s.op.Path):
			s.gaveUp()
			return
		}
		if e, _ := s.event(s.op.Path); s.has(bugs.AnyEventLiftsBarrier) {
			s.claim(history.Claim{Kind: history.Passed, Zxid: max(e.Zxid, got.Zxid)})
			return
		}
	}
}

// ready is the child of a double barrier that lets clients in, member what names of
// those who came end in.
const (
	ready  = "ready"
	member = "-m"
)

// meet enters a double barrier with others, and leaves it with them.
func (s *step) meet() {
	own := s.op.Path + "/" + strings.TrimSuffix(s.name(), "-") + member
	if _, ok := s.insist(Op{F: history.Create, Path: s.op.Path}); !ok {
		return
	}
	// The name is this step's alone, so who is told that it exists has created it.
	if _, ok := s.insist(Op{F: history.Create, Path: own, Mode: wire.ModeEphemeral}); !ok {
		return
	}
	if s.enter() {
		s.t.Sleep(s.op.Recipe.Hold)
		s.until = s.c.env.Now() + s.op.Recipe.Within
		if s.exit(own) {
			return
		}
	}
	s.gaveUp()
	s.remove(own)
}

// members lists who has come and not gone, in order.
func members(names []string) []string {
	return slices.Sorted(slices.Values(slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !strings.HasSuffix(name, member) })))
}

// enter waits until enough are there. Who sees that they are opens the door for all,
// and it stays open, or a member that crashes just then would keep the others out.
func (s *step) enter() bool {
	door := s.op.Path + "/" + ready
	for {
		s.forget(door)
		got, ok := s.insist(Op{F: history.Exists, Path: door, Watch: true})
		if !ok {
			return false
		}
		if got.Outcome == history.OK {
			s.claim(history.Claim{Kind: history.Entered, N: s.op.Recipe.N, Zxid: got.Zxid})
			return true
		}
		list, ok := s.list(s.op.Path, false)
		if !ok {
			return false
		}
		come := len(members(list.OutChildren))
		if s.has(bugs.ComeAndGoneCounted) {
			come = int(list.OutStat.Cversion)
		}
		if come < s.op.Recipe.N {
			if !s.await(door) {
				return false
			}
			continue
		}
		if _, ok := s.insist(Op{F: history.Create, Path: door}); !ok {
			return false
		}
	}
}

// exit waits until all are done. The first by name stays to the last, so that the others
// have one znode to wait for and it waits for them one by one: nobody is woken in vain.
func (s *step) exit(own string) bool {
	if s.has(bugs.DoubleBarrierLeftEarly) {
		del, ok := s.insist(Op{F: history.Delete, Path: own, Version: Any})
		s.claim(history.Claim{Kind: history.Left, Node: own, Zxid: del.Zxid})
		return ok
	}
	for {
		list, ok := s.list(s.op.Path, false)
		if !ok {
			return false
		}
		inside := members(list.OutChildren)
		if len(inside) == 0 || len(inside) == 1 && inside[0] == base(own) {
			s.claim(history.Claim{Kind: history.Left, Node: own, Zxid: list.Zxid})
			return s.remove(own)
		}
		other := inside[0]
		if other == base(own) {
			other = inside[len(inside)-1]
		} else if slices.Contains(inside, base(own)) && !s.remove(own) {
			return false
		}
		if _, gone := s.watchGone(s.op.Path + "/" + other); !gone {
			return false
		}
	}
}
