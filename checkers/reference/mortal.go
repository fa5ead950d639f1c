package reference

import (
	"slices"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Lifespan is what the ensemble may delete a znode by itself for.
type Lifespan struct {
	Container bool
	TTL       int64 // ms, 0 if it has none
	// Children is how many it has, Creates how many it ever had.
	Children int
	Creates  int32
	Mtime    int64     // when it was last changed, ms
	Pzxid    wire.Zxid // what last touched its children
}

// Lifespan returns that of a znode, false if there is none of that path.
func (t *Tree) Lifespan(path string) (Lifespan, bool) {
	n := t.nodes[path]
	if n == nil {
		return Lifespan{}, false
	}
	return Lifespan{
		Container: n.container, TTL: n.ttl, Children: len(n.children), Creates: n.creates,
		Mtime: n.mtime, Pzxid: n.pzxid,
	}, true
}

// Over reports whether the ensemble may delete the znode at a time in ms. neverUsed
// is after how long a container may go that never had a child, 0 for never.
func (l Lifespan) Over(now int64, neverUsed time.Duration) bool {
	switch {
	case l.Children > 0:
		return false
	case l.TTL > 0:
		return now-l.Mtime > l.TTL
	case l.Container && l.Creates == 0:
		return neverUsed > 0 && now-l.Mtime > neverUsed.Milliseconds()
	}
	return l.Container
}

// Mortal lists the containers and the znodes with a TTL, sorted.
func (t *Tree) Mortal() []string {
	var out []string
	for path, n := range t.nodes { //sim:unordered sorted below
		if n.container || n.ttl > 0 {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out
}
