package prep

import (
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/acl"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// permitted reports whether whoever asks has one of the permissions on a node, by the
// list that it will have when everything outstanding has been applied:
//
//	An owner takes the permission to write from somebody and is answered. What that
//	somebody asks for afterwards must not be judged by the list of before, which may
//	still be the one in the tree.
func (p *Prep) permitted(path string, node tree.Meta, perms int32) bool {
	list := node.ACL
	if p.bugs.Has(bugs.CommittedACLOnly) {
		if applied, known := p.tree.Meta(path); known {
			list = applied.ACL
		}
	}
	return p.access.Permits(list, perms, p.auth)
}

// mayDelete asks the parent's list, as for everything that changes what children
// there are.
func (p *Prep) mayDelete(path string) bool {
	if p.bugs.Has(bugs.DeleteChecksNode) {
		if node, exists := p.lookup(path); exists {
			return p.permitted(path, node, acl.Delete)
		}
	}
	parent, _ := p.lookup(tree.Parent(path))
	return p.permitted(tree.Parent(path), parent, acl.Delete)
}

// maySetACL asks the list in force, not the one to be.
func (p *Prep) maySetACL(path string, node tree.Meta, list []wire.ACL) bool {
	if p.bugs.Has(bugs.ACLCheckedAfter) {
		return p.access.Permits(list, acl.Admin, p.auth)
	}
	return p.permitted(path, node, acl.Admin)
}
