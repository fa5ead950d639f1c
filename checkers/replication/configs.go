package replication

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
)

// configs are what the znodes say of topics and brokers, and how long a broker has gone by
// something else though all else has come to rest.
type configs struct {
	// said is by entity, "topics/orders" or "brokers/<default>".
	said map[string]map[string]string
	// behind is who goes by what, in words, and since is when that was first seen.
	behind string
	since  time.Duration
}

// entityOf is the entity that has a znode, of those that are followed here.
func entityOf(path string) (string, bool) {
	entity, ok := strings.CutPrefix(path, "/config/")
	kind, name, _ := strings.Cut(entity, "/")
	return entity, ok && (kind == "topics" || kind == "brokers") && name != "" && !strings.Contains(name, "/")
}

// said follows the configurations of topics and brokers.
func (c *Checker) said(entity string, data []byte) {
	var v struct {
		Config map[string]string `json:"config"`
	}
	if len(data) > 0 && !parse(data, &v) {
		return
	}
	c.configs.said[entity] = v.Config
	if strings.HasPrefix(entity, "brokers/") {
		c.brokersConfigured(v.Config)
	}
}

// brokersConfigured: what is said of brokers holds for all topics that say nothing else. A
// broker hears of a change some time after it was written, so it may go by any former one,
// too: of each bound the loosest is kept.
func (c *Checker) brokersConfigured(says map[string]string) {
	if n, err := strconv.Atoi(says["min.insync.replicas"]); err == nil {
		c.cfg.MinInsync = min(c.cfg.MinInsync, n)
		for _, s := range c.settings { //sim:unordered each for itself
			if s.open {
				s.min = min(s.min, n)
			}
		}
	}
	c.cfg.Compacts = c.cfg.Compacts || strings.Contains(says["log.cleanup.policy"], "compact")
	c.cfg.Deletes = c.cfg.Deletes || strings.Contains(says["log.cleanup.policy"], "delete")
	c.cfg.CompactionLagMillis = lower(c.cfg.CompactionLagMillis, says["log.cleaner.min.compaction.lag.ms"])
	c.cfg.RetentionBytes = lower(c.cfg.RetentionBytes, says["log.retention.bytes"])
	c.cfg.DeleteRetentionMillis = lower(c.cfg.DeleteRetentionMillis, says["log.cleaner.delete.retention.ms"])
	if says["unclean.leader.election.enable"] != "true" {
		return
	}
	c.cfg.Unclean = true
	for _, name := range slices.Sorted(maps.Keys(c.topics)) {
		for _, p := range c.topics[name].sorted() {
			p.unclean = p.unclean || c.mayBeUnclean(p)
		}
	}
}

// wants is what a broker must go by when all has come to rest: what is said of all brokers,
// of itself, and of the topics of which it has replicas.
func (m *member) wants() []string {
	entities := []string{"brokers/<default>", "brokers/" + strconv.Itoa(int(m.ID))}
	for _, name := range slices.Sorted(maps.Keys(m.open)) {
		topic, _, ok := split(name)
		if entity := "topics/" + topic; ok && !slices.Contains(entities, entity) {
			entities = append(entities, entity)
		}
	}
	return entities
}

// unfollowed is the first broker that goes by something else than the znodes say, or tells
// clients so, "" if none does. To be behind is what a healed cluster is allowed for a while,
// and no longer.
func (c *Checker) unfollowed() string {
	if m := c.byID[c.controller.broker]; m != nil {
		if what := c.undone(); what != "" {
			return c.lags(m, AskedIsDone, fmt.Sprintf("%s, the controller, leaves %s undone", m.Name, what))
		}
	}
	for _, m := range c.brokers {
		for _, entity := range m.wants() {
			if said, taken := c.configs.said[entity], m.taken[entity]; !maps.Equal(said, taken) {
				return c.lags(m, ConfigFollowed, fmt.Sprintf("%s goes by {%v} of %s, of which the znode says {%v}", m.Name, taken, entity, facts.Settings(said)))
			}
		}
	}
	return c.uninformed()
}

// lags takes note of a broker that is behind, and breaks a guarantee if it stays so.
func (c *Checker) lags(m *member, id, how string) string {
	if c.configs.behind != how {
		c.configs.behind, c.configs.since = how, c.now.at
	}
	if c.cfg.Patience > 0 && c.now.at-c.configs.since > c.cfg.Patience {
		c.now = moment{step: c.now.step, at: c.now.at, rest: true}
		c.fail(m.Name, id, how)
	}
	return how
}
