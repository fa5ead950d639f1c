package tree

import (
	"hash"
	"hash/adler32"
	"math"
	"slices"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Snapshot is a serialization in progress. It is fuzzy: transactions applied
// while it is drained may or may not be in it, node by node. Replaying every
// transaction after [Snapshot.Zxid] makes up for that.
type Snapshot struct {
	tree *Tree
	zxid wire.Zxid
	// ahead is a stack of paths to visit. A path is pushed when its parent was
	// written, so parents come before children, and no path comes twice.
	ahead []string
	out   writer
	sum   hash.Hash32
	done  bool
}

// Snapshot begins a snapshot now. The session table and the ACL table are as of
// now; nodes are as of the call of Next that returns them.
func (t *Tree) Snapshot() *Snapshot {
	s := &Snapshot{tree: t, zxid: t.last, ahead: []string{rootPath}, sum: adler32.New()}
	s.out.header()
	sessions := t.Sessions()
	if t.bugs.Has(bugs.SessionTableForgotten) {
		sessions = nil
	}
	s.out.sessions(sessions)
	s.out.acls(t.acls.lists)
	return s
}

// Zxid returns the last transaction applied when the snapshot began, which names
// its file.
func (s *Snapshot) Zxid() wire.Zxid { return s.zxid }

// Next serializes up to maxNodes more nodes and reports whether more remain. The
// chunks in a row are the snapshot. After the last one it returns nothing.
func (s *Snapshot) Next(maxNodes int) (chunk []byte, more bool) {
	if s.done {
		return nil, false
	}
	for range maxNodes {
		if !s.visit() {
			break
		}
	}
	if s.done = len(s.ahead) == 0; s.done {
		s.out.endOfNodes()
	}
	s.sum.Write(s.out.b)
	if s.done {
		s.out.seal(s.sum.Sum32())
	}
	chunk, s.out.b = s.out.b, nil
	return chunk, !s.done
}

// visit writes the next node that still exists, false if there is none.
func (s *Snapshot) visit() bool {
	for len(s.ahead) > 0 {
		path := s.ahead[len(s.ahead)-1]
		s.ahead = s.ahead[:len(s.ahead)-1]
		n := s.tree.nodes[path]
		if n == nil {
			continue
		}
		s.out.node(n)
		for _, child := range slices.Backward(n.names()) {
			s.ahead = append(s.ahead, childPath(path, child))
		}
		return true
	}
	return false
}

// Serialize returns a whole snapshot of the tree as it is now.
func (t *Tree) Serialize() []byte {
	b, _ := t.Snapshot().Next(math.MaxInt)
	return b
}
