package stampede

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestDrawnKnobsAreValidAndSurviveTheirText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		drawn := drawKnobs(r)
		if rapid.Bool().Draw(t, "brokers") {
			drawn.drawBrokers(r)
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
