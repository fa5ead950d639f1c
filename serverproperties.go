package stampede

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/config"
	"github.com/stampede-sim/stampede/nodes/node"
)

// ownKnobs are the keys of server.properties for which a run has knobs: what follows from
// them, as the time in which a cluster must have recovered, follows from the knobs.
var ownKnobs = map[string]struct {
	knob string
	unit time.Duration // of a duration
}{
	"default.replication.factor": {"replication", 0}, "min.insync.replicas": {"min-insync", 0}, "unclean.leader.election.enable": {"unclean", 0},
	"replica.lag.time.max.ms": {"replica-lag", time.Millisecond}, "replica.fetch.wait.max.ms": {"replica-wait", time.Millisecond},
	"replica.fetch.backoff.ms": {"replica-backoff", time.Millisecond}, "zookeeper.session.timeout.ms": {"broker-session", time.Millisecond},
	"log.segment.bytes": {"segment-bytes", 0}, "log.index.interval.bytes": {"index-bytes", 0},
	"replica.high.watermark.checkpoint.interval.ms": {"mark-interval", time.Millisecond}, "request.timeout.ms": {"request-timeout", time.Millisecond},
}

// runsOwn are keys that a run decides: where a broker is, and how the topic of offsets
// is made, which must suit the number of brokers.
var runsOwn = []string{
	"broker.id", "broker.rack", "zookeeper.connect", "listeners", "advertised.listeners", "listener.security.protocol.map",
	"inter.broker.listener.name", "security.inter.broker.protocol",
	"offsets.topic.num.partitions", "offsets.topic.replication.factor", "offsets.topic.segment.bytes",
}

// BrokerKnobsOf turns a configuration of Kafka into the knobs of runs on such brokers, as
// words for [PlanOptions]. What the file leaves open a seed decides, or else it is as in
// Kafka; of one broker the file is, and all of a run's are configured like it.
func BrokerKnobsOf(f *config.File) (words []string) {
	rest := url.Values{}
	for _, p := range f.Set {
		own, has := ownKnobs[p.Name]
		switch {
		case slices.Contains(runsOwn, p.Name):
		case !has:
			rest.Set(p.Name, p.Value)
		case own.unit > 0:
			n, _ := strconv.ParseInt(p.Value, 10, 64)
			words = append(words, fmt.Sprintf("%s=%v", own.knob, time.Duration(n)*own.unit))
		default:
			words = append(words, own.knob+"="+p.Value)
		}
	}
	if n, err := strconv.Atoi(f.Values()["default.replication.factor"]); err == nil {
		words = append([]string{fmt.Sprintf("brokers=%d", max(3, n))}, words...)
	}
	if len(rest) > 0 {
		words = append(words, "server-properties="+rest.Encode())
	}
	return words
}

// serverProperties is the knob of all keys that have none of their own: KEY=VALUE&KEY=VALUE,
// as in the query of a URL.
var serverProperties = feature(knob{
	name: "server-properties", doc: "keys of server.properties for all brokers, as in log.retention.ms=5000&log.cleanup.policy=compact%2Cdelete",
	get: func(k *Knobs) string { return k.Properties },
	set: func(k *Knobs, s string) error {
		values, err := readProperties(s)
		if err != nil {
			return err
		}
		for _, name := range config.Brokers.Names() {
			value, said := values[name]
			if own, has := ownKnobs[name]; said && has {
				return fmt.Errorf("for %s there is the knob %s", name, own.knob)
			}
			if said && slices.Contains(runsOwn, name) {
				return fmt.Errorf("%s is decided by the run", name)
			}
			if key := config.Brokers.Lookup(name); said {
				if err := key.Check(value); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
			delete(values, name)
		}
		for name := range values { //sim:unordered any of them will do
			return fmt.Errorf("brokers have no key %s", name)
		}
		k.Properties = s
		return nil
	},
})

// readProperties reads the value of the knob.
func readProperties(s string) (map[string]string, error) {
	query, err := url.ParseQuery(s)
	if err != nil || strings.ContainsAny(s, " \t\n") {
		return nil, errors.New("want KEY=VALUE&KEY=VALUE, as in the query of a URL")
	}
	values := map[string]string{}
	for name, list := range query { //sim:unordered into a map
		if len(list) != 1 {
			return nil, fmt.Errorf("%s is there %d times", name, len(list))
		}
		values[name] = list[0]
	}
	return values, nil
}

// configured gives a broker the keys of the knob.
func (b BrokerKnobs) configured(cfg broker.Config) (broker.Config, error) {
	if b.Properties == "" {
		return cfg, nil
	}
	values, err := readProperties(b.Properties)
	if err != nil {
		return cfg, err
	}
	if cfg, err = cfg.Configured(values); err != nil {
		return cfg, err
	}
	return cfg, cfg.Validate()
}

// checkProperties reports keys that a run's brokers cannot have together with its knobs.
func (k Knobs) checkProperties() error {
	if k.Properties == "" {
		return nil
	}
	if _, err := k.configured(k.brokerConfig(1, []node.ID{0})); err != nil {
		return fmt.Errorf("knob server-properties=%s: %w", k.Properties, err)
	}
	return nil
}
