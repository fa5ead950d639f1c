package sim

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
	"pgregory.net/rapid"
)

// onDisk runs fn once in a world of one process, and returns world and process.
func onDisk(seed uint64, fn func(node.Disk)) (*World, node.ID) {
	w := NewWorld(quick(seed))
	_, id := add(w, "a", script{boot: func(s *script) {
		if w.procs[s.env.Self()].incarnations == 1 {
			fn(s.env.Disk())
		}
	}})
	return w, id
}

// TestDiskCache holds the page cache against a map of strings.
func TestDiskCache(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"a", "b", "c"})
		w, _ := onDisk(1, func(d node.Disk) {
			dumb := map[string]string{}
			t.Repeat(map[string]func(*rapid.T){
				"append": func(t *rapid.T) {
					n, s := name.Draw(t, "name"), rapid.StringN(0, 9, -1).Draw(t, "bytes")
					d.Append(n, []byte(s))
					dumb[n] += s
				},
				"write": func(t *rapid.T) {
					n, s := name.Draw(t, "name"), rapid.StringN(0, 9, -1).Draw(t, "bytes")
					d.WriteFile(n, []byte(s))
					dumb[n] = s
				},
				"truncate": func(t *rapid.T) {
					n, size := name.Draw(t, "name"), rapid.IntRange(0, 20).Draw(t, "size")
					err := d.Truncate(n, int64(size))
					old, ok := dumb[n]
					if ok == errors.Is(err, fs.ErrNotExist) {
						t.Fatalf("truncate %s: %v", n, err)
					}
					if ok {
						dumb[n] = old[:min(size, len(old))]
					}
				},
				"rename": func(t *rapid.T) {
					from, to := name.Draw(t, "from"), name.Draw(t, "to")
					old, ok := dumb[from]
					if err := d.Rename(from, to); ok == errors.Is(err, fs.ErrNotExist) {
						t.Fatalf("rename %s: %v", from, err)
					}
					if ok {
						delete(dumb, from)
						dumb[to] = old
					}
				},
				"remove": func(t *rapid.T) {
					n := name.Draw(t, "name")
					d.Remove(n)
					delete(dumb, n)
				},
				"": func(t *rapid.T) {
					if len(d.List()) != len(dumb) {
						t.Fatalf("files %v, want %v", d.List(), dumb)
					}
					for _, n := range d.List() {
						if b, ok := d.Read(n); !ok || string(b) != dumb[n] || d.Size(n) != int64(len(b)) {
							t.Fatalf("%s is %q, want %q", n, b, dumb[n])
						}
						off, size := rapid.IntRange(-1, 25).Draw(t, "offset"), rapid.IntRange(-1, 25).Draw(t, "length")
						from := min(max(off, 0), len(dumb[n]))
						upto := min(max(off+size, from), len(dumb[n]))
						if want := dumb[n][from:upto]; off < 0 {
							want = ""
						} else if got := d.ReadAt(n, int64(off), size); string(got) != want {
							t.Fatalf("%s from %d on, %d bytes, is %q, want %q", n, off, size, got, want)
						}
					}
				},
			})
		})
		defer w.Close()
		if !w.Run(0) {
			t.Fatalf("%s", w.Failure().Reason)
		}
	})
}

// TestCrashKeepsWhatWasSynced appends records, syncs some prefix, and crashes: the
// synced prefix survives, and what lies behind it was written there.
func TestCrashKeepsWhatWasSynced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mode := rapid.SampledFrom(CrashModes()).Draw(t, "mode")
		record := func(i int) []byte { return bytes.Repeat([]byte{byte(i + 1)}, 1+i*97%700) }
		synced := rapid.IntRange(0, 8).Draw(t, "synced")
		more := rapid.IntRange(0, 8).Draw(t, "more")
		var want []byte
		w, id := onDisk(rapid.Uint64().Draw(t, "seed"), func(d node.Disk) {
			for i := range synced {
				d.Append("log", record(i))
			}
			d.Append("log", nil)
			d.Sync("log", node.Tag{})
			d.SyncDir(node.Tag{})
		})
		defer w.Close()
		w.Run(time.Second)
		want, _ = w.DiskOf(id).Read("log")
		if durable, ok := w.DiskOf(id).Durable("log"); !ok || !bytes.Equal(durable, want) {
			t.Fatalf("after the sync %d bytes are durable (%v), want %d", len(durable), ok, len(want))
		}
		d := w.procs[id].inc.Disk()
		for i := range more {
			d.Append("log", record(synced+i))
		}
		full, _ := d.Read("log")
		w.Crash(id, mode)
		got, ok := w.DiskOf(id).Read("log")
		if !ok || !bytes.HasPrefix(got, want) {
			t.Fatalf("%v lost synced bytes: %d of %d left (%v)", mode, len(got), len(want), ok)
		}
		checkRemains(t, mode, got, want, full)
		durable, _ := w.DiskOf(id).Durable("log")
		if mode != KeepAll && !bytes.Equal(durable, got) {
			t.Fatalf("%v left %d bytes of which %d are durable", mode, len(got), len(durable))
		}
	})
}

// checkRemains checks what a mode may leave of an append-only file.
func checkRemains(t *rapid.T, mode CrashMode, got, synced, full []byte) {
	if len(got) > len(full) {
		t.Fatalf("%v made the file longer", mode)
	}
	switch mode {
	case KeepAll:
		if !bytes.Equal(got, full) {
			t.Fatalf("%v left %d of %d bytes", mode, len(got), len(full))
		}
	case LoseAll:
		if !bytes.Equal(got, synced) {
			t.Fatalf("%v left %d bytes, %d were synced", mode, len(got), len(synced))
		}
	case Torn:
		if !bytes.HasPrefix(full, got) {
			t.Fatalf("%v left something else than a prefix", mode)
		}
	case Arbitrary:
		for i := range got {
			if got[i] != full[i] && got[i] != 0 {
				t.Fatalf("%v left byte %d as %d, which is neither %d nor lost", mode, i, got[i], full[i])
			}
		}
	}
}

// TestCrashReachesEveryOutcome: over some seeds each mode shows the outcomes that
// its description promises.
func TestCrashReachesEveryOutcome(t *testing.T) {
	old, fresh := bytes.Repeat([]byte{'o'}, 1500), bytes.Repeat([]byte{'n'}, 1600)
	outcomes := func(mode CrashMode) map[string]bool {
		seen := map[string]bool{}
		for seed := range uint64(300) {
			w, id := onDisk(seed, func(d node.Disk) {
				d.WriteFile("f", old)
				d.Sync("f", node.Tag{})
				d.SyncDir(node.Tag{})
			})
			w.Run(time.Second)
			w.procs[id].inc.Disk().WriteFile("f", fresh)
			w.Crash(id, mode)
			got, _ := w.DiskOf(id).Read("f")
			seen[describe(got, old, fresh)] = true
			w.Close()
		}
		return seen
	}
	tests := []struct {
		mode CrashMode
		want []string
	}{
		{KeepAll, []string{"new"}},
		{LoseAll, []string{"old"}},
		{Torn, []string{"new", "old", "part of new"}},
		{Arbitrary, []string{"new", "old", "part of new", "new with zeros", "new with old"}},
	}
	for _, tt := range tests {
		got := outcomes(tt.mode)
		for _, want := range tt.want {
			if !got[want] {
				t.Errorf("%v never left %q: %v", tt.mode, want, got)
			}
		}
		if tt.mode != Arbitrary && len(got) != len(tt.want) {
			t.Errorf("%v left %v, want only %q", tt.mode, got, tt.want)
		}
	}
}

func describe(got, old, fresh []byte) string {
	switch {
	case bytes.Equal(got, old):
		return "old"
	case bytes.Equal(got, fresh):
		return "new"
	case bytes.HasPrefix(fresh, got):
		return "part of new"
	case bytes.IndexByte(got, 0) >= 0:
		return "new with zeros"
	case bytes.IndexByte(got, 'o') >= 0:
		return "new with old"
	}
	return fmt.Sprintf("%q", got)
}

// TestAtomicReplacement: write to a temporary name, sync, rename, SyncDir leaves
// the old or the new content whole at every moment of a crash.
func TestAtomicReplacement(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := NewWorld(quick(rapid.Uint64().Draw(t, "seed")))
		defer w.Close()
		done := 0
		_, id := add(w, "a", script{boot: func(s *script) {
			s.env.Go("replace", func(task *node.Task) {
				d := s.env.Disk()
				for i := range 5 {
					d.WriteFile("tmp", bytes.Repeat([]byte{byte('a' + i)}, 1500))
					task.Sync("tmp")
					d.Rename("tmp", "file")
					task.SyncDir()
					done = i + 1
				}
			})
		}})
		w.CrashAfter(id, rapid.IntRange(1, 30).Draw(t, "effects"), rapid.SampledFrom(CrashModes()).Draw(t, "mode"))
		w.At(time.Duration(rapid.IntRange(0, 12_000_000).Draw(t, "at")), "crash", func() { w.Crash(id, Arbitrary) })
		w.Run(time.Second)
		got, ok := w.DiskOf(id).Read("file")
		if !ok && done == 0 {
			return
		}
		if len(got) != 1500 || bytes.Count(got, got[:1]) != 1500 || int(got[0]-'a')+1 < done {
			t.Fatalf("after %d replacements the file has %d bytes (%v)", done, len(got), ok)
		}
	})
}

// TestDirectoryOutcomes crashes a sequence of creations and renames: Torn leaves
// the names as they were after some prefix, and no mode shows a file twice.
func TestDirectoryOutcomes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"a", "b", "c"})
		mode := rapid.SampledFrom([]CrashMode{LoseAll, Torn, Arbitrary}).Draw(t, "mode")
		d := newDisk(NewStream(rapid.Uint64().Draw(t, "seed"), ""), DiskConfig{})
		prefixes := []string{names(d)}
		for op := range rapid.IntRange(0, 12).Draw(t, "operations") {
			from, to := name.Draw(t, "from"), name.Draw(t, "to")
			f, ok := d.dir.cache[from]
			switch {
			case !ok:
				f = d.dir.open(from)
				f.append([]byte{byte(op)})
				f.settle(f.now())
			case from == to:
				d.dir.note(link{kind: removed, from: from})
			default:
				d.dir.note(link{kind: renamed, from: from, to: to, file: f})
			}
			prefixes = append(prefixes, names(d))
			if rapid.IntRange(0, 3).Draw(t, "sync") == 0 {
				d.dir.settle(d.dir.now())
				prefixes = prefixes[len(prefixes)-1:]
			}
		}
		d.crash(mode)
		got := names(d)
		if mode == LoseAll && got != prefixes[0] || mode == Torn && !slices.Contains(prefixes, got) {
			t.Fatalf("%v left %s; the states were %v", mode, got, prefixes)
		}
		seen := map[*file]bool{}
		for _, n := range d.Files() {
			if f := d.dir.cache[n]; seen[f] {
				t.Fatalf("a file shows under two names: %s", got)
			} else {
				seen[f] = true
			}
		}
	})
}

// TestLostRenameInAChain: a file renamed twice shows under exactly one of its three
// names, whichever of the renames are lost.
func TestLostRenameInAChain(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(200) {
		d := newDisk(NewStream(seed, ""), DiskConfig{})
		f := d.dir.open("a")
		d.dir.settle(d.dir.now())
		d.dir.note(link{kind: renamed, from: "a", to: "b", file: f})
		d.dir.note(link{kind: renamed, from: "b", to: "c", file: f})
		d.crash(Arbitrary)
		seen[fmt.Sprint(d.Files())]++
	}
	if len(seen) != 3 || seen["[a]"] == 0 || seen["[b]"] == 0 || seen["[c]"] == 0 {
		t.Errorf("the file shows as %v", seen)
	}
}

// names shows a directory: each name with its content.
func names(d *Disk) (s string) {
	for _, n := range d.Files() {
		b, _ := d.Read(n)
		s += fmt.Sprintf("%s=%x ", n, b)
	}
	return s
}

// TestSyncCoversItsCall: what is written after Sync was called is not covered.
func TestSyncCoversItsCall(t *testing.T) {
	w, id := onDisk(1, func(d node.Disk) {
		d.Append("f", []byte("before"))
		d.SyncDir(node.Tag{})
		d.Sync("f", node.Tag{})
		d.Append("f", []byte(" after"))
	})
	defer w.Close()
	if _, ok := w.DiskOf(id).Durable("f"); ok {
		t.Error("durable before the sync completed")
	}
	w.Run(time.Second)
	if got, _ := w.DiskOf(id).Durable("f"); string(got) != "before" {
		t.Errorf("durable is %q, want %q", got, "before")
	}
}

// TestViewsAreImmutable: appending after a truncation does not change what the
// disk remembers of before.
func TestViewsAreImmutable(t *testing.T) {
	var f file
	f.append([]byte("abcdef"))
	f.settle(f.now())
	f.truncate(2)
	f.append([]byte("XYZ"))
	if string(f.durable) != "abcdef" || string(f.cache) != "abXYZ" {
		t.Errorf("durable %q, cache %q", f.durable, f.cache)
	}
}

// TestViewsOutsideStay: what a view showed it goes on showing, whatever its holder
// appends to it and whatever happens to the file.
func TestViewsOutsideStay(t *testing.T) {
	var view, durable []byte
	w, id := onDisk(1, func(d node.Disk) {
		d.Append("f", []byte("abc"))
	})
	defer w.Close()
	w.Run(0)
	disk := w.DiskOf(id)
	f := disk.dir.cache["f"]
	f.settle(f.now())
	disk.dir.settle(disk.dir.now())
	view, _ = disk.View("f")
	durable, _ = disk.DurableView("f")
	_ = append(view, "mine"...)
	f.append([]byte("def"))
	f.truncate(1)
	f.append([]byte("XYZ"))
	f.settle(f.now())
	if string(view) != "abc" || string(durable) != "abc" {
		t.Errorf("the views show %q and %q", view, durable)
	}
	if now, _ := disk.View("f"); string(now) != "aXYZ" {
		t.Errorf("the file is %q", now)
	}
	if _, ok := disk.View("g"); ok {
		t.Error("a file that is not there can be viewed")
	}
}

// TestFramesShareNoBytes: messages of all lengths, encoded one after the other, stay
// what they were.
func TestFramesShareNoBytes(t *testing.T) {
	var s slab
	var kept, want [][]byte
	for n := range 2000 {
		b := bytes.Repeat([]byte{byte(n)}, n%(slabBytes/8+9))
		kept, want = append(kept, s.keep(b)), append(want, bytes.Clone(b))
		_ = append(kept[n], 0xff) // nobody else's
		clear(b)
	}
	for n := range kept {
		if !bytes.Equal(kept[n], want[n]) {
			t.Fatalf("frame %d is %x, want %x", n, kept[n], want[n])
		}
	}
}

func TestSyncOfMissingFile(t *testing.T) {
	w := NewWorld(quick(1))
	defer w.Close()
	var got error
	add(w, "a", script{
		boot:     func(s *script) { s.env.Disk().Sync("nothing", node.Tag{}) },
		diskDone: func(_ *script, _ node.Tag, err error) { got = err },
	})
	w.Run(time.Second)
	if !errors.Is(got, fs.ErrNotExist) {
		t.Errorf("got %v, want %v", got, fs.ErrNotExist)
	}
}
