package batch

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/snappy/xerial"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"pgregory.net/rapid"
)

// packed is what a new packer makes.
func packed(c Codec, plain []byte) []byte { return new(Packer).pack(c, plain) }

var codecs = []Codec{None, Gzip, Snappy, LZ4, Zstd}

// verse is a text with repetitions near and far.
var verse = []byte(strings.Repeat("The owl and the pussycat went to sea in a beautiful pea-green boat. ", 3) + "They took some honey and plenty of money")

// TestGoldenFrames holds each codec to the bytes that it makes of a fixed text: on every
// processor the same, or a run would not be. (What gzip makes is up to the Go
// distribution, and may change with it.)
func TestGoldenFrames(t *testing.T) {
	for c, want := range map[Codec]string{
		Gzip:   "1f8b08000000000004ffcccf8109c2400c86d155be05749a2e90ea5fafd8268797a3647bc1295ce0c15b9a88ebc0fc4936d1e718f5b0e49227190c19bb63acb299fb360fbaecf6fa48ce1a967796f6374691116f469ca285ab7eb17ec8b3888d335cf50d0000ffff81949f8af4000000",
		Snappy: "82534e4150505900000000010000000100000072f401f043546865206f776c20616e64207468652070757373796361742077656e7420746f2073656120696e20612062656175746966756c207065612d677265656e20626f61742e20fe4400fe44001d44407920746f6f6b20736f6d6520686f6e657905d928706c656e7479206f66206d0114",
		LZ4:    "04224d1860408270000000ff35546865206f776c20616e64207468652070757373796361742077656e7420746f2073656120696e20612062656175746966756c207065612d677265656e20626f61742e20440078f0167920746f6f6b20736f6d6520686f6e657920616e6420706c656e7479206f66206d6f6e657900000000",
		Zstd:   "28b52ffd0000cd02009286131790370944c9d482cc443a90b4fdb57fd824e57e31e60901593b64e34eb49a736175d6ae5ce4d0843b3c07601db1b585c1503d9b641c98aac4b51d57d187a335194b9008a5730b5e586d92bb2510015419062b04e208",
	} {
		if got := hex.EncodeToString(packed(c, verse)); got != want {
			t.Errorf("%v: %s\nwant %s", c, got, want)
		}
	}
}

// prose is n bytes, more or less like what has been.
func prose(r *rand.Rand, n int) []byte {
	var b []byte
	words := 1 << r.IntN(8)
	for len(b) < n {
		switch r.IntN(4) {
		case 0:
			b = append(b, byte(r.Uint32()))
		case 1:
			b = append(b, bytes.Repeat([]byte{byte(r.IntN(4))}, r.IntN(200))...)
		default:
			b = fmt.Appendf(b, "word%d ", r.IntN(words)*7919)
		}
	}
	return b[:n]
}

// TestGoldenSums does the same with more, up to several blocks, by one packer, in which
// nothing of what it made before may show.
func TestGoldenSums(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var p Packer
	got := map[Codec]uint32{}
	for i := range 200 {
		plain := prose(r, 1+r.IntN(1<<(3+i%15)))
		for _, c := range codecs[1:] {
			out := p.pack(c, plain)
			if !bytes.Equal(out, packed(c, bytes.Clone(plain))) {
				t.Fatalf("%v: a packer that was used makes something else", c)
			}
			got[c] = crc32.Update(got[c], castagnoli, out)
		}
	}
	want := map[Codec]uint32{Gzip: 0x4544a49a, Snappy: 0xcb7bd0ed, LZ4: 0xa29f04ca, Zstd: 0x4dd394c0}
	for _, c := range codecs[1:] {
		if got[c] != want[c] {
			t.Errorf("%v: the sum is %#08x, want %#08x", c, got[c], want[c])
		}
	}
}

// unpackedAs reads records as those of a batch of a codec.
func unpackedAs(c Codec, body []byte) ([]byte, error) {
	b := append(make(Batch, HeaderBytes), body...)
	binary.BigEndian.PutUint16(b[attributesAt:], uint16(c))
	return b.unpacked()
}

// TestCodecsGiveBack packs anything and unpacks it.
func TestCodecsGiveBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		plain := prose(r, rapid.IntRange(1, 1<<18).Draw(t, "bytes"))
		for _, c := range codecs {
			out := packed(c, plain)
			got, err := unpackedAs(c, out)
			if err != nil || !bytes.Equal(got, plain) {
				t.Fatalf("%v: %d bytes became %d and then %d, %v", c, len(plain), len(out), len(got), err)
			}
		}
	})
}

// TestOthersReadSnappy: what our encoder makes, others can read, and the other way round,
// framed or bare.
func TestOthersReadSnappy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		plain := prose(r, rapid.IntRange(1, 1<<17).Draw(t, "bytes"))
		if got, err := xerial.Decode(snap(plain)); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("xerial reads %d bytes as %d: %v", len(plain), len(got), err)
		}
		one := plain[:min(len(plain), xerialBlock)]
		if got, err := s2.Decode(nil, appendSnapped(nil, one)); err != nil || !bytes.Equal(got, one) {
			t.Fatalf("s2 reads %d bytes as %d: %v", len(one), len(got), err)
		}
		twice := append(xerial.Encode(nil, plain), xerial.EncodeBetter(nil, plain)...)
		for name, in := range map[string][]byte{"framed": xerial.Encode(nil, plain), "bare": snappy.Encode(nil, plain), "best": s2.EncodeSnappyBest(nil, plain)} {
			if got, err := unsnap(in); err != nil || !bytes.Equal(got, plain) {
				t.Fatalf("%s: %d bytes become %d: %v", name, len(plain), len(got), err)
			}
		}
		if got, err := unsnap(twice); err != nil || !bytes.Equal(got, append(bytes.Clone(plain), plain...)) {
			t.Fatalf("two streams of %d bytes become %d: %v", len(plain), len(got), err)
		}
	})
}

// TestFramesOfOthers are frames as other clients write them: with checksums, larger
// blocks, sizes, and blocks that depend on one another.
func TestFramesOfOthers(t *testing.T) {
	plain := prose(rand.New(rand.NewPCG(3, 4)), 300_000)
	for i, options := range [][]lz4.Option{
		{}, {lz4.BlockChecksumOption(true), lz4.SizeOption(uint64(len(plain)))}, {lz4.BlockSizeOption(lz4.Block4Mb), lz4.CompressionLevelOption(lz4.Level5)},
	} {
		var out bytes.Buffer
		z := lz4.NewWriter(&out)
		if err := z.Apply(options...); err != nil {
			t.Fatal(err)
		}
		fill(z, plain)
		if got, err := unlz4(out.Bytes()); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("lz4 %d: %d bytes, %v", i, len(got), err)
		}
	}
	for i, options := range [][]zstd.EOption{{}, {zstd.WithEncoderLevel(zstd.SpeedBestCompression)}, {zstd.WithSingleSegment(true)}} {
		var out bytes.Buffer
		z, err := zstd.NewWriter(&out, options...)
		if err != nil {
			t.Fatal(err)
		}
		fill(z, plain)
		if got, err := unzstd(out.Bytes()); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("zstd %d: %d bytes, %v", i, len(got), err)
		}
	}
}

// TestBombs: small batches that unpack to more than one may, or say that they do, are an
// error of their own.
func TestBombs(t *testing.T) {
	zeroes := make([]byte, maxUnpacked+1)
	claim := binary.AppendUvarint(nil, maxUnpacked+1)
	for name, c := range map[string]struct {
		codec Codec
		body  []byte
	}{
		"gzip":                       {Gzip, packed(Gzip, zeroes)},
		"snappy, framed":             {Snappy, packed(Snappy, zeroes)},
		"snappy, bare, by its claim": {Snappy, append(claim, make([]byte, maxUnpacked/maxSnap+1)...)},
		"lz4":                        {LZ4, packed(LZ4, zeroes)},
		"zstd":                       {Zstd, packed(Zstd, zeroes)},
		"zstd, by its claim":         {Zstd, []byte{0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0}},
	} {
		if _, err := unpackedAs(c.codec, c.body); !errors.Is(err, ErrTooLong) {
			t.Errorf("%s: %v", name, err)
		}
		if len(c.body) > maxUnpacked/10 {
			t.Errorf("%s: %d bytes are no bomb", name, len(c.body))
		}
	}
	for _, c := range codecs {
		if got, err := unpackedAs(c, packed(c, zeroes[1:])); err != nil || len(got) != maxUnpacked {
			t.Errorf("%v: what may just be is %d bytes, %v", c, len(got), err)
		}
	}
}

// TestLiesAboutLengths: a claim alone does not take memory.
func TestLiesAboutLengths(t *testing.T) {
	body := append(binary.AppendUvarint(nil, maxUnpacked), 1, 2, 3)
	n := testing.AllocsPerRun(3, func() {
		if _, err := unsnap(body); err == nil || errors.Is(err, ErrTooLong) {
			t.Errorf("%v", err)
		}
	})
	if n > 2 {
		t.Errorf("%v allocations for a block that cannot be", n)
	}
}

// TestDamagedBodies spoils what codecs made: it reads as something else or is an error, and
// nothing worse happens.
func TestDamagedBodies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(codecs[1:]).Draw(t, "codec")
		body := packed(c, prose(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)), rapid.IntRange(1, 2000).Draw(t, "bytes")))
		for range rapid.IntRange(1, 5).Draw(t, "spoils") {
			at := rapid.IntRange(0, len(body)-1).Draw(t, "at")
			switch rapid.IntRange(0, 2).Draw(t, "how") {
			case 0:
				body[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			case 1:
				body = body[:at+1]
			default:
				body = append(body, body[at:]...)
			}
		}
		if got, err := unpackedAs(c, body); err == nil && len(got) > maxUnpacked {
			t.Fatalf("%d bytes", len(got))
		}
	})
}

// TestTruncatedBodies: a body that ends too early never reads as the whole.
func TestTruncatedBodies(t *testing.T) {
	for _, c := range codecs[1:] {
		body := packed(c, verse)
		for n := range body {
			if got, err := unpackedAs(c, body[:n]); err == nil && len(got) >= len(verse) && n < len(body)-4 {
				t.Errorf("%v: %d of %d bytes read as all", c, n, len(body))
			}
		}
	}
}

// TestRecoded changes the codec and nothing else.
func TestRecoded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, want := genBatch(t)
		b.setAttributes(b.Attributes() | rapid.SampledFrom([]int16{0, Transactional, DeleteHorizon}).Draw(t, "attribute"))
		b.seal()
		was := bytes.Clone(b)
		c := rapid.SampledFrom(codecs).Draw(t, "to")
		out, err := b.AppendRecoded([]byte("before"), c, new(Packer))
		if err != nil || !bytes.Equal(b, was) || string(out[:6]) != "before" {
			t.Fatalf("%v, or what was given has changed", err)
		}
		o := Batch(out[6:])
		got, err := records(o)
		if err != nil || o.Check() != nil || o.Codec() != c || show(got) != show(want) {
			t.Fatalf("%v, %v\ngot  %s\nwant %s", err, o.Check(), show(got), show(want))
		}
		// Back in its codec, it is what it was.
		if back, err := o.AppendRecoded(nil, b.Codec(), new(Packer)); err != nil || !bytes.Equal(back, b) {
			t.Fatalf("%v became %v, %v", b, Batch(back), err)
		}
	})
}

func TestCodecNames(t *testing.T) {
	for _, c := range codecs {
		if got, ok := CodecNamed(c.String()); !ok || got != c || !c.Known() {
			t.Errorf("%v is %v by name", c, got)
		}
	}
	if _, ok := CodecNamed("lzo"); ok || Codec(5).Known() || Codec(-1).Known() || Codec(5).String() != "codec(5)" {
		t.Error("codecs are known that are none")
	}
}

// FuzzUnpacked unpacks anything.
func FuzzUnpacked(f *testing.F) {
	for _, c := range codecs[1:] {
		f.Add(int8(c), packed(c, verse))
	}
	f.Fuzz(func(t *testing.T, c int8, body []byte) {
		if got, err := unpackedAs(Codec(c)&Codec(codecMask), body); err == nil && len(got) > maxUnpacked {
			t.Errorf("%d bytes", len(got))
		}
	})
}

func BenchmarkCodecs(b *testing.B) {
	plain := prose(rand.New(rand.NewPCG(5, 6)), 600)
	for _, c := range codecs[1:] {
		out := packed(c, plain)
		b.Run("pack/"+c.String(), func(b *testing.B) {
			b.ReportAllocs()
			var p Packer
			for b.Loop() {
				p.pack(c, plain)
			}
		})
		b.Run("unpack/"+c.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := unpackedAs(c, out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
