package log

import (
	"slices"
	"strings"
	"testing"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/internal/crashdisk"
	"github.com/stampede-sim/stampede/nodes/node"
)

// fourSegments is a log of segments that begin at 0, 2, 4 and 6, with timestamps 1000,
// 1002 and so on; the last is active.
func fourSegments(t *testing.T, cfg Config) (*Log, *crashdisk.Disk) {
	d := crashdisk.New()
	l, _, err := Open(d, dir, cfg, Options{Clean: true})
	if err != nil {
		t.Fatal(err)
	}
	named(l)
	for i := range int64(8) {
		if i > 0 && i%2 == 0 {
			l.Roll(1000 + i)
		}
		if _, code := l.AppendAsLeader(sent(batch.Plain(), 1000+i, int(i)), 0, 1000+i); code != wire.OK {
			t.Fatal(code)
		}
	}
	l.SetHighWatermark(8)
	drain(l, d)
	return l, d
}

// TestRetention lists what may go, and what may not.
func TestRetention(t *testing.T) {
	const segment = 2 * 77
	for _, c := range []struct {
		name  string
		set   func(*Config)
		hw    int64
		start int64
		now   int64
		want  int64
	}{
		{"nothing", func(*Config) {}, 8, 0, 1 << 40, 0},
		{"just not too old", func(c *Config) { c.RetentionMillis = 100 }, 8, 0, 1101, 0},
		{"too old", func(c *Config) { c.RetentionMillis = 100 }, 8, 0, 1104, 4},
		{"all too old", func(c *Config) { c.RetentionMillis = 100 }, 8, 0, 2000, 8},
		{"too old and not committed", func(c *Config) { c.RetentionMillis = 100 }, 5, 0, 2000, 4},
		{"nothing committed", func(c *Config) { c.RetentionMillis = 0 }, 1, 0, 2000, 0},
		{"not too large", func(c *Config) { c.RetentionBytes = 4*segment - 1 }, 8, 0, 0, 0},
		{"too large", func(c *Config) { c.RetentionBytes = 2 * segment }, 8, 0, 0, 4},
		{"all too large", func(c *Config) { c.RetentionBytes = 0 }, 8, 0, 0, 8},
		{"hidden", func(*Config) {}, 8, 5, 0, 5},
		{"hidden, and nothing else is deleted", func(c *Config) { c.Delete, c.RetentionMillis = false, 0 }, 8, 3, 1 << 40, 3},
	} {
		cfg := tiny()
		cfg.RetentionBytes = -1
		c.set(&cfg)
		l, d := fourSegments(t, cfg)
		l.SetHighWatermark(c.hw)
		if err := l.AdvanceStart(c.start); err != nil {
			t.Fatal(err)
		}
		out := l.Retain(c.now)
		drain(l, d)
		if l.Start() != c.want || out.Start != c.want || l.End() != 8 || l.Segments()[0] > c.want {
			t.Errorf("%s: %+v, %v with %v", c.name, out, l, l.Segments())
		}
		if l.Start() < 8 {
			if b, code := l.Read(l.Start(), 8, 1000); code != wire.OK || len(b) == 0 {
				t.Errorf("%s: reading %v: %v", c.name, l, code)
			}
		}
		var logs []int64
		for _, name := range d.List() {
			if base, ending, _ := parseName(dir, name); ending == logFile {
				logs = append(logs, base)
			}
		}
		if !slices.Equal(logs, l.Segments()) {
			t.Errorf("%s: the disk has %v, the log %v", c.name, logs, l.Segments())
		}
	}
}

// TestStartNeverPassesTheHighWatermark (M25 of the catalogue of mutants).
func TestStartNeverPassesTheHighWatermark(t *testing.T) {
	l, _ := fourSegments(t, tiny())
	l.SetHighWatermark(3)
	defer func() {
		if recover() == nil {
			t.Errorf("%v", l)
		}
	}()
	l.AdvanceStart(4)
}

// TestRollByAge counts from the first batch.
func TestRollByAge(t *testing.T) {
	cfg := tiny()
	cfg.SegmentMillis, cfg.SegmentJitterMillis = 100, 10
	l, _, _ := Open(crashdisk.New(), dir, cfg, Options{Clean: true, Now: 1000})
	named(l)
	for _, time := range []int64{1000, 1090, 1091, 1150} {
		l.AppendAsLeader(sent(batch.Plain(), time, 1), 0, time)
	}
	if got := l.Segments(); !slices.Equal(got, []int64{0, 2}) {
		t.Errorf("%v", got)
	}
}

// TestOpenRefusesDamageOfWhatWasDurable: below the recovery point nothing may be missing,
// and a log in which it is does not go on without it.
func TestOpenRefusesDamageOfWhatWasDurable(t *testing.T) {
	l, d := fourSegments(t, tiny())
	name := l.segs[1].name
	content, _ := d.Read(name)
	content[16] = 9 // the magic of a batch
	d.WriteFile(name, content)
	for _, o := range []Options{{Clean: true}, {RecoveryPoint: 4}} {
		if l, _, err := Open(d.Clone(), dir, tiny(), o); err == nil || !strings.Contains(err.Error(), "magic") {
			t.Errorf("%+v: %v, %v", o, l, err)
		}
	}
	l, got, err := Open(d, dir, tiny(), Options{RecoveryPoint: 2})
	if err != nil || l.End() != 2 || got.Segments != 2 || got.Dropped == 0 || got.Reason == "" || got.From != 2 {
		t.Errorf("%v, %+v, %v", l, got, err)
	}
}

// TestBelievedFilesAreChecked: indexes that do not fit are made anew after a clean stop,
// and without them everything is still found.
func TestBelievedFilesAreChecked(t *testing.T) {
	cfg := tiny()
	cfg.IndexIntervalBytes = 0
	for _, spoil := range []func(*crashdisk.Disk, string){
		func(d *crashdisk.Disk, name string) { d.WriteFile(name, []byte{1, 2, 3}) },
		func(d *crashdisk.Disk, name string) { d.Remove(name) },
		func(d *crashdisk.Disk, name string) { d.WriteFile(name, make([]byte, 48)) },
	} {
		l, d := fourSegments(t, cfg)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		drain(l, d)
		for _, s := range l.segs {
			spoil(d, s.file(indexFile))
			spoil(d, s.file(timeFile))
		}
		d.Remove(dir + EpochCheckpoint)
		again, _, err := Open(d, dir, cfg, Options{Clean: true, RecoveryPoint: 8})
		if err != nil {
			t.Fatal(err)
		}
		for i := range int64(8) {
			b, code := again.Read(i, i+1, 1)
			found, ok := again.OffsetForTime(1000 + i)
			if code != wire.OK || batch.Batch(b).BaseOffset() != i || !ok || found.Offset != i {
				t.Errorf("offset %d: %v, %+v", i, code, found)
			}
		}
		if again.LatestEpoch() != 0 {
			t.Errorf("epoch %d", again.LatestEpoch())
		}
	}
}

// TestSyncErrorTakesOffline: after a failed fsync nothing is known, and the recovery
// point stays where it is.
func TestSyncErrorTakesOffline(t *testing.T) {
	l, d := fourSegments(t, tiny())
	point := l.RecoveryPoint()
	l.Flush(l.End())
	l.Work(node.Tag{})
	d.Fail = errBroken
	if !l.Synced(d.CompleteNext()) || l.Offline() == nil || l.RecoveryPoint() != point || l.Pending() {
		t.Errorf("%v, %v", l, l.Offline())
	}
	d.Fail = nil
	if code := l.AppendAsFollower(sent(batch.Plain(), 1000, 1), 1000); code != wire.KafkaStorageError {
		t.Errorf("%v", code)
	}
	if l.Truncate(1) == nil || l.StartOver(9) == nil || l.Close() == nil || l.Retain(1<<50).Segments != 0 {
		t.Errorf("%v works on", l)
	}
}

// TestSettleWaitsForTheOwner: a task that settles lets the syncs end that the owner of the
// log has begun, and does the rest.
func TestSettleWaitsForTheOwner(t *testing.T) {
	l, d := fourSegments(t, tiny())
	l.Truncate(3)
	l.Work(node.Tag{})
	task := node.NewTask("settle", d, func(t *node.Task) { l.Settle(t) })
	task.Start()
	for n := 0; !task.Ended(); n++ {
		if n > 50 {
			t.Fatal("it never ends")
		}
		if d.TaskNext() {
			d.CompleteNext()
		} else {
			l.Synced(d.CompleteNext())
		}
	}
	if !l.Settled() || l.End() != 3 {
		t.Errorf("%v", l)
	}
}

// TestConfigValidate refuses each field at its bad extreme.
func TestConfigValidate(t *testing.T) {
	good := Defaults()
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for want, spoil := range map[string]func(*Config){
		"segment.bytes": func(c *Config) { c.SegmentBytes = 13 }, "segment.ms": func(c *Config) { c.SegmentMillis = 0 },
		"segment.jitter.ms": func(c *Config) { c.SegmentJitterMillis = -1 }, "index.interval.bytes": func(c *Config) { c.IndexIntervalBytes = -1 },
		"segment.index.bytes": func(c *Config) { c.IndexBytes = 11 }, "max.message.bytes": func(c *Config) { c.MaxMessageBytes = -1 },
		"retention.ms": func(c *Config) { c.RetentionMillis = -2 }, "retention.bytes": func(c *Config) { c.RetentionBytes = -2 },
		"ratio is -1": func(c *Config) { c.MinDirtyPermille = -1 }, "ratio is 1001": func(c *Config) { c.MinDirtyPermille = 1001 },
		"min.compaction.lag.ms": func(c *Config) { c.MinCompactionLagMillis = -1 }, "max.compaction.lag.ms": func(c *Config) { c.MaxCompactionLagMillis = 0 },
		"above max": func(c *Config) { c.MinCompactionLagMillis, c.MaxCompactionLagMillis = 2, 1 }, "delete.retention.ms": func(c *Config) { c.DeleteRetentionMillis = -1 },
		"before.max": func(c *Config) { c.TimestampBeforeMaxMillis = -1 }, "after.max": func(c *Config) { c.TimestampAfterMaxMillis = -1 },
		"producer.id": func(c *Config) { c.ProducerExpiryMillis = 0 },
	} {
		c := Defaults()
		spoil(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// TestEveryCrashOfRetention: whatever segments a crash brings back, there is no gap.
func TestEveryCrashOfRetention(t *testing.T) {
	cfg := tiny()
	cfg.RetentionMillis = 100
	l, d := fourSegments(t, cfg)
	l.Flush(8)
	drain(l, d)
	d.Effect = func() {
		for state := range d.Crashes() {
			for _, point := range []int64{0, 6} {
				again, got, err := Open(state.Clone(), dir, cfg, Options{RecoveryPoint: point})
				if err != nil || again.End() != 8 || got.Reason != "" || again.Start() > 6 {
					t.Fatalf("%v, %+v, %v", again, got, err)
				}
			}
		}
	}
	if out := l.Retain(1106); out.Segments != 3 {
		t.Errorf("%+v", out)
	}
	drain(l, d)
}
