package workloads

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/client"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// administer begins an operation of an administrator.
func (c *BrokerClient) administer(op Op) {
	tp := partitionOf(op.Path)
	done := func(d client.Done) {
		c.ended(op.ID, outcomeOf(d.Outcome), func(l *history.LogOp) { l.Err = int16(d.Code) })
	}
	switch op.F {
	case history.CreateTopic:
		c.admin.CreateTopic(client.NewTopic{
			Name: op.Path, Partitions: int32(op.Log.number("partitions", 1)), Replication: int16(op.Log.number("replicas", -1)),
			Configs: op.Log.configs(), Oldest: op.Log.number("oldest", 0) == 1,
		}, done)
	case history.DeleteTopic:
		c.admin.DeleteTopic(op.Path, done)
	case history.AddPartitions:
		c.admin.CreatePartitions(op.Path, int32(op.Log.number("partitions", 1)), done)
	case history.SetConfig, history.SetBroker:
		changes, validate := history.ReadChanges(op.Log.Args)
		c.admin.AlterConfig(resourceOf(op), settingChanges(changes), validate, done)
	case history.Describe, history.DescribeBroker:
		c.admin.DescribeConfig(resourceOf(op), func(entries []kmsg.DescribeConfigsResponseResourceConfig, d client.Done) {
			c.ended(op.ID, outcomeOf(d.Outcome), func(l *history.LogOp) {
				l.Err, l.Says = int16(d.Code), saidOf(op, entries)
			})
		})
	case history.Reassign:
		c.admin.Reassign(tp, op.Log.brokers(), done)
	case history.Elect:
		c.admin.ElectLeader(tp, op.Log.number("unclean", 0) == 1, done)
	case history.AskFor:
		if op.Log.word("kind", "") == lateSync {
			c.askLate(done)
			return
		}
		c.admin.Ask(op.Log.word("kind", ""), tp, done)
	case history.DeleteRecords:
		c.admin.DeleteRecords(tp, int64(op.Log.number("before", -1)), done)
	case history.DeleteOffsets:
		c.admin.DeleteOffsets(op.Log.Group, tp, done)
	case history.DeleteGroup:
		c.admin.DeleteGroup(op.Log.Group, done)
	case history.EndOffset:
		c.listOffset(op, client.LogEnd, func(*history.LogOp) {})
	case history.FindOffset:
		c.findOffset(op)
	default:
		panic(fmt.Sprintf("workloads: function %q is nothing that brokers are asked", op.F))
	}
}

// findOffset asks for a time so long ago, or, one time in four, for that of the record which the
// client sent last: searches go wrong where a record is of the very time.
func (c *BrokerClient) findOffset(op Op) {
	now, back := c.env.WallMillis(), int64(op.Log.number("back", 0))
	if back%4 == 0 && c.sentAt > 0 {
		back = now - c.sentAt
	}
	c.listOffset(op, now-back, func(l *history.LogOp) { l.Args = fmt.Sprintf("back=%d", back) })
}

// listOffset asks for the offset that goes with a time, of which the history is to note more.
func (c *BrokerClient) listOffset(op Op, millis int64, note func(*history.LogOp)) {
	c.admin.ListOffsets(partitionOf(op.Path), millis, func(p client.Place, d client.Done) {
		c.ended(op.ID, outcomeOf(d.Outcome), func(l *history.LogOp) {
			note(l)
			l.Err = int16(d.Code)
			if d.Outcome == client.Succeeded {
				l.Offset, l.Epoch = p.Offset, p.Epoch
			}
		})
	})
}

// configs are the settings of a topic, which have dots in their names.
func (a LogArgs) configs() []client.Setting {
	var all []client.Setting
	settings, _ := a.Settings() // the parser has seen to it that they are some
	for _, s := range settings {
		if strings.Contains(s.Name, ".") {
			value := s.Value
			all = append(all, client.Setting{Name: s.Name, Value: &value})
		}
	}
	return all
}

// brokers are those of replicas=1,2,3.
func (a LogArgs) brokers() []int32 {
	var ids []int32
	settings, _ := a.Settings()
	for _, s := range settings {
		if s.Name != "replicas" {
			continue
		}
		for _, word := range strings.Split(s.Value, ",") {
			if id, err := strconv.ParseInt(word, 10, 32); err == nil {
				ids = append(ids, int32(id))
			}
		}
	}
	return ids
}

// alreadyThere reports whether a setup failed since an attempt before it did not.
func alreadyThere(op history.Op) bool {
	return op.F == history.CreateTopic && wire.ErrorCode(op.Log.Err) == wire.TopicAlreadyExists
}
