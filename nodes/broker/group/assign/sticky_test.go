package assign

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/bugs"
)

// claims says who may be left a partition: the one who claims it in the latest generation,
// if nobody else does in the same.
func claims(members []Member, p Partition) string {
	best, who := int32(-2), ""
	for _, m := range members {
		switch {
		case !slices.Contains(m.Owned, p) || m.Generation < best:
		case m.Generation == best:
			who = ""
		default:
			best, who = m.Generation, m.ID
		}
	}
	return who
}

// twin is the dumb twin of the sticky assignor for members who read the same: of all ways
// to share out, it looks at those that are even, and returns how many partitions stay with
// whom they were left to in the best.
func twin(members []Member, parts []Partition) (stay int) {
	var holders []string
	for _, p := range parts {
		holders = append(holders, claims(members, p))
	}
	counts := make([]int, len(members))
	var try func(i, kept int)
	try = func(i, kept int) {
		if i == len(parts) {
			if slices.Max(counts)-slices.Min(counts) <= 1 {
				stay = max(stay, kept)
			}
			return
		}
		for k, m := range members {
			counts[k]++
			if m.ID == holders[i] {
				try(i+1, kept+1)
			} else {
				try(i+1, kept)
			}
			counts[k]--
		}
	}
	try(0, 0)
	return stay
}

// TestStickyKeepsMost: among those who read the same the shares are even, and no even ones
// leave more where it was.
func TestStickyKeepsMost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		members, topics := drawMembers(t, true)
		members = members[:min(len(members), 3)]
		topics["t"], topics["u"] = min(topics["t"], 5), min(topics["u"], 4)
		var parts []Partition
		for _, topic := range []string{"t", "u"} {
			for n := range topics[topic] {
				parts = append(parts, Partition{topic, n})
			}
		}
		shares, stays := Sticky(members, topics), 0
		least, most := len(parts), 0
		for _, m := range members {
			least, most = min(least, len(shares[m.ID])), max(most, len(shares[m.ID]))
			for _, p := range shares[m.ID] {
				if claims(members, p) == m.ID {
					stays++
				}
			}
		}
		if want := twin(members, parts); most-least > 1 || stays != want {
			t.Fatalf("%s: %d stay, %d could", print(shares), stays, want)
		}
	})
}

// TestStickyIsAsEvenAsItCanBe: nobody who reads other topics than others has something
// that somebody with two less could have.
func TestStickyIsAsEvenAsItCanBe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		members, topics := drawMembers(t, false)
		shares := Sticky(members, topics)
		for _, rich := range members {
			for _, p := range shares[rich.ID] {
				for _, poor := range members {
					if poor.reads(p.Topic) && len(shares[poor.ID])+2 <= len(shares[rich.ID]) {
						t.Fatalf("%s: %s could have %v", print(shares), poor.ID, p)
					}
				}
			}
		}
	})
}

// The examples of KIP-54, in which range and round-robin move more than they must.
func TestStickyExamples(t *testing.T) {
	at := func(topic string, numbers ...int32) (all []Partition) {
		for _, n := range numbers {
			all = append(all, Partition{topic, n})
		}
		return all
	}
	had := func(id string, generation int32, parts ...Partition) Member {
		return Member{ID: id, Topics: []string{"t", "u"}, Owned: parts, Generation: generation}
	}
	for _, c := range []struct {
		why     string
		members []Member
		topics  Topics
		want    string
	}{
		{"b has left", []Member{had("a", 1, at("t", 0, 3)...), had("c", 1, at("t", 2, 5)...)}, Topics{"t": 6}, "a: t0 t1 t3; c: t2 t4 t5"},
		{"c comes", []Member{had("a", 1, at("t", 0, 2)...), had("b", 1, at("t", 1, 3)...), had("c", -1)}, Topics{"t": 4}, "a: t0; b: t1 t3; c: t2"},
		{"b was away while a was given what it had", []Member{had("a", 2, at("t", 0, 1)...), had("b", 1, at("t", 1)...)}, Topics{"t": 2}, "a: t0; b: t1"},
		{"the richest gives", []Member{had("a", 1, at("t", 0, 1, 2)...), had("b", 1, at("u", 0, 1, 2, 3, 4)...), had("c", 1, at("t", 3)...)}, Topics{"t": 4, "u": 5}, "a: t0 t1 t2; b: u0 u1 u2; c: t3 u3 u4"},
	} {
		if got := print(Sticky(c.members, c.topics)); got != c.want {
			t.Errorf("%s: %s, want %s", c.why, got, c.want)
		}
	}
	stale := []Member{had("a", 2, at("t", 0, 1)...), had("b", 1, at("t", 1)...), had("c", -1)}
	if got, _ := ByName(StickyName, stale, Topics{"t": 2}, bugs.Of(bugs.StaleClaimKept)); print(got) != "a: t0; b: t1; c: t1" {
		t.Errorf("with the bug: %s", print(got))
	}
}
