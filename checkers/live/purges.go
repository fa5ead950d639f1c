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
	at := c.position(snapshot)
	if at == nil {
		return "nobody knows the history, as nobody proposed that zxid"
	}
	base := at
	for _, file := range c.logFiles(s) {
		b, _ := c.ghost.Read(s.ID, file)
		for _, record := range records(b, 0) {
			z := zxidIn(record)
			if z <= base.zxid {
				continue
			}
			e, problem := c.onDisk(at, record, z)
			if problem != "" {
				return file + " " + problem
			}
			at = e
		}
	}
	if at.zxid < newest {
		return fmt.Sprintf("the log leads to %v only, not to that of %v", at, newest)
	}
	return ""
}
