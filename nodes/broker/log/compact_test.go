package log

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/internal/crashdisk"
	"github.com/stampede-sim/stampede/nodes/node"
)

// TestCompaction drives a compacted log, with crashes whenever they like.
func TestCompaction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := newKeyed()
		k.mixed = rapid.IntRange(0, 4).Draw(t, "mixed") == 0
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				if !k.log.Settled() {
					t.Skip()
				}
				keys := rapid.SliceOfN(rapid.SampledFrom([]int{1, 2, 3, -1, -2}), 1, 4).Draw(t, "keys")
				k.add(t, rapid.Int64Range(-1, 1).Draw(t, "producer"), keys...)
			},
			"commit": func(t *rapid.T) { k.log.SetHighWatermark(k.log.End()) },
			"roll":   func(*rapid.T) { k.log.Roll(k.now) },
			"time":   func(t *rapid.T) { k.now += rapid.Int64Range(1, 40).Draw(t, "passes") },
			"step":   func(*rapid.T) { step(k.log, k.disk) },
			"compact": func(t *rapid.T) {
				k.finish()
				if out := k.compact(t); out.Upto > k.log.HighWatermark() || out.Upto > k.log.Segments()[len(k.log.segs)-1] {
					t.Fatalf("%+v with %v", out, k.log)
				}
				if err := k.complete(k.log, k.log.Cleaned()); err != nil {
					t.Fatal(err)
				}
				if out := k.compact(t); out.Upto > k.log.Start() && lastBelow(t, k.log, out.Upto) != out.Upto {
					t.Fatalf("%+v with %v ends at %d", out, k.log, lastBelow(t, k.log, out.Upto))
				}
			},
			"crash": func(t *rapid.T) { k.crash(t) },
			"": func(t *rapid.T) {
				if err := k.check(k.log); err != nil {
					t.Fatal(err)
				}
			},
		})
	})
}

// lastBelow is where the last batch ends that is below an offset.
func lastBelow(t rapid.TB, l *Log, offset int64) (end int64) {
	content, err := reading(l, l.Start(), offset, 300)
	if err != nil {
		t.Fatal(err)
	}
	for r := batch.Read(content); r.Next() && r.Batch.NextOffset() <= offset; {
		end = r.Batch.NextOffset()
	}
	return end
}

// TestCompactionKeepsTheEnd takes all that is at the end of what is compacted. Who copies the log
// gets there nonetheless, be nothing behind: it may be lost.
func TestCompactionKeepsTheEnd(t *testing.T) {
	k := newKeyed()
	pass := func() {
		k.log.Roll(k.now)
		k.log.SetHighWatermark(k.log.End())
		k.compact(t)
	}
	k.add(t, -1, 1)
	k.add(t, -1, 2)
	o := batch.Plain()
	o.BaseOffset, o.LeaderEpoch = 2, 0
	b := batch.NewBuilder(o)
	b.Add(batch.Record{Timestamp: k.now, Key: []byte("key 2"), Offset: 2})
	over, err := b.Build().Filtered(&batch.Builder{}, func(*batch.Record) bool { return true }, k.now-1)
	if err != nil {
		t.Fatal(err)
	}
	k.log.AppendAsFollower(over, k.now) // a tombstone whose time is over, as its leader has stamped it
	k.all = append(k.all, batch.Record{Offset: 2})
	pass()
	got, err := records(k.log)
	if err != nil || len(got) != 1 || got[0].Offset != 0 {
		t.Fatalf("left are %v, %v", got, err)
	}
	if end := lastBelow(t, k.log, 3); end != 3 {
		t.Errorf("the last batch ends at %d", end)
	}
	k.add(t, -1, 1)
	pass()
	if end := lastBelow(t, k.log, 3); end != 0 {
		t.Errorf("an end that is none any more is kept at %d", end)
	}
}

// TestEveryCrashOfACompaction opens the log from every state that a crash could leave
// while several segments are compacted into one.
func TestEveryCrashOfACompaction(t *testing.T) {
	k := newKeyed()
	for i := range 8 {
		k.add(t, int64(i%2), 1+i%3, 1+(i+1)%3, 1+i%2)
	}
	k.add(t, 0, -1)
	k.log.Roll(k.now)
	k.log.SetHighWatermark(k.log.End())
	k.finish()
	k.cfg.SegmentBytes = 1200 // so that neighbours go into one
	k.log.SetConfig(k.cfg)
	states, point := 0, k.log.RecoveryPoint()
	k.disk.Effect = func() {
		look := func(d *crashdisk.Disk, clean bool) {
			states++
			l, _, err := Open(d, dir, k.cfg, Options{Clean: clean, RecoveryPoint: point, HighWatermark: point})
			if err != nil {
				t.Fatal(err)
			}
			if err := k.check(l); err != nil || l.End() != k.log.End() {
				t.Fatalf("%v; %v, want %v", err, l, k.log)
			}
			for i, s := range l.segs[1:] {
				if l.segs[i].next > s.base {
					t.Fatalf("a segment ends at %d and the next begins at %d", l.segs[i].next, s.base)
				}
			}
			for i, p := range l.Producers() {
				if want := k.log.Producers()[i]; p.LastSequence != want.LastSequence || p.LastOffset != want.LastOffset {
					t.Fatalf("producer %+v, want %+v", p, want)
				}
			}
		}
		for d := range k.disk.Crashes() {
			look(d, false)
		}
		look(k.disk.Clone(), false)
		// A broker that is told to stop does not wait for compaction to end.
		if slices.ContainsFunc(k.disk.List(), func(name string) bool { return strings.HasSuffix(name, swap) }) {
			look(k.disk.Clone(), true)
		}
	}
	before := len(k.log.Segments())
	out := k.compact(t)
	k.finish()
	if states < 300 || out.Records == 0 || out.After >= out.Before || len(k.log.Segments()) >= before {
		t.Errorf("%d states, %+v, %d segments of %d", states, out, len(k.log.Segments()), before)
	}
	k.disk.Effect = nil
	if err := k.complete(k.log, out.Upto); err != nil {
		t.Error(err)
	}
	// A second pass has nothing to do until something is dirty.
	if out := k.compact(t); out.From != out.Upto || out.Records != 0 {
		t.Errorf("the second pass did %+v", out)
	}
}

// TestTombstonesOutliveWhatTheyDelete: a pass takes a tombstone away when the one before has
// durably taken what it deletes. No crash, at any moment of two passes that follow each
// other at once, brings that back alone.
func TestTombstonesOutliveWhatTheyDelete(t *testing.T) {
	k := newKeyed()
	for _, keys := range [][]int{{2}, {1}, {-1, 5, 6, 7, 8, 9}, {3}, {4}} {
		k.add(t, -1, keys...)
		k.log.Roll(k.now)
	}
	k.log.SetHighWatermark(8)
	k.finish()
	k.log.RecoveryPointSaved(k.log.RecoveryPoint())
	k.cfg.SegmentBytes = 200 // so that 2 and 1 go into one, and the tombstone into another
	k.log.SetConfig(k.cfg)
	k.disk.Effect = func() {
		for d := range k.disk.Crashes() {
			l, _, err := Open(d, dir, k.cfg, Options{RecoveryPoint: 8, HighWatermark: 8, Cleaned: k.log.Cleaned()})
			if err == nil {
				err = k.check(l)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	pass := func(task *node.Task) {
		k.began()
		if out, err := k.log.Compact(task, k.now); err != nil || out.Records == 0 {
			t.Errorf("%+v, %v", out, err)
		}
	}
	k.disk.Run(func(task *node.Task) {
		pass(task)
		k.now += k.cfg.DeleteRetentionMillis
		k.log.SetHighWatermark(9)
		pass(task)
	})
	k.disk.Effect = nil
	if err := k.complete(k.log, 9); err != nil {
		t.Error(err)
	}
}

// TestCompactionStaysBelowTheHighWatermark: an uncommitted record supersedes nothing, as
// it may be cut off (KAFKA-13194).
func TestCompactionStaysBelowTheHighWatermark(t *testing.T) {
	k := newKeyed()
	k.add(t, -1, 1)
	k.log.Roll(k.now)
	k.add(t, -1, 1)
	k.log.Roll(k.now)
	k.add(t, -1, 2)
	k.log.SetHighWatermark(1)
	k.compact(t)
	k.log.Truncate(1)
	got, err := records(k.log)
	if err != nil || len(got) != 1 || string(got[0].Value) != "value 0" {
		t.Errorf("%v, %+v: the committed value is lost", err, got)
	}
}

// TestTombstonesAreShownForATime (KIP-534).
func TestTombstonesAreShownForATime(t *testing.T) {
	k := newKeyed()
	roll := func() {
		k.log.Roll(k.now)
		k.log.SetHighWatermark(k.log.End())
		k.compact(t)
	}
	offsets := func() (all []int64) {
		got, err := records(k.log)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range got {
			all = append(all, r.Offset)
		}
		return all
	}
	k.add(t, -1, 1, 2)
	k.add(t, -1, -1)
	k.now = 5000 // the time of the record does not count
	roll()
	if got := offsets(); !slices.Equal(got, []int64{1, 2}) {
		t.Fatalf("after the first pass: %v", got)
	}
	k.now = 5049
	k.add(t, -1, 3)
	roll()
	if got := offsets(); !slices.Equal(got, []int64{1, 2, 3}) {
		t.Fatalf("just before its time: %v", got)
	}
	k.now = 5050
	k.add(t, -1, 3)
	roll()
	if got := offsets(); !slices.Equal(got, []int64{1, 4}) {
		t.Fatalf("after its time: %v", got)
	}
}

// TestCutAbandonsCompaction cuts the log at each step of a pass, and crashes: nothing of
// the pass comes back.
func TestCutAbandonsCompaction(t *testing.T) {
	for syncs := 1; syncs <= 2; syncs++ {
		k := newKeyed()
		for range 6 {
			k.add(t, -1, 1, 2)
		}
		k.log.Roll(k.now)
		k.log.SetHighWatermark(k.log.End())
		k.finish()
		k.log.RecoveryPointSaved(k.log.RecoveryPoint())
		var out Compacted
		task := node.NewTask("compact", k.disk, func(task *node.Task) { out, _ = k.log.Compact(task, k.now) })
		task.Start()
		for range syncs - 1 {
			k.disk.CompleteNext()
		}
		k.log.Truncate(3)
		// The task's sync comes first, then those of the truncation.
		k.disk.CompleteNext()
		k.finish()
		if !task.Ended() || !out.Abandoned || !k.log.Settled() {
			t.Fatalf("after %d syncs: %+v, %v", syncs, out, k.log)
		}
		k.all = k.all[:k.log.End()]
		k.add(t, -1, 3, 3, 3)
		for d := range k.disk.Crashes() {
			l, _, err := Open(d, dir, k.cfg, Options{RecoveryPoint: 12})
			if err != nil {
				t.Fatal(err)
			}
			if err := k.check(l); err != nil || l.End() < 2 {
				t.Fatalf("%v; %v, of which the first two records were durable", err, l)
			}
		}
	}
}

// TestCloseEndsCompaction closes the log at each step of a pass. From when that is done on,
// whatever else is asked of the log, what a crash leaves may be believed: no other pass
// begins, and nothing is retired.
func TestCloseEndsCompaction(t *testing.T) {
	for syncs := range 12 {
		k := newKeyed()
		for i := range 16 { // in several groups
			k.add(t, -1, 1+i, 99)
			k.log.Roll(k.now)
		}
		k.log.SetHighWatermark(k.log.End())
		k.finish()
		k.log.RecoveryPointSaved(k.log.RecoveryPoint())
		k.began()
		begin := func(f func(*node.Task)) *node.Task {
			task := node.NewTask("task", k.disk, f)
			task.Start()
			return task
		}
		pass := func(task *node.Task) { k.log.Compact(task, k.now) }
		settle := func(task *node.Task) { k.log.Settle(task) }
		begin(pass)
		for i := 0; i < syncs && k.disk.Pending() > 0; i++ {
			k.disk.CompleteNext()
		}
		if err := k.log.Close(); err != nil {
			t.Fatal(err)
		}
		for closing := begin(settle); !closing.Ended(); {
			k.disk.CompleteNext()
		}
		begin(pass)
		k.cfg.Delete, k.cfg.RetentionMillis = true, 0
		k.now += 1000
		k.log.SetConfig(k.cfg)
		k.log.Retain(k.now)
		for begin(settle); ; k.disk.CompleteNext() {
			for d := range k.disk.Crashes() {
				l, _, err := Open(d, dir, k.cfg, Options{Clean: true, RecoveryPoint: k.log.End()})
				if err != nil {
					t.Fatal(err)
				}
				if err := k.check(l); err != nil || l.Start() != 0 {
					t.Fatalf("closed after %d syncs: %v; %v", syncs, err, l)
				}
				for i, s := range l.segs[1:] {
					if end := l.segs[i].next; end > s.base {
						t.Fatalf("closed after %d syncs: a segment ends at %d, and the next begins at %d", syncs, end, s.base)
					}
				}
			}
			if k.disk.Pending() == 0 {
				break
			}
		}
	}
}

// TestDamageEndsCompaction: a batch that does not have its CRC is not written anew with
// one that fits.
func TestDamageEndsCompaction(t *testing.T) {
	k := newKeyed()
	k.add(t, -1, 1, 2)
	k.add(t, -1, 1, 2)
	k.log.Roll(k.now)
	k.log.SetHighWatermark(k.log.End())
	k.finish()
	k.log.RecoveryPointSaved(k.log.RecoveryPoint())
	name := k.log.segs[0].name
	content, _ := k.disk.Read(name)
	content[len(content)-3] ^= 1
	k.disk.WriteFile(name, content)
	k.disk.Run(func(task *node.Task) {
		if _, err := k.log.Compact(task, k.now); err == nil || k.log.Offline() != nil || k.log.Cleaned() != 0 {
			t.Errorf("%v; %v", err, k.log)
		}
	})
}

// TestCompactionOutlivesSnapshots: the latest batch of a producer stays, empty, so that
// its sequence is known without a snapshot.
func TestCompactionOutlivesSnapshots(t *testing.T) {
	k := newKeyed()
	k.add(t, 1, 1, 2)
	k.add(t, -1, 1, 2)
	k.log.Roll(k.now)
	k.log.SetHighWatermark(k.log.End())
	k.finish()
	if out := k.compact(t); out.Records != 2 {
		t.Fatalf("%+v", out)
	}
	for _, name := range k.disk.List() {
		if _, ending, _ := parseName(dir, name); ending == snapshotFile {
			k.disk.Remove(name)
		}
	}
	k.open(Options{RecoveryPoint: k.log.RecoveryPoint()})
	if p := k.log.Producers(); len(p) != 1 || p[0].LastSequence != 1 || p[0].LastOffset != 1 {
		t.Errorf("%+v", p)
	}
}

// TestCompactionWaitsForTheCheckpoint: a gap above what a checkpoint says would be taken
// for a lost tail.
func TestCompactionWaitsForTheCheckpoint(t *testing.T) {
	k := newKeyed()
	k.add(t, -1, 1, 1)
	k.log.Roll(k.now)
	k.log.SetHighWatermark(k.log.End())
	k.finish()
	if _, _, due := k.log.Compactable(k.now); due || k.log.RecoveryPoint() != 2 {
		t.Errorf("due before a checkpoint said that %d is durable", k.log.RecoveryPoint())
	}
	k.log.RecoveryPointSaved(1)
	if _, _, due := k.log.Compactable(k.now); due {
		t.Error("due although the checkpoint is behind")
	}
	k.log.RecoveryPointSaved(2)
	if _, upto, due := k.log.Compactable(k.now); !due || upto != 2 {
		t.Error("not due")
	}
}

// TestCompactionWaitsForRecordsBehindTheStart: a log that begins inside of a segment has records
// there that no compaction has seen, and that are as safe as others while they are young.
func TestCompactionWaitsForRecordsBehindTheStart(t *testing.T) {
	k := newKeyed()
	k.add(t, -1, 1, 2, 1, 2)
	k.log.Roll(k.now)
	k.log.SetHighWatermark(4)
	k.finish()
	k.log.RecoveryPointSaved(4)
	k.log.AdvanceStart(1)
	cfg := k.cfg
	cfg.MinDirtyPermille, cfg.MinCompactionLagMillis = 0, 10
	k.log.SetConfig(cfg)
	if _, upto, due := k.log.Compactable(k.now); due {
		t.Errorf("compacted to %d at once", upto)
	}
	if _, upto, due := k.log.Compactable(k.now + 10); !due || upto != 4 {
		t.Errorf("not compacted when it is time: %d, %v", upto, due)
	}
}

// TestCompactable is about how much must be dirty, and for how long.
func TestCompactable(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*Config)
		now  int64
		want int64
	}{
		{"more than the ratio", func(c *Config) { c.MinDirtyPermille = 499 }, 1005, 4},
		{"just the ratio", func(c *Config) { c.MinDirtyPermille = 500 }, 1005, -1},
		{"for too long", func(c *Config) { c.MinDirtyPermille, c.MaxCompactionLagMillis = 1000, 5 }, 1011, 4},
		{"not for too long", func(c *Config) { c.MinDirtyPermille, c.MaxCompactionLagMillis = 1000, 5 }, 1010, -1},
		{"too young", func(c *Config) { c.MinDirtyPermille, c.MinCompactionLagMillis = 0, 10 }, 1014, -1},
		{"old enough", func(c *Config) { c.MinDirtyPermille, c.MinCompactionLagMillis = 0, 10 }, 1015, 4},
	} {
		k := newKeyed()
		k.now = 1005
		k.add(t, -1, 1, 2)
		k.log.Roll(k.now)
		k.add(t, -1, 1, 3)
		k.log.Roll(k.now)
		k.log.SetHighWatermark(4)
		k.finish()
		k.log.RecoveryPointSaved(4)
		k.log.dirty = 2 // compaction has been in the first of two segments of one size
		cfg := k.cfg
		c.set(&cfg)
		k.log.SetConfig(cfg)
		_, upto, due := k.log.Compactable(c.now)
		if !due {
			upto = -1
		}
		if upto != c.want {
			t.Errorf("%s: %d, want %d", c.name, upto, c.want)
		}
	}
}

// TestCompactedIndexesAreDurable: a clean stop after a compaction leaves indexes that can
// be believed, whatever happens to the power then.
func TestCompactedIndexesAreDurable(t *testing.T) {
	k := newKeyed()
	k.cfg.IndexIntervalBytes = 0
	k.log.SetConfig(k.cfg)
	for i := range 4 {
		k.add(t, -1, 1+i, 9)
	}
	k.log.Roll(k.now)
	k.log.SetHighWatermark(k.log.End())
	k.finish()
	if out := k.compact(t); out.Records == 0 {
		t.Fatalf("%+v", out)
	}
	if err := k.log.Close(); err != nil {
		t.Fatal(err)
	}
	k.finish()
	for d := range k.disk.Crashes() {
		l, _, err := Open(d, dir, k.cfg, Options{Clean: true, RecoveryPoint: k.log.End()})
		if err != nil {
			t.Fatal(err)
		}
		for _, offset := range []int64{0, 2, 4, 6, 7} {
			b, code := l.Read(offset, l.End(), 1)
			if code != 0 || len(b) == 0 || batch.Batch(b).LastOffset() < offset || batch.Batch(b).BaseOffset() > offset {
				t.Fatalf("offset %d: %s, %v", offset, list(b), code)
			}
		}
		if err := k.check(l); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTheCheckpointDoesNotFallBelowCompaction: after a crash the log says of the recovery
// point what the checkpoint said, though it looked at the segment again that the point is
// in. A lower one would make a lost tail of a gap that compaction left.
func TestTheCheckpointDoesNotFallBelowCompaction(t *testing.T) {
	k := newKeyed()
	k.add(t, -1, 1)
	k.log.Roll(k.now)
	k.add(t, -1, 1)
	k.log.Roll(k.now)
	k.add(t, -1, 1, 2)
	k.log.SetHighWatermark(k.log.End())
	k.log.Flush(4)
	k.finish()
	if out := k.compact(t); out.Records != 1 {
		t.Fatalf("%+v", out)
	}
	k.finish()
	point := k.log.RecoveryPoint()
	for range 2 {
		k.open(Options{RecoveryPoint: point})
		if point = k.log.RecoveryPoint(); point != 4 || k.log.End() != 4 {
			t.Fatalf("%v", k.log)
		}
	}
}
