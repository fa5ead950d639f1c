package log

import (
	"encoding/binary"
	"hash/crc32"
	"maps"
	"slices"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// remembered is how many batches of a producer are known again: as many as a client
// may have in flight (KIP-98).
const remembered = 5

// sentBatch is one batch of a producer in the log.
type sentBatch struct {
	sequence int32 // of its last record
	offset   int64 // of its last record
	delta    int32 // from its first record to its last
	time     int64 // its highest timestamp
}

func (s *sentBatch) first() int64 { return s.offset - int64(s.delta) }

// firstSequence counts back, over the end of the numbers if need be.
func (s *sentBatch) firstSequence() int32 { return batch.AddSequence(s.sequence, -s.delta) }

// producer is what the log knows of one producer.
type producer struct {
	epoch int16
	// sent are its latest batches in this epoch, oldest first. None, if the epoch began
	// with the end of a transaction.
	sent []sentBatch
	// latest is its highest timestamp: from it on it counts as silent.
	latest int64
	// coordinator is the epoch of the coordinator that ended its last transaction, and
	// transaction where the present one begins; both -1 without any.
	coordinator int32
	transaction int64
}

// producers are the idempotent producers of a partition (KIP-98). They are a function
// of the batches of the log, except that what expired or was deleted with the front of
// the log may still be known: forgetting would let a late retry in again (KAFKA-7190).
type producers struct{ known map[int64]*producer }

// check decides on a batch that a producer sends: code says why it is refused; known
// is the batch in the log that it repeats, nil if it is to be appended.
func (p *producers) check(b batch.Batch) (known *sentBatch, code wire.ErrorCode) {
	who := p.known[b.ProducerID()]
	switch {
	case who == nil:
		// Any sequence will do (KIP-360): what was before may have been deleted.
		return nil, wire.OK
	case b.ProducerEpoch() < who.epoch:
		return nil, wire.InvalidProducerEpoch
	case b.Has(batch.Control):
		return nil, wire.OK
	case b.ProducerEpoch() > who.epoch:
		if b.BaseSequence() != 0 {
			return nil, wire.OutOfOrderSequenceNumber
		}
		return nil, wire.OK
	}
	for i := range who.sent {
		if s := &who.sent[i]; s.firstSequence() == b.BaseSequence() && s.sequence == b.LastSequence() {
			return s, wire.OK
		}
	}
	if n := len(who.sent); n > 0 && b.BaseSequence() != batch.AddSequence(who.sent[n-1].sequence, 1) {
		return nil, wire.OutOfOrderSequenceNumber
	}
	return nil, wire.OK
}

// raises reports whether a batch begins a later epoch of a producer that is known.
func (p *producers) raises(b batch.Batch) bool {
	who := p.known[b.ProducerID()]
	return who != nil && b.ProducerEpoch() > who.epoch
}

// update takes note of a batch that is in the log, whoever checked it.
func (p *producers) update(b batch.Batch) {
	who := p.at(b.ProducerID(), b.ProducerEpoch())
	who.latest = max(who.latest, b.MaxTimestamp())
	if b.Has(batch.Control) {
		who.transaction = NoOffset
		return
	}
	if b.Has(batch.Transactional) && who.transaction == NoOffset {
		who.transaction = b.BaseOffset()
	}
	who.remember(sentBatch{b.LastSequence(), b.LastOffset(), b.LastOffsetDelta(), b.MaxTimestamp()})
}

// at returns a producer in an epoch. A new epoch forgets the batches of the one before.
func (p *producers) at(id int64, epoch int16) *producer {
	who := p.known[id]
	if who == nil || who.epoch != epoch {
		fresh := &producer{epoch: epoch, latest: batch.NoTimestamp, coordinator: -1, transaction: NoOffset}
		if who != nil {
			fresh.sent, fresh.coordinator = who.sent[:0], who.coordinator
		}
		if p.known == nil {
			p.known = map[int64]*producer{}
		}
		p.known[id], who = fresh, fresh
	}
	return who
}

func (w *producer) remember(s sentBatch) {
	if len(w.sent) < remembered {
		w.sent = append(w.sent, s)
		return
	}
	copy(w.sent, w.sent[1:])
	w.sent[remembered-1] = s
}

// lastOf reports whether a batch is the latest that is known of its producer.
func (p *producers) lastOf(b batch.Batch) bool {
	who := p.known[b.ProducerID()]
	return who != nil && len(who.sent) > 0 && who.sent[len(who.sent)-1].offset == b.LastOffset()
}

// expire forgets the producers that have been silent for too long, unless one has a
// transaction open.
func (p *producers) expire(now, after int64) {
	for id, who := range p.known { //sim:unordered each is judged by itself
		if who.transaction == NoOffset && now-who.latest >= after {
			delete(p.known, id)
		}
	}
}

// The layout of a snapshot is Kafka's: version 1, a CRC-32C of what follows it, the
// number of entries, and the entries. Kafka writes one entry for each producer, with
// its last batch; here each batch that is remembered has one, in order, so that a
// restart recognises as many duplicates as a broker that stayed up. Who knows Kafka's
// meaning, the last entry of a producer counts, loses nothing.
const (
	snapshotVersion = 1
	snapshotHead    = 10
	snapshotEntry   = 46
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (p *producers) encode() []byte {
	b := binary.BigEndian.AppendUint16(nil, snapshotVersion)
	b = append(b, make([]byte, snapshotHead-2)...)
	n := uint32(0)
	for _, id := range slices.Sorted(maps.Keys(p.known)) {
		who := p.known[id]
		for i := range who.sent {
			b = who.appendEntry(b, id, who.sent[i])
			n++
		}
		if len(who.sent) == 0 {
			b = who.appendEntry(b, id, sentBatch{sequence: batch.NoProducer, offset: NoOffset, time: who.latest})
			n++
		}
	}
	binary.BigEndian.PutUint32(b[6:], n)
	binary.BigEndian.PutUint32(b[2:], crc32.Checksum(b[6:], castagnoli))
	return b
}

func (w *producer) appendEntry(b []byte, id int64, s sentBatch) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(id))
	b = binary.BigEndian.AppendUint16(b, uint16(w.epoch))
	b = binary.BigEndian.AppendUint32(b, uint32(s.sequence))
	b = binary.BigEndian.AppendUint64(b, uint64(s.offset))
	b = binary.BigEndian.AppendUint32(b, uint32(s.delta))
	b = binary.BigEndian.AppendUint64(b, uint64(s.time))
	b = binary.BigEndian.AppendUint32(b, uint32(w.coordinator))
	return binary.BigEndian.AppendUint64(b, uint64(w.transaction))
}

// decodeProducers reads a snapshot. ok is false if it is damaged.
func decodeProducers(b []byte) (p producers, ok bool) {
	if len(b) < snapshotHead || binary.BigEndian.Uint16(b) != snapshotVersion ||
		binary.BigEndian.Uint32(b[2:]) != crc32.Checksum(b[6:], castagnoli) ||
		int64(len(b)) != snapshotHead+snapshotEntry*int64(binary.BigEndian.Uint32(b[6:])) {
		return p, false
	}
	for e := range slices.Chunk(b[snapshotHead:], snapshotEntry) {
		who := p.at(int64(binary.BigEndian.Uint64(e)), int16(binary.BigEndian.Uint16(e[8:])))
		s := sentBatch{
			int32(binary.BigEndian.Uint32(e[10:])), int64(binary.BigEndian.Uint64(e[14:])),
			int32(binary.BigEndian.Uint32(e[22:])), int64(binary.BigEndian.Uint64(e[26:])),
		}
		who.latest = max(who.latest, s.time)
		who.coordinator = int32(binary.BigEndian.Uint32(e[34:]))
		who.transaction = int64(binary.BigEndian.Uint64(e[38:]))
		if s.offset != NoOffset {
			who.remember(s)
		}
	}
	return p, true
}

// ExpireProducers forgets those that have been silent for longer than the
// configuration says.
func (l *Log) ExpireProducers(now int64) { l.producers.expire(now, l.cfg.ProducerExpiryMillis) }

// ProducerState is what a log knows of one idempotent producer.
type ProducerState struct {
	ID            int64
	Epoch         int16
	LastSequence  int32
	LastOffset    int64
	LastTimestamp int64
	// Batches is how many of its batches would be recognised.
	Batches int
}

// Producers lists the idempotent producers, by ID.
func (l *Log) Producers() []ProducerState {
	all := make([]ProducerState, 0, len(l.producers.known))
	for _, id := range slices.Sorted(maps.Keys(l.producers.known)) {
		who := l.producers.known[id]
		s := ProducerState{ID: id, Epoch: who.epoch, LastSequence: batch.NoProducer, LastOffset: NoOffset, LastTimestamp: who.latest, Batches: len(who.sent)}
		if n := len(who.sent); n > 0 {
			s.LastSequence, s.LastOffset = who.sent[n-1].sequence, who.sent[n-1].offset
		}
		all = append(all, s)
	}
	return all
}
