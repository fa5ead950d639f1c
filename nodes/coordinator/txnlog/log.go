package txnlog

import (
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Log is the transaction log of one server.
type Log struct{ last, durable wire.Zxid }

// Opened is what Open found.
type Opened struct {
	// LastZxid is the zxid of the last intact record, 0 if there is none.
	LastZxid wire.Zxid
	// Start is the first zxid of the unbroken run of records that ends at LastZxid.
	Start wire.Zxid
	// TornFile, if not "", ended in an incomplete record at offset TornAt; Dropped bytes went.
	TornFile        string
	TornAt, Dropped int64
	// Corrupt, if not "", says why the log cannot be used.
	Corrupt string
}

// Open reads the log on d.
func Open(d node.Disk, b bugs.Set) (*Log, Opened) { return &Log{}, Opened{} }

// Append adds a transaction to the log, in the page cache.
func (l *Log) Append(txn *wire.Txn) (file string, end int64, err error) { return "", 0, nil }

// Sync asks for the durability of everything so far.
func (l *Log) Sync(tag node.Tag) {}

// Synced takes a completion carrying the tag; done says whether the sync is over.
func (l *Log) Synced(err error) (done bool) { return true }

// LastZxid is the zxid the log ends at.
func (l *Log) LastZxid() wire.Zxid { return l.last }

// DurableZxid is the zxid up to which a crash loses nothing.
func (l *Log) DurableZxid() wire.Zxid { return l.durable }

// Dirty reports whether anything is not durable.
func (l *Log) Dirty() bool { return false }

// Syncing reports whether a Sync is under way.
func (l *Log) Syncing() bool { return false }

// Roll makes the next append start a new file.
func (l *Log) Roll() {}

// Truncate drops everything after z.
func (l *Log) Truncate(z wire.Zxid) error { return nil }

// StartAfter drops all records: a snapshot of z holds what they said.
func (l *Log) StartAfter(z wire.Zxid) {}

// Read returns all records after a zxid, in order.
func (l *Log) Read(after wire.Zxid) ([]*wire.Txn, error) { return nil, nil }

// Purge deletes files that hold only records below keepFrom.
func (l *Log) Purge(keepFrom wire.Zxid) error { return nil }

// Settle makes everything durable.
func (l *Log) Settle(t *node.Task) error { return nil }

// AwaitDurable parks t until DurableZxid reaches z.
func (l *Log) AwaitDurable(t *node.Task, z wire.Zxid) error { return nil }
