package log

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// genIndexes draws the ends, places and timestamps of batches, and the entries that any
// of them got.
func genIndexes(t *rapid.T) (all []position, index offsetIndex, highest []int64, times timeIndex) {
	last, at, top := int64(100), int64(0), int64(-1)
	high := moment{-1, 100}
	for range rapid.IntRange(0, 12).Draw(t, "batches") {
		p := position{last + rapid.Int64Range(0, 3).Draw(t, "span"), at}
		time := rapid.Int64Range(0, 20).Draw(t, "time")
		if time > high.time {
			high = moment{time, p.last}
		}
		top = max(top, time)
		all, highest = append(all, p), append(highest, time)
		if rapid.Bool().Draw(t, "indexed") {
			index = append(index, p)
			if times.accepts(high) {
				times = append(times, high)
			}
		}
		last, at = p.last+rapid.Int64Range(1, 3).Draw(t, "gap"), at+rapid.Int64Range(61, 90).Draw(t, "bytes")
	}
	return all, index, highest, times
}

// TestIndexFloor: reading on from where the index says finds what is looked for, and
// there is no entry that would say more.
func TestIndexFloor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all, index, _, _ := genIndexes(t)
		for offset := int64(95); offset < 180; offset++ {
			at := index.floor(offset)
			for _, p := range all {
				if p.at < at && p.last >= offset {
					t.Fatalf("offset %d is looked for from %d on, and %+v is before", offset, at, p)
				}
			}
			for _, p := range index {
				if p.last <= offset && p.at > at {
					t.Fatalf("offset %d is looked for from %d on, and %+v says more", offset, at, p)
				}
			}
			want := slices.DeleteFunc(slices.Clone(index), func(p position) bool { return p.last >= offset })
			if got := index.cut(offset); !slices.Equal(got, want) {
				t.Fatalf("cut at %d: %v, want %v", offset, got, want)
			}
		}
	})
}

// TestTimeIndexFloor: no batch before the one that the index names has the timestamp, or
// a later one; and no entry says more (M33 of the catalogue of mutants is to be off by
// one here).
func TestTimeIndexFloor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all, _, highest, times := genIndexes(t)
		for time := int64(-1); time < 22; time++ {
			from := times.floor(time, 0)
			for i, p := range all {
				if p.last < from && highest[i] >= time {
					t.Fatalf("time %d is looked for from %d on, and %+v of %d is before", time, from, p, highest[i])
				}
			}
			for _, m := range times {
				if m.time <= time && m.last > from {
					t.Fatalf("time %d is looked for from %d on, and %+v says more", time, from, m)
				}
			}
		}
	})
}

// TestIndexFiles reads back what was written, and refuses what was not.
func TestIndexFiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, index, _, times := genIndexes(t)
		b, c := index.encode(100), times.encode(100)
		if got, ok := decodeIndex(b, 100, 1<<20); !ok || !slices.Equal(got, index) {
			t.Fatalf("%v, %v, want %v", ok, got, index)
		}
		if got, ok := decodeTimes(c, 100); !ok || !slices.Equal(got, times) {
			t.Fatalf("%v, %v, want %v", ok, got, times)
		}
		if n := len(index); n > 0 {
			if _, ok := decodeIndex(b[:len(b)-1], 100, 1<<20); ok {
				t.Fatal("an entry that is cut off was read")
			}
			if _, ok := decodeIndex(b, 100, index[n-1].at); ok {
				t.Fatal("an entry behind the end of the log was read")
			}
			if _, ok := decodeIndex(append(b, b...), 100, 1<<20); ok {
				t.Fatal("entries that go back were read")
			}
		}
		if len(times) > 0 {
			if _, ok := decodeTimes(c[:len(c)-1], 100); ok {
				t.Fatal("an entry that is cut off was read")
			}
			if _, ok := decodeTimes(append(c, c...), 100); ok {
				t.Fatal("entries that go back were read")
			}
		}
	})
}

// TestIndexBytes are the entries as Kafka lays them out.
func TestIndexBytes(t *testing.T) {
	if got := appendPosition(nil, 1000, position{1258, 515}); !slices.Equal(got, []byte{0, 0, 1, 2, 0, 0, 2, 3}) {
		t.Errorf("%v", got)
	}
	if got := appendMoment(nil, 1000, moment{1 << 32, 1258}); !slices.Equal(got, []byte{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2}) {
		t.Errorf("%v", got)
	}
}
