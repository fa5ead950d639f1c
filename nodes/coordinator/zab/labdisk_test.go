package zab

import (
	"fmt"
	"strings"

	"github.com/stampede-sim/stampede/nodes/coordinator/membership"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// disk is what one server has stored. Everything durable becomes so by completing
// an operation; a crash loses the rest.
type disk struct {
	// accepted and current are durable.
	accepted, current int64
	// active and next are the configurations, nil in a static ensemble.
	active, next *membership.Config
	// log is the history as the server reads it. Its first durable entries survive
	// a crash; its first inSnapshot ones are in a snapshot only, not in log files.
	log        []*wire.Txn
	durable    int
	inSnapshot int
	ops        []*op
	syncing    bool // an op of the log is among ops
}

// op is a write that is not durable yet.
type op struct {
	kind string // "log", "acceptedEpoch", "currentEpoch", "truncate", "snapshot"
	text string // what is there when it is done
	do   func()
}

// start begins an operation.
func (s *server) start(kind, text string, do func()) {
	if kind != "log" {
		s.lab.tracef("%d .. %s", s.sid, text)
	}
	s.disk.ops = append(s.disk.ops, &op{kind, text, do})
}

// complete finishes the i-th operation. What it is for happens even if the role
// that began it is over; that role then does not hear of it.
func (s *server) complete(i int) {
	o := s.disk.ops[i]
	s.disk.ops = append(s.disk.ops[:i:i], s.disk.ops[i+1:]...)
	s.lab.tracef("%d == %s", s.sid, o.text)
	s.guard(o.do)
}

// inTerm wraps a continuation so that it is skipped once the term is over.
func (s *server) inTerm(then func()) func() {
	term := s.term
	return func() {
		if s.term == term {
			then()
		}
	}
}

// syncLog begins an fsync of the log, unless one is under way: then what was
// appended meanwhile shares the next (group commit).
func (s *server) syncLog() {
	d := &s.disk
	if d.syncing || d.durable == len(d.log) {
		return
	}
	d.syncing = true
	covered := len(d.log)
	s.start("log", fmt.Sprintf("log durable to %v", lastOf(d.log)), func() { s.logSynced(covered) })
}

// logSynced tells everybody who rests on the log how far it is durable.
func (s *server) logSynced(covered int) {
	d := &s.disk
	d.durable, d.syncing = covered, false
	s.syncLog()
	z := lastOf(d.log[:covered])
	switch {
	case s.leader != nil:
		s.leader.LogDurable(z)
	case s.learner != nil:
		s.learner.LogDurable(z)
	}
	for len(s.waiting) > 0 && s.waiting[0].length <= d.durable {
		w := s.waiting[0]
		s.waiting = s.waiting[1:]
		w.then()
	}
}

// wait is a continuation that waits until the log is durable to some length.
type wait struct {
	length int
	then   func()
}

// replace makes a whole history durable in one stroke, as TRUNC and SNAP do.
func (s *server) replace(log []*wire.Txn, inSnapshot int) {
	before := s.disk.log[:s.disk.durable]
	s.disk.log, s.disk.durable, s.disk.inSnapshot = log, len(log), inSnapshot
	s.tree = append([]*wire.Txn(nil), log...)
	s.lab.judge.replaced(s, before)
}

// crash ends the process; what it sent is still on its way. Of what was not
// durable, the log's next keep entries happen to survive: an operating system may
// write early.
func (s *server) crash(keep int) {
	d := &s.disk
	d.durable = min(d.durable+keep, len(d.log))
	d.log = d.log[:d.durable:d.durable]
	d.ops, d.syncing = nil, false
	s.endRole()
	s.up = false
}

// boot starts the process from what is durable. A currentEpoch behind the log is
// raised, as a server does before it takes part in anything.
func (s *server) boot() {
	s.up = true
	s.tree = nil
	s.lab.judge.booted(s)
	if e := lastOf(s.disk.log).Epoch(); e > s.disk.current {
		s.disk.current = e
		s.lab.judge.currentSaved(s)
	}
	s.rest()
}

// rest completes what is under way and lets the memory tree catch up with the log:
// what a server does before it takes part in an election (ZOOKEEPER-2845).
func (s *server) rest() {
	for len(s.disk.ops) > 0 {
		s.complete(0)
	}
	for _, t := range s.disk.log {
		if t.Zxid > lastOf(s.tree) {
			s.tree = append(s.tree, t)
		}
	}
}

// newTxn makes a transaction of a lab: a zxid and a name.
func newTxn(z wire.Zxid, name string) *wire.Txn {
	return &wire.Txn{Zxid: z, Type: wire.OpDelete, Body: &wire.DeleteTxn{Path: name}}
}

func nameOf(t *wire.Txn) string {
	if b, ok := t.Body.(*wire.DeleteTxn); ok {
		return b.Path
	}
	return t.Type.String()
}

func sameTxn(a, b *wire.Txn) bool { return a.Zxid == b.Zxid && nameOf(a) == nameOf(b) }

func describeTxn(t *wire.Txn) string { return strings.TrimSuffix(t.Zxid.String()+" "+nameOf(t), " ") }

// lastOf is the zxid at the end of a history, 0 for the empty one.
func lastOf(history []*wire.Txn) wire.Zxid {
	if len(history) == 0 {
		return 0
	}
	return history[len(history)-1].Zxid
}

// encode writes a history as the bytes of a snapshot, decode reads them.
func encode(history []*wire.Txn) []byte {
	var b strings.Builder
	for _, t := range history {
		fmt.Fprintf(&b, "%d/%s\n", int64(t.Zxid), nameOf(t))
	}
	return []byte(b.String())
}

func decode(snapshot []byte) (history []*wire.Txn) {
	for line := range strings.Lines(string(snapshot)) {
		var z int64
		zxid, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "/")
		if _, err := fmt.Sscan(zxid, &z); err != nil {
			panic(fmt.Sprintf("lab: snapshot line %q: %v", line, err))
		}
		history = append(history, newTxn(wire.Zxid(z), name))
	}
	return history
}
