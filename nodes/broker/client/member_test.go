package client

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/group"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// groups is a real coordinator on each of the fake brokers, with one log for all.
type groups struct {
	log   []batch.Batch
	at    int32 // the broker that leads it
	epoch int32
	on    map[int32]*group.Coordinator
	lost  func(r kmsg.Request) bool // the connection breaks in the place of an answer
}

// groupHost is what a coordinator on a fake broker needs.
type groupHost struct {
	*groups
	id int32
}

func (h groupHost) Append(_, epoch int32, records []batch.Record, done func(wire.ErrorCode)) {
	if epoch != h.epoch {
		done(wire.NotLeaderOrFollower)
		return
	}
	build := batch.NewBuilder(batch.Plain())
	for _, rec := range records {
		build.Add(rec)
	}
	b := build.Build()
	if n := len(h.log); n > 0 {
		b.SetBaseOffset(h.log[n-1].NextOffset())
	}
	h.log = append(h.log, b)
	done(wire.OK)
}

func (h groupHost) Read(_ int32, from int64) (batches []byte, end, mark int64) {
	for _, b := range h.log {
		if end = b.NextOffset(); b.BaseOffset() >= from {
			batches = append(batches, b...)
		}
	}
	return batches, end, end
}

func (h groupHost) Exists(string, int32) bool { return true }
func (h groupHost) Stored(_, _ string, _ int32, done func(int64, wire.ErrorCode)) {
	done(-1, wire.OK)
}
func (h groupHost) Store(_, _ string, _ int32, _ int64, done func(wire.ErrorCode)) { done(wire.OK) }

// coordinate gives the fake brokers coordinators.
func (r *rig) coordinate() *groups {
	g := &groups{on: map[int32]*group.Coordinator{}}
	for id, b := range r.brokers { //sim:unordered each for itself
		g.on[id] = group.New(b.env, group.Config{Partitions: 1, TimerKind: 77}, groupHost{g, id})
		b.timer = g.on[id].Timer
	}
	r.answer = func(b *fakeBroker, conn node.ConnID, req *wire.Request) kmsg.Response {
		if _, ok := req.Body.(*kmsg.FindCoordinatorRequest); ok {
			answer := kmsg.NewPtrFindCoordinatorResponse()
			answer.NodeID, answer.Host, answer.Port = g.at, fmt.Sprintf("b%d", g.at), 9092
			return answer
		}
		b.held[conn] = []node.Message{}
		g.on[b.id].Serve(group.Client{ID: req.ClientID}, req.Body, func(answer kmsg.Response) {
			if g.lost != nil && g.lost(req.Body) {
				b.env.Close(conn)
				return
			}
			answer.SetVersion(req.Version)
			b.env.Send(conn, &wire.Response{Correlation: req.Correlation, Body: answer})
			b.release(conn)
		})
		return nil
	}
	g.move(1)
	return g
}

// move makes another broker the coordinator.
func (g *groups) move(to int32) {
	g.epoch++
	if g.at != 0 && g.at != to {
		g.on[g.at].Resigned(0, g.epoch)
	}
	g.at = to
	g.on[to].Elected(0, g.epoch)
}

// diary is a listener that notes what it hears, and what all who share it may read.
type diary struct {
	name string
	all  *[]string
	owns map[TopicPartition]string // by whom a partition may be read
	slow func(proceed func())      // gives up later
	t    *testing.T
}

func names(parts []TopicPartition) string {
	var all []string
	for _, tp := range parts {
		all = append(all, fmt.Sprintf("%s-%d", tp.Topic, tp.Partition))
	}
	return strings.Join(all, " ")
}

func (d *diary) note(format string, args ...any) {
	*d.all = append(*d.all, strings.TrimRight(d.name+" "+fmt.Sprintf(format, args...), " "))
}

func (d *diary) Assigned(added []TopicPartition, generation int32) {
	d.note("%d: %s", generation, names(added))
	for _, tp := range added {
		if other := d.owns[tp]; other != "" {
			d.t.Errorf("%v goes to %s while %s has it", tp, d.name, other)
		}
		d.owns[tp] = d.name
	}
}

func (d *diary) Revoked(parts []TopicPartition, proceed func()) {
	d.note("gives up %s", names(parts))
	give := func() {
		for _, tp := range parts {
			delete(d.owns, tp)
		}
		proceed()
	}
	if d.slow != nil {
		d.slow(give)
		return
	}
	give()
}

func (d *diary) Lost(parts []TopicPartition) {
	d.note("loses %s", names(parts))
	for _, tp := range parts {
		if d.owns[tp] == d.name {
			delete(d.owns, tp)
		}
	}
}

func (d *diary) Ended(code wire.ErrorCode, err error) {
	if err != nil {
		d.note("ends: %v", err)
		return
	}
	d.note("ends: %v", code)
}

// club is a rig with a group.
type club struct {
	*rig
	*groups
	said []string
	owns map[TopicPartition]string
}

func newClub(t *testing.T) *club {
	r := newRig(t)
	return &club{rig: r, groups: r.coordinate(), owns: map[TopicPartition]string{}}
}

func (c *club) diary(name string) *diary {
	return &diary{name: name, all: &c.said, owns: c.owns, t: c.T}
}

// member makes one that joins at once.
func (c *club) member(name string, change ...func(*MemberConfig)) *Member {
	cfg := MemberConfig{Group: "g", Topics: []string{"t"}}
	for _, f := range change {
		f(&cfg)
	}
	m := c.c.NewMember(cfg, c.diary(name))
	m.Start()
	return m
}

// expect lets time pass and compares what was heard.
func (c *club) expect(d time.Duration, want ...string) {
	c.Helper()
	c.run(d)
	if !slices.Equal(c.said, want) {
		c.Fatalf("heard\n\t%s\nwant\n\t%s", strings.Join(c.said, "\n\t"), strings.Join(want, "\n\t"))
	}
	c.said = nil
}

func with(assignors ...string) func(*MemberConfig) {
	return func(c *MemberConfig) { c.Assignors = assignors }
}

func TestEagerMembersGiveEverythingUp(t *testing.T) {
	c := newClub(t)
	c.member("a")
	c.expect(6*time.Second, "a 1: t-0 t-1")
	b := c.member("b")
	c.expect(8*time.Second, "a gives up t-0 t-1", "b 2: t-0", "a 2: t-1")
	b.Leave()
	c.expect(8*time.Second, "b loses t-0", "b ends: NONE", "a gives up t-1", "a 3: t-0 t-1")
}

// What stays with a is not interrupted. What b is to get waits until a has given it up,
// which takes another generation.
func TestCooperativeMembersKeepWhatStays(t *testing.T) {
	c := newClub(t)
	c.member("a", with("cooperative-sticky"))
	c.expect(6*time.Second, "a 1: t-0 t-1")
	c.member("b", with("cooperative-sticky"))
	c.expect(12*time.Second, "b 2:", "a gives up t-1", "a 2:", "a 3:", "b 3: t-1")
}

func TestStaticMemberReturns(t *testing.T) {
	c := newClub(t)
	one := func(m *MemberConfig) { m.Instance = "one" }
	a := c.member("a", one)
	c.member("b")
	c.expect(10*time.Second, "a 1: t-0", "b 1: t-1")
	delete(c.owns, t0) // a dies and its successor begins
	c.member("a2", one)
	c.expect(8*time.Second, "a2 1: t-0", "a loses t-0", "a ends: FENCED_INSTANCE_ID")
	if a.State() != "outside" {
		t.Errorf("a is %s", a.State())
	}
}

// Members and offsets are in the log: the next coordinator goes on where the last one
// stopped, and nobody has to join anew.
func TestCoordinatorMovesWithoutARebalance(t *testing.T) {
	c := newClub(t)
	m := c.member("a")
	c.expect(6*time.Second, "a 1: t-0 t-1")
	c.move(2)
	c.run(time.Second)
	var end Committed
	m.Commit([]Commit{{t0, 5, -1, ""}}, func(e Committed) { end = e })
	c.expect(20 * time.Second)
	if end.Outcome != Succeeded || end.Generation != 1 {
		t.Errorf("the commit ended %+v", end)
	}
	var got Fetched
	m.Fetch([]TopicPartition{t0, t1}, func(f Fetched) { got = f })
	c.run(time.Second)
	if got.Code != wire.OK || got.Offsets[0].Offset != 5 || got.Offsets[1].Offset != -1 {
		t.Errorf("the offsets are %+v", got)
	}
}

// The answer to a commit is lost with its connection. It is asked again, and lost again
// until its time is over: nobody can tell.
func TestLostCommitIsUnknown(t *testing.T) {
	c := newClub(t)
	m := c.member("a")
	c.expect(6*time.Second, "a 1: t-0 t-1")
	c.lost = func(r kmsg.Request) bool {
		_, ok := r.(*kmsg.OffsetCommitRequest)
		return ok
	}
	var end Committed
	m.Commit([]Commit{{t0, 5, -1, ""}}, func(e Committed) { end = e })
	c.run(40 * time.Second)
	if end.Outcome != Unknown || end.Err == nil {
		t.Errorf("the commit ended %+v", end)
	}
}

// While a gives up slowly, it is still a member and may commit.
func TestCommitBeforeGivingUp(t *testing.T) {
	c := newClub(t)
	var m *Member
	d := c.diary("a")
	var end Committed
	d.slow = func(proceed func()) {
		m.Commit([]Commit{{t0, 7, -1, ""}}, func(e Committed) {
			end = e
			proceed()
		})
	}
	m = c.c.NewMember(MemberConfig{Group: "g", Topics: []string{"t"}}, d)
	m.Start()
	c.expect(6*time.Second, "a 1: t-0 t-1")
	c.member("b")
	c.expect(8*time.Second, "a gives up t-0 t-1", "b 2: t-0", "a 2: t-1")
	if end.Outcome != Succeeded {
		t.Errorf("the commit ended %+v", end)
	}
	m.Leave()
	m.Commit([]Commit{{t0, 9, -1, ""}}, func(e Committed) { end = e })
	c.run(time.Second)
	if end.Outcome != Failed || end.Err != ErrNoMember {
		t.Errorf("after leaving, a commit ended %+v", end)
	}
}

func TestTopicGrows(t *testing.T) {
	c := newClub(t)
	c.member("a")
	c.expect(6*time.Second, "a 1: t-0 t-1")
	c.topics["t"] = append(c.topics["t"], &fakePartition{leader: 3})
	c.c.refresh()
	c.expect(6*time.Second, "a gives up t-0 t-1", "a 2: t-0 t-1 t-2")
}

// Lost answers to joins and syncs delay a group, and do not break it.
func TestLostAnswers(t *testing.T) {
	c := newClub(t)
	n := 0
	c.lost = func(r kmsg.Request) bool {
		switch r.(type) {
		case *kmsg.JoinGroupRequest, *kmsg.SyncGroupRequest:
			n++
			return n%3 == 1 && n < 12
		}
		return false
	}
	a, b := c.member("a"), c.member("b")
	c.run(5 * time.Minute)
	if len(a.Owned()) != 1 || len(b.Owned()) != 1 || a.Generation() != b.Generation() {
		t.Errorf("in the end a has %v of %d, b %v of %d; %q", a.Owned(), a.Generation(), b.Owned(), b.Generation(), c.said)
	}
}

// A subscriber reads from where its group is, and another goes on where it stopped.
func TestSubscriptionGoesOn(t *testing.T) {
	c := newClub(t)
	c.write("a", "b", "c")
	one := c.c.Subscribe(MemberConfig{Group: "g", Topics: []string{"t"}}, ConsumerConfig{Reset: ResetEarliest}, c.diary("one"))
	c.run(6 * time.Second)
	poll := func(s *Subscription, n int) (values string) {
		s.Poll(n, time.Second, func(p Polled) {
			for _, rec := range p.Records {
				values += string(rec.Value)
			}
		})
		c.run(2 * time.Second)
		return values
	}
	if got := poll(one, 2); got != "ab" {
		t.Fatalf("one read %q", got)
	}
	var end Committed
	one.CommitPositions(func(_ []Commit, e Committed) { end = e })
	c.run(time.Second)
	if end.Outcome != Succeeded {
		t.Fatalf("the commit ended %+v", end)
	}
	one.Leave()
	two := c.c.Subscribe(MemberConfig{Group: "g", Topics: []string{"t"}}, ConsumerConfig{Reset: ResetEarliest}, c.diary("two"))
	c.run(6 * time.Second)
	if got := poll(two, 2); got != "c" {
		t.Errorf("two read %q", got)
	}
}

func TestOffsetsOfNoMember(t *testing.T) {
	c := newClub(t)
	o := c.c.NewOffsets("alone")
	var ends []Outcome
	for i := range 3 {
		o.Commit([]Commit{{t0, int64(i), -1, "note"}}, func(e Committed) { ends = append(ends, e.Outcome) })
	}
	var got Fetched
	o.Fetch([]TopicPartition{t0}, func(f Fetched) { got = f })
	c.run(5 * time.Second)
	if !slices.Equal(ends, []Outcome{Succeeded, Succeeded, Succeeded}) || got.Offsets[0].Offset != 2 || got.Offsets[0].Metadata != "note" {
		t.Errorf("the commits ended %v, and the offset is %+v", ends, got)
	}
}

// TestGroupsConverge plays members at random, whose answers are lost and whose
// coordinator moves. What they say of their commits is held against the log, and in the
// end those who are left share all partitions.
func TestGroupsConverge(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t, func(c *Config) { c.RequestTimeout = 5 * time.Second })
		defer r.w.Close()
		c := &club{rig: r, groups: r.coordinate()}
		wheel := drawFortune(rt)
		c.lost = func(kmsg.Request) bool { return wheel.pick([]verdict{{hangUp: true}}).hangUp }
		assignor := with(rapid.SampledFrom([]string{"range", "roundrobin", "cooperative-sticky"}).Draw(rt, "assignor"))
		var members []*Member
		ends := map[int64]Outcome{}
		for range rapid.IntRange(5, 25).Draw(rt, "steps") {
			switch what := rapid.SampledFrom([]string{"come", "go", "commit", "commit", "move", "wait"}).Draw(rt, "what"); {
			case what == "come" && len(members) < 4:
				m := c.c.NewMember(MemberConfig{Group: "g", Topics: []string{"t"}}, quiet{})
				assignor(&m.cfg)
				m.Start()
				members = append(members, m)
			case what == "go" && len(members) > 1:
				members[0].Leave()
				members = members[1:]
			case what == "commit" && len(members) > 0:
				at := int64(len(ends) + 1)
				ends[at] = 0
				rapid.SampledFrom(members).Draw(rt, "who").Commit([]Commit{{t0, at, -1, ""}}, func(e Committed) { ends[at] = e.Outcome })
			case what == "move":
				c.move(int32(rapid.IntRange(1, 3).Draw(rt, "to")))
			}
			r.run(time.Duration(rapid.IntRange(1, 5000).Draw(rt, "ms")) * time.Millisecond)
		}
		c.groups.lost = nil
		r.run(4 * time.Minute)
		var owned []TopicPartition
		for _, m := range members {
			owned = append(owned, m.Owned()...)
			if m.State() != "settled" || m.Generation() != members[0].Generation() {
				rt.Fatalf("in the end a member is %s in generation %d", m.State(), m.Generation())
			}
		}
		slices.SortFunc(owned, TopicPartition.Compare)
		if len(members) > 0 && !slices.Equal(owned, []TopicPartition{t0, t1}) {
			rt.Fatalf("in the end %d members own %v", len(members), owned)
		}
		c.judgeCommits(rt, ends)
	})
}

// judgeCommits looks every commit up in the log.
func (c *club) judgeCommits(t *rapid.T, ends map[int64]Outcome) {
	logged := map[int64]bool{}
	for _, b := range c.groups.log {
		records := b.Records()
		for rec := (batch.Record{}); records.Next(&rec); {
			if rec.Key[1] == 1 && rec.Value != nil {
				v := kmsg.NewOffsetCommitValue()
				if err := v.ReadFrom(rec.Value); err != nil {
					t.Fatal(err)
				}
				logged[v.Offset] = true
			}
		}
	}
	for at, outcome := range ends { //sim:unordered each for itself
		if outcome == 0 || outcome == Succeeded && !logged[at] || outcome == Failed && logged[at] {
			t.Fatalf("the commit of %d ended %q; in the log: %v", at, outcome, logged[at])
		}
	}
}

// quiet is a listener that gives up at once and says nothing.
type quiet struct{}

func (quiet) Assigned([]TopicPartition, int32)        {}
func (quiet) Revoked(_ []TopicPartition, give func()) { give() }
func (quiet) Lost([]TopicPartition)                   {}
func (quiet) Ended(wire.ErrorCode, error)             {}
