package facts

import (
	"slices"
	"testing"
)

// TestCodes: kinds are told apart by code and by name, and cases are the last number.
func TestCodes(t *testing.T) {
	codes, names := map[uint64]string{}, map[string]bool{}
	for _, k := range All {
		if other, ok := codes[k.Code]; ok || names[k.Name] {
			t.Errorf("%s shares its code or its name, with %s", k.Name, other)
		}
		codes[k.Code], names[k.Name] = k.Name, true
		if k.Code-firstCode > 255 || k.Doc == "" {
			t.Errorf("%s: code %d, doc %q", k.Name, k.Code-firstCode, k.Doc)
		}
		if k.Cases != nil && k.Fields[3] == "" {
			t.Errorf("%s has cases and no name for its last number", k.Name)
		}
	}
}

func TestSet(t *testing.T) {
	want := []int32{1, 2, 5}
	if got := Members(Set([]int32{5, 1, 2})); !slices.Equal(got, want) {
		t.Errorf("members are %v, want %v", got, want)
	}
}
