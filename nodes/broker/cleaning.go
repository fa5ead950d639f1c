package broker

import (
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/log"
	"github.com/stampede-sim/stampede/nodes/node"
)

// retain drops what is too old or too much, and forgets producers that are silent.
func (s *Server) retain() {
	now := s.env.WallMillis()
	for _, r := range s.sortedReplicas() {
		was := r.log.Start()
		r.log.ExpireProducers(now)
		gone := r.log.Retain(now)
		if r.log.Start() > was {
			reason := int64(startRetentionTime)
			if gone.Left >= 0 {
				reason = startRetentionSize
			}
			s.env.Observe(node.Event{
				Kind: facts.StartAdvanced, Text: r.Name(), N: [4]int64{r.log.Start(), r.log.HighWatermark(), gone.Left, reason}, Body: facts.Age(gone.Age),
			})
			s.touch(r)
		}
		s.work(r)
	}
	s.env.SetTimer(s.cfg.RetentionInterval, node.Tag{Kind: tagRetain})
}

// clean compacts the logs for which that is due, one after the other.
func (s *Server) clean() {
	s.env.Go("cleaner", func(t *node.Task) {
		for _, r := range s.sortedReplicas() {
			if _, _, due := r.log.Compactable(s.env.WallMillis()); r.log.Config().Compact && due && !r.log.gone {
				s.compact(t, r)
			}
		}
		s.env.SetTimer(s.cfg.CleanerInterval, node.Tag{Kind: tagClean})
	})
}

// compact compacts one log, and states what it was before and after.
func (s *Server) compact(t *node.Task, r *localReplica) {
	now := s.env.WallMillis()
	_, upto, _ := r.log.Compactable(now)
	before, failed := r.log.Keys(upto)
	done, _ := r.log.Compact(t, now)
	if done.Upto > done.From && failed == nil {
		if after, err := r.log.Keys(upto); err == nil {
			s.env.Observe(node.Event{
				Kind: facts.Compacted, N: [4]int64{done.Upto, int64(done.Records)}, Text: r.Name(),
				Body: &facts.Compaction{Now: now, From: done.From, Before: stated(before), After: stated(after)},
			})
		}
	}
	s.work(r)
}

// stated are records as facts have them.
func stated(records []log.Keyed) []facts.Keyed {
	all := make([]facts.Keyed, len(records))
	for i, r := range records {
		all[i] = facts.Keyed{Offset: r.Offset, Horizon: r.Horizon, Key: r.Key, Keyless: r.Keyless, Tombstone: r.Tombstone, Time: r.Time, Sum: r.Sum}
	}
	return all
}
