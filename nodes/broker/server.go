package broker

import (
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/controller"
	"github.com/stampede-sim/stampede/nodes/broker/fetchsession"
	"github.com/stampede-sim/stampede/nodes/broker/group"
	"github.com/stampede-sim/stampede/nodes/broker/quota"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Server is one broker.
type Server struct {
	node.Base
	cfg Config
	env node.Env
	// apis are the requests that are served, in the order of keys; apiAt has them at theirs.
	apis  []api
	apiAt []*api

	// recovered: the logs are open. up: requests are taken. leaving: the broker is being
	// shut down.
	recovered, up, leaving bool
	diskOf                 string // the cluster that the disk belongs to, "" if it is new
	noted                  [checkpointFiles]noted
	// zk is the session with the coordinators; began, that there is one. registered says that the znode of this
	// broker exists in it, epoch is the czxid of that znode: the epoch of this life.
	zk         *zookeeper.Session
	began      bool
	registered bool
	epoch      int64
	// whenRegistered are the tasks that wait for it.
	whenRegistered []*node.Signal
	clusterID      string
	// controller is that of the cluster, if it has elected the one in this broker.
	// obeyed is the last order of one that was followed.
	controller *controller.Controller
	obeyed     order
	metadata   metadata
	configs    map[string]*topicConfig // by topic
	dynamic    dynamic
	changes    changes
	notices    notices

	// replicas are those on this broker, numbered those that have disk requests on
	// their way, too.
	replicas   map[znodes.TopicPartition]*localReplica
	numbered   map[uint64]*localReplica
	lastNumber uint64
	removals   removals
	fetchers   fetchers
	// fetchSessions are those of who fetches here.
	fetchSessions *fetchsession.Cache
	// readInto is where fetches read into, one after the other.
	readInto []kmsg.FetchResponseTopicPartition
	// commits builds the batches of commits.
	commits   batch.Builder
	purgatory purgatory
	// changedIsr are the partitions of which the controller is yet to be told that their
	// in-sync replicas have changed; notifying, that a task is at it.
	changedIsr  []znodes.TopicPartition
	notifying   bool
	producerIDs producerIDs
	asking      asking
	// groups are those in the partitions of the topic of offsets that are led here.
	groups *group.Coordinator
	// creating are the topics that the controller was asked for.
	creating map[string]bool
	// access authorises requests; nil lets everybody do everything.
	access *access
	// clients is what is said of users and of applications: their credentials.
	clients map[clientEntity]map[string]string
	// credentials are the versions of what is said of users by which they can log in.
	credentials map[string]int32
	// usage is what clients had lately, by account; buckets, how much they may change.
	usage   map[account]*quota.Rate
	buckets map[account]*quota.Bucket
	// limits is how many of clients have a quota, by its key.
	limits map[string]int

	// channels are the connections that were accepted, readyChannels those of which a
	// request is about to be taken up.
	channels      map[node.ConnID]*channel
	readyChannels []*channel
	// exchanges are fresh ones, see newExchange.
	exchanges []exchange
	// inside: a callback is under way, at whose end settle is called. settling: a timer
	// is set that calls it, because something changed outside of one.
	inside, settling bool
}

var _ node.Terminator = (*Server)(nil)

// The kinds of timers and disk requests.
const (
	tagSettle    uint32 = iota + 1
	tagWaiter           // Arg is the waiter
	tagReviewIsr        // see reviewIsr
	tagSilent           // Arg is a leader that has not answered
	tagRested           // Arg is a leader that may be tried again
	tagPostponed        // partitions may be asked for again
	tagLog              // disk; Arg is the number of the replica
	tagMarks            // see noteMarks
	tagPoints           // see notePoints
	tagRetain           // see retain
	tagClean            // see clean
	tagShutdown         // see Shutdown
	tagUnheard          // the controller has not answered what this broker asked
	tagUnmute           // Arg is a connection that has waited
)

// The first of the kinds of others.
const (
	tagZooKeeper  uint32 = 64
	tagController uint32 = 128
	tagGroups     uint32 = 192
)

// New makes a broker. A configuration that does not validate is a bug of the caller
// and panics.
func New(cfg Config) *Server {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	cfg = cfg.withDefaults()
	s := &Server{
		cfg: cfg, dynamic: dynamic{static: cfg, statics: cfg.statics()}, changes: changes{last: -1}, apis: apis(),
		epoch: -1, metadata: newMetadata(), configs: map[string]*topicConfig{},
		replicas: map[znodes.TopicPartition]*localReplica{}, numbered: map[uint64]*localReplica{}, removals: removals{of: map[string]bool{}},
		purgatory: purgatory{waiters: map[uint64]*waiter{}}, channels: map[node.ConnID]*channel{}, creating: map[string]bool{},
		access: newAccess(cfg.Access), clients: map[clientEntity]map[string]string{}, usage: map[account]*quota.Rate{},
		buckets: map[account]*quota.Bucket{}, limits: map[string]int{}, notices: notices{}, credentials: map[string]int32{},
	}
	s.apiAt = byKey(s.apis)
	return s
}

// Boot recovers the logs, and then registers.
func (s *Server) Boot(env node.Env) {
	s.env = env
	s.zk = zookeeper.New(env, zookeeper.Config{
		Servers: s.cfg.Coordinators, Timeout: s.cfg.SessionTimeout, TimerKind: tagZooKeeper, Bugs: s.cfg.Bugs,
	}, s)
	s.controller = controller.New(env, s.zk, s.controllerConfig())
	s.fetchSessions = fetchsession.NewCache(env, fetchsession.Config{Slots: s.cfg.FetchSessionSlots, Idle: s.cfg.FetchSessionIdle, Bugs: s.cfg.Bugs})
	s.groups = group.New(env, s.groupConfig(), groupHost{s})
	env.Go("boot", s.boot)
}

// controllerConfig is what of the configuration the controller goes by.
func (s *Server) controllerConfig() controller.Config {
	return controller.Config{
		Broker: s.cfg.ID, Listener: replicaListener, Hosts: s.cfg.Hosts, Unclean: s.cfg.Unclean,
		Partitions: s.cfg.Partitions, Replication: s.cfg.Replication, CheckTopicConfig: s.checkTopicConfig,
		NoRebalance: s.cfg.NoRebalance, RebalanceInterval: s.cfg.RebalanceInterval, ImbalancePercent: s.cfg.ImbalancePercent,
		SocketTimeout: s.cfg.ControllerTimeout,
		TimerKind:     tagController, Bugs: s.cfg.Bugs,
	}
}

// groupConfig is what of the configuration the coordinator of groups goes by.
func (s *Server) groupConfig() group.Config {
	c := s.cfg.Groups
	c.Partitions, c.TimerKind, c.Bugs = int32(s.cfg.OffsetsPartitions), tagGroups, s.cfg.Bugs
	return c
}

// Receive hands a message to whoever has the connection.
func (s *Server) Receive(c node.ConnID, m node.Message) {
	s.inside = true
	if ch := s.channels[c]; ch.tokens() {
		s.receiveToken(ch, m.(*wire.Token))
	} else if ch != nil {
		s.receiveRequest(ch, m.(*wire.Request))
	} else if caller := s.callerOf(c); caller != nil {
		caller.Receive(c, m)
	} else if s.controller.Owns(c) {
		s.controller.Receive(c, m)
	} else {
		s.zk.Receive(c, m)
	}
	s.settle()
}

// Closed tells whoever had the connection.
func (s *Server) Closed(c node.ConnID, why node.CloseReason) {
	s.inside = true
	ch, caller := s.channels[c], s.callerOf(c)
	switch {
	case ch != nil:
		s.drop(ch)
	case caller != nil:
		caller.Closed(c)
	case s.controller.Owns(c):
		s.controller.Closed(c)
	default:
		s.zk.Closed(c, why)
	}
	s.settle()
}

// Timer dispatches by tag.
func (s *Server) Timer(tag node.Tag) {
	s.inside = true
	if !s.zk.Timer(tag) && !s.controller.Timer(tag) && !s.groups.Timer(tag) {
		s.ownTimer(tag)
	}
	s.settle()
}

func (s *Server) ownTimer(tag node.Tag) {
	switch tag.Kind {
	case tagSettle:
		s.settling = false
	case tagWaiter:
		s.waiterDue(tag.Arg)
	case tagReviewIsr:
		s.reviewIsr()
	case tagSilent:
		s.leaderSilent(int32(tag.Arg))
	case tagRested:
		s.leaderRested(int32(tag.Arg))
	case tagPostponed:
		s.fetchers.wake(s)
	case tagMarks:
		s.noteMarks()
	case tagPoints:
		s.notePoints()
	case tagRetain:
		s.retain()
	case tagClean:
		s.clean()
	case tagShutdown:
		s.env.Go("shutdown", s.shutdown)
	case tagUnheard:
		s.asking.caller.Hangup()
	case tagUnmute:
		s.unmute(node.ConnID(tag.Arg))
	default:
		panic(fmt.Sprintf("broker: nobody set timer %v", tag))
	}
}

// DiskDone tells the log whose sync it was.
func (s *Server) DiskDone(tag node.Tag, err error) {
	s.inside = true
	if tag.Kind == tagLog {
		s.logSynced(tag.Arg, err)
	}
	s.settle()
}

// Decode reads a frame as whoever has the connection expects it.
func (s *Server) Decode(c node.ConnID, frame []byte) (node.Message, error) {
	caller := s.callerOf(c)
	switch {
	case caller != nil:
		return caller.Decode(frame)
	case s.controller.Owns(c):
		return s.controller.Decode(c, frame)
	case s.zk.Owns(c):
		return s.zk.Decode(c, frame)
	case s.channels[c].tokens():
		return &wire.Token{Bytes: slices.Clone(frame)}, nil
	}
	return wire.DecodeRequest(frame)
}

// callerOf finds the calling end of a connection that the broker itself has dialled.
func (s *Server) callerOf(c node.ConnID) *wire.Caller {
	if s.asking.caller != nil && s.asking.caller.Owns(c) {
		return s.asking.caller
	}
	return s.fetchers.callerOf(c)
}

// settle ends a callback: what became ready in it is dealt with now, when nothing is half
// done any more.
func (s *Server) settle() {
	for len(s.purgatory.touched)+len(s.readyChannels) > 0 {
		if len(s.purgatory.touched) > 0 {
			s.tryTouched()
			continue
		}
		s.serveReady()
	}
	s.inside = false
}

// settleSoon sees to it that settle is called: at the end of the present callback, or, in
// a task that a timer of its own has woken, right after it.
func (s *Server) settleSoon() {
	if !s.inside && !s.settling {
		s.settling = true
		s.env.SetTimer(0, node.Tag{Kind: tagSettle})
	}
}

func (s *Server) observe(k *node.EventKind, n ...int64) {
	e := node.Event{Kind: k}
	copy(e.N[:], n)
	s.env.Observe(e)
}
