package log

import (
	"bytes"
	"testing"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/internal/crashdisk"
)

// compressedOf is a batch of one record with a value of so many equal bytes.
func compressedOf(c batch.Codec, n int) batch.Batch {
	o := batch.Plain()
	o.Codec = c
	b := batch.NewBuilder(o)
	b.Add(batch.Record{Timestamp: 1000, Key: []byte("k"), Value: bytes.Repeat([]byte("v"), n)})
	return b.Build()
}

// sealed has a batch that was changed claim the CRC that it has.
func sealed(b batch.Batch) batch.Batch { b.SetMaxTimestamp(b.MaxTimestamp()); return b }

// TestLeaderValidatesWhatIsCompressed: records are looked at in every codec, and what
// cannot be read, or is too long in the end, is not appended.
func TestLeaderValidatesWhatIsCompressed(t *testing.T) {
	for _, c := range codecs[1:] {
		gap := batch.NewBuilder(batch.Options{ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1, Codec: c})
		gap.AddAt(recordOf(1, 1000), 0)
		gap.AddAt(recordOf(2, 1000), 2)
		keyless := batch.NewBuilder(batch.Options{ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1, Codec: c})
		keyless.Add(batch.Record{Timestamp: 1000})
		spoiled := compressedOf(c, 20)
		spoiled[batch.HeaderBytes] ^= 0x55
		fewer := batch.Batch(sent(batch.Options{ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1, Codec: c}, 1000, 1, 2))
		fewer[60], fewer[26] = 1, 0 // it says that there is one record, and there are two
		for _, x := range []struct {
			name string
			b    batch.Batch
			want wire.ErrorCode
		}{
			{"good", compressedOf(c, 20), wire.OK},
			{"long, but not like that", compressedOf(c, 300), wire.OK},
			{"a gap", gap.Build(), wire.InvalidRecord},
			{"no key", keyless.Build(), wire.InvalidRecord},
			{"spoiled", sealed(spoiled), wire.CorruptMessage},
			{"cut off", sealed(cutOff(compressedOf(c, 20), 9)), wire.CorruptMessage},
			{"another count", sealed(fewer), wire.CorruptMessage},
		} {
			cfg := tiny()
			cfg.MaxMessageBytes, cfg.Compact = 200, true
			l, _, _ := Open(crashdisk.New(), dir, cfg, Options{Clean: true})
			if got, code := l.AppendAsLeader(x.b, 0, 1000); code != x.want || (code == wire.OK) != (l.End() == 1) {
				t.Errorf("%v, %s: %v, %+v, want %v", c, x.name, code, got, x.want)
			}
		}
	}
}

// cutOff takes bytes off the end of a batch, and says so in its length.
func cutOff(b batch.Batch, n int) batch.Batch {
	b = b[:len(b)-n]
	b[11] -= byte(n)
	return b
}

// TestBombIsNoRecord: what unpacks to more than the memory is for is refused for good.
func TestBombIsNoRecord(t *testing.T) {
	l, _, _ := Open(crashdisk.New(), dir, Defaults(), Options{Clean: true})
	if _, code := l.AppendAsLeader(compressedOf(batch.Zstd, 65<<20), 0, 1000); code != wire.InvalidRecord || l.End() != 0 {
		t.Errorf("%v, the log ends at %d", code, l.End())
	}
}

// TestRecodedIsHeldToTheLimits: what was short enough as it was sent may be too long as it
// would be stored.
func TestRecodedIsHeldToTheLimits(t *testing.T) {
	for _, x := range []struct {
		stored       string
		n            int
		most, within int64
		want         wire.ErrorCode
	}{
		{"producer", 1000, 500, 500, wire.OK},
		{"zstd", 1000, 500, 500, wire.OK},
		{"uncompressed", 1000, 2000, 2000, wire.OK},
		{"uncompressed", 1000, 500, 2000, wire.MessageTooLarge},
		{"uncompressed", 1000, 2000, 500, wire.RecordListTooLarge},
	} {
		cfg := tiny()
		cfg.MaxMessageBytes, cfg.SegmentBytes, cfg.Compression = int(x.most), x.within, CompressionNamed(x.stored)
		l, _, _ := Open(crashdisk.New(), dir, cfg, Options{Clean: true})
		if _, code := l.AppendAsLeader(compressedOf(batch.LZ4, x.n), 0, 1000); code != x.want || (code == wire.OK) != (l.End() == 1) {
			t.Errorf("%+v: %v, the log ends at %d", x, code, l.End())
		}
	}
}

// TestCompressionWords: every word means itself, another means the default, and what is
// for brokers is not compressed.
func TestCompressionWords(t *testing.T) {
	control := sent(batch.Options{ProducerID: 1, Attributes: batch.Control}, 1000, 1)
	for _, word := range compressions {
		c := CompressionNamed(word)
		if c.String() != word || c.Of(control) != batch.None {
			t.Errorf("%s is read as %v, and stores control batches in %v", word, c, c.Of(control))
		}
	}
	for _, word := range []string{"", "none", "lzo", "ZSTD"} {
		if c := CompressionNamed(word); c != (Compression{}) {
			t.Errorf("%q is read as %v", word, c)
		}
	}
}
