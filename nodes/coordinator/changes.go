package coordinator

import (
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// change is one thing that a transaction does to a znode, with the lists of who may
// read it and its parent just then: those who watch are told only of what they may
// read. Of a deleted znode it is the last list that counts.
type change struct {
	event     wire.EventType
	path      string
	own, over []wire.ACL
}

// changes lists what a transaction is about to do, while the tree still knows what
// goes; nothing if nobody watches. The parts of a multi follow one another, so a later
// one finds the list that an earlier one has set.
func (s *Server) changes(txn *wire.Txn) []change {
	if s.watches.Empty() {
		return nil
	}
	l := lists{tree: s.db.tree, set: map[string][]wire.ACL{}, forgets: s.bug(bugs.DeletedIsReadable)}
	if multi, ok := txn.Body.(*wire.MultiTxn); ok {
		for _, part := range multi.Parts {
			l.body(part.Body)
		}
	} else {
		l.body(txn.Body)
	}
	return l.changes
}

// lists follows the access control lists through one transaction.
type lists struct {
	tree    *tree.Tree
	set     map[string][]wire.ACL // by the transaction so far
	changes []change
	forgets bool // a planted bug
}

func (l *lists) of(path string) []wire.ACL {
	if list, changed := l.set[path]; changed {
		return list
	}
	list, _ := l.tree.ACL(path)
	return list
}

func (l *lists) body(body wire.TxnBody) {
	switch b := body.(type) {
	case *wire.CreateTxn:
		l.set[b.Path] = b.ACL
		l.add(wire.NodeCreated, b.Path)
	case *wire.DeleteTxn:
		l.deleted(b.Path)
	case *wire.SetDataTxn:
		l.add(wire.NodeDataChanged, b.Path)
	case *wire.SetACLTxn:
		l.set[b.Path] = b.ACL
	case *wire.CloseSessionTxn:
		for _, path := range b.Paths {
			l.deleted(path)
		}
	}
}

func (l *lists) add(event wire.EventType, path string) {
	l.changes = append(l.changes, change{event, path, l.of(path), l.of(tree.Parent(path))})
}

func (l *lists) deleted(path string) {
	if l.forgets {
		l.set[path] = nil // there is no znode any more, and what has no list is open
	}
	l.add(wire.NodeDeleted, path)
}
