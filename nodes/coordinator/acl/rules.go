package acl

import (
	"slices"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Permissions that an entry grants, as bits.
const (
	Read   int32 = 1 << iota // its data and children
	Write                    // setData
	Create                   // a child
	Delete                   // a child
	Admin                    // setACL
	All    = Read | Write | Create | Delete | Admin
)

// Schemes with a meaning of their own.
const (
	world  = "world"
	anyone = "anyone"
	auth   = "auth"
	super  = "super"
	digest = "digest"
	ip     = "ip"
	x509   = "x509"
	sasl   = "sasl"
)

// Rules are how one server decides. The zero value enforces every list and knows no
// super user.
type Rules struct {
	// Super is the digest identity of the super user, as [Digest] makes it, or "".
	Super string
	// Skip permits everything to everybody.
	Skip bool
	// Bugs are the switched-on bugs.
	Bugs bugs.Set
}

// Superuser is an identity that may do everything.
var Superuser = wire.Identity{Scheme: super}

// Permits reports whether a list grants one of the permissions in perms to one of
// the identities. An empty list, which only the tree's own nodes have, is open.
func (r Rules) Permits(list []wire.ACL, perms int32, ids []wire.Identity) bool {
	if r.Skip || len(list) == 0 {
		return true
	}
	if r.Bugs.Has(bugs.ACLOnlyForDigest) && !slices.ContainsFunc(list, func(a wire.ACL) bool { return a.Scheme == digest }) {
		return true
	}
	if slices.ContainsFunc(ids, func(id wire.Identity) bool { return id.Scheme == super }) {
		return true
	}
	for i := range list {
		if a := &list[i]; a.Perms&perms != 0 && r.names(a, ids) {
			return true
		}
	}
	return false
}

// names reports whether an entry is about one of the identities.
func (r Rules) names(a *wire.ACL, ids []wire.Identity) bool {
	if a.Scheme == world && a.ID == anyone {
		return true
	}
	return slices.ContainsFunc(ids, func(id wire.Identity) bool {
		return id.Scheme == a.Scheme && r.matches(id.ID, a.ID, a.Scheme)
	})
}

// matches reports whether an identity is the one, or among those, that an entry of
// the same scheme speaks of.
func (r Rules) matches(id, entry, scheme string) bool {
	switch scheme {
	case ip:
		return r.within(id, entry)
	case sasl:
		return id == entry || id == super
	case digest, x509:
		return id == entry
	}
	return false
}

// Fixup makes the list that is stored of one that was asked for: no entry twice, and
// in place of auth the identities of whoever asks. It reports false if the list is
// empty or an entry makes no sense.
func Fixup(list []wire.ACL, ids []wire.Identity) ([]wire.ACL, bool) {
	if len(list) == 1 && list[0].Scheme == world && list[0].ID == anyone {
		return list, true // the usual case, without a copy
	}
	out := make([]wire.ACL, 0, len(list))
	for i, a := range list {
		switch {
		case slices.Contains(list[:i], a):
		case a.Scheme == world && a.ID == anyone:
			out = append(out, a)
		case a.Scheme == auth:
			n := len(out)
			if out = expand(out, a.Perms, ids); len(out) == n {
				return nil, false // whoever asks is nobody in particular
			}
		case valid(a.Scheme, a.ID):
			out = append(out, a)
		default:
			return nil, false
		}
	}
	return out, len(out) > 0
}

// expand grants perms to those of the identities that their owner has proved. An
// address is none: it says where somebody is and not who.
func expand(out []wire.ACL, perms int32, ids []wire.Identity) []wire.ACL {
	for _, id := range ids {
		if id.Scheme == digest || id.Scheme == x509 || id.Scheme == sasl {
			out = append(out, wire.ACL{Perms: perms, Scheme: id.Scheme, ID: id.ID})
		}
	}
	return out
}

// valid reports whether an entry of a list may name an identity so.
func valid(scheme, id string) bool {
	switch scheme {
	case digest:
		return validDigest(id)
	case ip:
		return validRange(id)
	case x509:
		return validName(id)
	case sasl:
		return validPrincipal(id)
	}
	return false
}
