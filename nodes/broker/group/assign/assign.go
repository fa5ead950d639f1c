// Package assign shares partitions out among the members of a group of consumers: the
// range, round-robin, sticky and cooperative-sticky assignors of Kafka's consumers. The
// leader of a group runs one of them; brokers only carry what it says.
//
// All are functions of their arguments. They order members as Kafka does: static ones
// first, by the name of the instance, then the others by ID, so that a static member
// keeps its share when it gets another ID.
package assign

import (
	"cmp"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/bugs"
)

// Partition is one partition of a topic.
type Partition struct {
	Topic  string
	Number int32
}

// Compare orders partitions by topic, then by number.
func (p Partition) Compare(q Partition) int {
	return cmp.Or(cmp.Compare(p.Topic, q.Topic), cmp.Compare(p.Number, q.Number))
}

// Member is a member as it presents itself.
type Member struct {
	ID string
	// Instance is the name of a static member, "" for others.
	Instance string
	Topics   []string
	// Owned is what it has now, or, with the eager sticky assignor, what it had last, and
	// Generation since when; -1 if it does not say.
	Owned      []Partition
	Generation int32
}

func (m *Member) reads(topic string) bool { return slices.Contains(m.Topics, topic) }

// Shares says what each member gets, by ID. Everybody has an entry, sorted.
type Shares map[string][]Partition

// Topics are topics with the number of their partitions, 0 for those that do not exist.
type Topics map[string]int32

// The assignors by their names in the protocol.
const (
	RangeName             = "range"
	RoundRobinName        = "roundrobin"
	StickyName            = "sticky"
	CooperativeStickyName = "cooperative-sticky"
)

// ByName runs an assignor, with the bugs that are planted. ok is false if there is none
// of this name.
func ByName(name string, members []Member, topics Topics, planted bugs.Set) (shares Shares, ok bool) {
	switch name {
	case RangeName:
		return Range(members, topics), true
	case RoundRobinName:
		return RoundRobin(members, topics), true
	case StickyName:
		return eagerSticky(members, topics, planted), true
	case CooperativeStickyName:
		return cooperativeSticky(members, topics, planted), true
	}
	return nil, false
}

// Cooperative reports whether members that use an assignor keep what they have while
// they join (KIP-429).
func Cooperative(name string) bool { return name == CooperativeStickyName }

// ordered returns the members in the order of the assignors.
func ordered(members []Member) []*Member {
	var all []*Member
	for i := range members {
		all = append(all, &members[i])
	}
	slices.SortFunc(all, func(a, b *Member) int {
		switch {
		case a.Instance != "" && b.Instance != "":
			return cmp.Compare(a.Instance, b.Instance)
		case a.Instance != "":
			return -1
		case b.Instance != "":
			return 1
		}
		return cmp.Compare(a.ID, b.ID)
	})
	return all
}

// wanted lists the topics that exist and that somebody reads, sorted.
func wanted(members []*Member, topics Topics) []string {
	var names []string
	for _, m := range members {
		for _, t := range m.Topics {
			if topics[t] > 0 {
				names = append(names, t)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func nothing(members []*Member) Shares {
	s := Shares{}
	for _, m := range members {
		s[m.ID] = nil
	}
	return s
}

// Range gives each member a run of neighbouring partitions of every topic. The first
// members get one more where it does not come out even.
func Range(members []Member, topics Topics) Shares {
	all := ordered(members)
	shares := nothing(all)
	for _, topic := range wanted(all, topics) {
		var readers []*Member
		for _, m := range all {
			if m.reads(topic) {
				readers = append(readers, m)
			}
		}
		each, more := topics[topic]/int32(len(readers)), topics[topic]%int32(len(readers))
		next := int32(0)
		for i, m := range readers {
			n := each
			if int32(i) < more {
				n++
			}
			for range n {
				shares[m.ID] = append(shares[m.ID], Partition{topic, next})
				next++
			}
		}
	}
	return shares
}

// RoundRobin deals all partitions of all topics out, one to each member in turn who reads
// the topic.
func RoundRobin(members []Member, topics Topics) Shares {
	all := ordered(members)
	shares := nothing(all)
	next := 0
	for _, topic := range wanted(all, topics) {
		for number := range topics[topic] {
			for !all[next%len(all)].reads(topic) {
				next++
			}
			m := all[next%len(all)]
			next++
			shares[m.ID] = append(shares[m.ID], Partition{topic, number})
		}
	}
	return shares
}

// Names lists all assignors.
var Names = []string{RangeName, RoundRobinName, StickyName, CooperativeStickyName}

// Describe is what a member says of itself to an assignor, in the version that has owned
// partitions and their generation (KIP-792). Who joins eagerly owns nothing any more: what
// it had last, it tells the sticky assignor in words of that assignor's own (KIP-54), with
// the generation of that, since it may have missed others (KAFKA-7026).
func Describe(assignor string, m Member) []byte {
	v := kmsg.NewConsumerMemberMetadata()
	v.Version, v.Topics, v.Generation = 2, m.Topics, m.Generation
	switch assignor {
	case StickyName:
		had := kmsg.NewStickyMemberMetadata()
		had.Generation = m.Generation
		eachTopic(m.Owned, func(topic string, numbers []int32) {
			had.CurrentAssignment = append(had.CurrentAssignment, kmsg.StickyMemberMetadataCurrentAssignment{Topic: topic, Partitions: numbers})
		})
		v.UserData = had.AppendTo(nil)
	default:
		eachTopic(m.Owned, func(topic string, numbers []int32) {
			v.OwnedPartitions = append(v.OwnedPartitions, kmsg.ConsumerMemberMetadataOwnedPartition{Topic: topic, Partitions: numbers})
		})
	}
	return v.AppendTo(nil)
}

// Read is the inverse of [Describe]. The members' IDs are not in it. A member whose words
// for the sticky assignor make no sense has had nothing, as in Kafka.
func Read(assignor string, b []byte) (Member, error) {
	v := kmsg.NewConsumerMemberMetadata()
	if err := v.ReadFrom(b); err != nil {
		return Member{}, err
	}
	m := Member{Topics: v.Topics, Generation: -1}
	if assignor == StickyName {
		had := kmsg.NewStickyMemberMetadata()
		if len(v.UserData) == 0 || had.ReadFrom(v.UserData) != nil {
			return m, nil
		}
		m.Generation = had.Generation
		for _, t := range had.CurrentAssignment {
			m.owns(t.Topic, t.Partitions)
		}
		return m, nil
	}
	if v.Version >= 2 {
		m.Generation = v.Generation
	}
	for _, t := range v.OwnedPartitions {
		m.owns(t.Topic, t.Partitions)
	}
	return m, nil
}

func (m *Member) owns(topic string, numbers []int32) {
	for _, n := range numbers {
		m.Owned = append(m.Owned, Partition{topic, n})
	}
}

// Encode is a share as it travels, with its leader's note.
func Encode(share []Partition, note Note) []byte {
	v := kmsg.NewConsumerMemberAssignment()
	v.UserData = note.encode()
	eachTopic(share, func(topic string, numbers []int32) {
		v.Topics = append(v.Topics, kmsg.ConsumerMemberAssignmentTopic{Topic: topic, Partitions: numbers})
	})
	return v.AppendTo(nil)
}

// Decode is the inverse of [Encode]. No bytes are an empty share.
func Decode(b []byte) (share []Partition, note Note, err error) {
	if len(b) == 0 {
		return nil, Note{}, nil
	}
	v := kmsg.NewConsumerMemberAssignment()
	if err := v.ReadFrom(b); err != nil {
		return nil, Note{}, err
	}
	for _, t := range v.Topics {
		for _, n := range t.Partitions {
			share = append(share, Partition{t.Topic, n})
		}
	}
	return share, decodeNote(v.UserData), nil
}

// eachTopic calls f with the partitions of each topic, sorted.
func eachTopic(partitions []Partition, f func(topic string, numbers []int32)) {
	sorted := slices.Clone(partitions)
	slices.SortFunc(sorted, Partition.Compare)
	for len(sorted) > 0 {
		topic, numbers := sorted[0].Topic, []int32(nil)
		for len(sorted) > 0 && sorted[0].Topic == topic {
			numbers = append(numbers, sorted[0].Number)
			sorted = sorted[1:]
		}
		f(topic, numbers)
	}
}
