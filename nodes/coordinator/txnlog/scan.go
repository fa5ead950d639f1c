package txnlog

import (
	"bytes"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// sector is the unit in which a disk loses writes, in bytes.
const sector = 512

// scanned is what one file holds.
type scanned struct {
	first, last wire.Zxid // of the intact records, 0 if there is none
	end         int64     // offset behind the last intact record
	broken      bool      // something other than zeros stands at end
}

// scan reads records from the start of a file to the first one that is not
// intact or does not ascend.
func scan(data []byte) scanned {
	var s scanned
	if isHeader(data) {
		s.end = headerSize
		s.records(data)
	}
	s.broken = !allZero(data[s.end:])
	return s
}

func (s *scanned) records(data []byte) {
	for {
		body, size, ok := parseRecord(data[s.end:])
		if !ok || zxidOf(body) <= s.last {
			return
		}
		s.last = zxidOf(body)
		if s.first == 0 {
			s.first = s.last
		}
		s.end += int64(size)
	}
}

// crashed reports whether a crash explains the damage at s.end of the last
// file. It does if nothing intact follows: then the file ends in a record that
// was being written. If an intact record follows, the damage must look like
// writes that never reached the disk, as records may be lost singly when several
// were unsynced; anything else happened to bytes that had been there.
func (s *scanned) crashed(data []byte) bool {
	next, found := findRecord(data, s.end+1, s.last)
	return !found || lostWrite(data, s.end, next)
}

// findRecord returns the offset of the first intact record at or after from
// whose zxid is above last.
func findRecord(data []byte, from int64, last wire.Zxid) (int64, bool) {
	for at := from; at < int64(len(data)); at++ {
		if body, _, ok := parseRecord(data[at:]); ok && zxidOf(body) > last {
			return at, true
		}
	}
	return 0, false
}

// lostWrite reports whether the damaged bytes data[from:to], which end where an
// intact record begins, show a write that was lost: a part of them that shares a
// sector is all zeros, or they end in a zero where a record would end in 0x42.
//
// A record that starts in the last 4 bytes of a sector has only zeros there
// anyway (the upper half of its checksum), so such a part proves nothing. Nor
// does a damaged header before an intact first record: they were one write.
func lostWrite(data []byte, from, to int64) bool {
	if to <= headerSize {
		return false
	}
	if data[to-1] == 0 {
		return true
	}
	for at := from; at < to; {
		end := min(at-at%sector+sector, to)
		if end-at > 4 && allZero(data[at:end]) {
			return true
		}
		at = end
	}
	return false
}

func allZero(b []byte) bool { return len(bytes.TrimLeft(b, "\x00")) == 0 }
