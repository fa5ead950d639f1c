package coordinator

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/membership"
	"github.com/stampede-sim/stampede/nodes/coordinator/store"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/coordinator/zab"
	"github.com/stampede-sim/stampede/nodes/node"
)

// following is the server as its zab.Learner sees it.
type following Server

var _ zab.LearnerHost = (*following)(nil)

// Now is the monotonic clock.
func (h *following) Now() time.Duration { return h.env.Now() }

// SetTimer arms a timer of the term.
func (h *following) SetTimer(k zab.TimerKind, d time.Duration) { (*Server)(h).setRoleTimer(k, d) }

// Observe passes a fact on.
func (h *following) Observe(e node.Event) { h.env.Observe(e) }

// Send sends to the leader.
func (h *following) Send(_ int64, p *wire.Packet) { h.env.Send(h.leaderConn, p) }

// SaveAcceptedEpoch makes acceptedEpoch durable.
func (h *following) SaveAcceptedEpoch(epoch int64, then func()) {
	(*Server)(h).saveAccepted(epoch, then)
}

// SaveCurrentEpoch makes currentEpoch durable.
func (h *following) SaveCurrentEpoch(epoch int64, then func()) {
	(*Server)(h).saveCurrent(epoch, then)
}

// Append logs a transaction.
func (h *following) Append(txn *wire.Txn) { (*Server)(h).append(txn) }

// Deliver applies a committed transaction.
func (h *following) Deliver(txn *wire.Txn) { (*Server)(h).deliver(txn) }

// SaveNext makes a configuration durable.
func (h *following) SaveNext(c *membership.Config, then func()) { (*Server)(h).saveNext(c, then) }

// Activate makes a configuration the active one.
func (h *following) Activate(c *membership.Config, then func()) { (*Server)(h).activate(c, then) }

// HandOver ends the term for that of another leader.
func (h *following) HandOver(to int64, why string) {
	h.handover = to
	(*Server)(h).stepDown(why)
}

// StepDown ends the term.
func (h *following) StepDown(why string) { (*Server)(h).stepDown(why) }

// LastLogged is the end of the history.
func (h *following) LastLogged() wire.Zxid { return h.db.lastSeen() }

// CanTruncate asks the files.
func (h *following) CanTruncate(z wire.Zxid) bool {
	return store.CanTruncate(h.env.Disk(), h.db.log, z)
}

// Truncate cuts the history.
func (h *following) Truncate(z wire.Zxid, then func()) { (*Server)(h).truncate(z, then) }

// Install replaces the history.
func (h *following) Install(z wire.Zxid, snapshot []byte, then func()) {
	(*Server)(h).install(z, snapshot, then)
}

// WhenDurable waits for the log.
func (h *following) WhenDurable(then func()) { (*Server)(h).waitDurable(then) }

// Serve opens the client port.
func (h *following) Serve(epoch int64) { (*Server)(h).serve(epoch) }

// FromLeader handles the leader's answers to what we forwarded.
func (h *following) FromLeader(p *wire.Packet) {
	s := (*Server)(h)
	if p.Type == wire.PacketSync {
		s.syncAnswered(p.Session, p.Cxid)
		return
	}
	s.revalidated(p.Session, p.Valid)
}

// Touches hands over the sessions heard from since the last PING.
func (h *following) Touches() []wire.SessionTouch {
	var out []wire.SessionTouch
	for _, id := range sortedKeys(h.touched) {
		out = append(out, wire.SessionTouch{Session: id, TimeoutMs: h.touched[id]})
	}
	clear(h.touched)
	return out
}
