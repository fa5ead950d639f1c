package broker_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/client"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/group"
	"github.com/stampede-sim/stampede/nodes/broker/log"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// packedAs is a batch of some values in a codec.
func packedAs(c batch.Codec, values ...string) batch.Batch {
	o := batch.Plain()
	o.Codec = c
	b := batch.NewBuilder(o)
	for _, value := range values {
		b.Add(batch.Record{Value: []byte(value), Headers: []kmsg.Header{{Key: "h", Value: []byte(value)}}})
	}
	return b.Build()
}

// stored is what a broker has of a topic, from the beginning, asked for in a version.
func (s *script) stored(t *node.Task, at node.ID, topic string, version int16) ([]byte, wire.ErrorCode) {
	r := kmsg.NewPtrFetchRequest()
	r.Version, r.ReplicaID, r.MaxWaitMillis, r.MaxBytes, r.SessionEpoch = version, -1, 50, 1<<20, -1
	one, p := kmsg.NewFetchRequestTopic(), kmsg.NewFetchRequestTopicPartition()
	one.Topic, p.PartitionMaxBytes = topic, 1<<20
	one.Partitions = append(one.Partitions, p)
	r.Topics = append(r.Topics, one)
	answer, ok := s.ask(t, at, r).(*kmsg.FetchResponse)
	if !ok {
		return nil, wire.NetworkException
	}
	got := &answer.Topics[0].Partitions[0]
	return got.RecordBatches, wire.ErrorCode(got.ErrorCode)
}

// TestTopicsHaveTheirCodec: batches of every codec are stored in that of their topic, on
// all replicas alike, and read as they were sent.
func TestTopicsHaveTheirCodec(t *testing.T) {
	words := []string{"producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"}
	c := newCluster(t, 3, minInsync(3))
	s := c.client(func(s *script, task *node.Task) {
		for _, word := range words {
			s.create(task, c, word, []int32{1, 2, 3}, "compression.type", word)
			want := 0
			for _, sent := range batch.CodecNames {
				codec, _ := batch.CodecNamed(sent)
				b := packedAs(codec, "a "+sent, "b "+sent)
				offset, code := s.produceBatch(task, s.leader(task, c, word), word, b, -1)
				for ; code != wire.OK; offset, code = s.produceBatch(task, s.leader(task, c, word), word, b, -1) {
					task.Sleep(patience)
				}
				if offset != int64(want) {
					s.t.Errorf("%s: the batch in %s is at %d, want %d", word, sent, offset, want)
				}
				want += 2
			}
			s.hasCodecs(task, c, word)
		}
	})
	c.converge(s, time.Minute)
	if want := 4*4 + 4; c.seen[facts.Recoded] != want { // of five codecs, four are another; and "uncompressed" has four
		t.Errorf("%d batches got another codec, want %d", c.seen[facts.Recoded], want)
	}
	for _, word := range words {
		values := c.identical(word, 1)
		if want := "[a none b none a gzip b gzip a snappy b snappy a lz4 b lz4 a zstd b zstd]"; fmt.Sprint(values) != want {
			t.Errorf("%s: read %v", word, values)
		}
	}
}

// hasCodecs holds the batches of a topic to what its compression.type says.
func (s *script) hasCodecs(task *node.Task, c *cluster, word string) {
	bytesOf, code := s.stored(task, s.leader(task, c, word), word, 12)
	n := 0
	for each := batch.Read(bytesOf); each.Next(); n++ {
		want := batch.Codec(n)
		if word == "uncompressed" {
			want = batch.None
		} else if word != "producer" {
			want, _ = batch.CodecNamed(word)
		}
		if got := each.Batch; got.Codec() != want || got.Check() != nil || got.LeaderEpoch() < 0 {
			s.t.Errorf("%s: batch %d is %v in %v, want %v", word, n, got, got.Codec(), want)
		}
	}
	if n != len(batch.CodecNames) || code != wire.OK {
		s.t.Errorf("%s: %d batches, %v", word, n, code)
	}
}

// TestZstdNeedsItsVersions: old producers may not send it, and old consumers are not given
// a topic that is in it; where producers choose, they get what these chose (KIP-110).
func TestZstdNeedsItsVersions(t *testing.T) {
	c := newCluster(t, 1)
	s := c.client(func(s *script, task *node.Task) {
		s.create(task, c, "zstd", []int32{1}, "compression.type", "zstd")
		s.create(task, c, "open", []int32{1})
		at := s.leader(task, c, "open")
		for _, x := range []struct {
			version int16
			codec   batch.Codec
			want    wire.ErrorCode
		}{{6, batch.Zstd, wire.UnsupportedCompressionType}, {6, batch.LZ4, wire.OK}, {6, batch.None, wire.OK}, {7, batch.Zstd, wire.OK}, {9, batch.Zstd, wire.OK}} {
			for _, topic := range []string{"zstd", "open"} {
				r := kmsg.NewPtrProduceRequest()
				r.Version, r.Acks, r.TimeoutMillis = x.version, -1, 1500
				one, p := kmsg.NewProduceRequestTopic(), kmsg.NewProduceRequestTopicPartition()
				one.Topic, p.Records = topic, packedAs(x.codec, "v")
				one.Partitions = append(one.Partitions, p)
				r.Topics = append(r.Topics, one)
				answer, ok := s.ask(task, at, r).(*kmsg.ProduceResponse)
				if got := wire.ErrorCode(answer.Topics[0].Partitions[0].ErrorCode); !ok || got != x.want {
					s.t.Errorf("produce %d in %v to %s: %v, want %v", x.version, x.codec, topic, got, x.want)
				}
			}
		}
		for _, x := range []struct {
			topic   string
			version int16
			want    wire.ErrorCode
		}{{"zstd", 9, wire.UnsupportedCompressionType}, {"zstd", 10, wire.OK}, {"open", 9, wire.OK}, {"open", 10, wire.OK}} {
			b, code := s.stored(task, at, x.topic, x.version)
			if code != x.want || (code == wire.OK) != (len(b) > 0) {
				s.t.Errorf("fetch %d of %s: %v, %d bytes, want %v", x.version, x.topic, code, len(b), x.want)
			}
		}
	})
	c.converge(s, 20*time.Second)
}

// TestNobodyFallsOverABadBatch: what cannot be unpacked is refused, and the next one is
// taken.
func TestNobodyFallsOverABadBatch(t *testing.T) {
	c := newCluster(t, 1)
	s := c.client(func(s *script, task *node.Task) {
		s.create(task, c, "t", []int32{1}, "compression.type", "snappy")
		at := s.leader(task, c, "t")
		spoiled := packedAs(batch.LZ4, "value")
		spoiled[batch.HeaderBytes+9] ^= 0xff
		spoiled.SetMaxTimestamp(spoiled.MaxTimestamp()) // the CRC is that of what is there
		for _, x := range []struct {
			name string
			b    []byte
			want wire.ErrorCode
		}{
			{"spoiled", spoiled, wire.CorruptMessage},
			{"bomb", packedAs(batch.Zstd, string(bytes.Repeat([]byte("boom"), 17<<20))), wire.InvalidRecord},
		} {
			if _, code := s.produceBatch(task, at, "t", x.b, -1); code != x.want {
				s.t.Errorf("%s: %v, want %v", x.name, code, x.want)
			}
		}
		if offset, code := s.produceBatch(task, at, "t", packedAs(batch.Gzip, "good"), -1); offset != 0 || code != wire.OK {
			s.t.Errorf("a good one is at %d, %v", offset, code)
		}
	})
	c.converge(s, 20*time.Second)
}

// TestCodecsChangeUnderWay: what a topic says of its codec, or all brokers do, holds for
// what is appended from then on, and what is there stays as it is.
func TestCodecsChangeUnderWay(t *testing.T) {
	c := newCluster(t, 2, minInsync(2))
	c.run(5 * time.Second)
	o := newOperator(c)
	o.create("t", 2)
	topic, all := client.Resource{Topic: "t"}, client.Resource{Broker: client.AllBrokers}
	codecs := func() (list []batch.Codec) {
		s := c.client(func(s *script, task *node.Task) {
			for at := s.leader(task, c, "t"); ; task.Sleep(patience) {
				if _, code := s.produceBatch(task, at, "t", packedAs(batch.Gzip, "v"), -1); code == wire.OK {
					break
				}
			}
			b, _ := s.stored(task, s.leader(task, c, "t"), "t", 12)
			for each := batch.Read(b); each.Next(); {
				list = append(list, each.Batch.Codec())
			}
		})
		c.converge(s, 10*time.Second)
		return list
	}
	for _, step := range []struct {
		r    client.Resource
		op   kmsg.IncrementalAlterConfigOp
		word string
		want string
	}{
		{all, opSet, "lz4", "[lz4]"},
		{topic, opSet, "uncompressed", "[lz4 none]"},
		{topic, kmsg.IncrementalAlterConfigOpDelete, "", "[lz4 none lz4]"},
		{all, kmsg.IncrementalAlterConfigOpDelete, "", "[lz4 none lz4 gzip]"},
	} {
		o.change(step.r, step.op, "compression.type", step.word)
		c.run(3 * time.Second)
		if got := fmt.Sprint(codecs()); got != step.want {
			t.Errorf("after %q: %s, want %s", step.word, got, step.want)
		}
	}
	o.change(topic, opSet, "compression.type", "snappy")
	if got := o.describe(topic, "compression.type"); got != "snappy DYNAMIC_TOPIC_CONFIG compression.type=snappy compression.type=producer" {
		t.Errorf("described as %s", got)
	}
}

// TestCommitsAreCompressed: the topic of offsets has the codec of its own key, whatever
// other topics have.
func TestCommitsAreCompressed(t *testing.T) {
	c := newCluster(t, 1, func(cfg *broker.Config) {
		cfg.OffsetsCodec, cfg.OffsetsPartitions, cfg.OffsetsReplication = batch.Snappy, 1, 1
		cfg.Log = log.Defaults()
		cfg.Log.Compression = log.StoredAs(batch.Zstd)
	})
	s := c.client(func(s *script, task *node.Task) {
		s.create(task, c, "orders", []int32{1})
		s.commit(task, c, "readers", "orders", 5)
		b, code := s.stored(task, c.brokers[0], group.Topic, 12)
		n := 0
		for each := batch.Read(b); each.Next(); n++ {
			if each.Batch.Codec() != batch.Snappy {
				s.t.Errorf("a commit is in %v", each.Batch.Codec())
			}
		}
		if n == 0 || code != wire.OK || s.committed(task, c, "readers", "orders") != 5 {
			s.t.Errorf("%d commits, %v", n, code)
		}
	})
	c.converge(s, 20*time.Second)
}
