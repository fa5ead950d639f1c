package controller

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/broker/znodes"
)

// scene is an election, drawn.
type scene struct {
	*candidates
	leaving, dead []int32
}

func drawScene(t *rapid.T) *scene {
	replicas := rapid.Permutation([]int32{1, 2, 3, 4, 5}).Draw(t, "replicas")[:rapid.IntRange(1, 5).Draw(t, "count")]
	some := func(name string) []int32 {
		return slices.DeleteFunc(slices.Clone(replicas), func(int32) bool { return rapid.Bool().Draw(t, name) })
	}
	s := &scene{leaving: some("stays"), dead: some("lives")}
	s.candidates = &candidates{
		replicas: replicas, isr: some("out of sync"), unclean: rapid.Bool().Draw(t, "unclean"),
		present: func(id int32) bool { return !slices.Contains(s.dead, id) },
	}
	s.lives = func(id int32) bool { return s.present(id) && !slices.Contains(s.leaving, id) }
	return s
}

// TestElections holds each way to elect against what it promises, replica by replica.
func TestElections(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		clean := func(id int32) bool { return s.lives(id) && slices.Contains(s.isr, id) }
		// firstOf is the dumb twin of them all.
		firstOf := func(may func(int32) bool) int32 {
			for _, id := range s.replicas {
				if may(id) {
					return id
				}
			}
			return Nobody
		}
		check := func(name string, elect func(*candidates) (choice, bool), want int32) choice {
			got, found := elect(s.candidates)
			if !found {
				got.leader = Nobody
			}
			if got.leader != want {
				t.Fatalf("%s elects %d, want %d", name, got.leader, want)
			}
			if found && !slices.Contains(got.isr, got.leader) {
				t.Fatalf("%s elects %d, who is not among the in-sync replicas %v", name, got.leader, got.isr)
			}
			if found && !got.unclean && !slices.Contains(s.isr, got.leader) {
				t.Fatalf("%s elects %d, who is not in sync, and does not say so", name, got.leader)
			}
			return got
		}
		want := firstOf(clean)
		unclean := want == Nobody && s.unclean
		if unclean {
			want = firstOf(s.lives)
		}
		got := check("offline", offline, want)
		if want != Nobody && got.unclean != unclean || slices.ContainsFunc(got.isr, func(id int32) bool { return !s.lives(id) }) {
			t.Fatalf("offline leaves %v in sync, unclean %v", got.isr, got.unclean)
		}
		check("reassigned", reassigned, firstOf(clean))
		head := s.replicas[0]
		check("preferred", preferred, firstOf(func(id int32) bool { return id == head && clean(id) }))
		got = check("shutdown", shutdown, firstOf(clean))
		for _, id := range s.isr {
			gone := s.present(id) && slices.Contains(s.leaving, id)
			if got.leader != Nobody && slices.Contains(got.isr, id) == gone {
				t.Fatalf("shutdown leaves %v of %v in sync, while %v leave", got.isr, s.isr, s.leaving)
			}
		}
	})
}

// TestReassignTo: whatever is asked in turn, the original replicas are remembered, and the
// target comes first in its order.
func TestReassignTo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) []int32 {
			return rapid.Permutation([]int32{1, 2, 3, 4, 5, 6}).Draw(t, name)[:rapid.IntRange(1, 6).Draw(t, "count")]
		}
		before := draw("before")
		a := znodes.Assignment{Replicas: before}
		for range rapid.IntRange(1, 3).Draw(t, "times") {
			target := draw("target")
			a = reassignTo(a, target)
			if !slices.Equal(a.Replicas[:len(target)], target) || !slices.Equal(a.Target(), target) {
				t.Fatalf("%+v does not lead to %v", a, target)
			}
			if !slices.Equal(sortedBrokers(a.Original()), sortedBrokers(before)) {
				t.Fatalf("%+v has forgotten %v", a, before)
			}
			for _, id := range a.Replicas {
				old, new := slices.Contains(before, id), slices.Contains(target, id)
				if slices.Contains(a.Adding, id) != (new && !old) || slices.Contains(a.Removing, id) != (old && !new) {
					t.Fatalf("%+v on the way from %v to %v", a, before, target)
				}
			}
		}
	})
}

// TestAssign: every partition has as many different replicas as asked, leaderships are
// spread evenly, and racks differ as far as there are enough.
func TestAssign(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var places []place
		racks := rapid.IntRange(0, 3).Draw(t, "racks")
		for i := range rapid.IntRange(1, 7).Draw(t, "brokers") {
			p := place{broker: int32(i + 1)}
			if racks > 0 {
				p.rack = string(rune('a' + rapid.IntRange(0, racks-1).Draw(t, "rack")))
			}
			places = append(places, p)
		}
		rackOf, distinct := map[int32]string{}, map[string]bool{}
		for _, p := range places {
			rackOf[p.broker] = p.rack
			distinct[p.rack] = true
		}
		n := len(places)
		rounds := rapid.IntRange(1, 3).Draw(t, "rounds")
		replication := rapid.IntRange(1, n).Draw(t, "replication")
		first := rapid.IntRange(0, 9).Draw(t, "first")
		leads := map[int32]int{}
		for i, list := range assign(places, first, n*rounds, replication, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))) {
			leads[list[0]]++
			used := map[string]bool{}
			for _, id := range list {
				used[rackOf[id]] = true
			}
			if len(list) != replication || len(slices.Compact(sortedBrokers(list))) != replication {
				t.Fatalf("partition %d is on %v, want %d brokers", first+i, list, replication)
			}
			if racks > 0 && len(used) != min(replication, len(distinct)) {
				t.Fatalf("partition %d is on %v, in %d racks of %d", first+i, list, len(used), len(distinct))
			}
		}
		for _, p := range places {
			if leads[p.broker] != rounds {
				t.Fatalf("broker %d leads %d partitions, want %d", p.broker, leads[p.broker], rounds)
			}
		}
	})
}

// TestTransitions lists what the two machines allow.
func TestTransitions(t *testing.T) {
	for from, to := range map[phase][]phase{
		nonExistentPartition: {newPartition},
		newPartition:         {onlinePartition, offlinePartition},
		onlinePartition:      {onlinePartition, offlinePartition},
		offlinePartition:     {nonExistentPartition, onlinePartition, offlinePartition},
	} {
		for p := nonExistentPartition; p <= offlinePartition; p++ {
			if from.may(p) != slices.Contains(to, p) {
				t.Errorf("partition: %d may go to %d: %v", from, p, from.may(p))
			}
		}
	}
	for from, to := range map[replicaPhase][]replicaPhase{
		nonExistentReplica: {newReplica},
		newReplica:         {onlineReplica, offlineReplica},
		onlineReplica:      {onlineReplica, offlineReplica},
		offlineReplica:     {onlineReplica, offlineReplica, deletionStarted, deletionIneligible},
		deletionStarted:    {deletionIneligible, deletionSuccessful},
		deletionIneligible: {onlineReplica, offlineReplica},
		deletionSuccessful: {nonExistentReplica},
	} {
		for p := nonExistentReplica; p <= deletionSuccessful; p++ {
			if from.may(p) != slices.Contains(to, p) {
				t.Errorf("replica: %d may go to %d: %v", from, p, from.may(p))
			}
		}
	}
}
