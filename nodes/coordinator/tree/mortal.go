package tree

import (
	"slices"

	"github.com/stampede-sim/stampede/nodes/bugs"
)

// Lifespan is what decides when the ensemble may delete a node by itself. It may
// delete a container that had children and has none, and a node with a TTL that has
// no children and was not changed for as long. With neither, it never may.
type Lifespan struct {
	Container bool
	TTL       int64 // ms, 0 for none
	// Mtime is when the node was made or last changed, on the clock of the leader of
	// then, in ms. A change of its children or of its access control list is none.
	Mtime int64
}

// Expired reports whether a node without children, of which creates ever were
// created, may be deleted at a time of the leader's clock. neverUsed is after how many
// ms a container that never had a child may go too, 0 for never.
//
// Times come from clocks of several leaders. One that was ahead leaves a node that
// is changed in the future, which then lives the longer.
func (l Lifespan) Expired(creates int32, nowMs, neverUsed int64) bool {
	switch {
	case l.TTL != 0:
		return nowMs-l.Mtime > l.TTL
	case l.Container && creates == 0:
		return neverUsed != 0 && nowMs-l.Mtime > neverUsed
	}
	return l.Container
}

func (t *Tree) lifespan(n *znode) Lifespan {
	l := Lifespan{Container: n.owner == containerOwner, TTL: n.ttl(), Mtime: n.mtime}
	if t.bugs.Has(bugs.TTLFromCreation) {
		l.Mtime = n.ctime
	}
	return l
}

// Expired lists the nodes that the ensemble may delete at a time of the leader's
// clock, sorted: see [Lifespan.Expired].
func (t *Tree) Expired(nowMs, neverUsed int64) []string {
	var paths []string
	for path, n := range t.mortals { //sim:unordered sorted next
		if len(n.children) == 0 && t.lifespan(n).Expired(n.creates, nowMs, neverUsed) {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}
