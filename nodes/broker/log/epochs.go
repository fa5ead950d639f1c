package log

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// NoEpoch is the epoch of a log that has none, and with [NoOffset] the answer to a
// question about an epoch that cannot be answered.
const NoEpoch int32 = -1

// NoOffset is no offset.
const NoOffset int64 = -1

// epochStart says where in the log a leader's epoch begins.
type epochStart struct {
	epoch int32
	start int64
}

// epochs tell where in the log each leader's epoch begins (KIP-101, KIP-279).
// Invariant: both epoch and start are strictly ascending. Only the last may be of an
// epoch without a batch.
type epochs []epochStart

func (e epochs) latest() int32 {
	if len(e) == 0 {
		return NoEpoch
	}
	return e[len(e)-1].epoch
}

// assign notes that an epoch begins at start. What contradicts it, and would say that
// something later came before, goes. It reports whether anything changed.
func (e *epochs) assign(epoch int32, start int64) bool {
	if epoch < 0 || start < 0 {
		panic(fmt.Sprintf("log: epoch %d begins at %d", epoch, start))
	}
	all := *e
	if n := len(all); n > 0 && all[n-1].epoch == epoch && all[n-1].start <= start {
		return false
	}
	for len(all) > 0 && (all[len(all)-1].epoch >= epoch || all[len(all)-1].start >= start) {
		all = all[:len(all)-1]
	}
	*e = append(all, epochStart{epoch, start})
	return true
}

// endOf answers where the records of an epoch end, in a log that ends at end: of the
// largest epoch that is not above it, as who asks may have one that we never saw
// (KIP-279).
func (e epochs) endOf(epoch int32, end int64) (int32, int64) {
	if epoch < 0 || len(e) == 0 || epoch > e.latest() {
		return NoEpoch, NoOffset
	}
	if epoch == e.latest() {
		return epoch, end
	}
	n := sort.Search(len(e), func(i int) bool { return e[i].epoch > epoch })
	if n == 0 {
		return epoch, e[0].start
	}
	return e[n-1].epoch, e[n].start
}

// at is the epoch of an offset.
func (e epochs) at(offset int64) int32 {
	n := sort.Search(len(e), func(i int) bool { return e[i].start > offset })
	if n == 0 {
		return NoEpoch
	}
	return e[n-1].epoch
}

// cutEnd forgets the epochs that begin at or behind an offset.
func (e *epochs) cutEnd(offset int64) bool {
	n := sort.Search(len(*e), func(i int) bool { return (*e)[i].start >= offset })
	changed := n < len(*e)
	*e = (*e)[:n]
	return changed
}

// cutStart forgets the epochs that end at or before an offset, and lets the one that
// is there begin there.
func (e *epochs) cutStart(offset int64) bool {
	n := sort.Search(len(*e), func(i int) bool { return (*e)[i].start > offset })
	if n == 0 || n == 1 && (*e)[0].start == offset {
		return false
	}
	*e = slices.Clone((*e)[n-1:])
	(*e)[0].start = offset
	return true
}

// encode is the text of the checkpoint: its version, how many lines follow, and a
// line for each epoch.
func (e epochs) encode() []byte {
	b := fmt.Appendf(nil, "0\n%d\n", len(e))
	for _, s := range e {
		b = fmt.Appendf(b, "%d %d\n", s.epoch, s.start)
	}
	return b
}

// parseEpochs reads what encode writes. ok is false for anything else.
func parseEpochs(text string) (e epochs, ok bool) {
	rows, ok := parseRows(text)
	if !ok {
		return nil, false
	}
	for _, row := range rows {
		first, second, _ := strings.Cut(row, " ")
		epoch, err := strconv.ParseInt(first, 10, 32)
		start, err2 := strconv.ParseInt(second, 10, 64)
		if err != nil || err2 != nil || epoch < 0 || start < 0 {
			return nil, false
		}
		if n := len(e); n > 0 && (int32(epoch) <= e[n-1].epoch || start <= e[n-1].start) {
			return nil, false
		}
		e = append(e, epochStart{int32(epoch), start})
	}
	return e, true
}

// parseRows reads the frame of a checkpoint: version 0, a count, and so many lines.
func parseRows(text string) (rows []string, ok bool) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 2 || lines[0] != "0" {
		return nil, false
	}
	n, err := strconv.Atoi(lines[1])
	if err != nil || n != len(lines)-2 {
		return nil, false
	}
	return lines[2:], true
}
