package stampede

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestMinimizeFindsWhatMatters plants a set of items that must all be present:
// the minimum is exactly that set, in its order.
func TestMinimizeFindsWhatMatters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 60).Draw(t, "n")
		items := make([]int, n)
		var needed []int
		for i := range items {
			items[i] = i
			if rapid.IntRange(0, 9).Draw(t, "needed") == 0 {
				needed = append(needed, i)
			}
		}
		got := minimize(items, func(rest []int) bool {
			return !slices.ContainsFunc(needed, func(k int) bool { return !slices.Contains(rest, k) })
		})
		if !slices.Equal(got, needed) {
			t.Fatalf("got %v, want %v", got, needed)
		}
	})
}

// TestMinimizeEndsWithASingleDeletionMinimum uses a property that is not
// monotone: it holds for lists of even sum only.
func TestMinimizeEndsWithASingleDeletionMinimum(t *testing.T) {
	breaks := func(rest []int) bool {
		sum := 0
		for _, k := range rest {
			sum += k
		}
		return sum >= 10 && sum%2 == 0
	}
	got := minimize([]int{1, 2, 3, 4, 5, 6, 7, 8}, breaks)
	if !breaks(got) {
		t.Fatalf("%v does not break", got)
	}
	for i := range got {
		if breaks(slices.Delete(slices.Clone(got), i, i+1)) {
			t.Fatalf("%v can do without %d", got, got[i])
		}
	}
}
