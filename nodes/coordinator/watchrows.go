package coordinator

import (
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/watch"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// The rows of facts.WatchSet, by what set the watch.
const (
	rowData int64 = iota
	rowPresent
	rowAbsent
	rowChild
	rowPersistent
	rowRecursive
)

// The rows of facts.WatchRearmed, by the list that brought the watch.
const (
	rowRearmedData int64 = iota
	rowRearmedExist
	rowRearmedChild
	rowRearmedPersistent
	rowRearmedRecursive
)

// rowCaughtUp is the row of facts.WatchCaughtUp for a list and an event.
func rowCaughtUp(list int64, missed wire.EventType) int64 {
	switch {
	case list == rowRearmedData && missed == wire.NodeDeleted:
		return 0
	case list == rowRearmedData:
		return 1
	case list == rowRearmedExist:
		return 2
	case missed == wire.NodeDeleted:
		return 3
	}
	return 4
}

// rowYesNo is the row of facts.WatchChecked.
func rowYesNo(yes bool) int64 {
	if yes {
		return 0
	}
	return 1
}

// firstFired is the row of facts.WatchFired where those of a kind begin, which are in
// order of event. Child watches have no rows of creation and data.
var firstFired = [...]int64{watch.Data: 0, watch.Child: 3, watch.Persistent: 5, watch.Recursive: 9}

// firstBelow is where those of recursive watches above the path begin.
const firstBelow = 12

func rowFired(k watch.Kind, what wire.EventType) int64 {
	if k == watch.Child && what == wire.NodeDeleted {
		return firstFired[k]
	}
	if k == watch.Child {
		return firstFired[k] + 1
	}
	return firstFired[k] + int64(what-wire.NodeCreated)
}

// observeFired states every rule that an event is due to.
func (s *Server) observeFired(zxid wire.Zxid, e watch.Event) {
	modes := 0
	for k := range e.Fired.All() {
		s.observe(facts.WatchFired, int64(zxid), int64(e.Type), 0, rowFired(k, e.Type))
		modes++
	}
	if e.Below != 0 {
		s.observe(facts.WatchFired, int64(zxid), int64(e.Type), 0, firstBelow+int64(e.Type-wire.NodeCreated))
		modes++
	}
	if e.Fired.Has(watch.Data) && e.Fired.Has(watch.Child) {
		s.observe(facts.WatchToldOnce, int64(zxid))
	}
	if modes > 1 {
		s.observe(facts.WatchModesMeet, int64(zxid), int64(e.Type))
	}
}
