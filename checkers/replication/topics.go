package replication

import (
	"encoding/base64"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
)

// topic is one life of a topic: a topic that was deleted and created again is another.
type topic struct {
	name string
	id   facts.TopicID
	// doomed: its deletion was asked for. gone: its znode was deleted.
	doomed, gone bool
	// least is how many partitions whoever has heard of it knows at least: those it was
	// created with, or those of which there were states when its creation was interrupted,
	// by the end of a controller, or because nobody was there to lead the others. interrupted
	// is how often that may have been when the topic was created.
	least, interrupted int
	partitions         map[string]*partition
	assigned           map[string]assignment
}

// assignment is who has the replicas of a partition, as bit sets. In a reassignment all
// who had one or will are counted; some come, some go. first is who should lead.
type assignment struct {
	replicas, adding, removing int64
	first                      int32
}

// least is how many replicas there were or will be, if that is fewer.
func (a assignment) least() int {
	return min(bits.OnesCount64(uint64(a.replicas&^a.adding)), bits.OnesCount64(uint64(a.replicas&^a.removing)))
}

// settled are those that neither come nor go. Who comes may go again: what leaders are told
// of that, before the znode says so, is that it has no replica.
func (a assignment) settled() int64 { return a.replicas &^ (a.adding | a.removing) }

// topicNamed is the topic that has a name now, or will have it.
func (c *Checker) topicNamed(name string) *topic {
	t := c.topics[name]
	if t == nil {
		t = newTopic(name)
		c.topics[name] = t
	}
	return t
}

func newTopic(name string) *topic {
	return &topic{name: name, partitions: map[string]*partition{}, assigned: map[string]assignment{}}
}

// partition finds a partition of the topic, or begins it.
func (t *topic) partition(index string) *partition {
	p := t.partitions[index]
	if p == nil {
		p = newPartition(t, t.name+"-"+index, index)
		t.partitions[index] = p
	}
	return p
}

// sorted lists the partitions by number.
func (t *topic) sorted() []*partition {
	all := slices.Collect(maps.Values(t.partitions)) //sim:unordered sorted below
	slices.SortFunc(all, func(a, b *partition) int { return strings.Compare(a.index, b.index) })
	return all
}

// split parts the name of a partition into topic and index; ok is false for a text that
// is no such name.
func split(name string) (topic, index string, ok bool) {
	i := strings.LastIndexByte(name, '-')
	if i <= 0 || i == len(name)-1 {
		return "", "", false
	}
	return name[:i], name[i+1:], true
}

// partition finds the partition that has a name now, nil if there is none.
func (c *Checker) partition(name string) *partition {
	of, index, ok := split(name)
	if t := c.topics[of]; ok && t != nil {
		return t.partitions[index]
	}
	return nil
}

// belongs finds the partition that a replica is of: one of the topic that has the name,
// or one that nobody judges, of a topic that is gone.
func (c *Checker) belongs(name string, id facts.TopicID) *partition {
	of, index, ok := split(name)
	if !ok {
		return nil
	}
	if t := c.topics[of]; t != nil && len(t.assigned) > 0 && t.id == id {
		return t.partition(index)
	}
	key := string(id[:]) + of
	if c.gone[key] == nil {
		c.gone[key] = newTopic(of)
		c.gone[key].gone = true
	}
	return c.gone[key].partition(index)
}

// topicWritten follows who has the replicas of a topic.
func (c *Checker) topicWritten(name string, data []byte) {
	var v struct {
		ID         string             `json:"topic_id"`
		Partitions map[string][]int32 `json:"partitions"`
		Adding     map[string][]int32 `json:"adding_replicas"`
		Removing   map[string][]int32 `json:"removing_replicas"`
	}
	if !parse(data, &v) {
		return
	}
	t := c.topicNamed(name)
	if len(t.assigned) == 0 {
		t.least, t.interrupted = len(v.Partitions), c.interruptions
	}
	if id, err := base64.RawURLEncoding.DecodeString(v.ID); err == nil {
		copy(t.id[:], id)
	}
	c.identified(t)
	for _, index := range slices.Sorted(maps.Keys(v.Partitions)) {
		a := assignment{replicas: facts.Set(v.Partitions[index]), adding: facts.Set(v.Adding[index]), removing: facts.Set(v.Removing[index]), first: -1}
		if len(v.Partitions[index]) > 0 {
			a.first = v.Partitions[index][0]
		}
		t.assigned[index] = a
		p := t.partition(index)
		p.assigned |= a.replicas
		p.steady &= a.settled()
		p.unclean = p.unclean || c.mayBeUnclean(p)
		for _, e := range p.elected { //sim:unordered each for itself
			e.least = min(e.least, a.least())
		}
	}
}

// begun: a partition gets its first state. Brokers were told of those before it if somebody
// else than who created the topic did this, or it had to be waited for.
func (c *Checker) begun(t *topic) {
	if before := t.states() - 1; before > 0 && c.interruptions != t.interrupted {
		t.least = min(t.least, before)
	}
}

// states counts the partitions that have a state.
func (t *topic) states() (n int) {
	for _, p := range t.partitions { //sim:unordered they are counted
		if p.truth.exists {
			n++
		}
	}
	return n
}

// identified: no topic has the ID that another had before, by which replicas of the other, and
// what clients know of it, would be taken for its own.
func (c *Checker) identified(t *topic) {
	if t.id == (facts.TopicID{}) {
		return
	}
	if was := c.ids[t.id]; was != nil && was != t {
		c.fail("", TopicIdentity, fmt.Sprintf("topic %s has the ID that topic %s had before", t.name, was.name))
		return
	}
	c.ids[t.id] = t
}

// topicGone: whatever has the name from now on is something else.
func (c *Checker) topicGone(name string) {
	t := c.topics[name]
	if t == nil {
		return
	}
	c.leftBehind(t)
	t.gone = true
	for _, p := range t.sorted() {
		c.explain(history.TopicDeleted, p, p.ledger.end)
	}
	c.gone[string(t.id[:])+name] = t
	delete(c.topics, name)
}

// settings are what a topic says for itself. They have a znode of their own, which is
// there before the topic's and goes after it.
type settings struct {
	unclean string
	// min is the smallest min.insync.replicas that it ever had. A broker hears of a change
	// some time after it was written, so a leader may go by any former one.
	min int
	// open: there was a time when it said nothing about that.
	open bool
	// compacts: cleanup.policy has said so some time.
	compacts bool
	// deletes: so it did of that; silent: there was a time when it had no cleanup.policy.
	deletes, silent bool
	// bytes, delay and lag are the smallest retention.bytes, of those that are a bound,
	// delete.retention.ms and min.compaction.lag.ms that it ever had, -1 for none of its own.
	bytes, delay, lag int64
}

// mayBeDeleted reports whether brokers may delete records of a partition for their age, or
// because they are too many.
func (c *Checker) mayBeDeleted(p *partition) bool {
	s := c.settings[p.topic.name]
	return s == nil || s.deletes || s.silent && c.cfg.Deletes || p.topic.doomed
}

// leastLag is the smallest min.compaction.lag.ms that a broker may go by.
func (c *Checker) leastLag(p *partition) int64 {
	if s := c.settings[p.topic.name]; s != nil && s.lag >= 0 {
		return min(s.lag, c.cfg.CompactionLagMillis)
	}
	return c.cfg.CompactionLagMillis
}

// mayBeCompacted reports whether brokers may have compacted a partition.
func (c *Checker) mayBeCompacted(p *partition) bool {
	s := c.settings[p.topic.name]
	return c.cfg.Compacts || s != nil && s.compacts
}

// configured follows the settings of a topic.
func (c *Checker) configured(name string, data []byte) {
	var v struct {
		Config map[string]string `json:"config"`
	}
	if !parse(data, &v) {
		return
	}
	s, least := c.settings[name], c.cfg.MinInsync
	n, err := strconv.Atoi(v.Config["min.insync.replicas"])
	if err == nil {
		least = n
	}
	if s == nil {
		s = &settings{min: least, bytes: -1, delay: -1, lag: -1, open: c.topics[name] != nil, silent: c.topics[name] != nil}
		if c.topics[name] != nil { // which had none, and so the default
			s.min = c.cfg.MinInsync
		}
		c.settings[name] = s
	}
	s.open = s.open || err != nil
	s.min, s.unclean = min(s.min, least), v.Config["unclean.leader.election.enable"]
	s.bytes, s.delay = lower(s.bytes, v.Config["retention.bytes"]), lower(s.delay, v.Config["delete.retention.ms"])
	s.lag = lower(s.lag, v.Config["min.compaction.lag.ms"])
	policy, has := v.Config["cleanup.policy"]
	s.deletes, s.silent = s.deletes || strings.Contains(policy, "delete"), s.silent || !has
	s.compacts = s.compacts || strings.Contains(policy, "compact")
	if t := c.topics[name]; t != nil {
		for _, p := range t.sorted() {
			p.unclean = p.unclean || c.mayBeUnclean(p)
		}
	}
}

// lower is the lower of two numbers, of which those below 0 do not count.
func lower(than int64, text string) int64 {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 && (than < 0 || n < than) {
		return n
	}
	return than
}

// leastBytes and leastDelay are the smallest retention.bytes and delete.retention.ms that a
// leader of a partition may go by. A log without a bound keeps everything.
func (c *Checker) leastBytes(p *partition) int64 {
	least := c.cfg.RetentionBytes
	if s := c.settings[p.topic.name]; s != nil && s.bytes >= 0 && (least < 0 || s.bytes < least) {
		least = s.bytes
	}
	if least < 0 {
		return math.MaxInt64
	}
	return least
}

func (c *Checker) leastDelay(p *partition) int64 {
	if s := c.settings[p.topic.name]; s != nil && s.delay >= 0 {
		return min(s.delay, c.cfg.DeleteRetentionMillis)
	}
	return c.cfg.DeleteRetentionMillis
}

// mayBeUnclean reports whether a replica that is not in sync may be elected now.
func (c *Checker) mayBeUnclean(p *partition) bool {
	if s := c.settings[p.topic.name]; s != nil && s.unclean != "" {
		return p.permitted || s.unclean == "true"
	}
	return p.permitted || c.cfg.Unclean
}

// Permit tells that an operator asks for a leader of a partition who is not in sync, if
// there is no other (KIP-460).
func (c *Checker) Permit(partition string) {
	if p := c.partition(partition); p != nil {
		p.permitted, p.unclean = true, true
	}
}

// minInsync is how many in-sync replicas a leader of an epoch needs to promise anything:
// never more than there are.
func (c *Checker) minInsync(p *partition, epoch int64) int {
	least := c.cfg.MinInsync
	if s := c.settings[p.topic.name]; s != nil {
		least = s.min
	}
	if e := p.elected[epoch]; e != nil {
		least = min(least, e.least)
	}
	return least
}
