package stampede

import "slices"

// minimize deletes as many items as it can while breaks holds for the rest: ever
// smaller chunks, from the end to the front because what comes last often only
// follows from what breaks, then around again while single deletions help. The
// result is minimal in that no single item can go, unless breaks gave up.
func minimize[T any](items []T, breaks func([]T) bool) []T {
	if len(items) == 0 || breaks(nil) {
		return nil
	}
	for chunk := (len(items) + 1) / 2; chunk >= 1; {
		smaller := deleteChunks(items, chunk, breaks)
		helped := len(smaller) < len(items)
		items = smaller
		if chunk > 1 {
			chunk = min(chunk, len(items)+1) / 2
		} else if !helped {
			break
		}
	}
	return items
}

// deleteChunks tries to delete each run of chunk items once, last first.
func deleteChunks[T any](items []T, chunk int, breaks func([]T) bool) []T {
	for end := len(items); end > 0; end -= chunk {
		start := max(0, end-chunk)
		if start == 0 && end == len(items) {
			break
		}
		without := slices.Concat(items[:start], items[end:])
		if breaks(without) {
			items = without
		}
	}
	return items
}
