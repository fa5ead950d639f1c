package live

import (
	"github.com/stampede-sim/stampede/checkers/reference"
)

// fold is a reference tree after one history.
type fold struct {
	tree *reference.Tree
	at   *entry
	used uint64 // Checker.folds' clock when last used
}

// folds computes digests of histories. It holds two trees: one follows the
// committed log, the other serves tails that never were committed, which servers
// still recover. A tree only moves forward; one that must go elsewhere is
// rebuilt from the empty history.
type folds struct {
	root  *entry
	trees [2]fold
	clock uint64
}

// digest returns the reference digest after history e, once computed per entry.
func (f *folds) digest(e *entry) uint64 {
	if !e.digested {
		t := f.nearest(e)
		t.advance(e)
		f.clock++
		t.used = f.clock
	}
	return e.digest
}

// tree returns the reference tree after history e, until the next call for another.
func (f *folds) tree(e *entry) *reference.Tree {
	t := f.nearest(e)
	t.advance(e)
	return t.tree
}

// nearest returns a tree whose history e holds, the longer if there are two; if
// none does, the one that was idle longest starts over.
func (f *folds) nearest(e *entry) *fold {
	var best *fold
	for i := range f.trees {
		t := &f.trees[i]
		if t.tree != nil && e.holds(t.at) && (best == nil || t.at.zxid > best.at.zxid) {
			best = t
		}
	}
	if best != nil {
		return best
	}
	idle := &f.trees[0]
	if f.trees[1].used < idle.used {
		idle = &f.trees[1]
	}
	*idle = fold{tree: reference.New(), at: f.root}
	f.root.digest, f.root.digested = idle.tree.Digest(), true
	return idle
}

// advance applies what history e has beyond the tree's.
func (t *fold) advance(e *entry) {
	if e == t.at {
		return
	}
	if e.prev != t.at {
		var path []*entry
		for p := e.prev; p != t.at; p = p.prev {
			path = append(path, p)
		}
		for i := len(path) - 1; i >= 0; i-- {
			t.step(path[i])
		}
	}
	t.step(e)
}

// step applies one transaction and notes the digest.
func (t *fold) step(e *entry) {
	t.tree.Apply(e.txn)
	t.at = e
	if !e.digested {
		e.digest, e.digested = t.tree.Digest(), true
	}
}
