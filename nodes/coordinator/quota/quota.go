// Package quota is the text and the arithmetic of quotas: how much a subtree may hold,
// and how much it does. Both stand in znodes below /zookeeper/quota, as in ZooKeeper.
package quota

import (
	"fmt"
	"strconv"
	"strings"
)

// Root is above the znodes that speak of quotas. Those for a path are below Root and
// that path.
const Root = "/zookeeper/quota"

const (
	limitsName = "/zookeeper_limits"
	statsName  = "/zookeeper_stats"
)

// Limits returns the path of the znode that limits the subtree of a path.
func Limits(path string) string { return Root + path + limitsName }

// Stats returns the path of the znode that tells what the subtree of a path holds.
func Stats(path string) string { return Root + path + statsName }

// OfLimits returns the path that a znode limits, false if it limits none. The root
// cannot have a quota.
func OfLimits(path string) (string, bool) { return about(path, limitsName) }

// OfStats returns the path of which a znode tells what it holds, false if of none.
func OfStats(path string) (string, bool) { return about(path, statsName) }

func about(path, name string) (string, bool) {
	rest, below := strings.CutPrefix(path, Root+"/")
	if !below {
		return "", false
	}
	subject, ok := strings.CutSuffix("/"+rest, name)
	return subject, ok && subject != ""
}

// Unset is a number that is not stated. As a limit it is none.
const Unset = -1

// Track is what a limits or a stats znode says: numbers of znodes and of bytes of
// data. Stats have no hard limits.
type Track struct{ Count, Bytes, CountHard, BytesHard int64 }

// None states nothing.
var None = Track{Unset, Unset, Unset, Unset}

// Parse reads the text of a znode: key=number, separated by commas or semicolons.
// Numbers of other keys are allowed and say nothing.
func Parse(text string) (Track, error) {
	t := None
	for _, pair := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' }) {
		key, value, _ := strings.Cut(pair, "=")
		// ZooKeeper writes one = too many after bytes, for readers of long ago.
		n, err := strconv.ParseInt(strings.TrimRight(value, "="), 10, 64)
		if err != nil {
			return None, fmt.Errorf("quota: %q: write key=number", pair)
		}
		switch key {
		case "count":
			t.Count = n
		case "bytes":
			t.Bytes = n
		case "countHardLimit":
			t.CountHard = n
		case "byteHardLimit":
			t.BytesHard = n
		}
	}
	return t, nil
}

// String writes what Parse reads, in ZooKeeper's form.
func (t Track) String() string {
	s := fmt.Sprintf("count=%d,bytes=%d", t.Count, t.Bytes)
	if t.BytesHard == Unset && t.CountHard == Unset {
		return s
	}
	s += "="
	if t.BytesHard != Unset {
		s += fmt.Sprintf(";byteHardLimit=%d", t.BytesHard)
	}
	if t.CountHard != Unset {
		s += fmt.Sprintf(";countHardLimit=%d", t.CountHard)
	}
	return s
}

// Excess is how far a change goes beyond the limits.
type Excess uint8

// Excesses. A soft limit is for the log only, and counts where there is no hard one.
const (
	Within Excess = iota
	Soft
	Hard
)

// Beyond compares what a subtree would hold after a change with its limits. A number
// that the change leaves alone is not compared, one that it lowers is: who is beyond
// a limit may not change data until the limit is kept again.
func Beyond(limits, holds Track, count, bytes int64) Excess {
	return max(
		beyond(limits.Count, limits.CountHard, holds.Count, count),
		beyond(limits.Bytes, limits.BytesHard, holds.Bytes, bytes),
	)
}

func beyond(soft, hard, holds, change int64) Excess {
	switch {
	case change == 0:
	case hard > Unset && holds+change > hard:
		return Hard
	case hard <= Unset && soft > Unset && holds+change > soft:
		return Soft
	}
	return Within
}
