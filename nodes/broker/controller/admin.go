package controller

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	zk "github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// maxTopicName keeps the names of directories below the limit of file systems.
const maxTopicName = 249

// refusal is why something was not done, for the one who asked.
type refusal struct {
	code wire.ErrorCode
	text string
}

func refuse(code wire.ErrorCode, text string) *refusal { return &refusal{code, text} }

// ValidTopicName reports whether a topic can have a name.
func ValidTopicName(name string) bool { return checkTopicName(name) == nil }

// checkTopicName reports what is wrong with the name of a topic.
func checkTopicName(name string) *refusal {
	switch {
	case name == "" || name == "." || name == "..":
		return refuse(wire.InvalidTopic, "a topic needs a name other than . and ..")
	case len(name) > maxTopicName:
		return refuse(wire.InvalidTopic, "the name of a topic has at most 249 characters")
	}
	for _, r := range name {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-') {
			return refuse(wire.InvalidTopic, "the name of a topic has letters, digits, dots, underscores and hyphens only")
		}
	}
	return nil
}

// collides reports whether two names are the same to those who take dots for underscores,
// as metrics do.
func collides(a, b string) bool {
	return strings.ReplaceAll(a, ".", "_") == strings.ReplaceAll(b, ".", "_")
}

// Admit decides whether somebody may create or delete so many partitions now, and counts
// them if so (KIP-599). Nil lets everybody.
type Admit func(partitions int) bool

// admits asks, once all else about a change is right.
func (a Admit) admits(partitions int) *refusal {
	if a == nil || a(partitions) {
		return nil
	}
	return refuse(wire.ThrottlingQuotaExceeded, "the quota of changes is used up")
}

// CreateTopics writes new topics to the coordinators; that the controller takes note of
// them, and brokers are told, comes after the response.
func (c *Controller) CreateTopics(r *kmsg.CreateTopicsRequest, admit Admit, done func(*kmsg.CreateTopicsResponse)) {
	answer := kmsg.NewPtrCreateTopicsResponse()
	c.request("create topics", func() {
		for i := range r.Topics {
			answer.Topics = append(answer.Topics, c.createTopic(r, &r.Topics[i], admit))
		}
		done(answer)
	}, func() {
		answer.Topics = nil
		for i := range r.Topics {
			t := kmsg.NewCreateTopicsResponseTopic()
			t.Topic, t.ErrorCode = r.Topics[i].Topic, int16(wire.NotController)
			answer.Topics = append(answer.Topics, t)
		}
		done(answer)
	})
}

// createTopic checks and writes one topic.
func (c *Controller) createTopic(r *kmsg.CreateTopicsRequest, asked *kmsg.CreateTopicsRequestTopic, admit Admit) kmsg.CreateTopicsResponseTopic {
	t := kmsg.NewCreateTopicsResponseTopic()
	t.Topic = asked.Topic
	twice := 0
	for i := range r.Topics {
		if r.Topics[i].Topic == asked.Topic {
			twice++
		}
	}
	config, replicas, no := c.checkNewTopic(asked)
	if twice > 1 {
		no = refuse(wire.InvalidRequest, "the request names the topic twice")
	}
	var id znodes.TopicID
	if no == nil && !r.ValidateOnly {
		no = admit.admits(len(replicas))
	}
	if no == nil && !r.ValidateOnly {
		id, no = c.writeTopic(asked.Topic, config, replicas)
	}
	if no != nil {
		t.ErrorCode, t.ErrorMessage = int16(no.code), &no.text
		return t
	}
	t.TopicID, t.NumPartitions, t.ReplicationFactor = id, int32(len(replicas)), int16(len(replicas[0]))
	for _, key := range slices.Sorted(maps.Keys(config)) {
		one, value := kmsg.NewCreateTopicsResponseTopicConfig(), config[key]
		one.Name, one.Value, one.Source = key, &value, int8(kmsg.ConfigSourceDynamicTopicConfig)
		t.Configs = append(t.Configs, one)
	}
	return t
}

// checkNewTopic decides where the replicas of a new topic lie.
func (c *Controller) checkNewTopic(asked *kmsg.CreateTopicsRequestTopic) (config map[string]string, replicas [][]int32, no *refusal) {
	if no := checkTopicName(asked.Topic); no != nil {
		return nil, nil, no
	}
	for _, name := range c.readTopicNames() {
		switch {
		case name == asked.Topic:
			return nil, nil, refuse(wire.TopicAlreadyExists, "the topic exists")
		case collides(name, asked.Topic):
			return nil, nil, refuse(wire.InvalidTopic, "the name differs from that of "+name+" in dots and underscores only")
		}
	}
	config = map[string]string{}
	for _, one := range asked.Configs {
		if one.Value == nil {
			return nil, nil, refuse(wire.InvalidConfig, "no value for "+one.Name)
		}
		config[one.Name] = *one.Value
	}
	if c.cfg.CheckTopicConfig != nil {
		if err := c.cfg.CheckTopicConfig(config); err != nil {
			return nil, nil, refuse(wire.InvalidConfig, err.Error())
		}
	}
	if len(asked.ReplicaAssignment) > 0 {
		if asked.NumPartitions != -1 || asked.ReplicationFactor != -1 {
			return nil, nil, refuse(wire.InvalidRequest, "give an assignment, or numbers of partitions and replicas, not both")
		}
		lists := map[int32][]int32{}
		for _, a := range asked.ReplicaAssignment {
			lists[a.Partition] = a.Replicas
		}
		replicas, no = c.checkAssignment(lists, 0)
		return config, replicas, no
	}
	replicas, no = c.spread(0, int(asked.NumPartitions), int(asked.ReplicationFactor))
	return config, replicas, no
}

// checkAssignment makes a list of assignments that somebody gives for the partitions from
// first on.
func (c *Controller) checkAssignment(lists map[int32][]int32, first int) (out [][]int32, no *refusal) {
	for i := range int32(len(lists)) {
		list, given := lists[int32(first)+i]
		sorted := sortedBrokers(list)
		dead := slices.ContainsFunc(list, func(id int32) bool { return c.cluster.brokers[id] == nil })
		if !given || len(list) == 0 || dead || len(slices.Compact(sorted)) != len(list) || i > 0 && len(list) != len(out[0]) {
			return nil, refuse(wire.InvalidReplicaAssignment, "partitions in a row, each on as many different brokers, which live")
		}
		out = append(out, list)
	}
	return out, nil
}

// spread assigns partitions from first on; -1 takes the default.
func (c *Controller) spread(first, partitions, replication int) ([][]int32, *refusal) {
	if partitions == -1 {
		partitions = c.cfg.Partitions
	}
	if replication == -1 {
		replication = c.cfg.Replication
	}
	var places []place
	for _, id := range c.cluster.brokerIDs() {
		p := place{broker: id}
		if rack := c.cluster.brokers[id].Rack; rack != nil {
			p.rack = *rack
		}
		places = append(places, p)
	}
	switch {
	case partitions < 1:
		return nil, refuse(wire.InvalidPartitions, "a topic has at least one partition")
	case replication < 1:
		return nil, refuse(wire.InvalidReplicationFactor, "a partition has at least one replica")
	case replication > len(places):
		return nil, refuse(wire.InvalidReplicationFactor, "there are fewer brokers than replicas")
	}
	return assign(places, first, partitions, replication, c.env.Rand()), nil
}

// writeTopic writes the configuration and then the topic, since whoever sees the topic
// reads the configuration.
func (c *Controller) writeTopic(name string, config map[string]string, replicas [][]int32) (id znodes.TopicID, no *refusal) {
	for id == (znodes.TopicID{}) {
		rand := c.env.Rand()
		for i := range id {
			id[i] = byte(rand.Uint32())
		}
	}
	t := znodes.Topic{ID: id}
	for _, list := range replicas {
		t.Partitions = append(t.Partitions, znodes.Assignment{Replicas: list})
	}
	path, data := znodes.TopicPath(name), t.Encode()
	settings := znodes.ConfigPath(znodes.TopicConfig, name)
	c.create(zookeeper.Create(settings, nil))
	c.write(zookeeper.Set(settings, znodes.EncodeConfig(config), zookeeper.AnyVersion))
	w := c.write(zookeeper.Create(path, data))[0]
	if w.err == zk.OK {
		return id, nil
	}
	if w.lost {
		if r := c.read(zookeeper.Get(path))[0]; r.OK() && bytes.Equal(r.Data, data) {
			return id, nil // our own, the answer to which was lost
		}
	}
	return id, refuse(wire.TopicAlreadyExists, "somebody else has just created the topic")
}

// DeleteTopics asks for deletions; that they are done comes after the response.
func (c *Controller) DeleteTopics(r *kmsg.DeleteTopicsRequest, admit Admit, done func(*kmsg.DeleteTopicsResponse)) {
	asked := slices.Clone(r.Topics)
	for _, name := range r.TopicNames {
		t := kmsg.NewDeleteTopicsRequestTopic()
		t.Topic = &name
		asked = append(asked, t)
	}
	each := func(decide func(*kmsg.DeleteTopicsResponseTopic)) {
		answer := kmsg.NewPtrDeleteTopicsResponse()
		for _, a := range asked {
			t := kmsg.NewDeleteTopicsResponseTopic()
			t.Topic, t.TopicID = a.Topic, a.TopicID
			decide(&t)
			answer.Topics = append(answer.Topics, t)
		}
		done(answer)
	}
	c.request("delete topics", func() {
		each(func(t *kmsg.DeleteTopicsResponseTopic) { c.deleteTopic(t, admit) })
	}, func() {
		each(func(t *kmsg.DeleteTopicsResponseTopic) { t.ErrorCode = int16(wire.NotController) })
	})
}

// deleteTopic asks for one deletion, by name or by ID.
func (c *Controller) deleteTopic(t *kmsg.DeleteTopicsResponseTopic, admit Admit) {
	if t.Topic == nil {
		for _, name := range c.cluster.names() {
			if c.cluster.topics[name].id == t.TopicID {
				t.Topic = &name
			}
		}
	}
	switch {
	case t.Topic == nil:
		t.ErrorCode = int16(wire.UnknownTopicID)
	case !slices.Contains(c.readTopicNames(), *t.Topic):
		t.ErrorCode = int16(wire.UnknownTopicOrPartition)
	case admit.admits(c.partitionsOf(*t.Topic)) != nil:
		t.ErrorCode = int16(wire.ThrottlingQuotaExceeded)
	default:
		t.TopicID = c.topicID(*t.Topic)
		c.create(zookeeper.Create(znodes.DeleteTopicPath(*t.Topic), nil))
	}
}

// partitionsOf is how many partitions a topic has, as far as the controller has heard.
func (c *Controller) partitionsOf(name string) int {
	if t := c.cluster.topics[name]; t != nil {
		return len(t.partitions)
	}
	return 0
}

// CreatePartitions lets topics grow (KIP-195).
func (c *Controller) CreatePartitions(r *kmsg.CreatePartitionsRequest, admit Admit, done func(*kmsg.CreatePartitionsResponse)) {
	answer := kmsg.NewPtrCreatePartitionsResponse()
	each := func(decide func(*kmsg.CreatePartitionsRequestTopic) *refusal) {
		answer.Topics = nil
		for i := range r.Topics {
			t := kmsg.NewCreatePartitionsResponseTopic()
			t.Topic = r.Topics[i].Topic
			if no := decide(&r.Topics[i]); no != nil {
				t.ErrorCode, t.ErrorMessage = int16(no.code), &no.text
			}
			answer.Topics = append(answer.Topics, t)
		}
		done(answer)
	}
	c.request("create partitions", func() {
		each(func(t *kmsg.CreatePartitionsRequestTopic) *refusal { return c.grow(t, r.ValidateOnly, admit) })
	}, func() {
		each(func(*kmsg.CreatePartitionsRequestTopic) *refusal {
			return refuse(wire.NotController, "another broker is the controller")
		})
	})
}

// grow writes the assignments of partitions to come, and takes note of them at once: what
// writes the topic next must have them, too.
//
//	grow to 3 is written; the news of it is behind grow to 2
//	grow to 2 finds one partition, and writes two
func (c *Controller) grow(asked *kmsg.CreatePartitionsRequestTopic, validateOnly bool, admit Admit) *refusal {
	t := c.cluster.topics[asked.Topic]
	if t == nil || t.doomed {
		return refuse(wire.UnknownTopicOrPartition, "there is no such topic")
	}
	if c.reassigns(t) {
		return refuse(wire.ReassignmentInProgress, "a reassignment of the topic is under way")
	}
	no, counted := refuse(wire.UnknownTopicOrPartition, "there is no such topic any more"), false
	grown := c.rewriteTopic(t.name, func(z *znodes.Topic) bool {
		var replicas [][]int32
		if replicas, no = c.placesOf(asked, z); no != nil {
			return false
		}
		if !validateOnly && !counted { // however often it is written
			if no = admit.admits(len(replicas)); no != nil {
				return false
			}
			counted = true
		}
		for _, list := range replicas {
			z.Partitions = append(z.Partitions, znodes.Assignment{Replicas: list})
		}
		return !validateOnly
	})
	if grown {
		c.topicChanged(t.name)
	}
	return no
}

// placesOf decides where partitions to come lie, given those that there are.
func (c *Controller) placesOf(asked *kmsg.CreatePartitionsRequestTopic, z *znodes.Topic) (replicas [][]int32, no *refusal) {
	have := len(z.Partitions)
	more := int(asked.Count) - have
	if more < 1 {
		return nil, refuse(wire.InvalidPartitions, "a topic can only grow")
	}
	if asked.Assignment == nil {
		return c.spread(have, more, len(z.Partitions[0].Replicas))
	}
	lists := map[int32][]int32{}
	for i, a := range asked.Assignment {
		lists[int32(have+i)] = a.Replicas
	}
	replicas, no = c.checkAssignment(lists, have)
	if no == nil && len(replicas) != more {
		no = refuse(wire.InvalidReplicaAssignment, "an assignment for each new partition")
	}
	return replicas, no
}

// eachTopic goes through results by topic and partition.
func eachTopic(result map[znodes.TopicPartition]wire.ErrorCode, topic func(string), partition func(int32, wire.ErrorCode)) {
	last := ""
	for _, key := range slices.SortedFunc(maps.Keys(result), znodes.TopicPartition.Compare) {
		if key.Topic != last {
			topic(key.Topic)
			last = key.Topic
		}
		partition(key.Partition, result[key])
	}
}
