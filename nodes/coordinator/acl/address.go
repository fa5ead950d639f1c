package acl

import (
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/nodes/bugs"
)

// within reports whether an address is in a range, which is written as an address
// and, after a slash, how many of its first bits count.
func (r Rules) within(address, rng string) bool {
	base, bits, ok := parseRange(rng)
	if !ok {
		return false
	}
	a := parseAddress(address)
	if len(a) != len(base) {
		return false // one of them is of version 6
	}
	if r.Bugs.Has(bugs.AddressMaskOffByOne) {
		bits = max(bits-1, 0)
	}
	for i := range a {
		if mask := firstBits(bits - 8*i); a[i]&mask != base[i]&mask {
			return false
		}
	}
	return true
}

// firstBits is a byte whose first n bits are set: none below 0, all from 8 on.
func firstBits(n int) byte { return ^byte(0xff >> min(max(n, 0), 8)) }

func validRange(id string) bool {
	_, _, ok := parseRange(id)
	return ok
}

// parseRange reads "10.0.0.0/8"; without a slash all bits count.
func parseRange(text string) (base []byte, bits int, ok bool) {
	address, length, cut := strings.Cut(text, "/")
	if base = parseAddress(address); base == nil {
		return nil, 0, false
	}
	bits = 8 * len(base)
	if cut {
		n, err := strconv.Atoi(length)
		if err != nil || n < 0 || n > bits {
			return nil, 0, false
		}
		bits = n
	}
	return base, bits, true
}

// parseAddress reads an address of version 4 or 6 into its 4 or 16 bytes, nil if it
// is none.
func parseAddress(text string) []byte {
	if strings.Contains(text, ":") {
		return parseVersion6(text)
	}
	parts := strings.Split(text, ".")
	if len(parts) != 4 {
		return nil
	}
	var out []byte
	for _, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 || n > 255 {
			return nil
		}
		out = append(out, byte(n))
	}
	return out
}

// version6Groups is how many groups of four hexadecimal digits an address of version
// 6 has.
const version6Groups = 8

// parseVersion6 reads eight groups, or fewer around a "::" that stands for the zeros
// left out.
func parseVersion6(text string) []byte {
	front, back, short := strings.Cut(text, "::")
	if strings.Contains(back, "::") {
		return nil
	}
	head, ok := parseGroups(front)
	tail, ok2 := parseGroups(back)
	switch n := (len(head) + len(tail)) / 2; {
	case !ok || !ok2:
		return nil
	case short && n >= version6Groups, !short && n != version6Groups:
		return nil
	}
	out := append(head, make([]byte, 2*version6Groups-len(head)-len(tail))...)
	return append(out, tail...)
}

// parseGroups reads "1:2ff", two bytes a group; nothing is no group.
func parseGroups(text string) (out []byte, ok bool) {
	if text == "" {
		return nil, true
	}
	for _, group := range strings.Split(text, ":") {
		n, err := strconv.ParseUint(group, 16, 16)
		if err != nil || len(group) > 4 {
			return nil, false
		}
		out = append(out, byte(n>>8), byte(n))
	}
	return out, true
}
