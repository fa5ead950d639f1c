package stampede

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/config"
)

// mixedCodecs lets each client compress in its own way.
const mixedCodecs = "mixed"

// producerCodec is the knob of what producers compress with.
var producerCodec = feature(knob{
	name: "codec", doc: "what producers compress with: gzip, snappy, lz4, zstd or mixed",
	get: func(k *Knobs) string { return k.Codec },
	set: func(k *Knobs, s string) error {
		if _, ok := batch.CodecNamed(s); !ok && s != mixedCodecs && s != "" {
			return fmt.Errorf("want %s or %s", strings.Join(batch.CodecNames, ", "), mixedCodecs)
		}
		if k.Codec = s; s == batch.None.String() {
			k.Codec = ""
		}
		return nil
	},
})

// asProduced is the compression.type of brokers that change nothing.
const asProduced = "producer"

// compressionType is the knob of the key of brokers that is called so.
var compressionType = feature(knob{
	name: "compression-type", doc: "what brokers store batches in: uncompressed, gzip, snappy, lz4, zstd or producer",
	get: func(k *Knobs) string { return k.CompressionType },
	set: func(k *Knobs, s string) error {
		if words := config.Brokers.Lookup("compression.type").Words; !slices.Contains(words, s) && s != "" {
			return fmt.Errorf("want one of %s", strings.Join(words, ", "))
		}
		if k.CompressionType = s; s == asProduced {
			k.CompressionType = ""
		}
		return nil
	},
})

// drawCodecs decides what is compressed with what. It has a stream of its own, so that the
// other knobs of a seed stay what they were before there was a choice.
func (k *Knobs) drawCodecs(r *rand.Rand) {
	if r.IntN(2) == 0 {
		return
	}
	b := &k.BrokerKnobs
	b.Codec = []string{"", "gzip", "snappy", "lz4", "zstd", mixedCodecs, mixedCodecs}[r.IntN(7)]
	if r.IntN(3) == 0 {
		b.CompressionType = []string{"uncompressed", "gzip", "snappy", "lz4", "zstd"}[r.IntN(5)]
	}
	if r.IntN(2) == 0 {
		b.OffsetsCodec = r.IntN(int(batch.Zstd) + 1)
	}
}

// codecOf is what a client's producers compress with.
func (b BrokerKnobs) codecOf(client int) batch.Codec {
	if b.Codec == mixedCodecs {
		return batch.Codec(client % len(batch.CodecNames))
	}
	c, _ := batch.CodecNamed(b.Codec)
	return c
}
