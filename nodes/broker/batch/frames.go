package batch

import (
	"bytes"
	"errors"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// lz4Magic begins a frame. The library reads older formats as well, which no client of
// Kafka writes.
var lz4Magic = []byte{0x04, 0x22, 0x4d, 0x18}

// lz4Frame makes one frame as Kafka's clients in Java do: independent blocks of at most
// 64 KiB, without checksums, as the batch has one. The encoder is in Go on all
// processors, and clears its table before each block.
func lz4Frame(plain []byte) []byte {
	var out bytes.Buffer
	z := lz4.NewWriter(&out)
	if err := z.Apply(lz4.BlockSizeOption(lz4.Block64Kb), lz4.ChecksumOption(false), lz4.ConcurrencyOption(1)); err != nil {
		panic("batch: options of lz4: " + err.Error())
	}
	fill(z, plain)
	return out.Bytes()
}

func unlz4(packed []byte) ([]byte, error) {
	if !bytes.HasPrefix(packed, lz4Magic) {
		return nil, errors.New("there is no frame")
	}
	z := lz4.NewReader(bytes.NewReader(packed))
	if err := z.Apply(lz4.ConcurrencyOption(1)); err != nil {
		panic("batch: options of lz4: " + err.Error())
	}
	return drain(z)
}

// zstdWindow is how far back the encoder looks. Batches are rarely longer.
const zstdWindow = 128 << 10

// zstdFrame makes one frame, without a checksum. The encoder is in Go on all processors
// but for where it compares bytes, and reckons in whole numbers.
func (p *Packer) zstdFrame(plain []byte) []byte {
	if p.zstd == nil {
		z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest),
			zstd.WithWindowSize(zstdWindow), zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true))
		if err != nil {
			panic("batch: options of zstd: " + err.Error())
		}
		p.zstd = z
	}
	return p.zstd.EncodeAll(plain, nil)
}

func unzstd(packed []byte) ([]byte, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxUnpacked), zstd.WithDecoderMaxWindow(maxUnpacked))
	if err != nil {
		panic("batch: options of zstd: " + err.Error())
	}
	defer z.Close()
	plain, err := z.DecodeAll(packed, nil)
	if errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded) {
		err = ErrTooLong
	}
	return plain, err
}
