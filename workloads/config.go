package workloads

import (
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

const (
	configs = "/config"
	// publisher is the child whose version says who may publish.
	publisher = "publisher"
)

// pieces are the children that make up a configuration.
var pieces = []string{"a", "b", "c"}

// configuring is the example of the ZooKeeper paper: a configuration is many znodes,
// and a flag says that they belong together. Who publishes takes the flag away,
// changes them one after the other and puts it back. Who reads watches the flag, and
// as events come before what they are about can be seen, a configuration that was read
// to its end without an event is whole.
//
// Publishers come and go, and what one of them sent may arrive late. So each takes
// over first, by setting a znode, and makes every change on condition that nobody
// has taken over since.
func configuring() Workload {
	return Workload{
		Name: "config",
		Doc:  "a configuration of several znodes under a flag, published by clients that replace one another and read by clients that watch the flag",
		Draw: func(r *rand.Rand) Shape {
			s := drawRecipeShape(r, 6, 2)
			s.Mix = swarm(r, []Weight{{"publish", 3}, {"configure", 8}, {"move", 1}, {"hang", 1}, {"open", 1}}, "move", "hang", "open")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return timeline(r, s, func(kind string) []Op { return configOps(r, s, kind) }, func(client int) []Op {
				path := child(configs, client%s.Keys)
				return []Op{{F: Publish, Path: path, Recipe: farewell(0)}, {F: Configure, Path: path, Recipe: farewell(0)}}
			})
		},
		Setup: func(s Shape) []Op {
			lists := [][]Op{creates(configs, s.Keys)}
			for _, path := range children(configs, s.Keys) {
				for _, name := range append([]string{publisher}, pieces...) {
					lists = append(lists, creates(path+"/"+name, 0))
				}
			}
			return together(lists...)
		},
		FinalReads:  func(s Shape) []Op { return finals(SyncChildren, s, children(configs, s.Keys)...) },
		Judges:      []string{"witness"},
		NeedsClaims: []history.ClaimKind{history.Published, history.Configured},
	}
}

func configOps(r *rand.Rand, s Shape, kind string) []Op {
	args := RecipeArgs{Within: time.Duration(200+r.IntN(2000)) * time.Millisecond}
	switch kind {
	case "publish":
		args.Hold = time.Duration(r.IntN(choose(r, 10, 100))) * time.Millisecond
		return []Op{{F: Publish, Path: child(configs, s.key(r)), Recipe: args}}
	case "configure":
		return []Op{{F: Configure, Path: child(configs, s.key(r)), Recipe: args}}
	}
	return sessionOps(r, s, kind)
}

// publish replaces the configuration. Its version is that of the publisher's znode.
func (s *step) publish() {
	term, ok := s.insist(Op{F: history.Set, Path: s.op.Path + "/" + publisher, Version: Any, Value: s.name()})
	if !ok || term.Outcome != history.OK {
		return
	}
	version := term.OutStat.Version
	text := strconv.Itoa(int(version))
	flag := s.op.Path + "/" + ready
	changes := []Part{{F: history.Delete, Path: flag, Version: Any}}
	for _, name := range pieces {
		changes = append(changes, Part{F: history.Set, Path: s.op.Path + "/" + name, Value: text, Version: Any})
	}
	changes = append(changes, Part{F: history.Create, Path: flag, Value: text})
	for _, change := range changes {
		if !s.change(change, version) {
			return
		}
		s.t.Sleep(s.op.Recipe.Hold / time.Duration(len(changes)))
	}
	s.claim(history.Claim{Kind: history.Published, N: int(version)})
}

// change makes one change if nobody has taken over. It may happen twice, which does
// no harm: as nobody took over, a flag that is gone or there is this publisher's doing.
func (s *step) change(p Part, term int32) bool {
	parts := []Part{{F: history.Check, Path: s.op.Path + "/" + publisher, Version: VersionArg(term)}, p}
	if s.has(bugs.PublisherNotChecked) {
		parts = parts[1:]
	}
	got, ok := s.insist(Op{F: history.Multi, Parts: parts})
	if !ok {
		return false
	}
	if len(got.OutParts) == len(parts) && len(parts) == 2 && got.OutParts[0].Err != 0 {
		s.claim(history.Claim{Kind: history.Superseded, N: int(term)})
		return false
	}
	return true
}

// configure reads a whole configuration.
func (s *step) configure() {
	flag := s.op.Path + "/" + ready
	for !s.late() {
		s.forget(flag)
		got, ok := s.insist(Op{F: history.Exists, Path: flag, Watch: true})
		if !ok {
			return
		}
		if got.Outcome != history.OK {
			if !s.await(flag) {
				break
			}
			continue
		}
		c := history.Claim{Kind: history.Configured}
		for _, name := range pieces {
			piece, ok := s.insist(Op{F: history.Get, Path: s.op.Path + "/" + name})
			if !ok {
				return
			}
			c.Values, c.Zxid = append(c.Values, piece.OutValue), piece.Zxid
		}
		if _, changed := s.event(flag); changed && !s.has(bugs.ConfigReadAcrossChange) {
			continue
		}
		s.claim(c)
		return
	}
	s.gaveUp()
}
