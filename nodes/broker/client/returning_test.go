package client

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// named makes a static member.
func named(name string) func(*MemberConfig) {
	return func(c *MemberConfig) { c.Instance = name }
}

// A static member is to give t-1 up for b, and is restarted before it has. Its successor
// is given what stays, has nothing else that it could give up, and so has to ask for the
// generation in which b gets t-1.
func TestStaticMemberReturnsBeforeItGaveUp(t *testing.T) {
	c := newClub(t)
	d := c.diary("a")
	d.slow = func(func()) {} // it dies first
	a := c.c.NewMember(MemberConfig{Group: "g", Topics: []string{"t"}, Instance: "one", Assignors: []string{"cooperative-sticky"}}, d)
	a.Start()
	c.expect(6*time.Second, "a 1: t-0 t-1")
	c.member("b", with("cooperative-sticky"))
	c.expect(5*time.Second, "a gives up t-1", "b 2:")
	clear(c.owns)
	c.member("a2", named("one"), with("cooperative-sticky"))
	c.expect(12*time.Second, "a2 2: t-0", "a loses t-0 t-1", "a ends: FENCED_INSTANCE_ID", "a2 3:", "b 3: t-1")
}

// Partitions that are added while the leader is away, and after it has returned without
// sharing anything out, are not left to nobody.
func TestTopicGrowsBesideReturningLeader(t *testing.T) {
	for _, when := range []string{"away", "back"} {
		c := newClub(t)
		grow := func() {
			c.topics["t"] = append(c.topics["t"], &fakePartition{leader: 3})
			c.c.refresh()
		}
		a := c.member("a", named("one"))
		c.expect(6*time.Second, "a 1: t-0 t-1")
		a.Leave()
		c.expect(time.Second, "a loses t-0 t-1", "a ends: NONE")
		if when == "away" {
			grow()
			c.run(time.Second)
		}
		c.member("a2", named("one"))
		if when == "back" {
			c.expect(time.Second, "a2 1: t-0 t-1")
			grow()
			c.expect(6*time.Second, "a2 gives up t-0 t-1", "a2 2: t-0 t-1 t-2")
			continue
		}
		c.expect(7*time.Second, "a2 1: t-0 t-1", "a2 gives up t-0 t-1", "a2 2: t-0 t-1 t-2")
	}
}

// A member returns and reads another topic besides, of which its leader has not heard.
func TestStaticMemberReturnsForAnotherTopic(t *testing.T) {
	c := newClub(t)
	c.member("a")
	c.run(time.Second)
	b := c.member("b", named("one"))
	c.run(10 * time.Second)
	b.Leave()
	c.run(time.Second)
	c.said = nil
	c.topics["u"] = []*fakePartition{{leader: 1}}
	b2 := c.member("b2", named("one"), func(m *MemberConfig) { m.Topics = []string{"t", "u"} })
	c.run(15 * time.Second)
	if owned := b2.Owned(); len(owned) != 2 || owned[1].Topic != "u" {
		t.Errorf("it owns %v; %q", owned, c.said)
	}
}

// Members that have less time to join than a third of their session hear in time that
// they should.
func TestMembersHearInTime(t *testing.T) {
	c := newClub(t)
	hurried := func(m *MemberConfig) { m.SessionTimeout, m.RebalanceTimeout = 9*time.Second, 2*time.Second }
	a := c.member("a", hurried)
	c.run(7 * time.Second)
	b := c.member("b", hurried)
	c.run(time.Minute)
	if len(a.Owned()) != 1 || len(b.Owned()) != 1 || a.Generation() > 4 {
		t.Errorf("a owns %v and b %v in generation %d; %q", a.Owned(), b.Owned(), a.Generation(), c.said)
	}
	late := MemberConfig{Group: "g", Topics: []string{"t"}, Heartbeat: 2 * time.Second, RebalanceTimeout: 2 * time.Second}
	if err := late.Validate(); err == nil {
		t.Error("a heartbeat that comes too late is taken")
	}
}

// refusing answers questions for offsets by an error, and counts them, until it is OK.
func (c *club) refusing(code *wire.ErrorCode, asked *int) {
	serve := c.answer
	c.answer = func(b *fakeBroker, conn node.ConnID, req *wire.Request) kmsg.Response {
		if ask, ok := req.Body.(*kmsg.OffsetFetchRequest); ok && *code != wire.OK {
			*asked++
			r := ask.ResponseKind().(*kmsg.OffsetFetchResponse)
			r.ErrorCode = int16(*code)
			return r
		}
		return serve(b, conn, req)
	}
}

// Who may not know where its group is hears so, and leaves; who cannot be told for a
// while asks again, and not all the time.
func TestSubscriptionRefused(t *testing.T) {
	for _, code := range []wire.ErrorCode{wire.TopicAuthorizationFailed, wire.GroupAuthorizationFailed, wire.Unknown} {
		c := newClub(t)
		now, asked := code, 0
		c.refusing(&now, &asked)
		s := c.c.Subscribe(MemberConfig{Group: "g", Topics: []string{"t"}}, ConsumerConfig{}, c.diary("a"))
		c.run(10 * time.Second)
		if code != wire.Unknown {
			if asked != 1 || s.State() != "outside" || !slices.Contains(c.said, "a ends: "+code.String()) {
				t.Errorf("%v was asked %d times; %q", code, asked, c.said)
			}
			continue
		}
		if asked < 3 || asked > 100 || s.State() != "settled" {
			t.Errorf("it was asked %d times in 10 s; %q", asked, c.said)
		}
		now = wire.OK
		c.run(5 * time.Second)
		if !strings.Contains(strings.Join(c.said, ";"), "a 1: t-0 t-1") {
			t.Errorf("%q", c.said)
		}
	}
}

// A broker that knows one partition of a topic only says its number, which is not the
// first: the topic has more.
func TestMetadataOfSomePartitions(t *testing.T) {
	c := newClub(t)
	c.c.Want("t")
	c.run(time.Second)
	r := kmsg.NewMetadataResponseTopic()
	r.Topic = kmsg.StringPtr("t")
	p := kmsg.NewMetadataResponseTopicPartition()
	p.Partition, p.Leader, p.LeaderEpoch = 1, 2, 9
	r.Partitions = append(r.Partitions, p)
	c.c.metadata.takeTopic("t", &r)
	known, _ := c.c.Topic("t")
	if len(known.Partitions) != 2 || known.Partitions[0].Leader != -1 || known.Partitions[1].Leader != 2 {
		t.Errorf("the topic has %+v", known.Partitions)
	}
}
