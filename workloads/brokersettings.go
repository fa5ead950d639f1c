package workloads

import (
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/client"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// allBrokers is the path of what is said of all brokers.
const allBrokers = "all"

// resourceOf is whose configuration an operation is about.
func resourceOf(op Op) client.Resource {
	if op.F == history.SetConfig || op.F == history.Describe {
		return client.Resource{Topic: op.Path}
	}
	if id, err := strconv.ParseInt(op.Path, 10, 32); err == nil {
		return client.Resource{Broker: int32(id)}
	}
	return client.Resource{Broker: client.AllBrokers}
}

// settingChanges are changes as package client has them.
func settingChanges(list []history.SettingChange) (out []client.SettingChange) {
	for _, c := range list {
		op := kmsg.IncrementalAlterConfigOpSet
		switch c.Op {
		case '!':
			op = kmsg.IncrementalAlterConfigOpDelete
		case '+':
			op = kmsg.IncrementalAlterConfigOpAppend
		case '-':
			op = kmsg.IncrementalAlterConfigOpSubtract
		}
		out = append(out, client.SettingChange{Op: op, Name: c.Key, Value: c.Value})
	}
	return out
}

// saidOf are the entries that are said of the very thing that was asked about, and not of
// something more general or by default.
func saidOf(op Op, entries []kmsg.DescribeConfigsResponseResourceConfig) (says []string) {
	source := kmsg.ConfigSourceDynamicTopicConfig
	switch {
	case op.F == history.Describe:
	case op.Path == allBrokers:
		source = kmsg.ConfigSourceDynamicDefaultBrokerConfig
	default:
		source = kmsg.ConfigSourceDynamicBrokerConfig
	}
	for _, e := range entries {
		if e.Source == source && e.Value != nil {
			says = append(says, e.Name+"="+*e.Value)
		}
	}
	slices.Sort(says)
	return says
}

// tryDescribe reads in the end what is said of a topic or of brokers. A broker answers
// with what its coordinator has, which may be behind the others by a message, so that
// there is a pause before.
func (c *BrokerClient) tryDescribe(t *node.Task, op Op) bool {
	t.Sleep(c.cfg.RequestTimeout)
	c.rec.Invoke(history.Op{
		ID: op.ID, Client: c.cfg.Index, F: op.F, Path: op.Path, Server: int(node.Nobody), Final: true, Log: &history.LogOp{Offset: history.Unknown},
	})
	entries, ok := c.described(t, resourceOf(op))
	if !ok {
		return false
	}
	c.rec.Return(op.ID, func(h *history.Op) {
		l := *h.Log
		l.Says = saidOf(op, entries)
		h.Outcome, h.Log = history.OK, &l
	})
	return true
}

// described awaits a configuration.
func (c *BrokerClient) described(t *node.Task, r client.Resource) (entries []kmsg.DescribeConfigsResponseResourceConfig, ok bool) {
	var told node.Signal
	c.admin.DescribeConfig(r, func(all []kmsg.DescribeConfigsResponseResourceConfig, d client.Done) {
		entries, ok = all, d.Outcome == client.Succeeded
		told.Set(nil)
	})
	t.Await(&told)
	return entries, ok
}

// largest is how long a batch is at most that is sent to be refused.
const largest = 20_000

// noise is n bytes that nothing makes shorter.
func noise(n int) []byte {
	r := rand.New(rand.NewPCG(uint64(n), 0))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// messageLimit is how long a batch of a topic may be, as brokers tell it. Where nothing is
// said of the topic, each broker has a limit of its own that it goes by when it leads: then
// it is the longest of these.
func (c *BrokerClient) messageLimit(t *node.Task, topic string) (limit int, ok bool) {
	entries, ok := c.described(t, client.Resource{Topic: topic})
	if !ok {
		return 0, false
	}
	if e, ok := setting(entries, "max.message.bytes"); ok && e.Source == kmsg.ConfigSourceDynamicTopicConfig {
		return lengthOf(e), true
	}
	for id := range len(c.cfg.Hosts) {
		entries, ok := c.described(t, client.Resource{Broker: int32(id + 1)})
		if !ok {
			return 0, false
		}
		if e, ok := setting(entries, "message.max.bytes"); ok {
			limit = max(limit, lengthOf(e))
		}
	}
	return limit, true
}

// setting is the entry of a name.
func setting(entries []kmsg.DescribeConfigsResponseResourceConfig, name string) (kmsg.DescribeConfigsResponseResourceConfig, bool) {
	i := slices.IndexFunc(entries, func(e kmsg.DescribeConfigsResponseResourceConfig) bool { return e.Name == name })
	if i < 0 {
		return kmsg.DescribeConfigsResponseResourceConfig{}, false
	}
	return entries[i], true
}

// lengthOf is a length that is told; one that nobody can read is longer than all.
func lengthOf(e kmsg.DescribeConfigsResponseResourceConfig) int {
	if e.Value == nil {
		return largest
	}
	n, err := strconv.Atoi(*e.Value)
	if err != nil {
		return largest
	}
	return n
}

// tryTooLarge sends a record that is longer than its topic allows. If it is taken, that is
// what the history says. It is sent in the end, when all brokers have heard what the topic
// allows; where that is a lot, nothing is sent. The leader alone shall take it: a change
// that was given up may still have been made, and want more in-sync replicas than there are.
func (c *BrokerClient) tryTooLarge(t *node.Task, op Op) bool {
	tp := partitionOf(op.Path)
	limit, ok := c.messageLimit(t, tp.Topic)
	if !ok {
		return false
	}
	if limit >= largest {
		return true
	}
	c.rec.Invoke(history.Op{
		ID: op.ID, Client: c.cfg.Index, F: op.F, Path: op.Path, Server: int(node.Nobody), Final: true,
		Log: &history.LogOp{Acks: AcksLeader.Wire(), Offset: history.Unknown},
	})
	var told node.Signal
	var got client.Sent
	c.producer(AcksLeader).Send(client.Record{Topic: tp.Topic, Partition: tp.Partition, Value: append([]byte(history.TooLargePrefix(op.ID)), noise(limit)...)}, func(s client.Sent) {
		got = s
		told.Set(nil)
	})
	t.Await(&told)
	if got.Outcome != client.Succeeded && got.Code != wire.MessageTooLarge {
		return false
	}
	c.rec.Return(op.ID, func(h *history.Op) {
		l := *h.Log
		l.Err, l.Offset = int16(got.Code), got.Offset
		h.Outcome, h.Log = outcomeOf(got.Outcome), &l
	})
	return true
}
