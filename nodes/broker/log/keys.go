package log

import (
	"hash/crc32"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
)

// Keyed is a record as compaction sees it.
type Keyed struct {
	Offset int64
	Key    string
	// Keyless: it has no key. Tombstone: it has no value. Horizon is when a tombstone may
	// go, [batch.NoTimestamp] if no compaction has seen it yet.
	Keyless, Tombstone bool
	Horizon            int64
	// Time is that of the record.
	Time int64
	// Sum tells two values apart.
	Sum uint32
}

// Timed is a record as a search by time sees it.
type Timed struct{ Offset, Timestamp int64 }

// Times lists the records that the log shows, as the segments have them. It reads them all
// and asks no index, so that what indexes say can be held against it.
func (l *Log) Times() (all []Timed, err error) {
	for _, s := range l.segs {
		c := compaction{Log: l}
		err := c.each(s, func(b batch.Batch) error {
			var rec batch.Record
			r := b.Records()
			for r.Next(&rec) {
				if rec.Offset >= l.start {
					all = append(all, Timed{rec.Offset, rec.Timestamp})
				}
			}
			return r.Err()
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Keys lists the records below an offset as the segments have them, control records left
// out. It reads them all.
func (l *Log) Keys(upto int64) (all []Keyed, err error) {
	for _, s := range l.segs {
		if s.base >= upto {
			break
		}
		c := compaction{Log: l}
		err := c.each(s, func(b batch.Batch) error {
			if b.Has(batch.Control) || b.BaseOffset() >= upto {
				return nil
			}
			horizon := batch.NoTimestamp
			if b.Has(batch.DeleteHorizon) {
				horizon = b.Horizon()
			}
			var rec batch.Record
			r := b.Records()
			for r.Next(&rec) {
				all = append(all, Keyed{rec.Offset, string(rec.Key), rec.Key == nil, rec.Value == nil, horizon, rec.Timestamp, crc32.ChecksumIEEE(rec.Value)})
			}
			return r.Err()
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}
