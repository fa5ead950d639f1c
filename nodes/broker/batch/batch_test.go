package batch

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"
)

// crcBitByBit is the CRC-32C of RFC 3720, appendix B.4, one bit at a time.
func crcBitByBit(b []byte) uint32 {
	crc := ^uint32(0)
	for _, c := range b {
		crc ^= uint32(c)
		for range 8 {
			low := crc & 1
			crc >>= 1
			if low == 1 {
				crc ^= 0x82F63B78
			}
		}
	}
	return ^crc
}

// TestBytes holds a batch against bytes worked out from the description of the format.
func TestBytes(t *testing.T) {
	o := Options{BaseOffset: 5, LeaderEpoch: 2, ProducerID: 1000, ProducerEpoch: 3, BaseSequence: 7}
	b := NewBuilder(o)
	b.Add(Record{Timestamp: 1000, Key: []byte("k"), Value: []byte("vv")})
	b.Add(Record{Timestamp: 1100, Value: []byte{}, Headers: []kmsg.Header{{Key: "h", Value: nil}}})
	want := []byte{
		0, 0, 0, 0, 0, 0, 0, 5, // base offset
		0, 0, 0, 71, // 49 bytes of header and 22 of records
		0, 0, 0, 2, // leader epoch
		2,          // magic
		0, 0, 0, 0, // the CRC, below
		0, 0, // attributes
		0, 0, 0, 1, // last offset delta
		0, 0, 0, 0, 0, 0, 0x03, 0xe8, // base timestamp
		0, 0, 0, 0, 0, 0, 0x04, 0x4c, // max timestamp
		0, 0, 0, 0, 0, 0, 0x03, 0xe8, // producer
		0, 3, // its epoch
		0, 0, 0, 7, // base sequence
		0, 0, 0, 2, // two records
		// The first: 9 bytes. Varints are zigzag, so 9 is 18, and -1 is 1.
		18, 0, 0, 0, 2, 'k', 4, 'v', 'v', 0,
		// The second: 11 bytes, 100 ms and one offset later, no key, an empty value, a
		// header whose value is null.
		20, 0, 0xc8, 1, 2, 1, 0, 2, 2, 'h', 1,
	}
	want[lengthAt+3] = byte(len(want) - overhead)
	binary.BigEndian.PutUint32(want[crcAt:], crcBitByBit(want[attributesAt:]))
	got := b.Build()
	if !bytes.Equal(got, want) {
		t.Fatalf("built\n%x, want\n%x", []byte(got), want)
	}
	if err := got.Check(); err != nil {
		t.Error(err)
	}
	if got.LastOffset() != 6 || got.LastSequence() != 8 || got.MaxTimestamp() != 1100 || !got.Idempotent() {
		t.Errorf("read as %v", got)
	}
}

// TestCRCOfAKnownText is the check value that the catalogues of CRCs give for Castagnoli.
func TestCRCOfAKnownText(t *testing.T) {
	if got := crcBitByBit([]byte("123456789")); got != 0xE3069283 {
		t.Errorf("CRC-32C is %08x", got)
	}
}

func genBytes(t *rapid.T, label string) []byte {
	if rapid.Bool().Draw(t, "no "+label) {
		return nil
	}
	return append([]byte{}, rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, label)...)
}

func genRecord(t *rapid.T) Record {
	r := Record{Timestamp: rapid.Int64Range(0, 1<<45).Draw(t, "time"), Key: genBytes(t, "key"), Value: genBytes(t, "value")}
	for range rapid.IntRange(0, 2).Draw(t, "headers") {
		r.Headers = append(r.Headers, kmsg.Header{Key: rapid.StringN(0, 5, 20).Draw(t, "name"), Value: genBytes(t, "header")})
	}
	return r
}

func genOptions(t *rapid.T) Options {
	o := Plain()
	if rapid.Bool().Draw(t, "idempotent") {
		o.ProducerID = rapid.Int64Range(0, 1<<62).Draw(t, "producer")
		o.ProducerEpoch = int16(rapid.IntRange(0, 1<<15-1).Draw(t, "epoch"))
		o.BaseSequence = int32(rapid.IntRange(0, 1<<31-1).Draw(t, "sequence"))
	}
	o.BaseOffset = rapid.Int64Range(0, 1<<60).Draw(t, "base")
	o.LeaderEpoch = int32(rapid.IntRange(-1, 1<<30).Draw(t, "leader epoch"))
	o.Codec = rapid.SampledFrom(codecs).Draw(t, "codec")
	return o
}

// genBatch makes a batch whose records may be apart, as after compaction.
func genBatch(t *rapid.T) (Batch, []Record) {
	o := genOptions(t)
	b := NewBuilder(o)
	var want []Record
	delta := int32(-1)
	for range rapid.IntRange(1, 6).Draw(t, "records") {
		r := genRecord(t)
		delta += int32(rapid.IntRange(1, 4).Draw(t, "apart"))
		b.AddAt(r, delta)
		r.Offset = o.BaseOffset + int64(delta)
		want = append(want, r)
	}
	return b.Build(), want
}

func records(b Batch) (all []Record, err error) {
	var rec Record
	r := b.Records()
	for r.Next(&rec) {
		all = append(all, rec)
	}
	return all, r.Err()
}

// show tells null from empty.
func show(rs []Record) string { return fmt.Sprintf("%#v", rs) }

// TestRecordsSurvive sends records through a batch and back.
func TestRecordsSurvive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, want := genBatch(t)
		if err := b.Check(); err != nil {
			t.Fatal(err)
		}
		got, err := records(b)
		if err != nil || show(got) != show(want) {
			t.Fatalf("%v\nsent %s\ngot  %s", err, show(want), show(got))
		}
	})
}

// TestKmsgReadsTheSame compares with a decoder that others wrote.
func TestKmsgReadsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, want := genBatch(t)
		var k kmsg.RecordBatch
		if err := k.ReadFrom(b); err != nil {
			t.Fatal(err)
		}
		if k.FirstOffset != b.BaseOffset() || k.PartitionLeaderEpoch != b.LeaderEpoch() || k.ProducerID != b.ProducerID() ||
			k.ProducerEpoch != b.ProducerEpoch() || k.FirstSequence != b.BaseSequence() || k.LastOffsetDelta != b.LastOffsetDelta() ||
			k.FirstTimestamp != b.BaseTimestamp() || k.MaxTimestamp != b.MaxTimestamp() || int(k.NumRecords) != len(want) ||
			uint32(k.CRC) != crcBitByBit(b[attributesAt:]) {
			t.Fatalf("kmsg reads %+v, we %v", k, b)
		}
		if !bytes.Equal(k.AppendTo(nil), b) {
			t.Fatal("kmsg writes it otherwise")
		}
		rest, err := b.unpacked()
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			var r kmsg.Record
			length, n := binary.Varint(rest)
			if err := r.ReadFrom(rest[:n+int(length)]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n+int(length):]
			if !bytes.Equal(r.Key, w.Key) || !bytes.Equal(r.Value, w.Value) || len(r.Headers) != len(w.Headers) ||
				b.BaseOffset()+int64(r.OffsetDelta) != w.Offset || b.BaseTimestamp()+r.TimestampDelta64 != w.Timestamp {
				t.Fatalf("kmsg reads %+v, want %+v", r, w)
			}
		}
	})
}

// TestReaderSplits cuts a sequence of batches anywhere: what is whole comes out.
func TestReaderSplits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []byte
		var ends []int
		for range rapid.IntRange(0, 4).Draw(t, "batches") {
			b, _ := genBatch(t)
			all = append(all, b...)
			ends = append(ends, len(all))
		}
		cut := rapid.IntRange(0, len(all)).Draw(t, "cut")
		got := 0
		r := Read(all[:cut])
		for r.Next() {
			got += len(r.Batch)
			if !slices.Contains(ends, got) || r.Batch.Check() != nil {
				t.Fatalf("a batch ends at %d, want one of %v", got, ends)
			}
		}
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		for _, e := range ends {
			if e <= cut && e > got {
				t.Fatalf("the batch up to %d is missing", e)
			}
		}
		if len(r.Rest()) != cut-got {
			t.Fatalf("%d bytes are left, want %d", len(r.Rest()), cut-got)
		}
	})
}

// TestAnyFlippedBitIsSeen: what the CRC covers it protects.
func TestAnyFlippedBitIsSeen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, _ := genBatch(t)
		bit := rapid.IntRange(8*attributesAt, 8*len(b)-1).Draw(t, "bit")
		b[bit/8] ^= 1 << (bit % 8)
		if b.Check() == nil {
			t.Fatalf("bit %d flipped unseen", bit)
		}
	})
}

// TestPatches change what they should, and the CRC holds.
func TestPatches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, want := genBatch(t)
		before := b.CRC()
		b.SetBaseOffset(1234)
		b.SetLeaderEpoch(9)
		if b.CRC() != before || b.Check() != nil || b.BaseOffset() != 1234 || b.LeaderEpoch() != 9 {
			t.Fatalf("stamping gave %v, %v", b, b.Check())
		}
		b.SetLogAppendTime(777)
		got, err := records(b)
		if err != nil || b.Check() != nil || b.MaxTimestamp() != 777 {
			t.Fatalf("stamping the time gave %v, %v, %v", b, err, b.Check())
		}
		for i := range got {
			if got[i].Timestamp != 777 || got[i].Offset-1234 != want[i].Offset-(want[0].Offset-(got[0].Offset-1234)) || !bytes.Equal(got[i].Value, want[i].Value) {
				t.Fatalf("record %d is %+v", i, got[i])
			}
		}
	})
}

// TestFiltered compares with the records that should be left.
func TestFiltered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, all := genBatch(t)
		mask := rapid.IntRange(0, 1<<len(all)-1).Draw(t, "kept")
		horizon := rapid.SampledFrom([]int64{NoTimestamp, 0, 1 << 50}).Draw(t, "horizon")
		var want []Record
		for i, r := range all {
			if mask&(1<<i) != 0 {
				want = append(want, r)
			}
		}
		i := -1
		out, err := b.Filtered(&Builder{}, func(*Record) bool { i++; return mask&(1<<i) != 0 }, horizon)
		if err != nil || (out == nil) != (mask == 0) {
			t.Fatalf("%v, %v", out, err)
		}
		empty := b.Emptied()
		for _, o := range []Batch{out, empty} {
			if o != nil && (o.Check() != nil || o.BaseOffset() != b.BaseOffset() || o.LastOffset() != b.LastOffset() || o.LastSequence() != b.LastSequence() ||
				o.ProducerEpoch() != b.ProducerEpoch() || o.LeaderEpoch() != b.LeaderEpoch()) {
				t.Fatalf("%v became %v, %v", b, o, o.Check())
			}
		}
		if out == nil {
			return
		}
		got, err := records(out)
		if err != nil || show(got) != show(want) || out.Horizon() != horizon {
			t.Fatalf("%v horizon %d\ngot  %s\nwant %s", err, out.Horizon(), show(got), show(want))
		}
		again, err := out.Filtered(&Builder{}, func(*Record) bool { return true }, 99)
		if err != nil || horizon != NoTimestamp && again.Horizon() != horizon {
			t.Fatalf("the second horizon is %d, want the first, %d", again.Horizon(), horizon)
		}
	})
}

// TestMalformed lists what Check and Size refuse.
func TestMalformed(t *testing.T) {
	good := func() Batch {
		b := NewBuilder(Plain())
		b.Add(Record{Value: []byte("v")})
		return b.Build()
	}
	for name, c := range map[string]struct {
		spoil func(Batch)
		want  string
	}{
		"old magic":    {func(b Batch) { b[magicAt] = 1 }, "magic 1"},
		"short":        {func(b Batch) { binary.BigEndian.PutUint32(b[lengthAt:], 48) }, "too few"},
		"many records": {func(b Batch) { binary.BigEndian.PutUint32(b[countAt:], 2); b.seal() }, "2 records in 1 offsets"},
		"negative":     {func(b Batch) { binary.BigEndian.PutUint32(b[lastOffsetDeltaAt:], 1<<31); b.seal() }, "from offset"},
		"flipped":      {func(b Batch) { b[len(b)-1] ^= 1 }, "CRC"},
	} {
		b := good()
		c.spoil(b)
		_, _, err := Next(b)
		if err == nil {
			err = b.Check()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want something about %q", name, err, c.want)
		}
	}
	b := good()
	b.setAttributes(5)
	b.seal()
	if _, err := records(b); err == nil || b.Check() != nil || b.Codec().Known() {
		t.Errorf("a batch of %v was read, or is no batch", b.Codec())
	}
}

// TestSequencesWrap: after 2^31-1 comes 0 (KIP-98).
func TestSequencesWrap(t *testing.T) {
	for _, c := range []struct{ from, n, want int32 }{{0, 0, 0}, {5, 3, 8}, {1<<31 - 1, 1, 0}, {1<<31 - 1, 5, 4}, {1<<31 - 3, 2, 1<<31 - 1}} {
		if got := AddSequence(c.from, c.n); got != c.want {
			t.Errorf("%d + %d is %d, want %d", c.from, c.n, got, c.want)
		}
	}
}

// FuzzRecords reads anything, and what it can read it writes the same.
func FuzzRecords(f *testing.F) {
	b := NewBuilder(Plain())
	b.Add(Record{Timestamp: 5, Key: []byte("k"), Value: []byte("v"), Headers: []kmsg.Header{{Key: "h"}}})
	f.Add([]byte(b.Build()))
	f.Fuzz(func(t *testing.T, data []byte) {
		for r := Read(data); r.Next(); {
			_ = r.Batch.String()
			if r.Batch.CheckHeader() != nil {
				continue
			}
			all, err := records(r.Batch)
			if err != nil || len(all) == 0 {
				continue
			}
			again, err := r.Batch.Filtered(&Builder{}, func(*Record) bool { return true }, NoTimestamp)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := records(again); err != nil || show(got) != show(all) {
				t.Fatalf("%v\nread %s\nread again %s", err, show(all), show(got))
			}
		}
	})
}

func BenchmarkBuild(b *testing.B) {
	build := NewBuilder(Plain())
	r := Record{Timestamp: 1, Value: make([]byte, 100)}
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		build.Reset(Plain())
		for range 100 {
			build.Add(r)
		}
		out = build.AppendTo(out[:0])
	}
	b.SetBytes(int64(len(out)))
}

func BenchmarkRecords(b *testing.B) {
	build := NewBuilder(Plain())
	for range 100 {
		build.Add(Record{Timestamp: 1, Value: make([]byte, 100)})
	}
	all := build.Build()
	b.SetBytes(int64(len(all)))
	b.ReportAllocs()
	var rec Record
	for b.Loop() {
		for r := all.Records(); r.Next(&rec); {
		}
	}
}
