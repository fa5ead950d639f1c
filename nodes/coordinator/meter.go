package coordinator

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/admin"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// meter is the world as a server sees it, with an eye on what the server states:
// metrics are counts of facts. It decides nothing.
type meter struct {
	node.Env
	counts    [256]int64 // facts by code
	traffic   admin.Counters
	proposals admin.Sizes
	digests   admin.Digests
	booted    time.Duration
	// logEnd is where the log file ends as far as was stated, proposing that the
	// next record is the leader's own proposal.
	logEnd    int64
	proposing bool
	traceMask int64
}

func newMeter(env node.Env, digestInterval uint32) *meter {
	return &meter{
		Env: env, proposals: admin.NoSizes, booted: env.Now(), traceMask: defaultTraceMask,
		digests: admin.Digests{Interval: digestInterval},
	}
}

// defaultTraceMask traces what ZooKeeper's does: requests, warnings, sessions and JMX.
const defaultTraceMask = 306

// Observe passes a fact on and counts it.
func (m *meter) Observe(e node.Event) {
	if i := e.Kind.Code - facts.Recovered.Code&^0xff; i < uint64(len(m.counts)) {
		m.counts[i]++
	}
	switch e.Kind {
	case facts.Proposed:
		m.proposing = true
	case facts.Logged:
		if m.proposing && e.N[1] > m.logEnd {
			m.proposals.Add(e.N[1] - m.logEnd)
		}
		m.logEnd, m.proposing = e.N[1], false
	case facts.Applied:
		m.digests.Applied(wire.Zxid(e.N[0]), uint64(e.N[2]))
	}
	m.Env.Observe(e)
}

// count is how often a fact was stated by this incarnation.
func (m *meter) count(k *node.EventKind) int64 { return m.counts[k.Code&0xff] }

// received counts a message of a client.
func (s *Server) received(c *clientConn) {
	s.meter.traffic.Received++
	c.stats.Received++
}

// reply answers a request that arrived at since.
func (s *Server) reply(c *clientConn, r *wire.Reply, since time.Duration) {
	took := s.env.Now() - since
	s.meter.traffic.Latency.Add(took)
	s.meter.traffic.Sent++
	st := &c.stats
	st.Sent++
	st.Latency.Add(took)
	st.LastOp, st.LastCxid, st.LastZxid = r.Type, r.Xid, r.Zxid
	st.LastLatency, st.LastResponse = took.Milliseconds(), s.env.WallMillis()
	s.env.Send(c.id, r)
}

// sent counts a message to a client that answers no request.
func (s *Server) sent(c *clientConn) {
	s.meter.traffic.Sent++
	c.stats.Sent++
}

// counted are the metrics that are counts of facts, in the names of ZooKeeper's
// where it has the same.
var counted = []struct {
	name string
	kind *node.EventKind
}{
	{"election_count", facts.ElectionStarted}, {"looking_count", facts.ElectionStarted},
	{"snapshots_taken", facts.SnapshotTaken}, {"commit_count", facts.Applied}, {"proposal_count", facts.Proposed},
	{"diff_count", facts.SyncDiff}, {"snap_count", facts.SyncSnap}, {"trunc_count", facts.SyncTrunc},
	{"stale_sessions_expired", facts.SessionExpiring}, {"connection_rejected", facts.ConnectRefused},
	{"connection_revalidate_count", facts.SessionRevalidated}, {"revalidate_rejected", facts.SessionRejected},
	{"step_downs", facts.StepDown}, {"watches_fired", facts.WatchFired}, {"writes_rejected", facts.WriteRejected},
}

func (m *meter) metrics() []admin.Metric {
	list := make([]admin.Metric, len(counted))
	for i, c := range counted {
		list[i] = admin.Metric{Name: c.name, Value: m.count(c.kind)}
	}
	return list
}
