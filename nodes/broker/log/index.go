package log

import (
	"encoding/binary"
	"slices"
	"sort"
)

// The sizes of entries on the disk.
const (
	indexEntryBytes = 8
	timeEntryBytes  = 12
)

// position says that a batch is at a place of the log of its segment.
type position struct {
	last int64 // offset of the batch
	at   int64
}

// offsetIndex finds batches by offset. It is sparse: who looks something up reads on
// from what it says. Invariant: last and at are both strictly ascending.
type offsetIndex []position

// floor is the position of a batch that ends at or before offset, 0 if none is known.
// No batch before it holds the offset or anything above.
func (x offsetIndex) floor(offset int64) int64 {
	n := sort.Search(len(x), func(i int) bool { return x[i].last > offset })
	if n == 0 {
		return 0
	}
	return x[n-1].at
}

// cut forgets what lies at or behind an offset.
func (x offsetIndex) cut(offset int64) offsetIndex {
	n := sort.Search(len(x), func(i int) bool { return x[i].last >= offset })
	return x[:n]
}

// moment says that the records of a segment up to an offset have no timestamp above
// time, and that the batch that ends there has it.
type moment struct {
	time int64
	last int64
}

// timeIndex finds offsets by timestamp. Invariant: time and last are both strictly
// ascending.
type timeIndex []moment

// floor is an offset such that no record before the batch that ends there has this
// timestamp or a later one; base if none is known.
func (x timeIndex) floor(time, base int64) int64 {
	n := sort.Search(len(x), func(i int) bool { return x[i].time > time })
	if n == 0 {
		return base
	}
	return x[n-1].last
}

// after is where the first entry of a later time points to, none if there is none. Only
// a planted bug asks.
func (x timeIndex) after(time, none int64) int64 {
	n := sort.Search(len(x), func(i int) bool { return x[i].time > time })
	if n == len(x) {
		return none
	}
	return x[n].last
}

// cut forgets what lies at or behind an offset.
func (x timeIndex) cut(offset int64) timeIndex {
	n := sort.Search(len(x), func(i int) bool { return x[i].last >= offset })
	return x[:n]
}

// accepts reports whether an entry tells more than the last one does.
func (x timeIndex) accepts(m moment) bool {
	return len(x) == 0 || m.time > x[len(x)-1].time && m.last > x[len(x)-1].last
}

func appendPosition(b []byte, base int64, p position) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(p.last-base))
	return binary.BigEndian.AppendUint32(b, uint32(p.at))
}

func appendMoment(b []byte, base int64, m moment) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(m.time))
	return binary.BigEndian.AppendUint32(b, uint32(m.last-base))
}

func (x offsetIndex) encode(base int64) []byte {
	b := make([]byte, 0, len(x)*indexEntryBytes)
	for _, p := range x {
		b = appendPosition(b, base, p)
	}
	return b
}

func (x timeIndex) encode(base int64) []byte {
	b := make([]byte, 0, len(x)*timeEntryBytes)
	for _, m := range x {
		b = appendMoment(b, base, m)
	}
	return b
}

// decodeIndex reads an index file. ok is false if it cannot be one of a segment of
// that size.
func decodeIndex(b []byte, base, size int64) (x offsetIndex, ok bool) {
	x = make(offsetIndex, 0, len(b)/indexEntryBytes)
	for e := range slices.Chunk(b, indexEntryBytes) {
		if len(e) < indexEntryBytes {
			return nil, false
		}
		p := position{base + int64(binary.BigEndian.Uint32(e)), int64(binary.BigEndian.Uint32(e[4:]))}
		if p.at >= size || len(x) > 0 && (p.last <= x[len(x)-1].last || p.at <= x[len(x)-1].at) {
			return nil, false
		}
		x = append(x, p)
	}
	return x, true
}

// decodeTimes reads a time index file.
func decodeTimes(b []byte, base int64) (x timeIndex, ok bool) {
	x = make(timeIndex, 0, len(b)/timeEntryBytes)
	for e := range slices.Chunk(b, timeEntryBytes) {
		if len(e) < timeEntryBytes {
			return nil, false
		}
		m := moment{int64(binary.BigEndian.Uint64(e)), base + int64(binary.BigEndian.Uint32(e[8:]))}
		if !x.accepts(m) {
			return nil, false
		}
		x = append(x, m)
	}
	return x, true
}
