package coordinator

import (
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// admits reports whether a client may connect: somebody serves here, is not kept for
// leading alone, and has room for one more from that address.
func (s *Server) admits(peer node.ID) bool {
	switch {
	case !s.serving && !s.readOnly:
		return false
	case s.cfg.LeaderRefuses && s.leader != nil && !s.bug(bugs.LeaderServesNevertheless):
		s.observe(facts.LeaderShunned, int64(peer))
		return false
	case s.cfg.MaxCnxns == 0 && s.cfg.MaxClientCnxns == 0:
		return true
	}
	same, all := s.countClients(peer)
	crowded := s.cfg.MaxClientCnxns > 0 && same >= s.cfg.MaxClientCnxns
	full := s.cfg.MaxCnxns > 0 && all >= s.cfg.MaxCnxns
	if crowded || full {
		s.observe(facts.ClientsTooMany, int64(peer), int64(same), int64(all))
	}
	return !crowded && !full
}

// countClients counts the client connections from one address, and all.
func (s *Server) countClients(peer node.ID) (same, all int) {
	for _, k := range s.conns { //sim:unordered only counted
		if k.port != wire.ClientPort {
			continue
		}
		all++
		if k.client.peer == peer {
			same++
		}
	}
	return same, all
}
