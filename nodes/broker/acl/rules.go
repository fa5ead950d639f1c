package acl

import (
	"iter"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/bugs"
)

// Config is what a broker's configuration says of access.
type Config struct {
	// SuperUsers may do everything (super.users).
	SuperUsers []string
	// OpenByDefault: what has no binding is for everybody
	// (allow.everyone.if.no.acl.found).
	OpenByDefault bool
	// Bugs are the switched-on bugs.
	Bugs bugs.Set
}

// Rules are the bindings that a broker knows, and the decision by them.
type Rules struct {
	cfg Config
	// entries are in the form of [Set]. A resource without any is not in it, since
	// "no binding" is what [Config.OpenByDefault] asks.
	entries map[Resource][]Entry
}

// New makes rules without a binding.
func New(cfg Config) *Rules { return &Rules{cfg: cfg, entries: map[Resource][]Entry{}} }

// Put replaces what is kept under a resource.
func (r *Rules) Put(at Resource, entries []Entry) {
	if len(entries) == 0 {
		delete(r.entries, at)
		return
	}
	r.entries[at] = entries
}

// Of lists what is kept under a resource. Nobody changes it.
func (r *Rules) Of(at Resource) []Entry { return r.entries[at] }

// Resources lists what has bindings, in order.
func (r *Rules) Resources() []Resource {
	all := make([]Resource, 0, len(r.entries))
	for at := range r.entries { //sim:unordered sorted below
		all = append(all, at)
	}
	slices.SortFunc(all, Resource.Compare)
	return all
}

// Super reports whether somebody needs no binding.
func (r *Rules) Super(principal string) bool { return slices.Contains(r.cfg.SuperUsers, principal) }

// Allows decides whether somebody may do something to a resource.
func (r *Rules) Allows(who Who, op Operation, on Type, name string) bool {
	if r.Super(who.Principal) {
		return true
	}
	found, allowed := false, false
	for at := range matching(on, name) {
		entries := r.entries[at]
		found = found || len(entries) > 0
		for i := range entries {
			if entries[i].is(who, Deny, op) && !(at.Pattern == Prefixed && r.cfg.Bugs.Has(bugs.PrefixedDenyIgnored)) {
				return false
			}
			allowed = allowed || entries[i].allows(who, op)
		}
	}
	return allowed || !found && r.cfg.OpenByDefault
}

// allows reports whether an entry allows an operation, be it by allowing another that
// cannot be done without it. Nothing is denied that way: who may not write may still look.
func (e *Entry) allows(who Who, op Operation) bool {
	if e.is(who, kmsg.ACLPermissionTypeAllow, op) {
		return true
	}
	implied := false
	switch op {
	case kmsg.ACLOperationDescribe:
		switch e.Operation {
		case kmsg.ACLOperationRead, kmsg.ACLOperationWrite, kmsg.ACLOperationDelete, kmsg.ACLOperationAlter:
			implied = true
		}
	case kmsg.ACLOperationDescribeConfigs:
		implied = e.Operation == kmsg.ACLOperationAlterConfigs
	}
	return implied && e.is(who, kmsg.ACLPermissionTypeAllow, e.Operation)
}

// matching yields the patterns that cover a resource: itself, all of its type, and each
// prefix of its name. A name is short and has few prefixes, so looking each of them up is
// cheaper than a sorted table would be to keep.
func matching(on Type, name string) iter.Seq[Resource] {
	return func(yield func(Resource) bool) {
		if !yield(Resource{on, name, Literal}) {
			return
		}
		if name != Wildcard && !yield(Resource{on, Wildcard, Literal}) {
			return
		}
		for n := len(name); n > 0; n-- {
			if !yield(Resource{on, name[:n], Prefixed}) {
				return
			}
		}
	}
}

// AllowsAny decides whether there can be a resource of a type that somebody may do
// something to: whether an idempotent producer may have an ID (KIP-679). Only bindings are
// asked, not which resources exist; and an operation that another implies is not meant.
func (r *Rules) AllowsAny(who Who, op Operation, on Type) bool {
	if r.Super(who.Principal) {
		return true
	}
	all := Resource{on, Wildcard, Literal}
	if r.kept(all, who, kmsg.ACLPermissionTypeDeny, op) {
		return false
	}
	if r.cfg.OpenByDefault {
		return true
	}
	for _, at := range r.Resources() {
		if at.Type == on && r.kept(at, who, kmsg.ACLPermissionTypeAllow, op) && (at == all || !r.outweighed(at, who, op)) {
			return true
		}
	}
	return false
}

// kept reports whether a resource has an entry about somebody and an operation.
func (r *Rules) kept(at Resource, who Who, permission Permission, op Operation) bool {
	return slices.ContainsFunc(r.entries[at], func(e Entry) bool { return e.is(who, permission, op) })
}

// outweighed reports whether all that a pattern covers is denied: by the same name, or by
// a prefix of it.
func (r *Rules) outweighed(at Resource, who Who, op Operation) bool {
	if at.Pattern == Literal && r.kept(at, who, kmsg.ACLPermissionTypeDeny, op) {
		return true
	}
	for n := len(at.Name); n > 0; n-- {
		if r.kept(Resource{at.Type, at.Name[:n], Prefixed}, who, kmsg.ACLPermissionTypeDeny, op) {
			return true
		}
	}
	return false
}
