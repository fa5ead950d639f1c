package live

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/adler32"
	"slices"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// view tells two readings of a disk apart.
type view bool

const (
	// cached is what the owner reads: the page cache.
	cached view = false
	// durable is what no crash can take any more.
	durable view = true
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
// are held against their proposals byte by byte.
func (c *Checker) logHistory(s *server, v view, base *entry) (*entry, string) {
	end := base
	for _, file := range c.logFiles(s) {
		b, _ := c.read(s, v, file)
		for record := range records(b) {
			z := zxidIn(record)
			if z <= base.zxid {
				continue
			}
			e := c.proposal(z)
			switch {
			case e == nil:
				return end, fmt.Sprintf("%s holds %v, which nobody proposed", file, z)
			case e.prev != end:
				return end, fmt.Sprintf("%s holds %v after %v, its leader proposed it after %v", file, z, end, e.prev)
			}
			if c.encoded = wire.EncodeTxn(c.encoded[:0], e.txn); !bytes.Equal(record, c.encoded) {
				return end, fmt.Sprintf("%s holds %v with other bytes than were proposed", file, z)
			}
			end = e
		}
	}
	return end, ""
}

// logFiles lists the log files of a disk by first zxid.
func (c *Checker) logFiles(s *server) []string {
	type numbered struct {
		zxid wire.Zxid
		name string
	}
	var logs []numbered
	for _, file := range c.ghost.Files(s.ID) {
		if z, ok := zxidOf(file, "log."); ok {
			logs = append(logs, numbered{z, file})
		}
	}
	slices.SortFunc(logs, func(a, b numbered) int { return int(min(max(a.zxid-b.zxid, -1), 1)) })
	names := make([]string, len(logs))
	for i, l := range logs {
		names[i] = l.name
	}
	return names
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

// records yields the encoded transactions of a log file up to its end, which is
// where the file, a zero length, or a torn record says so.
func records(b []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		if len(b) < logHeaderSize || string(b[:4]) != logMagic {
			return
		}
		for b = b[logHeaderSize:]; len(b) >= recordHead; {
			n := int64(binary.BigEndian.Uint32(b[8:]))
			if n < txnHeaderSize || recordHead+n+1 > int64(len(b)) || b[recordHead+n] != recordEnd {
				return
			}
			record := b[recordHead : recordHead+n]
			if binary.BigEndian.Uint64(b) != uint64(adler32.Checksum(record)) || !yield(record) {
				return
			}
			b = b[recordHead+n+1:]
		}
	}
}

// zxidIn reads the zxid of an encoded transaction, after session and cxid.
func zxidIn(record []byte) wire.Zxid { return wire.Zxid(binary.BigEndian.Uint64(record[12:])) }
