package store

import (
	"slices"
	"strings"
	"testing"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/txnlog"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/internal/crashdisk"
	"github.com/stampede-sim/stampede/nodes/node"
)

func TestFreshDisk(t *testing.T) {
	r, err := Recover(crashdisk.New(), bugs.Set{}, 10)
	if err != nil || r.LastZxid != 0 || r.SnapshotZxid != 0 || len(r.Tail) != 0 || r.Tree.Len() != treeOf().Len() {
		t.Errorf("a fresh disk recovers to %+v, %v", r, err)
	}
}

func TestEveryCrashState(t *testing.T) {
	tests := []struct {
		name  string
		story func(r *rig)
		last  wire.Zxid
	}{
		{"a snapshot, then more records in a new file", func(r *rig) {
			r.log.Roll()
			r.snapshot(100)
			r.add(span(z(1, 6), z(1, 7))...)
			r.run(r.log.Settle)
		}, z(1, 7)},
		{"a fuzzy snapshot, with records not yet durable", func(r *rig) {
			r.fuzzy(span(z(1, 6), z(1, 9))...)
		}, z(1, 9)},
		{"a TRUNC past two snapshots (ZOOKEEPER-4837)", func(r *rig) {
			r.fuzzy(z(1, 6))
			r.add(z(1, 7))
			r.snapshot(100)
			r.durable = z(1, 3)
			r.run(func(t *node.Task) error { return Truncate(t, r.disk, r.log, z(1, 3), bugs.Set{}) })
			r.tree = treeOf(span(z(1, 1), z(1, 3))...)
			r.add(z(2, 1))
			r.run(r.log.Settle)
			r.durable = z(2, 1)
		}, z(2, 1)},
		{"a SNAP over a log that lags", func(r *rig) {
			r.install(append(span(z(1, 1), z(1, 8)), z(2, 1), z(2, 2)), z(2, 2))
			r.add(z(2, 3))
			r.run(r.log.Settle)
			r.durable = z(2, 3)
		}, z(2, 3)},
		{"a SNAP over a log that goes further", func(r *rig) {
			r.log.Roll()
			r.snapshot(100)
			r.durable = z(1, 3)
			r.install(span(z(1, 1), z(1, 3)), z(1, 3))
			r.add(z(2, 1))
			r.run(r.log.Settle)
		}, z(2, 1)},
		{"purging snapshots and log files", func(r *rig) {
			for i := range uint32(3) {
				r.log.Roll()
				r.snapshot(100)
				r.add(z(1, 6+i))
				r.run(r.log.Settle)
				r.durable = z(1, 6+i)
				if _, _, err := PurgeSnapshots(r.disk, r.log, 2, r.bugs); err != nil {
					r.t.Error(err)
				}
			}
			if got := snapshots(r.disk); len(got) != 2 || r.log.Reaches(z(1, 5)) != true || r.log.Reaches(0) {
				r.t.Errorf("kept snapshots %v; log reaches the beginning: %v", got, r.log.Reaches(0))
			}
		}, z(1, 8)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, span(z(1, 1), z(1, 5))...)
			r.onEveryCrash()
			tt.story(r)
			if got := r.recover(r.disk.Clone()); got.LastZxid != tt.last {
				t.Errorf("recovered to %v, want %v", got.LastZxid, tt.last)
			}
			if r.states < 100 {
				t.Errorf("only %d crash states were tried", r.states)
			}
		})
	}
}

// fuzzy takes a snapshot in small steps and adds a transaction after each.
func (r *rig) fuzzy(zs ...wire.Zxid) {
	r.t.Helper()
	source := r.tree.Snapshot()
	task := node.NewTask("snapshot", r.disk, func(t *node.Task) {
		if saved, err := SaveSnapshot(t, r.disk, r.log, source, 3, r.bugs, func(node.Event) {}); !saved || err != nil {
			r.t.Errorf("saved %v, %v", saved, err)
		}
	})
	for task.Start(); !task.Ended(); r.step() {
		if len(zs) > 0 {
			r.add(zs[0])
			zs = zs[1:]
		}
	}
}

// With the bug a truncated transaction survives in the tree.
func TestTruncKeepsNewerSnapshotBringsBackTransactions(t *testing.T) {
	for _, b := range []bugs.Set{bugs.Set{}, bugs.Of(bugs.TruncKeepsNewerSnapshot)} {
		r := newRig(t, span(z(1, 1), z(1, 5))...)
		r.snapshot(100)
		r.run(func(t *node.Task) error { return Truncate(t, r.disk, r.log, z(1, 3), b) })
		got, err := Recover(r.disk.Clone(), b, 0)
		if err != nil || got.LastZxid != z(1, 3) || got.Log.LastZxid() != z(1, 3) {
			t.Fatalf("bugs %v: %+v, %v", b, got, err)
		}
		if _, code := got.Tree.Stat(path(z(1, 5))); (code == wire.OK) != (!b.None()) {
			t.Errorf("bugs %v: the truncated 1:5 is there: %v", b, code)
		}
	}
}

// A snapshot in progress must not publish what a TRUNC took.
func TestSnapshotGivesUpAtTruncation(t *testing.T) {
	r := newRig(t, span(z(1, 1), z(1, 5))...)
	saved, source := true, r.tree.Snapshot()
	task := node.NewTask("snapshot", r.disk, func(t *node.Task) { saved, _ = SaveSnapshot(t, r.disk, r.log, source, 2, r.bugs, func(node.Event) {}) })
	task.Start()
	r.run(func(t *node.Task) error { return Truncate(t, r.disk, r.log, z(1, 3), bugs.Set{}) })
	for !task.Ended() {
		r.step()
	}
	if saved || len(r.disk.List()) != 1 {
		t.Errorf("saved %v, files %v", saved, r.disk.List())
	}
}

func TestTruncateNeedsASnapshotToStartFrom(t *testing.T) {
	r := newRig(t, span(z(1, 1), z(1, 5))...)
	r.log.Roll()
	r.snapshot(100)
	r.add(z(1, 6))
	r.run(r.log.Settle)
	if _, _, err := PurgeSnapshots(r.disk, r.log, 1, r.bugs); err != nil {
		t.Fatal(err)
	}
	var err error
	r.log.Roll()
	r.add(z(1, 7))
	r.run(r.log.Settle)
	if err := r.log.Purge(z(1, 6)); err != nil {
		t.Fatal(err)
	}
	r.disk.Run(func(t *node.Task) { err = Truncate(t, r.disk, r.log, z(1, 2), bugs.Set{}) })
	if err == nil || !strings.Contains(err.Error(), "no snapshot on this disk leads there") {
		t.Errorf("truncate: %v", err)
	}
	r.recover(r.disk.Clone())
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		name string
		harm func(t *testing.T, r *rig)
		want string
	}{
		{"acceptedEpoch below currentEpoch", func(t *testing.T, r *rig) { write(t, r, CurrentEpoch, "4") }, "below currentEpoch 4"},
		{"an epoch that is no number", func(t *testing.T, r *rig) { write(t, r, AcceptedEpoch, "four") }, "acceptedEpoch"},
		{"a log file lost (E43)", func(t *testing.T, r *rig) { remove(t, r, "log.100000001") }, "log files are missing"},
		{"the newest snapshot damaged and nothing beyond it", func(t *testing.T, r *rig) {
			remove(t, r, "log.100000006")
			write(t, r, "snapshot.100000007", "ZKSN")
		}, "snapshot.100000007"},
		{"the only snapshot damaged, and a log that could follow anything", func(t *testing.T, r *rig) {
			for _, name := range r.disk.List() {
				if strings.HasPrefix(name, "snapshot.") || strings.HasPrefix(name, "log.") {
					remove(t, r, name)
				}
			}
			write(t, r, "snapshot.100000005", "ZKSN")
			log, _ := newRig(t, z(2, 1)).disk.Read("log.200000001")
			write(t, r, "log.200000001", string(log))
		}, "snapshot.100000005"},
		{"the snapshot damaged that the log continues, and an older one whole", func(t *testing.T, r *rig) {
			r.snapshot(3)
			remove(t, r, "log.100000001")
			remove(t, r, "log.100000006")
			write(t, r, "snapshot.100000009", "ZKSN")
			log, _ := newRig(t, z(2, 1)).disk.Read("log.200000001")
			write(t, r, "log.200000001", string(log))
		}, "snapshot.100000009 is damaged, and the log begins behind it"},
		{"a damaged record in an old log file", func(t *testing.T, r *rig) {
			b, _ := r.disk.Read("log.100000001")
			b[len(b)-2] ^= 1
			write(t, r, "log.100000001", string(b))
		}, "corrupt"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, span(z(1, 1), z(1, 5))...)
			r.log.Roll()
			r.add(z(1, 6), z(1, 7))
			r.run(r.log.Settle)
			tt.harm(t, r)
			if _, err := Recover(r.disk, bugs.Set{}, 0); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("recover: %v, want %q", err, tt.want)
			}
		})
	}
}

func write(t *testing.T, r *rig, name, content string) {
	t.Helper()
	if err := r.disk.WriteFile(name, []byte(content)); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, r *rig, name string) {
	t.Helper()
	if err := r.disk.Remove(name); err != nil {
		t.Fatal(err)
	}
}

func TestDamagedSnapshotsNeitherCountNorMatter(t *testing.T) {
	r := newRig(t, span(z(1, 1), z(1, 5))...)
	r.snapshot(100)
	r.add(z(1, 6), z(1, 7))
	r.run(r.log.Settle)
	r.durable = z(1, 7)
	write(t, r, "snapshot.100000006", "torn")
	write(t, r, "snapshot.100000007", "torn")
	if _, _, err := PurgeSnapshots(r.disk, r.log, 2, r.bugs); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(snapshots(r.disk), z(1, 5)) {
		t.Error("purging for two snapshots removed the only good one")
	}
	if got := r.recover(r.disk); got.SnapshotZxid != z(1, 5) {
		t.Errorf("recovered from the snapshot of %v", got.SnapshotZxid)
	}
}

func TestTailEndsAtTheEnd(t *testing.T) {
	r := newRig(t, span(z(1, 1), z(1, 5))...)
	got := r.recover(r.disk)
	if len(got.Tail) != 3 || got.Tail[0].Zxid != z(1, 3) || got.Tail[2].Zxid != z(1, 5) {
		t.Errorf("tail %v", got.Tail)
	}
}

// An epoch is saved entirely or not at all, and never goes back.
func TestEpochsAtEveryCrash(t *testing.T) {
	d := crashdisk.New()
	for _, name := range []string{AcceptedEpoch, CurrentEpoch} {
		for epoch, before := range []int64{0, 9} {
			epoch := []int64{9, 10}[epoch]
			d.Effect = func() {
				for state := range d.Crashes() {
					got, err := loadEpoch(state, name)
					if err != nil || got != before && got != epoch {
						t.Fatalf("saving %s %d over %d: a crash leaves %d, %v", name, epoch, before, got, err)
					}
				}
			}
			d.Run(func(task *node.Task) {
				if err := SaveEpoch(task, d, name, epoch, bugs.Set{}, func(node.Event) {}); err != nil {
					t.Error(err)
				}
			})
			for state := range d.Crashes() {
				if got, err := loadEpoch(state, name); err != nil || got != epoch {
					t.Errorf("saved %s %d: a crash leaves %d, %v", name, epoch, got, err)
				}
			}
		}
	}
	if accepted, current, err := LoadEpochs(d); accepted != 10 || current != 10 || err != nil {
		t.Errorf("loaded %d, %d, %v", accepted, current, err)
	}
}

// A snapshot that the log does not continue is no place to start from, however whole
// it is: one of before a leader's snapshot does not count, nor does one that a power
// failure brings back after its log was purged.
func TestSnapshotsWithoutTheirLogDoNotCount(t *testing.T) {
	r := newRig(t, span(z(1, 1), z(1, 5))...)
	r.snapshot(100)
	sent := treeOf(span(z(1, 1), z(1, 9))...)
	r.run(func(task *node.Task) error {
		return Install(task, r.disk, r.log, z(1, 9), sent.Serialize(), r.bugs)
	})
	if !slices.Equal(snapshots(r.disk), []wire.Zxid{z(1, 9), z(1, 5)}) {
		t.Fatalf("snapshots are %v", snapshots(r.disk))
	}
	if oldest, purged, err := PurgeSnapshots(r.disk, r.log, 2, r.bugs); oldest != 0 || purged || err != nil {
		t.Errorf("kept what begins at %v, deleted something %v, %v", oldest, purged, err)
	}
	for _, zxid := range span(z(1, 1), z(1, 9)) {
		r.legal[zxid] = 0 // what was sent
	}
	r.tree = sent
	r.add(z(2, 1), z(2, 2))
	r.run(r.log.Settle)
	r.snapshot(100)
	again, _ := txnlog.Open(r.disk, r.bugs) // which begins with an epoch, and knows no more
	again.StartAfter(z(2, 2))
	if oldest, purged, err := PurgeSnapshots(r.disk, again, 3, r.bugs); oldest != 0 || purged || err != nil {
		t.Errorf("after a start, kept what begins at %v, deleted something %v, %v", oldest, purged, err)
	}
	if oldest, purged, err := PurgeSnapshots(r.disk, r.log, 2, r.bugs); oldest != z(1, 9) || !purged || err != nil {
		t.Errorf("kept what begins at %v, deleted something %v, %v", oldest, purged, err)
	}
}
