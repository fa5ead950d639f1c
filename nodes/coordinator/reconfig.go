package coordinator

import (
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/membership"
	"github.com/stampede-sim/stampede/nodes/coordinator/prep"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// reconfigTxn turns a reconfig, whose session is in order, into the transaction that
// changes /zookeeper/config, or into an error.
func (s *Server) reconfigTxn(req prep.Request, change *wire.ReconfigRequest, zxid wire.Zxid, nowMs int64) *wire.Txn {
	next, code := s.reconfigured(change)
	if code == wire.OK {
		txn := s.prep.Configure(req, next.At(zxid).String(), zxid, nowMs)
		if failed, ok := txn.Body.(*wire.ErrorTxn); !ok {
			return txn
		} else {
			code = failed.Err
		}
	}
	s.observe(facts.ReconfigRejected, int64(zxid), int64(code))
	return &wire.Txn{
		Session: req.Session, Cxid: req.Cxid, Zxid: zxid, Time: nowMs,
		Type: wire.OpError, Body: &wire.ErrorTxn{Err: code},
	}
}

// reconfigured makes the configuration that a request asks for, or says why not, in
// ZooKeeper's order. One at a time: the request names the version that it replaces,
// which is not known before the one on its way has become the active one.
func (s *Server) reconfigured(r *wire.ReconfigRequest) (*membership.Config, wire.ErrorCode) {
	switch {
	case !s.cfg.ReconfigEnabled:
		return nil, wire.ErrReconfigDisabled
	case s.leader == nil:
		return nil, wire.ErrUnimplemented // it stands alone
	case s.leader.Reconfiguring():
		return nil, wire.ErrReconfigInProgress
	case r.From != anyConfig && r.From != int64(s.committed.Version):
		return nil, wire.ErrBadVersion
	}
	next, err := s.committed.Apply(membership.Change{Joining: r.Joining, Leaving: r.Leaving, Members: r.Members})
	if err != nil {
		return nil, wire.ErrBadArguments
	}
	if !s.leader.QuorumSynced(next) {
		return nil, wire.ErrNewConfigNoQuorum
	}
	return next, wire.OK
}

// anyConfig in a reconfig replaces whatever configuration is active.
const anyConfig = -1
