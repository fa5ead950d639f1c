package broker

import (
	"github.com/stampede-sim/stampede/nodes/node"
)

// boot opens the logs that are there, and goes on to register when that is done: nobody
// shall count on a broker that does not know yet what it has.
func (s *Server) boot(t *node.Task) {
	s.up = true
	s.env.SetTimer(s.cfg.ReplicaLag/2, node.Tag{Kind: tagReviewIsr})
	s.zk.Start()
}
