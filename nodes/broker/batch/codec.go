package batch

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
)

// Codec is how the records of a batch are compressed, all together.
type Codec int8

// The codecs of the protocol.
const (
	None   Codec = 0
	Gzip   Codec = 1
	Snappy Codec = 2
	LZ4    Codec = 3
	Zstd   Codec = 4
)

// Known reports whether this build can read and write the codec.
func (c Codec) Known() bool { return c == None || c == Gzip }

// String is the name in configurations.
func (c Codec) String() string {
	if names := [...]string{"none", "gzip", "snappy", "lz4", "zstd"}; c >= 0 && int(c) < len(names) {
		return names[c]
	}
	return fmt.Sprintf("codec(%d)", int8(c))
}

// maxUnpacked bounds what a batch may unpack to, so that a small one cannot fill the
// memory.
const maxUnpacked = 64 << 20

// unpacked returns the records as they are without compression.
func (b Batch) unpacked() ([]byte, error) {
	switch b.Codec() {
	case None:
		return b[HeaderBytes:], nil
	case Gzip:
		return gunzip(b[HeaderBytes:])
	}
	return nil, fmt.Errorf("batch: the codec %v is not known", b.Codec())
}

func gunzip(packed []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("batch: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(z, maxUnpacked+1))
	if err != nil {
		return nil, fmt.Errorf("batch: %w", err)
	}
	if len(plain) > maxUnpacked {
		return nil, fmt.Errorf("batch: %d bytes unpack to more than %d", len(packed), maxUnpacked)
	}
	return plain, nil
}

// packed compresses records.
func packed(c Codec, plain []byte) []byte {
	switch c {
	case None:
		return plain
	case Gzip:
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		if _, err := z.Write(plain); err != nil {
			panic("batch: writing to memory failed: " + err.Error())
		}
		if err := z.Close(); err != nil {
			panic("batch: writing to memory failed: " + err.Error())
		}
		return out.Bytes()
	}
	panic("batch: cannot compress with " + c.String())
}
