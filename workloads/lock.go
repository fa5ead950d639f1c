package workloads

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

const (
	locks       = "/lock"
	sharedLocks = "/rw"
	// fences is where the resources are that locks protect: /fence/lock/0 and so on.
	fences = "/fence"
)

// locking is about locks, exclusive and shared. Whoever wants one creates an ephemeral
// sequential znode and has it when none is before his that matters; else he watches
// the last one that does.
//
// That keeps holders apart in the order of zxids, not by the clock: a client that
// hangs does not know that its session is over and the next one holds the lock. So
// what the lock protects must look at the holder's token, and refuse an older one.
// Some holders hang here on purpose.
func locking() Workload {
	return Workload{
		Name: "lock",
		Doc:  "exclusive and shared locks by ephemeral sequential znodes, whose holders hang and move, and write to a resource that looks at fencing tokens",
		Draw: func(r *rand.Rand) Shape {
			s := drawRecipeShape(r, 6, 2)
			s.Mix = swarm(r, []Weight{{"lock", 6}, {"read-lock", 3}, {"write-lock", 2}, {"hanging", 2}, {"impatient", 2}, {"move", 1}, {"hang", 1}, {"open", 1}},
				"read-lock", "write-lock", "impatient", "move", "hang", "open")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return timeline(r, s, func(kind string) []Op { return lockOps(r, s, kind) }, func(client int) []Op {
				return []Op{{F: Lock, Path: child(locks, client%s.Keys), Recipe: farewell(10 * time.Millisecond)}}
			})
		},
		Setup: func(s Shape) []Op {
			return together(creates(locks, s.Keys), creates(sharedLocks, s.Keys), creates(fences, 0),
				creates(fences+locks, s.Keys), creates(fences+sharedLocks, s.Keys))
		},
		FinalReads:  func(s Shape) []Op { return finals(SyncChildren, s, children(locks, s.Keys)...) },
		Judges:      []string{"witness", "fence"},
		NeedsClaims: []history.ClaimKind{history.Acquired, history.Wrote},
	}
}

func lockOps(r *rand.Rand, s Shape, kind string) []Op {
	path, shared, args := child(locks, s.key(r)), child(sharedLocks, s.key(r)), drawArgs(r)
	switch kind {
	case "lock":
		return []Op{{F: Lock, Path: path, Recipe: args}}
	case "read-lock":
		return []Op{{F: ReadLock, Path: shared, Recipe: args}}
	case "write-lock":
		return []Op{{F: WriteLock, Path: shared, Recipe: args}}
	case "hanging":
		args.Hold, args.Mute = time.Duration(300+r.IntN(4000))*time.Millisecond, true
		return []Op{{F: Lock, Path: path, Recipe: args}}
	case "impatient":
		args.Within = time.Duration(20+r.IntN(300)) * time.Millisecond
		return []Op{{F: Lock, Path: path, Recipe: args}}
	}
	return sessionOps(r, s, kind)
}

// drawRecipeShape draws the knobs of workloads that consist of recipe steps: each is
// many requests, so there are fewer of them.
func drawRecipeShape(r *rand.Rand, maxClients, keys int) Shape {
	s := drawShape(r, maxClients, keys)
	s.Burst, s.BurstLen = 0, 1
	s.Think = choose(r, 50*time.Millisecond, 100*time.Millisecond, 200*time.Millisecond, 400*time.Millisecond)
	return s
}

// drawArgs draws how long a step waits and holds.
func drawArgs(r *rand.Rand) RecipeArgs {
	return RecipeArgs{
		Hold:   time.Duration(r.IntN(choose(r, 20, 100, 400))) * time.Millisecond,
		Within: time.Duration(500+r.IntN(choose(r, 500, 3000))) * time.Millisecond,
	}
}

// farewell are the arguments of a client's last step, when all faults are healed:
// time enough for sessions that have died to be noticed, and to wait for the others.
func farewell(hold time.Duration) RecipeArgs { return RecipeArgs{Hold: hold, Within: 8 * time.Second} }

// together numbers the parts of a setup anew.
func together(lists ...[]Op) []Op {
	var ops []Op
	for _, list := range lists {
		ops = append(ops, list...)
	}
	number(ops, setupID)
	return ops
}

// lockKinds are what names of the znodes in line contain.
var lockKinds = map[history.F]string{Lock: "lock-", ReadLock: "read-", WriteLock: "write-", Lead: "n-"}

// lock performs all of Lock, ReadLock, WriteLock and Lead.
func (s *step) lock() {
	own, ok := s.stand(s.op.Path, lockKinds[s.op.F], wire.ModeEphemeralSequential)
	if !ok {
		return
	}
	if s.acquire(own) {
		s.hold(own)
	} else {
		s.gaveUp()
	}
	s.remove(own.path)
}

// acquire waits until own is first among those that matter.
func (s *step) acquire(own place) bool {
	for {
		list, ok := s.list(s.op.Path, false)
		if !ok {
			return false
		}
		before, listed := s.predecessor(list.OutChildren, own)
		if !listed {
			return false
		}
		if before == "" {
			s.claim(history.Claim{Kind: history.Acquired, Node: own.path, Token: own.token, Zxid: list.Zxid})
			return true
		}
		e, gone := s.watchGone(s.op.Path + "/" + before)
		if !gone {
			return false
		}
		if s.has(bugs.LockWokenIsHolder) { // instead of looking again: who was before may have given up
			s.claim(history.Claim{Kind: history.Acquired, Node: own.path, Token: own.token, Zxid: max(e.Zxid, list.Zxid)})
			return true
		}
	}
}

// predecessor finds the znode in line that own has to wait for, "" if none.
func (s *step) predecessor(names []string, own place) (string, bool) {
	before, matters := bySuffix, func(string) bool { return true }
	if s.op.F == Lead && s.has(bugs.ElectionByName) {
		before = func(a, b string) bool { return a < b }
	}
	reads := func(name string) bool { return strings.Contains(name, lockKinds[ReadLock]) }
	if s.op.F == ReadLock {
		matters = func(name string) bool { return !reads(name) }
		if last, listed := ahead(names, base(own.path), before, func(string) bool { return true }); reads(last) && s.has(bugs.ReaderFollowsReader) {
			return "", listed
		}
	}
	return ahead(names, base(own.path), before, matters)
}

func base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// hold has what was acquired for a while, and uses it.
func (s *step) hold(own place) {
	s.pause()
	if s.op.F != ReadLock {
		s.writeFenced(own.token)
	}
	kind := history.Released
	if !s.alive() {
		kind = history.Lost
	}
	s.claim(history.Claim{Kind: kind, Node: own.path, Token: own.token})
}

// fencedAttempts bounds how often a holder tries to write: who cannot reach the
// resource must not keep others from it for ever.
const fencedAttempts = 5

// writeFenced writes to what the lock protects, in whatever session: the resource is
// a thing of its own, which knows no sessions and judges by the token. Its value is
// the highest token that wrote, and who did.
func (s *step) writeFenced(token wire.Zxid) {
	resource := fences + s.op.Path
	for range fencedAttempts {
		s.c.revive()
		got := s.do(Op{F: history.Get, Path: resource})
		if got.Outcome != history.OK {
			s.t.Sleep(retryPause)
			continue
		}
		if tokenOf(got.OutValue) > token && !s.has(bugs.StaleTokenAccepted) {
			s.claim(history.Claim{Kind: history.Refused, Path: resource, Token: token, Zxid: got.Zxid})
			return
		}
		set := s.do(Op{F: history.Set, Path: resource, Version: VersionArg(got.OutStat.Version), Value: fmt.Sprintf("%d %s", int64(token), s.name())})
		if set.Outcome == history.OK {
			s.claim(history.Claim{Kind: history.Wrote, Path: resource, Token: token, Zxid: set.Zxid})
			return
		}
		s.t.Sleep(retryPause)
	}
}

// tokenOf reads the token from the value of a resource, 0 if nobody has written.
func tokenOf(value string) wire.Zxid {
	word, _, _ := strings.Cut(value, " ")
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		return 0
	}
	return wire.Zxid(n)
}
