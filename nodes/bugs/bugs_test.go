package bugs

import "testing"

// Every ID has exactly one page, in order, and the page says everything.
func TestCatalogueIsComplete(t *testing.T) {
	if len(Catalogue) != int(last)-1 {
		t.Fatalf("%d pages for %d bugs", len(Catalogue), int(last)-1)
	}
	names := map[string]bool{}
	for i, b := range Catalogue {
		if b.ID != ID(i+1) {
			t.Errorf("page %d is for bug %d", i, b.ID)
		}
		if b.Name == "" || b.Wrong == "" || b.Schedule == "" || len(b.Breaks) == 0 || b.Scenario == "" {
			t.Errorf("the page of %q is incomplete", b.Name)
		}
		if names[b.Name] {
			t.Errorf("%q appears twice", b.Name)
		}
		names[b.Name] = true
	}
}

func TestSetRoundTrip(t *testing.T) {
	for _, b := range Catalogue {
		s, err := Parse(b.Name)
		if err != nil || !s.Has(b.ID) || s.String() != b.Name {
			t.Errorf("%s: %v %v", b.Name, s, err)
		}
	}
	all, err := Parse("ack-before-sync, late-forwarding")
	if err != nil || all != Of(AckBeforeSync, LateForwarding) {
		t.Errorf("two names: %v %v", all, err)
	}
	if _, err := Parse("ack-after-lunch"); err == nil {
		t.Error("an unknown name was accepted")
	}
}
