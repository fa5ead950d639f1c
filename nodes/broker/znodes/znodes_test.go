package znodes

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var rack = "dc1"

// TestBytes holds encodings against what clusters of Kafka 3.x were seen to hold; where
// nobody publishes an example, the order was worked out from Scala's hash tables.
func TestBytes(t *testing.T) {
	id, err := ParseTopicID("WV18z8nWQ8yekl_6282UEQ")
	if err != nil {
		t.Fatal(err)
	}
	broker := &Broker{Endpoints: []Endpoint{{"PLAINTEXT", Plaintext, "kafka-1", 29092}, {"EXTERNAL", Plaintext, "localhost", 9092}}, Timestamp: 1736198272985, JMXPort: -1}
	secured := &Broker{Endpoints: []Endpoint{{"TLS", "SSL", "h", 1}}, Timestamp: 5, JMXPort: 9999, Rack: &rack}
	for _, c := range []struct {
		what string
		got  []byte
		want string
	}{
		{"broker", broker.Encode(), `{"features":{},"listener_security_protocol_map":{"PLAINTEXT":"PLAINTEXT","EXTERNAL":"PLAINTEXT"},"endpoints":["PLAINTEXT://kafka-1:29092","EXTERNAL://localhost:9092"],"jmx_port":-1,"port":29092,"host":"kafka-1","version":5,"timestamp":"1736198272985"}`},
		{"secured broker", secured.Encode(), `{"features":{},"listener_security_protocol_map":{"TLS":"SSL"},"endpoints":["TLS://h:1"],"rack":"dc1","jmx_port":9999,"port":-1,"host":null,"version":5,"timestamp":"5"}`},
		{"controller", EncodeController(2, 1719917952299), `{"version":2,"brokerid":2,"timestamp":"1719917952299","kraftControllerEpoch":-1}`},
		{"controller epoch", EncodeControllerEpoch(17), `17`},
		{"topic", (&Topic{ID: id, Partitions: []Assignment{{Replicas: []int32{0}}, {Replicas: []int32{0, 1}}}}).Encode(), `{"partitions":{"0":[0],"1":[0,1]},"topic_id":"WV18z8nWQ8yekl_6282UEQ","adding_replicas":{},"removing_replicas":{},"version":3}`},
		{"reassigned topic", (&Topic{Partitions: []Assignment{{[]int32{4, 1, 2}, []int32{4}, []int32{1, 2}}}}).Encode(), `{"partitions":{"0":[4,1,2]},"adding_replicas":{"0":[4]},"removing_replicas":{"0":[1,2]},"version":3}`},
		{"state", (&State{1, 0, []int32{1}, false, 1}).Encode(), `{"controller_epoch":1,"leader":1,"version":1,"leader_epoch":0,"isr":[1]}`},
		{"recovering state", (&State{-1, 7, []int32{2, 3}, true, 4}).Encode(), `{"controller_epoch":4,"leader":-1,"version":1,"leader_recovery_state":1,"leader_epoch":7,"isr":[2,3]}`},
		{"config", EncodeConfig(map[string]string{"retention.ms": "5", "cleanup.policy": "compact,<delete>"}), `{"version":1,"config":{"cleanup.policy":"compact,<delete>","retention.ms":"5"}}`},
		{"config change", EncodeConfigChange(Entity{TopicConfig, "orders"}), `{"version":2,"entity_path":"topics/orders"}`},
		{"isr change", EncodePartitions([]TopicPartition{{"orders", 3}, {"a", 0}}), `{"version":1,"partitions":[{"topic":"orders","partition":3},{"topic":"a","partition":0}]}`},
		{"no partitions", EncodePartitions(nil), `{"version":1,"partitions":[]}`},
		{"reassignment", EncodeReassignments([]Reassignment{{TopicPartition{"orders", 3}, []int32{3, 4}}}), `{"version":1,"partitions":[{"topic":"orders","partition":3,"replicas":[3,4]}]}`},
		{"log dir event", EncodeLogDirEvent(3), `{"version":1,"broker":3,"event":1}`},
		{"cluster id", EncodeClusterID("0-qO5c0cSx6Xr_0aaXdpZg"), `{"version":"1","id":"0-qO5c0cSx6Xr_0aaXdpZg"}`},
		{"producer block", ProducerBlock{1, 2000, 2999}.Encode(), `{"version":1,"broker":1,"block_start":"2000","block_end":"2999"}`},
		{"features", EncodeFeatures(), `{"features":{},"version":2,"status":1}`},
		{"consumer offset", EncodeConsumerOffset(41), `41`},
	} {
		if string(c.got) != c.want {
			t.Errorf("%s is\n\t%s, want\n\t%s", c.what, c.got, c.want)
		}
	}
}

func TestPaths(t *testing.T) {
	p := TopicPartition{"orders", 3}
	for got, want := range map[string]string{
		StatePath(p): "/brokers/topics/orders/partitions/3/state", BrokerPath(1): "/brokers/ids/1",
		ConfigPath(ClientConfig, DefaultEntity): "/config/clients/<default>", DeleteTopicPath("orders"): "/admin/delete_topics/orders",
		ConfigChangePath(): "/config/changes/config_change_", IsrChangePath(): "/isr_change_notification/isr_change_",
		LogDirEventPath(): "/log_dir_event_notification/log_dir_event_", ConsumerOffsetPath("g", p): "/consumers/g/offsets/orders/3",
	} {
		if got != want {
			t.Errorf("path %s, want %s", got, want)
		}
	}
	if p.String() != "orders-3" || p.Compare(TopicPartition{"orders", 4}) >= 0 || p.Compare(TopicPartition{"ordera", 9}) <= 0 || p.Compare(p) != 0 {
		t.Errorf("%v is out of order", p)
	}
	if id, err := ParseID("17"); id != 17 || err != nil {
		t.Errorf("child 17 is %d, %v", id, err)
	}
	for _, name := range []string{"", "x", "-1", "99999999999"} {
		if _, err := ParseID(name); err == nil {
			t.Errorf("child %q was taken for a number", name)
		}
	}
}

// TestOlderVersions decodes what older brokers wrote, and fields of newer ones.
func TestOlderVersions(t *testing.T) {
	for _, c := range []struct {
		version, text string
		want          Broker
	}{
		{"1", `{"version":1,"host":"h","port":9092,"jmx_port":9999,"timestamp":"22"}`,
			Broker{Endpoints: []Endpoint{{"PLAINTEXT", "PLAINTEXT", "h", 9092}}, Timestamp: 22, JMXPort: 9999}},
		{"3", `{"version":3,"host":"h","port":9092,"jmx_port":-1,"timestamp":"22","endpoints":["PLAINTEXT://h:9092","SSL://h:9093"],"rack":"dc1"}`,
			Broker{Endpoints: []Endpoint{{"PLAINTEXT", "PLAINTEXT", "h", 9092}, {"SSL", "SSL", "h", 9093}}, Timestamp: 22, JMXPort: -1, Rack: &rack}},
		{"6", `{"version":6,"endpoints":["CLIENT://[::1]:9092"],"listener_security_protocol_map":{"CLIENT":"SSL"},"tags":{},"timestamp":"1"}`,
			Broker{Endpoints: []Endpoint{{"CLIENT", "SSL", "::1", 9092}}, Timestamp: 1, JMXPort: -1}},
	} {
		if got, err := DecodeBroker(1, []byte(c.text)); err != nil || !reflect.DeepEqual(*got, c.want) {
			t.Errorf("version %s: %+v, %v", c.version, got, err)
		}
	}
	topic, err := DecodeTopic("t", []byte(`{"version":1,"partitions":{"1":[2],"0":[1]}}`))
	if err != nil || topic.ID != (TopicID{}) || topic.Partitions[1].Replicas[0] != 2 {
		t.Errorf("topic of version 1: %+v, %v", topic, err)
	}
	if e, err := DecodeConfigChange("p", []byte(`{"version":1,"entity_type":"topics","entity_name":"t"}`)); err != nil || e != (Entity{"topics", "t"}) {
		t.Errorf("config change of version 1: %+v, %v", e, err)
	}
	if b, err := DecodeController([]byte(`{"version":1,"brokerid":4,"timestamp":"1"}`)); b != 4 || err != nil {
		t.Errorf("controller of version 1: %d, %v", b, err)
	}
	if c, err := DecodeConfig("p", nil); len(c) != 0 || err != nil {
		t.Errorf("an empty configuration: %v, %v", c, err)
	}
}

// TestErrors: what cannot be read is named, with its place.
func TestErrors(t *testing.T) {
	p := TopicPartition{"t", 0}
	fail := map[string]func([]byte) error{
		"broker":     func(b []byte) error { _, err := DecodeBroker(1, b); return err },
		"topic":      func(b []byte) error { _, err := DecodeTopic("t", b); return err },
		"state":      func(b []byte) error { _, err := DecodeState(p, b); return err },
		"controller": func(b []byte) error { _, err := DecodeController(b); return err },
		"epoch":      func(b []byte) error { _, err := DecodeControllerEpoch(b); return err },
		"cluster":    func(b []byte) error { _, err := DecodeClusterID(b); return err },
		"block":      func(b []byte) error { _, err := DecodeProducerBlock(b); return err },
		"partitions": func(b []byte) error { _, err := DecodePartitions("/x", b); return err },
		"reassign":   func(b []byte) error { _, err := DecodeReassignments(b); return err },
		"change":     func(b []byte) error { _, err := DecodeConfigChange("/x", b); return err },
		"logdir":     func(b []byte) error { _, err := DecodeLogDirEvent("/x", b); return err },
	}
	for _, c := range []struct{ what, text, says string }{
		{"broker", `{`, "/brokers/ids/1"}, {"broker", `{"version":0}`, "versions begin with 1"},
		{"broker", `{"version":2,"endpoints":["h:9"]}`, "LISTENER://HOST:PORT"},
		{"broker", `{"version":2,"endpoints":["A://h:x"]}`, "/brokers/ids/1"},
		{"broker", `{"version":4,"endpoints":["A://h:1"],"listener_security_protocol_map":{"B":"SSL"}}`, "security protocol A"},
		{"broker", `{"version":1,"timestamp":"x"}`, "milliseconds"},
		{"topic", `{"partitions":{"1":[1]}}`, "want 0 to 0"}, {"topic", `{"topic_id":"??"}`, "topic ID"},
		{"state", `{"leader":1,"leader_epoch":1,"isr":[1]}`, "no controller_epoch"},
		{"state", `{"leader":1,"controller_epoch":1,"isr":[1]}`, "no leader_epoch"},
		{"state", `{"leader_epoch":1,"controller_epoch":1,"isr":[1]}`, "no leader"},
		{"state", `{"leader":1,"leader_epoch":1,"controller_epoch":1}`, "no isr"},
		{"controller", `{}`, "no brokerid"}, {"epoch", "one", "decimal"}, {"cluster", "{}", "no id"},
		{"block", `{"block_start":"","block_end":"3"}`, "decimal"}, {"partitions", `{}`, "no partitions"},
		{"reassign", `{}`, "no partitions"}, {"change", `{"version":3}`, "version 3"}, {"change", `{"version":2,"entity_path":"x"}`, "TYPE/NAME"},
		{"logdir", `{}`, "no broker"},
	} {
		if err := fail[c.what]([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s %s: %v, want something about %q", c.what, c.text, err, c.says)
		}
	}
}

// TestRoundTrip: what is written is read back the same.
func TestRoundTrip(t *testing.T) {
	list := rapid.SliceOfN(rapid.Int32Range(0, 9), 1, 5)
	rapid.Check(t, func(t *rapid.T) {
		state := &State{rapid.Int32Range(-1, 9).Draw(t, "leader"), rapid.Int32Min(0).Draw(t, "epoch"), list.Draw(t, "isr"), rapid.Bool().Draw(t, "recovering"), rapid.Int32Min(0).Draw(t, "controller")}
		if got, err := DecodeState(TopicPartition{"t", 0}, state.Encode()); err != nil || !got.Equal(state) || !slices.Equal(got.Isr, state.Isr) {
			t.Fatalf("%+v came back as %+v, %v", state, got, err)
		}
		topic := &Topic{ID: TopicID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))}
		for range rapid.IntRange(0, 25).Draw(t, "partitions") {
			topic.Partitions = append(topic.Partitions, Assignment{list.Draw(t, "replicas"), list.Draw(t, "adding"), list.Draw(t, "removing")})
		}
		if got, err := DecodeTopic("t", topic.Encode()); err != nil || got.ID != topic.ID || !slices.EqualFunc(got.Partitions, topic.Partitions, Assignment.Equal) {
			t.Fatalf("%+v came back as %+v, %v", topic, got, err)
		}
		config := rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "config")
		if got, err := DecodeConfig("/x", EncodeConfig(config)); err != nil || !maps.Equal(got, config) {
			t.Fatalf("%v came back as %v, %v", config, got, err)
		}
		block := ProducerBlock{rapid.Int32().Draw(t, "broker"), rapid.Int64().Draw(t, "start"), rapid.Int64().Draw(t, "end")}
		if got, err := DecodeProducerBlock(block.Encode()); err != nil || got != block {
			t.Fatalf("%+v came back as %+v, %v", block, got, err)
		}
	})
}

func TestAssignment(t *testing.T) {
	a := Assignment{[]int32{4, 1, 2}, []int32{4}, []int32{1}}
	if !a.Reassigning() || !slices.Equal(a.Target(), []int32{4, 2}) || !slices.Equal(a.Original(), []int32{1, 2}) {
		t.Errorf("%+v: from %v to %v", a, a.Original(), a.Target())
	}
}
