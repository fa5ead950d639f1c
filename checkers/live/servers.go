package live

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// server is the ghost of one member: what it has said so far comes to.
type server struct {
	Server
	index int // in Checker.servers
	bit   uint64

	// log is the history in its log files as the page cache shows them, tree the
	// one its memory holds. Nil while it is down and until it has recovered.
	log, tree *entry
	// pending lists log records not yet seen durable, oldest first.
	pending []record
	// promised is the longest history that it said to hold durably and has not
	// been told to drop since. It survives crashes.
	promised *entry
	// released: a leader has since sent it a TRUNC or SNAP, so it may drop what is
	// not committed, and a crash may keep it from telling.
	released bool
	// accepted and current are the highest epoch files seen durable.
	accepted, current int64

	// lostDisk: it runs on another disk than it was set up with, and may not know what it
	// promised.
	lostDisk bool

	// config is what it goes by, configKept the latest version seen durable there.
	config     *config
	configKept wire.Zxid

	// scanned says how far either view of its log files was read and found sound, read
	// what of them purges have read.
	scanned [2]scan
	read    map[string]stretch

	// backers are those on whose word it ended its latest election, own the
	// configuration by which it did, nil if none ever.
	backers uint64
	own     *config
	// vote is what it first voted for in its latest election, bestVote the best it
	// ever said of itself, in this life or before.
	vote, bestVote vote

	// leads is the epoch it leads since entering synchronisation, 0 if none.
	// serving: established, or up to date with an established leader, in epoch serves.
	leads   int64
	alone   bool // established without an ensemble, in an epoch that may be 0
	serving bool
	serves  int64
	// since is when it was established, touched when it last heard of each
	// session since, owners where it last let each in since, by sid.
	since   time.Duration
	touched map[int64]time.Duration
	owners  map[int64]int64
	// reaped is when it last proposed to delete a znode by itself, or found that it may
	// not.
	reaped time.Duration
	// readOnly is the history that it shows read-only, nil if it does not.
	readOnly *entry
	// locals are the sessions that it opened in this term and nobody else knows.
	locals map[int64]bool
	// gone are the connections that ended with their watches, in this life.
	gone map[int64]bool
}

// record is one append to a log file.
type record struct {
	zxid wire.Zxid
	file string
	end  int64 // size of the file with it
}

// scan is a place in a log: after history at, which ends at an offset of a file.
type scan struct {
	file   string
	offset int64
	at     *entry // nil if nothing was read
}

// idle ends whatever role the server played.
func (s *server) idle() {
	s.leads, s.alone, s.serving = 0, false, false
	clear(s.locals)
}

// down forgets what a process loses with its memory.
func (s *server) down() {
	s.idle()
	s.log, s.tree, s.pending = nil, nil, s.pending[:0]
	s.readOnly = nil
	s.unread()
	clear(s.gone)
}

// unread forgets what was read of its log files, which may now hold something else.
func (s *server) unread() { s.scanned, s.read = [2]scan{}, nil }
