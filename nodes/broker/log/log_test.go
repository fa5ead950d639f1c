package log

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/internal/crashdisk"
)

// ops are what can happen to a log between two crashes.
func (h *history) ops() map[string]func(*rapid.T) {
	settled := func(op func(*rapid.T)) func(*rapid.T) {
		return func(t *rapid.T) {
			if !h.log.Settled() {
				if _, code := h.log.AppendAsLeader(sent(batch.Plain(), 1000, 1), h.epoch, h.now); code != wire.LeaderNotAvailable {
					t.Fatalf("an append during a truncation: %v", code)
				}
				t.Skip("a truncation is under way")
			}
			op(t)
		}
	}
	return map[string]func(*rapid.T){
		"lead":   settled(h.lead),
		"follow": settled(h.follow),
		"elect": func(*rapid.T) {
			h.epoch++
			h.log.AssignEpoch(h.epoch)
			h.twin.assign(h.epoch, h.twin.end)
		},
		"commit": func(t *rapid.T) {
			h.twin.hw = rapid.Int64Range(h.twin.hw, h.twin.end).Draw(t, "hw")
			h.log.SetHighWatermark(h.twin.hw)
		},
		"truncate": func(t *rapid.T) {
			to := rapid.Int64Range(max(h.twin.start, h.twin.end-8), h.twin.end+1).Draw(t, "to")
			if h.log.Truncate(to) != nil {
				t.Fatal(h.log.Offline())
			}
			h.twin.truncate(to)
			h.resequence()
		},
		"start over": func(t *rapid.T) {
			at := h.twin.end + rapid.Int64Range(0, 5).Draw(t, "gap")
			if rapid.IntRange(0, 3).Draw(t, "really") == 0 && h.log.StartOver(at) == nil {
				h.twin.startOver(at)
				h.resequence()
			}
		},
		"advance": func(t *rapid.T) {
			to := rapid.Int64Range(h.twin.start, h.twin.hw).Draw(t, "to")
			h.log.AdvanceStart(to)
			h.twin.advance(to)
		},
		"retain": func(t *rapid.T) {
			bases := append(h.log.Segments(), h.twin.start)
			out := h.log.Retain(h.now)
			if out.Start > h.twin.hw || !slices.Contains(append(bases, h.twin.end), out.Start) {
				t.Fatalf("retention moved the start to %d of %v", out.Start, bases)
			}
			h.twin.advance(out.Start)
		},
		"roll":  func(*rapid.T) { h.log.Roll(h.now) },
		"flush": func(*rapid.T) { h.log.Flush(h.log.End()) },
		"step":  func(*rapid.T) { step(h.log, h.disk) },
		"time":  func(t *rapid.T) { h.now += rapid.Int64Range(0, 100).Draw(t, "passes") },
	}
}

// checked adds a check after each operation.
func (h *history) checked(ops map[string]func(*rapid.T)) map[string]func(*rapid.T) {
	ops[""] = func(t *rapid.T) {
		if err := equals(h.log, h.twin); err != nil {
			t.Fatal(err)
		}
		if h.log.RecoveryPoint() > h.log.End() {
			t.Fatalf("%v", h.log)
		}
		h.note()
	}
	return ops
}

// drawn is a configuration with or without retention.
func drawn(t *rapid.T) Config {
	c := tiny()
	c.RetentionBytes = rapid.SampledFrom([]int64{-1, 0, 500}).Draw(t, "retention")
	c.Compression = CompressionNamed(rapid.SampledFrom([]string{"producer", "producer", "uncompressed", "snappy", "lz4"}).Draw(t, "compression"))
	return c
}

// TestLogIsItsTwin drives a log and a slice of batches the same way.
func TestLogIsItsTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory(drawn(t))
		ops := h.checked(h.ops())
		ops["clean restart"] = func(t *rapid.T) { h.restartCleanly(t) }
		t.Repeat(ops)
	})
}

// restartCleanly stops as a broker does that is told to, and comes back.
func (h *history) restartCleanly(t *rapid.T) {
	for h.disk.Pending() > 0 {
		step(h.log, h.disk)
	}
	if err := h.log.Close(); err != nil {
		t.Fatal(err)
	}
	drain(h.log, h.disk)
	if h.log.RecoveryPoint() != h.log.End() {
		t.Fatalf("after a flush of all: %v", h.log)
	}
	h.open(Options{Clean: true, RecoveryPoint: h.log.End(), HighWatermark: h.twin.hw, Start: h.twin.start})
	// The epoch of a leader that never appended is forgotten with its term.
	for n := len(h.twin.epochs); n > 0 && h.twin.epochs[n-1].start >= h.twin.end; n = len(h.twin.epochs) {
		h.twin.epochs = h.twin.epochs[:n-1]
	}
	h.twin.adopt(h.log)
	h.sameProducers(t)
}

// sameProducers compares the producers with those that the batches make. What is known
// from batches that are hidden, or gone with the front of the log, may be more.
func (h *history) sameProducers(t *rapid.T) {
	want := h.twin.producers()
	for _, s := range h.log.Producers() {
		w, ok := want[s.ID]
		if ok && (s.Epoch != w.Epoch || s.LastSequence != w.LastSequence || s.LastOffset != w.LastOffset ||
			s.Batches < w.Batches || s.Batches > w.Batches && h.log.segs[0].base == 0) {
			t.Fatalf("producer %d is %+v, want %+v", s.ID, s, w)
		}
		delete(want, s.ID)
	}
	for id, w := range want {
		if w.LastOffset >= h.twin.start {
			t.Fatalf("producer %d is forgotten", id)
		}
	}
}

// TestFailedAppendMovesNothing breaks the disk under appends (KAFKA-6683, KAFKA-7866,
// KAFKA-10778).
func TestFailedAppendMovesNothing(t *testing.T) {
	d := crashdisk.New()
	cfg := tiny()
	cfg.IndexIntervalBytes = 0
	l, _, err := Open(d, dir, cfg, Options{Clean: true})
	if err != nil {
		t.Fatal(err)
	}
	o := batch.Plain()
	o.ProducerID, o.ProducerEpoch, o.BaseSequence = 7, 0, 0
	l.AppendAsLeader(sent(o, 1000, 1), 1, 1000)
	// The log is written, and the index cannot be.
	writes := 0
	d.Effect = func() {
		if writes++; writes == 1 {
			d.Fail = errBroken
		}
	}
	o.BaseSequence = 1
	if got, code := l.AppendAsLeader(sent(o, 1001, 2), 2, 1000); code != wire.KafkaStorageError {
		t.Fatalf("%+v, %v", got, code)
	}
	if l.End() != 1 || l.LatestEpoch() != 1 || l.Producers()[0].LastSequence != 0 || l.Offline() == nil {
		t.Errorf("something moved: %v, %+v", l, l.Producers())
	}
	d.Fail, d.Effect = nil, nil
	if _, code := l.AppendAsLeader(sent(o, 1001, 2), 2, 1000); code != wire.KafkaStorageError {
		t.Errorf("an append to a log that is offline: %v", code)
	}
	if b, code := l.Read(0, 1, 1000); code != wire.OK || len(b) == 0 {
		t.Errorf("a read of it: %d bytes, %v", len(b), code)
	}
	// What was written of the second batch is there, and whole: it may be recovered, as
	// nobody was told that it failed for good.
	l, _, err = Open(d, dir, cfg, Options{})
	if err != nil || l.End() != 2 || l.Producers()[0].LastSequence != 1 {
		t.Errorf("%v, %v", l, err)
	}
}

// TestFailedAppendIsFinal: what a disk has of an append that failed nobody knows, so
// nothing follows it (KAFKA-10778).
func TestFailedAppendIsFinal(t *testing.T) {
	d := crashdisk.New()
	l, _, _ := Open(d, dir, tiny(), Options{Clean: true})
	d.Fail = errBroken
	for range 2 {
		if _, code := l.AppendAsLeader(sent(batch.Plain(), 1000, 1), 1, 1000); code != wire.KafkaStorageError || l.Offline() == nil || l.End() != 0 {
			t.Errorf("%v, %v", code, l)
		}
		d.Fail = nil
	}
}

// TestFollowerRefusesDamage: a batch that does not have its CRC is not appended, what
// came before it is.
func TestFollowerRefusesDamage(t *testing.T) {
	l, _, _ := Open(crashdisk.New(), dir, tiny(), Options{Clean: true})
	o := batch.Plain()
	o.LeaderEpoch = 1
	first := sent(o, 1000, 1)
	o.BaseOffset = 1
	second := sent(o, 1000, 2)
	second[len(second)-2] ^= 4
	if code := l.AppendAsFollower(append(first, second...), 1000); code != wire.CorruptMessage || l.End() != 1 {
		t.Errorf("%v, %v", code, l)
	}
	if code := l.AppendAsFollower([]byte("0123456789abcdefg this is no batch"), 1000); code != wire.CorruptMessage {
		t.Errorf("%v", code)
	}
}

// TestFollowerPanicsBackwards: offsets never go back, nor do epochs.
func TestFollowerPanicsBackwards(t *testing.T) {
	for _, c := range []struct {
		base  int64
		epoch int32
	}{{4, 5}, {5, 4}} {
		l, _, _ := Open(crashdisk.New(), dir, tiny(), Options{Clean: true})
		o := batch.Plain()
		o.BaseOffset, o.LeaderEpoch = 4, 5
		l.AppendAsFollower(sent(o, 1000, 1), 1000)
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v was appended", c)
				}
			}()
			o.BaseOffset, o.LeaderEpoch = c.base, c.epoch
			l.AppendAsFollower(sent(o, 1000, 1, 2), 1000)
		}()
	}
}

// TestLeaderValidates lists what a leader refuses, and with what.
func TestLeaderValidates(t *testing.T) {
	cfg := tiny()
	cfg.MaxMessageBytes, cfg.Compact, cfg.TimestampAfterMaxMillis = 200, true, 50
	edit := func(b []byte, set func(batch.Batch)) []byte { set(b); return b }
	long := batch.NewBuilder(batch.Plain())
	long.Add(batch.Record{Timestamp: 1000, Key: []byte("k"), Value: make([]byte, 150)})
	keyless := batch.NewBuilder(batch.Plain())
	keyless.Add(batch.Record{Timestamp: 1000})
	gap := batch.NewBuilder(batch.Plain())
	gap.AddAt(recordOf(1, 1000), 0)
	gap.AddAt(recordOf(2, 1000), 2)
	half := batch.Plain()
	half.ProducerID = 3
	good := sent(batch.Plain(), 1000, 1)
	for _, c := range []struct {
		name string
		b    []byte
		want wire.ErrorCode
	}{
		{"good", good, wire.OK},
		{"nothing", nil, wire.CorruptMessage},
		{"two batches", append(sent(batch.Plain(), 1000, 1), good...), wire.InvalidRecord},
		{"cut off", good[:65], wire.CorruptMessage},
		{"flipped", edit(sent(batch.Plain(), 1000, 1), func(b batch.Batch) { b[70] ^= 1 }), wire.CorruptMessage},
		{"old", edit(sent(batch.Plain(), 1000, 1), func(b batch.Batch) { b[16] = 1 }), wire.InvalidRecord},
		{"long", long.Build(), wire.MessageTooLarge},
		{"no key", keyless.Build(), wire.InvalidRecord},
		{"a gap", gap.Build(), wire.InvalidRecord},
		{"offsets", edit(sent(batch.Plain(), 1000, 1), func(b batch.Batch) { b.SetBaseOffset(5) }), wire.InvalidRecord},
		{"the broker's time", edit(sent(batch.Plain(), 1000, 1), func(b batch.Batch) { b.SetLogAppendTime(5) }), wire.InvalidRecord},
		{"a producer without a sequence", sent(half, 1000, 1), wire.InvalidRecord},
		{"no time", sent(batch.Plain(), -1, 1), wire.InvalidTimestamp},
		{"the future", sent(batch.Plain(), 1051, 1), wire.InvalidTimestamp},
		{"near future", sent(batch.Plain(), 1050, 1), wire.OK},
	} {
		l, _, _ := Open(crashdisk.New(), dir, cfg, Options{Clean: true})
		before := string(c.b)
		got, code := l.AppendAsLeader(c.b, 0, 1000)
		if code != c.want || (code == wire.OK) != (got.Base == 0) || string(c.b) != before {
			t.Errorf("%s: %v, %+v, want %v", c.name, code, got, c.want)
		}
	}
	cfg.LogAppendTime = true
	l, _, _ := Open(crashdisk.New(), dir, cfg, Options{Clean: true})
	got, code := l.AppendAsLeader(sent(batch.Plain(), -1, 1), 0, 4321)
	found, _ := l.OffsetForTime(4321)
	if code != wire.OK || got.Time != 4321 || found.Offset != 0 || found.Timestamp != 4321 {
		t.Errorf("with the time of the append: %v, %+v, %+v", code, got, found)
	}
}

func BenchmarkAppend(b *testing.B) {
	build := batch.NewBuilder(batch.Plain())
	for range 10 {
		build.Add(batch.Record{Timestamp: 1000, Value: make([]byte, 100)})
	}
	records := build.Build()
	for _, as := range []string{"leader", "follower"} {
		b.Run(as, func(b *testing.B) {
			l, _, err := Open(&flat{files: map[string][]byte{}, forgets: true}, dir, Defaults(), Options{Clean: true})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(records)))
			b.ReportAllocs()
			for b.Loop() {
				code := wire.OK
				if as == "follower" {
					records.SetBaseOffset(l.End())
					code = l.AppendAsFollower(records, 1000)
				} else {
					_, code = l.AppendAsLeader(records, 1, 1000)
				}
				if code != wire.OK {
					b.Fatal(code)
				}
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	l, _, err := Open(&flat{files: map[string][]byte{}}, dir, Defaults(), Options{Clean: true})
	if err != nil {
		b.Fatal(err)
	}
	records := sent(batch.Plain(), 1000, 1, 2, 3, 4, 5)
	for range 10000 {
		l.AppendAsLeader(records, 1, 1000)
	}
	for _, at := range []struct {
		name string
		from int64
	}{{"middle", 25003}, {"tail", 49995}} {
		b.Run(at.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got, code := l.Read(at.from, l.End(), 1<<20); code != wire.OK || len(got) == 0 {
					b.Fatal(fmt.Sprint(code, len(got)))
				}
			}
		})
	}
}
