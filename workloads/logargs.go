package workloads

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
)

// Operations on brokers read
//
//	op 1001 c2 1.204s send orders-0 value=c2.1001 acks=all
//	op 1002 c3 1.21s assign orders-0,orders-1 from=beginning
//	op 1003 c3 1.4s poll
//	op 1003 c3 1.45s scan orders-0
//	op 1004 c0 2s create-topic orders args="partitions=3 replicas=3 min.insync.replicas=2"

// LogArgs are the arguments of an operation on brokers. Those it does not take stay
// zero.
type LogArgs struct {
	// Key is the key of a record; "" for none. Tombstone: the record deletes what has its
	// key, and has no value of its own.
	Key       string
	Tombstone bool
	// Acks says when a send is acknowledged.
	Acks Acks
	// From is where an assign begins: beginning, end or committed.
	From string
	// Group is a consumer group. Znodes keeps its offsets in the coordinator's tree.
	Group  string
	Znodes bool
	// Args are name=value words, those of an administrator's operation.
	Args string
}

// Acks says who must have a record before its sender is told. The zero value is all,
// the only one that promises anything.
type Acks int8

// The acknowledgements that a sender may ask for.
const (
	AcksAll Acks = iota
	AcksLeader
	AcksNone
)

var acksNames = []string{AcksAll: "all", AcksLeader: "1", AcksNone: "0"}

// Wire is the number that the protocol has for it.
func (a Acks) Wire() int16 { return [...]int16{AcksAll: -1, AcksLeader: 1, AcksNone: 0}[a] }

// logVerbs are the words for operations on brokers, with the arguments each takes.
var logVerbs = []verb{
	{name: "send", f: history.Send, path: true, topic: true, value: true, logs: "key acks tombstone"},
	{name: "poll", f: history.Poll},
	{name: "scan", f: history.Scan, path: true, topic: true},
	{name: "assign", f: history.Assign, path: true, topic: true, logs: "from group"},
	{name: "subscribe", f: history.Subscribe, path: true, topic: true, logs: "group args"},
	{name: "unsubscribe", f: history.Unsubscribe},
	{name: "commit", f: history.Commit, logs: "group znodes"},
	{name: "committed", f: history.Committed, path: true, topic: true, logs: "group znodes"},
	{name: "end-offset", f: history.EndOffset, path: true, topic: true},
	{name: "find-offset", f: history.FindOffset, path: true, topic: true, logs: "args"},
	{name: "create-topic", f: history.CreateTopic, path: true, topic: true, logs: "args"},
	{name: "delete-topic", f: history.DeleteTopic, path: true, topic: true},
	{name: "add-partitions", f: history.AddPartitions, path: true, topic: true, logs: "args"},
	{name: "reassign", f: history.Reassign, path: true, topic: true, logs: "args"},
	{name: "elect", f: history.Elect, path: true, topic: true, logs: "args"},
	{name: "set-config", f: history.SetConfig, path: true, topic: true, logs: "args"},
	{name: "grant", f: history.Grant, path: true, topic: true, logs: "args"},
	{name: "revoke", f: history.Revoke, path: true, topic: true, logs: "args"},
	{name: "entries", f: history.Entries, path: true, topic: true, logs: "args"},
	{name: "topics", f: history.ListTopics},
	{name: "groups", f: history.ListGroups},
	{name: "describe-group", f: history.DescribeGroup, logs: "group"},
	{name: "ask-for", f: history.AskFor, path: true, topic: true, logs: "args"},
	{name: "log-in", f: history.LogIn, path: true, topic: true, logs: "args"},
	{name: "set-password", f: history.SetPassword, path: true, topic: true, logs: "args"},
	{name: "passwords", f: history.Passwords, path: true, topic: true},
	{name: "rights", f: history.Rights, path: true, topic: true, logs: "args"},
	{name: "set-broker", f: history.SetBroker, path: true, topic: true, logs: "args"},
	{name: "describe", f: history.Describe, path: true, topic: true},
	{name: "describe-broker", f: history.DescribeBroker, path: true, topic: true},
	{name: "send-too-large", f: history.TooLarge, path: true, topic: true},
	{name: "set-quota", f: history.SetQuota, path: true, topic: true, logs: "args"},
	{name: "delete-records", f: history.DeleteRecords, path: true, topic: true, logs: "args"},
	{name: "delete-offsets", f: history.DeleteOffsets, path: true, topic: true, logs: "group"},
	{name: "delete-group", f: history.DeleteGroup, logs: "group"},
}

// onBrokers reports whether a function is an operation on brokers.
func onBrokers(f history.F) bool {
	return slices.ContainsFunc(logVerbs, func(v verb) bool { return v.f == f })
}

// isTopics reports whether a text is a list of topics or partitions.
func isTopics(text string) bool {
	for _, name := range strings.Split(text, ",") {
		if !isName(name) {
			return false
		}
	}
	return true
}

// isName reports whether a text can be the name of a topic or a group.
func isName(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
	return s != "" && strings.Trim(s, letters) == ""
}

// takesLog reports whether a verb takes the argument in a token.
func (v verb) takesLog(t token) bool {
	word := t.value
	if t.hasKey {
		word = t.key
	}
	return t.bracket == 0 && slices.Contains(strings.Fields(v.logs), word) && t.hasKey == (word != "znodes" && word != "tombstone")
}

// set takes one argument.
func (a *LogArgs) set(t token) error {
	switch t.key {
	case "key":
		a.Key = t.value
	case "acks":
		i := slices.Index(acksNames, t.value)
		if i < 0 {
			return fmt.Errorf("acks=%s; write all, 1 or 0", t.value)
		}
		a.Acks = Acks(i)
	case "from":
		if a.From = t.value; !slices.Contains([]string{"beginning", "end", "committed"}, t.value) {
			return fmt.Errorf("from=%s; write beginning, end or committed", t.value)
		}
	case "group":
		if a.Group = t.value; !isName(t.value) {
			return fmt.Errorf("group=%q is no name", t.value)
		}
	case "args":
		a.Args = t.value
		_, err := a.Settings()
		return err
	default:
		a.Znodes, a.Tombstone = a.Znodes || t.value == "znodes", a.Tombstone || t.value == "tombstone"
	}
	return nil
}

// append writes the arguments that are not zero.
func (a LogArgs) append(b *strings.Builder, f history.F) {
	if a.Key != "" {
		b.WriteString(" key=" + quote(a.Key))
	}
	if f == history.Send {
		b.WriteString(" acks=" + acksNames[a.Acks])
	}
	if a.From != "" {
		b.WriteString(" from=" + a.From)
	}
	if a.Group != "" {
		b.WriteString(" group=" + quote(a.Group))
	}
	if a.Args != "" {
		b.WriteString(" args=" + quote(a.Args))
	}
	if a.Znodes {
		b.WriteString(" znodes")
	}
	if a.Tombstone {
		b.WriteString(" tombstone")
	}
}

// Setting is one word of [LogArgs.Args].
type Setting struct{ Name, Value string }

// Settings are the words of Args, in order.
func (a LogArgs) Settings() ([]Setting, error) {
	var all []Setting
	for _, word := range strings.Fields(a.Args) {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			return nil, fmt.Errorf("args: %q; write name=value", word)
		}
		all = append(all, Setting{name, value})
	}
	return all, nil
}

// word takes a word out of the settings, or gives what is meant without.
func (a LogArgs) word(name, without string) string {
	settings, _ := a.Settings()
	for _, s := range settings {
		if s.Name == name {
			return s.Value
		}
	}
	return without
}

// number takes a number out of the settings, or gives what is meant without.
func (a LogArgs) number(name string, without int) int {
	settings, _ := a.Settings()
	for _, s := range settings {
		if n, err := strconv.Atoi(s.Value); s.Name == name && err == nil {
			return n
		}
	}
	return without
}
