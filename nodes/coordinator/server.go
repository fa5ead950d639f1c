package coordinator

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/election"
	"github.com/stampede-sim/stampede/nodes/coordinator/prep"
	"github.com/stampede-sim/stampede/nodes/coordinator/session"
	"github.com/stampede-sim/stampede/nodes/coordinator/standalone"
	"github.com/stampede-sim/stampede/nodes/coordinator/watch"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/coordinator/zab"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Server is one member of the ensemble.
type Server struct {
	cfg   Config
	env   node.Env
	meter *meter // the same, counting
	configuration

	// bare: the disk is not the one that we were set up with. What we acknowledged, and
	// which epochs we accepted, is forgotten, so that our word counts no more.
	bare bool
	// accepted and current mirror the epoch files; db is snapshot, log and tree.
	accepted, current int64
	db                *database

	state    wire.PeerState
	election *election.Election
	ballots  map[int64]*ballotLink // by sid
	// electionTimers are the pending timers by election.TimeoutKind.
	electionTimers map[election.TimeoutKind]node.TimerID

	// term numbers the roles of this incarnation: what belongs to an older one is
	// ignored. Exactly one of leader and learner is set in a role, none otherwise.
	term   uint64
	leader *zab.Leader
	// alone is set instead if there is no ensemble, and primary is the one of the two
	// that writes are brought to: nil until a leader is established.
	alone      *standalone.Order
	primary    primary
	learner    *zab.Learner
	roleTimers [3]node.TimerID // by zab.TimerKind
	serving    bool
	// readOnly: looking for a leader for so long that clients are let in to read.
	readOnly bool
	// draining: the term is over, the next election waits for flows to reach 0 and
	// for the log to be durable. flows counts the durable multi-step flows under
	// way (epoch files, snapshots, truncation).
	draining bool
	flows    int
	// whenDurable are continuations waiting for the log.
	whenDurable []durableWait

	// sinceSnapshot counts the transactions logged since the last snapshot began,
	// snapshotAt is when the next begins; one at a time is written.
	sinceSnapshot, snapshotAt int
	logFile                   string // that was appended to last
	snapshotting              bool

	// Connections, by what they are for.
	conns       map[node.ConnID]*connection
	leaderConn  node.ConnID // ours to the leader
	dialTries   int
	learnerConn map[int64]node.ConnID // the leader's, by sid

	// Sessions served here, by id; opening holds those whose ConnectResponse waits
	// for a commit, asked the connections whose session the leader was asked for, in
	// the order of the questions.
	ids      *session.IDs
	clients  map[int64]*clientConn
	opening  map[int64]*clientConn
	asked    []*clientConn
	lastAuth []wire.Identity // IdentitiesOfAnother only
	touched  map[int64]int32 // sessions heard from since the last PING, with timeouts
	lastWord map[int64]int64 // FollowerExpiresSession only: when a session was heard from, ns
	locals   localSessions

	watches     *watch.Table
	lateWatches []lateWatch // WatchMissesInFlight only

	// Only while leading.
	prep     *prep.Prep
	tracker  *session.Tracker
	expiry   node.TimerID
	ledSince int64 // ns of the monotonic clock
	reaper   reaper

	// inProcess counts the requests taken and not answered, of which fairShare is how
	// many may be; scratch is for measuring.
	inProcess, fairShare int
	scratch              []byte
}

var _ node.Node = (*Server)(nil)

// connection is one end of a connection of this process.
type connection struct {
	port   node.Port
	sid    int64 // the server at the other end, if it is one
	client *clientConn
}

// Timer and disk tags of a server.
const (
	tagRole     uint32 = 1 // + zab.TimerKind; Arg is the term
	tagElection uint32 = 8 // Arg is the election.TimeoutKind
	tagRedial   uint32 = 9
	tagExpiry   uint32 = 10
	tagLogSync  uint32 = 11
	tagSilent   uint32 = 12 // FollowerExpiresSession only; Arg is the session
	tagReap     uint32 = 13 // Arg is the term
	tagPurge    uint32 = 19 // Arg is the term
	tagUnread   uint32 = 14 // Arg is the connection
	tagLocal    uint32 = 20 // Arg is the term
	tagReadOnly uint32 = 21 // Arg is the term
)

// New makes a server. A configuration that does not validate is a bug of the
// caller and panics.
func New(cfg Config) *Server {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	s := &Server{
		cfg:            cfg.withDefaults(),
		ballots:        map[int64]*ballotLink{},
		electionTimers: map[election.TimeoutKind]node.TimerID{},
		conns:          map[node.ConnID]*connection{},
	}
	s.fairShare = s.cfg.outstandingHere()
	return s
}

func (s *Server) nodeOf(sid int64) node.ID {
	for _, m := range s.cfg.Members {
		if m.Sid == sid {
			return m.Node
		}
	}
	return node.Nobody
}

func (s *Server) sidOf(id node.ID) int64 {
	for _, m := range s.cfg.Members {
		if m.Node == id {
			return m.Sid
		}
	}
	return 0
}

func (s *Server) bug(id bugs.ID) bool { return s.cfg.Bugs.Has(id) }

func (s *Server) observe(k *node.EventKind, n ...int64) {
	e := node.Event{Kind: k}
	copy(e.N[:], n)
	s.env.Observe(e)
}

func (s *Server) observeRole(role string, term int64) {
	s.env.Observe(node.Event{Kind: node.Role, N: [4]int64{term}, Text: role})
}

// Boot recovers the database and starts looking for a leader.
func (s *Server) Boot(env node.Env) {
	s.meter = newMeter(env, s.cfg.DigestInterval)
	s.env = s.meter
	s.ids = session.NewIDs(s.cfg.Sid, env.WallMillis())
	s.resetTerm()
	if err := s.recover(); err != nil {
		s.refuseStart(err)
		return
	}
	s.election = s.newElection()
	s.draining = true
	s.raiseCurrentEpoch()
	s.electWhenDrained()
}

// Accept takes a connection if its port is open in the present state: a server that
// is not leading has no quorum port.
func (s *Server) Accept(c node.ConnID, peer node.ID, port node.Port) {
	switch {
	case port == wire.ElectionPort:
		s.conns[c] = &connection{port: port, sid: s.sidOf(peer)}
	case port == wire.QuorumPort && s.leader != nil:
		s.acceptLearner(c, s.sidOf(peer))
	case port == wire.ClientPort && s.hasRoom(peer):
		s.acceptClient(c, peer)
	default:
		s.env.Close(c)
	}
}

// Opened continues what the connection was dialled for.
func (s *Server) Opened(c node.ConnID) {
	switch k := s.conns[c]; {
	case k == nil:
	case k.port == wire.ElectionPort:
		s.ballotLinkOpened(k.sid)
	case c == s.leaderConn:
		s.joinLeader()
	}
}

// Receive dispatches by connection.
func (s *Server) Receive(c node.ConnID, m node.Message) {
	k := s.conns[c]
	if k == nil {
		return // closed by us while it was on its way
	}
	switch m := m.(type) {
	case *wire.Notification:
		if !s.learnConfig(m) {
			s.election.Receive(*m)
			s.followElection()
		}
	case *wire.Packet:
		s.receivePacket(c, k, m)
	case *wire.Word:
		s.word(k.client, m)
	case *wire.ConnectRequest:
		s.connect(k.client, m)
	case *wire.Request:
		s.receiveRequest(k.client, m)
	default:
		panic(fmt.Sprintf("coordinator: unexpected message %v", m))
	}
}

func (s *Server) receivePacket(c node.ConnID, k *connection, p *wire.Packet) {
	switch {
	case s.leader != nil && s.learnerConn[k.sid] == c:
		s.leader.Receive(k.sid, p)
	case s.learner != nil && c == s.leaderConn:
		if s.bug(bugs.CheckAlone) && p.Txn != nil && p.Txn.Type == wire.OpCheck {
			s.stepDown("cannot read a transaction of its leader") // nobody thought that there could be one
			return
		}
		if p.Txn != nil && !s.intelligible(p.Txn) {
			s.stepDown("a transaction of its leader is too long")
			return
		}
		s.learner.Receive(p)
	}
}

// Closed forgets a connection, and with the one to the leader the term.
func (s *Server) Closed(c node.ConnID, why node.CloseReason) {
	k := s.conns[c]
	if k == nil {
		return
	}
	delete(s.conns, c)
	switch {
	case k.port == wire.ElectionPort:
		s.ballotLinkClosed(k.sid, c)
	case k.port == wire.ClientPort:
		s.clientGone(k.client)
	case c == s.leaderConn:
		s.leaderGone(why)
	case s.leader != nil && s.learnerConn[k.sid] == c:
		delete(s.learnerConn, k.sid)
		s.leader.Disconnected(k.sid)
	}
}

// Datagram is not used by this protocol.
func (s *Server) Datagram(node.ID, node.Port, node.Message) {}

// Timer dispatches by tag.
func (s *Server) Timer(tag node.Tag) {
	switch {
	case tag.Kind < tagElection:
		s.roleTimeout(zab.TimerKind(tag.Kind-tagRole), tag.Arg)
	case tag.Kind == tagElection:
		s.election.Timeout(election.TimeoutKind(tag.Arg))
		s.followElection()
	case tag.Kind == tagRedial:
		s.redial(tag.Arg)
	case tag.Kind == tagPurge:
		s.purgeTimeout(tag.Arg)
	case tag.Kind == tagUnread:
		s.readOn(node.ConnID(tag.Arg))
	case tag.Kind == tagReap:
		s.reap(tag.Arg)
	case tag.Kind == tagReadOnly:
		s.beginReadOnly(tag.Arg)
	case tag.Kind == tagLocal:
		s.expireLocals(tag.Arg)
	case tag.Kind == tagExpiry:
		s.expireSessions(tag.Arg)
	case tag.Kind == tagSilent:
		s.silentSession(int64(tag.Arg))
	}
}

// DiskDone handles the log's sync; other flows are tasks.
func (s *Server) DiskDone(tag node.Tag, err error) {
	if tag.Kind != tagLogSync {
		panic(fmt.Sprintf("coordinator: unexpected disk completion %v", tag))
	}
	s.logSynced(err)
}

// Decode reads a frame in the format of the connection's port.
func (s *Server) Decode(c node.ConnID, frame []byte) (node.Message, error) {
	k := s.conns[c]
	switch {
	case k == nil:
		return &wire.Notification{}, nil // ignored by Receive: the connection is gone
	case k.port == wire.ElectionPort:
		return wire.DecodeNotification(frame)
	case k.port == wire.QuorumPort:
		return wire.DecodePacket(frame)
	case !k.client.greeted:
		k.client.greeted = true
		word, connect, err := wire.DecodeOpening(frame)
		if word != nil {
			return word, nil
		}
		return connect, err
	}
	return wire.DecodeRequest(frame)
}
