package broker_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/client"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

const (
	opSet      = kmsg.IncrementalAlterConfigOpSet
	opDelete   = kmsg.IncrementalAlterConfigOpDelete
	opAppend   = kmsg.IncrementalAlterConfigOpAppend
	opSubtract = kmsg.IncrementalAlterConfigOpSubtract
)

// operator is an administrator who waits for every answer.
type operator struct {
	*cluster
	*client.Admin
}

func newOperator(c *cluster) operator { return operator{c, c.application().NewAdmin()} }

// change changes one key, and says how that went.
func (o operator) change(r client.Resource, op kmsg.IncrementalAlterConfigOp, name, value string) string {
	o.t.Helper()
	got := "no answer"
	o.AlterConfig(r, []client.SettingChange{{Op: op, Name: name, Value: value}}, false, func(d client.Done) { got = fmt.Sprint(d.Outcome, " ", d.Code) })
	o.run(3 * time.Second)
	return got
}

// insist changes one key, though some brokers may not answer.
func (o operator) insist(r client.Resource, op kmsg.IncrementalAlterConfigOp, name, value string) {
	o.t.Helper()
	for range 20 {
		if o.change(r, op, name, value) == "ok NONE" {
			return
		}
	}
	o.t.Fatalf("%s was not changed", name)
}

// describe is a key as the brokers show it: value, source, and what it was chosen from.
func (o operator) describe(r client.Resource, name string) string {
	o.t.Helper()
	got := "no answer"
	o.DescribeConfig(r, func(all []kmsg.DescribeConfigsResponseResourceConfig, d client.Done) {
		got = fmt.Sprint(d.Outcome, " ", d.Code)
		for _, c := range all {
			if c.Name == name {
				got = shown(c)
			}
		}
	})
	o.run(3 * time.Second)
	return got
}

func shown(c kmsg.DescribeConfigsResponseResourceConfig) string {
	words := []string{"null", c.Source.String()}
	if c.Value != nil {
		words[0] = *c.Value
	}
	for _, s := range c.ConfigSynonyms {
		words = append(words, s.Name+"="+*s.Value)
	}
	return strings.Join(words, " ")
}

func (o operator) create(name string, replicas int) {
	o.t.Helper()
	ok := false
	o.CreateTopic(client.NewTopic{Name: name, Partitions: 1, Replication: int16(replicas)}, func(d client.Done) { ok = d.Outcome == client.Succeeded })
	o.run(5 * time.Second)
	if !ok {
		o.t.Fatalf("%s was not created", name)
	}
}

// What is said of a topic, of a broker and of all brokers is shown with where it comes
// from, and each takes the place of the next.
func TestConfigurationsAreDescribed(t *testing.T) {
	c := newCluster(t, 2, func(cfg *broker.Config) { cfg.MinInsync = 2 })
	c.run(5 * time.Second)
	o := newOperator(c)
	o.create("t", 2)
	topic, one, all := client.Resource{Topic: "t"}, client.Resource{Broker: 1}, client.Resource{Broker: client.AllBrokers}
	for _, step := range []struct{ got, want string }{
		{o.describe(topic, "retention.ms"), "604800000 DEFAULT_CONFIG log.retention.hours=168"},
		{o.describe(one, "log.retention.ms"), "604800000 DEFAULT_CONFIG log.retention.hours=168"},
		{o.describe(topic, "min.insync.replicas"), "2 STATIC_BROKER_CONFIG min.insync.replicas=2 min.insync.replicas=1"},
		{o.change(all, opSet, "log.retention.ms", "5000"), "ok NONE"},
		{o.describe(one, "log.retention.ms"), "5000 DYNAMIC_DEFAULT_BROKER_CONFIG log.retention.ms=5000 log.retention.hours=168"},
		{o.describe(all, "log.retention.ms"), "5000 DYNAMIC_DEFAULT_BROKER_CONFIG log.retention.ms=5000 log.retention.hours=168"},
		{o.describe(all, "min.insync.replicas"), "ok NONE"},
		{o.change(topic, opSet, "retention.ms", "-1"), "ok NONE"},
		{o.describe(topic, "retention.ms"), "-1 DYNAMIC_TOPIC_CONFIG retention.ms=-1 log.retention.ms=5000 log.retention.hours=168"},
		{o.change(topic, opDelete, "retention.ms", ""), "ok NONE"},
		{o.describe(topic, "retention.ms"), "5000 DYNAMIC_DEFAULT_BROKER_CONFIG log.retention.ms=5000 log.retention.hours=168"},
		{o.change(one, opSet, "message.max.bytes", "77"), "ok NONE"},
		{o.describe(one, "message.max.bytes"), "77 DYNAMIC_BROKER_CONFIG message.max.bytes=77 message.max.bytes=1048588"},
		{o.describe(client.Resource{Broker: 2}, "message.max.bytes"), "1048588 DEFAULT_CONFIG message.max.bytes=1048588"},
		{o.describe(one, "broker.rack"), "null DEFAULT_CONFIG"},
		{o.describe(client.Resource{Topic: "gone"}, ""), "failed UNKNOWN_TOPIC_OR_PARTITION"},
	} {
		if step.got != step.want {
			t.Errorf("got  %s\nwant %s", step.got, step.want)
		}
	}
}

// A change that makes no sense is refused, and changes nothing.
func TestChangesThatAreRefused(t *testing.T) {
	c := newCluster(t, 2)
	c.run(5 * time.Second)
	o := newOperator(c)
	o.create("t", 1)
	topic, one, all := client.Resource{Topic: "t"}, client.Resource{Broker: 1}, client.Resource{Broker: client.AllBrokers}
	for _, step := range []struct {
		r           client.Resource
		op          kmsg.IncrementalAlterConfigOp
		name, value string
		want        wire.ErrorCode
	}{
		{topic, opSet, "no.such.key", "1", wire.InvalidConfig},
		{topic, opSet, "retention.ms", "soon", wire.InvalidConfig},
		{topic, opSet, "min.insync.replicas", "0", wire.InvalidConfig},
		{topic, opSet, "compression.type", "none", wire.InvalidConfig},
		{topic, opSet, "compression.type", "lzo", wire.InvalidConfig},
		{all, opSet, "compression.type", "lzo", wire.InvalidConfig},
		{topic, opAppend, "retention.ms", "1", wire.InvalidConfig},
		{topic, opAppend, "cleanup.policy", "shred", wire.InvalidConfig},
		{topic, opSubtract, "cleanup.policy", "delete", wire.InvalidConfig}, // nothing would be left
		{topic, opSet, "max.compaction.lag.ms", "-5", wire.InvalidConfig},
		{client.Resource{Topic: "gone"}, opSet, "retention.ms", "1", wire.UnknownTopicOrPartition},
		{one, opSet, "num.partitions", "3", wire.InvalidRequest},
		{one, opSet, "log.retention.hours", "3", wire.InvalidRequest},
		{one, opSet, "no.such.key", "3", wire.InvalidConfig},
		{all, opSet, "message.max.bytes", "-1", wire.InvalidConfig},
		{all, opSet, "listeners", "A://:1", wire.InvalidRequest},
		{all, 9, "message.max.bytes", "1", wire.InvalidRequest},
	} {
		if got := o.change(step.r, step.op, step.name, step.value); got != "failed "+step.want.String() {
			t.Errorf("%s=%s: %s, want %v", step.name, step.value, got, step.want)
		}
	}
	taken := c.seen[facts.ConfigTaken]
	validated := ""
	o.AlterConfig(topic, []client.SettingChange{{Op: opSet, Name: "retention.ms", Value: "1"}}, true, func(d client.Done) { validated = fmt.Sprint(d.Outcome) })
	c.run(3 * time.Second)
	if got := o.describe(topic, "retention.ms"); validated != "ok" || c.seen[facts.ConfigTaken] != taken || !strings.Contains(got, "DEFAULT_CONFIG") {
		t.Errorf("a validation ended %s; now %s, and %d configurations were taken", validated, got, c.seen[facts.ConfigTaken]-taken)
	}
	for _, step := range []struct{ got, want string }{
		{o.change(topic, opAppend, "cleanup.policy", "compact"), "ok NONE"},
		{o.describe(topic, "cleanup.policy"), "delete,compact DYNAMIC_TOPIC_CONFIG cleanup.policy=delete,compact log.cleanup.policy=delete"},
		{o.change(topic, opSubtract, "cleanup.policy", "delete"), "ok NONE"},
		{o.describe(topic, "cleanup.policy"), "compact DYNAMIC_TOPIC_CONFIG cleanup.policy=compact log.cleanup.policy=delete"},
	} {
		if step.got != step.want {
			t.Errorf("got  %s\nwant %s", step.got, step.want)
		}
	}
}

// One request may not name a resource or a key twice, and only a broker itself answers
// for its configuration. The older request replaces everything.
func TestRequestsForConfigurations(t *testing.T) {
	c := newCluster(t, 2)
	c.run(5 * time.Second)
	newOperator(c).create("t", 1)
	value := "7"
	alter := func(kind kmsg.ConfigResourceType, name string, keys ...string) kmsg.IncrementalAlterConfigsRequestResource {
		r := kmsg.NewIncrementalAlterConfigsRequestResource()
		r.ResourceType, r.ResourceName = kind, name
		for _, key := range keys {
			one := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
			one.Name, one.Value = key, &value
			r.Configs = append(r.Configs, one)
		}
		return r
	}
	topic, other := kmsg.ConfigResourceTypeTopic, kmsg.ConfigResourceTypeBroker
	s := c.client(func(s *script, task *node.Task) {
		r := kmsg.NewPtrIncrementalAlterConfigsRequest()
		r.Version = 1
		r.Resources = append(r.Resources, alter(topic, "t", "retention.ms"), alter(topic, "t", "segment.ms"), alter(other, "2", "message.max.bytes"),
			alter(other, "two", "message.max.bytes"), alter(other, "", "message.max.bytes", "message.max.bytes"), alter(kmsg.ConfigResourceTypeBrokerLogger, "1", "x"))
		var codes []int16
		for _, one := range s.ask(task, c.brokers[0], r).(*kmsg.IncrementalAlterConfigsResponse).Resources {
			codes = append(codes, one.ErrorCode)
		}
		if want := []int16{42, 42, 42, 42, 42, 42}; !slices.Equal(codes, want) {
			t.Errorf("codes %v, want %v", codes, want)
		}
		whole := kmsg.NewPtrAlterConfigsRequest()
		for _, key := range []string{"retention.ms", "segment.ms"} {
			one := kmsg.NewAlterConfigsRequestResource()
			one.ResourceType, one.ResourceName = topic, "t"
			entry := kmsg.NewAlterConfigsRequestResourceConfig()
			entry.Name, entry.Value = key, &value
			one.Configs = append(one.Configs, entry)
			whole.Resources = []kmsg.AlterConfigsRequestResource{one}
			if got := s.ask(task, c.brokers[1], whole).(*kmsg.AlterConfigsResponse).Resources[0]; got.ErrorCode != 0 {
				t.Errorf("%s: %d %v", key, got.ErrorCode, got.ErrorMessage)
			}
		}
		ask := kmsg.NewPtrDescribeConfigsRequest()
		ask.Version, ask.IncludeDocumentation = 4, true
		about := kmsg.NewDescribeConfigsRequestResource()
		about.ResourceType, about.ResourceName, about.ConfigNames = topic, "t", []string{"segment.ms", "retention.ms"}
		ask.Resources = append(ask.Resources, about)
		for _, one := range s.ask(task, c.brokers[0], ask).(*kmsg.DescribeConfigsResponse).Resources[0].Configs {
			if said := one.Source == kmsg.ConfigSourceDynamicTopicConfig; said != (one.Name == "segment.ms") || one.ConfigType != kmsg.ConfigTypeLong || one.Documentation == nil || one.ReadOnly {
				t.Errorf("%+v", one)
			}
		}
	})
	c.run(5 * time.Second)
	if !s.done {
		t.Error("the client did not finish")
	}
}

// What changes while a broker has no session, it goes by when it has one again; so does
// one that was away altogether.
func TestConfigurationsReachBrokersThatWereAway(t *testing.T) {
	c := newCluster(t, 3)
	c.run(5 * time.Second)
	o := newOperator(c)
	o.create("t", 3)
	all := client.Resource{Broker: client.AllBrokers}
	c.world.Pause(c.brokers[2])
	o.insist(all, opSet, "min.insync.replicas", "3")
	c.world.Resume(c.brokers[2])
	c.run(5 * time.Second)
	third := client.Resource{Broker: 3}
	want := "3 DYNAMIC_DEFAULT_BROKER_CONFIG min.insync.replicas=3 min.insync.replicas=1"
	if got := o.describe(third, "min.insync.replicas"); got != want || c.seen[facts.SessionLost] == 0 {
		t.Errorf("after a session that ended: %s", got)
	}
	c.world.Crash(c.brokers[2], sim.LoseAll)
	if got := o.change(third, opSet, "min.insync.replicas", "2"); got == "ok NONE" {
		t.Fatal("a broker that is down took a configuration")
	}
	o.insist(all, opSet, "min.insync.replicas", "2")
	c.world.Start(c.brokers[2])
	c.run(5 * time.Second)
	if got := o.describe(third, "min.insync.replicas"); !strings.HasPrefix(got, "2 DYNAMIC_DEFAULT") {
		t.Errorf("after a crash: %s", got)
	}
}

// A broker that gives one replica of a topic away follows its configuration on, for the
// sake of the other.
func TestAConfigurationIsFollowedAsLongAsThereIsAReplica(t *testing.T) {
	c := newCluster(t, 2)
	c.run(5 * time.Second)
	o := newOperator(c)
	o.CreateTopic(client.NewTopic{Name: "t", Assignment: [][]int32{{1, 2}, {1, 2}}}, func(client.Done) {})
	c.run(5 * time.Second)
	o.Reassign(client.TopicPartition{Topic: "t"}, []int32{1}, func(client.Done) {})
	c.run(5 * time.Second)
	c.facts = nil
	o.insist(client.Resource{Topic: "t"}, opSet, "max.message.bytes", "99")
	for _, s := range c.facts {
		if s.Node == c.brokers[1] && s.Event.Kind == facts.ConfigTaken && s.Event.Text == "topics/t" {
			return
		}
	}
	t.Errorf("the second broker has deleted %d replicas, and does not hear of its topic any more", c.seen[facts.ReplicaDeleted])
}

// A topic is deleted, a crash brings its files back, and another gets its name: what that
// one says holds for its replica from the first record on.
func TestATopicGoesByItsOwnConfigurationNotByThatOfAFormerOne(t *testing.T) {
	c := newCluster(t, 2)
	c.run(5 * time.Second)
	o := newOperator(c)
	create := func(limit string) {
		o.CreateTopic(client.NewTopic{Name: "t", Assignment: [][]int32{{2}}, Configs: []client.Setting{{Name: "max.message.bytes", Value: &limit}}}, func(client.Done) {})
		c.run(5 * time.Second)
	}
	create("99")
	if c.seen[facts.ReplicaOpened] != 1 {
		t.Fatal("the first topic was not created")
	}
	quick := c.world.SlowDisk(c.brokers[1], "", sim.Latency{Min: time.Hour, Mean: time.Hour, Max: time.Hour})
	o.DeleteTopic("t", func(client.Done) {})
	c.run(2 * time.Second)
	create("500")
	c.world.Crash(c.brokers[1], sim.LoseAll)
	quick()
	c.world.Start(c.brokers[1])
	c.run(10 * time.Second)
	var story []string
	for _, s := range c.facts {
		if k := s.Event.Kind; k == facts.ReplicaDeleted || k == facts.ReplicaOpened || k == facts.ConfigTaken && s.Event.Text == "topics/t" {
			story = append(story, k.Name)
		}
	}
	cut := "config-taken replica-opened replica-deleted "
	if got := strings.Join(story, " "); got != cut+cut+"config-taken replica-opened" {
		t.Errorf("the second broker's story is %s", got)
	}
	for bytes, want := range map[int]string{300: "ok NONE", 600: "failed MESSAGE_TOO_LARGE"} {
		got := "no answer"
		p := c.application().NewProducer(client.ProducerConfig{Acks: -1, DeliveryTimeout: 3 * time.Second})
		p.Send(client.Record{Topic: "t", Value: make([]byte, bytes)}, func(s client.Sent) { got = fmt.Sprint(s.Outcome, " ", s.Code) })
		c.run(4 * time.Second)
		if got != want {
			t.Errorf("a record of %d bytes: %s, want %s", bytes, got, want)
		}
	}
}

// A limit that is lowered while the broker runs holds for the next record, and a topic of
// which nobody is in sync any more gets a leader when that is allowed.
func TestConfigurationsTakeEffect(t *testing.T) {
	c := newCluster(t, 2)
	c.run(5 * time.Second)
	o := newOperator(c)
	o.create("t", 2)
	all := client.Resource{Broker: client.AllBrokers}
	send := func(bytes int) string {
		got := "no answer"
		p := c.application().NewProducer(client.ProducerConfig{Acks: -1, DeliveryTimeout: 3 * time.Second})
		p.Send(client.Record{Topic: "t", Value: make([]byte, bytes)}, func(s client.Sent) { got = fmt.Sprint(s.Outcome, " ", s.Code) })
		c.run(4 * time.Second)
		return got
	}
	first := send(500)
	o.change(all, opSet, "message.max.bytes", "400")
	second := send(500)
	o.change(client.Resource{Topic: "t"}, opSet, "max.message.bytes", "4000")
	third := send(500)
	if first != "ok NONE" || second != "failed MESSAGE_TOO_LARGE" || third != "ok NONE" {
		t.Errorf("500 bytes: %s, within 400 %s, where the topic allows 4000 %s", first, second, third)
	}
	o.change(all, opSet, "min.insync.replicas", "3")
	if got := send(1); !strings.HasPrefix(got, "failed") {
		t.Errorf("with 3 in-sync replicas wanted: %s", got)
	}
	o.change(all, opDelete, "min.insync.replicas", "")

	c.world.Crash(c.brokers[1], sim.LoseAll)
	c.run(5 * time.Second)
	c.world.Crash(c.brokers[0], sim.LoseAll)
	c.world.Start(c.brokers[1])
	c.run(8 * time.Second)
	if got := send(1); got == "ok NONE" {
		t.Fatal("a replica that is not in sync leads")
	}
	o.change(client.Resource{Topic: "t"}, opSet, "unclean.leader.election.enable", "true")
	c.run(5 * time.Second)
	if got := send(1); got != "ok NONE" {
		t.Errorf("with unclean elections allowed: %s", got)
	}
}

// Topics that somebody asks for are made as they are by default, where that is allowed;
// and where deletion is not, nothing is deleted.
func TestTopicsAreCreatedForWhoAsks(t *testing.T) {
	for _, off := range []bool{false, true} {
		c := newCluster(t, 2, func(cfg *broker.Config) {
			cfg.NoAutoCreate, cfg.NoDelete, cfg.Partitions, cfg.Replication = off, off, 3, 2
		})
		c.run(5 * time.Second)
		s := c.client(func(s *script, task *node.Task) {
			ask := func(name string, may bool) (int16, int) {
				r := kmsg.NewPtrMetadataRequest()
				r.Version, r.AllowAutoTopicCreation = 9, may
				topic := kmsg.NewMetadataRequestTopic()
				topic.Topic = kmsg.StringPtr(name)
				r.Topics = append(r.Topics, topic)
				got := s.ask(task, c.brokers[0], r).(*kmsg.MetadataResponse).Topics[0]
				return got.ErrorCode, len(got.Partitions)
			}
			code, _ := ask("new", false)
			if code != int16(wire.UnknownTopicOrPartition) {
				t.Errorf("asked without creating: %d", code)
			}
			first, _ := ask("new", true)
			bad, _ := ask("no/topic", true)
			task.Sleep(2 * time.Second)
			second, partitions := ask("new", true)
			want := [4]int{int(wire.LeaderNotAvailable), int(wire.InvalidTopic), 0, 3}
			if off {
				want = [4]int{int(wire.UnknownTopicOrPartition), int(wire.InvalidTopic), int(wire.UnknownTopicOrPartition), 0}
			}
			if got := [4]int{int(first), int(bad), int(second), partitions}; got != want {
				t.Errorf("off %v: %v, want %v", off, got, want)
			}
		})
		c.run(6 * time.Second)
		got := ""
		newOperator(c).DeleteTopic("new", func(d client.Done) { got = d.Code.String() })
		c.run(3 * time.Second)
		want := "NONE"
		if off {
			want = "TOPIC_DELETION_DISABLED"
		}
		if !s.done || got != want {
			t.Errorf("off %v: done %v, deletion %s", off, s.done, got)
		}
	}
}
