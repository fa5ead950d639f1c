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

// TestHoldsNothingOfARippedLog: b3 has copied from a leader whose log was compacted, where
// 1 was left out because of 3. Without 3 nobody can say what it has of 1's key. Once it has
// 3 again, all is there; but not if it is elected without, and goes on in its own way.
func TestHoldsNothingOfARippedLog(t *testing.T) {
	const torn = usual + `
		commit 0..0
		commit 1..1
		commit 2..2
		commit 3..3
		b1 compacts 4
		isr b1,b2
		b3 crashes
		b3 opens 0..1
		b3 follows
		b3 copies 2..2
		b3 copies 3..3
		isr b1,b2,b3
		b3 crashes
		b3 opens 0..3 without 1`
	for _, c := range []struct {
		name, scene string
		holds       bool
	}{
		{"it has lost the end", "b3 follows", false},
		{"it has copied it again", "b3 follows\nb3 copies 3..3", true},
		{"it leads without", "elect b3 epoch 2 isr b3\nb3 leads\nb3 appends 3..3\nb3 marks 4", false},
	} {
		s := newStage(t, false)
		s.play(torn + "\n" + c.scene)
		if f := s.c.Finding(); f != nil {
			t.Fatalf("%s: %v", c.name, f)
		}
		if all, ok := s.c.Holds(scenePartition, 3); ok != c.holds {
			t.Errorf("%s: %v, %v", c.name, all, ok)
		}
	}
}
