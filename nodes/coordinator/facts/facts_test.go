package facts

import "testing"

// TestKindsAreToldApart: two kinds under one code would be one to the hash of a run,
// two under one name one mark.
func TestKindsAreToldApart(t *testing.T) {
	codes, names := map[uint64]string{}, map[string]bool{}
	for _, k := range All {
		if other, taken := codes[k.Code]; taken {
			t.Errorf("%s and %s share code %#x", other, k.Name, k.Code)
		}
		if names[k.Name] {
			t.Errorf("two kinds are called %s", k.Name)
		}
		codes[k.Code], names[k.Name] = k.Name, true
	}
}
