package log

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/nodes/node"
)

// Endings of the files of a partition.
const (
	logFile      = ".log"
	indexFile    = ".index"
	timeFile     = ".timeindex"
	snapshotFile = ".snapshot"
	// cleaned ends the name of what compaction has not finished, swap that of what it
	// has finished and not put into place.
	cleaned = ".cleaned"
	swap    = ".swap"
	// deleted ends the name of what is no part of the log any more.
	deleted = ".deleted"
	// temporary ends the name of a file whose content is not complete.
	temporary = ".tmp"
)

// EpochCheckpoint is the name of a partition's file of leader epochs.
const EpochCheckpoint = "leader-epoch-checkpoint"

// Dir is where the files of a partition are.
func Dir(topic string, partition int32) string {
	return topic + "-" + strconv.FormatInt(int64(partition), 10) + "/"
}

// Partitions lists the directories of partitions on a disk, sorted.
func Partitions(d node.Disk) []string {
	var dirs []string
	for _, name := range d.List() {
		if i := strings.IndexByte(name, '/'); i >= 0 && (len(dirs) == 0 || dirs[len(dirs)-1] != name[:i+1]) {
			dirs = append(dirs, name[:i+1])
		}
	}
	return dirs
}

// ParseDir is the inverse of [Dir].
func ParseDir(dir string) (topic string, partition int32, ok bool) {
	at := strings.LastIndexByte(dir, '-')
	if at <= 0 || !strings.HasSuffix(dir, "/") {
		return "", 0, false
	}
	n, err := strconv.ParseInt(dir[at+1:len(dir)-1], 10, 32)
	return dir[:at], int32(n), err == nil && n >= 0
}

// Deletion is the name of the file that says of a directory that all else in it is
// deleted.
const Deletion = "deletion"

// Delete removes all files of a partition, durably and at once, as far as one looks before
// one opens the log (see [Doomed]): a crash leaves the log as it was, or a directory that
// is doomed, or none. Without the mark it could leave anything:
//
//	the records without the ID of their topic: they pass for those of the next topic of
//	the name
//	a segment and not the one before it: there is a hole in the log
//
// Kafka gives the directory another name first, which does the same. Nothing else may be
// written into the directory until Delete returns.
func Delete(t *node.Task, d node.Disk, dir string) error {
	err := d.WriteFile(dir+Deletion, nil)
	if err == nil {
		err = t.SyncDir()
	}
	for _, name := range files(d, dir) {
		if err == nil && name != dir+Deletion {
			err = d.Remove(name)
		}
	}
	if err == nil {
		err = t.SyncDir()
	}
	if err == nil {
		err = d.Remove(dir + Deletion)
	}
	if err == nil {
		err = t.SyncDir()
	}
	if err != nil {
		return fmt.Errorf("log: delete %s: %w", dir, err)
	}
	return nil
}

// Doomed reports whether what is in a directory means nothing and is to be deleted: because
// that had begun already, or because no log was begun there, as [SaveTopicID] comes before
// the first record.
func Doomed(d node.Disk, dir string) bool {
	if _, marked := d.Read(dir + Deletion); marked {
		return true
	}
	for _, name := range files(d, dir) {
		if name == dir+PartitionMetadata || strings.HasSuffix(name, logFile) && d.Size(name) > 0 {
			return false
		}
	}
	return true
}

// files lists the files in a directory, sorted.
func files(d node.Disk, dir string) []string {
	all := d.List()
	from, _ := slices.BinarySearch(all, dir)
	n := 0
	for _, name := range all[from:] {
		if !strings.HasPrefix(name, dir) {
			break
		}
		n++
	}
	return all[from : from+n]
}

// fileName is the name of a file that begins with an offset.
func fileName(dir string, base int64, ending string) string {
	return fmt.Sprintf("%s%020d%s", dir, base, ending)
}

// parseName is the inverse of fileName.
func parseName(dir, name string) (base int64, ending string, ok bool) {
	rest := strings.TrimPrefix(name, dir)
	const digits = 20
	if len(rest) <= digits || rest[digits] != '.' {
		return 0, "", false
	}
	n, err := strconv.ParseInt(rest[:digits], 10, 64)
	return n, rest[digits:], err == nil && n >= 0
}
