package store

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// install takes the snapshot of a history from a leader and goes on from there.
func (r *rig) install(history []wire.Zxid, last wire.Zxid) {
	r.t.Helper()
	theirs := treeOf(history...)
	r.legal[last] = theirs.Digest()
	r.run(func(t *node.Task) error { return Install(t, r.disk, r.log, last, theirs.Serialize(), bugs.Set{}) })
	if r.log.LastZxid() != last || r.log.Dirty() {
		r.t.Fatalf("installed %v: the log ends at %v, dirty %v", last, r.log.LastZxid(), r.log.Dirty())
	}
	h, err := Load(r.disk, r.log, bugs.Set{}, 0)
	if err != nil || h.LastZxid != last || h.Tree.Digest() != theirs.Digest() {
		r.t.Fatalf("installed %v: %+v, %v", last, h, err)
	}
	r.tree, r.durable = h.Tree, last
}

// Where the history begins with a snapshot beyond the new one, a crash leaves all
// of the old history or all of the new, and nothing in between.
func TestInstallOverWhatCannotBeCut(t *testing.T) {
	begun := append(span(z(1, 1), z(1, 5)), span(z(2, 1), z(2, 3))...)
	tests := []struct {
		name   string
		more   func(r *rig) // after the snapshot of 2:3
		theirs []wire.Zxid
	}{
		{"the snapshot is the whole history", func(*rig) {}, append(span(z(1, 1), z(1, 5)), z(2, 1))},
		{"another epoch took the place of its end", func(*rig) {}, span(z(1, 1), z(1, 8))},
		{"nothing was ever committed", func(*rig) {}, nil},
		{"a log continues it, in two files", func(r *rig) {
			r.add(z(2, 4), z(2, 5))
			r.run(r.log.Settle)
			r.log.Roll()
			r.add(z(2, 6))
			r.run(r.log.Settle)
		}, append(span(z(1, 1), z(1, 5)), z(2, 1))},
		{"a fuzzy snapshot and a log continue it", func(r *rig) {
			r.add(z(2, 4))
			r.fuzzy(z(2, 5), z(2, 6), z(2, 7))
			r.run(r.log.Settle)
		}, append(span(z(1, 1), z(1, 5)), z(2, 1), z(2, 2))},
		{"a log of the next epoch continues it", func(r *rig) {
			r.add(z(3, 1), z(3, 2))
			r.snapshot(100)
		}, append(span(z(1, 1), z(1, 5)), z(2, 1))},
		{"a snapshot of the same zxid is there from before", func(r *rig) {
			r.log.Roll()
			r.add(z(2, 4))
			r.run(r.log.Settle)
		}, span(z(1, 1), z(1, 5))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, span(z(1, 1), z(1, 5))...)
			r.snapshot(100)
			r.install(begun, z(2, 3))
			tt.more(r)
			theirs := treeOf(tt.theirs...)
			last, old := theirs.LastProcessed(), r.log.LastZxid()
			r.durable, r.legal = last, map[wire.Zxid]uint64{old: r.legal[old]}
			r.onEveryCrash()
			r.install(tt.theirs, last)
			if got := snapshots(r.disk); got[0] != last || r.log.LastZxid() != last {
				t.Errorf("left are the snapshots %v and a log up to %v", got, r.log.LastZxid())
			}
			r.add(z(4, 1))
			r.run(r.log.Settle)
			r.durable = z(4, 1)
			if got := r.recover(r.disk.Clone()); got.LastZxid != z(4, 1) || r.states < 100 {
				t.Errorf("recovered to %v, having tried %d crash states", got.LastZxid, r.states)
			}
		})
	}
}

// CanTruncate foretells what Truncate will say, and changes nothing.
func TestCanTruncateForetells(t *testing.T) {
	possible := map[bool]int{}
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t, span(z(1, 1), z(1, 4))...)
		if rapid.Bool().Draw(rt, "snapshot before") {
			r.snapshot(100)
		}
		if rapid.Bool().Draw(rt, "snap") {
			r.install(span(z(1, 1), z(1, 6)), z(1, 6))
		}
		first := r.log.LastZxid()
		r.add(span(first+1, first+wire.Zxid(rapid.IntRange(0, 3).Draw(rt, "log")))...)
		r.run(r.log.Settle)
		if rapid.Bool().Draw(rt, "snapshot after") {
			r.snapshot(100)
		}
		to := z(1, uint32(rapid.IntRange(0, 9).Draw(rt, "to")))
		before := r.disk.List()
		can := CanTruncate(r.disk, r.log, to)
		if got := r.disk.List(); len(got) != len(before) || r.log.Dirty() {
			rt.Fatalf("asking changed the disk from %v to %v", before, got)
		}
		var err error
		r.disk.Run(func(task *node.Task) { err = Truncate(task, r.disk, r.log, to, bugs.Set{}) })
		possible[can]++
		if can != (err == nil) {
			rt.Fatalf("CanTruncate %v to %v says %v, Truncate %v", before, to, can, err)
		}
		if h, err := Load(r.disk, r.log, bugs.Set{}, 0); err != nil || can && h.LastZxid != min(to, first+3, h.LastZxid) {
			rt.Fatalf("after TRUNC %v: %v, %v", to, h.LastZxid, err)
		}
	})
	if possible[true] == 0 || possible[false] == 0 {
		t.Errorf("possible %v", possible)
	}
}

// An older snapshot is readable and the log begins behind the damaged one: what lies
// between is lost, and a start would quietly do without.
func TestDamagedSnapshotWithAnOlderOneAndNoLogBetween(t *testing.T) {
	r := newRig(t, span(z(1, 1), z(1, 5))...)
	r.snapshot(100)
	r.install(span(z(1, 1), z(1, 9)), z(1, 9))
	r.add(z(1, 10))
	r.run(r.log.Settle)
	if got := snapshots(r.disk); len(got) != 2 {
		t.Fatalf("there are the snapshots %v, want two", got)
	}
	if err := r.disk.WriteFile(snapshotName(z(1, 9)), []byte("damaged")); err != nil {
		t.Fatal(err)
	}
	if got, err := Recover(r.disk.Clone(), bugs.Set{}, 3); err == nil {
		t.Errorf("recovered %v", got.LastZxid)
	}
}
