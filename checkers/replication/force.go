package replication

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Limits are what a broker goes by that was told nothing else, in units of Kafka's keys.
// Without them what it does by its configuration is not judged.
type Limits struct {
	MessageBytes, SegmentBytes, SegmentMillis, JitterMillis, MinInsync int64
	RetentionBytes, RetentionMillis, CompactionLagMillis               int64
	// Deletes and Compacts are what cleanup.policy says.
	Deletes, Compacts bool
	Compression       string
}

// force is what a broker has to go by for a topic: what it took last of the topic, of itself
// and of all brokers, in this order, or what it was started with.
func (c *Checker) force(m *member, topic string) *Limits {
	if l := m.force[topic]; l != nil || c.cfg.Limits == nil {
		return l
	}
	said := func(of, ofBroker string) (string, bool) {
		if word, ok := m.taken["topics/"+topic][of]; ok {
			return word, true
		}
		if word, ok := m.taken["brokers/"+strconv.Itoa(int(m.ID))][ofBroker]; ok {
			return word, true
		}
		word, ok := m.taken["brokers/<default>"][ofBroker]
		return word, ok
	}
	l := *c.cfg.Limits
	for _, key := range []struct {
		of, ofBroker string
		to           *int64
	}{
		{"max.message.bytes", "message.max.bytes", &l.MessageBytes}, {"segment.bytes", "log.segment.bytes", &l.SegmentBytes},
		{"segment.ms", "log.roll.ms", &l.SegmentMillis}, {"segment.jitter.ms", "log.roll.jitter.ms", &l.JitterMillis},
		{"min.insync.replicas", "min.insync.replicas", &l.MinInsync}, {"retention.bytes", "log.retention.bytes", &l.RetentionBytes},
		{"retention.ms", "log.retention.ms", &l.RetentionMillis}, {"min.compaction.lag.ms", "log.cleaner.min.compaction.lag.ms", &l.CompactionLagMillis},
	} {
		if word, ok := said(key.of, key.ofBroker); ok {
			if n, err := strconv.ParseInt(word, 10, 64); err == nil {
				*key.to = n
			}
		}
	}
	if word, ok := said("compression.type", "compression.type"); ok {
		l.Compression = word
	}
	if word, ok := said("cleanup.policy", "log.cleanup.policy"); ok {
		l.Deletes, l.Compacts = strings.Contains(word, "delete"), strings.Contains(word, "compact")
	}
	m.force[topic] = &l
	return &l
}

// configTaken: a broker goes by something else from now on.
func (c *Checker) configTaken(m *member, e node.Event) {
	m.taken[e.Text], _ = e.Body.(facts.Settings)
	clear(m.force)
}

// stores says in which codec a batch has to be stored that came in another or the same.
func (l *Limits) stores(sent string) string {
	switch l.Compression {
	case "producer":
		return sent
	case "uncompressed":
		return codecs[0]
	}
	return l.Compression
}

// codecs are the words of compression.type by their numbers in batches.
var codecs = []string{"none", "gzip", "snappy", "lz4", "zstd"}

// inForce holds what a leader appends against the configuration that it took last. A segment
// is as long as what was appended to it since it began, or longer. It grows beyond all limits
// while the log has not come beyond where it ended once: a checkpoint may say that all up to
// there is durable. So it does while its name is not.
func (c *Checker) inForce(p *partition, r *replica, b batch, sent *facts.Sent, untouched bool) {
	l := c.force(r.member, p.topic.name)
	if l == nil || sent.Bytes == 0 {
		return
	}
	r.segment += int64(sent.Bytes)
	begun := r.segment > int64(sent.Bytes)
	switch {
	case int64(sent.Bytes) > l.MessageBytes:
		c.fail(r.Name, ConfigInForce, fmt.Sprintf("%s appends %v to %s, %d bytes, with max.message.bytes=%d", r.Name, b, p.name, sent.Bytes, l.MessageBytes))
	case sent.Codec != l.stores(sent.Was):
		c.fail(r.Name, ConfigInForce, fmt.Sprintf("%s stores %v of %s in codec %s, sent in %s, with compression.type=%s", r.Name, b, p.name, sent.Codec, sent.Was, l.Compression))
	case begun && r.segment > l.SegmentBytes && untouched:
		c.fail(r.Name, ConfigInForce, fmt.Sprintf("%s appends %v to a segment of %s that has %d bytes then, with segment.bytes=%d", r.Name, b, p.name, r.segment, l.SegmentBytes))
	case sent.Acks == all && len(facts.Members(r.knownInSync())) < int(l.MinInsync):
		c.fail(r.Name, ConfigInForce, fmt.Sprintf("%s appends %v to %s with %s in sync and min.insync.replicas=%d", r.Name, b, p.name, c.names(r.knownInSync()), l.MinInsync))
	}
}

// declined: a leader refuses what it should take.
func (c *Checker) declined(p *partition, r *replica, e node.Event) {
	l := c.force(r.member, p.topic.name)
	if l == nil {
		return
	}
	if e.Kind != facts.TooLong {
		set := e.N[0]
		if e.Kind == facts.MinIsrAfter {
			set = e.N[1]
		}
		if len(facts.Members(set)) >= int(l.MinInsync) {
			c.fail(r.Name, ConfigInForce, fmt.Sprintf("%s finds %s too few in sync on %s, with min.insync.replicas=%d", r.Name, c.names(set), p.name, l.MinInsync))
		}
		return
	}
	codec := codecs[e.N[3]]
	if e.N[0] <= l.MessageBytes && l.stores(codec) == codec {
		c.fail(r.Name, ConfigInForce, fmt.Sprintf("%s refuses a batch of %d bytes for %s as too long, with max.message.bytes=%d", r.Name, e.N[0], p.name, l.MessageBytes))
	}
}

// rolled: a segment begins when the last would become too long, or too old.
func (c *Checker) rolled(p *partition, r *replica, e node.Event) {
	r.segment = 0
	l := c.force(r.member, p.topic.name)
	if l == nil {
		return
	}
	switch bytes, age := e.N[1], e.N[2]; e.N[3] {
	case facts.RollLong:
		if bytes <= l.SegmentBytes {
			c.fail(r.Name, ConfigInForce, fmt.Sprintf("%s begins a segment of %s where the last would have %d bytes, with segment.bytes=%d", r.Name, p.name, bytes, l.SegmentBytes))
		}
	case facts.RollOld:
		if age <= l.SegmentMillis-l.JitterMillis {
			c.fail(r.Name, ConfigInForce, fmt.Sprintf("%s begins a segment of %s where the last would be %d ms old, with segment.ms=%d", r.Name, p.name, age, l.SegmentMillis))
		}
	}
}

// retains: what a broker deletes it need not keep by the configuration that it took last.
func (c *Checker) retains(p *partition, r *replica, e node.Event) {
	age, told := e.Body.(facts.Age)
	l := c.force(r.member, p.topic.name)
	if l == nil || !told || p.topic.doomed {
		return
	}
	left := e.N[2]
	switch what := fmt.Sprintf("%s deletes %s below %d", r.Name, p.name, e.N[0]); {
	case age < 0 && left < 0: // it was hidden before
	case !l.Deletes:
		c.fail(r.Name, ConfigInForce, what+", which cleanup.policy does not say any more")
	case age >= 0 && (l.RetentionMillis < 0 || int64(age) <= l.RetentionMillis):
		c.fail(r.Name, ConfigInForce, fmt.Sprintf("%s, where a segment is %d ms old, with retention.ms=%d", what, age, l.RetentionMillis))
	case left >= 0 && (l.RetentionBytes < 0 || left < l.RetentionBytes):
		c.fail(r.Name, ConfigInForce, fmt.Sprintf("%s and has %d bytes left, with retention.bytes=%d", what, left, l.RetentionBytes))
	}
}

// compacts: so it is with what it compacts.
func (c *Checker) compacts(p *partition, r *replica) {
	l := c.force(r.member, p.topic.name)
	if l == nil || p.topic.doomed {
		return
	}
	r.waits = l.CompactionLagMillis
	if !l.Compacts {
		c.fail(r.Name, ConfigInForce, fmt.Sprintf("%s compacts %s, which cleanup.policy does not say any more", r.Name, p.name))
	}
}

// enoughInForce: success is told with as many in sync as the leader's configuration wants, of
// those that it takes for in sync or that may be.
func (c *Checker) enoughInForce(p *partition, r *replica, last, in int64) {
	if l := c.force(r.member, p.topic.name); l != nil && len(facts.Members(in)) < int(l.MinInsync) {
		c.fail(r.Name, ConfigInForce, fmt.Sprintf("%s acknowledges %s up to %d with %s in sync and min.insync.replicas=%d", r.Name, p.name, last, c.names(in), l.MinInsync))
	}
}

// forgets: when the last replica of a topic goes, what the broker took of the topic goes, too.
func (m *member) forgets(topic string) {
	for name := range m.open { //sim:unordered any will do
		if of, _, ok := split(name); ok && of == topic {
			return
		}
	}
	delete(m.taken, "topics/"+topic)
	delete(m.force, topic)
}
