package quorum

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMajority(t *testing.T) {
	for _, tc := range []struct {
		name          string
		members, acks []int64
		want          bool
	}{
		{"nobody decides nothing", nil, nil, false},
		{"nobody can be outvoted by strangers", nil, []int64{1, 2, 3}, false},
		{"alone", []int64{1}, []int64{1}, true},
		{"half of two is not enough", []int64{1, 2}, []int64{1}, false},
		{"two of three", []int64{1, 2, 3}, []int64{1, 3}, true},
		{"half of four is not enough", []int64{1, 2, 3, 4}, []int64{1, 2}, false},
		{"strangers do not count", []int64{1, 2, 3}, []int64{1, 4, 5}, false},
		{"the largest sid", []int64{61, 62, 63}, []int64{62, 63}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := Majority(tc.members...).HasQuorum(Of(tc.acks...)); got != tc.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestHierarchical(t *testing.T) {
	// Three sites of three, as in the ZooKeeper administrator's guide; server 9
	// has no weight.
	three := []Group{
		{{1, 1}, {2, 1}, {3, 1}},
		{{4, 1}, {5, 1}, {6, 1}},
		{{7, 1}, {8, 1}, {9, 0}},
	}
	v, err := Hierarchical(three...)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		acks []int64
		want bool
	}{
		{"two servers in two sites", []int64{1, 2, 4, 5}, true},
		{"a whole site and one of each other", []int64{1, 2, 3, 4, 7}, false},
		{"half of a site's weight does not carry it", []int64{1, 2, 7, 9}, false},
		{"both weighted servers carry the third site", []int64{1, 2, 7, 8}, true},
		{"five of nine can be too few", []int64{1, 2, 3, 4, 9}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := v.HasQuorum(Of(tc.acks...)); got != tc.want {
				t.Errorf("got %v", got)
			}
		})
	}
	if v.Members().Has(9) {
		t.Error("a server without weight is a member")
	}
	const want = "2 of 3 groups {1×1,2×1,3×1} {4×1,5×1,6×1} {7×1,8×1}"
	if got := v.String(); got != want {
		t.Errorf("described as %q, want %q", got, want)
	}
}

func TestHierarchicalRefusesNonsense(t *testing.T) {
	for _, tc := range []struct {
		name   string
		groups []Group
		want   string
	}{
		{"no groups", nil, "no server has a positive weight"},
		{"no weight", []Group{{{1, 0}}, {{2, 0}}}, "no server has a positive weight"},
		{"negative weight", []Group{{{1, -1}}}, "server 1 has weight -1"},
		{"server in two groups", []Group{{{1, 1}}, {{1, 1}}}, "server 1 is listed twice"},
		{"sid 0", []Group{{{0, 1}}}, "server id 0 is not in [1, 63]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Hierarchical(tc.groups...)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want one containing %q", err, tc.want)
			}
		})
	}
}

func TestMajorityAgreesWithCounting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		members, acks := drawSet(t, "members"), drawSet(t, "acks")
		yes := 0
		for _, m := range members {
			if slices.Contains(acks, m) {
				yes++
			}
		}
		no := len(members) - yes
		if got := Majority(members...).HasQuorum(Of(acks...)); got != (yes > no) {
			t.Fatalf("%d for, %d against: quorum is %v", yes, no, got)
		}
	})
}

func TestHierarchicalAgreesWithCounting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, groups := drawHierarchy(t)
		acks := drawSet(t, "acks")
		if got, want := v.HasQuorum(Of(acks...)), slowHierarchical(groups, acks); got != want {
			t.Fatalf("%v with %v: got %v, counted %v", v, acks, got, want)
		}
	})
}

// slowHierarchical is the dumb twin: in each group weigh those for against those
// against, then count groups for against groups not for. Groups that weigh
// nothing are not asked.
func slowHierarchical(groups []Group, acks []int64) bool {
	won, lost := 0, 0
	for _, g := range groups {
		var yes, no int64
		for _, s := range g {
			if slices.Contains(acks, s.Sid) {
				yes += s.Weight
			} else {
				no += s.Weight
			}
		}
		switch {
		case yes+no == 0:
		case yes > no:
			won++
		default:
			lost++
		}
	}
	return won > lost
}

func TestAnyTwoQuorumsIntersect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var v Verifier = Majority(drawSet(t, "members")...)
		if rapid.Bool().Draw(t, "hierarchical") {
			v, _ = drawHierarchy(t)
		}
		a, b := drawQuorum(t, v, "a"), drawQuorum(t, v, "b")
		if a&b&v.Members() == 0 && v.HasQuorum(a) && v.HasQuorum(b) {
			t.Fatalf("%v: %v and %v are quorums and share nobody", v, a, b)
		}
	})
}

// drawQuorum removes servers from the full set while a quorum remains, so that
// what is left is as small as quorums get.
func drawQuorum(t *rapid.T, v Verifier, label string) Bits {
	acks := v.Members()
	if acks == 0 {
		return acks
	}
	for _, sid := range rapid.Permutation(acks.Members()).Draw(t, label) {
		if smaller := acks &^ Of(sid); v.HasQuorum(smaller) {
			acks = smaller
		}
	}
	return acks
}

// TestOffByOneBreaksIntersection shows that the planted bug is one, in every
// ensemble of more than one server.
func TestOffByOneBreaksIntersection(t *testing.T) {
	for n := int64(2); n <= 7; n++ {
		var members []int64
		for sid := int64(1); sid <= n; sid++ {
			members = append(members, sid)
		}
		v, half := MajorityOffByOne(members...), members[:n/2]
		rest := members[n/2:]
		if !v.HasQuorum(Of(half...)) || !v.HasQuorum(Of(rest...)) {
			t.Errorf("%v: %v and %v should both pass for quorums", v, half, rest)
		}
	}
}

func TestBitsAgreeWithSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sids := drawSet(t, "sids")
		b := Of(sids...)
		slices.Sort(sids)
		if !slices.Equal(b.Members(), sids) || b.Count() != len(sids) {
			t.Fatalf("%v holds %v, %d in number; put in were %v", b, b.Members(), b.Count(), sids)
		}
		probe := rapid.Int64Range(-2, 130).Draw(t, "probe")
		if b.Has(probe) != slices.Contains(sids, probe) {
			t.Fatalf("Has(%d) is %v for %v", probe, b.Has(probe), sids)
		}
	})
}

func TestBitsString(t *testing.T) {
	if got := Of(5, 1, 63).String(); got != "{1,5,63}" {
		t.Errorf("got %s", got)
	}
	if got := Bits(0).String(); got != "{}" {
		t.Errorf("got %s", got)
	}
}

func TestAddPanicsOutOfRange(t *testing.T) {
	for _, sid := range []int64{-1, 0, 64} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Add(%d) did not panic", sid)
				}
			}()
			Bits(0).Add(sid)
		}()
	}
}

// drawSet draws distinct server ids, few and close, so that sets often meet.
func drawSet(t *rapid.T, label string) []int64 {
	sid := rapid.OneOf(rapid.Int64Range(1, 7), rapid.Int64Range(1, MaxSid))
	return rapid.SliceOfNDistinct(sid, 0, 9, rapid.ID[int64]).Draw(t, label)
}

// drawHierarchy draws up to four groups of servers 1 to 10, at least one of them
// with weight.
func drawHierarchy(t *rapid.T) (Verifier, []Group) {
	groups := make([]Group, rapid.IntRange(1, 4).Draw(t, "groups"))
	for sid := int64(1); sid <= 10; sid++ {
		g := rapid.IntRange(0, len(groups)-1).Draw(t, "group")
		s := Server{Sid: sid, Weight: rapid.Int64Range(0, 3).Draw(t, "weight")}
		if sid == 1 {
			s.Weight = 1
		}
		groups[g] = append(groups[g], s)
	}
	v, err := Hierarchical(groups...)
	if err != nil {
		t.Fatal(err)
	}
	return v, groups
}
