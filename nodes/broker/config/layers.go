package config

import (
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Source is where a value comes from, numbered as DescribeConfigs numbers it.
type Source = kmsg.ConfigSource

// Layers are what is said of a broker, or of a topic on it, the most specific first. In
// each a key that is not there says nothing.
type Layers struct {
	// Topic is what a topic says for itself (/config/topics), Broker what is said of one
	// broker and Cluster of all that say nothing else (/config/brokers), Static what the
	// broker was started with.
	Topic, Broker, Cluster, Static map[string]string
}

// Synonym is one of the sayings that a value was chosen from.
type Synonym struct {
	Name, Value string
	Null        bool
	Source      Source
}

// Synonyms lists what is said of a key, in order of precedence: the first holds. A key of
// topics has those of the broker's key behind it. Values are in the units of the key of
// their own name.
func (l *Layers) Synonyms(k *Key) []Synonym {
	var list []Synonym
	say := func(name string, in map[string]string, from Source) {
		if value, said := in[name]; said {
			list = append(list, Synonym{Name: name, Value: value, Source: from})
		}
	}
	broker := k
	if k.ofTopic {
		say(k.Name, l.Topic, kmsg.ConfigSourceDynamicTopicConfig)
		broker = Brokers.Lookup(k.Broker)
	}
	if broker != nil {
		names := []string{broker.Name}
		for _, older := range broker.Older {
			names = append(names, older.Name)
		}
		for _, layer := range []struct {
			says map[string]string
			from Source
		}{
			{l.Broker, kmsg.ConfigSourceDynamicBrokerConfig}, {l.Cluster, kmsg.ConfigSourceDynamicDefaultBrokerConfig},
			{l.Static, kmsg.ConfigSourceStaticBrokerConfig},
		} {
			for _, name := range names {
				say(name, layer.says, layer.from)
			}
		}
		for _, name := range names {
			if b := Brokers.Lookup(name); !b.Null {
				list = append(list, Synonym{Name: name, Value: b.Default, Source: kmsg.ConfigSourceDefaultConfig})
			}
		}
		return list
	}
	return append(list, Synonym{Name: k.Name, Value: k.Default, Null: k.Null, Source: kmsg.ConfigSourceDefaultConfig})
}

// Value is what holds, in the units of the key; ok is false if nothing does.
func (l *Layers) Value(k *Key) (value string, from Source, ok bool) {
	all := l.Synonyms(k)
	if len(all) == 0 || all[0].Null {
		return "", kmsg.ConfigSourceDefaultConfig, false
	}
	first := all[0]
	return k.inUnitsOf(first.Name, first.Value), first.Source, true
}

// inUnitsOf converts a value that is said by an older key. Below zero there is no unit: it
// means that there is no bound.
func (k *Key) inUnitsOf(name, value string) string {
	b := k
	if k.Broker != "" {
		b = Brokers.Lookup(k.Broker)
	}
	for _, older := range b.Older {
		if older.Name == name {
			if n, err := strconv.ParseInt(value, 10, 64); err == nil && n >= 0 {
				return strconv.FormatInt(n*older.Unit, 10)
			}
			return value
		}
	}
	return k.Canonical(value)
}

// inherited is the default that a key has from the older ones.
func (k *Key) inherited() string {
	for _, older := range k.Older {
		for _, all := range [][]Key{logKeys, absentKeys} {
			for _, b := range all {
				if b.Name == older.Name && !b.Null {
					return k.inUnitsOf(b.Name, b.Default)
				}
			}
		}
	}
	return k.Default
}
