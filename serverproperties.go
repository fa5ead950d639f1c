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
	"compression.type": {"compression-type", 0}, "offsets.topic.compression.codec": {"offsets-codec", 0},
	"log.segment.bytes": {"segment-bytes", 0}, "log.index.interval.bytes": {"index-bytes", 0},
	"replica.high.watermark.checkpoint.interval.ms": {"mark-interval", time.Millisecond}, "request.timeout.ms": {"request-timeout", time.Millisecond},
	"max.incremental.fetch.session.cache.slots": {"fetch-sessions", 0}, "allow.everyone.if.no.acl.found": {"open-access", 0},
	// Of these a knob says something else than the key, see clientKnobs.
	"authorizer.class.name": {"access", 0}, "sasl.enabled.mechanisms": {"sasl", 0}, "replica.selector.class": {"follower-reads", 0},
}

// runsOwn are keys that a run decides: where a broker is, how the topic of offsets is made,
// which must suit the number of brokers, and which of its clients may do everything.
var runsOwn = []string{
	"super.users",
	"broker.id", "broker.rack", "zookeeper.connect", "listeners", "advertised.listeners", "listener.security.protocol.map",
	"inter.broker.listener.name", "security.inter.broker.protocol",
	"offsets.topic.num.partitions", "offsets.topic.replication.factor", "offsets.topic.segment.bytes",
}

// DecidedByRun reports whether a run decides a key whatever a file says.
func DecidedByRun(key string) bool { return slices.Contains(runsOwn, key) }

// BrokerKnobsOf turns a configuration of Kafka into the knobs of runs on such brokers, as
// words for [PlanOptions]. What the file leaves open a seed decides, or else it is as in
// Kafka; of one broker the file is, and all of a run's are configured like it.
func BrokerKnobsOf(f *config.File) (words []string) {
	rest := url.Values{}
	for _, p := range f.Set {
		own, has := ownKnobs[p.Name]
		switch {
		case DecidedByRun(p.Name), slices.Contains(clientKeys, p.Name):
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
	words = append(words, clientKnobs(f)...)
	if len(rest) > 0 {
		words = append(words, "server-properties="+rest.Encode())
	}
	return words
}

// clientKeys are those of which clients must know as much as brokers do.
var clientKeys = []string{
	"authorizer.class.name", "allow.everyone.if.no.acl.found", "sasl.enabled.mechanisms", "replica.selector.class",
	"max.incremental.fetch.session.cache.slots",
}

// kafkasFetchIdle is how long a session of fetches is safe in Kafka, where no key says so.
const kafkasFetchIdle = 2 * time.Minute

// clientKnobs are the knobs that a file turns for brokers and clients both: who may do what,
// how clients prove who they are, whom they read from, and in which sessions.
func clientKnobs(f *config.File) (words []string) {
	values := f.Values()
	if class, said := values["authorizer.class.name"]; said {
		words = append(words, fmt.Sprintf("access=%v", class != ""))
		if class != "" {
			words = append(words, fmt.Sprintf("open-access=%v", values["allow.everyone.if.no.acl.found"] == "true"))
		}
	}
	if mechanisms := f.Logins(); len(mechanisms) > 0 {
		words = append(words, "sasl="+mechanisms[0])
	}
	if class, said := values["replica.selector.class"]; said {
		words = append(words, fmt.Sprintf("follower-reads=%v", strings.HasSuffix(class, ".RackAwareReplicaSelector")))
	}
	if slots, said := values["max.incremental.fetch.session.cache.slots"]; said {
		words = append(words, "fetch-sessions="+slots)
		if slots != "0" {
			words = append(words, fmt.Sprintf("fetch-idle=%v", kafkasFetchIdle))
		}
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
			if said && DecidedByRun(name) {
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
