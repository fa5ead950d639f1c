package txnlog

import (
	"errors"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// chore is one change to the disk and the wait for its durability.
type chore struct {
	kind choreKind
	name string
	size int64 // cutFile: what remains
}

type choreKind uint8

const (
	flushFile  choreKind = iota + 1 // sync the file
	flushNames                      // sync the directory
	cutFile                         // truncate the file, sync it
	removeFile                      // remove the file, sync the directory
)

// step is the one thing a sync waits for at a time.
type step struct {
	kind stepKind
	name string    // the file to sync, "" for the directory
	file *file     // syncFile, syncName: the last file then
	size int64     // syncFile: its size then
	zxid wire.Zxid // syncFile: where the log ended then
	more bool      // syncFile: its name is not durable either
}

type stepKind uint8

const (
	idle stepKind = iota
	doChore
	syncFile
	syncName
)

// Dirty reports whether a crash could lose anything: then a Sync is due.
func (l *Log) Dirty() bool {
	f := l.active()
	return len(l.chores) > 0 || f != nil && (f.synced < f.size || !f.listed)
}

// Syncing reports whether a Sync or Settle is under way.
func (l *Log) Syncing() bool { return l.step.kind != idle }

// Sync asks for the durability of everything appended so far. It takes one disk
// sync in the usual case and several if there are chores or a new file; each
// completes with DiskDone(tag), which must be handed to Synced. Call it only if
// the log is Dirty and not Syncing.
func (l *Log) Sync(tag node.Tag) error {
	l.mustWork()
	if l.Syncing() || !l.Dirty() {
		panic("txnlog: sync of a log that is syncing or clean")
	}
	l.tag = tag
	return l.issue()
}

// Synced takes the completion of what Sync waited for. done says that the sync
// is over and DurableZxid has moved; otherwise another completion with the same
// tag will come. What was appended meanwhile needs another Sync; see Dirty.
func (l *Log) Synced(err error) (done bool, _ error) {
	l.mustWork()
	s := l.step
	if !l.Syncing() {
		panic("txnlog: a sync completed that nobody asked for")
	}
	if err := l.finish(err); err != nil {
		return false, err
	}
	switch {
	case s.kind == doChore && l.Dirty():
		return false, l.issue()
	case s.more:
		// Chores that came up meanwhile belong to the next sync.
		l.step = step{kind: syncName, file: s.file}
		l.disk.SyncDir(l.tag)
		return false, nil
	}
	l.settled()
	return true, nil
}

// Settle makes everything durable, from inside a task. What is appended while it
// waits is included. Nobody may call Sync meanwhile.
func (l *Log) Settle(t *node.Task) error {
	l.mustWork()
	if l.Syncing() {
		panic("txnlog: settle of a log that is syncing")
	}
	for l.Dirty() {
		if err := l.begin(); err != nil {
			return err
		}
		err := await(t, l.step.name)
		if err := l.finish(err); err != nil {
			return err
		}
	}
	l.settled()
	return nil
}

func await(t *node.Task, name string) error {
	if name == "" {
		return t.SyncDir()
	}
	return t.Sync(name)
}

// issue begins the next step and asks the disk to tell when it is durable.
func (l *Log) issue() error {
	if err := l.begin(); err != nil {
		return err
	}
	if l.step.name == "" {
		l.disk.SyncDir(l.tag)
	} else {
		l.disk.Sync(l.step.name, l.tag)
	}
	return nil
}

// begin chooses the next step and does its change to the disk, if any: chores in
// order, then the last file, then its name.
func (l *Log) begin() error {
	if len(l.chores) > 0 {
		return l.beginChore(l.chores[0])
	}
	f := l.active()
	if f.synced < f.size {
		l.step = step{kind: syncFile, name: f.name, file: f, size: f.size, zxid: l.last, more: !f.listed}
	} else {
		l.step = step{kind: syncName, file: f}
	}
	return nil
}

func (l *Log) beginChore(c chore) error {
	var err error
	l.step = step{kind: doChore, name: c.name}
	switch c.kind {
	case cutFile:
		err = l.disk.Truncate(c.name, c.size)
		if l.bugs.Has(bugs.TruncateErrorIgnored) {
			err = nil
		}
	case removeFile:
		err = l.disk.Remove(c.name)
		l.step.name = ""
	}
	if err != nil {
		l.step = step{}
		return l.fail("cut "+c.name, err)
	}
	return nil
}

// finish ends the present step with the outcome of its sync. Once the last chore
// is durable, what was held may be written.
func (l *Log) finish(err error) error {
	s := l.step
	l.step = step{}
	if err != nil {
		return l.fail("sync", err)
	}
	switch s.kind {
	case doChore:
		l.chores = l.chores[1:]
		return l.release()
	case syncFile:
		s.file.synced, l.covered = s.size, s.zxid
	case syncName:
		s.file.listed = true
	}
	return nil
}

// release writes what was held once no chore is left.
func (l *Log) release() error {
	if len(l.chores) > 0 || len(l.held) == 0 {
		return nil
	}
	b := l.held
	l.held = l.held[:0]
	return l.write(l.active(), b)
}

// settled moves DurableZxid at the end of a sync.
func (l *Log) settled() {
	l.durable = max(l.durable, l.covered)
	if !l.Dirty() {
		l.durable = l.last
	}
	l.wake()
}

// errCut is what waiters for a truncated zxid get.
var errCut = errors.New("transaction log: truncated meanwhile")

// waiter is a task that waits for a zxid to be durable.
type waiter struct {
	zxid   wire.Zxid
	signal *node.Signal
}

// AwaitDurable parks t until DurableZxid reaches z; somebody else must Sync. It
// fails with the log, or if z is truncated meanwhile.
func (l *Log) AwaitDurable(t *node.Task, z wire.Zxid) error {
	if l.err == nil && l.durable < z && z <= l.last {
		w := waiter{zxid: z, signal: new(node.Signal)}
		l.waiters = append(l.waiters, w)
		if err := t.Await(w.signal); err != nil {
			return err
		}
	}
	if l.err == nil && l.durable < z {
		return errCut
	}
	return l.err
}

// wake resumes every waiter whose fate is known. It comes last in whatever
// changes the log, as tasks go on inside Set.
func (l *Log) wake() {
	var due []waiter
	l.waiters, due = splitWaiters(l.waiters, func(w waiter) bool {
		return l.err != nil || w.zxid <= l.durable || w.zxid > l.last
	})
	for _, w := range due {
		w.signal.Set(l.err)
	}
}

func splitWaiters(all []waiter, due func(waiter) bool) (later, now []waiter) {
	for _, w := range all {
		if due(w) {
			now = append(now, w)
		} else {
			later = append(later, w)
		}
	}
	return later, now
}
