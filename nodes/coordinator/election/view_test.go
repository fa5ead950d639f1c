package election

import (
	"testing"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/quorum"
)

// postbox keeps what an election last told each server.
type postbox struct {
	silentHost
	last map[int64]wire.Notification
}

func (p *postbox) Notify(to int64, n wire.Notification) { p.last[to] = n }

// Server 4 went over to an ensemble of itself alone, and 3 did not hear of it: see
// [Election.Activated].
func TestLeaderTellsWhatBecameActiveInItsTerm(t *testing.T) {
	pair := View{Voters: quorum.Majority(3, 4), Members: []int64{3, 4}, Follows: true, Config: "3,4"}
	post := &postbox{last: map[int64]wire.Notification{}}
	leader := New(Config{Sid: 4, View: pair}, post)
	leader.Start(Vote{Leader: 4, Zxid: 1, PeerEpoch: 1})
	leader.Activated("4")
	if told := post.last[3].Config; told != "3,4" {
		t.Fatalf("while it looks, 4 votes by %q", told)
	}
	leader.Settle(wire.Leading, Vote{Leader: 4, Zxid: 1, PeerEpoch: 1}, 2)
	leader.Activated("4")

	doubtful := pair
	doubtful.Next = quorum.Majority(4)
	ballots := &postbox{last: map[int64]wire.Notification{}}
	looking := New(Config{Sid: 3, View: doubtful}, ballots)
	own := Vote{Leader: 3, Zxid: 2, PeerEpoch: 2}
	looking.Start(own)
	leader.Receive(ballots.last[4])
	answer := post.last[3]
	looking.Receive(answer)
	if _, decided := looking.Decided(); decided {
		t.Error("3 joins on the word of 4 alone, by the configuration of both")
	}
	if answer.Config != "4" {
		t.Fatalf("4 tells 3 of configuration %q", answer.Config)
	}

	looking.Pause() // it learns the configuration
	looking.SetView(View{Voters: quorum.Majority(4), Members: []int64{4}, Follows: true, Config: answer.Config})
	looking.Start(own)
	looking.Receive(answer)
	if r, decided := looking.Decided(); !decided || r.Leader != 4 {
		t.Errorf("by the configuration of 4 alone, 3 decides %v, %+v", decided, r)
	}
}
