package group

import (
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// The hashes are those of Java's String.hashCode.
func TestPartitionOf(t *testing.T) {
	for name, want := range map[string]int32{
		"":                   0,
		"abc":                96354 % 50,
		"hello":              99162322 % 50,
		"banana":             1396355227 % 50, // of a negative hash
		"polygenelubricants": 0,               // of the least number, which has no positive
		"\U0001F600":         1772899 % 50,    // two units of UTF-16
	} {
		if got := PartitionOf(name, 50); got != want {
			t.Errorf("%q is in partition %d, want %d", name, got, want)
		}
	}
}

// serve asks and wants an answer at once.
func serve[T kmsg.Response](t *testing.T, r *rig, ask kmsg.Request) T {
	t.Helper()
	var answer kmsg.Response
	r.c.Serve(Client{"c", "/h"}, ask, func(a kmsg.Response) { answer = a })
	if answer == nil {
		t.Fatalf("%T is not answered", ask)
	}
	return answer.(T)
}

func leading(change ...func(*Config)) *rig {
	r := newRig(change...)
	r.c.Elected(0, 1)
	r.wait(time.Second)
	return r
}

func commitAsk(version int16, group, topic string, at int64) *kmsg.OffsetCommitRequest {
	ask := kmsg.NewPtrOffsetCommitRequest()
	ask.Version, ask.Group, ask.Generation = version, group, -1
	topics := kmsg.NewOffsetCommitRequestTopic()
	topics.Topic = topic
	part := kmsg.NewOffsetCommitRequestTopicPartition()
	part.Offset, part.Timestamp = at, -1
	topics.Partitions = append(topics.Partitions, part)
	ask.Topics = append(ask.Topics, topics)
	return ask
}

// Clients of version 0 keep their offsets in znodes, whoever coordinates.
func TestOldestClientsUseZnodes(t *testing.T) {
	r := newRig()
	answer := serve[*kmsg.OffsetCommitResponse](t, r, commitAsk(0, "g", "t", 5))
	if code := answer.Topics[0].Partitions[0].ErrorCode; code != 0 {
		t.Fatalf("the commit is answered by %d", code)
	}
	ask := kmsg.NewPtrOffsetFetchRequest()
	ask.Group = "g"
	ask.Topics = []kmsg.OffsetFetchRequestTopic{{Topic: "t", Partitions: []int32{0, 1}}, {Topic: "nowhere", Partitions: []int32{0}}}
	fetched := serve[*kmsg.OffsetFetchResponse](t, r, ask)
	if p := fetched.Topics[0].Partitions; p[0].Offset != 5 || p[1].Offset != -1 || fetched.Topics[1].Partitions[0].ErrorCode != int16(wire.UnknownTopicOrPartition) {
		t.Errorf("the offsets are %+v", fetched.Topics)
	}
	if len(r.log) != 0 {
		t.Error("the offset went to the log")
	}
}

func TestCommitsThatCannotBe(t *testing.T) {
	r := leading()
	answer := serve[*kmsg.OffsetCommitResponse](t, r, commitAsk(7, "g", "nowhere", 5))
	if code := wire.ErrorCode(answer.Topics[0].Partitions[0].ErrorCode); code != wire.UnknownTopicOrPartition {
		t.Errorf("a commit for no topic is answered by %v", code)
	}
	ask := commitAsk(7, "g", "t", 5)
	long := string(make([]byte, 5000))
	ask.Topics[0].Partitions[0].Metadata = &long
	if code := wire.ErrorCode(serve[*kmsg.OffsetCommitResponse](t, r, ask).Topics[0].Partitions[0].ErrorCode); code != wire.OffsetMetadataTooLarge {
		t.Errorf("a commit with a long note is answered by %v", code)
	}
	if len(r.log) != 0 {
		t.Error("something went to the log")
	}
}

// A client that says how long its offset is to be kept is taken at its word, also by the
// next coordinator; all others mean the default (KAFKA-8069).
func TestRetentionOfAClient(t *testing.T) {
	r := leading()
	short := commitAsk(3, "short", "t", 5)
	short.RetentionTimeMillis = 3600_000
	usual := commitAsk(3, "usual", "t", 5)
	usual.RetentionTimeMillis = -1
	serve[*kmsg.OffsetCommitResponse](t, r, short)
	serve[*kmsg.OffsetCommitResponse](t, r, usual)
	r.c.Elected(0, 2)
	r.wait(2 * time.Hour)
	for group, want := range map[string]int64{"short": -1, "usual": 5} {
		ask := kmsg.NewPtrOffsetFetchRequest()
		ask.Version, ask.Group = 2, group // all topics
		at := int64(-1)
		if topics := serve[*kmsg.OffsetFetchResponse](t, r, ask).Topics; len(topics) > 0 {
			at = topics[0].Partitions[0].Offset
		}
		if at != want {
			t.Errorf("%s has offset %d, want %d", group, at, want)
		}
	}
}

func TestDeleteGroup(t *testing.T) {
	r := leading()
	serve[*kmsg.OffsetCommitResponse](t, r, commitAsk(7, "g", "t", 5))
	ask := kmsg.NewPtrDeleteGroupsRequest()
	ask.Groups = []string{"g", "none"}
	answer := serve[*kmsg.DeleteGroupsResponse](t, r, ask)
	if answer.Groups[0].ErrorCode != 0 || answer.Groups[1].ErrorCode != int16(wire.GroupIDNotFound) {
		t.Errorf("the deletion is answered %+v", answer.Groups)
	}
	r.c.Elected(0, 2)
	r.wait(time.Second)
	if list := serve[*kmsg.ListGroupsResponse](t, r, kmsg.NewPtrListGroupsRequest()); len(list.Groups) != 0 {
		t.Errorf("after a reload there are %+v", list.Groups)
	}
}

func TestOffsetsOfADeletedTopic(t *testing.T) {
	r := leading()
	serve[*kmsg.OffsetCommitResponse](t, r, commitAsk(7, "g", "t", 5))
	serve[*kmsg.OffsetCommitResponse](t, r, commitAsk(7, "g", "u", 6))
	r.c.TopicDeleted("t")
	if got := r.c.groups["g"].partitions(); !slices.Equal(got, []partition{{"u", 0}}) {
		t.Errorf("there are offsets of %v", got)
	}
}

func TestGroupIsFull(t *testing.T) {
	p := newPlay(func(c *Config) { c.MaxSize = 1 })
	p.c.Elected(0, 1)
	p.wait(time.Second)
	o := joinOptions{offers: []string{"range"}, session: 10 * time.Second, rebalance: 10 * time.Second, version: 3}
	p.join(p.person("a"), o)
	p.wait(4 * time.Second)
	p.told()
	p.join(p.person("b"), o)
	if got := p.told(); got != "b <- join: GROUP_MAX_SIZE_REACHED\n" {
		t.Errorf("b is told %q", got)
	}
}

// The assignor is one that all have, by vote.
func TestElectedProtocol(t *testing.T) {
	g := &group{byID: map[string]*member{}, instances: map[string]*member{}}
	for _, offers := range [][]string{{"x", "range", "sticky"}, {"sticky", "range"}, {"sticky", "range", "y"}} {
		m := &member{id: string(rune('a' + len(g.members)))}
		for _, name := range offers {
			m.protocols = append(m.protocols, protocol{name: name})
		}
		g.add(m)
	}
	if got := g.elected(); got != "sticky" {
		t.Errorf("elected %q", got)
	}
	g.protocolType = consumers
	if g.compatible(consumers, []protocol{{name: "y"}}) || !g.compatible(consumers, []protocol{{name: "range"}}) || g.compatible("connect", []protocol{{name: "range"}}) {
		t.Error("who may join is decided wrongly")
	}
}

// A record of a kind that only a later build knows does not keep a partition from being
// loaded.
func TestUnknownRecordsArePassedOver(t *testing.T) {
	r := newRig()
	r.Append(0, 0, []batch.Record{{Key: []byte{0, 99, 1, 2}, Value: []byte{1}}}, func(wire.ErrorCode) {})
	r.c.Elected(0, 1)
	r.wait(time.Second)
	if code := r.c.admit("g"); code != wire.OK {
		t.Errorf("the partition is not served: %v", code)
	}
}

// A batch that rotted on the disk costs what is in it, and nothing else.
func TestDamageIsPassedOver(t *testing.T) {
	r := leading()
	serve[*kmsg.OffsetCommitResponse](t, r, commitAsk(7, "g", "t", 5))
	serve[*kmsg.OffsetCommitResponse](t, r, commitAsk(7, "g", "u", 6))
	r.log[0][len(r.log[0])-1] ^= 1
	r.c.Elected(0, 2)
	r.wait(time.Second)
	if got := r.c.groups["g"].partitions(); !slices.Equal(got, []partition{{"u", 0}}) {
		t.Errorf("there are offsets of %v", got)
	}
	if !slices.ContainsFunc(r.facts, func(e node.Event) bool { return e.Kind == facts.GroupsDamaged }) {
		t.Error("nothing was said of the damage")
	}
}
