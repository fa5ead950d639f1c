package replication

import (
	"fmt"
	"iter"
	"slices"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
)

// batch is one batch of a log.
type batch struct {
	first, last int64
	epoch       int64 // the leader epoch it was appended in
	sum         int64 // its checksum
	producer    *facts.Producer
}

func (b batch) String() string {
	return fmt.Sprintf("[%d..%d] of epoch %d, checksum %08x", b.first, b.last, b.epoch, uint32(b.sum))
}

// same reports whether two batches are one.
func (b batch) same(o batch) bool {
	return b.first == o.first && b.last == o.last && b.epoch == o.epoch && b.sum == o.sum
}

// key is what a batch is known by.
type key struct{ first, last, epoch, sum int64 }

func (b batch) key() key { return key{b.first, b.last, b.epoch, b.sum} }

// epochStart says where a leader epoch begins in a log.
type epochStart struct{ epoch, start int64 }

// mirror is a log as its owner tells of it.
type mirror struct {
	// start and end bound the log, and cleaned is how far it was compacted.
	start, end, cleaned int64
	// ripped, of a ledger: after a loss it was cut below where a log had been compacted to.
	// What compaction left out, since there were later records of the same keys, is gone
	// with those.
	ripped bool
	// batches are those of [start, end), ascending, and older ones.
	batches []batch
	// left are the records that the last compaction left, ascending; none while another is
	// under way, which has them in found. alike is how far they are all there is, 0 while
	// one is under way. Records may be missing because of others below reach: it has copied
	// from who was compacted up to there.
	left, found  []facts.Keyed
	alike, reach int64
	// ghosts is the offset below which there may be records that somebody has deleted: it
	// was away while the tombstone was there.
	ghosts int64
	// epochs are the leader epochs and where they begin; of the last there may be no
	// batch yet. Both numbers ascend strictly.
	epochs []epochStart
}

// emptyLog is one that begins at an offset.
func emptyLog(start int64) mirror { return mirror{start: start, end: start} }

// at is the index of the first batch that reaches offset or lies behind it.
func (m *mirror) at(offset int64) int {
	i, _ := slices.BinarySearchFunc(m.batches, offset, func(b batch, o int64) int {
		if b.last < o {
			return -1
		}
		return 1
	})
	return i
}

// within are the batches that end in [from, upto).
func (m *mirror) within(from, upto int64) iter.Seq[batch] {
	return func(yield func(batch) bool) {
		for _, b := range m.batches[m.at(from):] {
			if b.last >= upto || !yield(b) {
				return
			}
		}
	}
}

// epoch is that of the last batch, -1 if there is none.
func (m *mirror) epoch() int64 {
	if len(m.batches) == 0 {
		return -1
	}
	return m.batches[len(m.batches)-1].epoch
}

// append adds a batch. Its epoch may be below those noted last: of a leader that began
// them, wrote nothing and follows again; its log needed no cut.
func (m *mirror) append(b batch) {
	m.batches = append(m.batches, b)
	m.end = b.last + 1
	m.assign(b.epoch, b.first)
}

// latest is the last leader epoch that was noted, -1 if none.
func (m *mirror) latest() int64 {
	if len(m.epochs) == 0 {
		return -1
	}
	return m.epochs[len(m.epochs)-1].epoch
}

// assign notes where an epoch begins. Epochs that would come later, or begin there, had
// no batch and are superseded.
func (m *mirror) assign(epoch, start int64) {
	if epoch == m.latest() {
		return
	}
	n := len(m.epochs)
	for n > 0 && (m.epochs[n-1].epoch >= epoch || m.epochs[n-1].start >= start) {
		n--
	}
	m.epochs = append(m.epochs[:n], epochStart{epoch, start})
}

// endOf is where an epoch ends, if the log has it.
func (m *mirror) endOf(epoch int64) (end int64, known bool) {
	for i, e := range m.epochs {
		switch {
		case e.epoch != epoch:
		case i+1 < len(m.epochs):
			return m.epochs[i+1].start, true
		default:
			return m.end, true
		}
	}
	return 0, false
}

// first is the earliest leader epoch that the log still shows: that which its start is in.
func (m *mirror) first() int64 {
	for i, e := range m.epochs {
		if i+1 == len(m.epochs) || m.epochs[i+1].start > m.start {
			return e.epoch
		}
	}
	return -1
}

// cut gives up what is at or above an offset.
func (m *mirror) cut(to int64) {
	m.batches = m.batches[:m.at(to)]
	m.end = min(m.end, to)
	m.ripped = m.ripped || m.end < m.cleaned
	m.start, m.cleaned = min(m.start, m.end), min(m.cleaned, m.end)
	m.left, m.alike = m.left[:before(m.left, to)], min(m.alike, to)
	n := len(m.epochs)
	for n > 0 && m.epochs[n-1].start >= to {
		n--
	}
	m.epochs = m.epochs[:n]
}

// lacks is the first record in [start, end) that a compaction had left and that is in none
// of some batches.
func (m *mirror) lacks(found []batch, start, end int64) (offset int64, lacks bool) {
	i := 0
	for _, k := range m.left {
		o := k.Offset
		for i < len(found) && found[i].last < o {
			i++
		}
		if o >= start && o < end && (i == len(found) || found[i].first > o) {
			return o, true
		}
	}
	return 0, false
}

// differs finds the first committed batch in [from, upto) that a log lacks or has
// otherwise; false if it has them all. What lies below the start of either, or was
// compacted, nobody can ask for. But nothing takes the end of a log, be all before it
// deleted: one that ends early lacks all that follows.
func (m *mirror) differs(ledger *mirror, from, upto int64) (want batch, got *batch, differs bool) {
	return m.differsAlso(ledger, max(from, min(ledger.start, m.end)), upto)
}

// differsAlso is differs with what was deleted, as far as the log still has it.
func (m *mirror) differsAlso(ledger *mirror, from, upto int64) (want batch, got *batch, differs bool) {
	from = max(from, m.start, min(max(m.cleaned, ledger.cleaned), m.end))
	j := m.at(from)
	for i := ledger.at(from); i < len(ledger.batches) && ledger.batches[i].first < upto; i++ {
		want = ledger.batches[i]
		for j < len(m.batches) && m.batches[j].last < want.first {
			j++
		}
		switch {
		case j >= len(m.batches), m.batches[j].first > want.last:
			return want, nil, true
		case m.batches[j].same(want):
		default:
			return want, &m.batches[j], true
		}
	}
	return batch{}, nil, false
}
