package log

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/internal/crashdisk"
	"github.com/stampede-sim/stampede/nodes/node"
)

// crashed draws one of the states that a power failure now could leave.
func crashed(t *rapid.T, d *crashdisk.Disk) *crashdisk.Disk {
	if rapid.IntRange(0, 3).Draw(t, "process only") == 0 {
		return d.Clone()
	}
	n := rapid.IntRange(0, 1500).Draw(t, "state")
	var last *crashdisk.Disk
	for state := range d.Crashes() {
		last = state
		if n--; n < 0 {
			break
		}
	}
	return last
}

// crash kills the broker and opens the log from what is left, with what checkpoints may
// say: what is true now, or was some time before.
//
// The file of the checkpoint may be older than the log. Once it was read, none older
// than that comes back.
func (h *history) crash(t *rapid.T) {
	before, settled, begins := h.log, h.log.Settled(), h.twin.start
	h.disk = crashed(t, h.disk)
	o := Options{
		RecoveryPoint: rapid.SampledFrom(h.checkpoints).Draw(t, "checkpoint"),
		HighWatermark: rapid.Int64Range(0, h.twin.hw).Draw(t, "hw"),
		Start:         rapid.SampledFrom([]int64{0, h.twin.start}).Draw(t, "start"), Now: h.now,
	}
	h.checkpoints = []int64{o.RecoveryPoint}
	h.disk.Run(func(task *node.Task) { task.SyncDir() })
	l, _, err := Open(h.disk, dir, h.cfg, o)
	if err != nil {
		t.Fatalf("%v; the disk has %v", err, h.disk.List())
	}
	h.log = l
	if l.Start() > begins {
		t.Fatalf("recovered %v, and no log began later than at %d", l, begins)
	}
	content, err := reading(l, l.Start(), l.End(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	if durable := min(before.recovery, h.twin.end); settled && before.Start() < durable && o.Start <= durable {
		if want := h.twin.read(l.Start(), durable); l.End() < durable || !bytes.HasPrefix(content, want) {
			t.Fatalf("everything below %d was durable: %s; recovered %v with %s", durable, list(want), l, list(content))
		}
	}
	h.twin = h.match(t)
	h.twin.hw = l.HighWatermark()
	h.resequence()
	h.sameProducers(t)
}

// raw is everything in a log, also what is hidden.
func raw(l *Log) (all []byte) {
	for _, s := range l.segs {
		all = append(all, l.disk.ReadAt(s.name, 0, int(s.size))...)
	}
	return all
}

// match finds the moment in the past whose beginning was recovered.
func (h *history) match(t *rapid.T) *twin {
	l, content := h.log, raw(h.log)
	for _, p := range slices.Backward(h.past) {
		if p.end < l.End() || !bytes.Equal(p.read(l.segs[0].base, l.End()), content) {
			continue
		}
		w := &twin{}
		for r := batch.Read(content); r.Next(); {
			w.add(r.Batch)
		}
		w.end = l.End()
		w.advance(l.Start())
		w.adopt(l)
		return w
	}
	t.Fatalf("recovered %v with %s, which never was; the past ends with %s", l, list(content), list(h.past[len(h.past)-1].read(0, 1<<60)))
	return nil
}

// TestRecovery crashes at any moment, in any way, again and again.
func TestRecovery(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory(drawn(t))
		ops := h.ops()
		check := h.checked(ops)[""]
		ops[""] = func(t *rapid.T) {
			check(t)
			h.checkpoints = append(h.checkpoints, h.log.RecoveryPoint())
		}
		ops["step"] = func(*rapid.T) { step(h.log, h.disk) }
		ops["drain"] = func(*rapid.T) {
			for h.disk.Pending() > 0 || h.log.Pending() {
				step(h.log, h.disk)
			}
		}
		ops["crash"] = func(t *rapid.T) { h.crash(t) }
		t.Repeat(ops)
	})
}

// TestEveryCrashOfAStory opens the log from every state that a crash could leave at any
// moment of a story with a roll, a flush, a truncation over several segments, and what
// comes after.
func TestEveryCrashOfAStory(t *testing.T) {
	cfg := tiny()
	cfg.SegmentBytes = 150 // one batch each
	h := newHistory(cfg)
	// What was legal remains so, as the past grows: most states come again and again.
	legal := map[string]bool{}
	check := func(d *crashdisk.Disk) {
		all := contents(d)
		for _, point := range []int64{0, h.log.RecoveryPoint(), h.log.claimed} {
			key := fmt.Sprint(point) + all
			if legal[key] {
				continue
			}
			if err := h.legal(d.Clone(), point); err != nil {
				t.Fatalf("with the checkpoint %d: %v", point, err)
			}
			legal[key] = true
		}
	}
	append1 := func(epoch int32) {
		o := batch.Plain()
		o.ProducerID, o.ProducerEpoch, o.BaseSequence = 1, 0, int32(h.twin.end)
		b := batch.Batch(sent(o, 1000+h.twin.end, h.values(2)...))
		after := h.twin.clone()
		b.SetBaseOffset(h.twin.end)
		b.SetLeaderEpoch(epoch)
		after.add(b)
		h.past = append(h.past, after)
		b = slices.Clone(b)
		b.SetBaseOffset(0)
		if _, code := h.log.AppendAsLeader(b, epoch, h.now); code != 0 {
			t.Fatal(code)
		}
		h.twin = after
	}
	h.note()
	for i := range int32(4) {
		append1(i/2 + 1)
	}
	drain(h.log, h.disk)
	h.disk.Effect = func() {
		for state := range h.disk.Crashes() {
			check(state)
		}
		check(h.disk)
	}
	append1(3)
	h.note()
	cut := h.twin.clone()
	cut.truncate(2)
	h.past = append(h.past, cut)
	h.log.Truncate(2)
	h.twin = cut
	drain(h.log, h.disk)
	append1(4)
	append1(4)
	drain(h.log, h.disk)
	if len(legal) < 1000 {
		t.Errorf("only %d states were looked at", len(legal))
	}
}

// contents are the files of a disk.
func contents(d *crashdisk.Disk) string {
	var all strings.Builder
	for _, name := range d.List() {
		content, _ := d.Read(name)
		all.WriteString(name)
		all.WriteByte(byte(len(content)))
		all.Write(content)
	}
	return all.String()
}

// legal opens a log and reports whether it is the beginning of one that was.
func (h *history) legal(d *crashdisk.Disk, point int64) error {
	d.Effect = nil
	l, got, err := Open(d, dir, h.cfg, Options{RecoveryPoint: point})
	if err != nil {
		return err
	}
	content, err := reading(l, l.Start(), l.End(), 1000)
	if err != nil {
		return err
	}
	w := &twin{}
	for r := batch.Read(content); r.Next(); {
		w.add(r.Batch)
	}
	for _, p := range h.past {
		if p.end >= l.End() && bytes.Equal(p.read(l.Start(), l.End()), content) && slices.Equal(l.epochs, w.epochs) {
			return nil
		}
	}
	return fmt.Errorf("recovered %v (%+v) with %s, epochs %v", l, got, list(content), l.epochs)
}

// TestRecoveryLooksAtCRCs: above the recovery point a batch that does not have its CRC is
// the end of the log, below it nobody looks.
func TestRecoveryLooksAtCRCs(t *testing.T) {
	l, d := fourSegments(t, tiny())
	for _, s := range l.segs[1:] {
		content, _ := d.Read(s.name)
		content[len(content)-2] ^= 1 // in a value
		d.WriteFile(s.name, content)
	}
	for _, c := range []struct{ point, want int64 }{{0, 3}, {2, 3}, {4, 5}, {7, 7}} {
		l, got, err := Open(d.Clone(), dir, tiny(), Options{RecoveryPoint: c.point})
		if err != nil || l.End() != c.want {
			t.Errorf("from %d: %v, %+v, %v", c.point, l, got, err)
		}
	}
}

// TestRecoveryWithAStaleCheckpoint is the story of mayRoll: the recovery point that the
// checkpoint says is from before a truncation.
func TestRecoveryWithAStaleCheckpoint(t *testing.T) {
	cfg := tiny()
	cfg.SegmentBytes = 200 // two batches
	d := crashdisk.New()
	l, _, _ := Open(d, dir, cfg, Options{Clean: true})
	add := func(n, epoch int) {
		for i := range n {
			if _, code := l.AppendAsLeader(sent(batch.Plain(), 1000, i), int32(epoch), 1000); code != 0 {
				t.Fatal(code)
			}
		}
	}
	add(7, 1)
	l.Flush(7)
	drain(l, d)
	stale := l.RecoveryPoint()
	l.Truncate(1)
	drain(l, d)
	add(5, 2) // not flushed
	name := l.segs[0].name
	content, _ := d.Read(name)
	content[len(content)-2] ^= 1
	d.WriteFile(name, content)
	damaged := l.segs[0].next - 1
	again, got, err := Open(d, dir, cfg, Options{RecoveryPoint: stale})
	if err != nil || again.End() != damaged {
		t.Errorf("%v, %+v, %v; the batch at %d is damaged", again, got, err, damaged)
	}
}

// TestWhatIsNotOpenedIsNotTouched: damage below the recovery point is none that a crash
// makes. The log is not opened, and the next attempt finds it as it was; if it were cut
// there, that would find nothing wrong with it but a hole.
func TestWhatIsNotOpenedIsNotTouched(t *testing.T) {
	l, d := fourSegments(t, tiny())
	name := l.segs[1].name
	content, _ := d.Read(name)
	d.WriteFile(name, content[:len(content)/2+9])
	before := d.Clone()
	for range 2 {
		if l, got, err := Open(d, dir, tiny(), Options{RecoveryPoint: 6}); err == nil {
			t.Fatalf("opened as %v, %+v", l, got)
		}
		if now, _ := d.Read(name); len(now) != len(content)/2+9 || !slices.Equal(d.List(), before.List()) {
			t.Fatalf("%s has %d bytes, and the disk %v", name, len(now), d.List())
		}
	}
}

// TestRecoveryDistrustsSnapshots: one that lies above the recovery point may be of before
// a truncation.
func TestRecoveryDistrustsSnapshots(t *testing.T) {
	l, d := fourSegments(t, tiny())
	var p producers
	p.update(header(9, 0, 5, 1, 1, 1000))
	d.WriteFile(l.segs[3].file(snapshotFile), p.encode())
	l, _, err := Open(d, dir, tiny(), Options{RecoveryPoint: 2})
	if err != nil || len(l.Producers()) != 0 {
		t.Fatalf("%v, %+v", err, l.Producers())
	}
	if l.Truncate(7); len(l.Producers()) != 0 {
		t.Errorf("it is still there, and believed: %+v", l.Producers())
	}
}

// TestRecoveryDistrustsEpochs: those that begin above the recovery point may be of before
// a truncation, and of a higher epoch than what took their place.
func TestRecoveryDistrustsEpochs(t *testing.T) {
	_, d := fourSegments(t, tiny())
	d.WriteFile(dir+EpochCheckpoint, epochs{{0, 0}, {5, 3}}.encode())
	l, _, err := Open(d, dir, tiny(), Options{RecoveryPoint: 2})
	if err != nil || !slices.Equal(l.epochs, epochs{{0, 0}}) {
		t.Errorf("%v, %v", err, l.epochs)
	}
}

// TestRecoveryKeepsWhereEpochsBegan: a checkpoint of epochs that begins behind the start of the
// log is still right about those that it names, also if compaction has taken their first
// records.
func TestRecoveryKeepsWhereEpochsBegan(t *testing.T) {
	k := newKeyed()
	k.add(t, -1, 2)
	k.add(t, -1, 3)
	k.log.AssignEpoch(1)
	for _, key := range []int{1, 1, 4} {
		b := batch.NewBuilder(batch.Plain())
		b.Add(batch.Record{Timestamp: k.now, Key: []byte{byte(key)}, Value: []byte("v")})
		if _, code := k.log.AppendAsLeader(b.Build(), 1, k.now); code != wire.OK {
			t.Fatal(code)
		}
		k.log.Roll(k.now)
	}
	k.log.SetHighWatermark(k.log.End())
	k.compact(t)
	if err := k.log.AdvanceStart(1); err != nil {
		t.Fatal(err)
	}
	k.finish()
	k.open(Options{RecoveryPoint: k.log.RecoveryPoint(), HighWatermark: 5})
	if want := (epochs{{0, 0}, {1, 2}}); !slices.Equal(k.log.epochs, want) {
		t.Errorf("epochs %v, want %v", k.log.epochs, want)
	}
	if found, _ := k.log.Read(2, 5, 1000); batch.Batch(found).BaseOffset() != 3 {
		t.Errorf("compaction left the first record of epoch 1: %s", list(found))
	}
}

// TestGapsOfTheLeaderAreInSegments: a follower copies a log of which compaction has taken
// something, and rolls just there. Its process dies, and nothing of what it had is gone.
func TestGapsOfTheLeaderAreInSegments(t *testing.T) {
	h := newHistory(tiny())
	named(h.log)
	for _, base := range []int64{0, 1, 2, 3, 40, 41} {
		o := batch.Plain()
		o.BaseOffset, o.LeaderEpoch = base, 0
		if base == 40 {
			h.log.active().size += h.cfg.SegmentBytes // it is full
		}
		code := h.log.AppendAsFollower(sent(o, 1000, int(base)), h.now)
		if base == 40 {
			h.log.segs[0].size -= h.cfg.SegmentBytes
		}
		if code != wire.OK {
			t.Fatal(code)
		}
	}
	if bases := h.log.Segments(); !slices.Equal(bases, []int64{0, 4}) {
		t.Errorf("segments begin at %v", bases)
	}
	h.open(Options{})
	if h.log.End() != 42 {
		t.Errorf("%v is left of [0..3] and [40..41]", h.log)
	}
}

// TestStartingOverProvesNothingDurable: until the old segments are durably gone a crash
// can bring them back, and they were not durable.
func TestStartingOverProvesNothingDurable(t *testing.T) {
	h := newHistory(tiny())
	for i := range 8 {
		h.log.AppendAsLeader(sent(batch.Plain(), 1000, i), 0, 1000)
	}
	h.log.StartOver(30)
	if h.log.RecoveryPoint() != 0 || h.log.Settled() {
		t.Errorf("%v", h.log)
	}
	drain(h.log, h.disk)
	if h.log.RecoveryPoint() != 30 || !h.log.Settled() {
		t.Errorf("%v", h.log)
	}
}

// TestStartingOverKeepsTheEnd: a log that is thrown away, and goes on where it ended, ends there
// whatever a crash leaves of it, be its last segment empty or not.
func TestStartingOverKeepsTheEnd(t *testing.T) {
	cfg := tiny()
	cfg.SegmentBytes = 150 // one batch each
	for _, rolled := range []bool{false, true} {
		h := newHistory(cfg)
		for i := range int32(4) {
			h.sends(t, i, 1)
		}
		if rolled {
			h.log.Roll(h.now)
		}
		end := h.log.End()
		h.log.Flush(end)
		drain(h.log, h.disk)
		h.log.SetHighWatermark(end)
		h.log.StartOver(end)
		for !h.log.Settled() {
			for state := range h.disk.Crashes() {
				again := &history{disk: state, cfg: h.cfg, now: h.now}
				again.open(Options{})
				if again.log.End() != end {
					t.Fatalf("rolled is %v: a crash leaves %v, and it ended at %d; the disk has %v", rolled, again.log, end, state.List())
				}
			}
			step(h.log, h.disk)
		}
		if h.log.Start() != end || h.log.End() != end || len(h.log.Segments()) != 1 {
			t.Errorf("%v", h.log)
		}
	}
}

// TestTruncationsComeUndone: a crash before a truncation is durable may bring back what was
// cut off. Then the log is what it was, with the epochs and producers of that, and can be
// truncated again.
func TestTruncationsComeUndone(t *testing.T) {
	cfg := tiny()
	cfg.SegmentBytes = 150 // one batch each
	h := newHistory(cfg)
	for i := range int32(4) {
		h.sends(t, i, i/2+1)
	}
	drain(h.log, h.disk)
	before, after := h.twin.clone(), h.twin.clone()
	after.truncate(1)
	undone := 0
	h.disk.Effect = func() {
		for state := range h.disk.Crashes() {
			again := &history{disk: state, cfg: cfg, now: h.now}
			again.open(Options{})
			if again.log.End() < before.end {
				continue
			}
			undone++
			again.is(t, before)
			again.log.Truncate(1)
			drain(again.log, again.disk)
			again.is(t, after)
			again.twin = after.clone()
			again.sends(t, 1, 3)
		}
	}
	h.log.Truncate(1)
	drain(h.log, h.disk)
	if undone == 0 {
		t.Error("no crash undid the truncation")
	}
}

// sends has a producer write one record with a sequence.
func (h *history) sends(t *testing.T, sequence, epoch int32) {
	t.Helper()
	o := batch.Plain()
	o.ProducerID, o.ProducerEpoch, o.BaseSequence = 1, 0, sequence
	b := batch.Batch(sent(o, 1000, int(sequence)))
	if _, code := h.log.AppendAsLeader(b, epoch, h.now); code != 0 {
		t.Fatalf("sequence %d is refused: %v", sequence, code)
	}
	b.SetBaseOffset(h.twin.end)
	b.SetLeaderEpoch(epoch)
	h.twin.add(b)
}

// is wants a log to have the records, epochs and producers of a twin.
func (h *history) is(t *testing.T, w *twin) {
	t.Helper()
	if err := sameContent(h.log, w); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(h.log.epochs, w.epochs) {
		t.Fatalf("epochs are %v, want %v", h.log.epochs, w.epochs)
	}
	all := h.log.Producers()
	if len(all) != len(w.producers()) {
		t.Fatalf("producers are %+v, want %+v", all, w.producers())
	}
	for _, p := range all {
		if want := w.producers()[p.ID]; p.LastSequence != want.LastSequence || p.LastOffset != want.LastOffset {
			t.Fatalf("producer %+v, want %+v", p, want)
		}
	}
}

// TestWhatAProcessLeavesIsConfirmed: a process cut the log and died before that was durable.
// The next one finds the cut in the page cache, and takes nothing before the disk has it;
// else a failure of the power could put back what was cut off, in place of what was
// appended.
func TestWhatAProcessLeavesIsConfirmed(t *testing.T) {
	h := newHistory(tiny())
	h.sends(t, 0, 1)
	h.sends(t, 1, 1)
	drain(h.log, h.disk)
	h.disk.Run(func(task *node.Task) { task.Sync(h.log.segs[0].name) })
	h.log.Truncate(1)
	h.log.Work(node.Tag{})
	h.disk = h.disk.Clone()
	h.open(Options{})
	if _, code := h.log.AppendAsLeader(sent(batch.Plain(), 1000, 7), 2, 1000); h.log.End() != 1 || code != wire.LeaderNotAvailable {
		t.Fatalf("%v answers %v", h.log, code)
	}
	drain(h.log, h.disk)
	if _, code := h.log.AppendAsLeader(sent(batch.Plain(), 1000, 7), 2, 1000); code != wire.OK {
		t.Fatal(code)
	}
	for state := range h.disk.Crashes() {
		again := &history{disk: state, cfg: h.cfg, now: h.now}
		again.open(Options{})
		if again.log.End() > 1 && again.log.LatestEpoch() != 2 {
			t.Errorf("what was cut off is back: %v", again.log)
		}
	}
}

// TestNoSegmentFollowsOneWithoutAName: of a log that is new, or begun anew, no crash leaves the
// end without the beginning. As soon as the first segment has its name on the disk, there may
// be a second.
func TestNoSegmentFollowsOneWithoutAName(t *testing.T) {
	cfg := tiny()
	cfg.SegmentBytes = 150 // one batch each
	for _, anew := range []bool{false, true} {
		h := newHistory(cfg)
		waited := 0
		h.log.OnStep(func(s Step, _ int64) {
			if s == RollWaits {
				waited++
			}
		})
		begins := int64(0)
		if anew {
			begins = 7
			h.log.StartOver(begins)
			for !h.log.Settled() {
				step(h.log, h.disk)
			}
		}
		add := func() {
			if _, code := h.log.AppendAsLeader(sent(batch.Plain(), 1000, 1), 1, h.now); code != wire.OK {
				t.Fatal(code)
			}
		}
		for range 3 {
			add()
		}
		for d := range h.disk.Crashes() {
			d.Run(func(task *node.Task) { task.SyncDir() })
			if l, _, err := Open(d, dir, cfg, Options{}); err != nil || l.Start() > begins {
				t.Fatalf("anew is %v: %v, %v; the disk has %v", anew, l, err, d.List())
			}
		}
		if n := len(h.log.Segments()); n != 1 || waited != 2 {
			t.Errorf("anew is %v: %d segments, and a roll waited %d times", anew, n, waited)
		}
		for h.disk.Pending() > 0 || h.log.Pending() {
			step(h.log, h.disk)
		}
		if add(); len(h.log.Segments()) != 2 || waited != 2 {
			t.Errorf("anew is %v: %v when all is durable", anew, h.log.Segments())
		}
	}
}
