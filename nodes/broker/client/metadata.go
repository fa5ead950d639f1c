package client

import (
	"cmp"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/internal/alarm"
)

// TopicPartition names a partition.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// Compare orders partitions by topic, then by number.
func (a TopicPartition) Compare(b TopicPartition) int {
	return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
}

// Partition is what the cluster says of one partition.
type Partition struct {
	// Leader is the broker that leads, -1 if none does; Epoch is its leader epoch, -1
	// if it was not told.
	Leader, Epoch int32
	Replicas, ISR []int32
	Err           wire.ErrorCode
}

// Topic is what the cluster says of one topic. Partitions are by number.
type Topic struct {
	ID         [16]byte
	Partitions []Partition
	Err        wire.ErrorCode
}

// metadata is what was last heard of brokers and topics, and the asking for it.
type metadata struct {
	c *Cluster
	// hosts are the brokers by ID, those only whose host the world knows; ids are their
	// IDs, ascending.
	hosts      map[int32]string
	ids        []int32
	controller int32
	// topics are those that somebody wants and that exist as far as is known. wanted are
	// the names, in the order in which they were first wanted.
	topics map[string]*Topic
	wanted []string
	users  []user

	// next is which host to ask next, of all that are known.
	next int
	// asking: a request is pending. stale: another is wanted, later. asked is when the last
	// request was made.
	asking, stale bool
	asked         time.Duration
	failures      int
	notBefore     time.Duration // of the next request
	due           alarm.Alarm   // to ask, at notBefore or when the metadata are too old
}

func newMetadata(c *Cluster) metadata {
	return metadata{
		c: c, hosts: map[int32]string{}, controller: -1, topics: map[string]*Topic{},
		next: c.env.Rand().IntN(len(c.cfg.Bootstrap)),
	}
}

// Want makes the client ask for a topic's metadata, now and whenever it asks.
func (c *Cluster) Want(topic string) {
	if !slices.Contains(c.metadata.wanted, topic) {
		c.metadata.wanted = append(c.metadata.wanted, topic)
		c.refresh()
	}
}

// Topic returns what was last heard of a topic, and whether anything was.
func (c *Cluster) Topic(name string) (Topic, bool) {
	t, ok := c.metadata.topics[name]
	if !ok {
		return Topic{}, false
	}
	return *t, true
}

// Brokers returns the IDs of the brokers that are known, ascending.
func (c *Cluster) Brokers() []int32 { return slices.Clone(c.metadata.ids) }

// hides reports whether brokers last said that this client may not know of a topic.
func (c *Cluster) hides(topic string) bool {
	t := c.metadata.topics[topic]
	return t != nil && t.Err == wire.TopicAuthorizationFailed
}

// leader returns what is known of a partition, and whether it has a leader that can be
// reached.
func (c *Cluster) leader(tp TopicPartition) (Partition, bool) {
	t, ok := c.metadata.topics[tp.Topic]
	if !ok || int(tp.Partition) >= len(t.Partitions) || tp.Partition < 0 {
		return Partition{Leader: -1, Epoch: -1}, false
	}
	p := t.Partitions[tp.Partition]
	_, reachable := c.metadata.hosts[p.Leader]
	return p, reachable
}

// Refresh makes the client ask for metadata soon, without a reason of its own.
func (c *Cluster) Refresh() { c.refresh() }

// refresh asks for new metadata, as soon as a pause since the last request is over.
func (c *Cluster) refresh() {
	m := &c.metadata
	if m.asking {
		m.stale = true
		return
	}
	if c.closed {
		return
	}
	c.clock.Stop(&m.due)
	m.due = c.clock.After(max(m.notBefore-c.env.Now(), 0), m.ask)
}

// ask sends the request to the next of all known hosts: one that does not answer is
// not asked again before the others.
func (m *metadata) ask() {
	m.due = 0
	hosts := m.candidates()
	host := hosts[m.next%len(hosts)]
	m.asking, m.stale, m.asked = true, false, m.c.env.Now()
	ask := kmsg.NewPtrMetadataRequest()
	ask.Topics = []kmsg.MetadataRequestTopic{} // none; nil would be all
	for _, name := range m.wanted {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = kmsg.StringPtr(name)
		ask.Topics = append(ask.Topics, t)
	}
	ask.AllowAutoTopicCreation = m.c.cfg.AutoCreate
	m.c.link(host, 0).call(ask, m.c.cfg.RequestTimeout, m.answered)
}

// candidates are the hosts of the brokers that are known, and the others of Bootstrap:
// all that is known may be gone.
func (m *metadata) candidates() []string {
	var hosts []string
	for _, id := range m.ids {
		hosts = append(hosts, m.hosts[id])
	}
	for _, host := range m.c.cfg.Bootstrap {
		if !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

func (m *metadata) answered(r kmsg.Response, err error) {
	m.asking = false
	if err != nil {
		m.next++
		m.failures++
		m.notBefore = m.c.env.Now() + m.c.backoff(m.failures)
		m.c.refresh()
		return
	}
	m.failures = 0
	m.notBefore = m.c.env.Now() + m.c.backoff(1)
	m.take(r.(*kmsg.MetadataResponse))
	if m.stale {
		m.c.refresh()
	} else if !m.c.closed {
		m.due = m.c.clock.After(m.c.cfg.MetadataMaxAge, m.ask)
	}
	for _, u := range m.users {
		u.metadataChanged()
	}
}

// take notes an answer.
func (m *metadata) take(r *kmsg.MetadataResponse) {
	if len(r.Brokers) > 0 {
		m.hosts, m.ids = map[int32]string{}, nil
		for _, b := range r.Brokers {
			if _, ok := m.c.cfg.Hosts[b.Host]; ok {
				m.hosts[b.NodeID] = b.Host
				m.ids = append(m.ids, b.NodeID)
			}
		}
		slices.Sort(m.ids)
	}
	m.controller = r.ControllerID
	for i := range r.Topics {
		if name := r.Topics[i].Topic; name != nil {
			m.takeTopic(*name, &r.Topics[i])
		}
	}
}

// takeTopic notes what is said of a topic. A broker may lag behind another that was
// asked before, so what has an older leader epoch than is known is passed over
// (KIP-320), unless the topic is another one by the same name.
func (m *metadata) takeTopic(name string, r *kmsg.MetadataResponseTopic) {
	code := wire.ErrorCode(r.ErrorCode)
	old := m.topics[name]
	if code == wire.UnknownTopicOrPartition {
		delete(m.topics, name)
		return
	}
	t := &Topic{ID: r.TopicID, Err: code}
	// A broker that has just started was told of some partitions only, and not always of the
	// first: there are as many as the greatest number says, at least.
	count := 0
	for _, p := range r.Partitions {
		count = max(count, int(p.Partition)+1)
	}
	t.Partitions = make([]Partition, count)
	for i := range t.Partitions {
		t.Partitions[i] = Partition{Leader: -1, Epoch: -1, Err: wire.LeaderNotAvailable}
	}
	for _, p := range r.Partitions {
		if p.Partition < 0 {
			continue
		}
		told := Partition{p.Leader, p.LeaderEpoch, p.Replicas, p.ISR, wire.ErrorCode(p.ErrorCode)}
		if old != nil && old.ID == t.ID && int(p.Partition) < len(old.Partitions) {
			if known := old.Partitions[p.Partition]; known.Epoch > told.Epoch && told.Epoch >= 0 {
				told = known
			}
		}
		t.Partitions[p.Partition] = told
	}
	if code != wire.OK && len(t.Partitions) == 0 && old != nil {
		old.Err = code
		return // it says nothing of the partitions; what is known may still hold
	}
	m.topics[name] = t
}

// learn notes a broker that was named otherwise.
func (m *metadata) learn(id int32, host string) {
	if _, known := m.hosts[id]; !known {
		m.ids = append(m.ids, id)
		slices.Sort(m.ids)
	}
	m.hosts[id] = host
}
