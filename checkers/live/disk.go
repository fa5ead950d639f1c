package live

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/adler32"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// view tells two readings of a disk apart.
type view int

const (
	// cached is what the owner reads: the page cache.
	cached view = iota
	// durable is what no crash can take any more.
	durable
)

// read returns a file in a view; durable files that the owner has meanwhile
// removed or renamed are not asked for.
func (c *Checker) read(s *server, v view, file string) ([]byte, bool) {
	if v == durable {
		return c.ghost.Durable(s.ID, file)
	}
	return c.ghost.Read(s.ID, file)
}

// diskHistory returns the history that recovery would find in a view of a disk:
// the newest snapshot and the log records after it. The problem, "" if none,
// says why that is no history.
func (c *Checker) diskHistory(s *server, v view) (*entry, string) {
	z, name := c.newestSnapshot(s, v)
	base := c.position(z)
	if base == nil {
		return nil, fmt.Sprintf("%s bears a zxid that nobody proposed", name)
	}
	return c.logHistory(s, v, base)
}

// newestSnapshot returns the zxid and name of the newest whole snapshot, 0 if
// there is none. A durable snapshot is whole if nothing of it is missing.
func (c *Checker) newestSnapshot(s *server, v view) (wire.Zxid, string) {
	var newest wire.Zxid
	name := ""
	for _, file := range c.ghost.Files(s.ID) {
		z, ok := zxidOf(file, "snapshot.")
		if !ok || z < newest {
			continue
		}
		if v == durable {
			whole, _ := c.ghost.Read(s.ID, file)
			if kept, there := c.ghost.Durable(s.ID, file); !there || !bytes.Equal(kept, whole) {
				continue
			}
		}
		newest, name = z, file
	}
	return newest, name
}

// logHistory returns history base extended by the log records after it. Records
// are held against their proposals byte by byte, each once: logs only grow, but
// for crashes and truncations, after which all of it is read again.
func (c *Checker) logHistory(s *server, v view, base *entry) (*entry, string) {
	from := s.scanned[v]
	if s.released || from.at == nil || !from.at.holds(base) || !c.grown(s, v, from) {
		from = scan{at: base}
	}
	for _, file := range c.logFiles(s) {
		if from.file != "" && firstZxid(file) < firstZxid(from.file) {
			continue
		}
		b, _ := c.read(s, v, file)
		start := int64(0)
		if file == from.file {
			start = from.offset
		}
		for end, record := range records(b, start) {
			z := zxidIn(record)
			if z > base.zxid {
				e, problem := c.onDisk(from.at, record, z)
				if problem != "" {
					return from.at, file + " " + problem
				}
				from.at = e
			}
			from.file, from.offset = file, end
		}
	}
	s.scanned[v] = from
	return from.at, ""
}

// grown reports whether what was scanned is still there.
func (c *Checker) grown(s *server, v view, from scan) bool {
	b, _ := c.read(s, v, from.file)
	return from.file == "" || int64(len(b)) >= from.offset
}

// onDisk returns the history that a record extends, or the problem with it.
func (c *Checker) onDisk(at *entry, record []byte, z wire.Zxid) (*entry, string) {
	e := c.proposal(z)
	switch {
	case e == nil:
		return nil, fmt.Sprintf("holds %v, which nobody proposed", z)
	case e.prev != at:
		return nil, fmt.Sprintf("holds %v after %v, its leader proposed it after %v", z, at, e.prev)
	}
	if c.encoded = wire.EncodeTxn(c.encoded[:0], e.txn); !bytes.Equal(record, c.encoded) {
		return nil, fmt.Sprintf("holds %v with other bytes than were proposed", z)
	}
	return e, ""
}

// logFiles lists the log files of a disk by first zxid.
func (c *Checker) logFiles(s *server) []string {
	var logs []string
	for _, file := range c.ghost.Files(s.ID) {
		if _, ok := zxidOf(file, "log."); ok {
			logs = append(logs, file)
		}
	}
	slices.SortFunc(logs, func(a, b string) int { return cmp.Compare(firstZxid(a), firstZxid(b)) })
	return logs
}

// firstZxid is the zxid in the name of a log file.
func firstZxid(file string) wire.Zxid {
	z, _ := zxidOf(file, "log.")
	return z
}

// zxidOf reads the zxid in a file name such as log.1000000a1; false for temporary
// and foreign files.
func zxidOf(file, prefix string) (wire.Zxid, bool) {
	digits, ok := strings.CutPrefix(file, prefix)
	if !ok {
		return 0, false
	}
	z, err := strconv.ParseUint(digits, 16, 64)
	return wire.Zxid(z), err == nil
}

// Layout of a log file: header, then records of checksum, length, the encoded
// transaction and an end mark.
const (
	logMagic      = "ZKLG"
	logHeaderSize = 16 // magic, version 2, database id
	recordHead    = 12 // Adler-32 as 64 bits, length
	recordEnd     = 0x42
	txnHeaderSize = 32 // session, cxid, zxid, time, type
)

// records yields the encoded transactions of a log file from an offset, 0 for its
// beginning, to its end, which is where the file, a zero length, or a torn record
// says so; each under the offset after its record.
func records(b []byte, from int64) iter.Seq2[int64, []byte] {
	return func(yield func(int64, []byte) bool) {
		if len(b) < logHeaderSize || string(b[:4]) != logMagic {
			return
		}
		at := max(from, logHeaderSize)
		for at+recordHead <= int64(len(b)) {
			body := at + recordHead
			end := body + int64(binary.BigEndian.Uint32(b[at+8:]))
			if end-body < txnHeaderSize || end >= int64(len(b)) || b[end] != recordEnd {
				return
			}
			record := b[body:end]
			if binary.BigEndian.Uint64(b[at:]) != uint64(adler32.Checksum(record)) || !yield(end+1, record) {
				return
			}
			at = end + 1
		}
	}
}

// zxidIn reads the zxid of an encoded transaction, after session and cxid.
func zxidIn(record []byte) wire.Zxid { return wire.Zxid(binary.BigEndian.Uint64(record[12:])) }
