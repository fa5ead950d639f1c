package batch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/klauspost/compress/snappy"
)

// The framing of xerial's snappy-java, which Kafka's clients in Java write: a magic, a
// version and the oldest version that can read it, and then blocks of at most 32 KiB,
// each after its length. Other clients write one block without any of that, and brokers
// and consumers take both.
var (
	xerialMagic  = []byte("\x82SNAPPY\x00")
	xerialHeader = append(slices.Clip(xerialMagic), 0, 0, 0, 1, 0, 0, 0, 1)
)

const xerialBlock = 32 << 10

// maxSnap is more than one byte of a block of snappy can stand for: three are a copy of
// 64.
const maxSnap = 32

var errSnappy = errors.New("the framing of a block is wrong")

// snap makes blocks in the framing of xerial.
func snap(plain []byte) []byte {
	out := slices.Clone(xerialHeader)
	for block := range slices.Chunk(plain, xerialBlock) {
		at := len(out)
		out = appendSnapped(append(out, 0, 0, 0, 0), block)
		binary.BigEndian.PutUint32(out[at:], uint32(len(out)-at-4))
	}
	return out
}

// unsnap reads a bare block, or framed ones. A header may come again between blocks, as
// streams may be put one behind the other.
func unsnap(packed []byte) (plain []byte, err error) {
	if !bytes.HasPrefix(packed, xerialMagic) {
		return appendUnsnapped(nil, packed)
	}
	for len(packed) > 0 {
		switch {
		case bytes.HasPrefix(packed, xerialMagic) && len(packed) >= len(xerialHeader):
			packed = packed[len(xerialHeader):]
			continue
		case len(packed) < 4:
			return nil, errSnappy
		}
		n := uint64(binary.BigEndian.Uint32(packed))
		if packed = packed[4:]; n > uint64(len(packed)) {
			return nil, errSnappy
		}
		if plain, err = appendUnsnapped(plain, packed[:n]); err != nil {
			return nil, err
		}
		packed = packed[n:]
	}
	return plain, nil
}

// appendUnsnapped appends what one block stands for. Its length comes first, and is not
// believed before it is known to be possible.
func appendUnsnapped(dst, block []byte) ([]byte, error) {
	n, err := snappy.DecodedLen(block)
	switch {
	case err != nil:
		return nil, err
	case n > maxUnpacked-len(dst):
		return nil, ErrTooLong
	case n > maxSnap*len(block):
		return nil, errSnappy
	}
	dst = slices.Grow(dst, n)
	if _, err := snappy.DecodeStrict(dst[len(dst):len(dst)+n], block); err != nil {
		return nil, err
	}
	return dst[:len(dst)+n], nil
}

// snapSlots is how many places for repetitions an encoder remembers, as a power of two.
const snapSlots = 12

// appendSnapped appends a block of at most 64 KiB in the format of snappy: what has been
// there before, by at least four bytes, as a copy, and all else as it is. It is no use of
// the library since that one's assembly, on two kinds of processors, finds other copies
// than its Go.
func appendSnapped(dst, plain []byte) []byte {
	// A slot has where a word was seen latest, and 0 at first, where there is one, too.
	var seen [1 << snapSlots]uint16
	dst = binary.AppendUvarint(dst, uint64(len(plain)))
	done := 0
	for at := 1; at+4 <= len(plain); {
		word := binary.LittleEndian.Uint32(plain[at:])
		slot := word * 0x9e3779b1 >> (32 - snapSlots)
		from := int(seen[slot])
		seen[slot] = uint16(at)
		if binary.LittleEndian.Uint32(plain[from:]) != word {
			at++
			continue
		}
		n := 4
		for at+n < len(plain) && plain[from+n] == plain[at+n] {
			n++
		}
		dst = appendLiteral(dst, plain[done:at])
		dst = appendCopy(dst, at-from, n)
		at += n
		done = at
	}
	return appendLiteral(dst, plain[done:])
}

// The kinds of elements in a block, in their lowest two bits.
const (
	snapLiteral = 0
	snapCopy1   = 1 // with an offset of 11 bits
	snapCopy2   = 2 // with one of 16 bits
)

// appendLiteral appends bytes as they are.
func appendLiteral(dst, plain []byte) []byte {
	switch n := len(plain) - 1; {
	case n < 0:
		return dst
	case n < 60:
		dst = append(dst, byte(n<<2)|snapLiteral)
	case n < 1<<8:
		dst = append(dst, 60<<2|snapLiteral, byte(n))
	default:
		dst = append(dst, 61<<2|snapLiteral, byte(n), byte(n>>8))
	}
	return append(dst, plain...)
}

// appendCopy appends that n bytes are those so far before. One element has at most 64,
// and what is left for the next must not be below four.
func appendCopy(dst []byte, back, n int) []byte {
	for n > 64 {
		part := 64
		if n < 68 {
			part = 60
		}
		dst = append(dst, byte(part-1)<<2|snapCopy2, byte(back), byte(back>>8))
		n -= part
	}
	if n < 12 && back < 1<<11 {
		return append(dst, byte(back>>8)<<5|byte(n-4)<<2|snapCopy1, byte(back))
	}
	return append(dst, byte(n-1)<<2|snapCopy2, byte(back), byte(back>>8))
}
