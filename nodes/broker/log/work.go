package log

import (
	"math"
	"slices"

	"github.com/stampede-sim/stampede/nodes/node"
)

// chore is one change to the disk, or one wait for its durability. Chores are done in
// order, one at a time.
type chore struct {
	kind    choreKind
	name    string
	seg     *segment
	size    int64 // cutFile: what remains
	offset  int64 // reach
	content []byte
}

type choreKind uint8

const (
	removeSegment choreKind = iota + 1 // rename its files, and remove them when all else is done
	removeFile                         // if it is there
	cutFile                            // to a size
	writeFile                          // its content
	syncFile                           // if it is still there
	syncNames
	nameEpochs // give their checkpoint its name
	reach      // everything below offset is durable
	settle     // a truncation is over
)

// work are the chores of a log and who does them.
type work struct {
	chores []chore
	// done counts those that are done.
	done int
	// busy says that a sync is under way, for the task if there is one.
	busy    bool
	tag     node.Tag
	waiters []*node.Signal
}

func (w *work) add(c ...chore) { w.chores = append(w.chores, c...) }

// last is what done will be when all that is to be done now is.
func (w *work) last() int { return w.done + len(w.chores) }

// pop takes the first chore away, which is done.
func (w *work) pop() {
	w.chores = w.chores[1:]
	w.done++
}

func (w *work) wake(err error) {
	waiting := w.waiters
	w.waiters = nil
	for _, s := range waiting {
		s.Set(err)
	}
}

// Pending reports whether there are chores that nobody does: then [Log.Work] is due.
func (l *Log) Pending() bool { return len(l.work.chores) > 0 && !l.work.busy && l.failed == nil }

// Settled reports whether no truncation is under way, and nobody holds the log. Until it is over, nothing can be
// appended: a crash could bring back a segment that was cut off, behind what came
// after it.
func (l *Log) Settled() bool { return l.unsettled == 0 }

// Work begins to do the chores: to flush segments and checkpoints, to remove files.
// Each sync that it takes completes with DiskDone(tag), which must be handed to
// [Log.Synced].
func (l *Log) Work(tag node.Tag) {
	if !l.Pending() {
		return
	}
	l.work.tag = tag
	l.proceed()
}

// Synced takes the completion of what Work or Synced waited for. done says that no
// other completion will come until there is work again.
func (l *Log) Synced(err error) (done bool) {
	if !l.work.busy {
		panic("log: a sync completed that nobody asked for")
	}
	l.finish(err)
	if l.failed == nil {
		l.proceed()
	}
	done = !l.work.busy
	l.work.wake(l.failed)
	return done
}

// proceed does chores up to the next one that takes time.
func (l *Log) proceed() {
	name, wait := l.next()
	switch {
	case !wait:
	case name == "":
		l.disk.SyncDir(l.work.tag)
	default:
		l.disk.Sync(name, l.work.tag)
	}
}

// Settle does all chores from inside a task, or waits until who does them is done. The
// error is that of the disk, and the log is offline then.
func (l *Log) Settle(t *node.Task) error { return l.through(t, math.MaxInt) }

// through does chores from inside a task, or waits for who does them, until so many are
// done that [work.last] said; others may come meanwhile, for as long as a log is written
// to.
func (l *Log) through(t *node.Task, last int) error {
	for len(l.work.chores) > 0 && l.work.done < last && l.failed == nil {
		if l.work.busy {
			progress := new(node.Signal)
			l.work.waiters = append(l.work.waiters, progress)
			if err := t.Await(progress); err != nil {
				return err
			}
			continue
		}
		if name, wait := l.next(); wait {
			l.finish(await(t, name))
		}
		l.work.wake(l.failed)
	}
	return l.failed
}

func await(t *node.Task, name string) error {
	if name == "" {
		return t.SyncDir()
	}
	return t.Sync(name)
}

// next does chores until one must be waited for: the sync of the named file, or of
// the directory if the name is empty.
func (l *Log) next() (name string, wait bool) {
	for len(l.work.chores) > 0 && l.failed == nil {
		c := l.work.chores[0]
		if c.kind == syncNames || c.kind == syncFile && exists(l.disk, c.name) {
			l.work.busy = true
			return c.name, true
		}
		if err := l.do(c); err != nil {
			l.offline("chores", err)
			return "", false
		}
		l.work.pop()
	}
	return "", false
}

func (l *Log) finish(err error) {
	l.work.busy = false
	if err != nil {
		l.offline("sync", err)
		return
	}
	if l.work.chores[0].kind == syncNames && l.work.done >= l.nameless {
		l.nameless = -1
	}
	l.work.pop()
}

// name sees to it that the name of the first segment becomes durable.
func (l *Log) name() {
	due := func(c chore) bool { return c.kind == syncNames }
	if l.nameless >= 0 && !slices.ContainsFunc(l.work.chores[max(l.nameless-l.work.done, 0):], due) {
		l.work.add(chore{kind: syncNames})
	}
}

// do does a chore that takes no time.
func (l *Log) do(c chore) error {
	switch c.kind {
	case removeSegment:
		return l.putAway(c.seg)
	case removeFile:
		return l.disk.Remove(c.name)
	case cutFile:
		if l.disk.Size(c.name) > c.size {
			return l.disk.Truncate(c.name, c.size)
		}
	case writeFile:
		return l.disk.WriteFile(c.name, c.content)
	case nameEpochs:
		return l.disk.Rename(c.name, l.dir+EpochCheckpoint)
	case reach:
		// A truncation since is in end: until its own chores are done, which come after
		// this one, nothing is appended.
		l.recovery = max(l.recovery, min(c.offset, l.end))
		l.point = max(l.point, l.recovery)
		l.claimed = max(l.claimed, l.point)
	case settle:
		l.unsettled--
	}
	return nil
}

// putAway takes a segment out of the log, the batches last: an index without its log is
// nothing, a log without its index is a log. A rename is one step whatever a file system
// does to remove a long file. What a crash leaves under these names goes with the next
// [Open].
func (l *Log) putAway(s *segment) error {
	for _, ending := range [...]string{indexFile, timeFile, snapshotFile, logFile} {
		name := s.file(ending)
		if !exists(l.disk, name) {
			continue
		}
		if err := l.disk.Rename(name, name+deleted); err != nil {
			return err
		}
		l.work.add(chore{kind: removeFile, name: name + deleted})
	}
	return nil
}

func exists(d node.Disk, name string) bool {
	if d.Size(name) > 0 {
		return true
	}
	_, ok := d.Read(name)
	return ok
}

// Flush makes the chores of making everything below an offset durable that is not;
// the recovery point is there when they are done. The usual offset is where the active
// segment begins, see [Log.Roll]; before a clean stop it is the end.
func (l *Log) Flush(offset int64) {
	if offset = min(offset, l.end); offset <= max(l.recovery, l.planned) {
		return
	}
	for _, s := range l.segs[l.floor(max(l.recovery, l.planned)):] {
		// The snapshot of a segment is of what lies before it.
		l.work.add(chore{kind: syncFile, name: s.file(snapshotFile)})
		if s.base >= offset {
			break
		}
		for _, ending := range [...]string{logFile, indexFile, timeFile} {
			l.work.add(chore{kind: syncFile, name: s.file(ending)})
		}
	}
	l.work.add(chore{kind: syncNames}, chore{kind: reach, offset: offset})
	l.planned = offset
}

// saveEpochs makes the chores of writing the epochs down as they are now. Whoever raises
// the recovery point later finds that done.
func (l *Log) saveEpochs() {
	l.mustBeOpen()
	temp := l.dir + EpochCheckpoint + temporary
	l.work.add(
		chore{kind: writeFile, name: temp, content: l.epochs.encode()}, chore{kind: syncFile, name: temp},
		chore{kind: nameEpochs, name: temp}, chore{kind: syncNames},
	)
}

// Close makes the chores of a clean stop: all is flushed, indexes and producers as of
// the end, so that the next [Open] may believe the files. A compaction that is under way
// is abandoned, and nothing may be appended afterwards.
func (l *Log) Close() error {
	if l.failed != nil {
		return l.failed
	}
	err := l.closeTimes()
	if err == nil {
		err = l.disk.WriteFile(fileName(l.dir, l.end, snapshotFile), l.producers.encode())
	}
	if err != nil {
		l.offline("close", err)
		return l.failed
	}
	l.closed = true
	l.abandon()
	l.Flush(l.end)
	l.work.add(chore{kind: syncFile, name: l.active().file(timeFile)})
	l.work.add(chore{kind: syncFile, name: fileName(l.dir, l.end, snapshotFile)})
	l.work.add(chore{kind: syncNames})
	return nil
}

// mustBeOpen panics after [Log.Close]: the marker of the clean stop would vouch for what is on
// its way to the disk yet.
func (l *Log) mustBeOpen() {
	if l.closed {
		panic("log: " + l.dir + " is changed after it was closed")
	}
}
