package client

import (
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

func TestConfigValidate(t *testing.T) {
	tests := []struct {
		name string
		cfg  Config
		want string
	}{
		{"no servers", Config{SessionTimeout: time.Second}, "no servers"},
		{"no session timeout", Config{Servers: []node.ID{1}}, "at least 1ms"},
		{"negative", Config{Servers: []node.ID{1}, SessionTimeout: time.Second, OpTimeout: -1}, "negative timeout"},
	}
	for _, test := range tests {
		if err := test.cfg.Validate(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
	cfg := Config{Servers: []node.ID{1, 2, 3}, SessionTimeout: 6 * time.Second}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	if cfg.ConnectTimeout != 2*time.Second || cfg.RetryDelay != 600*time.Millisecond || cfg.Port != wire.ClientPort {
		t.Errorf("defaults %v, %v, %v; want 2s, 600ms, the client port", cfg.ConnectTimeout, cfg.RetryDelay, cfg.Port)
	}
}
