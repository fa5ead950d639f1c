package coordinator

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/membership"
	"github.com/stampede-sim/stampede/nodes/coordinator/store"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/coordinator/zab"
	"github.com/stampede-sim/stampede/nodes/node"
)

// leading is the server as its zab.Leader sees it.
type leading Server

var _ zab.LeaderHost = (*leading)(nil)

// acceptLearner takes a learner's connection; a newer one of the same server
// replaces the older, which its owner has given up.
func (s *Server) acceptLearner(c node.ConnID, sid int64) {
	if old := s.learnerConn[sid]; old != 0 {
		s.env.Close(old)
		delete(s.conns, old)
		s.leader.Disconnected(sid)
	}
	if s.leader == nil {
		s.env.Close(c) // the end of the old connection ended the term
		return
	}
	s.learnerConn[sid] = c
	s.conns[c] = &connection{port: wire.QuorumPort, sid: sid}
}

// Now is the monotonic clock.
func (h *leading) Now() time.Duration { return h.env.Now() }

// SetTimer arms a timer of the term.
func (h *leading) SetTimer(k zab.TimerKind, d time.Duration) { (*Server)(h).setRoleTimer(k, d) }

// Observe passes a fact on.
func (h *leading) Observe(e node.Event) { h.env.Observe(e) }

// Send sends to a learner, if it is connected.
func (h *leading) Send(to int64, p *wire.Packet) {
	if c := h.learnerConn[to]; c != 0 {
		h.env.Send(c, p)
	}
}

// SaveAcceptedEpoch makes acceptedEpoch durable.
func (h *leading) SaveAcceptedEpoch(epoch int64, then func()) {
	(*Server)(h).saveAccepted(epoch, then)
}

// SaveCurrentEpoch makes currentEpoch durable.
func (h *leading) SaveCurrentEpoch(epoch int64, then func()) {
	(*Server)(h).saveCurrent(epoch, then)
}

// Append logs a transaction.
func (h *leading) Append(txn *wire.Txn) { (*Server)(h).append(txn) }

// Deliver applies a committed transaction.
func (h *leading) Deliver(txn *wire.Txn) { (*Server)(h).deliver(txn) }

// SaveNext makes a configuration durable.
func (h *leading) SaveNext(c *membership.Config, then func()) { (*Server)(h).saveNext(c, then) }

// Activate makes a configuration the active one.
func (h *leading) Activate(c *membership.Config, then func()) { (*Server)(h).activate(c, then) }

// HandOver ends the term for that of another leader.
func (h *leading) HandOver(to int64, why string) {
	h.handover = to
	(*Server)(h).stepDown(why)
}

// StepDown ends the term.
func (h *leading) StepDown(why string) { (*Server)(h).stepDown(why) }

// Disconnect drops a learner.
func (h *leading) Disconnect(sid int64) {
	if c := h.learnerConn[sid]; c != 0 {
		h.env.Close(c)
		delete(h.conns, c)
		delete(h.learnerConn, sid)
	}
}

// History offers the database for synchronising learners.
func (h *leading) History() zab.History {
	db := h.db
	out := zab.History{Last: db.tree.LastProcessed(), Recent: db.recent, Snapshot: db.tree.Serialize}
	if h.cfg.DiskSync {
		out.FromDisk = func(from wire.Zxid) []*wire.Txn {
			if (*Server)(h).lagsTooFar(from) {
				return nil
			}
			return db.logged(0, db.tree.LastProcessed())
		}
	}
	return out
}

// lagsTooFar reports whether the log that a learner lacks is so long, against a
// snapshot, that a snapshot is the shorter way.
func (s *Server) lagsTooFar(from wire.Zxid) bool {
	if s.cfg.SnapshotSizePercent == 0 {
		return false
	}
	long := s.db.log.SizeFrom(from)*100 > store.NewestSize(s.env.Disk())*int64(s.cfg.SnapshotSizePercent)
	if long {
		s.observe(facts.DiskSyncTooLong)
	}
	return long
}

// PrepareToLead snapshots the database as ZooKeeper does on entering leadership.
// The snapshot may hold transactions that are not committed yet.
func (h *leading) PrepareToLead(int64) { (*Server)(h).takeSnapshot("leading") }

// Serve opens the client port.
func (h *leading) Serve(epoch int64) {
	(*Server)(h).serve(epoch)
}

// FromLearner handles what learners forward.
func (h *leading) FromLearner(sid int64, p *wire.Packet) {
	s := (*Server)(h)
	if !s.leader.Established() {
		return // nobody serves clients yet; a late PING may still arrive
	}
	switch p.Type {
	case wire.PacketRequest:
		s.leaderRequest(sid, p.Request)
	case wire.PacketPing:
		for _, t := range p.Touches {
			s.touchSession(t.Session)
		}
	case wire.PacketRevalidate:
		s.revalidate(sid, p)
	}
}

// AnswerSync tells the server a sync came from.
func (h *leading) AnswerSync(sid int64, session int64, cxid int32) {
	s := (*Server)(h)
	if sid == s.cfg.Sid {
		s.syncAnswered(session, cxid)
		return
	}
	h.Send(sid, &wire.Packet{Type: wire.PacketSync, Session: session, Cxid: cxid})
}
