package tree_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// recoverFrom does what a restart does: the snapshot, then the log after it.
func recoverFrom(t interface{ Fatal(...any) }, snapshot []byte, zxid wire.Zxid, log []*wire.Txn) *tree.Tree {
	restored, err := tree.Restore(snapshot)
	if err != nil {
		t.Fatal(err)
	}
	restored.SetLastProcessed(zxid)
	for _, txn := range log {
		if txn.Zxid > zxid {
			restored.Apply(txn)
		}
	}
	return restored
}

// A snapshot drained while transactions are applied, plus the log from where it
// began, is the tree: whatever the transactions, wherever the chunks end.
func TestFuzzySnapshotAndReplayGiveTheTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLeader()
		steps := func(label string, most int) {
			for range rapid.IntRange(0, most).Draw(t, label) {
				l.step(t)
			}
		}
		steps("before", 20)
		s := l.tree.Snapshot()
		if s.Zxid() != l.tree.LastProcessed() {
			t.Fatalf("a snapshot begun at %s is named %s", l.tree.LastProcessed(), s.Zxid())
		}
		var file []byte
		for more := true; more; {
			steps("during", 6)
			var chunk []byte
			chunk, more = s.Next(rapid.IntRange(1, 3).Draw(t, "nodes"))
			file = append(file, chunk...)
		}
		steps("after", 6)
		if got, want := dump(recoverFrom(t, file, s.Zxid(), l.log)), dump(l.tree); got != want {
			t.Fatalf("recovered\n%s\ninstead of\n%s", got, want)
		}
	})
}

// fuzzyScript is a log made of everything that made recovery go wrong once.
func fuzzyScript() (l *leader, before int) {
	l = newLeader()
	l.open(1)
	l.open(2)
	l.open(3)
	l.create(1, "/a", wire.ModePersistent)
	l.create(1, "/a/b", wire.ModePersistent)
	l.create(1, "/e", wire.ModeEphemeral)
	before = len(l.log)
	l.create(2, "/a/s-", wire.ModeEphemeralSequential)
	l.delete(1, "/a/b")
	l.create(1, "/a/b", wire.ModePersistent)
	l.create(2, "/a/b/c", wire.ModeEphemeral) // below a node that replay deletes again
	l.create(2, "/a/b/d", wire.ModePersistent)
	l.close(2) // ephemerals the snapshot may miss
	l.close(1)
	l.create(3, "/e", wire.ModePersistent) // no longer an ephemeral
	return l, before
}

// Every way to apply the script between the nodes of the snapshot.
func TestFuzzySnapshotAtEveryInterleaving(t *testing.T) {
	l, before := fuzzyScript()
	want := dump(l.tree)
	schedules := 0
	var explore func(schedule []int, applied int)
	explore = func(schedule []int, applied int) {
		// schedule[i] transactions are applied before the i-th node is written.
		tr := tree.New()
		for _, txn := range l.log[:before] {
			tr.Apply(txn)
		}
		s, at := tr.Snapshot(), before
		var file []byte
		for i, more := 0, true; more; i++ {
			if i == len(schedule) {
				for n := range len(l.log) - applied + 1 {
					explore(append(schedule[:i:i], n), applied+n)
				}
				return
			}
			for range schedule[i] {
				tr.Apply(l.log[at])
				at++
			}
			var chunk []byte
			chunk, more = s.Next(1)
			file = append(file, chunk...)
		}
		schedules++
		if got := dump(recoverFrom(t, file, s.Zxid(), l.log)); got != want {
			t.Fatalf("schedule %v recovers\n%s\ninstead of\n%s", schedule, got, want)
		}
	}
	explore(nil, before)
	if schedules < 1000 {
		t.Fatalf("only %d schedules", schedules)
	}
}

func TestSerializeAndRestore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLeader()
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			l.step(t)
		}
		file := l.tree.Serialize()
		got := recoverFrom(t, file, l.tree.LastProcessed(), nil)
		if dump(got) != dump(l.tree) {
			t.Fatalf("restored\n%s\ninstead of\n%s", dump(got), dump(l.tree))
		}
		if !bytes.Equal(got.Serialize(), file) {
			t.Fatal("a restored tree serializes differently")
		}
	})
}

func TestCutOrCorruptSnapshotsAreRefused(t *testing.T) {
	l, _ := fuzzyScript()
	file := l.tree.Serialize()
	for n := range file {
		if _, err := tree.Restore(file[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes were accepted", n, len(file))
		}
		flipped := bytes.Clone(file)
		flipped[n] ^= 0x41
		if _, err := tree.Restore(flipped); err == nil {
			t.Fatalf("a flip at %d was accepted", n)
		}
	}
	if _, err := tree.Restore(append(bytes.Clone(file), 0)); err == nil {
		t.Fatal("a byte too many was accepted")
	}
}

func TestNextAfterTheEndReturnsNothing(t *testing.T) {
	s := tree.New().Snapshot()
	first, more := s.Next(math.MaxInt)
	again, moreAgain := s.Next(1)
	if len(first) == 0 || more || again != nil || moreAgain {
		t.Fatalf("got %d bytes, %t, then %d bytes, %t", len(first), more, len(again), moreAgain)
	}
}

func TestSnapshotForgetsSessionsWhenTold(t *testing.T) {
	l := newLeader()
	l.open(1)
	for _, c := range []struct {
		bugs bugs.Set
		want int
	}{{bugs.Set{}, 1}, {bugs.Of(bugs.SessionTableForgotten), 0}} {
		l.tree.SetBugs(c.bugs)
		if got := recoverFrom(t, l.tree.Serialize(), 0, nil).Sessions(); len(got) != c.want {
			t.Errorf("bugs %b: restored sessions %v", c.bugs, got)
		}
	}
}

func TestACLsCreatedDuringASnapshot(t *testing.T) {
	private := []wire.ACL{{Perms: 1, Scheme: "digest", ID: "u:p"}}
	l := newLeader()
	l.open(1)
	s := l.tree.Snapshot() // its ACL table is empty
	l.do(1, wire.OpCreate, &wire.CreateRequest{Path: "/p", ACL: private})
	file, _ := s.Next(math.MaxInt)
	bare := recoverFrom(t, file, s.Zxid(), nil)
	if _, err := bare.Stat("/p"); err != wire.OK {
		t.Fatal("the snapshot was meant to catch /p")
	}
	acl, _ := recoverFrom(t, file, s.Zxid(), l.log).ACL("/p")
	if len(acl) != 1 || acl[0] != private[0] {
		t.Fatalf("replay left ACL %v", acl)
	}
}

func TestRestoreErrorsSayWhy(t *testing.T) {
	_, err := tree.Restore([]byte("short"))
	if err == nil || !strings.Contains(err.Error(), "cut short") {
		t.Errorf("got %v", err)
	}
	file := tree.New().Serialize()
	file[20] ^= 1
	if _, err = tree.Restore(file); err == nil || !strings.Contains(err.Error(), "torn or corrupt") {
		t.Errorf("got %v", err)
	}
}
