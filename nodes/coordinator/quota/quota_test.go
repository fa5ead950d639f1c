package quota

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTexts(t *testing.T) {
	for _, c := range []struct {
		text string
		want Track
		back string // "" if printing gives the text again
	}{
		{"", None, "count=-1,bytes=-1"},
		{"count=3,bytes=10", Track{3, 10, Unset, Unset}, ""},
		{"count=-1,bytes=5=;byteHardLimit=7;countHardLimit=6", Track{-1, 5, 6, 7}, ""},
		{"bytes=5,count=3", Track{3, 5, Unset, Unset}, "count=3,bytes=5"},
		{"countHardLimit=6,,other=1", Track{-1, -1, 6, -1}, "count=-1,bytes=-1=;countHardLimit=6"},
	} {
		got, err := Parse(c.text)
		if err != nil || got != c.want {
			t.Errorf("%q: got %+v, %v, want %+v", c.text, got, err, c.want)
		}
		if c.back == "" {
			c.back = c.text
		}
		if got.String() != c.back {
			t.Errorf("%q prints as %q, want %q", c.text, got, c.back)
		}
	}
	for _, text := range []string{"x", "count=", "count=many", "count", "count=9223372036854775808"} {
		if got, err := Parse(text); err == nil || !strings.Contains(err.Error(), "write key=number") {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
	}
}

func TestTextsLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(-1, 1<<40)
		track := Track{n.Draw(t, "c"), n.Draw(t, "b"), n.Draw(t, "ch"), n.Draw(t, "bh")}
		if got, err := Parse(track.String()); err != nil || got != track {
			t.Fatalf("%s: got %+v, %v", track, got, err)
		}
	})
}

func TestPaths(t *testing.T) {
	for _, path := range []string{"/a", "/a/b", "/zookeeper_limits"} {
		if got, ok := OfLimits(Limits(path)); !ok || got != path {
			t.Errorf("limits of %s: %s %t", path, got, ok)
		}
		if got, ok := OfStats(Stats(path)); !ok || got != path {
			t.Errorf("stats of %s: %s %t", path, got, ok)
		}
	}
	for _, path := range []string{
		"/zookeeper/quota/zookeeper_limits", "/zookeeper/quota", "/a/zookeeper_limits", "/zookeeper/quotas/a/zookeeper_limits",
		"/zookeeper/quota/a/my_zookeeper_limits", "/zookeeper/quota/a/zookeeper_stats", "/zookeeper/quota/a/zookeeper_limits/x",
	} {
		if subject, ok := OfLimits(path); ok {
			t.Errorf("%s limits %q", path, subject)
		}
	}
}

func TestBeyond(t *testing.T) {
	for _, c := range []struct {
		name          string
		limits, holds Track
		count, bytes  int64
		want          Excess
	}{
		{"no limits", None, Track{9, 9, -1, -1}, 1, 1, Within},
		{"up to the limit", Track{-1, -1, 10, 10}, Track{9, 9, -1, -1}, 1, 1, Within},
		{"one znode too many", Track{-1, -1, 10, -1}, Track{10, 9, -1, -1}, 1, 1, Hard},
		{"one byte too many", Track{-1, -1, -1, 10}, Track{9, 10, -1, -1}, 1, 1, Hard},
		{"nothing is allowed", Track{-1, -1, 0, -1}, Track{1, 0, -1, -1}, 1, 0, Hard},
		{"no more znodes", Track{-1, -1, 5, -1}, Track{9, 9, -1, -1}, 0, 1, Within},
		{"fewer bytes, still too many", Track{-1, -1, -1, 5}, Track{1, 20, -1, -1}, 0, -4, Hard},
		{"fewer bytes, few enough", Track{-1, -1, -1, 5}, Track{1, 20, -1, -1}, 0, -15, Within},
		{"beyond a soft limit", Track{9, -1, -1, -1}, Track{9, 0, -1, -1}, 1, 0, Soft},
		{"a hard limit replaces the soft one", Track{9, -1, 20, -1}, Track{9, 0, -1, -1}, 1, 0, Within},
		{"one soft and one hard", Track{9, -1, -1, 3}, Track{9, 3, -1, -1}, 1, 1, Hard},
	} {
		if got := Beyond(c.limits, c.holds, c.count, c.bytes); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}
