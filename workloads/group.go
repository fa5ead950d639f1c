package workloads

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

const groups = "/group"

// grouping is about membership: instances of a service that are there while their
// session is, and clients that keep the list of them, and what each says of itself, by
// watches. Events come before what they are about can be seen, so as long as none
// has come, what was read once is what there is.
func grouping() Workload {
	return Workload{
		Name: "group",
		Doc:  "instances of services that come, change, hang, move and go with their sessions, and clients that keep a cache of them by watches",
		Draw: func(r *rand.Rand) Shape {
			s := drawRecipeShape(r, 6, 2)
			s.Clients = max(s.Clients, 3)
			s.Mix = swarm(r, []Weight{{"serve", 6}, {"hanging", 2}, {"discover", 6}, {"move", 2}, {"hang", 1}, {"open", 1}, {"close", 1}},
				"hanging", "move", "hang", "open", "close")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return timeline(r, s, func(kind string) []Op { return groupOps(r, s, kind) }, func(client int) []Op {
				path := child(groups, client%s.Keys)
				return []Op{{F: Serve, Path: path, Recipe: farewell(300 * time.Millisecond)}, {F: Discover, Path: path, Recipe: farewell(500 * time.Millisecond)}}
			})
		},
		Setup:       func(s Shape) []Op { return creates(groups, s.Keys) },
		FinalReads:  func(s Shape) []Op { return finals(SyncChildren, s, children(groups, s.Keys)...) },
		Judges:      []string{"witness"},
		NeedsClaims: []history.ClaimKind{history.Joined, history.Cached},
	}
}

func groupOps(r *rand.Rand, s Shape, kind string) []Op {
	path := child(groups, s.key(r))
	hold := RecipeArgs{Hold: time.Duration(50+r.IntN(choose(r, 300, 2000))) * time.Millisecond, Within: time.Second}
	switch kind {
	case "serve":
		return []Op{{F: Serve, Path: path, Recipe: hold}}
	case "hanging":
		hold.Hold, hold.Mute = time.Duration(300+r.IntN(3000))*time.Millisecond, true
		return []Op{{F: Serve, Path: path, Recipe: hold}}
	case "discover":
		return []Op{{F: Discover, Path: path, Recipe: hold}}
	}
	return sessionOps(r, s, kind)
}

// serve is an instance: it comes, says what it has to say, changes that, and goes.
func (s *step) serve() {
	own := s.op.Path + "/" + strings.TrimSuffix(s.name(), "-")
	// The name is this step's alone, so who is told that it exists has created it.
	got, ok := s.insist(Op{F: history.Create, Path: own, Mode: wire.ModeEphemeral})
	if !ok || got.Err == wire.ErrNoNode {
		return
	}
	s.claim(history.Claim{Kind: history.Joined, Node: own, Zxid: got.Zxid})
	s.t.Sleep(s.op.Recipe.Hold / 2)
	if _, ok := s.insist(Op{F: history.Set, Path: own, Value: "busy", Version: Any}); !ok {
		return
	}
	s.pause()
	s.remove(own)
}

// discover keeps a cache of a group up to date for a while, and claims what it holds
// whenever a later read shows that no event has made it stale.
func (s *step) discover() {
	s.until = s.c.env.Now() + s.op.Recipe.Hold
	cache := map[string]string{}
	for s.refresh(cache) {
		now, ok := s.insist(Op{F: history.Exists, Path: s.op.Path})
		switch {
		case !ok:
			return
		case s.stale(cache):
			continue
		}
		s.claim(history.Claim{Kind: history.Cached, Values: rendered(cache), Zxid: now.Zxid})
		if s.late() || !s.await(s.watching(cache)...) && !s.alive() {
			return
		}
	}
}

// watching lists what the cache depends on: the group, then its members in order.
func (s *step) watching(cache map[string]string) []string {
	paths := []string{s.op.Path}
	for name := range cache { //sim:unordered sorted below
		paths = append(paths, s.op.Path+"/"+name)
	}
	slices.Sort(paths)
	return paths
}

// stale reports whether an event has come about something in the cache.
func (s *step) stale(cache map[string]string) bool {
	return slices.ContainsFunc(s.watching(cache), func(path string) bool { _, told := s.event(path); return told })
}

// refresh reads what is new and what events told of, and leaves a watch on each. What
// no event told of is still watched.
func (s *step) refresh(cache map[string]string) bool {
	_, told := s.event(s.op.Path)
	s.forget(s.op.Path)
	list, ok := s.list(s.op.Path, !told || !s.has(bugs.CacheNotWatchedAgain))
	if !ok {
		return false
	}
	for _, path := range s.watching(cache)[1:] {
		if !slices.Contains(list.OutChildren, base(path)) {
			delete(cache, base(path))
		}
	}
	for _, name := range slices.Sorted(slices.Values(list.OutChildren)) {
		path := s.op.Path + "/" + name
		if _, told := s.event(path); !told {
			if _, known := cache[name]; known {
				continue
			}
		}
		s.forget(path)
		got, ok := s.insist(Op{F: history.Get, Path: path, Watch: true})
		if !ok {
			return false
		}
		if cache[name] = got.OutValue; got.Outcome != history.OK {
			delete(cache, name) // gone since the list; the event about that is here
		}
	}
	return true
}

// rendered lists a cache in order, "name=value".
func rendered(cache map[string]string) []string {
	var out []string
	for name, value := range cache { //sim:unordered sorted below
		out = append(out, name+"="+value)
	}
	slices.Sort(out)
	return out
}
