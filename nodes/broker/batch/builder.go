package batch

import (
	"math/bits"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Options are what a batch says of itself besides its records.
type Options struct {
	// BaseOffset is 0 in what a producer sends.
	BaseOffset int64
	// LeaderEpoch is -1 in what a producer sends.
	LeaderEpoch int32
	// ProducerID, ProducerEpoch and BaseSequence are all [NoProducer] unless the
	// batch is idempotent. The zero value is producer 0; see [Plain].
	ProducerID    int64
	ProducerEpoch int16
	BaseSequence  int32
	// Attributes besides the codec.
	Attributes int16
	Codec      Codec
}

// Plain are the options of a producer that is not idempotent.
func Plain() Options {
	return Options{LeaderEpoch: -1, ProducerID: NoProducer, ProducerEpoch: NoProducer, BaseSequence: NoProducer}
}

// Builder makes one batch at a time. It can be used again after Build, and keeps its
// memory then.
type Builder struct {
	opts    Options
	records []byte
	count   int
	last    int32 // offset delta of the latest record, -1 before the first
	base    int64 // timestamp of the first record
	max     int64
	pinned  bool // base is not for the first record to say
	packer  Packer
}

// NewBuilder returns a builder for a first batch.
func NewBuilder(o Options) *Builder {
	b := &Builder{}
	b.Reset(o)
	return b
}

// Reset begins a batch, and forgets the one that was not built.
func (b *Builder) Reset(o Options) {
	*b = Builder{opts: o, records: b.records[:0], packer: b.packer, last: -1, base: NoTimestamp, max: NoTimestamp}
}

// Add puts a record at the end, at the next offset. Its own Offset does not count.
func (b *Builder) Add(r Record) { b.AddAt(r, b.last+1) }

// AddAt puts a record at the end, so many offsets behind the base offset: more than
// the one before.
func (b *Builder) AddAt(r Record, delta int32) {
	if delta <= b.last {
		panic("batch: a record at or before the one before")
	}
	if b.count == 0 && !b.pinned {
		b.base = r.Timestamp
	}
	rec := kmsg.Record{TimestampDelta64: r.Timestamp - b.base, OffsetDelta: delta, Key: r.Key, Value: r.Value, Headers: r.Headers}
	rec.Length = int32(recordLength(&rec))
	b.records = rec.AppendTo(b.records)
	b.max = max(b.max, r.Timestamp)
	b.last, b.count = delta, b.count+1
}

// Count is the number of records added.
func (b *Builder) Count() int { return b.count }

// Size is how long the batch would be now, without compression.
func (b *Builder) Size() int { return HeaderBytes + len(b.records) }

// Build returns the batch. Without records it would say nothing, and panics.
func (b *Builder) Build() Batch { return b.AppendTo(nil) }

// AppendTo appends the batch to what dst has.
func (b *Builder) AppendTo(dst []byte) []byte {
	if b.count == 0 {
		panic("batch: a batch without records")
	}
	return encode(dst, b.opts, frame{b.last, b.base, b.max, b.count}, b.packer.pack(b.opts.Codec, b.records))
}

// frame are the parts of a header that follow from the records.
type frame struct {
	lastDelta int32
	base, max int64
	count     int
}

// encode appends a header and records, and seals them.
func encode(dst []byte, o Options, f frame, records []byte) []byte {
	h := kmsg.RecordBatch{
		FirstOffset: o.BaseOffset, Length: int32(HeaderBytes - overhead + len(records)), PartitionLeaderEpoch: o.LeaderEpoch,
		Magic: magic, Attributes: o.Attributes&^codecMask | int16(o.Codec), LastOffsetDelta: f.lastDelta,
		FirstTimestamp: f.base, MaxTimestamp: f.max,
		ProducerID: o.ProducerID, ProducerEpoch: o.ProducerEpoch, FirstSequence: o.BaseSequence,
		NumRecords: int32(f.count), Records: records,
	}
	from := len(dst)
	if cap(dst)-from < HeaderBytes+len(records) {
		dst = append(make([]byte, 0, from+HeaderBytes+len(records)), dst...)
	}
	dst = h.AppendTo(dst)
	Batch(dst[from:]).seal()
	return dst
}

// Filtered returns a batch that has only the records for which keep says so, at their
// offsets, and the span, the producer and the attributes of b; nil if none is left. A
// horizon other than [NoTimestamp] is stamped as the delete horizon (KIP-534), unless
// b has one: the first one counts. It is what compaction makes of a batch, by means of
// a builder.
func (b Batch) Filtered(build *Builder, keep func(*Record) bool, horizon int64) (Batch, error) {
	o := b.options()
	if b.Has(DeleteHorizon) {
		horizon = b.BaseTimestamp()
	}
	build.Reset(o)
	if horizon != NoTimestamp {
		build.opts.Attributes |= DeleteHorizon
		build.base, build.pinned = horizon, true
	}
	var rec Record
	reader := b.Records()
	for reader.Next(&rec) {
		if keep(&rec) {
			build.AddAt(rec, int32(rec.Offset-b.BaseOffset()))
		}
	}
	if reader.Err() != nil || build.count == 0 {
		return nil, reader.Err()
	}
	if b.Has(LogAppendTime) {
		build.max = b.MaxTimestamp()
	}
	return encode(nil, build.opts, frame{b.LastOffsetDelta(), build.base, build.max, build.count}, build.packer.pack(o.Codec, build.records)), nil
}

// AppendRecoded appends to dst the batch with its records compressed in another way, which
// is all that changes: it is what a leader makes of a batch whose topic has a codec of its
// own (compression.type).
func (b Batch) AppendRecoded(dst []byte, c Codec, p *Packer) ([]byte, error) {
	plain, err := b.unpacked()
	if err != nil {
		return dst, err
	}
	o := b.options()
	o.Codec = c
	return encode(dst, o, frame{b.LastOffsetDelta(), b.BaseTimestamp(), b.MaxTimestamp(), b.Count()}, p.pack(c, plain)), nil
}

// Emptied returns a batch without records that has the span, the producer and the
// sequence of b, so that these outlive its records.
func (b Batch) Emptied() Batch {
	o := b.options()
	o.Codec = None
	return encode(nil, o, frame{b.LastOffsetDelta(), b.BaseTimestamp(), b.MaxTimestamp(), 0}, nil)
}

// Horizon is the time from which on tombstones may be dropped, [NoTimestamp] if none
// was set.
func (b Batch) Horizon() int64 {
	if b.Has(DeleteHorizon) {
		return b.BaseTimestamp()
	}
	return NoTimestamp
}

func (b Batch) options() Options {
	return Options{
		BaseOffset: b.BaseOffset(), LeaderEpoch: b.LeaderEpoch(), ProducerID: b.ProducerID(), ProducerEpoch: b.ProducerEpoch(),
		BaseSequence: b.BaseSequence(), Attributes: b.Attributes() &^ codecMask, Codec: b.Codec(),
	}
}

// recordLength is how long a record is without its length.
func recordLength(r *kmsg.Record) int {
	n := 1 + varintLen(r.TimestampDelta64) + varintLen(int64(r.OffsetDelta)) + bytesLen(r.Key, r.Key == nil) + bytesLen(r.Value, r.Value == nil)
	n += varintLen(int64(len(r.Headers)))
	for i := range r.Headers {
		h := &r.Headers[i]
		n += varintLen(int64(len(h.Key))) + len(h.Key) + bytesLen(h.Value, h.Value == nil)
	}
	return n
}

func bytesLen(b []byte, null bool) int {
	if null {
		return 1
	}
	return varintLen(int64(len(b))) + len(b)
}

// varintLen is the length of a zigzag varint: seven bits a byte.
func varintLen(v int64) int {
	return (bits.Len64(uint64(v<<1)^uint64(v>>63)|1) + 6) / 7
}
