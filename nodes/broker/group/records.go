package group

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// The kinds of records in the topic of offsets, which begin their keys.
const (
	offsetKeyOld = 0
	offsetKey    = 1
	groupKey     = 2
)

// The versions of values that are written: the first with static members, and the first
// without a time of expiry.
const (
	offsetValue = 3
	groupValue  = 3
)

// record is the group as the log has it.
func (g *group) record() batch.Record {
	v := kmsg.NewGroupMetadataValue()
	v.Version, v.ProtocolType, v.Generation, v.CurrentStateTimestamp = groupValue, g.protocolType, g.generation, g.since
	if g.leader != "" {
		v.Protocol, v.Leader = kmsg.StringPtr(g.protocol), kmsg.StringPtr(g.leader)
	}
	for _, m := range g.members {
		each := kmsg.NewGroupMetadataValueMember()
		each.MemberID, each.ClientID, each.ClientHost = m.id, m.clientID, m.host
		if m.instance != "" {
			each.InstanceID = kmsg.StringPtr(m.instance)
		}
		each.RebalanceTimeoutMillis, each.SessionTimeoutMillis = int32(m.rebalance/time.Millisecond), int32(m.session/time.Millisecond)
		each.Subscription, each.Assignment = m.metadata(g.protocol), m.assignment
		v.Members = append(v.Members, each)
	}
	return batch.Record{Timestamp: g.c.env.WallMillis(), Key: groupRecordKey(g.name), Value: v.AppendTo(nil)}
}

func groupRecordKey(name string) []byte {
	k := kmsg.NewGroupMetadataKey()
	k.Version, k.Group = groupKey, name
	return k.AppendTo(nil)
}

func offsetRecordKey(name string, p partition) []byte {
	k := kmsg.NewOffsetCommitKey()
	k.Version, k.Group, k.Topic, k.Partition = offsetKey, name, p.topic, p.number
	return k.AppendTo(nil)
}

// record is an offset as the log has it. One that says itself when it expires needs the
// version that can.
func (o *offset) record(name string, p partition, millis int64) batch.Record {
	v := kmsg.NewOffsetCommitValue()
	v.Version = offsetValue
	if o.expires != never {
		v.Version = 1
	}
	v.Offset, v.LeaderEpoch, v.Metadata, v.CommitTimestamp, v.ExpireTimestamp = o.at, o.epoch, o.metadata, o.committed, o.expires
	return batch.Record{Timestamp: millis, Key: offsetRecordKey(name, p), Value: v.AppendTo(nil)}
}

// tombstone is a record that says that there is nothing of this key.
func (g *group) tombstone(key []byte) batch.Record {
	return batch.Record{Timestamp: g.c.env.WallMillis(), Key: key}
}

// store writes the group to the log, as it is now.
func (g *group) store(done func(wire.ErrorCode)) {
	g.c.append(g.shard, []batch.Record{g.record()}, done)
}

// append writes records to the log. Once the partition is led by somebody else, or here
// in another epoch, nobody here can tell what became of them.
func (c *Coordinator) append(s *shard, records []batch.Record, done func(wire.ErrorCode)) {
	epoch := s.epoch
	c.host.Append(s.partition, epoch, records, func(code wire.ErrorCode) {
		if !s.leading || s.epoch != epoch {
			code = wire.NotLeaderOrFollower
		}
		done(told(code))
	})
}

// told is the error that a client is told whose records could not be written.
func told(code wire.ErrorCode) wire.ErrorCode {
	switch code {
	case wire.UnknownTopicOrPartition, wire.NotEnoughReplicas, wire.NotEnoughReplicasAfterAppend, wire.RequestTimedOut:
		return wire.CoordinatorNotAvailable
	case wire.NotLeaderOrFollower, wire.KafkaStorageError:
		return wire.NotCoordinator
	case wire.MessageTooLarge, wire.RecordListTooLarge, wire.InvalidFetchSize:
		return wire.InvalidCommitOffsetSize
	}
	return code
}

// history is what has been read of a partition: of each key the last.
type history struct {
	groups  map[string]*kmsg.GroupMetadataValue
	offsets map[string]map[partition]*offset
}

func newHistory() history {
	return history{groups: map[string]*kmsg.GroupMetadataValue{}, offsets: map[string]map[partition]*offset{}}
}

// take takes a record in. Kinds of a later build are passed over.
func (h *history) take(r *batch.Record) error {
	if len(r.Key) < 2 {
		return fmt.Errorf("group: a record at %d without a key", r.Offset)
	}
	switch binary.BigEndian.Uint16(r.Key) {
	case offsetKeyOld, offsetKey:
		return h.takeOffset(r)
	case groupKey:
		return h.takeGroup(r)
	}
	return nil
}

func (h *history) takeGroup(r *batch.Record) error {
	k, v := kmsg.NewGroupMetadataKey(), kmsg.NewGroupMetadataValue()
	if err := k.ReadFrom(r.Key); err != nil {
		return fmt.Errorf("group: the key of a group at %d: %w", r.Offset, err)
	}
	if r.Value == nil {
		delete(h.groups, k.Group)
		return nil
	}
	if err := v.ReadFrom(r.Value); err != nil {
		return fmt.Errorf("group: the group at %d: %w", r.Offset, err)
	}
	h.groups[k.Group] = &v
	return nil
}

func (h *history) takeOffset(r *batch.Record) error {
	k, v := kmsg.NewOffsetCommitKey(), kmsg.NewOffsetCommitValue()
	if err := k.ReadFrom(r.Key); err != nil {
		return fmt.Errorf("group: the key of an offset at %d: %w", r.Offset, err)
	}
	p := partition{k.Topic, k.Partition}
	if r.Value == nil {
		delete(h.offsets[k.Group], p)
		return nil
	}
	if err := v.ReadFrom(r.Value); err != nil {
		return fmt.Errorf("group: the offset at %d: %w", r.Offset, err)
	}
	if h.offsets[k.Group] == nil {
		h.offsets[k.Group] = map[partition]*offset{}
	}
	o := &offset{at: v.Offset, epoch: v.LeaderEpoch, metadata: v.Metadata, committed: v.CommitTimestamp, expires: never}
	if v.Version < 3 {
		o.epoch = -1
	}
	if v.Version == 1 {
		o.expires = v.ExpireTimestamp // -1 in what only says that there is a default (KAFKA-8069)
	}
	h.offsets[k.Group][p] = o
	return nil
}
