package txnlog

import (
	"encoding/binary"
	"hash/adler32"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// The file format of ZooKeeper 3.9 (FileTxnLog).
const (
	filePrefix = "log."

	magic      = 0x5a4b4c47 // "ZKLG"
	version    = 2
	headerSize = 16 // magic, version, 8 bytes of database id

	prefixSize = 12   // checksum and length
	recordEnd  = 0x42 // 'B'

	// zxidAt is where the zxid stands in a transaction's bytes: behind the session
	// and the cxid. minBody is the length of the smallest transaction header.
	zxidAt  = 12
	minBody = 32
)

// fileName returns the name of the file whose first record is z.
func fileName(z wire.Zxid) string { return filePrefix + strconv.FormatInt(int64(z), 16) }

// parseFileName is the inverse of fileName; false for files that are not logs.
func parseFileName(name string) (wire.Zxid, bool) {
	hex, ok := strings.CutPrefix(name, filePrefix)
	if !ok {
		return 0, false
	}
	z, err := strconv.ParseInt(hex, 16, 64)
	return wire.Zxid(z), err == nil && fileName(wire.Zxid(z)) == name
}

// IsFile reports whether a file of this name is part of a log.
func IsFile(name string) bool {
	_, ok := parseFileName(name)
	return ok
}

// appendHeader appends a file header with database id 0.
func appendHeader(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, magic)
	b = binary.BigEndian.AppendUint32(b, version)
	return binary.BigEndian.AppendUint64(b, 0)
}

// isHeader reports whether data begins with an intact file header.
func isHeader(data []byte) bool {
	return len(data) >= headerSize &&
		binary.BigEndian.Uint32(data) == magic &&
		binary.BigEndian.Uint32(data[4:]) == version
}

// appendRecord appends the record of a transaction.
func appendRecord(b []byte, txn *wire.Txn) []byte {
	start := len(b)
	var prefix [prefixSize]byte
	b = wire.EncodeTxn(append(b, prefix[:]...), txn)
	body := b[start+prefixSize:]
	binary.BigEndian.PutUint64(b[start:], uint64(adler32.Checksum(body)))
	binary.BigEndian.PutUint32(b[start+8:], uint32(len(body)))
	return append(b, recordEnd)
}

// parseRecord reads the record at the start of data: the bytes of its
// transaction and the record's whole length. It fails if the record is
// incomplete or damaged. Cheap tests come first, since the search for records
// behind damage tries every offset.
func parseRecord(data []byte) (body []byte, size int, ok bool) {
	if len(data) < prefixSize+minBody+1 || binary.BigEndian.Uint32(data) != 0 {
		return nil, 0, false
	}
	n := int64(binary.BigEndian.Uint32(data[8:]))
	if n < minBody || n >= int64(len(data)-prefixSize) || data[prefixSize+n] != recordEnd {
		return nil, 0, false
	}
	body = data[prefixSize : prefixSize+n]
	if adler32.Checksum(body) != binary.BigEndian.Uint32(data[4:]) {
		return nil, 0, false
	}
	return body, prefixSize + len(body) + 1, true
}

// zxidOf returns the zxid of a transaction's bytes without decoding the rest.
func zxidOf(body []byte) wire.Zxid {
	return wire.Zxid(binary.BigEndian.Uint64(body[zxidAt:]))
}

// follows reports whether next can be the transaction right after prev: the next
// counter of the same epoch, or the first of a later one.
func follows(prev, next wire.Zxid) bool {
	if next.Epoch() == prev.Epoch() {
		return next == prev+1
	}
	return next.Epoch() > prev.Epoch() && next.Counter() == 1
}
