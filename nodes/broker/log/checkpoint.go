package log

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/nodes/node"
)

// The files of a broker that concern all of its logs.
const (
	// RecoveryPoints has the offsets below which logs are durable.
	RecoveryPoints = "recovery-point-offset-checkpoint"
	// HighWatermarks has the high watermarks.
	HighWatermarks = "replication-offset-checkpoint"
	// LogStarts has the log start offsets.
	LogStarts = "log-start-offset-checkpoint"
	// CleanerOffsets has the offsets up to which compaction has been.
	CleanerOffsets = "cleaner-offset-checkpoint"
	// CleanShutdown exists after a clean stop.
	CleanShutdown = ".kafka_cleanshutdown"
	// MetaProperties says which broker of which cluster the disk belongs to.
	MetaProperties = "meta.properties"
	// PartitionMetadata is the name of a partition's file that says which topic it is
	// of: names can be used again, IDs cannot (KIP-516).
	PartitionMetadata = "partition.metadata"
)

// Save makes a content that of a file, durably and at once: who finds the name finds
// the old content or the new. No two tasks may save one file at a time.
func Save(t *node.Task, d node.Disk, name string, content []byte) error {
	return saveBy(t, d, name, name+temporary, content)
}

// SaveTopicID notes which topic the log of a directory is of. Nothing may be appended before
// it returns: what a crash leaves of a log tells by that whose it is. Several tasks may be at
// it, if they have numbers of their own: a replica may be deleted while it begins, and come
// again.
func SaveTopicID(t *node.Task, d node.Disk, dir, id string, number uint64) error {
	name := dir + PartitionMetadata
	return saveBy(t, d, name, fmt.Sprintf("%s.%d%s", name, number, temporary), EncodeTopicID(id))
}

// saveBy is Save with the name that the file has as long as it is not complete.
func saveBy(t *node.Task, d node.Disk, name, by string, content []byte) error {
	err := d.WriteFile(by, content)
	if err == nil {
		err = t.Sync(by)
	}
	if err == nil {
		err = d.Rename(by, name)
	}
	if err == nil {
		err = t.SyncDir()
	}
	if err != nil {
		return fmt.Errorf("log: save %s: %w", name, err)
	}
	return nil
}

// Offsets is an offset for each of some partitions, by directory; see [Dir].
type Offsets map[string]int64

// Encode is the text of a checkpoint: its version, how many lines follow, and a line
// for each partition, in the order of topics and partitions.
func (o Offsets) Encode() []byte {
	type row struct {
		topic     string
		partition int32
		offset    int64
	}
	var rows []row
	for dir, offset := range o { //sim:unordered rows are sorted below
		topic, partition, ok := ParseDir(dir)
		if !ok {
			panic("log: a checkpoint of " + dir + ", which is no partition's")
		}
		rows = append(rows, row{topic, partition, offset})
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(strings.Compare(a.topic, b.topic), cmp.Compare(a.partition, b.partition))
	})
	b := fmt.Appendf(nil, "0\n%d\n", len(rows))
	for _, r := range rows {
		b = fmt.Appendf(b, "%s %d %d\n", r.topic, r.partition, r.offset)
	}
	return b
}

// ParseOffsets reads what Encode writes. ok is false for anything else.
func ParseOffsets(text string) (o Offsets, ok bool) {
	rows, ok := parseRows(text)
	o = Offsets{}
	for _, row := range rows {
		f := strings.Split(row, " ")
		if len(f) != 3 {
			return nil, false
		}
		partition, err := strconv.ParseInt(f[1], 10, 32)
		offset, err2 := strconv.ParseInt(f[2], 10, 64)
		if f[0] == "" || err != nil || err2 != nil || partition < 0 {
			return nil, false
		}
		o[Dir(f[0], int32(partition))] = offset
	}
	return o, ok
}

// LoadOffsets reads a checkpoint. A missing one is empty. ok is false if it is damaged,
// which a crash alone cannot do.
func LoadOffsets(d node.Disk, name string) (o Offsets, ok bool) {
	text, exists := d.Read(name)
	if !exists {
		return Offsets{}, true
	}
	return ParseOffsets(string(text))
}

// marker is the content of the file of a clean stop.
type marker struct {
	Version     int   `json:"version"`
	BrokerEpoch int64 `json:"brokerEpoch"`
}

// MarkClean tells the next start that this was a clean stop. All logs must be closed and
// settled, and the checkpoints saved.
func MarkClean(t *node.Task, d node.Disk, brokerEpoch int64) error {
	text, err := json.Marshal(marker{0, brokerEpoch})
	if err != nil {
		panic("log: two numbers do not fit into JSON: " + err.Error())
	}
	return Save(t, d, CleanShutdown, text)
}

// TakeCleanMarker reports whether the last stop was clean, and the epoch that the broker
// had. The marker is durably gone when it returns, before any log is opened: if the
// broker crashes while it opens them, that was no clean stop (KAFKA-10471).
func TakeCleanMarker(t *node.Task, d node.Disk) (brokerEpoch int64, clean bool, err error) {
	text, clean := d.Read(CleanShutdown)
	m := marker{BrokerEpoch: -1}
	if clean && json.Unmarshal(text, &m) != nil {
		m.BrokerEpoch = -1 // older brokers left the file empty
	}
	if err = d.Remove(CleanShutdown); err == nil {
		err = t.SyncDir()
	}
	if err != nil {
		return -1, false, fmt.Errorf("log: remove %s: %w", CleanShutdown, err)
	}
	return m.BrokerEpoch, clean, nil
}

// Meta says which broker of which cluster a disk belongs to.
type Meta struct {
	ClusterID string
	BrokerID  int32
}

// Encode is the text of meta.properties.
func (m Meta) Encode() []byte {
	return fmt.Appendf(nil, "broker.id=%d\ncluster.id=%s\nversion=0\n", m.BrokerID, m.ClusterID)
}

// ParseMeta reads the text of meta.properties. Lines that are comments, or of keys that
// nobody asks for, do not matter.
func ParseMeta(text string) (m Meta, ok bool) {
	m.BrokerID = -1
	version := ""
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "version":
			version = value
		case "cluster.id":
			m.ClusterID = value
		case "broker.id":
			id, err := strconv.ParseInt(value, 10, 32)
			if err != nil {
				return Meta{}, false
			}
			m.BrokerID = int32(id)
		}
	}
	return m, version == "0" && m.ClusterID != "" && m.BrokerID >= 0
}

// EncodeTopicID is the text of a partition's metadata.
func EncodeTopicID(id string) []byte { return fmt.Appendf(nil, "version: 0\ntopic_id: %s", id) }

// ParseTopicID reads a partition's metadata.
func ParseTopicID(text string) (id string, ok bool) {
	first, second, _ := strings.Cut(strings.TrimSuffix(text, "\n"), "\n")
	id, ok = strings.CutPrefix(second, "topic_id: ")
	return id, ok && first == "version: 0" && id != ""
}
