package coordinator

import (
	"cmp"
	"maps"
	"slices"
)

// sortedKeys lists the keys of a map in order: the only way maps are iterated
// where the order could reach a message, a file or a decision.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	return slices.Sorted(maps.Keys(m))
}
