package config

import (
	"math"
	"slices"
	"strings"
)

// Kind is the type of a value, numbered as DescribeConfigs numbers it (KIP-569).
type Kind int8

// The types of values.
const (
	Boolean  Kind = 1
	String   Kind = 2
	Int      Kind = 3
	Long     Kind = 5
	Double   Kind = 6
	List     Kind = 7
	Class    Kind = 8
	Password Kind = 9
)

var kindNames = map[Kind]string{
	Boolean: "boolean", String: "string", Int: "int", Long: "long", Double: "double", List: "list", Class: "class", Password: "password",
}

// String is the type as Kafka's documentation calls it.
func (k Kind) String() string { return kindNames[k] }

// Mode says whether a key of brokers may be changed while they run.
type Mode int8

// The modes of change. What is ClusterWide may be said for one broker, too.
const (
	ReadOnly Mode = iota
	PerBroker
	ClusterWide
)

// String is the mode as Kafka's documentation calls it.
func (m Mode) String() string { return [...]string{"read-only", "per-broker", "cluster-wide"}[m] }

// Use says what a key does here.
type Use int8

const (
	// Works: it sets something.
	Works Use = iota
	// Idle: it is taken and changes nothing, for the reason in Key.Why.
	Idle
	// Absent: what it asks for is not here, as Key.Why says; only its default is taken.
	Absent
)

// Key is one key of a configuration.
type Key struct {
	Name string
	Kind Kind
	// Default is what holds if nobody says anything; Null, that nothing does.
	Default string
	Null    bool
	// Least and Most bound numbers, Words are all that a string or the items of a list may
	// be; nil for anything.
	Least, Most int64
	Words       []string
	Mode        Mode
	Use         Use
	Why         string
	// Topic is the key by which a topic overrides it, and of a key of topics (ofTopic)
	// Broker is the one that it overrides; "" for none.
	Topic, Broker string
	ofTopic       bool
	// Older are keys that say the same in another unit and yield to this one.
	Older []Older
	// Doc is one line about it.
	Doc string
}

// Older is a key that another one supersedes, and how much one of its units is.
type Older struct {
	Name string
	Unit int64
}

// null is the default of keys that have none.
const null = "\x00"

func key(kind Kind, name, value, doc string) Key {
	k := Key{Name: name, Kind: kind, Default: value, Doc: doc, Least: math.MinInt64, Most: math.MaxInt64}
	if value == null {
		k.Default, k.Null = "", true
	}
	if kind == Int {
		k.Least, k.Most = math.MinInt32, math.MaxInt32
	}
	return k
}

func boolean(name, value, doc string) Key { return key(Boolean, name, value, doc) }
func text(name, value, doc string) Key    { return key(String, name, value, doc) }
func class(name, value, doc string) Key   { return key(Class, name, value, doc) }
func double(name, value, doc string) Key  { return key(Double, name, value, doc) }

func number(name, value string, least int64, doc string) Key {
	k := key(Int, name, value, doc)
	k.Least = least
	return k
}

func long(name, value string, least int64, doc string) Key {
	k := key(Long, name, value, doc)
	k.Least = least
	return k
}

func choice(name, value, doc string, words ...string) Key {
	k := key(String, name, value, doc)
	k.Words = words
	return k
}

func list(name, value, doc string, words ...string) Key {
	k := key(List, name, value, doc)
	k.Words = words
	return k
}

func (k Key) upTo(most int64) Key { k.Most = most; return k }

// perBroker and dynamic say who may change it in a running broker.
func (k Key) perBroker() Key { k.Mode = PerBroker; return k }
func (k Key) dynamic() Key   { k.Mode = ClusterWide; return k }

// of names the key by which topics override it.
func (k Key) of(topic string) Key { k.Topic = topic; return k }

func (k Key) before(older ...Older) Key { k.Older = older; return k }

func (k Key) idle(why string) Key   { k.Use, k.Why = Idle, why; return k }
func (k Key) absent(why string) Key { k.Use, k.Why = Absent, why; return k }

// each marks several keys.
func each(keys []Key, mark func(Key) Key) []Key {
	for i := range keys {
		keys[i] = mark(keys[i])
	}
	return keys
}

// Table is a set of keys, by name.
type Table struct{ keys []Key }

func table(parts ...[]Key) Table {
	keys := slices.Concat(parts...)
	slices.SortFunc(keys, func(a, b Key) int { return strings.Compare(a.Name, b.Name) })
	return Table{keys}
}

// Keys lists all of them, by name.
func (t Table) Keys() []Key { return t.keys }

// Names lists the names.
func (t Table) Names() []string {
	names := make([]string, len(t.keys))
	for i := range t.keys {
		names[i] = t.keys[i].Name
	}
	return names
}

// Lookup finds a key, nil if there is none of that name.
func (t Table) Lookup(name string) *Key {
	at, known := slices.BinarySearchFunc(t.keys, name, func(k Key, name string) int { return strings.Compare(k.Name, name) })
	if !known {
		return nil
	}
	return &t.keys[at]
}

// Brokers are the keys of server.properties.
var Brokers = table(generalKeys, logKeys, replicationKeys, groupKeys, accessKeys, quotaKeys, idleKeys, absentKeys)

// Topics are the keys of topics.
var Topics = table(topicKeys())

// topicKeys are the keys of brokers that topics override, under the names by which they
// do, and those of topics alone.
func topicKeys() []Key {
	all := each(slices.Clone(topicOnlyKeys), func(k Key) Key { k.ofTopic = true; return k })
	for _, b := range Brokers.keys {
		if b.Topic == "" {
			continue
		}
		t := b
		t.Name, t.Topic, t.Broker, t.ofTopic, t.Older, t.Mode = b.Topic, "", b.Name, true, nil, ClusterWide
		if len(b.Older) > 0 {
			t.Default, t.Null = b.inherited(), false
		}
		all = append(all, t)
	}
	return all
}
