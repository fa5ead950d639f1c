package workloads

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/client"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// GroupConfig is how clients of brokers are members of groups.
type GroupConfig struct {
	// Assignor shares the partitions out; range if it is "".
	Assignor string
	// Static members have names, so that they may come back (KIP-345).
	Static bool
	// Session, Rebalance are the members' timeouts, and AutoCommit the time between
	// commits that nobody asks for, 0 for none.
	Session, Rebalance, AutoCommit time.Duration
}

// enrolment is a client's membership of a group, from a subscribe on.
type enrolment struct {
	c   *BrokerClient
	op  Op // the subscribe
	sub *client.Subscription
	// instance is the name of a static member, "" for others.
	instance string
	// given are the partitions that the member was given since the last poll.
	given []history.Jump
	over  bool
}

// subscribe makes the client a member, unless it is one already. It remembers so beyond
// its death: an application that is started again subscribes again.
func (c *BrokerClient) subscribe(op Op) {
	c.rec.clients[c.cfg.Index].subscribed = &op
	if m := c.member; m == nil || m.over || m.op.Path != op.Path || m.op.Log != op.Log {
		c.quit()
		c.enroll(op)
	}
	c.ended(op.ID, history.OK, func(*history.LogOp) {})
}

// enroll joins a group. What the client read by itself, it gives up.
func (c *BrokerClient) enroll(op Op) {
	c.reader().Assign(nil)
	g := c.cfg.Groups
	m := &enrolment{c: c, op: op}
	cfg := client.MemberConfig{
		Group: op.Log.Group, Topics: strings.Split(op.Path, ","), Instance: op.Log.word("instance", ""),
		SessionTimeout: g.Session, RebalanceTimeout: g.Rebalance,
	}
	if g.Static && cfg.Instance == "" {
		cfg.Instance = fmt.Sprintf("c%d", c.cfg.Index)
	}
	if g.Assignor != "" {
		cfg.Assignors = []string{g.Assignor}
	}
	c.member, m.instance = m, cfg.Instance
	m.sub = c.cluster.Subscribe(cfg, client.ConsumerConfig{
		Reset: client.ResetEarliest, MaxWait: c.cfg.FetchWait, Sessionless: !c.cfg.Sessions, Rack: c.cfg.Rack,
	}, m)
	if g.AutoCommit > 0 {
		c.env.Go("auto-commit", m.commitNowAndThen)
	}
}

// quit ends the membership, if there is one.
func (c *BrokerClient) quit() {
	m := c.member
	c.member = nil
	if m != nil && !m.over {
		m.over = true
		m.sub.Leave()
		m.sub.Close()
	}
}

// unsubscribe leaves the group.
func (c *BrokerClient) unsubscribe(op Op) {
	c.rec.clients[c.cfg.Index].subscribed = nil
	if c.member == nil {
		c.ended(op.ID, history.Fail, func(*history.LogOp) {})
		return
	}
	c.quit()
	c.ended(op.ID, history.OK, func(*history.LogOp) {})
}

// Assigned notes what the member is given, and from where it will read.
func (m *enrolment) Assigned(added []client.TopicPartition, _ int32) {
	for _, tp := range added {
		at, _ := m.sub.Position(tp) // -1 if the group has committed nothing
		m.given = append(m.given, history.Jump{Partition: partitionName(tp), From: history.Unknown, To: at, Why: history.Given})
	}
}

// Revoked commits what was read, if nobody else will, before the partitions go.
func (m *enrolment) Revoked(_ []client.TopicPartition, proceed func()) {
	if m.c.cfg.Groups.AutoCommit == 0 || m.over {
		proceed()
		return
	}
	m.commit(proceed)
}

// Lost does nothing: whoever has the partitions now reads from what was committed.
func (m *enrolment) Lost([]client.TopicPartition) {}

// Ended notes that the membership is over: the member was fenced, or refused.
func (m *enrolment) Ended(wire.ErrorCode, error) { m.over = true }

// commitNowAndThen commits in the background as long as the membership lasts.
func (m *enrolment) commitNowAndThen(t *node.Task) {
	for {
		t.Sleep(m.c.cfg.Groups.AutoCommit)
		if m.over || m.c.member != m {
			return
		}
		var done node.Signal
		m.commit(func() { done.Set(nil) })
		t.Await(&done)
	}
}

// commit commits what was read, as an operation that is in no plan.
func (m *enrolment) commit(then func()) {
	id := m.c.rec.unplanned(m.c.cfg.Index)
	m.c.rec.Invoke(history.Op{
		ID: id, Client: m.c.cfg.Index, F: history.Commit, Server: int(node.Nobody), Step: m.op.ID,
		Log: &history.LogOp{Group: m.op.Log.Group, Offset: history.Unknown, As: m.c.cfg.As, Super: m.c.cfg.Super},
	})
	m.c.saves(id, m, m.sub.Progress())
	m.sub.CommitPositions(func(offsets []client.Commit, done client.Committed) {
		m.c.rec.Return(id, func(h *history.Op) { committed(h, offsets, done) })
		then()
	})
}

// saves notes what a commit is about, and of which generation, before it goes out: its
// client may die with it.
func (c *BrokerClient) saves(id int, m *enrolment, offsets []client.Commit) {
	c.rec.amend(id, func(l *history.LogOp) {
		l.Positions, l.Generation = positionsOf(offsets), -1
		if m != nil {
			l.Generation, l.Member = m.sub.Generation(), m.sub.ID()
		}
	})
}

func positionsOf(offsets []client.Commit) []history.Position {
	var all []history.Position
	for _, o := range offsets {
		all = append(all, history.Position{Partition: partitionName(o.TopicPartition), Offset: o.Offset})
	}
	return all
}

// committed enters what became of a commit. One of nothing did not happen.
func committed(h *history.Op, offsets []client.Commit, done client.Committed) {
	l := *h.Log
	l.Generation, l.Member, l.Attempts, l.Broker = done.Generation, done.Member, done.Attempts, max(done.Broker, 0)
	l.Positions = positionsOf(offsets)
	for i := range offsets {
		if len(done.Codes) > i && done.Codes[i] != wire.OK {
			l.Err = int16(done.Codes[i])
		}
	}
	h.Log, h.Outcome = &l, outcomeOf(done.Outcome)
	if len(offsets) == 0 {
		h.Outcome = history.Fail
	}
}

// commitOp commits where the client is: as the member that it is, or, if it assigned
// itself, in the name of a group without members.
func (c *BrokerClient) commitOp(op Op) {
	done := func(offsets []client.Commit, done client.Committed) {
		c.rec.Return(op.ID, func(h *history.Op) { committed(h, offsets, done) })
		if c.rec.op(op.ID).Outcome == history.Info {
			c.rec.NewProcess(c.cfg.Index)
		}
		c.landed()
	}
	if m := c.member; m != nil && !op.Log.Znodes && (op.Log.Group == "" || op.Log.Group == m.op.Log.Group) {
		c.rec.amend(op.ID, func(l *history.LogOp) { l.Group = m.op.Log.Group })
		c.saves(op.ID, m, m.sub.Progress())
		m.sub.CommitPositions(done)
		return
	}
	var offsets []client.Commit
	reader := c.reader()
	if c.member != nil {
		reader = c.member.sub.Consumer
	}
	for _, tp := range reader.Assigned() {
		if at, epoch := reader.Position(tp); at >= 0 && op.Log.Group != "" {
			offsets = append(offsets, client.Commit{TopicPartition: tp, Offset: at, Epoch: epoch})
		}
	}
	if len(offsets) == 0 {
		done(nil, client.Committed{Generation: -1})
		return
	}
	c.saves(op.ID, nil, offsets)
	c.offsetsOf(op.Log, false).Commit(offsets, func(d client.Committed) { done(offsets, d) })
}

// committedOp asks what a group has committed of a partition.
func (c *BrokerClient) committedOp(op Op) {
	c.offsetsOf(op.Log, false).Fetch([]client.TopicPartition{partitionOf(op.Path)}, func(f client.Fetched) {
		outcome := history.Fail // it is a read: whatever went wrong, nothing was done
		if f.Err == nil && f.Code == wire.OK {
			outcome = history.OK
		}
		c.ended(op.ID, outcome, func(l *history.LogOp) {
			l.Err, l.Broker = int16(f.Code), max(f.Broker, 0)
			if outcome == history.OK {
				l.Offset = f.Offsets[0].Offset
			}
		})
	})
}

// store is where a group keeps its offsets.
type store struct {
	group  string
	znodes bool
}

// offsetsOf are the offsets of a group for those who are no members of it.
func (c *BrokerClient) offsetsOf(a LogArgs, final bool) *client.Offsets {
	at := store{a.Group, a.Znodes}
	if i := slices.IndexFunc(c.offsets, func(o storedOffsets) bool { return o.store == at && o.final == final }); i >= 0 {
		return c.offsets[i].Offsets
	}
	o := storedOffsets{at, final, nil}
	if a.Znodes {
		o.Offsets = c.cluster.NewStoredOffsets(a.Group)
	} else {
		o.Offsets = c.cluster.NewOffsets(a.Group)
	}
	c.offsets = append(c.offsets, o)
	return o.Offsets
}

// storedOffsets are the offsets in a store, for final reads or for others. What is read in the
// end, somebody reads who looks for the coordinator then: one that was replaced while it was
// away, and has no replica any more, is told of that by nobody, in Kafka neither.
type storedOffsets struct {
	store
	final bool
	*client.Offsets
}

// poll takes what has come for the member. It fails once the membership is over.
func (m *enrolment) poll(ended func(history.Outcome, func(*history.LogOp))) {
	if m.over {
		ended(history.Fail, func(*history.LogOp) {})
		return
	}
	m.sub.Poll(pollMost, m.c.cfg.PollWait, func(p client.Polled) {
		ended(history.OK, func(l *history.LogOp) {
			l.Jumps, m.given = append(l.Jumps, m.given...), nil
			m.c.took(l, m.sub.Consumer, p)
			l.Group, l.Generation, l.Member, l.Instance = m.op.Log.Group, m.sub.ShareGeneration(), m.sub.ID(), m.instance
		})
	})
}

// carryOn is what a client does while others, or its own final reads, are not done: a
// member reads on and commits. One that was fenced comes back under its own name.
func (c *BrokerClient) carryOn(t *node.Task) {
	op := c.rec.clients[c.cfg.Index].subscribed
	if op == nil {
		t.Sleep(retryPause)
		return
	}
	if c.member == nil || c.member.over {
		own := *op
		own.Log.Args = ""
		c.rec.clients[c.cfg.Index].subscribed = &own
		c.enroll(own)
	}
	var polled, saved node.Signal
	m, id := c.member, c.rec.unplanned(c.cfg.Index)
	c.rec.Invoke(history.Op{
		ID: id, Client: c.cfg.Index, F: history.Poll, Server: int(node.Nobody), Step: m.op.ID, Log: &history.LogOp{Offset: history.Unknown},
	})
	m.poll(func(outcome history.Outcome, fill func(*history.LogOp)) {
		c.rec.Return(id, func(h *history.Op) {
			l := *h.Log
			fill(&l)
			h.Outcome, h.Log = outcome, &l
		})
		polled.Set(nil)
	})
	t.Await(&polled)
	m.commit(func() { saved.Set(nil) })
	t.Await(&saved)
}

// tryCommitted reads what a group has committed of a partition in the end. If it is asked
// for the end, that has to be where the partition ends, if there are members: they have
// read everything. A plan that was shrunk may have none.
func (c *BrokerClient) tryCommitted(t *node.Task, op Op) bool {
	end, tp := int64(history.Unknown), partitionOf(op.Path)
	if op.Log.From == "end" && c.rec.hasMember(op.Log.Group) {
		var told node.Signal
		c.admin.ListOffsets(tp, client.LogEnd, func(p client.Place, d client.Done) {
			if d.Outcome == client.Succeeded {
				end = p.Offset
			}
			told.Set(nil)
		})
		t.Await(&told)
		if end == history.Unknown {
			return false
		}
	}
	c.rec.Invoke(history.Op{
		ID: op.ID, Client: c.cfg.Index, F: history.Committed, Path: op.Path, Server: int(node.Nobody), Final: true,
		Log: &history.LogOp{Group: op.Log.Group, Znodes: op.Log.Znodes, Offset: history.Unknown},
	})
	var told node.Signal
	var got client.Fetched
	c.offsetsOf(op.Log, true).Fetch([]client.TopicPartition{tp}, func(f client.Fetched) {
		got = f
		told.Set(nil)
	})
	t.Await(&told)
	if got.Err != nil || got.Code != wire.OK || got.Offsets[0].Offset < end {
		return false
	}
	c.rec.Return(op.ID, func(h *history.Op) {
		l := *h.Log
		l.Offset, l.Broker = got.Offsets[0].Offset, max(got.Broker, 0)
		h.Outcome, h.Log = history.OK, &l
	})
	return true
}

// lateSync is what a member asks for that wants the share of a generation that is over.
const lateSync = "late-sync"

func (c *BrokerClient) askLate(done func(client.Done)) {
	if c.member == nil || c.member.over {
		done(client.Done{Outcome: client.Failed})
		return
	}
	c.member.sub.AskLate(done)
}
