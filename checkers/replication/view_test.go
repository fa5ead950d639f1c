package replication

import (
	"slices"
	"testing"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// TestHolds: what a broker holds is told where it is what is committed, whatever became of
// that, and its own tail. Nothing is told of one that has something else: a leader that was
// cut off has what nobody took, and others have committed, and compacted, in its place.
func TestHolds(t *testing.T) {
	s := newStage(t, false)
	s.play(usual + `
		commit 0..3
		elect b3 epoch 2 isr b1,b2,b3
		b3 leads
		b3 appends 4..4
		elect b1 epoch 3 isr b1,b2
		b1 leads
		b2 follows
		commit 4..4
		commit 5..5
		b1 appends 6..6`)
	holds := func(broker int32) []Held {
		all, ok := s.c.Holds(scenePartition, broker)
		if ok != (all != nil) {
			t.Fatalf("%v, %v", all, ok)
		}
		return all
	}
	whole := []Held{{0, 1}, {4, 3}, {5, 3}, {6, 3}}
	for range 2 {
		if got := holds(1); !slices.Equal(got, whole) {
			t.Errorf("b1 holds %v", got)
		}
		if got := holds(2); !slices.Equal(got, whole[:3]) {
			t.Errorf("b2 holds %v", got)
		}
		if got := holds(3); got != nil {
			t.Errorf("b3 holds %v", got)
		}
		s.play("b1 compacts 6")
	}
}

// TestPartitionsOfAnInterruptedCreation: a topic of two partitions has the state of one when
// its controller dies. Who asks the brokers now may find one partition, and believe it for
// long; but not if nothing came between the two.
func TestPartitionsOfAnInterruptedCreation(t *testing.T) {
	for _, interrupted := range []bool{false, true} {
		s := newStage(t, false)
		s.commit(0, &wire.CreateTxn{Path: "/brokers/topics/t", Data: []byte(`{"partitions":{"0":[1,2],"1":[2,3]}}`)})
		state := func(index string) {
			s.commit(0, &wire.CreateTxn{
				Path: "/brokers/topics/t/partitions/" + index + "/state", Data: []byte(`{"leader":2,"leader_epoch":0,"isr":[2],"controller_epoch":0}`),
			})
		}
		at := func(want int) {
			t.Helper()
			if now, least := s.c.Partitions("t"); now != 2 || least != want {
				t.Errorf("interrupted is %v: %d partitions now, %d at least, and %d are known to all who know any", interrupted, now, least, want)
			}
		}
		at(0)
		state("0")
		at(1)
		if interrupted {
			s.commit(0, &wire.SetDataTxn{Path: "/controller_epoch", Data: []byte("1")})
		}
		state("1")
		if interrupted {
			at(1)
		} else {
			at(2)
		}
	}
}

// A log that was compacted because of records that it lost since lacks what those had
// replaced. Of one that was not compacted so far, nothing but its tail is gone.
func TestHoldsNothingOfARippedLog(t *testing.T) {
	for _, c := range []struct {
		to     int64
		ripped bool
	}{{5, false}, {4, false}, {3, true}} {
		m := mirror{end: 6, cleaned: 4}
		m.cut(c.to)
		r := replica{log: mirror{end: 6, cleaned: 4}}
		r.reopens(0, c.to, nil)
		if m.ripped != c.ripped || r.log.ripped != c.ripped {
			t.Errorf("compacted to 4 and cut to %d: %v, found so: %v", c.to, m.ripped, r.log.ripped)
		}
		m.cut(0)
		r.reopens(0, 0, nil)
		if !m.ripped || !r.log.ripped {
			t.Errorf("it is whole again once more is gone")
		}
	}
	s := newStage(t, false)
	s.play(usual + "\ncommit 0..3")
	r := s.c.partition(scenePartition).replicas[1]
	if _, ok := s.c.Holds(scenePartition, 1); !ok {
		t.Fatal("nothing is told of b1")
	}
	r.log.ripped = true
	if all, ok := s.c.Holds(scenePartition, 1); ok {
		t.Errorf("b1 holds %v", all)
	}
}
