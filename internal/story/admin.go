package story

import (
	"fmt"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/internal/script"
	"github.com/stampede-sim/stampede/nodes/broker/client"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// operator is the client that the commands of operators go through.
const operator = "op"

// settings reads the configuration that a command gives a topic. min.insync and unclean
// are short for Kafka's names.
func settings(c *script.Command, keys ...string) (all []client.Setting) {
	long := map[string]string{"min.insync": "min.insync.replicas", "unclean": "unclean.leader.election.enable"}
	for _, key := range keys {
		if !c.Has(key) {
			continue
		}
		value, name := c.Text(key), key
		if long[key] != "" {
			name = long[key]
		}
		all = append(all, client.Setting{Name: name, Value: &value})
	}
	return all
}

// topicKeys are those that a story may set.
var topicKeys = []string{"min.insync", "unclean", "retention.ms", "retention.bytes", "segment.bytes", "segment.ms", "cleanup.policy", "max.message.bytes"}

// topic creates a topic and waits until all its replicas are in sync.
func (p *Player) topic(c *script.Command) {
	replicas := replicasOf(c, "replicas")
	t := client.NewTopic{Name: c.Word("the topic's name"), Configs: settings(c, topicKeys...)}
	for range c.IntOr("partitions", 1) {
		t.Assignment = append(t.Assignment, replicas)
	}
	p.administer(c, func(a *client.Admin, done func(client.Done)) { a.CreateTopic(t, done) })
	p.cluster.await(10*time.Second, func() bool { return p.cluster.replication.Pending() == "" })
}

// config changes a topic's configuration.
func (p *Player) config(c *script.Command) {
	topic := c.Word("a topic")
	all := settings(c, topicKeys...)
	p.administer(c, func(a *client.Admin, done func(client.Done)) { a.SetTopicConfig(topic, all, done) })
}

// reassign moves a partition.
func (p *Player) reassign(c *script.Command) {
	of, to := partitionOf(c, c.Word("a partition")), replicasOf(c, "replicas")
	p.administer(c, func(a *client.Admin, done func(client.Done)) {
		a.Reassign(client.TopicPartition{Topic: of.Topic, Partition: of.Partition}, to, done)
	})
}

// elect asks for another leader.
func (p *Player) elect(c *script.Command) {
	of, unclean := partitionOf(c, c.Word("a partition")), c.Flag("unclean")
	if unclean {
		p.cluster.replication.Permit(of.String())
	}
	p.administer(c, func(a *client.Admin, done func(client.Done)) {
		a.ElectLeader(client.TopicPartition{Topic: of.Topic, Partition: of.Partition}, unclean, done)
	})
}

// administer has the operator do something, and tells if it fails.
func (p *Player) administer(c *script.Command, do func(*client.Admin, func(client.Done))) {
	var ended *client.Done
	do(p.cluster.application(operator).NewAdmin(), func(d client.Done) { ended = &d })
	p.cluster.await(10*time.Second, func() bool { return ended != nil })
	switch {
	case ended == nil:
		p.tell("the operator waits for an answer")
	case ended.Outcome != client.Succeeded:
		p.tell(fmt.Sprintf("the operator is refused: %v", ended.Code))
	}
}

// listener tells what a member of a group hears.
type listener struct {
	p   *Player
	who string
}

func parts(all []client.TopicPartition) string {
	words := make([]string, len(all))
	for i, tp := range all {
		words[i] = fmt.Sprintf("%s-%d", tp.Topic, tp.Partition)
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, " ")
}

// Assigned implements [client.Listener].
func (l listener) Assigned(added []client.TopicPartition, generation int32) {
	l.p.tell(fmt.Sprintf("%s is given %s in generation %d", l.who, parts(added), generation))
}

// Revoked implements [client.Listener].
func (l listener) Revoked(gone []client.TopicPartition, proceed func()) {
	l.p.tell(fmt.Sprintf("%s gives up %s", l.who, parts(gone)))
	proceed()
}

// Lost implements [client.Listener].
func (l listener) Lost(gone []client.TopicPartition) {
	l.p.tell(fmt.Sprintf("%s loses %s", l.who, parts(gone)))
}

// Ended implements [client.Listener].
func (l listener) Ended(code wire.ErrorCode, err error) {
	if err != nil || code != wire.OK {
		l.p.tell(fmt.Sprintf("%s is out of its group: %v", l.who, code))
	}
}

// join makes a client a member of a group.
func (p *Player) join(c *script.Command) {
	who := c.Word("a client")
	cfg := client.MemberConfig{
		Group: c.Text("group"), Topics: c.Values("topics"), Instance: c.TextOr("instance", ""),
		SessionTimeout: c.DurationOr("session", 6*time.Second), RebalanceTimeout: c.DurationOr("rebalance", 5*time.Second),
	}
	if c.Has("assignor") {
		cfg.Assignors = c.Values("assignor")
	}
	if err := cfg.Validate(); err != nil {
		c.Fatalf("%v", err)
	}
	a := p.cluster.application(who)
	a.member = a.NewMember(cfg, listener{p, who})
	a.member.Start()
}

// memberOf is the member that a client is.
func (p *Player) memberOf(c *script.Command) (string, *client.Member) {
	who := c.Word("a client")
	a := p.cluster.clients[who]
	if a == nil || a.member == nil {
		c.Fatalf("%s has joined no group", who)
	}
	return who, a.member
}

// leave ends a membership.
func (p *Player) leave(c *script.Command) {
	_, m := p.memberOf(c)
	m.Leave()
	p.cluster.run(100 * time.Millisecond)
}

// commit commits an offset as a member.
func (p *Player) commit(c *script.Command) {
	who, m := p.memberOf(c)
	of, offset := partitionOf(c, c.Word("a partition")), c.IntWord("an offset")
	answered := false
	m.Commit([]client.Commit{{TopicPartition: client.TopicPartition{Topic: of.Topic, Partition: of.Partition}, Offset: offset, Epoch: -1}}, func(d client.Committed) {
		answered = true
		if d.Outcome == client.Succeeded {
			p.tell(fmt.Sprintf("%s: %v is committed at %d", who, of, offset))
			return
		}
		why := fmt.Sprint(d.Codes)
		if d.Err != nil {
			why = d.Err.Error()
		}
		p.tell(fmt.Sprintf("%s: the commit of %v ends %v: %s", who, of, d.Outcome, why))
	})
	if !p.cluster.await(patience, func() bool { return answered }) {
		p.tell(who + " waits for an answer")
	}
}
