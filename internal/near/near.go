// Package near finds the names that somebody who mistyped one may have meant.
package near

import (
	"cmp"
	"slices"
	"strings"
)

// slips is how many letters may be wrong, missing, too many or swapped.
const slips = 2

// Names returns those of known that come close to name, the closest first: a few
// slips away, or one part of the other. Known names may have parts, as
// "system/workload" has; the last part alone will do.
func Names(name string, known []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var found []candidate
	for _, k := range known {
		last := k[strings.LastIndexByte(k, '/')+1:]
		d := min(distance(name, k), distance(name, last))
		if d > slips && len(name) > slips && (strings.Contains(k, name) || strings.Contains(name, last)) {
			d = slips
		}
		if d <= slips && d < len(name) {
			found = append(found, candidate{k, d})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	var names []string
	for _, c := range found {
		names = append(names, c.name)
	}
	return names
}

// distance counts the slips between two words: letters inserted, deleted, replaced
// or swapped with their neighbour (optimal string alignment).
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			wrong := 1
			if a[i-1] == b[j-1] {
				wrong = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+wrong)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
