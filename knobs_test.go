package stampede

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/broker/config"
	"github.com/stampede-sim/stampede/nodes/broker/quota"
	"github.com/stampede-sim/stampede/nodes/node"
)

func TestDrawnKnobsAreValidAndSurviveTheirText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		drawn := drawKnobs(r)
		if rapid.Bool().Draw(t, "brokers") {
			drawn.drawBrokers(r)
			drawn.drawCodecs(r)
			drawn.drawBatches(r)
		}
		if err := drawn.Validate(); err != nil {
			t.Fatal(err)
		}
		var read Knobs
		for _, s := range drawn.Settings() {
			if err := read.Set(s.Name + "=" + s.Value); err != nil {
				t.Fatal(err)
			}
		}
		if read != drawn {
			t.Fatalf("read %+v\nwant %+v", read, drawn)
		}
	})
}

// TestEveryFieldIsAKnob keeps a new field from being forgotten in plans.
func TestEveryFieldIsAKnob(t *testing.T) {
	fields := reflect.TypeFor[Knobs]().NumField() - 1 + reflect.TypeFor[BrokerKnobs]().NumField() - 2 + reflect.TypeFor[GroupKnobs]().NumField() + reflect.TypeFor[CleaningKnobs]().NumField()
	if fields != len(knobs) {
		t.Errorf("%d fields, %d knobs", fields, len(knobs))
	}
	seen := map[string]bool{}
	for _, k := range knobs {
		if seen[k.name] {
			t.Errorf("two knobs are called %s", k.name)
		}
		seen[k.name] = true
	}
}

func TestNonsenseIsRefused(t *testing.T) {
	for _, c := range []struct{ word, want string }{
		{"servers", "want name=value"},
		{"sevrers=3", `unknown knob "sevrers"; knobs are servers,`},
		{"servers=0", "want a number from 1 to 7"},
		{"tick=0s", "want a duration from 1ms to 1m0s"},
		{"tick=fast", "want a duration"},
		{"snap-count=1", "want a number from 2"},
		{"wire=perhaps", "want true or false"},
		{"server-properties=log.retention.ms=soon", `log.retention.ms: "soon" is no whole number`},
		{"server-properties=min.insync.replicas=2", "for min.insync.replicas there is the knob min-insync"},
		{"server-properties=broker.id=2", "broker.id is decided by the run"},
		{"server-properties=no.such.key=2", "brokers have no key no.such.key"},
		{"server-properties=log.retention.ms=1&log.retention.ms=2", "log.retention.ms is there 2 times"},
		{"codec=lzo", "want none, gzip, snappy, lz4, zstd or mixed"},
		{"compression-type=none", "want one of uncompressed, zstd, lz4, snappy, gzip, producer"},
		{"server-properties=compression.type=zstd", "for compression.type there is the knob compression-type"},
		{"server-properties=a=%zz", "want KEY=VALUE&KEY=VALUE"},
	} {
		var k Knobs
		if err := k.Set(c.word); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want …%s…", c.word, err, c.want)
		}
	}
	valid := drawKnobs(rand.New(rand.NewPCG(1, 1)))
	for _, c := range []struct {
		change func(*Knobs)
		want   string
	}{
		{func(k *Knobs) { k.Servers = 4 }, "odd number of servers"},
		{func(k *Knobs) { k.NetLeast = k.NetMost + 1 }, "Net.Latency"},
		{func(k *Knobs) { k.DiskLeast = k.DiskMost + 1 }, "Disk.Sync"},
	} {
		k := valid
		c.change(&k)
		if err := k.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want …%s…", err, c.want)
		}
	}
}

// What a file of Kafka's says of clients and brokers both, a run's clients are told, too.
func TestKnobsOfAServerProperties(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"", ""},
		{"authorizer.class.name=kafka.security.authorizer.AclAuthorizer\nsuper.users=User:root\n", "access=true open-access=false"},
		{"authorizer.class.name=kafka.security.authorizer.AclAuthorizer\nallow.everyone.if.no.acl.found=true\n", "access=true open-access=true"},
		{"listeners=PLAINTEXT://:1,SASL_PLAINTEXT://:2\nsasl.enabled.mechanisms=SCRAM-SHA-256,PLAIN\n", "sasl=SCRAM-SHA-256"},
		{"sasl.enabled.mechanisms=PLAIN\n", ""},
		{"replica.selector.class=org.apache.kafka.common.replica.RackAwareReplicaSelector\n", "follower-reads=true"},
		{"replica.selector.class=org.apache.kafka.common.replica.LeaderSelector\n", "follower-reads=false"},
		{"max.incremental.fetch.session.cache.slots=5\n", "fetch-sessions=5 fetch-idle=2m0s"},
		{"max.incremental.fetch.session.cache.slots=0\n", "fetch-sessions=0"},
		{"quota.window.num=5\nquota.window.size.seconds=2\n", "server-properties=quota.window.num=5&quota.window.size.seconds=2"},
	} {
		f, err := config.Parse("server.properties", func(string) (string, error) { return "zookeeper.connect=zk:2181\n" + c.file, nil })
		if err != nil {
			t.Fatal(err)
		}
		words := BrokerKnobsOf(f)
		if got := strings.Join(words, " "); got != c.want {
			t.Errorf("%s becomes %s, want %s", c.file, got, c.want)
		}
		p, err := PlanFor("broker/access", 1, PlanOptions{Knobs: append(words, "access=true")})
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		cfg, err := p.Knobs.configured(p.Knobs.brokerConfig(1, []node.ID{0}))
		if err != nil {
			t.Fatal(err)
		}
		if p.configureAccess(&cfg); strings.Contains(c.want, "quota") && (cfg.QuotaWindows != quota.Windows{Number: 5, Size: 2 * time.Second}) {
			t.Errorf("use is measured over %+v", cfg.QuotaWindows)
		}
	}
}

// Where nobody is granted anything, nothing can be judged.
func TestAccessNeedsGrants(t *testing.T) {
	for _, c := range []struct {
		scenario string
		knobs    []string
		refused  bool
	}{
		{"broker/access", []string{"access=true", "open-access=false"}, false},
		{"broker/log", []string{"access=true"}, true},
		{"broker/log", []string{"access=true", "open-access=true"}, false},
	} {
		if _, err := PlanFor(c.scenario, 1, PlanOptions{Knobs: c.knobs}); (err != nil) != c.refused {
			t.Errorf("%s with %v: %v", c.scenario, c.knobs, err)
		}
	}
}

// Quotas have a knob of their own, and plans with access keep them without it.
func TestQuotasWithAndWithoutAccess(t *testing.T) {
	for _, c := range []struct {
		scenario, knob string
		holds          bool
	}{
		{"broker/log", "quotas=false", false},
		{"broker/log", "quotas=true", true},
		{"broker/access", "quotas=false", true},
		{"broker/quotas", "linger=0s", true},
	} {
		p, err := PlanFor(c.scenario, 1, PlanOptions{Knobs: []string{c.knob}})
		if err != nil {
			t.Fatal(err)
		}
		cfg := p.Knobs.brokerConfig(1, []node.ID{0})
		p.configureAccess(&cfg)
		if cfg.Quotas != c.holds || (cfg.Access != nil) != (c.scenario == "broker/access") {
			t.Errorf("%s with %s: quotas %v, access %v", c.scenario, c.knob, cfg.Quotas, cfg.Access)
		}
	}
}
