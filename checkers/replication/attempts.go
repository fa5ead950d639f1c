package replication

import (
	"slices"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// States are the operations of brokers on the state of the cluster, for searches that
// trust no order but that of time.
func (c *Checker) States() []history.StateOp { return slices.Clone(c.states) }

// record notes what a broker tells of its writes. A leader says before that it is about
// to write; a controller says afterwards.
func (c *Checker) record(m *member, e node.Event) {
	op := history.StateOp{By: m.ID, Return: c.now.at, Outcome: history.OK, Partition: e.Text, Expect: -1, Leader: m.ID}
	switch e.Kind {
	case facts.IsrProposed:
		op.F, op.Call, op.Return, op.Outcome = history.WriteIsr, c.now.at, history.Never, history.Info
		op.Isr, op.Expect, op.Version, op.Epoch = e.N[0], e.N[1], -1, e.N[2]
	case facts.IsrCommitted, facts.IsrAdopted:
		c.ended(m, e, history.OK)
		return
	case facts.IsrRefused:
		c.ended(m, e, history.Fail)
		return
	case facts.StateWritten:
		op.F, op.Isr, op.Version, op.Epoch, op.Leader = history.WriteState, e.N[0], e.N[1], e.N[2], int32(e.N[3])
	case facts.ControllerElected:
		op.F, op.Partition, op.Epoch, op.Version = history.Rule, "", e.N[1], e.N[2]
	default:
		return
	}
	c.states = append(c.states, op)
}

// ended notes how the last write of a leader went.
func (c *Checker) ended(m *member, e node.Event, how history.Outcome) {
	for i := range slices.Backward(c.states) {
		op := &c.states[i]
		if op.F == history.WriteIsr && op.By == m.ID && op.Partition == e.Text {
			if op.Outcome == history.Info && op.Epoch == e.N[2] && (how == history.Fail || op.Isr == e.N[0]) {
				op.Outcome, op.Return, op.Version = how, c.now.at, e.N[1]
			}
			return
		}
	}
}
