package broker

import (
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
)

func aConfig() Config {
	return Config{ID: 1, Hosts: map[string]node.ID{"b1": 3}, Coordinators: []node.ID{0}}
}

func TestConfigErrors(t *testing.T) {
	if err := aConfig().Validate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change func(*Config)
		says   string
	}{
		{func(c *Config) { c.ID = 0 }, "ID 0 is not in 1..62"},
		{func(c *Config) { c.ID = 63 }, "ID 63"},
		{func(c *Config) { c.ID = 2 }, "host b2"},
		{func(c *Config) { c.Coordinators = nil }, "no coordinator"},
		{func(c *Config) { c.ReplicaFetchWait = time.Minute }, "out of sync"},
		{func(c *Config) { c.SessionTimeout = -1 }, "SessionTimeout"},
		{func(c *Config) { c.MinInsync = -1 }, "MinInsync is -1"},
	} {
		cfg := aConfig()
		c.change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("want an error that says %q, got %v", c.says, err)
		}
	}
}

func TestAPIsAscend(t *testing.T) {
	rows := apis()
	for i := 1; i < len(rows); i++ {
		if rows[i-1].key >= rows[i].key {
			t.Errorf("%s comes before %s", rows[i-1].key.Name(), rows[i].key.Name())
		}
	}
}
