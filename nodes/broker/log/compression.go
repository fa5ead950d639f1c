package log

import "github.com/stampede-sim/stampede/nodes/broker/batch"

// Compression is what leaders store the batches of a topic in (compression.type). The zero
// value leaves them as their producers sent them.
type Compression struct {
	codec batch.Codec
	fixed bool // it is for the topic to say
}

// The words of compression.type that are no codec's name.
const (
	asProduced   = "producer"
	uncompressed = "uncompressed"
)

// StoredAs is the compression by one codec.
func StoredAs(c batch.Codec) Compression { return Compression{c, true} }

// CompressionNamed returns the compression of a word, or of one that makes no sense the
// zero value.
func CompressionNamed(word string) Compression {
	if word == uncompressed {
		return StoredAs(batch.None)
	}
	if c, ok := batch.CodecNamed(word); ok && c != batch.None {
		return StoredAs(c)
	}
	return Compression{}
}

// String is the word for it.
func (c Compression) String() string {
	switch {
	case !c.fixed:
		return asProduced
	case c.codec == batch.None:
		return uncompressed
	}
	return c.codec.String()
}

// Of is the codec that a batch is stored in. What is for brokers has none, and needs none.
func (c Compression) Of(b batch.Batch) batch.Codec {
	if c.fixed && !b.Has(batch.Control) {
		return c.codec
	}
	return b.Codec()
}
