package txnlog

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Truncate drops every record after z, so that LastZxid is z or the largest
// below. The log shows the cut at once; on the disk it happens during the next
// Sync or Settle, before anything appended later, and must be durable before
// anybody is told. It is an error if the history does not reach back to z.
//
// On the disk the newest file goes first, each removal durable before the next,
// and the file that holds z is cut last: a crash in between leaves a longer log
// than asked for, never one with a hole.
func (l *Log) Truncate(z wire.Zxid) error {
	l.mustWork()
	if l.Syncing() {
		panic("txnlog: truncate during a sync")
	}
	if z >= l.last {
		return nil
	}
	if z < l.base && (len(l.files) == 0 || !l.Reaches(z)) {
		return fmt.Errorf("transaction log: cannot truncate to %v: the history on this disk starts after %v", z, l.base)
	}
	at, err := l.find(z)
	if err != nil {
		return err
	}
	for len(l.files) > 0 && l.active().first > z {
		l.dropActive()
	}
	l.base = min(l.base, z)
	l.last = l.base
	if f := l.active(); f != nil {
		l.cutActive(at)
		l.last = f.last
	}
	l.durable, l.covered = min(l.durable, l.last), min(l.covered, l.last)
	l.cuts++
	l.wake()
	return nil
}

// boundary is a place between two records of one file.
type boundary struct {
	end  int64     // offset behind the record before
	last wire.Zxid // zxid of that record
	prev int64     // offset of that record
}

// find returns where to cut the file that holds z, if one does.
func (l *Log) find(z wire.Zxid) (at boundary, err error) {
	for i := len(l.files) - 1; i >= 0; i-- {
		if f := l.files[i]; f.first <= z {
			err = l.walk(f, func(body []byte, end int64) bool {
				if zxidOf(body) > z {
					return false
				}
				at = boundary{end: end, last: zxidOf(body), prev: end - int64(len(body)) - prefixSize - 1}
				return true
			})
			return at, err
		}
	}
	return at, nil
}

// dropActive takes the last file out of the log.
func (l *Log) dropActive() {
	f := l.active()
	l.files = l.files[:len(l.files)-1]
	if f.size > int64(len(l.held)) {
		l.chores = append(l.chores, chore{kind: removeFile, name: f.name})
	}
	l.held, l.roll = l.held[:0], false
}

// cutActive shortens the last file, which holds a record at or below z.
func (l *Log) cutActive(at boundary) {
	f := l.active()
	written := f.size - int64(len(l.held))
	switch {
	case at.end >= f.size:
		return
	case at.end >= written:
		l.held = l.held[:at.end-written]
	default:
		l.held = l.held[:0]
		size := at.end
		if l.bugs.Has(bugs.TruncOffsetMiscounted) {
			size = at.prev
		}
		l.chores = append(l.chores, chore{kind: cutFile, name: f.name, size: size})
	}
	f.size, f.last = at.end, at.last
	f.synced = min(f.synced, f.size)
}

// StartAfter tells the log that a durable snapshot holds everything up to z. A
// log that ends before z is dropped: between its end and whatever is appended
// next there would be a hole, and what it ends in may never have been committed
// (ZOOKEEPER-2846). The history of a log without records ends at z. Leftovers of
// a purge are removed.
func (l *Log) StartAfter(z wire.Zxid) {
	l.mustWork()
	if l.Syncing() {
		panic("txnlog: restart during a sync")
	}
	if l.last < z || len(l.files) == 0 {
		l.dropAll(z)
	}
	l.begins(z)
}

// StartOver tells the log that a durable snapshot of z is the whole history, also
// if the log goes beyond z. All records are dropped, newest file first, as in
// Truncate.
func (l *Log) StartOver(z wire.Zxid) {
	l.mustWork()
	if l.Syncing() {
		panic("txnlog: restart during a sync")
	}
	l.dropAll(z)
	l.cuts++
	l.begins(z)
}

// dropAll drops every record.
func (l *Log) dropAll(z wire.Zxid) {
	for len(l.files) > 0 {
		l.dropActive()
	}
	l.last, l.durable, l.covered = z, min(l.durable, z), 0
	l.chores = append(l.chores, chore{kind: flushNames})
}

// begins makes z the base of the log.
func (l *Log) begins(z wire.Zxid) {
	l.base = z
	for _, name := range l.stale {
		l.chores = append(l.chores, chore{kind: removeFile, name: name})
	}
	l.stale = nil
	l.wake()
}

// Purge deletes the files whose records are all below keepFrom, oldest first.
// It keeps the record at keepFrom itself, if it is a snapshot's zxid: it proves
// that nothing is missing between the snapshot and the log. It does not matter
// when the removals become durable, nor which of them: what is left before a gap
// is recognised. While chores are pending nothing is deleted; the next purge will.
func (l *Log) Purge(keepFrom wire.Zxid) error {
	l.mustWork()
	for len(l.files) > 1 && len(l.chores) == 0 && l.files[0].last < keepFrom {
		if err := l.disk.Remove(l.files[0].name); err != nil {
			return l.fail("purge "+l.files[0].name, err)
		}
		l.files = l.files[1:]
	}
	return nil
}
