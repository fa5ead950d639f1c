package config

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"
)

// stock is what Kafka comes with, less its comments.
const stock = `broker.id=0
num.network.threads=3
num.io.threads=8
socket.send.buffer.bytes=102400
socket.receive.buffer.bytes=102400
socket.request.max.bytes=104857600
log.dirs=/tmp/kafka-logs
num.partitions=1
num.recovery.threads.per.data.dir=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
log.retention.hours=168
log.segment.bytes=1073741824
log.retention.check.interval.ms=300000
zookeeper.connect=localhost:2181
zookeeper.connection.timeout.ms=18000
group.initial.rebalance.delay.ms=0
`

// file reads a text as server.properties.
func file(text string) (*File, error) {
	return Parse("server.properties", func(string) (string, error) { return text, nil })
}

func TestTheFileThatKafkaComesWith(t *testing.T) {
	f, err := file(stock)
	if err != nil || f.Warnings != nil {
		t.Fatal(err, f.Warnings)
	}
	if f.Values()["group.initial.rebalance.delay.ms"] != "0" || len(f.Set)+len(f.Ignored) != 18 {
		t.Errorf("%v\n%v", f.Set, f.Ignored)
	}
	if !IsBrokers(stock) || IsBrokers("tickTime=2000\nclientPort=2181\nserver.1=a:1:2\n") {
		t.Error("a broker's file is not told from a coordinator's")
	}
}

func TestErrorsNameTheLine(t *testing.T) {
	for _, c := range []struct{ add, want string }{
		{"num.partitions=1", "server.properties:19: num.partitions is set twice, before at server.properties:8"},
		{"num.partitions=1", "num.partitions"},
		{"log.segment.bytes", "server.properties:19: log.segment.bytes is set twice"},
		{"min.insync.replicas=0", "server.properties:19: min.insync.replicas: 0 is out of range; want 1 or more, as int"},
		{"min.insync.replicas=many", `server.properties:19: min.insync.replicas: "many" is no whole number`},
		{"message.max.bytes=3000000000", "message.max.bytes: 3000000000 is out of range; want 0 or more, as int"},
		{"log.retention.bytes=99999999999999999999", "log.retention.bytes: 99999999999999999999 is no long; want -1 or more, as long"},
		{"unclean.leader.election.enable=yes", `unclean.leader.election.enable: "yes" is neither true nor false`},
		{"log.cleanup.policy=compact, shred", `log.cleanup.policy: "shred" is none of compact, delete`},
		{"log.cleanup.policy=", "log.cleanup.policy: is empty; want some of compact, delete"},
		{"log.message.timestamp.type=Now", `log.message.timestamp.type: "Now" is none of CreateTime, LogAppendTime`},
		{"log.cleaner.min.cleanable.ratio=1.5", "log.cleaner.min.cleanable.ratio: 1.5 is out of range; want 0 to 1"},
		{"log.cleaner.min.cleanable.ratio=half", `log.cleaner.min.cleanable.ratio: "half" is no number`},
		{"compression.type=lzo", `compression.type: "lzo" is none of uncompressed, zstd, lz4, snappy, gzip, producer`},
		{"offsets.topic.compression.codec=5", "offsets.topic.compression.codec: 5 is out of range; want 0 to 4"},
		{"process.roles=broker", `process.roles: only "" is taken: the metadata is in ZooKeeper`},
		{"controller.quorum.election.timeout.ms=1", "controller.quorum.election.timeout.ms: may not be set: the metadata"},
		{"replica.fetch.wait.max.ms=30000", "server.properties:19: replica.fetch.wait.max.ms is 30000 and replica.lag.time.max.ms is 30000: a follower that"},
		{"group.max.session.timeout.ms=5999", "server.properties:19: group.min.session.timeout.ms is 6000 and group.max.session.timeout.ms is 5999"},
		{"log.retention.ms=0", "server.properties:19: log.retention.ms: 0 is out of range; want 1 or more, or -1 for ever"},
		{"listeners=SSL://:9093", "server.properties:19: listeners: SSL speaks SSL; want PLAINTEXT or SASL_PLAINTEXT"},
		{"listeners=PLAINTEXT://:1,SASL_PLAINTEXT://:2", "server.properties:19: sasl.enabled.mechanisms: listener SASL_PLAINTEXT would offer GSSAPI, which is not here"},
		{"listeners=SASL_PLAINTEXT://:2\nsasl.enabled.mechanisms=PLAIN\nsecurity.inter.broker.protocol=SASL_PLAINTEXT", "server.properties:21: brokers speak SASL_PLAINTEXT among themselves; want PLAINTEXT"},
		{"listeners=A://:1\nlistener.security.protocol.map=A:SASL_PLAINTEXT\nsasl.enabled.mechanisms=PLAIN\ninter.broker.listener.name=a", "server.properties:22: brokers speak SASL_PLAINTEXT among themselves"},
		{"sasl.mechanism.inter.broker.protocol=PLAIN", `only "GSSAPI" is taken: brokers know one another`},
		{"super.users=User:a;b", `server.properties:19: super.users: "b" is no principal, as User:name`},
		{"authorizer.class.name=my.Own", `"my.Own" is none of , kafka.security.authorizer.AclAuthorizer`},
		{"listeners=PLAINTEXT://:9092,PLAINTEXT://:9093", "listeners: there are two listeners PLAINTEXT"},
		{"listeners=PLAINTEXT://:9092,REPLICATION://:9092", "listeners: two listeners have port 9092"},
		{"listeners=PLAINTEXT://:9092,REPLICATION://:9093", "listener.security.protocol.map does not say what REPLICATION speaks"},
		{"listeners=9092", `listeners: "9092" is no NAME://host:port`},
		{"advertised.listeners=OUTSIDE://a:1", "advertised.listeners: there is no listener OUTSIDE"},
		{"inter.broker.listener.name=REPLICATION", "inter.broker.listener.name: there is no listener REPLICATION"},
		{"inter.broker.listener.name=PLAINTEXT\nsecurity.inter.broker.protocol=PLAINTEXT", "are both set"},
		{`num.io.threads=\u12`, `server.properties:19: \u12: want four`},
	} {
		if _, err := file(stock + c.add); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.add, err, c.want)
		}
	}
	if _, err := file("broker.id=1\n"); err == nil || err.Error() != "server.properties: zookeeper.connect is not set" {
		t.Error(err)
	}
	if _, err := file("zookeeper.connect=a:x\n"); err == nil || !strings.Contains(err.Error(), `:1: zookeeper.connect: "a:x" is no host:port`) {
		t.Error(err)
	}
	if _, err := Parse("gone", func(string) (string, error) { return "", errors.New("no such file") }); err == nil {
		t.Error("a file that is not there is read")
	}
}

// Clients log in where a listener asks them to, and by nothing else.
func TestLogins(t *testing.T) {
	for _, c := range []struct{ add, want string }{
		{"sasl.enabled.mechanisms=PLAIN", ""},
		{"listeners=PLAINTEXT://:1,SASL_PLAINTEXT://:2\nsasl.enabled.mechanisms=SCRAM-SHA-512, PLAIN", "SCRAM-SHA-512 PLAIN"},
	} {
		f, err := file(stock + c.add)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(f.Logins(), " "); got != c.want {
			t.Errorf("%s: clients log in by %q, want %q", c.add, got, c.want)
		}
	}
}

func TestWarnings(t *testing.T) {
	f, err := file(stock + "num.partition=3\nmin.insync.replicas=2\nmy.plugin=x\nlistener.security.protocol.map=PLAINTEXT:PLAINTEXT\nsuper.users=User:a\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"server.properties:19: num.partition is unknown and ignored; did you mean num.partitions?",
		"server.properties:21: my.plugin is unknown and ignored",
		"server.properties:20: default.replication.factor is 1, and min.insync.replicas is 2: what wants all acknowledgements is refused",
		"server.properties:10: offsets.topic.replication.factor is 1, and min.insync.replicas is 2: what wants all acknowledgements is refused",
		"server.properties:23: super.users says nothing without authorizer.class.name",
	}
	if !slices.Equal(f.Warnings, want) {
		t.Errorf("got %s", strings.Join(f.Warnings, "\n"))
	}
}

// What is said in hours yields to minutes, and those to milliseconds; what is said of a
// topic, of a broker and of all brokers precedes what a broker was started with.
func TestPrecedence(t *testing.T) {
	k := Topics.Lookup("retention.ms")
	l := Layers{}
	for _, c := range []struct {
		say    func()
		value  string
		source kmsg.ConfigSource
	}{
		{func() {}, "604800000", kmsg.ConfigSourceDefaultConfig},
		{func() { l.Static = map[string]string{"log.retention.hours": "2"} }, "7200000", kmsg.ConfigSourceStaticBrokerConfig},
		{func() { l.Static["log.retention.minutes"] = "3" }, "180000", kmsg.ConfigSourceStaticBrokerConfig},
		{func() { l.Static["log.retention.ms"] = "4" }, "4", kmsg.ConfigSourceStaticBrokerConfig},
		{func() { l.Cluster = map[string]string{"log.retention.ms": "5"} }, "5", kmsg.ConfigSourceDynamicDefaultBrokerConfig},
		{func() { l.Broker = map[string]string{"log.retention.ms": "6"} }, "6", kmsg.ConfigSourceDynamicBrokerConfig},
		{func() { l.Topic = map[string]string{"retention.ms": "-1"} }, "-1", kmsg.ConfigSourceDynamicTopicConfig},
	} {
		c.say()
		if value, source, ok := l.Value(k); value != c.value || source != c.source || !ok {
			t.Errorf("%+v: %s from %v, want %s from %v", l, value, source, c.value, c.source)
		}
	}
	var names []string
	for _, s := range l.Synonyms(k) {
		names = append(names, s.Name+"="+s.Value)
	}
	want := "retention.ms=-1 log.retention.ms=6 log.retention.ms=5 log.retention.ms=4 log.retention.minutes=3 log.retention.hours=2 log.retention.hours=168"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("synonyms %s\nwant     %s", got, want)
	}
	if _, _, ok := l.Value(Brokers.Lookup("broker.rack")); ok {
		t.Error("a broker without a rack has one")
	}
	if value, _, _ := l.Value(Topics.Lookup("remote.storage.enable")); value != "false" {
		t.Error("a key of topics alone has no default")
	}
}

// The table keeps to its own rules: names are there once, defaults are allowed, what
// others refer to exists, and what has no effect has a reason.
func TestTheTable(t *testing.T) {
	for _, table := range []Table{Brokers, Topics} {
		for i, k := range table.Keys() {
			if i > 0 && table.Keys()[i-1].Name >= k.Name {
				t.Errorf("%s is there twice", k.Name)
			}
			if err := k.Check(k.Default); err != nil && !k.Null {
				t.Errorf("%s: the default %q %v", k.Name, k.Default, err)
			}
			if k.Doc == "" || (k.Use == Works) != (k.Why == "") {
				t.Errorf("%s: doc %q, why %q", k.Name, k.Doc, k.Why)
			}
			if k.Topic != "" && Topics.Lookup(k.Topic) == nil || k.Broker != "" && Brokers.Lookup(k.Broker).Topic != k.Name {
				t.Errorf("%s: topic %q, broker %q", k.Name, k.Topic, k.Broker)
			}
			for _, older := range k.Older {
				if o := Brokers.Lookup(older.Name); o == nil || o.Mode != ReadOnly || o.Use != k.Use {
					t.Errorf("%s: %s", k.Name, older.Name)
				}
			}
		}
	}
}

func TestValues(t *testing.T) {
	for _, c := range []struct{ key, value, canonical string }{
		{"log.cleanup.policy", " compact , delete,", "compact,delete"}, {"unclean.leader.election.enable", "TRUE ", "true"},
		{"num.partitions", "007", "7"}, {"log.cleaner.min.cleanable.ratio", " .25", ".25"}, {"super.users", "", ""},
	} {
		k := Brokers.Lookup(c.key)
		if err := k.Check(c.value); err != nil || k.Canonical(c.value) != c.canonical {
			t.Errorf("%s=%q: %q, %v", c.key, c.value, k.Canonical(c.value), err)
		}
	}
	for _, c := range []struct {
		text string
		n    int64
		ok   bool
	}{{"0.5", 500, true}, {"1", 1000, true}, {".1239", 123, true}, {"-0.25", -250, true}, {"1.x", 0, false}, {".", 0, false}, {"1e3", 0, false}} {
		if n, ok := Permille(c.text); ok != c.ok || ok && n != c.n {
			t.Errorf("%s is %d, %v", c.text, n, ok)
		}
	}
}

// A file that is right means the same when it is printed and read again.
func TestPrintedFilesReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := "zookeeper.connect=a:1,b:2/c\n"
		for _, k := range Brokers.Keys() {
			if k.Use == Works && !k.Null && k.Name != "zookeeper.connect" && rapid.IntRange(0, 3).Draw(t, k.Name) == 0 {
				text += k.Name + " : " + k.Default + "\n"
			}
		}
		f, err := file(text)
		if err != nil {
			t.Fatal(err)
		}
		again, err := file(f.String())
		if err != nil || !maps.Equal(f.Values(), again.Values()) {
			t.Fatalf("%s\nreads as %v, %v", f, again, err)
		}
	})
}

// FuzzParse: whatever a file holds, it is read or refused, and what is read can be printed
// and read again.
func FuzzParse(f *testing.F) {
	f.Add(stock)
	f.Add("zookeeper.connect=a:1\nlisteners=A://:1,B://:2\nlistener.security.protocol.map=A:PLAINTEXT,B:PLAINTEXT\ninter.broker.listener.name=B\n")
	f.Add("log.retention.ms = 1\\\n  00\nlog.roll.hours:2\n\\u006a=1")
	f.Fuzz(func(t *testing.T, text string) {
		read, err := file(text)
		if err != nil {
			return
		}
		again, err := file(read.String())
		if err != nil || !maps.Equal(read.Values(), again.Values()) {
			t.Fatalf("%q\nreads as %v (%v)\nand was %v", read.String(), again, err, read.Values())
		}
	})
}
