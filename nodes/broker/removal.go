package broker

import (
	"slices"

	"github.com/stampede-sim/stampede/nodes/broker/log"
	"github.com/stampede-sim/stampede/nodes/node"
)

// removals are the deletions of logs that are under way.
type removals struct {
	// of has the directories of those. There is no replica of any.
	of map[string]bool
	// waiting are to go on when one of them is over.
	waiting []func()
}

// remove deletes the directory of a partition that has no replica here any more. A disk that
// fails to ends the broker.
func (s *Server) remove(dir string) {
	s.removals.of[dir] = true
	s.env.Go("removal of "+dir, func(t *node.Task) {
		if err := log.Delete(t, s.env.Disk(), dir); err != nil {
			s.giveUp(dir, err)
			return
		}
		delete(s.removals.of, dir)
		waiting := s.removals.waiting
		s.removals.waiting = nil
		for _, goOn := range waiting {
			goOn()
		}
		s.settleSoon()
	})
}

// removing reports whether former replicas of some topics are not gone yet.
func (s *Server) removing(topics []string) bool {
	for dir := range s.removals.of { //sim:unordered any of them will do
		if topic, _, _ := log.ParseDir(dir); slices.Contains(topics, topic) {
			return true
		}
	}
	return false
}

// whenReady goes on when replicas of some topics can be begun: nothing of former ones is left,
// and the configurations are known. What is known of a topic goes with its last replica, which
// another controller may have removed while it was read.
func (s *Server) whenReady(topics []string, then func()) {
	again := func() { s.whenReady(topics, then) }
	if s.removing(topics) {
		s.removals.waiting = append(s.removals.waiting, again)
		return
	}
	s.whenTopicsKnown(topics, func() {
		if s.removing(topics) {
			again()
			return
		}
		then()
	})
}
