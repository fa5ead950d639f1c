package txnlog

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Read returns all transactions with a zxid above after, in order. It fails if a
// record has been damaged on the disk since it was written or opened. The log
// may reach back less far than after: see Reaches.
func (l *Log) Read(after wire.Zxid) ([]*wire.Txn, error) {
	var txns []*wire.Txn
	for _, f := range l.files {
		if f.last <= after {
			continue
		}
		var bad error
		err := l.walk(f, func(body []byte, end int64) bool {
			if zxidOf(body) <= after {
				return true
			}
			txn, err := wire.DecodeTxn(body)
			if err != nil {
				bad = fmt.Errorf("transaction log: %s: record before offset %d: %w", f.name, end, err)
				return false
			}
			txns = append(txns, txn)
			return true
		})
		if err == nil {
			err = bad
		}
		if err != nil {
			return nil, err
		}
	}
	return txns, nil
}

// First returns the zxid of the first record, that of the last if there is none.
func (l *Log) First() wire.Zxid {
	if len(l.files) == 0 {
		return l.last
	}
	return l.files[0].first
}

// Reaches reports whether the log holds every transaction after z: it holds z
// itself or something before, or the one right after z. A first record of an epoch
// may come right after any z of an earlier one; but if the log starts after a
// snapshot, what lies between an earlier z and the snapshot is not in it.
func (l *Log) Reaches(z wire.Zxid) bool {
	if len(l.files) == 0 {
		return z >= l.last
	}
	first := l.files[0].first
	return first <= z || follows(z, first) && (z >= l.base || first <= l.base)
}

// walk calls visit for the transaction bytes of each record of a file, with the
// offset behind the record, until it returns false.
func (l *Log) walk(f *file, visit func(body []byte, end int64) bool) error {
	data := l.content(f)
	if int64(len(data)) != f.size || !isHeader(data) {
		return fmt.Errorf("transaction log: %s has changed on the disk: %d bytes instead of %d", f.name, len(data), f.size)
	}
	for at := int64(headerSize); at < f.size; {
		body, size, ok := parseRecord(data[at:])
		if !ok {
			return fmt.Errorf("transaction log: %s: record at offset %d was damaged on the disk", f.name, at)
		}
		at += int64(size)
		if !visit(body, at) {
			return nil
		}
	}
	return nil
}

// content returns a file as the log sees it: without what a chore will cut off,
// with what is held.
func (l *Log) content(f *file) []byte {
	data, _ := l.disk.Read(f.name)
	if f != l.active() {
		return data[:min(int64(len(data)), f.size)]
	}
	written := f.size - int64(len(l.held))
	return append(data[:min(int64(len(data)), written)], l.held...)
}

// SizeFrom is the size of the files that hold transactions after z.
func (l *Log) SizeFrom(z wire.Zxid) (size int64) {
	for _, f := range l.files {
		if f.last > z {
			size += f.size
		}
	}
	return size
}
