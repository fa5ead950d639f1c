package coordinator

import (
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/standalone"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// primary is who gives the writes their order: the established leader of an ensemble,
// or a server that is alone.
type primary interface {
	// NextZxid is that of the next proposal, unless MustEnd: then nothing may be
	// proposed, and EndEpoch is due instead.
	NextZxid() wire.Zxid
	MustEnd() bool
	EndEpoch()
	Propose(txn *wire.Txn)
	// Sync has a client's sync answered after everything proposed so far.
	Sync(sid, session int64, cxid int32)
}

// standAlone begins to serve without an ensemble. Everything in the log counts: there
// is nobody who could know of more, or of less.
func (s *Server) standAlone() {
	s.term++
	s.state = wire.Leading
	z := s.db.tree.LastProcessed()
	s.alone = standalone.New(s.cfg.Sid, (*lonely)(s), z, s.cfg.Bugs)
	s.primary, s.serving = s.alone, true
	s.observe(facts.StandsAlone, int64(z), 0, int64(s.db.tree.Digest()))
	s.observeRole("standalone", z.Epoch())
	s.reign()
	s.takeSnapshot("")
}

// lonely is the server as its standalone order sees it.
type lonely Server

var _ standalone.Host = (*lonely)(nil)

// Observe passes a fact on.
func (h *lonely) Observe(e node.Event) { h.env.Observe(e) }

// Append logs a transaction.
func (h *lonely) Append(txn *wire.Txn) { (*Server)(h).append(txn) }

// Deliver applies a committed transaction.
func (h *lonely) Deliver(txn *wire.Txn) { (*Server)(h).deliver(txn) }

// AnswerSync answers what waited for everything before it.
func (h *lonely) AnswerSync(_, session int64, cxid int32) {
	(*Server)(h).syncAnswered(session, cxid)
}

// behindWrites makes a read wait for what all sessions wrote before it: a server that
// is alone takes everything in turn. With nothing outstanding it does not wait.
func (s *Server) behindWrites(c *clientConn, p *pending) bool {
	if s.alone == nil || !s.alone.Busy() {
		return false
	}
	p.waits = true
	s.enqueue(c, p)
	s.alone.Await(func() {
		if !c.gone {
			s.answerHead(c, s.read(c, p))
		}
	})
	return true
}
