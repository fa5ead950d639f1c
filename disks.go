package stampede

import (
	"encoding/binary"
	"strings"
)

// The beginnings of the names of a server's files, as faults of disks name them, and
// those of files that bear checksums. Of an epoch file nobody could tell that a digit
// is wrong, in ZooKeeper neither.
var (
	diskFiles   = []string{"log", "snapshot", "acceptedEpoch", "currentEpoch"}
	sealedFiles = []string{"log", "snapshot"}
)

// Layout of a log file, as far as its records' places go.
const (
	logHeader = 16 // magic, version, database id
	logPrefix = 12 // checksum and length, before the transaction's bytes
)

// mayRot says how much of a file may rot: all of a snapshot, and of a log all but the
// last record. If that is damaged, nobody can tell decay from a crash during its
// writing; a server that refused to start then would not survive power failures.
func mayRot(name string, b []byte) int {
	switch {
	case strings.HasSuffix(name, ".tmp"):
		return 0
	case !strings.HasPrefix(name, "log."):
		return len(b)
	}
	last, next := 0, logHeader
	for next+logPrefix < len(b) {
		length := int(binary.BigEndian.Uint32(b[next+logPrefix-4:]))
		if length == 0 {
			break
		}
		last, next = next, next+logPrefix+length+1
	}
	return last
}
