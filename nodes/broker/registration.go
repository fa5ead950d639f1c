package broker

import (
	"encoding/base64"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/bugs"
	cwire "github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// The listeners of a broker, as the registration names them, and the ports that people
// would see. In this world they are [wire.ClientPort] and [wire.ReplicaPort].
const (
	clientListener  = "CLIENT"
	replicaListener = "REPLICATION"
	clientTCP       = 9092
	replicaTCP      = 9093
)

// registerAgain is how long a broker waits that finds its znode held by a session which
// it does not know: that of its last life, which ends by itself.
const registerAgain = 500 * time.Millisecond

// SessionBegan registers the broker in its new session, if it knows what it has; else
// boot will.
func (s *Server) SessionBegan() {
	s.began = true
	if s.recovered {
		s.env.Go("register", s.register)
	}
}

// SessionConnected does nothing: what was outstanding is asked again by itself.
func (s *Server) SessionConnected() {}

// SessionDisconnected changes nothing: as long as nobody says that the session is over, it
// is not. The broker goes on, and so it may lead where another does already; that it
// can then commit nothing is due to the in-sync replicas, not to the session.
func (s *Server) SessionDisconnected() { s.observe(facts.Disconnected, int64(s.cfg.ID)) }

// SessionExpired begins another session. The znode of the broker is gone, and the
// controller may have given its leaderships away.
func (s *Server) SessionExpired() {
	s.observe(facts.SessionLost, int64(s.cfg.ID))
	s.registered, s.began = false, false
	s.controller.Expired()
	s.zk.Restart()
}

// register makes the znode that says the broker lives. Its czxid is the broker's epoch:
// by it the controller tells one life from the next, however short the time between
// (KIP-380).
func (s *Server) register(t *node.Task) {
	term := s.zk.Term()
	for _, root := range znodes.PersistentRoots {
		if r := s.zk.Ensure(t, root); !r.OK() {
			return // the session is over, and its successor registers
		}
	}
	if !s.learnCluster(t) || !s.noteCluster(t) || !s.loadEntries(t) || !s.readClients(t) {
		return
	}
	for term == s.zk.Term() && !s.leaving {
		r := s.zk.CreateEphemeral(t, znodes.BrokerPath(s.cfg.ID), s.registration().Encode())
		switch {
		case r.OK(), r.Err == cwire.ErrNodeExists && s.cfg.Bugs.Has(bugs.ZnodeOfLastLife):
			s.beRegistered(int64(r.Stat.Czxid))
			return
		case r.Over() || r.Unknown:
			return
		}
		t.Sleep(registerAgain)
	}
}

// beRegistered goes on with what needs a registered broker. To take requests is of that: a
// broker that came back faster than its last session ended would else follow orders which
// the controller has for that life, and lead with a log that has lost its tail.
func (s *Server) beRegistered(epoch int64) {
	s.registered, s.up, s.epoch = true, !s.leaving, epoch
	s.observe(facts.Registered, int64(s.cfg.ID), epoch)
	waiting := s.whenRegistered
	s.whenRegistered = nil
	for _, signal := range waiting {
		signal.Set(nil)
	}
	s.watchConfigs()
	s.controller.Registered()
}

// awaitSession has a task wait until the broker is registered, or a while if it is.
func (s *Server) awaitSession(t *node.Task) {
	if s.registered {
		t.Sleep(registerAgain)
		return
	}
	signal := &node.Signal{}
	s.whenRegistered = append(s.whenRegistered, signal)
	t.Await(signal)
}

// registration is what the znode says.
func (s *Server) registration() *znodes.Broker {
	b := &znodes.Broker{Timestamp: s.env.WallMillis(), JMXPort: -1, Endpoints: []znodes.Endpoint{
		{Listener: clientListener, Security: znodes.Plaintext, Host: HostOf(s.cfg.ID), Port: clientTCP},
		{Listener: replicaListener, Security: znodes.Plaintext, Host: HostOf(s.cfg.ID), Port: replicaTCP},
	}}
	if s.cfg.Rack != "" {
		b.Rack = &s.cfg.Rack
	}
	return b
}

// learnCluster reads the ID of the cluster; the first broker of all draws it.
func (s *Server) learnCluster(t *node.Task) bool {
	for {
		r := s.zk.One(t, zookeeper.Get(znodes.ClusterID))
		switch {
		case r.OK():
			id, err := znodes.DecodeClusterID(r.Data)
			if err != nil {
				s.env.Exit(err.Error())
				return false
			}
			s.clusterID = id
			return true
		case r.Over() || r.Unknown:
			return false
		}
		if up := s.zk.Ensure(t, "/cluster"); !up.OK() {
			return false
		}
		// Whoever was first, its ID is read next.
		s.zk.One(t, zookeeper.Create(znodes.ClusterID, znodes.EncodeClusterID(s.drawUUID())))
	}
}

// drawUUID draws 16 bytes, in base64 for URLs.
func (s *Server) drawUUID() string {
	var b [16]byte
	for i := range b {
		b[i] = byte(s.env.Rand().Uint32())
	}
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// stale reports whether a request of the controller was meant for an earlier life of
// this broker. One for a later life than we know of is ours: the controller may have
// read our znode before we were told that it exists.
func (s *Server) stale(brokerEpoch int64) bool {
	if brokerEpoch < 0 || brokerEpoch >= s.epoch {
		return false
	}
	s.observe(facts.BrokerEpochStale, s.epoch, brokerEpoch)
	return true
}
