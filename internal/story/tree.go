package story

import (
	"maps"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// tree is what the coordinator has committed.
type tree map[string]znode

// znode is one of it. owner is the session of an ephemeral.
type znode struct {
	data    string
	version int32
	owner   int64
}

// commit applies a transaction and returns the paths that a session took with it.
func (t tree) commit(session int64, body wire.TxnBody) (gone []string) {
	switch b := body.(type) {
	case *wire.CreateTxn:
		n := znode{data: string(b.Data)}
		if b.Ephemeral {
			n.owner = session
		}
		t[b.Path] = n
	case *wire.SetDataTxn:
		n := t[b.Path]
		n.data, n.version = string(b.Data), b.Version
		t[b.Path] = n
	case *wire.DeleteTxn:
		delete(t, b.Path)
	case *wire.CloseSessionTxn:
		for _, path := range b.Paths {
			delete(t, path)
		}
		return slices.Sorted(slices.Values(b.Paths))
	case *wire.MultiTxn:
		for _, part := range b.Parts {
			t.commit(session, part.Body)
		}
	}
	return nil
}

// state is that of a partition; false if it has none.
func (t tree) state(p znodes.TopicPartition) (s *znodes.State, version int32, ok bool) {
	n, ok := t[znodes.StatePath(p)]
	if !ok {
		return nil, 0, false
	}
	s, err := znodes.DecodeState(p, []byte(n.data))
	return s, n.version, err == nil
}

// replicas are the brokers that a partition is assigned to, those that it is moved to
// among them.
func (t tree) replicas(p znodes.TopicPartition) []int32 {
	topic, err := znodes.DecodeTopic(p.Topic, []byte(t[znodes.TopicPath(p.Topic)].data))
	if err != nil || int(p.Partition) >= len(topic.Partitions) {
		return nil
	}
	return topic.Partitions[p.Partition].Replicas
}

// partitions lists those of all topics, in order.
func (t tree) partitions() []znodes.TopicPartition {
	var all []znodes.TopicPartition
	for _, path := range slices.Sorted(maps.Keys(t)) {
		name, ok := strings.CutPrefix(path, "/brokers/topics/")
		if !ok || strings.Contains(name, "/") {
			continue
		}
		topic, err := znodes.DecodeTopic(name, []byte(t[path].data))
		if err != nil {
			continue
		}
		for i := range topic.Partitions {
			all = append(all, znodes.TopicPartition{Topic: name, Partition: int32(i)})
		}
	}
	return all
}
