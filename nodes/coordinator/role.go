package coordinator

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/election"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/prep"
	"github.com/stampede-sim/stampede/nodes/coordinator/session"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/coordinator/zab"
	"github.com/stampede-sim/stampede/nodes/node"
)

// redialWait is the pause between attempts to reach a leader that does not lead
// yet, dialTriesMax how often it is tried before the election is repeated.
const (
	redialWait   = 100 * time.Millisecond
	dialTriesMax = 5
)

// look starts an election. The database is at the end of the durable log.
func (s *Server) look() {
	s.state = wire.Looking
	s.observeRole("looking", s.election.Round()+1)
	s.armReadOnly()
	s.seeHistory()
	s.election.SetView(s.view())
	own := election.Vote{Leader: s.cfg.Sid, Zxid: s.db.lastSeen(), PeerEpoch: s.current}
	if s.bare {
		own.Zxid = wire.NoZxid
	}
	s.election.Start(own)
	s.followElection()
}

// followElection takes the role that a decided election gives us.
func (s *Server) followElection() {
	if s.state != wire.Looking || s.draining {
		return
	}
	r, decided := s.election.Decided()
	if !decided {
		return
	}
	s.endReadOnly()
	s.term++
	if r.Leader == s.cfg.Sid {
		s.lead(r)
		return
	}
	s.follow(r)
}

func (s *Server) zabConfig() zab.Config {
	c := zab.Config{
		Sid: s.cfg.Sid, Voters: s.committed.Verifier(), Observer: s.observes(), Tick: s.cfg.Tick,
		InitLimit: s.cfg.InitLimit, SyncLimit: s.cfg.SyncLimit,
		CounterLimit: s.cfg.CounterLimit, MaxSnapSyncs: s.cfg.MaxSnapSyncs, MaxDiffSyncs: s.cfg.MaxDiffSyncs, Bugs: s.cfg.Bugs,
	}
	if s.cfg.ReconfigEnabled {
		c.Committed, c.LastSeen = s.committed, s.lastSeen
	}
	return c
}

func (s *Server) lead(r election.Result) {
	s.state = wire.Leading
	s.election.Settle(wire.Leading, r.Vote, r.Vote.PeerEpoch)
	s.observeRole("leader", s.accepted+1)
	s.leader = zab.NewLeader(s.zabConfig(), (*leading)(s), s.accepted, s.current, s.db.lastSeen())
}

func (s *Server) follow(r election.Result) {
	s.state = wire.Following
	if s.observes() {
		s.state = wire.Observing
	}
	s.election.Settle(s.state, r.Vote, r.Vote.PeerEpoch)
	s.observeRole(s.learnerRole(), s.accepted)
	s.dialTries = 0
	s.dialLeader()
}

// learnerRole is what a server calls itself that does not lead.
func (s *Server) learnerRole() string {
	if s.observes() {
		return "observer"
	}
	return "follower"
}

func (s *Server) dialLeader() {
	sid := s.election.Vote().Leader
	s.leaderConn = s.env.Dial(s.nodeOf(sid), wire.QuorumPort)
	s.conns[s.leaderConn] = &connection{port: wire.QuorumPort, sid: sid}
}

func (s *Server) joinLeader() {
	s.learner = zab.NewLearner(s.zabConfig(), (*following)(s), s.election.Vote().Leader, s.accepted, s.current)
}

// leaderGone handles the end of our connection to the leader. Before the leader
// has told its epoch it may simply not lead yet: try again, a few times.
func (s *Server) leaderGone(why node.CloseReason) {
	s.leaderConn = 0
	begun := s.learner != nil && s.learner.Epoch() != 0
	if s.dialTries++; begun || s.dialTries >= dialTriesMax {
		s.stepDown("connection to the leader: " + why.String())
		return
	}
	if s.learner != nil {
		s.learner.End()
		s.learner = nil
		s.stopRoleTimers()
	}
	s.env.SetTimer(redialWait, node.Tag{Kind: tagRedial, Arg: s.term})
}

func (s *Server) redial(term uint64) {
	if term == s.term && s.state != wire.Looking && s.leader == nil && s.leaderConn == 0 {
		s.dialLeader()
	}
}

func (s *Server) roleTimeout(k zab.TimerKind, term uint64) {
	switch {
	case term != s.term:
	case s.leader != nil:
		s.leader.Timeout(k)
	case s.learner != nil:
		s.learner.Timeout(k)
	}
}

func (s *Server) setRoleTimer(k zab.TimerKind, d time.Duration) {
	s.env.StopTimer(s.roleTimers[k])
	s.roleTimers[k] = s.env.SetTimer(d, node.Tag{Kind: tagRole + uint32(k), Arg: s.term})
}

func (s *Server) stopRoleTimers() {
	for k, t := range s.roleTimers {
		s.env.StopTimer(t)
		s.roleTimers[k] = 0
	}
}

// stepDown ends the term: nobody is served any more, every connection but those
// of the election closes, and what was logged becomes part of the database before
// the next vote claims it.
func (s *Server) stepDown(string) {
	if s.leader != nil {
		s.leader.End()
	}
	if s.learner != nil {
		s.learner.End()
	}
	s.closeTermConnections()
	s.stopRoleTimers()
	s.env.StopTimer(s.expiry)
	s.resetTerm()
	s.state, s.draining = wire.Looking, true
	s.observeRole("looking", s.election.Round()+1)
	s.electWhenDrained()
}

// resetTerm forgets everything that belongs to a role.
func (s *Server) resetTerm() {
	s.term++
	s.leader, s.learner, s.leaderConn, s.serving = nil, nil, 0, false
	s.primary, s.alone = nil, nil
	s.prep, s.tracker, s.expiry = nil, nil, 0
	s.reaper = reaper{begun: s.reaper.begun && s.bug(bugs.ReaperNotRestarted)}
	s.whenDurable = nil
	s.inProcess = 0
	s.learnerConn = map[int64]node.ConnID{}
	s.forgetClients()
}

func (s *Server) closeTermConnections() {
	for _, c := range sortedKeys(s.conns) {
		if k := s.conns[c]; k.port != wire.ElectionPort {
			if k.client != nil {
				k.client.gone = true
			}
			s.env.Close(c)
			delete(s.conns, c)
		}
	}
}

// electWhenDrained starts the next election once nothing durable is under way.
// Voting earlier could claim a zxid that a crash then takes back.
func (s *Server) electWhenDrained() {
	if !s.draining || s.flows > 0 || s.db.log.Syncing() {
		return
	}
	if s.db.log.Dirty() {
		s.observe(facts.Drained)
		s.syncLog()
		return
	}
	s.draining = false
	if err := s.fastForward(); err != nil {
		s.env.Exit(err.Error())
		return
	}
	if s.cfg.Standalone {
		s.standAlone()
		return
	}
	if s.handover != 0 {
		s.takeOver()
		return
	}
	s.look()
}

// takeOver begins the term of the server that the active configuration designates:
// whoever was told so needs no election.
func (s *Server) takeOver() {
	to := s.handover
	s.handover = 0
	s.observe(facts.LeaderHandedOver, to)
	s.seeHistory()
	s.election.SetView(s.view())
	s.term++
	r := election.Result{Leader: to, Vote: election.Vote{Leader: to, Zxid: s.db.lastSeen(), PeerEpoch: s.current}}
	if to == s.cfg.Sid {
		s.lead(r)
		return
	}
	s.follow(r)
}

// serve opens the client port in an established term.
func (s *Server) serve(epoch int64) {
	s.showConfig()
	s.serving = true
	s.election.Settle(s.state, s.election.Vote(), epoch)
	s.armPurge()
	if s.leader == nil {
		s.observeRole(s.learnerRole(), epoch)
		return
	}
	s.observeRole("leader", epoch)
	s.primary = s.leader
	s.reign()
}

// reign begins to prepare writes and to answer for all sessions: each has its full
// timeout ahead of it, whenever its client was heard from last.
func (s *Server) reign() {
	s.prep = prep.New(s.db.tree, s.cfg.rules())
	s.prep.SetLimits(s.cfg.limits())
	s.ledSince = int64(s.env.Now())
	s.tracker = session.NewTracker(s.cfg.Tick)
	for _, live := range s.db.tree.Sessions() {
		s.tracker.Add(live.ID, time.Duration(live.TimeoutMs)*time.Millisecond, s.env.Now())
	}
	s.armExpiry()
	s.beginReaping()
}
