package session

import (
	"encoding/binary"
	"math"
)

// IDs makes session ids. The top byte of an id is the server's, the next bytes
// come from the wall clock at start, and ids count up from there, so that neither
// another server nor a later incarnation of this one makes the same id, as long
// as its clock goes forward and it opens fewer than 65536 sessions per
// millisecond on average.
type IDs struct{ next int64 }

// clockBits is where the clock's milliseconds begin in an id, sidBits where the
// server's id does.
const (
	clockBits = 16
	sidBits   = 56
)

// NewIDs starts the ids of the server sid (0..255) at a wall clock time in
// milliseconds. 40 bits of the clock are kept: they repeat after 34 years.
func NewIDs(sid, wallMs int64) *IDs {
	if sid < 0 || sid > 255 {
		panic("session: the server id does not fit in one byte")
	}
	clock := wallMs & (1<<(sidBits-clockBits) - 1)
	g := &IDs{next: sid<<sidBits | clock<<clockBits}
	if g.next == 0 || g.next == math.MinInt64 {
		g.next++ // 0 is no session, and ZooKeeper keeps the smallest number out
	}
	return g
}

// Next returns a fresh id, never 0.
func (g *IDs) Next() int64 {
	id := g.next
	g.next++
	return id
}

// Home is the server that made a session id.
func Home(id int64) (sid int64) { return int64(uint64(id) >> sidBits) }

// passwordSalt is what ZooKeeper mixes into its passwords, too.
const passwordSalt = 0xB3415C00

// Password returns the secret that proves ownership of a session. Every server
// derives the same one from the id; clients treat it as opaque. The mixing is
// SplitMix64's.
func Password(id int64) (p [16]byte) {
	x := uint64(id) ^ passwordSalt
	for at := 0; at < len(p); at += 8 {
		x += 0x9e3779b97f4a7c15
		z := x
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		binary.BigEndian.PutUint64(p[at:], z^z>>31)
	}
	return p
}
