package sim

import (
	"testing"

	"pgregory.net/rapid"
)

// TestHashString: taking eight bytes at a time gives what taking them one by one does.
func TestHashString(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, s := rapid.Uint64().Draw(t, "h"), string(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "s"))
		want, rest := fold2(h, uint64(len(s)), hashKey2), s
		for len(rest) >= 8 {
			want, rest = fold2(want, word(rest[:8]), hashKey1), rest[8:]
		}
		want = fold2(want, word(rest), hashKey0)
		if got := hashString(h, s); got != want {
			t.Fatalf("%q hashes to %x, want %x", s, got, want)
		}
	})
}
