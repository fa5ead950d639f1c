package assign

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/bugs"
)

// print writes shares in the order of IDs.
func print(s Shares) string {
	var lines []string
	for id, share := range s { //sim:unordered sorted below
		var names []string
		for _, p := range share {
			names = append(names, fmt.Sprintf("%s%d", p.Topic, p.Number))
		}
		lines = append(lines, id+": "+strings.Join(names, " "))
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}

func member(id string, topics string, owned ...Partition) Member {
	return Member{ID: id, Topics: strings.Split(topics, ","), Owned: owned, Generation: 1}
}

// The examples are those of Kafka's documentation of its assignors.
func TestExamples(t *testing.T) {
	three := Topics{"t": 3, "u": 3}
	for _, c := range []struct {
		name    string
		members []Member
		topics  Topics
		want    string
	}{
		{"range", []Member{member("a", "t,u"), member("b", "t,u")}, three, "a: t0 t1 u0 u1; b: t2 u2"},
		{"roundrobin", []Member{member("a", "t,u"), member("b", "t,u")}, three, "a: t0 t2 u1; b: t1 u0 u2"},
		{"roundrobin", []Member{member("a", "t"), member("b", "t,u"), member("c", "t,u,v")}, Topics{"t": 1, "u": 2, "v": 3}, "a: t0; b: u0; c: u1 v0 v1 v2"},
		{"range", []Member{{ID: "a", Topics: []string{"t"}}, {ID: "z", Instance: "one", Topics: []string{"t"}}}, Topics{"t": 1}, "a: ; z: t0"},
		{"cooperative-sticky", []Member{member("a", "t"), member("b", "t")}, Topics{"t": 4}, "a: t0 t2; b: t1 t3"},
		// b gets nothing yet: a has to give it up first
		{"cooperative-sticky", []Member{member("a", "t", Partition{"t", 0}, Partition{"t", 1}), member("b", "t")}, Topics{"t": 2}, "a: t0; b: "},
		{"cooperative-sticky", []Member{member("a", "t", Partition{"t", 0}), member("b", "t")}, Topics{"t": 2}, "a: t0; b: t1"},
	} {
		got, ok := ByName(c.name, c.members, c.topics, bugs.Set{})
		if !ok || print(got) != c.want {
			t.Errorf("%s of %v: %s, want %s", c.name, c.topics, print(got), c.want)
		}
	}
	if _, ok := ByName("first-come", nil, nil, bugs.Set{}); ok {
		t.Error("an assignor that does not exist was run")
	}
}

// A member that missed generations claims what another has now. It is not believed, and
// yet nobody else may have it before it has given it up.
func TestStaleClaim(t *testing.T) {
	old := member("a", "t", Partition{"t", 0})
	old.Generation = 3
	now := member("b", "t", Partition{"t", 0})
	now.Generation = 5
	if got := print(CooperativeSticky([]Member{old, now}, Topics{"t": 2})); got != "a: t1; b: " {
		t.Errorf("the shares are %s", got)
	}
}

func drawMembers(t *rapid.T, same bool) ([]Member, Topics) {
	topics := Topics{"t": int32(rapid.IntRange(1, 8).Draw(t, "t")), "u": int32(rapid.IntRange(0, 8).Draw(t, "u"))}
	var members []Member
	for i := range rapid.IntRange(1, 5).Draw(t, "members") {
		m := Member{ID: fmt.Sprintf("m%d", i), Topics: []string{"t", "u"}, Generation: int32(rapid.IntRange(-1, 3).Draw(t, "generation"))}
		if !same {
			m.Topics = rapid.SampledFrom([][]string{{"t"}, {"u"}, {"t", "u"}, {"t", "gone"}}).Draw(t, "topics")
		}
		for range rapid.IntRange(0, 6).Draw(t, "owned") {
			p := Partition{rapid.SampledFrom([]string{"t", "u"}).Draw(t, "topic"), int32(rapid.IntRange(0, 9).Draw(t, "number"))}
			if !slices.Contains(m.Owned, p) {
				m.Owned = append(m.Owned, p)
			}
		}
		members = append(members, m)
	}
	return members, topics
}

// TestEverybodyGetsItsOwn: every partition that somebody reads goes to exactly one of
// those who read it, or, cooperatively, waits for one who claims it.
func TestEverybodyGetsItsOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		members, topics := drawMembers(t, false)
		name := rapid.SampledFrom(Names).Draw(t, "assignor")
		shares, _ := ByName(name, members, topics, bugs.Set{})
		for topic, n := range topics { //sim:unordered each for itself
			for number := range n {
				p := Partition{topic, number}
				var owners, readers, claimants []string
				for _, m := range members {
					if slices.Contains(shares[m.ID], p) {
						owners = append(owners, m.ID)
					}
					if m.reads(topic) {
						readers = append(readers, m.ID)
					}
					if slices.Contains(m.Owned, p) {
						claimants = append(claimants, m.ID)
					}
				}
				switch {
				case len(owners) > 1, len(owners) == 1 && !slices.Contains(readers, owners[0]):
					t.Fatalf("%v is with %v; %v read it", p, owners, readers)
				case len(owners) == 0 && len(readers) > 0 && (name != CooperativeStickyName || len(claimants) == 0):
					t.Fatalf("%v is with nobody; %v read it, %v claim it", p, readers, claimants)
				case name == CooperativeStickyName && len(owners) == 1 && slices.ContainsFunc(claimants, func(id string) bool { return id != owners[0] }):
					t.Fatalf("%v goes to %v while %v claim it", p, owners, claimants)
				}
			}
		}
	})
}

// join shares partitions out once, and reports whether anybody has to give something up,
// after which all join again (KIP-429). How many a member has says nothing of that: it may
// give up a partition that is gone in the round in which it gets another.
func join(members []Member, topics Topics, generation int) (again bool) {
	shares := CooperativeSticky(members, topics)
	for i := range members {
		m := &members[i]
		for _, p := range m.Owned {
			again = again || !slices.Contains(shares[m.ID], p)
		}
		m.Owned, m.Generation = shares[m.ID], int32(generation)
	}
	return again
}

// converge lets members join until nobody gives anything up, and reports what is wrong
// with the shares then, "" if nothing is.
func converge(members []Member, topics Topics) string {
	generation := 10
	for ; join(members, topics, generation); generation++ {
		if generation == 13 {
			return "the shares are still moving"
		}
	}
	low, high, total, shares := int(^uint(0)>>1), 0, 0, Shares{}
	for _, m := range members {
		low, high, total = min(low, len(m.Owned)), max(high, len(m.Owned)), total+len(m.Owned)
		shares[m.ID] = m.Owned
	}
	if high-low > 1 || total != int(topics["t"]+topics["u"]) {
		return fmt.Sprintf("%d partitions are shared out by %d to %d of %v", total, low, high, topics)
	}
	if now := print(CooperativeSticky(members, topics)); now != print(shares) {
		return fmt.Sprintf("nobody gave anything up, and %s became %s", print(shares), now)
	}
	return ""
}

// TestStickyConverges: after each has given up what it was not left, and joined again,
// the shares of those who read the same differ by one at most, and nothing moves any
// more.
func TestStickyConverges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		members, topics := drawMembers(t, true)
		if wrong := converge(members, topics); wrong != "" {
			t.Fatal(wrong)
		}
	})
}

// Members have as many partitions as before, and yet not the same: both claim to have
// some, which nobody gets at first, and t1 and t2 are gone in the first case.
func TestStickyConvergesWhereNumbersStay(t *testing.T) {
	at := func(topic string, numbers ...int32) (all []Partition) {
		for _, n := range numbers {
			all = append(all, Partition{topic, n})
		}
		return all
	}
	for _, c := range []struct {
		a, b   []Partition
		topics Topics
	}{
		{at("t", 0, 1, 2), at("t", 0, 1, 2), Topics{"t": 1, "u": 6}},
		{append(at("t", 0, 1, 2, 3), at("u", 0)...), append(at("t", 0, 1, 2), at("u", 1)...), Topics{"t": 5, "u": 7}},
	} {
		members := []Member{member("a", "t,u", c.a...), member("b", "t,u", c.b...)}
		if wrong := converge(members, c.topics); wrong != "" {
			t.Errorf("%v and %v: %s", c.a, c.b, wrong)
		}
	}
}

// TestFewMove: when one of those who read the same leaves, only what it had moves.
func TestFewMove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		members, topics := drawMembers(t, true)
		for range 5 {
			shares := CooperativeSticky(members, topics)
			for i := range members {
				members[i].Owned, members[i].Generation = shares[members[i].ID], 9
			}
		}
		if len(members) == 1 {
			return
		}
		for _, m := range members[1:] {
			shares := CooperativeSticky(members[1:], topics)
			for _, p := range m.Owned {
				if !slices.Contains(shares[m.ID], p) {
					t.Fatalf("%s had %v and loses %v, though only %s left", m.ID, m.Owned, p, members[0].ID)
				}
			}
		}
	})
}

func TestBytes(t *testing.T) {
	m := Member{Topics: []string{"t"}, Owned: []Partition{{"t", 0}, {"t", 2}, {"u", 1}}, Generation: 7}
	for _, name := range Names {
		if got, err := Read(name, Describe(name, m)); err != nil || fmt.Sprint(got) != fmt.Sprint(m) {
			t.Errorf("%+v came back from %s as %+v, %v", m, name, got, err)
		}
	}
	if got, err := Read(StickyName, Describe(RangeName, m)); err != nil || len(got.Owned) > 0 {
		t.Errorf("who says nothing to the sticky assignor had %v, %v", got.Owned, err)
	}
	if _, err := Read(RangeName, []byte{0}); err == nil {
		t.Error("half a version was read")
	}
}

// A share comes back as it was, and so does its leader's note. Bytes of another leader are
// no note, wherever they end.
func TestShareBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, topics := drawMembers(t, false)
		topics[rapid.String().Draw(t, "name")] = 7
		share, note := []Partition{{"t", 0}, {"t", 2}, {"u", 1}}, Note{topics, rapid.Bool().Draw(t, "unfinished")}
		if rapid.Bool().Draw(t, "silent") {
			note = Note{}
		}
		gotShare, gotNote, err := Decode(Encode(share, note))
		if err != nil || !slices.Equal(gotShare, share) || fmt.Sprint(gotNote) != fmt.Sprint(note) {
			t.Fatalf("%v, %v came back as %v, %v, %v", share, note, gotShare, gotNote, err)
		}
		b := note.encode()
		if cut := rapid.IntRange(0, len(b)).Draw(t, "cut"); cut < len(b) {
			if got := decodeNote(b[:cut]); len(got.Counts) >= len(note.Counts) {
				t.Fatalf("%v came out of %d of %d bytes of %v", got, cut, len(b), note)
			}
		}
	})
	if got := decodeNote([]byte("streams")); got.Counts != nil {
		t.Errorf("another leader's bytes are %v", got)
	}
}

// TestUnfinished: the note says that a partition waits exactly if another round gives it
// to somebody.
func TestUnfinished(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		members, topics := drawMembers(t, false)
		name := rapid.SampledFrom(Names).Draw(t, "assignor")
		shares, _ := ByName(name, members, topics, bugs.Set{})
		waits := false
		for topic, n := range topics { //sim:unordered whether there is any
			for number := range n {
				read, given := false, false
				for _, m := range members {
					read = read || m.reads(topic)
					given = given || slices.Contains(shares[m.ID], Partition{topic, number})
				}
				waits = waits || read && !given
			}
		}
		if got := NoteOn(shares, members, topics); got.Unfinished != waits {
			t.Fatalf("%v of %v: %v, want %v", print(shares), topics, got, waits)
		}
	})
}
