package near

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestNames(t *testing.T) {
	known := []string{"coordinator/register", "coordinator/sequence", "coordinator/session", "ack-before-sync"}
	for _, c := range []struct {
		name string
		want []string
	}{
		{"regster", []string{"coordinator/register"}},
		{"register", []string{"coordinator/register"}},
		{"coordinator/sesion", []string{"coordinator/session"}},
		{"coordinator", []string{"coordinator/register", "coordinator/sequence", "coordinator/session"}},
		{"ack-before-snyc", []string{"ack-before-sync"}},
		{"zoo/register", []string{"coordinator/register"}},
		{"nothing", nil},
		{"r", nil},
		{"", nil},
	} {
		if got := Names(c.name, known); !slices.Equal(got, c.want) {
			t.Errorf("%q: %v, want %v", c.name, got, c.want)
		}
	}
}

// slow counts slips by trying everything, the definition written down.
func slow(a, b string) int {
	if a == "" || b == "" {
		return len(a) + len(b)
	}
	wrong := 1
	if a[0] == b[0] {
		wrong = 0
	}
	d := min(slow(a[1:], b)+1, slow(a, b[1:])+1, slow(a[1:], b[1:])+wrong)
	if len(a) > 1 && len(b) > 1 && a[0] == b[1] && a[1] == b[0] {
		d = min(d, slow(a[2:], b[2:])+1)
	}
	return d
}

func TestDistanceAgreesWithItsTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringMatching(`[abc]{0,6}`).Draw(t, "a"), rapid.StringMatching(`[abc]{0,6}`).Draw(t, "b")
		if got, want := distance(a, b), slow(a, b); got != want {
			t.Fatalf("%q and %q: %d, want %d", a, b, got, want)
		}
	})
}
