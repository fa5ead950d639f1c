package election

import (
	"cmp"
	"fmt"
	"math"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Vote is a server's opinion of who should lead, with the credentials of the
// one voted for.
type Vote struct {
	Leader    int64     // sid
	Zxid      wire.Zxid // the end of the leader's history
	PeerEpoch int64     // the leader's currentEpoch
}

// noVote is what a server without a say starts from: every vote is better.
var noVote = Vote{Leader: math.MinInt64, Zxid: math.MinInt64, PeerEpoch: math.MinInt64}

// Better reports whether v beats w. The order is total and lexicographic over
// (peerEpoch, zxid, sid): a server of a later epoch may have discarded what a
// longer history of an earlier epoch still holds, so the epoch comes first, and
// the sid only breaks ties. The parentheses matter: ZOOKEEPER-1419 compared sids
// across epochs, and votes ran in circles.
func (v Vote) Better(w Vote) bool {
	return cmp.Or(
		cmp.Compare(v.PeerEpoch, w.PeerEpoch),
		cmp.Compare(v.Zxid, w.Zxid),
		cmp.Compare(v.Leader, w.Leader),
	) > 0
}

// String renders the vote as "3 zxid=1:17 epoch=1".
func (v Vote) String() string {
	if v == noVote {
		return "nobody"
	}
	return fmt.Sprintf("%d zxid=%v epoch=%d", v.Leader, v.Zxid, v.PeerEpoch)
}

// ballot is what a server said last: its vote, in which round, in which state.
type ballot struct {
	vote  Vote
	round int64
	state wire.PeerState
}

// ballotOf reads the ballot in a notification.
func ballotOf(n wire.Notification) ballot {
	return ballot{
		vote:  Vote{Leader: n.Leader, Zxid: n.Zxid, PeerEpoch: n.PeerEpoch},
		round: n.ElectionEpoch,
		state: n.State,
	}
}

// backs reports whether two ballots are for the same outcome. Servers that are
// still looking must agree in everything. Servers that have settled may have
// decided in different rounds, and their histories have moved on since, so only
// the leader and its epoch can be compared (ZOOKEEPER-1732).
func (b ballot) backs(c ballot) bool {
	if b.state == wire.Looking || c.state == wire.Looking {
		return b.vote == c.vote && b.round == c.round
	}
	return b.vote.Leader == c.vote.Leader && b.vote.PeerEpoch == c.vote.PeerEpoch
}
