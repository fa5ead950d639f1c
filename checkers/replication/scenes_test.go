package replication

import (
	"slices"
	"strings"
	"testing"
)

// falls plays a scene and wants its last line, and no other, to break a guarantee.
func falls(t *testing.T, id, scene string) {
	t.Helper()
	s := newStage(t, false)
	lines := strings.Split(strings.TrimSpace(scene), "\n")
	s.play(strings.Join(lines[:len(lines)-1], "\n"))
	if f := s.c.Finding(); f != nil {
		t.Fatalf("falls before its last line: %s: %s %v", f.Guarantee, f.Explanation, f.Evidence)
	}
	s.play(lines[len(lines)-1])
	if f := s.c.Finding(); f == nil || f.Guarantee != id {
		t.Fatalf("got %+v, want %s to fall", f, id)
	}
}

// TestEveryGuaranteeCanFall: a rule that no scene breaks may as well not be there.
func TestEveryGuaranteeCanFall(t *testing.T) {
	broken := map[string]bool{}
	for _, b := range slices.Concat(bad, badCleaning, badRequests) {
		broken[b.falls] = true
	}
	for _, g := range Guarantees {
		if !broken[g.ID] {
			t.Errorf("no scene breaks %s", g.ID)
		}
		delete(broken, g.ID)
	}
	if len(broken) > 0 {
		t.Errorf("scenes break what is no guarantee: %v", broken)
	}
}
