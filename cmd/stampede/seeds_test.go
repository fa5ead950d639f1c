package main

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestParseSeeds(t *testing.T) {
	for _, c := range []struct {
		text string
		want []uint64
	}{
		{"91", []uint64{91}},
		{"3-5", []uint64{3, 4, 5}},
		{"1,5, 9-11", []uint64{1, 5, 9, 10, 11}},
		{"0-0", []uint64{0}},
		{"18446744073709551614-18446744073709551615", []uint64{1<<64 - 2, 1<<64 - 1}},
	} {
		set, err := parseSeeds(c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if got := slices.Collect(set.all()); !slices.Equal(got, c.want) || set.count() != uint64(len(c.want)) {
			t.Errorf("%q: %v, %d of them; want %v", c.text, got, set.count(), c.want)
		}
	}
	for _, text := range []string{"", "x", "9-1", "1-", "-1", "1,,2", "1-2-3", "18446744073709551616"} {
		if set, err := parseSeeds(text); err == nil {
			t.Errorf("%q is read as %v", text, set)
		}
	}
}

func TestSeedsPrintAndParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var set seedSet
		for range rapid.IntRange(1, 4).Draw(t, "ranges") {
			first := rapid.Uint64Range(0, 1<<40).Draw(t, "first")
			set = append(set, seedRange{first, first + rapid.Uint64Range(0, 1<<40).Draw(t, "length")})
		}
		again, err := parseSeeds(set.String())
		if err != nil || !slices.Equal(again, set) {
			t.Fatalf("%v is read back as %v, %v", set, again, err)
		}
	})
}

func TestAllSeedsAreMoreThanAnybodyRuns(t *testing.T) {
	if n := from(7).count(); n != 0 {
		t.Errorf("counted %d", n)
	}
	if text := from(7).String(); text != "7 and up" {
		t.Errorf("rendered as %q", text)
	}
}
