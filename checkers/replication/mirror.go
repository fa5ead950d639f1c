package replication

import (
	"fmt"
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

// mirror is a log as its owner tells of it.
type mirror struct {
	// start and end bound the log: it holds [start, end), where batches has every batch
	// of it, ascending, unless it was compacted below cleaned.
	start, end, cleaned int64
	batches             []batch
}

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

// epoch is that of the last batch, -1 if there is none.
func (m *mirror) epoch() int64 {
	if len(m.batches) == 0 {
		return -1
	}
	return m.batches[len(m.batches)-1].epoch
}

func (m *mirror) append(b batch) {
	m.batches = append(m.batches, b)
	m.end = b.last + 1
}

// cut gives up what is at or above an offset, be it all.
func (m *mirror) cut(to int64) {
	m.batches = m.batches[:m.at(to)]
	m.start, m.end = min(m.start, to), min(m.end, to)
}

// begin gives up what is below an offset.
func (m *mirror) begin(at int64) {
	m.batches = m.batches[m.at(at):]
	m.start, m.end = at, max(m.end, at)
}

// missing finds the first committed batch in [from, upto) that a log lacks or has
// otherwise; false if it has them all. What lies below the log's start, or was
// compacted, nobody can ask for.
func (m *mirror) missing(ledger *mirror, from, upto int64) (want batch, got *batch, lacks bool) {
	from = max(from, m.start, m.cleaned, ledger.start, ledger.cleaned)
	for i, j := ledger.at(from), m.at(from); i < len(ledger.batches) && ledger.batches[i].first < upto; i, j = i+1, j+1 {
		want = ledger.batches[i]
		if j >= len(m.batches) {
			return want, nil, true
		}
		if !m.batches[j].same(want) {
			return want, &m.batches[j], true
		}
	}
	return batch{}, nil, false
}

// replica is one copy of a partition.
type replica struct {
	*member
	log mirror
	// leads says that it takes itself for the leader of epoch.
	leads bool
	epoch int64
	// mark is the high watermark it told, isr whom it takes for in sync as the leader.
	mark int64
	isr  int64
	// lost is the offset from which a crash took what it had, -1 for nothing: a follower
	// that fetches it again has it again.
	lost int64
}

// stops: the process is gone, and with it all that is not in the log.
func (r *replica) stops() { r.leads, r.mark = false, 0 }

// partition is what is known of one partition.
type partition struct {
	name     string
	topic    facts.TopicID
	replicas map[int32]*replica
	// ledger has every batch that was committed, in the order of offsets.
	ledger mirror
	// truth is the state znode, leaders who appended in which epoch, elected whom the
	// znode ever named for an epoch.
	truth    state
	leaders  map[int64]int32
	elected  map[int64]election
	sequence map[producerEpoch]int32
}

// election is what one write of the state znode decided.
type election struct {
	leader int32
	// clean: the leader was in sync before.
	clean bool
}

// producerEpoch names a producer with an ID in one of its epochs.
type producerEpoch struct {
	id    int64
	epoch int16
}

func newPartition(name string) *partition {
	return &partition{
		name: name, replicas: map[int32]*replica{}, leaders: map[int64]int32{}, elected: map[int64]election{}, sequence: map[producerEpoch]int32{},
	}
}

// replica finds the copy of a broker, or begins it.
func (p *partition) replica(m *member) *replica {
	r := p.replicas[m.ID]
	if r == nil {
		r = &replica{member: m, lost: -1}
		p.replicas[m.ID] = r
	}
	return r
}

// forget drops everything: the topic is another one.
func (p *partition) forget() {
	*p = *newPartition(p.name)
}
