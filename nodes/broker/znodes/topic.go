package znodes

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// TopicID tells apart the topics that have had one name (KIP-516).
type TopicID [16]byte

// String is the ID as Kafka prints it.
func (id TopicID) String() string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// ParseTopicID reads what [TopicID.String] wrote.
func ParseTopicID(text string) (id TopicID, err error) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) != len(id) {
		return id, fmt.Errorf("%q is no topic ID; want 16 bytes in base64 for URLs", text)
	}
	return TopicID(b), nil
}

// Assignment is on which brokers a partition has replicas. Order matters: the first is
// the preferred leader. While a reassignment is under way, Replicas holds the old and
// the new ones, Adding those that are only in the new, Removing those that are only in
// the old (KIP-455).
type Assignment struct {
	Replicas, Adding, Removing []int32
}

// Reassigning reports whether a reassignment is under way.
func (a Assignment) Reassigning() bool { return len(a.Adding) > 0 || len(a.Removing) > 0 }

// Target is what Replicas will be when the reassignment is done.
func (a Assignment) Target() []int32 { return without(a.Replicas, a.Removing) }

// Original is what Replicas was before the reassignment.
func (a Assignment) Original() []int32 { return without(a.Replicas, a.Adding) }

// Equal compares two assignments, order included.
func (a Assignment) Equal(b Assignment) bool {
	return slices.Equal(a.Replicas, b.Replicas) && slices.Equal(a.Adding, b.Adding) && slices.Equal(a.Removing, b.Removing)
}

// without is the list less the others, as a list of its own.
func without(list, others []int32) []int32 {
	return slices.DeleteFunc(slices.Clone(list), func(id int32) bool { return slices.Contains(others, id) })
}

// Topic is the assignment of a topic, version 3.
type Topic struct {
	// ID is zero for a topic that was created before there were IDs.
	ID TopicID
	// Partitions are those of the topic, from 0.
	Partitions []Assignment
}

// Encode writes the assignment.
func (t *Topic) Encode() []byte {
	partitions, adding, removing := object{}, object{}, object{}
	for i, a := range t.Partitions {
		key := strconv.Itoa(i)
		partitions = append(partitions, field{key, ids(a.Replicas)})
		if len(a.Adding) > 0 {
			adding = append(adding, field{key, a.Adding})
		}
		if len(a.Removing) > 0 {
			removing = append(removing, field{key, a.Removing})
		}
	}
	o := object{{"partitions", partitions}}
	if t.ID != (TopicID{}) {
		o = append(o, field{"topic_id", t.ID.String()})
	}
	return encode(append(o, object{{"adding_replicas", adding}, {"removing_replicas", removing}, {"version", 3}}...))
}

// DecodeTopic reads the assignment of a topic, of version 1, 2 or 3.
func DecodeTopic(name string, data []byte) (*Topic, error) {
	path := TopicPath(name)
	var j struct {
		Partitions map[string][]int32 `json:"partitions"`
		Adding     map[string][]int32 `json:"adding_replicas"`
		Removing   map[string][]int32 `json:"removing_replicas"`
		ID         string             `json:"topic_id"`
	}
	if err := decode(path, data, &j); err != nil {
		return nil, err
	}
	t := &Topic{Partitions: make([]Assignment, len(j.Partitions))}
	for _, key := range slices.Sorted(maps.Keys(j.Partitions)) {
		i, err := strconv.Atoi(key)
		if err != nil || i < 0 || i >= len(t.Partitions) {
			return nil, fmt.Errorf("znodes: %s has %d partitions, one of them %q; want 0 to %d", path, len(j.Partitions), key, len(j.Partitions)-1)
		}
		t.Partitions[i] = Assignment{j.Partitions[key], j.Adding[key], j.Removing[key]}
	}
	if j.ID != "" {
		id, err := ParseTopicID(j.ID)
		if err != nil {
			return nil, fmt.Errorf("znodes: %s: %w", path, err)
		}
		t.ID = id
	}
	return t, nil
}
