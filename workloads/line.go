package workloads

import (
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/client"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// place is a step's own znode among others that stand in line.
type place struct {
	path  string
	token wire.Zxid // its czxid: no later place has a lower one
}

// stand creates a sequential znode in a directory, exactly once however often
// contact is lost. False: the session is over, or there was no contact in time and
// there is no znode.
//
// A create that was not answered may have happened. What settles it is a sync
// and a list over another connection: the ensemble has taken the session away from
// the server that the create went to, so the create is there by then or never will be.
func (s *step) stand(dir, kind string, mode int32) (place, bool) {
	name := s.name()
	for !s.late() {
		got, ok := s.ask(Op{F: history.Create, Path: dir + "/" + name + kind, Mode: mode})
		switch {
		case !ok:
			return place{}, false
		case got.Outcome == history.OK:
			return place{got.OutPath, got.OutStat.Czxid}, true
		case got.Outcome == history.Info && !s.has(bugs.CreateNotLookedUp):
			if p, there, ok := s.find(dir, name); !ok || there {
				return p, ok
			}
		}
		s.t.Sleep(retryPause)
	}
	return place{}, false
}

// find looks for the znode of a create that was lost.
func (s *step) find(dir, name string) (p place, there, ok bool) {
	list, ok := s.insist(Op{F: SyncChildren, Path: dir})
	if !ok {
		return place{}, false, false
	}
	for _, child := range list.OutChildren {
		if strings.HasPrefix(child, name) {
			got, ok := s.insist(Op{F: history.Exists, Path: dir + "/" + child})
			if !ok || got.Outcome != history.OK {
				return place{}, false, false
			}
			return place{dir + "/" + child, got.OutStat.Czxid}, true, true
		}
	}
	return place{}, false, true
}

// suffix is the number that ends a sequential name, -1 if there is none.
func suffix(name string) int {
	const digits = 10
	n, err := strconv.Atoi(name[max(0, len(name)-digits):])
	if err != nil {
		return -1
	}
	return n
}

// ahead picks from a list the one that own has to wait for: the last before it that
// matters. False: own is not in the list, so the session must be over.
func ahead(names []string, own string, before func(a, b string) bool, matters func(string) bool) (last string, listed bool) {
	for _, name := range names {
		switch {
		case name == own:
			listed = true
		case before(name, own) && matters(name) && (last == "" || before(last, name)):
			last = name
		}
	}
	return last, listed
}

func bySuffix(a, b string) bool { return suffix(a) < suffix(b) }

// watchGone waits until a znode is gone. It reads the data with a watch and does not
// ask whether the znode exists: that would leave a watch behind if it does not.
func (s *step) watchGone(path string) (e client.WatchEvent, gone bool) {
	s.forget(path)
	got, ok := s.insist(Op{F: history.Get, Path: path, Watch: true})
	if !ok || got.Outcome != history.OK {
		return client.WatchEvent{Zxid: got.Zxid}, ok
	}
	gone = s.await(path)
	e, _ = s.event(path)
	e.Zxid = max(e.Zxid, got.Zxid)
	return e, gone
}
