package log

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/internal/crashdisk"
	"github.com/stampede-sim/stampede/nodes/node"
)

var errBroken = errors.New("broken disk")

// tiny is a configuration in which everything happens soon.
func tiny() Config {
	c := Defaults()
	c.SegmentBytes, c.IndexIntervalBytes = 400, 90
	c.SegmentMillis, c.RetentionMillis = never, -1
	return c
}

const dir = "t-0/"

// recordOf is a record of a producer, by the number in its value.
func recordOf(n int, time int64) batch.Record {
	return batch.Record{Timestamp: time, Key: fmt.Appendf(nil, "k%d", n%3), Value: fmt.Appendf(nil, "value %d", n)}
}

var codecs = []batch.Codec{batch.None, batch.Gzip, batch.Snappy, batch.LZ4, batch.Zstd}

// compressions are the words of compression.type.
var compressions = []string{"producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"}

// sent is what a producer sends.
func sent(o batch.Options, time int64, values ...int) []byte {
	b := batch.NewBuilder(o)
	for _, v := range values {
		b.Add(recordOf(v, time))
	}
	return b.Build()
}

// twin is a log that is a slice: what the log should be.
type twin struct {
	start, hw int64
	end       int64
	batches   []batch.Batch
	epochs    []epochStart
}

func (w *twin) clone() *twin {
	c := *w
	c.batches, c.epochs = slices.Clone(w.batches), slices.Clone(w.epochs)
	return &c
}

// add puts a batch at the end, with its offset and epoch.
func (w *twin) add(b batch.Batch) {
	w.batches = append(w.batches, slices.Clone(b))
	w.end = b.NextOffset()
	if b.LeaderEpoch() > w.latest() {
		w.assign(b.LeaderEpoch(), b.BaseOffset())
	}
}

func (w *twin) latest() int32 {
	epoch := NoEpoch
	for _, e := range w.epochs {
		epoch = max(epoch, e.epoch)
	}
	return epoch
}

// assign keeps the epochs that neither are as high nor begin as late.
func (w *twin) assign(epoch int32, start int64) {
	if n := len(w.epochs); n > 0 && w.epochs[n-1].epoch == epoch && w.epochs[n-1].start <= start {
		return
	}
	w.epochs = slices.DeleteFunc(w.epochs, func(e epochStart) bool { return e.epoch >= epoch || e.start >= start })
	w.epochs = append(w.epochs, epochStart{epoch, start})
}

func (w *twin) truncate(to int64) {
	w.epochs = slices.DeleteFunc(w.epochs, func(e epochStart) bool { return e.start >= to })
	if to >= w.end {
		return
	}
	w.batches = slices.DeleteFunc(w.batches, func(b batch.Batch) bool {
		if b.LastOffset() >= to && b.BaseOffset() < to {
			to = b.BaseOffset()
		}
		return b.LastOffset() >= to
	})
	w.epochs = slices.DeleteFunc(w.epochs, func(e epochStart) bool { return e.start >= to })
	w.end, w.hw, w.start = to, min(w.hw, to), min(w.start, to)
}

func (w *twin) startOver(at int64) { *w = twin{start: at, hw: at, end: at} }

// advance hides what lies below.
func (w *twin) advance(to int64) {
	if to <= w.start {
		return
	}
	w.start = to
	var kept []epochStart
	for i, e := range w.epochs {
		if i+1 < len(w.epochs) && w.epochs[i+1].start <= to {
			continue
		}
		e.start = max(e.start, to)
		kept = append(kept, e)
	}
	w.epochs = kept
}

// adopt takes the epoch over of a log in which nothing is shown: it may be that of what
// is hidden, or forgotten.
func (w *twin) adopt(l *Log) {
	if l.Start() == l.End() && len(l.epochs) <= 1 {
		w.epochs = slices.Clone(l.epochs)
	}
}

// endOf looks at every offset there could be.
func (w *twin) endOf(epoch int32) (int32, int64) {
	switch latest := w.latest(); {
	case epoch < 0 || len(w.epochs) == 0 || epoch > latest:
		return -1, -1
	case epoch == latest:
		return epoch, w.end
	case epoch < w.epochs[0].epoch:
		return epoch, w.epochs[0].start
	}
	found, end := int32(-1), int64(-1)
	for i, e := range w.epochs {
		if e.epoch <= epoch {
			found, end = e.epoch, w.epochs[i+1].start
		}
	}
	return found, end
}

// firstSince looks at every record.
func (w *twin) firstSince(time int64) (offset int64, ok bool) {
	for _, b := range w.batches {
		var rec batch.Record
		for r := b.Records(); r.Next(&rec); {
			if rec.Offset >= w.start && rec.Timestamp >= time {
				return rec.Offset, true
			}
		}
	}
	return -1, false
}

// read is what a read of everything below an offset should return, in one piece.
func (w *twin) read(from, upTo int64) []byte {
	var out []byte
	for _, b := range w.batches {
		if b.LastOffset() >= from && b.LastOffset() < upTo {
			out = append(out, b...)
		}
	}
	return out
}

// producers counts from the batches alone.
func (w *twin) producers() map[int64]ProducerState {
	all := map[int64]ProducerState{}
	for _, b := range w.batches {
		if !b.HasProducer() {
			continue
		}
		s := all[b.ProducerID()]
		if s.Epoch != b.ProducerEpoch() {
			s.Batches = 0
		}
		all[b.ProducerID()] = ProducerState{
			ID: b.ProducerID(), Epoch: b.ProducerEpoch(), LastSequence: b.LastSequence(), LastOffset: b.LastOffset(),
			LastTimestamp: b.MaxTimestamp(), Batches: min(s.Batches+1, 5),
		}
	}
	return all
}

// reading reads a log from an offset on, in bites.
func reading(l *Log, from, upTo int64, bite int) ([]byte, error) {
	var out []byte
	for {
		b, code := l.Read(from, upTo, bite)
		if code != wire.OK {
			return out, fmt.Errorf("reading from %d: %v", from, code)
		}
		if len(b) == 0 {
			return out, nil
		}
		n := 0
		for r := batch.Read(b); r.Next(); n++ {
			if n == 0 && r.Batch.LastOffset() < from {
				return out, fmt.Errorf("reading from %d returned %v first", from, r.Batch)
			}
			if err := r.Batch.Check(); err != nil {
				return out, err
			}
			if n > 0 && len(b)-len(r.Rest()) > bite {
				return out, fmt.Errorf("reading at most %d bytes returned %d", bite, len(b))
			}
			from = r.Batch.NextOffset()
			out = append(out, r.Batch...)
		}
	}
}

// equals compares a log with its twin in everything that can be asked.
func equals(l *Log, w *twin) error {
	if l.Start() != w.start || l.End() != w.end || l.HighWatermark() != w.hw {
		return fmt.Errorf("the log is %v, want [%d-%d) hw %d", l, w.start, w.end, w.hw)
	}
	if !slices.Equal(l.epochs, w.epochs) {
		return fmt.Errorf("epochs are %v, want %v", l.epochs, w.epochs)
	}
	for e := int32(-1); e <= w.latest()+1; e++ {
		epoch, end := l.EndOffsetFor(e)
		wantEpoch, wantEnd := w.endOf(e)
		if epoch != wantEpoch || end != wantEnd {
			return fmt.Errorf("epoch %d ends in %d at %d, want %d at %d", e, epoch, end, wantEpoch, wantEnd)
		}
	}
	if err := located(l); err != nil {
		return err
	}
	return sameContent(l, w)
}

// located compares where offsets are found with where a walk from the beginning finds them.
func located(l *Log) error {
	for _, s := range l.segs {
		for offset := s.base; offset <= s.next; offset++ {
			got, err := s.locate(l.disk, offset)
			want, wantErr := s.walk(l.disk, 0, s.size, func(_ int64, b batch.Batch) bool { return b.LastOffset() < offset })
			if got != want || err != nil || wantErr != nil {
				return fmt.Errorf("offset %d of %s is found at %d, want %d; %v, %v", offset, s.name, got, want, err, wantErr)
			}
		}
	}
	return nil
}

func sameContent(l *Log, w *twin) error {
	got, err := reading(l, l.Start(), l.End(), 200)
	if err != nil {
		return err
	}
	if want := w.read(w.start, w.end); !bytes.Equal(got, want) {
		return fmt.Errorf("the log has %s, want %s", list(got), list(want))
	}
	if got, want := shown(l), w.read(w.start, w.end); !slices.EqualFunc(got, boundaries(want), bytes.Equal) {
		return fmt.Errorf("the log shows %d headers, want those of %s", len(got), list(want))
	}
	for upTo := l.Start(); upTo <= l.End(); upTo++ {
		got, err := reading(l, l.Start(), upTo, 150)
		if want := w.read(w.start, upTo); err != nil || !bytes.Equal(got, want) {
			return fmt.Errorf("below %d the log has %s, want %s; %v", upTo, list(got), list(want), err)
		}
	}
	for _, time := range []int64{0, 50, 1000, 1050, 1100, 2000} {
		found, ok := l.OffsetForTime(time)
		want, wantOK := w.firstSince(time)
		if ok != wantOK || found.Offset != want {
			return fmt.Errorf("time %d is at %d, want %d", time, found.Offset, want)
		}
	}
	return nil
}

// shown are the headers that a log shows of its batches, boundaries those of some batches.
func shown(l *Log) (headers [][]byte) {
	l.Batches(func(b batch.Batch) { headers = append(headers, slices.Clone(b[:batch.HeaderBytes])) })
	return headers
}

func boundaries(b []byte) (headers [][]byte) {
	for r := batch.Read(b); r.Next(); {
		headers = append(headers, r.Batch[:batch.HeaderBytes])
	}
	return headers
}

func list(b []byte) string {
	var out []string
	for r := batch.Read(b); r.Next(); {
		out = append(out, r.Batch.String())
	}
	return fmt.Sprint(out)
}

// drain does all chores.
func drain(l *Log, d *crashdisk.Disk) {
	d.Run(func(t *node.Task) {
		if err := l.Settle(t); err != nil {
			panic(err)
		}
	})
}

// step does a part of the chores, as a broker would.
func step(l *Log, d *crashdisk.Disk) {
	if d.Pending() == 0 {
		l.Work(node.Tag{})
		return
	}
	l.Synced(d.CompleteNext())
}

// history draws what happens to a log, and does it to its twin.
type history struct {
	disk  *crashdisk.Disk
	log   *Log
	twin  *twin
	cfg   Config
	now   int64
	value int
	epoch int32
	// producers send batches with these sequences next.
	next map[int64]int32
	// past are all twins of the moments between two operations: what a crash may leave
	// is the beginning of one of them.
	past []*twin
	// checkpoints are the recovery points that the file on the disk may say.
	checkpoints []int64
}

func newHistory(cfg Config) *history {
	h := &history{disk: crashdisk.New(), twin: &twin{}, cfg: cfg, now: 1000, next: map[int64]int32{}, checkpoints: []int64{0}}
	h.open(Options{Clean: true})
	return h
}

// named says that the disk has got the name of a log's first segment, which takes a moment
// that most tests are not about.
func named(l *Log) *Log {
	l.nameless = -1
	return l
}

func (h *history) open(o Options) {
	o.Now = h.now
	var err error
	if h.log, _, err = Open(h.disk, dir, h.cfg, o); err != nil {
		panic(err)
	}
}

// note remembers the present. Where something was appended, what had been cut off before
// was durably gone, and no moment before that cut may come back: of the past remains what
// grew into the present.
func (h *history) note() {
	if n := len(h.past); n > 0 && h.twin.end > h.past[n-1].end && h.twin.grewFrom(h.past[n-1].end) {
		for n--; n > 0 && h.past[n-1].end <= h.past[n].end; n-- {
		}
		h.past = h.past[n:]
	}
	h.past = append(h.past, h.twin.clone())
}

// grewFrom reports whether batches were appended to a log that ended at an offset: it may
// have started over behind it instead.
func (w *twin) grewFrom(end int64) bool {
	return slices.ContainsFunc(w.batches, func(b batch.Batch) bool { return b.BaseOffset() == end })
}

func (h *history) values(n int) (all []int) {
	for range n {
		h.value++
		all = append(all, h.value)
	}
	return all
}

// lead appends a batch as a leader.
func (h *history) lead(t *rapid.T) {
	o := batch.Plain()
	n := rapid.IntRange(1, 3).Draw(t, "records")
	if pid := rapid.Int64Range(-1, 1).Draw(t, "producer"); pid >= 0 {
		o.ProducerID, o.ProducerEpoch, o.BaseSequence = pid, 0, h.next[pid]
		h.next[pid] += int32(n)
	}
	o.Codec = rapid.SampledFrom([]batch.Codec{batch.None, batch.Snappy, batch.LZ4}).Draw(t, "codec") // the quick ones
	time, values := rapid.Int64Range(1000, 1100).Draw(t, "time"), h.values(n)
	got, code := h.log.AppendAsLeader(sent(o, time, values...), h.epoch, h.now)
	if code != wire.OK {
		t.Fatalf("append: %v", code)
	}
	if got.Base != h.twin.end || got.Last != h.twin.end+int64(n)-1 {
		t.Fatalf("appended %+v to %v", got, h.twin.end)
	}
	if stored, ok := batch.CodecNamed(h.cfg.Compression.String()); ok {
		o.Codec = stored
	} else if h.cfg.Compression.String() == "uncompressed" {
		o.Codec = batch.None
	}
	b := batch.Batch(sent(o, time, values...)) // as if it had been sent in the other codec
	b.SetBaseOffset(h.twin.end)
	b.SetLeaderEpoch(h.epoch)
	h.twin.add(b)
}

// follow appends several batches of a leader.
func (h *history) follow(t *rapid.T) {
	var all []byte
	end := h.twin.end
	for range rapid.IntRange(1, 4).Draw(t, "batches") {
		h.epoch += int32(rapid.IntRange(0, 1).Draw(t, "new epoch"))
		o := batch.Plain()
		o.BaseOffset, o.LeaderEpoch = end, h.epoch
		n := rapid.IntRange(1, 3).Draw(t, "records")
		b := batch.Batch(sent(o, rapid.Int64Range(1000, 1100).Draw(t, "time"), h.values(n)...))
		end = b.NextOffset()
		all = append(all, b...)
		h.twin.add(b)
	}
	cut := sent(batch.Plain(), 0, 1)
	if code := h.log.AppendAsFollower(append(all, cut[:rapid.IntRange(0, 70).Draw(t, "cut off")]...), h.now); code != wire.OK {
		t.Fatalf("append: %v", code)
	}
}

// resequence lets producers go on from what the log knows.
func (h *history) resequence() {
	h.next = map[int64]int32{}
	for _, s := range h.log.Producers() {
		h.next[s.ID] = s.LastSequence + 1
	}
}
