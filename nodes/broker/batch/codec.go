package batch

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// Codec is how the records of a batch are compressed, all together.
type Codec int8

// The codecs of the protocol: zstd by KIP-110.
const (
	None   Codec = 0
	Gzip   Codec = 1
	Snappy Codec = 2
	LZ4    Codec = 3
	Zstd   Codec = 4
)

// CodecNames are the names of the codecs in the configuration of producers, each at its
// number.
var CodecNames = []string{"none", "gzip", "snappy", "lz4", "zstd"}

// CodecNamed returns the codec of a name.
func CodecNamed(name string) (c Codec, ok bool) {
	at := slices.Index(CodecNames, name)
	return Codec(max(at, 0)), at >= 0
}

// Known reports whether there is such a codec.
func (c Codec) Known() bool { return c >= 0 && int(c) < len(CodecNames) }

// String is the name in configurations.
func (c Codec) String() string {
	if c.Known() {
		return CodecNames[c]
	}
	return fmt.Sprintf("codec(%d)", int8(c))
}

// maxUnpacked bounds what a batch may unpack to, so that a small one cannot fill the
// memory.
const maxUnpacked = 64 << 20

// ErrTooLong: the records of a batch are longer than any batch may unpack to.
var ErrTooLong = errors.New("batch: the records unpack to more than 64 MiB")

// unpacked returns the records as they are without compression.
func (b Batch) unpacked() (plain []byte, err error) {
	packed := []byte(b[HeaderBytes:])
	switch b.Codec() {
	case None:
		return packed, nil
	case Gzip:
		plain, err = gunzip(packed)
	case Snappy:
		plain, err = unsnap(packed)
	case LZ4:
		plain, err = unlz4(packed)
	case Zstd:
		plain, err = unzstd(packed)
	default:
		err = errors.New("the codec is not known")
	}
	switch {
	case errors.Is(err, ErrTooLong):
		return nil, ErrTooLong
	case err != nil:
		return nil, fmt.Errorf("batch: %v: %w", b.Codec(), err)
	}
	return plain, nil
}

// Packer compresses records. Its zero value is ready; it keeps large tables, of which
// nothing shows in what it makes next. One goroutine uses it at a time.
//
// The bytes are part of what a run is, so that they must be the same on every machine: no
// encoder may look at how many processors there are, or take another way in assembly than
// in Go. Levels are the quickest, as no reader can tell.
type Packer struct {
	gzip *gzip.Writer
	zstd *zstd.Encoder
}

// pack compresses records.
func (p *Packer) pack(c Codec, plain []byte) []byte {
	switch c {
	case None:
		return plain
	case Gzip:
		return p.gzipped(plain)
	case Snappy:
		return snap(plain)
	case LZ4:
		return lz4Frame(plain)
	case Zstd:
		return p.zstdFrame(plain)
	}
	panic("batch: cannot compress with " + c.String())
}

func (p *Packer) gzipped(plain []byte) []byte {
	var out bytes.Buffer
	if p.gzip == nil {
		z, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
		if err != nil {
			panic("batch: options of gzip: " + err.Error())
		}
		p.gzip = z
	}
	p.gzip.Reset(&out)
	fill(p.gzip, plain)
	return out.Bytes()
}

func gunzip(packed []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return drain(z)
}

// fill writes all to a compressor, and ends it.
func fill(z io.WriteCloser, plain []byte) {
	_, err := z.Write(plain)
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		panic("batch: writing to memory failed: " + err.Error())
	}
}

// drain reads all that a batch may unpack to.
func drain(z io.Reader) ([]byte, error) {
	plain, err := io.ReadAll(io.LimitReader(z, maxUnpacked+1))
	if err == nil && len(plain) > maxUnpacked {
		err = ErrTooLong
	}
	return plain, err
}
