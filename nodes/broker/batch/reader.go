package batch

import (
	"encoding/binary"
	"fmt"
)

// Next takes the first batch off a sequence of them. It returns nil if there is none,
// or only the beginning of one, which is what a fetch may end with. It fails if what
// is there cannot be a batch. Neither the CRC nor the records are looked at.
func Next(b []byte) (first Batch, rest []byte, err error) {
	n, err := Size(b)
	if err != nil || n == 0 || n > len(b) {
		return nil, b, err
	}
	return Batch(b[:n:n]), b[n:], nil
}

// Size is how many bytes the batch has that b begins with, 0 if b is too short to tell.
// It fails if b does not begin like a batch.
func Size(b []byte) (int, error) {
	if len(b) <= magicAt {
		return 0, nil
	}
	length := int64(int32(binary.BigEndian.Uint32(b[lengthAt:])))
	if length < HeaderBytes-overhead {
		return 0, fmt.Errorf("batch: %d bytes are too few for a batch", length)
	}
	if b[magicAt] != magic {
		return 0, fmt.Errorf("batch: magic %d is not known, only %d is", int8(b[magicAt]), magic)
	}
	return int(length + overhead), nil
}

// Reader goes over the batches of a sequence of bytes.
//
//	for r := batch.Read(b); r.Next(); {
//		use(r.Batch)
//	}
type Reader struct {
	// Batch is the present one.
	Batch Batch
	// Err is why Next ended, nil at the end or at a batch that is cut off.
	Err  error
	rest []byte
}

// Read returns a reader before the first batch.
func Read(b []byte) Reader { return Reader{rest: b} }

// Next moves to the next whole batch. False if there is none.
func (r *Reader) Next() bool {
	r.Batch, r.rest, r.Err = Next(r.rest)
	return r.Batch != nil
}

// Rest is what follows the present batch; in the end, what was cut off.
func (r *Reader) Rest() []byte { return r.rest }

// SetBaseOffset, without a new CRC, says where in its partition the batch begins.
func (b Batch) SetBaseOffset(offset int64) { binary.BigEndian.PutUint64(b, uint64(offset)) }

// SetLeaderEpoch, without a new CRC, says which leader appended it.
func (b Batch) SetLeaderEpoch(epoch int32) {
	binary.BigEndian.PutUint32(b[leaderEpochAt:], uint32(epoch))
}

// SetLogAppendTime stamps the batch with the time of its append, in milliseconds. The
// CRC covers that, and is computed anew.
func (b Batch) SetLogAppendTime(millis int64) {
	b.setAttributes(b.Attributes() | LogAppendTime)
	b.SetMaxTimestamp(millis)
}

// SetMaxTimestamp corrects the highest timestamp, and the CRC with it.
func (b Batch) SetMaxTimestamp(millis int64) {
	binary.BigEndian.PutUint64(b[maxTimestampAt:], uint64(millis))
	b.seal()
}

func (b Batch) setAttributes(a int16) { binary.BigEndian.PutUint16(b[attributesAt:], uint16(a)) }

func (b Batch) seal() { binary.BigEndian.PutUint32(b[crcAt:], b.checksum()) }
