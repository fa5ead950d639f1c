package group

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// twin is what a group should be, told by the facts in the dumbest way.
type twin struct {
	*play
	t          *rapid.T
	generation int64
	members    map[string]bool
	completing bool
	offset     int64
	// shares are which ID was told which share of which generation.
	shares          map[string]string
	asked, answered int
	epoch           int32
}

// static reports whether an ID is one of the static member's, who keeps its share when it
// gets another.
func static(id string) bool { return strings.HasPrefix(id, "one-") }

// hear takes a fact in.
func (w *twin) hear(e node.Event) {
	switch e.Kind {
	case facts.Generation:
		if e.N[0] != w.generation+1 {
			w.t.Fatalf("generation %d follows %d", e.N[0], w.generation)
		}
		w.generation, w.completing = e.N[0], e.N[1] > 0
		w.members = map[string]bool{}
		for _, id := range e.Body.([]string) {
			w.members[id] = true
		}
	case facts.GroupAssigned, facts.Rebalancing:
		w.completing = false
	case facts.MemberGone:
		delete(w.members, e.Body.(string))
	case facts.MemberReplaced:
		w.members[e.Body.(facts.Replacement).New] = true
	case facts.CommitStored:
		w.offset = e.N[0]
	case facts.GroupsLoaded:
		w.reload()
	case facts.GroupDead: // the next of this name is another
		w.generation, w.members, w.offset, w.shares = 0, map[string]bool{}, -1, map[string]string{}
	}
}

// reload reads the log from the beginning.
func (w *twin) reload() {
	h := newHistory()
	for _, b := range w.log {
		records := b.Records()
		for rec := (batch.Record{}); records.Next(&rec); {
			if err := h.take(&rec); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	w.generation, w.members, w.offset, w.completing = 0, map[string]bool{}, -1, false
	if g := h.groups["g"]; g != nil {
		w.generation = int64(g.Generation)
		for _, m := range g.Members {
			w.members[m.MemberID] = true
		}
	}
	if o := h.offsets["g"][partition{"t", 0}]; o != nil {
		w.offset = o.at
	}
}

// check holds what is served against the twin.
func (w *twin) check() {
	at, code := w.play.offset()
	if code == wire.OK && at != w.offset {
		w.t.Fatalf("the offset is %d, want %d", at, w.offset)
	}
}

// serve asks, and counts the answer.
func (w *twin) serve(r kmsg.Request, done func(kmsg.Response)) {
	w.asked++
	w.c.Serve(Client{"c", "/h"}, r, func(a kmsg.Response) {
		w.answered++
		done(a)
	})
}

func (w *twin) joins(who *person) {
	r := kmsg.NewPtrJoinGroupRequest()
	r.Version, r.Group, r.MemberID, r.InstanceID, r.ProtocolType = 5, "g", who.id, who.instance, "consumer"
	r.SessionTimeoutMillis, r.RebalanceTimeoutMillis = 10000, 20000
	each := kmsg.NewJoinGroupRequestProtocol()
	each.Name = "range"
	r.Protocols = append(r.Protocols, each)
	w.serve(r, func(a kmsg.Response) {
		answer := a.(*kmsg.JoinGroupResponse)
		switch code := wire.ErrorCode(answer.ErrorCode); code {
		case wire.OK:
			who.id, who.generation, who.leader, who.members = answer.MemberID, answer.Generation, answer.LeaderID == answer.MemberID, nil
			for _, m := range answer.Members {
				who.members = append(who.members, m.MemberID)
			}
			if int64(who.generation) != w.generation || !w.members[who.id] {
				w.t.Fatalf("%s is told generation %d, which is %d of %v", who.name, who.generation, w.generation, w.members)
			}
		case wire.MemberIDRequired:
			who.id = answer.MemberID
		case wire.UnknownMemberID, wire.FencedInstanceID:
			who.id, who.generation = "", -1
		}
	})
}

func (w *twin) syncs(who *person) {
	r := kmsg.NewPtrSyncGroupRequest()
	r.Version, r.Group, r.Generation, r.MemberID, r.InstanceID = 3, "g", who.generation, who.id, who.instance
	if who.leader {
		for i, id := range who.members {
			a := kmsg.NewSyncGroupRequestGroupAssignment()
			a.MemberID, a.MemberAssignment = id, fmt.Append(nil, i)
			r.GroupAssignment = append(r.GroupAssignment, a)
		}
	}
	id, generation := who.id, who.generation
	w.serve(r, func(a kmsg.Response) {
		answer := a.(*kmsg.SyncGroupResponse)
		if answer.ErrorCode != 0 || len(answer.MemberAssignment) == 0 {
			return
		}
		share := fmt.Sprintf("%s of generation %d", answer.MemberAssignment, generation)
		if owner, taken := w.shares[share]; taken && owner != id && !(static(owner) && static(id)) {
			w.t.Fatalf("share %s is told to %s, and was to %s", share, id, owner)
		}
		w.shares[share] = id
		if !w.members[id] {
			w.t.Fatalf("%s is assigned a share, and is no member of %v", id, w.members)
		}
	})
}

func (w *twin) beats(who *person) {
	r := kmsg.NewPtrHeartbeatRequest()
	r.Version, r.Group, r.Generation, r.MemberID, r.InstanceID = 3, "g", who.generation, who.id, who.instance
	w.serve(r, func(a kmsg.Response) {
		switch wire.ErrorCode(a.(*kmsg.HeartbeatResponse).ErrorCode) {
		case wire.UnknownMemberID, wire.FencedInstanceID:
			who.id, who.generation = "", -1
		}
	})
}

func (w *twin) commits(who *person, at int64) {
	allowed := who.generation < 0 && len(w.members) == 0 || int64(who.generation) == w.generation && w.members[who.id] && !w.completing
	w.asked++
	w.play.commit(who, who.generation, at, func(code wire.ErrorCode) {
		w.answered++
		if code == wire.OK && (!allowed || w.offset != at) {
			w.t.Fatalf("a commit of %d by %s in generation %d is accepted; it is %d of %v, and the offset %d", at, who.name, who.generation, w.generation, w.members, w.offset)
		}
	})
}

// TestGroupAgainstTwin plays groups at random, with members that hang and forget, a log
// that keeps silent, and coordinators that come and go.
func TestGroupAgainstTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &twin{play: newPlay(), t: t, members: map[string]bool{}, offset: -1, shares: map[string]string{}}
		w.heard = w.hear
		people := []*person{w.person("a"), w.person("b"), w.person("c")}
		w.person("b").instance = kmsg.StringPtr("one")
		elect := func() {
			w.epoch++
			w.c.Elected(0, w.epoch)
			w.wait(time.Duration(rapid.IntRange(0, 3).Draw(t, "load")) * time.Millisecond)
		}
		elect()
		at := int64(0)
		for range rapid.IntRange(10, 80).Draw(t, "steps") {
			who := rapid.SampledFrom(people).Draw(t, "who")
			switch rapid.SampledFrom([]string{"join", "join", "sync", "sync", "beat", "commit", "leave", "wait", "wait", "forget", "elect", "log", "copy"}).Draw(t, "what") {
			case "join":
				w.joins(who)
			case "sync":
				w.syncs(who)
			case "beat":
				w.beats(who)
			case "commit":
				at++
				w.commits(who, at)
			case "leave":
				w.leave(who)
			case "wait":
				w.wait(time.Duration(rapid.IntRange(1, 12000).Draw(t, "ms")) * time.Millisecond)
			case "forget":
				who.id, who.generation = "", -1
			case "elect":
				w.fail, w.hold = wire.OK, false
				w.release(wire.OK)
				elect()
			case "log":
				w.release(rapid.SampledFrom([]wire.ErrorCode{wire.OK, wire.RequestTimedOut}).Draw(t, "code"))
				w.hold = rapid.Bool().Draw(t, "hold")
				w.fail = rapid.SampledFrom([]wire.ErrorCode{wire.OK, wire.OK, wire.RequestTimedOut}).Draw(t, "fail")
			case "copy": // somebody uses the ID and generation of another
				*who = person{name: who.name, id: people[0].id, generation: people[0].generation, instance: who.instance}
			}
			w.check()
		}
		w.settle(people)
	})
}

// settle lets the log answer, sees that nobody waits for ever, and that a group forms
// out of whatever state it was left in.
func (w *twin) settle(people []*person) {
	w.fail = wire.OK
	w.release(wire.OK)
	w.wait(20 * time.Minute)
	w.check()
	if w.asked != w.answered {
		w.t.Fatalf("%d requests, and %d answers", w.asked, w.answered)
	}
	if len(w.members) > 0 {
		w.t.Fatalf("everybody is silent, and %v are members", w.members)
	}
	for _, who := range people {
		who.id, who.generation = "", -1
		w.joins(who)
		if who.instance == nil {
			w.joins(who)
		}
	}
	w.wait(8 * time.Second)
	for _, who := range people {
		w.syncs(who)
	}
	var names []string
	for share, id := range w.shares { //sim:unordered sorted below
		var n, generation int
		fmt.Sscanf(share, "%d of generation %d", &n, &generation)
		i := slices.IndexFunc(people, func(who *person) bool { return who.id == id })
		if int64(generation) == w.generation && i >= 0 {
			names = append(names, people[i].name)
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"a", "b", "c"}) {
		w.t.Fatalf("in the end, shares of generation %d are with %v", w.generation, names)
	}
}
