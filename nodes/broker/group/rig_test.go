package group

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// rig is a world with one coordinator in it, whose log and clock are the test's. What
// it does not define panics on the nil Env.
type rig struct {
	node.Env
	c      *Coordinator
	now    time.Duration
	rand   *rand.Rand
	timers map[node.TimerID]rigTimer
	serial uint64

	// log is partition 0 of the topic of offsets.
	log []batch.Batch
	// hold keeps appends from being acknowledged; held are those, and from heldFrom on
	// nothing is committed. fail is what they are answered by otherwise, and lost keeps
	// them out of the log.
	hold     bool
	held     []func(wire.ErrorCode)
	heldFrom int64
	fail     wire.ErrorCode
	lost     bool

	facts  []node.Event
	heard  func(node.Event) // at once
	znodes map[string]int64
}

type rigTimer struct {
	at  time.Duration
	tag node.Tag
}

func newRig(change ...func(*Config)) *rig {
	r := &rig{rand: rand.New(rand.NewPCG(1, 2)), timers: map[node.TimerID]rigTimer{}, znodes: map[string]int64{}}
	cfg := Config{Partitions: 1}
	for _, f := range change {
		f(&cfg)
	}
	r.c = New(r, cfg, r)
	return r
}

func (r *rig) Now() time.Duration { return r.now }
func (r *rig) WallMillis() int64  { return 1000000 + int64(r.now/time.Millisecond) }
func (r *rig) Rand() *rand.Rand   { return r.rand }

func (r *rig) Observe(e node.Event) {
	r.facts = append(r.facts, e)
	if r.heard != nil {
		r.heard(e)
	}
}

func (r *rig) SetTimer(d time.Duration, tag node.Tag) node.TimerID {
	r.serial++
	r.timers[node.TimerID(r.serial)] = rigTimer{r.now + max(d, 0), tag}
	return node.TimerID(r.serial)
}

func (r *rig) StopTimer(t node.TimerID) { delete(r.timers, t) }

// wait lets time pass, with the timers that come due.
func (r *rig) wait(d time.Duration) {
	until := r.now + d
	for {
		var first node.TimerID
		for t := range r.timers { //sim:unordered takes the minimum by a total order
			if a, b := r.timers[t], r.timers[first]; first == 0 || a.at < b.at || a.at == b.at && t < first {
				first = t
			}
		}
		if first == 0 || r.timers[first].at > until {
			r.now = until
			return
		}
		t := r.timers[first]
		delete(r.timers, first)
		r.now = t.at
		r.c.Timer(t.tag)
	}
}

func (r *rig) Append(_, epoch int32, records []batch.Record, done func(wire.ErrorCode)) {
	if !r.lost {
		build := batch.NewBuilder(batch.Plain())
		for _, rec := range records {
			build.Add(rec)
		}
		b := build.Build()
		if n := len(r.log); n > 0 {
			b.SetBaseOffset(r.log[n-1].NextOffset())
		}
		b.SetLeaderEpoch(epoch)
		r.log = append(r.log, b)
	}
	if r.hold {
		if len(r.held) == 0 {
			r.heldFrom = r.log[len(r.log)-1].BaseOffset()
		}
		r.held = append(r.held, done)
		return
	}
	done(r.fail)
}

// release acknowledges what was held.
func (r *rig) release(code wire.ErrorCode) {
	r.hold = false
	held := r.held
	r.held = nil
	for _, done := range held {
		done(code)
	}
}

func (r *rig) Read(_ int32, from int64) (batches []byte, end, mark int64) {
	if n := len(r.log); n > 0 {
		end = r.log[n-1].NextOffset()
	}
	if mark = end; len(r.held) > 0 {
		mark = r.heldFrom
	}
	for _, b := range r.log {
		if b.BaseOffset() >= from && len(batches) < 400 { // some at a time
			batches = append(batches, b...)
		}
	}
	return batches, end, mark
}

func (r *rig) Exists(topic string, _ int32) bool { return topic != "nowhere" }

func (r *rig) Stored(group, topic string, p int32, done func(int64, wire.ErrorCode)) {
	at, ok := r.znodes[fmt.Sprint(group, topic, p)]
	if !ok {
		at = -1
	}
	done(at, wire.OK)
}

func (r *rig) Store(group, topic string, p int32, offset int64, done func(wire.ErrorCode)) {
	r.znodes[fmt.Sprint(group, topic, p)] = offset
	done(wire.OK)
}

// person is a member as a test plays it.
type person struct {
	name, id   string
	instance   *string
	generation int32
	leader     bool
	members    []string // of the generation, as its leader was told
}

// play is a rig with members who say what they are told.
type play struct {
	*rig
	people map[string]*person
	out    []string
}

func newPlay(change ...func(*Config)) *play {
	return &play{rig: newRig(change...), people: map[string]*person{}}
}

func (p *play) person(name string) *person {
	who := p.people[name]
	if who == nil {
		who = &person{name: name, generation: -1}
		p.people[name] = who
	}
	return who
}

func (p *play) say(format string, args ...any) { p.out = append(p.out, fmt.Sprintf(format, args...)) }

// alias puts the names of people in the place of their IDs.
func (p *play) alias(s string) string {
	for _, who := range p.people { //sim:unordered IDs do not overlap
		if who.id != "" {
			s = strings.ReplaceAll(s, who.id, who.name)
		}
	}
	return s
}

// told returns what was said and stated since the last call. Facts come first: they are
// stated before anybody is told.
func (p *play) told() string {
	var b strings.Builder
	for _, e := range p.facts {
		if e.Kind.Code > facts.GroupsDamaged.Code {
			continue // what judges need to know, and members say again
		}
		if groups, ok := e.Body.([]string); ok {
			e.Body = strings.Join(groups, ",")
		}
		fmt.Fprintf(&b, "** %s\n", strings.TrimPrefix(p.alias(e.String()), "kafka."))
	}
	for _, line := range p.out {
		b.WriteString(p.alias(line) + "\n")
	}
	p.facts, p.out = nil, nil
	return b.String()
}

// joinOptions are what a person joins with.
type joinOptions struct {
	offers             []string
	says               string
	session, rebalance time.Duration
	version            int16
}

func (p *play) join(who *person, o joinOptions) {
	r := kmsg.NewPtrJoinGroupRequest()
	r.Version, r.Group, r.MemberID, r.InstanceID, r.ProtocolType = o.version, "g", who.id, who.instance, "consumer"
	r.SessionTimeoutMillis, r.RebalanceTimeoutMillis = int32(o.session/time.Millisecond), int32(o.rebalance/time.Millisecond)
	for _, name := range o.offers {
		each := kmsg.NewJoinGroupRequestProtocol()
		each.Name, each.Metadata = name, []byte(o.says)
		r.Protocols = append(r.Protocols, each)
	}
	p.c.Serve(Client{"c", "/h"}, r, func(a kmsg.Response) {
		answer := a.(*kmsg.JoinGroupResponse)
		if answer.MemberID != "" {
			who.id = answer.MemberID
		}
		if code := wire.ErrorCode(answer.ErrorCode); code != wire.OK {
			p.say("%s <- join: %v", who.name, code)
			return
		}
		who.generation, who.leader = answer.Generation, answer.LeaderID == who.id
		who.members = nil
		var members []string
		for _, m := range answer.Members {
			who.members = append(who.members, m.MemberID)
			members = append(members, fmt.Sprintf("%s:%s", m.MemberID, m.ProtocolMetadata))
		}
		line := fmt.Sprintf("%s <- join: generation %d, %s, led by %s", who.name, answer.Generation, *answer.Protocol, answer.LeaderID)
		if members != nil {
			line += ", of " + strings.Join(members, " ")
		}
		if answer.SkipAssignment {
			line += ", the assignment stands"
		}
		p.say("%s", line)
	})
}

func (p *play) sync(who *person, generation int32, shares map[string]string) {
	r := kmsg.NewPtrSyncGroupRequest()
	r.Version, r.Group, r.Generation, r.MemberID, r.InstanceID = 3, "g", generation, who.id, who.instance
	var names []string
	for name := range shares { //sim:unordered sorted below
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		a := kmsg.NewSyncGroupRequestGroupAssignment()
		a.MemberID, a.MemberAssignment = p.person(name).id, []byte(shares[name])
		r.GroupAssignment = append(r.GroupAssignment, a)
	}
	p.c.Serve(Client{}, r, func(a kmsg.Response) {
		answer := a.(*kmsg.SyncGroupResponse)
		if code := wire.ErrorCode(answer.ErrorCode); code != wire.OK {
			p.say("%s <- sync: %v", who.name, code)
		} else {
			p.say("%s <- sync: %q", who.name, answer.MemberAssignment)
		}
	})
}

func (p *play) beat(who *person, generation int32) {
	r := kmsg.NewPtrHeartbeatRequest()
	r.Version, r.Group, r.Generation, r.MemberID, r.InstanceID = 3, "g", generation, who.id, who.instance
	p.c.Serve(Client{}, r, func(a kmsg.Response) {
		p.say("%s <- heartbeat: %v", who.name, wire.ErrorCode(a.(*kmsg.HeartbeatResponse).ErrorCode))
	})
}

func (p *play) leave(who *person) {
	r := kmsg.NewPtrLeaveGroupRequest()
	r.Version, r.Group = 3, "g"
	m := kmsg.NewLeaveGroupRequestMember()
	m.MemberID, m.InstanceID = who.id, who.instance
	r.Members = append(r.Members, m)
	p.c.Serve(Client{}, r, func(a kmsg.Response) {
		answer := a.(*kmsg.LeaveGroupResponse)
		code := answer.ErrorCode
		if len(answer.Members) > 0 {
			code = answer.Members[0].ErrorCode
		}
		p.say("%s <- leave: %v", who.name, wire.ErrorCode(code))
	})
}

// commit commits an offset of t-0. Somebody without a name is in no group.
func (p *play) commit(who *person, generation int32, at int64, done func(wire.ErrorCode)) {
	r := kmsg.NewPtrOffsetCommitRequest()
	r.Version, r.Group, r.Generation, r.MemberID, r.InstanceID = 7, "g", generation, who.id, who.instance
	t := kmsg.NewOffsetCommitRequestTopic()
	t.Topic = "t"
	part := kmsg.NewOffsetCommitRequestTopicPartition()
	part.Offset = at
	t.Partitions = append(t.Partitions, part)
	r.Topics = append(r.Topics, t)
	p.c.Serve(Client{}, r, func(a kmsg.Response) {
		done(wire.ErrorCode(a.(*kmsg.OffsetCommitResponse).Topics[0].Partitions[0].ErrorCode))
	})
}

// offset is the committed offset of t-0.
func (p *play) offset() (at int64, code wire.ErrorCode) {
	r := kmsg.NewPtrOffsetFetchRequest()
	r.Version, r.Group = 5, "g"
	t := kmsg.NewOffsetFetchRequestTopic()
	t.Topic, t.Partitions = "t", []int32{0}
	r.Topics = append(r.Topics, t)
	p.c.Serve(Client{}, r, func(a kmsg.Response) {
		answer := a.(*kmsg.OffsetFetchResponse)
		at, code = answer.Topics[0].Partitions[0].Offset, wire.ErrorCode(answer.ErrorCode)
	})
	return at, code
}
