package live

import (
	"cmp"
	"fmt"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// vote is what a server stands for when it proposes itself as leader.
type vote struct {
	epoch int64
	zxid  wire.Zxid
	sid   int64
}

// better is Fast Leader Election's order: a later epoch outweighs a longer
// history, as its leader may have discarded what the longer one still holds, and
// the id breaks ties (ZOOKEEPER-1419).
func (v vote) better(w vote) bool {
	return cmp.Or(cmp.Compare(v.epoch, w.epoch), cmp.Compare(v.zxid, w.zxid), cmp.Compare(v.sid, w.sid)) > 0
}

func (v vote) String() string {
	return fmt.Sprintf("%d with epoch %d and history up to %v", v.sid, v.epoch, v.zxid)
}

// electionStarted notes what a server votes for first: itself. One without a vote, be
// it in the configuration that it goes by or in the one that its history ends with,
// proposes nobody, and may take any voter's word.
func (c *Checker) electionStarted(s *server, z wire.Zxid, epoch int64) {
	if s.lostDisk && z != wire.NoZxid {
		c.fail(s, LostDiskNoVote, fmt.Sprintf("%s votes for a history up to %v on another disk than it was set up with", s.Name, z))
		return
	}
	voters := s.config.voters
	if s.log != nil {
		if next := c.configAfter(s.log); next.version > s.config.version {
			voters |= next.voters
		}
	}
	if voters&s.bit == 0 || s.lostDisk {
		s.vote = vote{}
		return
	}
	s.vote = vote{epoch, z, s.Sid}
	if s.bestVote.sid == 0 || s.vote.better(s.bestVote) {
		s.bestVote = s.vote
	}
}

// voted checks a change of vote. A server's own vote is the least that it may hold.
// The candidate's words may have been on their way for long, so that the best it
// ever said of itself decides.
func (c *Checker) voted(s *server, leader int64) {
	for _, m := range c.servers {
		if m.Sid == leader && m.bestVote.sid != 0 && s.vote.sid != 0 && !m.bestVote.better(s.vote) {
			c.fail(s, VoteOrder, fmt.Sprintf("%s, which voted for %v, votes for %v at best", s.Name, s.vote, m.bestVote))
		}
	}
}
