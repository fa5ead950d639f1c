// Package quorum is the arithmetic of agreement: which sets of servers are
// large enough to decide. It is pure; it knows servers only as small numbers.
//
// Everything built on it rests on one property: any two quorums of one
// [Verifier] have a server in common.
package quorum

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// MaxSid is the largest server id; the smallest is 1. It keeps a set of servers
// in one word, which events can carry.
const MaxSid = 63

// Bits is a set of server ids in [1, MaxSid]; bit n stands for server n. The
// zero value is the empty set.
type Bits uint64

// Of returns the set of the given servers.
func Of(sids ...int64) Bits {
	var b Bits
	for _, sid := range sids {
		b = b.Add(sid)
	}
	return b
}

// Add returns the set with the server in it. A sid out of range is a bug of the
// caller: configurations are checked before they get here.
func (b Bits) Add(sid int64) Bits {
	if !Valid(sid) {
		panic(fmt.Sprintf("quorum: server id %d is not in [1, %d]", sid, MaxSid))
	}
	return b | 1<<sid
}

// Remove returns the set without the server.
func (b Bits) Remove(sid int64) Bits { return b &^ (1 << sid) }

// Valid reports whether a server id fits into a set.
func Valid(sid int64) bool { return 1 <= sid && sid <= MaxSid }

// Has reports whether the server is in the set. No set holds an invalid sid.
func (b Bits) Has(sid int64) bool { return Valid(sid) && b&(1<<sid) != 0 }

// Count returns the number of servers in the set.
func (b Bits) Count() int { return bits.OnesCount64(uint64(b)) }

// Members returns the servers in ascending order.
func (b Bits) Members() []int64 {
	sids := make([]int64, 0, b.Count())
	for rest := uint64(b); rest != 0; rest &= rest - 1 {
		sids = append(sids, int64(bits.TrailingZeros64(rest)))
	}
	return sids
}

// String renders the set as "{1,2,5}".
func (b Bits) String() string {
	var words []string
	for _, sid := range b.Members() {
		words = append(words, strconv.FormatInt(sid, 10))
	}
	return "{" + strings.Join(words, ",") + "}"
}
