package batch

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// HeaderBytes is the size of a batch without records.
const HeaderBytes = 61

// Where the fields are.
const (
	lengthAt          = 8
	leaderEpochAt     = 12
	magicAt           = 16
	crcAt             = 17
	attributesAt      = 21
	lastOffsetDeltaAt = 23
	baseTimestampAt   = 27
	maxTimestampAt    = 35
	producerIDAt      = 43
	producerEpochAt   = 51
	baseSequenceAt    = 53
	countAt           = 57
)

// overhead is what the length of a batch does not count: the base offset and itself.
const overhead = 12

// magic is the version of the format.
const magic = 2

// The attributes of a batch.
const (
	codecMask int16 = 7
	// LogAppendTime: the max timestamp is the broker's, and that of all records.
	LogAppendTime int16 = 1 << 3
	// Transactional: part of a transaction (KIP-98).
	Transactional int16 = 1 << 4
	// Control: for brokers, not for applications: the end of a transaction.
	Control int16 = 1 << 5
	// DeleteHorizon: the base timestamp is the time from which on tombstones in the
	// batch may be dropped (KIP-534).
	DeleteHorizon int16 = 1 << 6
)

// NoProducer is the producer ID, epoch and sequence of a batch that is not idempotent.
const NoProducer = -1

// NoTimestamp is the timestamp of what has none.
const NoTimestamp int64 = -1

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Batch is one whole batch, header and records. Accessors want at least a header;
// [Next] returns nothing less.
type Batch []byte

func (b Batch) i64(at int) int64 { return int64(binary.BigEndian.Uint64(b[at:])) }
func (b Batch) i32(at int) int32 { return int32(binary.BigEndian.Uint32(b[at:])) }
func (b Batch) i16(at int) int16 { return int16(binary.BigEndian.Uint16(b[at:])) }

// BaseOffset is the offset of the first record, or of the one that was first before
// compaction.
func (b Batch) BaseOffset() int64 { return b.i64(0) }

// LeaderEpoch is the epoch of the leader that appended it.
func (b Batch) LeaderEpoch() int32 { return b.i32(leaderEpochAt) }

// CRC is the checksum it claims to have.
func (b Batch) CRC() uint32 { return binary.BigEndian.Uint32(b[crcAt:]) }

// Attributes returns all of them.
func (b Batch) Attributes() int16 { return b.i16(attributesAt) }

// Codec is how the records are compressed.
func (b Batch) Codec() Codec { return Codec(b.Attributes() & codecMask) }

// Has reports whether an attribute is set.
func (b Batch) Has(attribute int16) bool { return b.Attributes()&attribute != 0 }

// LastOffsetDelta is the distance from the base offset to the last offset.
func (b Batch) LastOffsetDelta() int32 { return b.i32(lastOffsetDeltaAt) }

// LastOffset is the offset of the last record, or of the one that was last before
// compaction.
func (b Batch) LastOffset() int64 { return b.BaseOffset() + int64(b.LastOffsetDelta()) }

// NextOffset is where the batch after it may begin.
func (b Batch) NextOffset() int64 { return b.LastOffset() + 1 }

// BaseTimestamp is what the timestamps of records count from, in milliseconds.
func (b Batch) BaseTimestamp() int64 { return b.i64(baseTimestampAt) }

// MaxTimestamp is the highest of the records, in milliseconds.
func (b Batch) MaxTimestamp() int64 { return b.i64(maxTimestampAt) }

// ProducerID is [NoProducer] unless the batch is idempotent.
func (b Batch) ProducerID() int64 { return b.i64(producerIDAt) }

// ProducerEpoch tells apart the incarnations of a producer.
func (b Batch) ProducerEpoch() int16 { return b.i16(producerEpochAt) }

// BaseSequence is the number of the first record among those of its producer.
func (b Batch) BaseSequence() int32 { return b.i32(baseSequenceAt) }

// LastSequence is that of the last record.
func (b Batch) LastSequence() int32 {
	if b.BaseSequence() == NoProducer {
		return NoProducer
	}
	return AddSequence(b.BaseSequence(), b.LastOffsetDelta())
}

// Count is the number of records.
func (b Batch) Count() int { return int(b.i32(countAt)) }

// Idempotent reports whether the batch has a producer and a sequence.
func (b Batch) Idempotent() bool {
	return b.ProducerID() != NoProducer && b.BaseSequence() != NoProducer
}

// HasProducer reports whether it has a producer; control batches have no sequence.
func (b Batch) HasProducer() bool { return b.ProducerID() != NoProducer }

// AddSequence counts n on from a sequence number. After 2^31-1 comes 0 (KIP-98).
func AddSequence(sequence, n int32) int32 {
	return int32((int64(sequence) + int64(n)) & (1<<31 - 1))
}

// Check reports what is wrong with a batch: its CRC first, as nothing else can be
// believed before.
func (b Batch) Check() error {
	if sum := b.checksum(); sum != b.CRC() {
		return fmt.Errorf("batch: at offset %d the CRC is %08x, and %08x of what is there", b.BaseOffset(), b.CRC(), sum)
	}
	return b.CheckHeader()
}

// CheckHeader is Check without the CRC: for who trusts the medium.
func (b Batch) CheckHeader() error {
	switch {
	case b.LastOffsetDelta() < 0 || b.BaseOffset() < 0:
		return fmt.Errorf("batch: from offset %d to %d", b.BaseOffset(), b.LastOffset())
	case b.Count() < 0 || int64(b.Count()) > int64(b.LastOffsetDelta())+1:
		return fmt.Errorf("batch: at offset %d there are %d records in %d offsets", b.BaseOffset(), b.Count(), int64(b.LastOffsetDelta())+1)
	case b.Idempotent() && (b.ProducerEpoch() < 0 || b.BaseSequence() < 0 || b.ProducerID() < 0):
		return fmt.Errorf("batch: at offset %d producer %d has epoch %d and sequence %d", b.BaseOffset(), b.ProducerID(), b.ProducerEpoch(), b.BaseSequence())
	}
	return nil
}

func (b Batch) checksum() uint32 { return crc32.Checksum(b[attributesAt:], castagnoli) }

// String is one line about the header.
func (b Batch) String() string {
	s := fmt.Sprintf("[%d-%d] epoch %d, %d records, %d bytes", b.BaseOffset(), b.LastOffset(), b.LeaderEpoch(), b.Count(), len(b))
	if b.HasProducer() {
		s += fmt.Sprintf(", producer %d/%d from %d", b.ProducerID(), b.ProducerEpoch(), b.BaseSequence())
	}
	return s
}
