package coordinator

import (
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// hasRoom reports whether one more client connection from an address is within the
// limits. They count every connection, whoever is behind it.
func (s *Server) hasRoom(peer node.ID) bool {
	if s.cfg.MaxCnxns == 0 && s.cfg.MaxClientCnxns == 0 {
		return true
	}
	same, all := s.countClients(peer)
	crowded := s.cfg.MaxClientCnxns > 0 && same >= s.cfg.MaxClientCnxns
	full := s.cfg.MaxCnxns > 0 && all >= s.cfg.MaxCnxns
	if s.bug(bugs.LimitOffByOne) {
		crowded, full = crowded && same > s.cfg.MaxClientCnxns, full && all > s.cfg.MaxCnxns
	}
	if crowded || full {
		s.observe(facts.ClientsTooMany, int64(peer), int64(same), int64(all))
		return false
	}
	s.observe(facts.ClientAdmitted, int64(peer), int64(same), int64(all))
	return true
}

// countClients counts the client connections from one address, and all.
func (s *Server) countClients(peer node.ID) (same, all int) {
	for _, k := range s.conns { //sim:unordered only counted
		if k.client == nil {
			continue
		}
		all++
		if k.client.peer == peer {
			same++
		}
	}
	return same, all
}

// serves reports whether clients are served here: by a server of an established term
// that is not kept for leading, or by a read-only one.
func (s *Server) serves() bool { return s.serving && !s.shuns() || s.readOnly }

// shuns reports whether this server leads and leaves clients to others.
func (s *Server) shuns() bool {
	return s.cfg.LeaderRefuses && s.leader != nil && !s.bug(bugs.LeaderServesNevertheless)
}

// admits reports whether a client that wants a session is served here at all.
func (s *Server) admits(c *clientConn, r *wire.ConnectRequest) bool {
	if s.serving && s.shuns() {
		s.observe(facts.LeaderShunned, int64(c.peer))
	}
	return s.serves() && !s.turnsAway(r)
}

// isBehind reports whether a client that has seen a zxid knows more than this server
// does, so that serving it would show it the past.
//
// A server of an established epoch has all that was ever committed before that epoch.
// What a client has seen there beyond our history was the tail of a read-only server,
// never to be committed, and it must not keep the client out:
//
//	The clients read 1:6 at a server cut off, which nobody else has. It heals, epoch 2
//	begins at 1:5 and the tail is cut. With no other client to write 2:1, every server
//	stays at 1:5, and refuses them for ever.
//
// Apache ZooKeeper's leader is at 2:0 as soon as it serves, and so lets them in. That
// would not help where leaders leave clients to others.
func (s *Server) isBehind(seen wire.Zxid) bool { return seen > s.standsAt() }

// standsAt is the zxid that replies to reads bear: that of the last transaction, or the
// beginning of the epoch if nothing happened in it yet. So what a client saw of a tail
// that was cut is before what it sees next.
func (s *Server) standsAt() wire.Zxid {
	last := s.db.tree.LastProcessed()
	if s.serving && s.alone == nil {
		last = max(last, wire.MakeZxid(s.current, 0))
	}
	return last
}
