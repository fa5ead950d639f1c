package log

import (
	"maps"
	"strings"
	"testing"

	"github.com/stampede-sim/stampede/nodes/internal/crashdisk"
	"github.com/stampede-sim/stampede/nodes/node"
)

// TestTexts are the files as Kafka writes them, and what is refused.
func TestTexts(t *testing.T) {
	o := Offsets{Dir("b", 10): 7, Dir("b", 9): 1 << 40, Dir("a-1", 0): 0}
	text := string(o.Encode())
	if text != "0\n3\na-1 0 0\nb 9 1099511627776\nb 10 7\n" {
		t.Errorf("%q", text)
	}
	if got, ok := ParseOffsets(text); !ok || !maps.Equal(got, o) {
		t.Errorf("%v, %v", got, ok)
	}
	for _, bad := range []string{"", "0\n2\na 0 1\n", "0\n1\na 0\n", "0\n1\na 0 1 2\n", "0\n1\na x 1\n", "0\n1\na 0 x\n", "0\n1\na -1 1\n", "1\n0\n"} {
		if got, ok := ParseOffsets(bad); ok {
			t.Errorf("%q was read as %v", bad, got)
		}
	}
	m := Meta{ClusterID: "R1b2", BrokerID: 3}
	if got, ok := ParseMeta("#\n#a date\n" + string(m.Encode())); !ok || got != m {
		t.Errorf("%v, %v", got, ok)
	}
	for _, bad := range []string{"", "version=0\nbroker.id=1\n", "version=1\nbroker.id=1\ncluster.id=a\n", "version=0\nbroker.id=x\ncluster.id=a\n"} {
		if got, ok := ParseMeta(bad); ok {
			t.Errorf("%q was read as %v", bad, got)
		}
	}
	if got, ok := ParseTopicID(string(EncodeTopicID("AbC_-9"))); !ok || got != "AbC_-9" {
		t.Errorf("%q, %v", got, ok)
	}
	if got, ok := ParseTopicID("version: 1\ntopic_id: a"); ok {
		t.Errorf("%q", got)
	}
	if topic, p, ok := ParseDir(Dir("a-b.c", 12)); !ok || topic != "a-b.c" || p != 12 {
		t.Errorf("%q, %d, %v", topic, p, ok)
	}
	for _, bad := range []string{"", "a", "a-1", "-1/", "a-x/", "a-/"} {
		if _, _, ok := ParseDir(bad); ok {
			t.Errorf("%q is the directory of a partition", bad)
		}
	}
}

// TestSaveIsAtomic finds the old content or the new one in every state that a crash
// could leave.
func TestSaveIsAtomic(t *testing.T) {
	d := crashdisk.New()
	d.Run(func(task *node.Task) {
		if err := Save(task, d, LogStarts, Offsets{"t-0/": 1}.Encode()); err != nil {
			t.Error(err)
		}
	})
	seen := map[int64]bool{}
	d.Effect = func() {
		for state := range d.Crashes() {
			o, ok := LoadOffsets(state, LogStarts)
			if !ok || len(o) != 1 {
				t.Fatalf("%v, %v", o, ok)
			}
			seen[o["t-0/"]] = true
		}
	}
	d.Run(func(task *node.Task) { Save(task, d, LogStarts, Offsets{"t-0/": 2}.Encode()) })
	if !seen[1] || !seen[2] || len(seen) != 2 {
		t.Errorf("found %v", seen)
	}
	d.Effect = nil
	d.Fail = errBroken
	d.Run(func(task *node.Task) {
		if Save(task, d, LogStarts, nil) == nil {
			t.Error("a broken disk saved something")
		}
	})
}

// TestCleanMarkerIsTakenOnce: a crash after the marker was taken is no clean stop
// (KAFKA-10471).
func TestCleanMarkerIsTakenOnce(t *testing.T) {
	d := crashdisk.New()
	take := func(d *crashdisk.Disk) (epoch int64, clean bool) {
		d.Run(func(task *node.Task) {
			var err error
			if epoch, clean, err = TakeCleanMarker(task, d); err != nil {
				t.Error(err)
			}
		})
		return epoch, clean
	}
	if epoch, clean := take(d); clean || epoch != -1 {
		t.Errorf("a fresh disk: %v, %d", clean, epoch)
	}
	d.Run(func(task *node.Task) { MarkClean(task, d, 77) })
	if epoch, clean := take(d); !clean || epoch != 77 {
		t.Errorf("after a clean stop: %v, %d", clean, epoch)
	}
	for state := range d.Crashes() {
		if _, clean := take(state); clean {
			t.Error("the marker came back")
		}
	}
	d.WriteFile(CleanShutdown, nil)
	if epoch, clean := take(d); !clean || epoch != -1 {
		t.Errorf("of an older broker: %v, %d", clean, epoch)
	}
}

// written is a disk with logs that have three segments, and whose topic is noted.
func written(t *testing.T, dirs ...string) *crashdisk.Disk {
	t.Helper()
	d := crashdisk.New()
	for _, dir := range dirs {
		for base := range int64(3) {
			d.WriteFile(fileName(dir, base, logFile), []byte("records"))
			d.WriteFile(fileName(dir, base, indexFile), []byte("index"))
		}
		d.Run(func(task *node.Task) {
			if err := SaveTopicID(task, d, dir, "first", 1); err != nil {
				t.Error(err)
			}
			for _, name := range files(d, dir) {
				task.Sync(name)
			}
		})
	}
	return d
}

// TestDelete removes the files of one partition and no other. After a crash at any time the log
// is whole, or doomed, and can then be deleted as before; or there is nothing.
func TestDelete(t *testing.T) {
	d := written(t, "a-0/", "a-1/", "a-10/")
	d.WriteFile(RecoveryPoints, nil)
	remove := func(d *crashdisk.Disk) {
		d.Run(func(task *node.Task) {
			if err := Delete(task, d, "a-1/"); err != nil {
				t.Error(err)
			}
		})
	}
	whole, found := len(files(d, "a-1/")), map[string]int{}
	d.Effect = func() {
		for state := range d.Crashes() {
			switch left := len(files(state, "a-1/")); {
			case left == 0:
				found["nothing"]++
			case Doomed(state, "a-1/"):
				found["doomed"]++
				if remove(state); len(files(state, "a-1/")) > 0 {
					t.Fatalf("a second deletion left %v", state.List())
				}
			case left == whole:
				found["whole"]++
			default:
				t.Fatalf("a crash leaves %v", state.List())
			}
		}
	}
	remove(d)
	if len(found) != 3 {
		t.Errorf("crashes left %v", found)
	}
	if got := Partitions(d); len(got) != 2 || got[0] != "a-0/" || got[1] != "a-10/" {
		t.Errorf("%v", got)
	}
	d = written(t, "a-1/")
	d.Fail = errBroken
	d.Run(func(task *node.Task) {
		if Delete(task, d, "a-1/") == nil {
			t.Error("a broken disk deleted something")
		}
	})
}

// TestALogIsBegunOnce begins the log of another topic where one was deleted: a crash leaves that
// of the one or of the other, or nothing that counts.
func TestALogIsBegunOnce(t *testing.T) {
	d, found := written(t, "a-0/"), map[string]int{}
	d.Effect = func() {
		for state := range d.Crashes() {
			id, _ := state.Read("a-0/" + PartitionMetadata)
			records, _ := state.Read(fileName("a-0/", 0, logFile))
			of, _ := ParseTopicID(string(id))
			switch {
			case len(files(state, "a-0/")) == 0, Doomed(state, "a-0/"):
				found["nothing"]++
			case of == "first" && string(records) == "records", of == "second" && !strings.Contains(string(records), "r"):
				found[of]++
			default:
				t.Fatalf("a crash leaves %q of %q in %v", records, of, state.List())
			}
		}
	}
	d.Run(func(task *node.Task) {
		Delete(task, d, "a-0/")
		if _, _, err := Open(d, "a-0/", tiny(), Options{}); err != nil {
			t.Error(err)
		}
		if err := SaveTopicID(task, d, "a-0/", "second", 2); err != nil {
			t.Error(err)
		}
		d.Append(fileName("a-0/", 0, logFile), []byte("new"))
		task.Sync(fileName("a-0/", 0, logFile))
	})
	if len(found) != 3 {
		t.Errorf("crashes left %v", found)
	}
}
