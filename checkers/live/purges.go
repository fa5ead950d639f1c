package live

import (
	"fmt"
	"slices"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// purgeDone checks what a server leaves of its history when it deletes snapshots and
// log files: enough whole snapshots, and after the oldest of these every transaction.
// Damaged ones do not count; who counts them is left with nothing to start from
// (ZOOKEEPER-3231).
func (c *Checker) purgeDone(s *server, keep int) {
	whole := c.wholeSnapshots(s)
	if len(whole) < keep {
		c.fail(s, PurgeKeeps, fmt.Sprintf("%s purges and has %d whole snapshots left, not %d", s.Name, len(whole), keep))
		return
	}
	oldest := whole[len(whole)-keep]
	if problem := c.replayable(s, oldest, whole[len(whole)-1]); problem != "" {
		c.fail(s, PurgeKeeps, fmt.Sprintf("%s purges, and from its snapshot of %v on %s", s.Name, oldest, problem), s.log)
	}
}

// wholeSnapshots lists the zxids of the snapshots that a server can read, ascending.
func (c *Checker) wholeSnapshots(s *server) []wire.Zxid {
	var whole []wire.Zxid
	for _, file := range c.ghost.Files(s.ID) {
		if z, ok := zxidOf(file, "snapshot."); ok && !c.ghost.Rotten(s.ID, file) {
			whole = append(whole, z)
		}
	}
	slices.Sort(whole)
	return whole
}

// replayable says what keeps the log from leading from one snapshot to another, "" if
// nothing does. What comes after may still wait for its file.
func (c *Checker) replayable(s *server, snapshot, newest wire.Zxid) string {
	base := c.position(snapshot)
	if base == nil {
		return "nobody knows the history, as nobody proposed that zxid"
	}
	at, read := base, map[string]stretch{}
	for _, file := range c.logFiles(s) {
		e, problem := c.leads(s, file, base, at, read)
		if problem != "" {
			return file + " " + problem
		}
		at = e
	}
	s.read = read
	if at.zxid < newest {
		return fmt.Sprintf("the log leads to %v only, not to that of %v", at, newest)
	}
	return ""
}

// stretch is a part of a log file in which every record was held against its proposal
// and follows the one before it. Like [Checker.logHistory], purges read a file on from
// where they read it last: of what they leave behind, only the files can be missing.
type stretch struct {
	first, last *entry // nil if nothing was read
	end         int64  // offset after last
}

// leads returns where a file leads from at, a history that begins with that of a
// snapshot, base. What it read goes into read.
func (c *Checker) leads(s *server, file string, base, at *entry, read map[string]stretch) (*entry, string) {
	b, _ := c.ghost.Read(s.ID, file)
	known := s.read[file]
	e, ok := known.from(base, at)
	if !ok || s.released || known.end > int64(len(b)) {
		e, known = at, stretch{}
	}
	for end, record := range records(b, known.end) {
		z := zxidIn(record)
		if z <= base.zxid {
			known = stretch{}
			continue
		}
		next, problem := c.onDisk(e, record, z)
		if problem != "" {
			return nil, problem
		}
		e, known = next, known.and(next, end)
	}
	read[file] = known
	return e, ""
}

// from returns where the stretch leads from at; false if that must be read.
func (k stretch) from(base, at *entry) (*entry, bool) {
	switch {
	case k.last == nil:
		return nil, false
	case k.last.zxid <= base.zxid:
		return at, true
	case k.first.zxid > base.zxid:
		return k.last, k.first.prev == at
	}
	return k.last, at == base && k.last.holds(base)
}

// and is the stretch with the record behind it, or that record alone.
func (k stretch) and(e *entry, end int64) stretch {
	if k.last == nil || e.prev != k.last {
		k.first = e
	}
	return stretch{first: k.first, last: e, end: end}
}
