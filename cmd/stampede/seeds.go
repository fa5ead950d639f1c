package main

import (
	"iter"
	"strconv"
	"strings"
)

// seedRange holds the seeds from first to last, both included.
type seedRange struct{ first, last uint64 }

// seedSet is what --seeds names: ranges in the order given.
type seedSet []seedRange

// parseSeeds reads "1-500", "91" or "1,5,9-12".
func parseSeeds(text string) (seedSet, error) {
	var set seedSet
	for _, part := range strings.Split(text, ",") {
		r, err := parseRange(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		set = append(set, r)
	}
	return set, nil
}

func parseRange(part string) (seedRange, error) {
	low, high, isRange := strings.Cut(part, "-")
	if !isRange {
		high = low
	}
	first, err1 := strconv.ParseUint(low, 10, 64)
	last, err2 := strconv.ParseUint(high, 10, 64)
	if err1 != nil || err2 != nil {
		return seedRange{}, usagef("--seeds: %q is no seed; write a range, a number or a list, as in 1-500, 91 or 1,5,9-12", part)
	}
	if last < first {
		return seedRange{}, usagef("--seeds: %s ends before it begins; write %d-%d", part, last, first)
	}
	return seedRange{first, last}, nil
}

// endless is a length of a range that nobody gets to the end of.
const endless = 1 << 48

// from is the set of all seeds from one on.
func from(first uint64) seedSet { return seedSet{{first, 1<<64 - 1}} }

// all yields the seeds in order.
func (s seedSet) all() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for _, r := range s {
			for seed := r.first; ; seed++ {
				if !yield(seed) {
					return
				}
				if seed == r.last {
					break
				}
			}
		}
	}
}

// count is the number of seeds, 0 for more than anybody runs.
func (s seedSet) count() uint64 {
	n := uint64(0)
	for _, r := range s {
		length := r.last - r.first
		if length >= endless {
			return 0
		}
		n += length + 1
	}
	return n
}

// String renders the set as --seeds takes it; one without an end, in words.
func (s seedSet) String() string {
	parts := make([]string, len(s))
	for i, r := range s {
		switch {
		case r.first == r.last:
			parts[i] = strconv.FormatUint(r.first, 10)
		case r.last == 1<<64-1:
			parts[i] = strconv.FormatUint(r.first, 10) + " and up"
		default:
			parts[i] = strconv.FormatUint(r.first, 10) + "-" + strconv.FormatUint(r.last, 10)
		}
	}
	return strings.Join(parts, ",")
}
