package tree

import "math"

// The owner of a node says more than which session it dies with. It is what the disk
// and the digest hold; of what is no session, clients see an owner of 0.
const (
	// containerOwner marks a container.
	containerOwner = math.MinInt64
	// extendedBits mark the other kinds: two bytes for the kind follow, of which only
	// 0, a node with a TTL, is known, and five for its value. The first byte of a
	// session's id is that of its server, at most 63, so no session looks like one.
	extendedBits = -1 << 56
	kindBits     = 0xffff << 40
	// MaxTTL is the greatest TTL that a node can have, in ms: about 34 years.
	MaxTTL = 1<<40 - 1
)

// ttlOwner is the owner of a node with a TTL.
func ttlOwner(ttl int64) int64 { return extendedBits | ttl }

// ttl returns the node's TTL in ms, 0 if it has none.
func (n *znode) ttl() int64 {
	if n.owner&(extendedBits|kindBits) != extendedBits {
		return 0
	}
	return n.owner & MaxTTL
}

// session returns the session that owns the node, 0 if none does.
func (n *znode) session() int64 {
	if n.mortal() {
		return 0
	}
	return n.owner
}

// mortal reports whether the ensemble may delete the node by itself some day.
func (n *znode) mortal() bool { return n.owner == containerOwner || n.ttl() != 0 }
