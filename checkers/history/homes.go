package history

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"
)

// OffsetsTopic is the topic in which brokers keep groups and their offsets.
const OffsetsTopic = "__consumer_offsets"

// HomeOf is the number of the partition of OffsetsTopic that a group lives in, of so many:
// the hash of Java's strings without its sign, modulo their number.
func HomeOf(group string, partitions int) int {
	var hash int32
	for _, unit := range utf16.Encode([]rune(group)) {
		hash = 31*hash + int32(unit)
	}
	switch {
	case hash == -1<<31:
		hash = 0
	case hash < 0:
		hash = -hash
	}
	return int(hash) % partitions
}

// Homes says in which partition of OffsetsTopic a group lives.
type Homes struct{ partitions int }

// Homes reads from the committed log how many partitions OffsetsTopic has.
func (h *History) Homes() Homes {
	all := Homes{}
	for i := range h.Log {
		Written(h.Log[i].Txn.Body, all.wrote)
	}
	return all
}

// unsure: the log gives several numbers.
const unsure = -1

func (h *Homes) wrote(path string, data []byte) {
	if path != "/brokers/topics/"+OffsetsTopic {
		return
	}
	var topic struct {
		Partitions map[string][]int32 `json:"partitions"`
	}
	n := unsure
	if json.Unmarshal(data, &topic) == nil && len(topic.Partitions) > 0 {
		n = len(topic.Partitions)
	}
	if h.partitions != 0 && h.partitions != n {
		n = unsure
	}
	h.partitions = n
}

// Lives reports whether a group lives in a partition, named like __consumer_offsets-2, as
// far as anybody can tell: in a history without a log, it may live in any.
func (h Homes) Lives(group, partition string) bool {
	if !strings.HasPrefix(partition, OffsetsTopic+"-") {
		return false
	}
	return h.partitions <= 0 || partition == fmt.Sprintf("%s-%d", OffsetsTopic, HomeOf(group, h.partitions))
}
