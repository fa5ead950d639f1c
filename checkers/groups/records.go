package groups

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/checkers/replication"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// writing is a batch of the topic of offsets.
type writing struct {
	records []record
	when    time.Duration
}

// record is one record of the topic of offsets: a group, or an offset of one, or that
// there is none any more.
type record struct {
	group, partition string // partition is "" for the group itself
	gone             bool
	offset           entry
	value            *roster
}

// entry is a committed offset.
type entry struct {
	offset int64
	// at is its batch, committed its time in milliseconds by the clock of who wrote it, and
	// expires when it is to be forgotten, if its client said so, or -1.
	at                 replication.Held
	committed, expires int64
}

// roster is a group as the log has it.
type roster struct {
	at replication.Held
	// written is when, by the clock of who wrote it, in milliseconds.
	written    int64
	generation int64
	protocol   string
	members    []enrolled
}

// enrolled is a member in the log.
type enrolled struct {
	id, instance string
	session      time.Duration
	rebalance    time.Duration // for which it is waited for
	share        []byte
	said         []byte // to the assignor
	subscribed   []string
	owned        []string // what it said it has
	intelligible bool     // what it said could be read
}

// read takes a record apart; ok is false for a kind that is none of ours.
func read(said facts.GroupRecord, at replication.Held) (r record, ok bool) {
	if len(said.Key) < 2 {
		return record{}, false
	}
	switch version := binary.BigEndian.Uint16(said.Key); version {
	case 0, 1:
		k := kmsg.NewOffsetCommitKey()
		if k.ReadFrom(said.Key) != nil {
			return record{}, false
		}
		r = record{group: k.Group, partition: fmt.Sprintf("%s-%d", k.Topic, k.Partition), gone: said.Value == nil}
		if r.gone {
			return r, true
		}
		v := kmsg.NewOffsetCommitValue()
		if v.ReadFrom(said.Value) != nil {
			return record{}, false
		}
		r.offset = entry{offset: v.Offset, at: at, committed: v.CommitTimestamp, expires: -1}
		if v.Version == 1 && v.ExpireTimestamp > 0 {
			r.offset.expires = v.ExpireTimestamp
		}
		return r, true
	case 2:
		k := kmsg.NewGroupMetadataKey()
		if k.ReadFrom(said.Key) != nil {
			return record{}, false
		}
		r = record{group: k.Group, gone: said.Value == nil}
		if !r.gone {
			r.value = readRoster(said.Value, at)
		}
		return r, r.gone || r.value != nil
	}
	return record{}, false
}

func readRoster(value []byte, at replication.Held) *roster {
	v := kmsg.NewGroupMetadataValue()
	if v.ReadFrom(value) != nil {
		return nil
	}
	g := &roster{at: at, generation: int64(v.Generation)}
	if v.Protocol != nil {
		g.protocol = *v.Protocol
	}
	for _, m := range v.Members {
		e := enrolled{id: m.MemberID, session: time.Duration(m.SessionTimeoutMillis) * time.Millisecond, rebalance: time.Duration(m.RebalanceTimeoutMillis) * time.Millisecond, share: m.Assignment, said: m.Subscription}
		if m.InstanceID != nil {
			e.instance = *m.InstanceID
		}
		said := kmsg.NewConsumerMemberMetadata()
		if said.ReadFrom(m.Subscription) == nil {
			e.intelligible, e.subscribed = true, said.Topics
			for _, t := range said.OwnedPartitions {
				for _, n := range t.Partitions {
					e.owned = append(e.owned, fmt.Sprintf("%s-%d", t.Topic, n))
				}
			}
		}
		g.members = append(g.members, e)
	}
	return g
}

// decode lists the partitions of a share, by name; ok is false for one that is none of
// consumers.
func decode(share []byte) (parts []string, ok bool) {
	if len(share) == 0 {
		return nil, true
	}
	v := kmsg.NewConsumerMemberAssignment()
	if v.ReadFrom(share) != nil {
		return nil, false
	}
	for _, t := range v.Topics {
		for _, n := range t.Partitions {
			parts = append(parts, fmt.Sprintf("%s-%d", t.Topic, n))
		}
	}
	return parts, true
}

// noted is what the leader says of how many partitions it has shared out, by topic, in
// the note on any share: 0x5301, a byte, and topics with their numbers. It is empty if
// there is no note.
func (v *roster) noted() map[string]int {
	counts := map[string]int{}
	if len(v.members) == 0 {
		return counts
	}
	share := kmsg.NewConsumerMemberAssignment()
	if share.ReadFrom(v.members[0].share) != nil {
		return counts
	}
	b := share.UserData
	if len(b) < 3 || b[0] != 0x53 || b[1] != 0x01 {
		return counts
	}
	for b = b[3:]; len(b) >= 2; {
		end := 2 + int(binary.BigEndian.Uint16(b))
		if len(b) < end+4 {
			break
		}
		counts[string(b[2:end])] = int(binary.BigEndian.Uint32(b[end:]))
		b = b[end+4:]
	}
	return counts
}

// topicOf is the topic of a partition, by its name.
func topicOf(partition string) string {
	if i := strings.LastIndexByte(partition, '-'); i > 0 {
		return partition[:i]
	}
	return partition
}

// writing notes what a batch says that is about to be written, and whose offsets it is.
func (c *Checker) writing(b *broker, e node.Event) {
	n, err := strconv.Atoi(strings.TrimPrefix(e.Text, Topic+"-"))
	if err != nil {
		return
	}
	r := b.reigns[n]
	if r == nil || !r.served || r.epoch != e.N[1] {
		c.fail(b.Name, OneCoordinator, fmt.Sprintf("%s writes to %s in epoch %d, %s", b.Name, e.Text, e.N[1], r))
		return
	}
	at := replication.Held{First: e.N[0], Epoch: e.N[1]}
	w, clock := &writing{when: c.now.at}, c.cfg.Wall(b.Node)
	for _, said := range e.Body.([]facts.GroupRecord) {
		one, ok := read(said, at)
		if !ok {
			continue
		}
		if one.value != nil {
			one.value.written = clock
		}
		if one.partition != "" && !one.gone && one.offset.committed != clock {
			c.fail(b.Name, OffsetKept, fmt.Sprintf("%s notes that %d of %s in group %s is of %d ms, its clock showing %d", b.Name, one.offset.offset, one.partition, one.group, one.offset.committed, clock))
			return
		}
		w.records = append(w.records, one)
	}
	c.written[place{n, at}] = w
	c.writes(r, w, at)
	if b.taken != nil && slices.ContainsFunc(w.records, func(one record) bool { return one.partition != "" && !one.gone }) {
		r.commits[b.taken] = at
		b.taken = nil
	}
}

// writes notes what a reign has written: the next may find it in the log, whoever was
// told of it.
func (c *Checker) writes(r *reign, w *writing, at replication.Held) {
	for _, one := range w.records {
		g := r.group(one.group)
		switch {
		case one.gone:
			c.erases(r, one, at)
		case one.partition == "":
			g.rosters = append(g.rosters, one.value)
		default:
			g.written[one.partition] = append(g.written[one.partition], one.offset)
		}
	}
}

// image is what a log says: of each key the last.
type image struct {
	groups  map[string]*roster
	offsets map[string]map[string]entry
}

// replay reads what a broker holds of a partition from the beginning; ok is false if
// nothing can be said of it.
func (c *Checker) replay(partition int, b *broker) (said image, ok bool) {
	held, ok := c.cfg.Logs.Holds(name(partition), b.ID)
	said = image{map[string]*roster{}, map[string]map[string]entry{}}
	for _, at := range held {
		w := c.written[place{partition, at}]
		if w == nil {
			return said, false
		}
		for _, one := range w.records {
			said.take(one)
		}
	}
	return said, ok
}

func (i image) take(one record) {
	switch {
	case one.partition == "" && one.gone:
		delete(i.groups, one.group)
	case one.partition == "":
		i.groups[one.group] = one.value
	case one.gone:
		delete(i.offsets[one.group], one.partition)
	default:
		if i.offsets[one.group] == nil {
			i.offsets[one.group] = map[string]entry{}
		}
		i.offsets[one.group][one.partition] = one.offset
	}
}

// names lists the groups that there are, sorted.
func (i image) names() []string {
	var all []string
	for name := range i.groups { //sim:unordered sorted below
		all = append(all, name)
	}
	for name, offsets := range i.offsets { //sim:unordered sorted below
		if i.groups[name] == nil && len(offsets) > 0 {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}
