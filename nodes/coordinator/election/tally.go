package election

import "github.com/stampede-sim/stampede/nodes/quorum"

// tally is the last ballot of each voter.
type tally struct {
	// from says whose ballots are present.
	from    quorum.Bits
	ballots [quorum.MaxSid + 1]ballot
}

func (t *tally) clear() { t.from = 0 }

func (t *tally) put(sid int64, b ballot) {
	t.from = t.from.Add(sid)
	t.ballots[sid] = b
}

// get returns the ballot of a voter, and whether it has cast one.
func (t *tally) get(sid int64) (ballot, bool) {
	if !t.from.Has(sid) {
		return ballot{}, false
	}
	return t.ballots[sid], true
}

// backers returns who cast a ballot for the same outcome.
func (t *tally) backers(b ballot) quorum.Bits {
	var backers quorum.Bits
	for _, sid := range t.from.Members() {
		if t.ballots[sid].backs(b) {
			backers = backers.Add(sid)
		}
	}
	return backers
}
