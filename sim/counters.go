package sim

import "github.com/stampede-sim/stampede/nodes/node"

// Counter counts one thing that actually happened in a run, as opposed to what a
// plan asked for.
type Counter struct {
	// Name is a coverage mark, "sim.connections-reset".
	Name string
	N    uint64
}

type counter int

const (
	crashesKeep counter = iota // the crash modes in their order
	crashesLose
	crashesTorn
	crashesArbitrary
	exits
	unsyncedBytesLost
	tornFiles
	renamesLost
	filesChanged
	connsClosed
	connsReset
	connsTimedOut
	connsRefused
	connsCut
	connsCutByRule
	messagesStalled
	messagesLost
	datagramsLost
	datagramsDuplicated
	datagramsReordered
	syncsFailed
	writesRefused
	bitsFlipped
	disksLost
	counterCount
)

var counterNames = [counterCount]string{
	crashesKeep:         "sim.crashes-keep-all",
	crashesLose:         "sim.crashes-lose-all",
	crashesTorn:         "sim.crashes-torn",
	crashesArbitrary:    "sim.crashes-arbitrary",
	exits:               "sim.exits",
	unsyncedBytesLost:   "sim.unsynced-bytes-lost",
	tornFiles:           "sim.torn-files",
	renamesLost:         "sim.renames-lost",
	filesChanged:        "sim.names-lost",
	connsClosed:         "sim.connections-closed",
	connsReset:          "sim.connections-reset",
	connsTimedOut:       "sim.connections-timed-out",
	connsRefused:        "sim.connections-refused",
	connsCut:            "sim.connections-cut",
	connsCutByRule:      "sim.connections-cut-by-rule",
	messagesStalled:     "sim.flows-stalled",
	messagesLost:        "sim.messages-lost",
	datagramsLost:       "sim.datagrams-lost",
	datagramsDuplicated: "sim.datagrams-duplicated",
	datagramsReordered:  "sim.datagrams-reordered",
	syncsFailed:         "sim.syncs-failed",
	writesRefused:       "sim.writes-refused",
	bitsFlipped:         "sim.bits-flipped",
	disksLost:           "sim.disks-lost",
}

// Counters returns all counters in a fixed order, zeros included.
func (w *World) Counters() []Counter {
	all := make([]Counter, counterCount)
	for i := range all {
		all[i] = Counter{counterNames[i], w.counts[i]}
	}
	return all
}

func (w *World) count(c counter) { w.counts[c]++ }

// countEnd counts how a connection ended, once for each end that was told.
func (w *World) countEnd(why node.CloseReason) {
	switch why {
	case node.ClosedByPeer:
		w.count(connsClosed)
	case node.Reset:
		w.count(connsReset)
	case node.TimedOut:
		w.count(connsTimedOut)
	case node.Refused:
		w.count(connsRefused)
	}
}
