package sim

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
	"pgregory.net/rapid"
)

// live returns a booted world of one process with an empty disk, the disk as the
// process has it, and a list of the outcomes of its syncs.
func live(seed uint64) (*World, node.ID, node.Disk, *[]error) {
	var outcomes []error
	w := NewWorld(quick(seed))
	_, id := add(w, "a", script{diskDone: func(_ *script, _ node.Tag, err error) { outcomes = append(outcomes, err) }})
	w.Run(time.Millisecond)
	return w, id, w.procs[id].inc.Disk(), &outcomes
}

func (w *World) pass(d time.Duration) { w.Run(w.Now() + d) }

// TestAFailedSyncLosesWhatItCovered: the process goes on reading it, later syncs
// succeed, and when the process is gone the bytes are, too; what was synced before
// and after is there.
func TestAFailedSyncLosesWhatItCovered(t *testing.T) {
	for _, mode := range CrashModes() {
		w, id, d, outcomes := live(1)
		d.Append("log", []byte("old."))
		d.Sync("log", node.Tag{})
		d.SyncDir(node.Tag{})
		w.pass(time.Second)
		w.FailSync(id, "lo")
		d.Append("log", []byte("lost."))
		d.Sync("log", node.Tag{})
		w.pass(time.Second)
		d.Append("log", []byte("new."))
		d.Sync("log", node.Tag{})
		w.pass(time.Second)
		if want := []error{nil, nil, ErrIO, nil}; !slices.Equal(*outcomes, want) {
			t.Fatalf("syncs ended with %v", *outcomes)
		}
		if got, _ := d.Read("log"); string(got) != "old.lost.new." {
			t.Errorf("the process reads %q", got)
		}
		if n := w.DiskOf(id).DurableSize("log"); n != 4 {
			t.Errorf("%d bytes are durable as written", n)
		}
		w.Crash(id, mode)
		if got, _ := w.DiskOf(id).Read("log"); string(got) != "old.\x00\x00\x00\x00\x00new." {
			t.Errorf("%v leaves %q", mode, got)
		}
		w.Close()
	}
}

// TestAFailedSyncOfTheDirectory takes a rename back when the process is gone.
func TestAFailedSyncOfTheDirectory(t *testing.T) {
	w, id, d, _ := live(1)
	d.WriteFile("a.tmp", []byte("1"))
	d.Sync("a.tmp", node.Tag{})
	d.SyncDir(node.Tag{})
	w.pass(time.Second)
	cancel := w.FailSync(id, "nothing of that name")
	w.FailSync(id, "")
	d.Rename("a.tmp", "a")
	d.SyncDir(node.Tag{}) // fails at the first, as the directory is of any name
	w.pass(time.Second)
	cancel()
	w.Crash(id, KeepAll)
	if got := w.DiskOf(id).Files(); !slices.Equal(got, []string{"a.tmp"}) {
		t.Errorf("left are %v", got)
	}
	w.Close()
}

// TestWhatASyncFailsToWrite holds any mix of operations and outcomes against a rule:
// of an append-only file, every byte that a good sync covered and no bad one did
// is there after the process died, and what a bad one covered reads as zeros.
func TestWhatASyncFailsToWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, id, d, outcomes := live(rapid.Uint64().Draw(t, "seed"))
		defer w.Close()
		var want []byte // as the disk should have it in the end
		synced := 0
		for range rapid.IntRange(1, 8).Draw(t, "rounds") {
			b := bytes.Repeat([]byte{'x'}, rapid.IntRange(1, 700).Draw(t, "bytes"))
			d.Append("log", b)
			want = append(want, b...)
			bad := rapid.Bool().Draw(t, "bad")
			if bad {
				w.FailSync(id, "log")
			}
			d.Sync("log", node.Tag{})
			w.pass(10 * time.Millisecond)
			if failed := (*outcomes)[len(*outcomes)-1] != nil; failed != bad {
				t.Fatalf("a sync that should fail (%v) failed (%v)", bad, failed)
			}
			if bad {
				clear(want[synced:])
			}
			synced = len(want)
		}
		d.SyncDir(node.Tag{})
		w.pass(10 * time.Millisecond)
		w.Crash(id, rapid.SampledFrom(CrashModes()).Draw(t, "mode"))
		got, _ := w.DiskOf(id).Read("log")
		if want = bytes.TrimRight(want, "\x00"); !bytes.Equal(bytes.TrimRight(got, "\x00"), want) {
			t.Fatalf("%d bytes are left, want %d:\n%q\n%q", len(got), len(want), got, want)
		}
	})
}

// TestAFullDisk takes a part of what is written, cuts nothing, and lets go.
func TestAFullDisk(t *testing.T) {
	w, id, d, _ := live(1)
	d.Append("f", []byte("before"))
	free := w.FillDisk(id)
	long := []byte(strings.Repeat("x", 50))
	err := d.Append("f", long)
	got, _ := d.Read("f")
	if !errors.Is(err, ErrNoSpace) || len(got) >= 56 || !bytes.HasPrefix(append([]byte("before"), long...), got) {
		t.Errorf("%v, the file is %q", err, got)
	}
	if err := d.WriteFile("g", long); !errors.Is(err, ErrNoSpace) || d.Size("g") >= 50 {
		t.Errorf("%v, %d bytes", err, d.Size("g"))
	}
	if err := d.Truncate("f", 1); !errors.Is(err, ErrNoSpace) || d.Size("f") != int64(len(got)) {
		t.Errorf("%v, %d bytes", err, d.Size("f"))
	}
	if d.Rename("g", "h") != nil || d.Remove("h") != nil {
		t.Error("names cannot change")
	}
	free()
	if err := d.Append("f", long); err != nil {
		t.Error(err)
	}
	w.Close()
}

// TestSyncsOfASlowDeviceAreOvertaken lets those of another file pass.
func TestSyncsOfASlowDeviceAreOvertaken(t *testing.T) {
	w, id, d, _ := live(1)
	var order []uint64
	w.procs[id].inc.node.(*script).diskDone = func(_ *script, tag node.Tag, _ error) { order = append(order, tag.Arg) }
	d.Append("log", []byte("1"))
	d.Append("snap", []byte("2"))
	end := w.SlowDisk(id, "log", Latency{Min: time.Second, Mean: time.Second, Max: time.Second})
	d.Sync("log", node.Tag{Arg: 1})
	d.Sync("snap", node.Tag{Arg: 2})
	end()
	d.Sync("log", node.Tag{Arg: 3})
	w.pass(100 * time.Millisecond)
	if want := []uint64{2, 3}; !slices.Equal(order, want) {
		t.Errorf("%v done, want %v", order, want)
	}
	w.pass(time.Second)
	if len(order) != 3 {
		t.Errorf("%v done", order)
	}
	w.Close()
}

// TestRot flips one bit in reach of a file at rest, for the process and not for the
// tools, until it is repaired or written over.
// TestWipe: what an operator put on a disk is durable, and a wipe leaves nothing of that
// or of what the process wrote, to nobody.
func TestWipe(t *testing.T) {
	w, id, d, _ := live(1)
	defer w.Close()
	disk := w.DiskOf(id)
	disk.Put("mark", []byte("new"))
	if got, _ := disk.Durable("mark"); string(got) != "new" {
		t.Errorf("an operator's file holds %q", got)
	}
	d.WriteFile("log", []byte("synced"))
	d.Sync("log", node.Tag{})
	d.SyncDir(node.Tag{})
	w.pass(time.Second)
	d.Append("log", []byte(" and not"))
	w.Wipe(id)
	w.Start(id)
	w.pass(time.Second)
	if got := disk.Files(); len(got) != 0 || !w.Processes()[id].Up {
		t.Errorf("the disk of a process that is up %t holds %v", w.Processes()[id].Up, got)
	}
	if _, ok := disk.Durable("log"); ok {
		t.Error("the old log would survive a crash")
	}
}

func TestRot(t *testing.T) {
	for seed := range uint64(40) {
		w, id, d, _ := live(seed)
		whole := func(_ string, b []byte) int { return len(b) - 1 }
		d.WriteFile("log", []byte{0, 0, 0, 0xff})
		if _, ok := w.Rot(id, "log", whole); ok {
			t.Fatal("a file that was not synced rots at rest")
		}
		d.Sync("log", node.Tag{})
		d.SyncDir(node.Tag{})
		w.pass(time.Second)
		repair, ok := w.Rot(id, "l", whole)
		got, _ := d.Read("log")
		ones := 0
		for _, b := range got[:3] {
			for ; b > 0; b &= b - 1 {
				ones++
			}
		}
		if !ok || ones != 1 || got[3] != 0xff || !w.DiskOf(id).Rotten("log") {
			t.Fatalf("struck %v, the file reads %v", ok, got)
		}
		if kept, _ := w.DiskOf(id).Durable("log"); !bytes.Equal(kept, []byte{0, 0, 0, 0xff}) {
			t.Fatalf("tools see %v", kept)
		}
		if seed%2 == 0 {
			repair()
		} else {
			d.Truncate("log", 0)
			d.Append("log", []byte{0, 0, 0})
		}
		if got, _ := d.Read("log"); bytes.IndexByte(got[:3], 0) != 0 || w.DiskOf(id).Rotten("log") {
			t.Fatalf("still rotten: %v", got)
		}
		w.Close()
	}
}

// TestABootTellsOfASpoiledDisk: whoever holds a process to what it wrote must know whether
// the disk can have lost some of it.
func TestABootTellsOfASpoiledDisk(t *testing.T) {
	for _, c := range []struct {
		name string
		mar  func(w *World, id node.ID, d node.Disk)
		want bool
	}{
		{"the process alone dies", func(w *World, id node.ID, d node.Disk) { d.Append("f", []byte("more")); w.Crash(id, KeepAll) }, false},
		{"power fails, and nothing is lost", func(w *World, id node.ID, d node.Disk) { w.Crash(id, LoseAll) }, false},
		{"power fails", func(w *World, id node.ID, d node.Disk) { d.Append("f", []byte("more")); w.Crash(id, LoseAll) }, true},
		{"a sync fails", func(w *World, id node.ID, d node.Disk) {
			w.FailSync(id, "f")
			d.Append("f", []byte("more"))
			d.Sync("f", node.Tag{})
			w.pass(time.Second)
			w.Crash(id, KeepAll)
		}, true},
		{"a bit flips", func(w *World, id node.ID, d node.Disk) {
			w.Rot(id, "f", func(string, []byte) int { return 1 })
			w.Crash(id, KeepAll)
		}, true},
		{"the disk is replaced", func(w *World, id node.ID, d node.Disk) { w.Wipe(id) }, true},
	} {
		w, id, d, _ := live(1)
		d.Append("f", []byte("some"))
		d.Sync("f", node.Tag{})
		d.SyncDir(node.Tag{})
		w.pass(time.Second)
		var told []bool
		w.OnProcess(func(p ProcessChange) {
			if p.Kind == Booted {
				told = append(told, p.Spoiled)
			}
		})
		c.mar(w, id, d)
		w.Start(id)
		w.pass(time.Second)
		w.Crash(id, KeepAll)
		w.Start(id)
		w.pass(time.Second)
		if want := []bool{c.want, false}; !slices.Equal(told, want) {
			t.Errorf("%s: the boots told %v, want %v", c.name, told, want)
		}
		w.Close()
	}
}
