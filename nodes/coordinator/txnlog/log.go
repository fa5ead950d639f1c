package txnlog

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Log is the transaction log of one incarnation of a server. [Open] makes it.
//
// Errors of the disk are final: after one nothing is known about what is
// durable, every later call panics, and the server must exit and recover.
type Log struct {
	disk node.Disk
	bugs bugs.Set
	// files hold the records, ascending. Records are appended to the last one.
	// Invariant: all but the last are durable, or chores will make them so.
	files []*file
	// chores must be done and durable before another record reaches the disk.
	chores []chore
	// held are the bytes at the end of the last file that wait for the chores. No
	// new file is started meanwhile, so that they are of one file.
	// Invariant: len(held) > 0 only while len(chores) > 0.
	held []byte
	// stale are files left over from before a gap; see Open.
	stale []string

	// base <= last: the history ends here if the log has no record.
	base wire.Zxid
	// Invariant: durable <= last.
	last, durable wire.Zxid
	// covered is what will be durable when the sync under way is over.
	covered wire.Zxid

	roll    bool
	step    step // what the sync under way waits for
	tag     node.Tag
	waiters []waiter
	cuts    int
	err     error
	buf     []byte
}

// file is one file of the log. Invariant: synced <= size.
type file struct {
	name        string
	first, last wire.Zxid
	size        int64 // including what is held
	synced      int64 // how much of it is durable, given that the chores get done
	listed      bool  // its name is durable, given that the chores get done
}

// LastZxid returns the zxid the history ends at: of the last record, or of the
// snapshot the log starts after.
func (l *Log) LastZxid() wire.Zxid { return l.last }

// DurableZxid returns the zxid up to which no crash can lose anything. After
// Open it is 0 until the first sync: a process can die without its machine, so
// what it reads at boot may still be in a page cache only.
func (l *Log) DurableZxid() wire.Zxid { return l.durable }

// Cuts counts the truncations so far. Who builds something from the history in
// several steps compares it to learn that the history changed underneath.
func (l *Log) Cuts() int { return l.cuts }

// Append adds a transaction at the end of the log, in the page cache, and
// returns the file and its size with the record. Its zxid must be above
// LastZxid.
func (l *Log) Append(txn *wire.Txn) (name string, end int64, err error) {
	l.mustWork()
	if txn.Zxid <= l.last {
		panic(fmt.Sprintf("txnlog: append of %v to a log that ends at %v", txn.Zxid, l.last))
	}
	b := l.buf[:0]
	if len(l.files) == 0 || l.roll && len(l.held) == 0 {
		l.startFile(txn.Zxid)
		b = appendHeader(b)
	}
	b = appendRecord(b, txn)
	l.buf = b
	f := l.active()
	if err := l.write(f, b); err != nil {
		return "", 0, err
	}
	f.size += int64(len(b))
	f.last, l.last = txn.Zxid, txn.Zxid
	return f.name, f.size, nil
}

// Roll makes the next append start a new file, so that the present one can be
// purged once snapshots no longer need it.
func (l *Log) Roll() { l.roll = len(l.files) > 0 }

// startFile begins the file whose first record will be z. Its predecessor must
// be durable first: only then is a file without damage known to be complete.
func (l *Log) startFile(z wire.Zxid) {
	l.roll = false
	if f := l.active(); f != nil {
		if f.synced < f.size {
			l.chores = append(l.chores, chore{kind: flushFile, name: f.name})
		}
		if !f.listed {
			l.chores = append(l.chores, chore{kind: flushNames})
		}
		f.synced, f.listed = f.size, true
	}
	l.files = append(l.files, &file{name: fileName(z), first: z})
}

// write puts bytes at the end of a file, or aside while there are chores.
func (l *Log) write(f *file, b []byte) error {
	if len(l.chores) > 0 {
		l.held = append(l.held, b...)
		return nil
	}
	if err := l.disk.Append(f.name, b); err != nil {
		return l.fail("append to "+f.name, err)
	}
	return nil
}

// active returns the file that records are appended to, nil if there is none.
func (l *Log) active() *file {
	if len(l.files) == 0 {
		return nil
	}
	return l.files[len(l.files)-1]
}

// fail makes an error of the disk final.
func (l *Log) fail(doing string, err error) error {
	l.err = fmt.Errorf("transaction log: %s: %w", doing, err)
	l.wake()
	return l.err
}

func (l *Log) mustWork() {
	if l.err != nil {
		panic("txnlog: used after an error: " + l.err.Error())
	}
}
