package tree

import (
	"slices"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// openACLRef is the reference of [wire.OpenACL], which no table holds.
const openACLRef int64 = -1

// aclTable holds each distinct access control list once; nodes refer to lists by
// number, from 1. Lists are never dropped: they are few.
type aclTable struct{ lists [][]wire.ACL }

// intern returns the reference of a list, adding it if it is new.
func (a *aclTable) intern(acl []wire.ACL) int64 {
	if len(acl) == 0 || slices.Equal(acl, wire.OpenACL) {
		return openACLRef
	}
	for i, known := range a.lists {
		if slices.Equal(acl, known) {
			return int64(i + 1)
		}
	}
	a.lists = append(a.lists, acl)
	return int64(len(a.lists))
}

// list returns the list behind a reference.
func (a *aclTable) list(ref int64) []wire.ACL {
	if ref == openACLRef {
		return wire.OpenACL
	}
	return a.lists[ref-1]
}

// known reports whether the table can resolve a reference.
func (a *aclTable) known(ref int64) bool {
	return ref == openACLRef || ref >= 1 && ref <= int64(len(a.lists))
}

func (a *aclTable) clone() aclTable { return aclTable{slices.Clone(a.lists)} }
