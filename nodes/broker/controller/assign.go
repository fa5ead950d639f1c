package controller

import (
	"math/rand/v2"
	"slices"
)

// place is a broker that can take replicas.
type place struct {
	broker int32
	rack   string
}

// assign spreads the replicas of new partitions, counted from first, over brokers: first
// replicas go round from a random start, so that leaderships are spread, and the others
// follow at a distance that grows with each round, so that the followers of one broker's
// partitions are not all on the next. If all places have racks, the replicas of a
// partition lie in different ones as far as there are enough (KIP-36).
func assign(places []place, first, partitions, replication int, rand *rand.Rand) [][]int32 {
	aware := !slices.ContainsFunc(places, func(p place) bool { return p.rack == "" })
	if aware {
		places = alternate(places)
	}
	n := len(places)
	start, shift := rand.IntN(n), rand.IntN(n)
	var out [][]int32
	for i := first; i < first+partitions; i++ {
		if i > 0 && i%n == 0 {
			shift++
		}
		head := (i + start) % n
		chosen := []place{places[head]}
		for j := 0; len(chosen) < replication; j++ {
			if p := places[follower(head, shift, j, n)]; !aware || fits(p, chosen, places) {
				chosen = append(chosen, p)
			}
		}
		list := make([]int32, len(chosen))
		for k, p := range chosen {
			list[k] = p.broker
		}
		out = append(out, list)
	}
	return out
}

// follower is the index of the j-th candidate after the head, never the head itself.
func follower(head, shift, j, n int) int { return (head + 1 + (shift+j)%(n-1)) % n }

// fits reports whether a place is neither chosen nor in a rack that is, as long as some
// rack is not.
func fits(p place, chosen, all []place) bool {
	used := func(q place) bool {
		return slices.ContainsFunc(chosen, func(c place) bool { return c.rack == q.rack })
	}
	freeRack := slices.ContainsFunc(all, func(q place) bool { return !used(q) })
	return !slices.Contains(chosen, p) && !(freeRack && used(p))
}

// alternate orders places so that neighbours are in different racks where that can be:
// the first of each rack, then the second of each, and so on.
func alternate(places []place) (out []place) {
	byRack := map[string][]place{}
	var racks []string
	for _, p := range places {
		if byRack[p.rack] == nil {
			racks = append(racks, p.rack)
		}
		byRack[p.rack] = append(byRack[p.rack], p)
	}
	slices.Sort(racks)
	for i := 0; len(out) < len(places); i++ {
		for _, rack := range racks {
			if i < len(byRack[rack]) {
				out = append(out, byRack[rack][i])
			}
		}
	}
	return out
}
