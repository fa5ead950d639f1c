package broker_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/acl"
	"github.com/stampede-sim/stampede/nodes/broker/client"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
)

// TestNoticesArePurged makes changes of three kinds, a while apart: those whose notification
// is old are deleted when the next comes, in each directory for itself, and everybody has
// followed all of them.
func TestNoticesArePurged(t *testing.T) {
	c := newCluster(t, 2, func(cfg *broker.Config) {
		cfg.Access = &acl.Config{SuperUsers: []string{"User:ANONYMOUS"}}
		cfg.ChangeRetention = 10 * time.Second
	})
	c.run(5 * time.Second)
	a := c.application().NewAdmin()
	a.CreateTopic(client.NewTopic{Name: "t", Partitions: 1, Replication: 1}, func(client.Done) {})
	c.run(2 * time.Second)
	value := "1000000"
	for i := range 6 {
		at, done := fmt.Sprintf("topic-%d", i), 0
		count := func(d client.Done) {
			if d.Outcome == client.Succeeded {
				done++
			}
		}
		a.CreateACLs([]acl.Binding{binding(aTopic, at, acl.Literal, "User:a", mayWrite, allow), binding(aTopic, at, acl.Prefixed, "User:a", mayWrite, allow)}, count)
		a.SetTopicConfig("t", []client.Setting{{Name: "segment.bytes", Value: &value}}, count)
		c.run(4 * time.Second)
		if done != 2 {
			t.Fatalf("%d of two changes were made", done)
		}
	}
	purged, cached := map[string]int{}, 0
	for _, f := range c.facts {
		switch f.Event.Kind {
		case facts.NoticePurged:
			purged[f.Event.Text[:strings.LastIndexByte(f.Event.Text, '/')]]++
		case facts.EntriesCached:
			cached++
		}
	}
	// Of six every four seconds, the first three are older than ten when the last one comes;
	// both brokers may have deleted each.
	for _, dir := range []string{"/kafka-acl-changes", "/kafka-acl-extended-changes", "/config/changes"} {
		if n := purged[dir]; n < 3 || n > 6 {
			t.Errorf("%d notifications of %s were purged", n, dir)
		}
	}
	if cached != 24 || len(purged) != 3 {
		t.Errorf("%d lists of entries were taken, want 24; purged in %v", cached, slices.Sorted(maps.Keys(purged)))
	}
}
