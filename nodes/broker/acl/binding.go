package acl

import (
	"cmp"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Wildcard stands for all hosts, and as the name of a literal resource for all of a type.
// Everybody is the principal that stands for all.
const (
	Wildcard  = "*"
	Everybody = "User:*"
	// Cluster is the name of the one resource that the cluster is.
	Cluster = "kafka-cluster"
)

// Short names for what requests and bindings are made of.
type (
	Type       = kmsg.ACLResourceType
	Pattern    = kmsg.ACLResourcePatternType
	Operation  = kmsg.ACLOperation
	Permission = kmsg.ACLPermissionType
)

// The two patterns that bindings are kept under.
const (
	Literal  = kmsg.ACLResourcePatternTypeLiteral
	Prefixed = kmsg.ACLResourcePatternTypePrefixed
)

// Patterns lists them.
var Patterns = []Pattern{Literal, Prefixed}

// Short names for the permissions, and for what filters mean by any.
const (
	Deny          = kmsg.ACLPermissionTypeDeny
	Allow         = kmsg.ACLPermissionTypeAllow
	AnyPermission = kmsg.ACLPermissionTypeAny
	AnyOperation  = kmsg.ACLOperationAny
)

// Resource is a pattern that bindings are kept under: one resource, all whose names begin
// so, or all of a type.
type Resource struct {
	Type    Type
	Name    string
	Pattern Pattern
}

// Compare orders resources by type, then kind of pattern, then name.
func (r Resource) Compare(o Resource) int {
	return cmp.Or(cmp.Compare(r.Type, o.Type), cmp.Compare(r.Pattern, o.Pattern), strings.Compare(r.Name, o.Name))
}

// String names the resource as facts and traces do, "Topic:orders" or, of a prefix,
// "Topic:ord...".
func (r Resource) String() string {
	s := TypeName(r.Type) + ":" + r.Name
	if r.Pattern == Prefixed {
		s += "..."
	}
	return s
}

// covers reports whether the pattern matches a resource by its name.
func (r Resource) covers(name string) bool {
	if r.Pattern == Prefixed {
		return strings.HasPrefix(name, r.Name)
	}
	return r.Name == name || r.Name == Wildcard
}

// Entry is one access control entry.
type Entry struct {
	// Principal is "User:alice", or [Everybody]; Host an address, or [Wildcard].
	Principal, Host string
	Operation       Operation
	Permission      Permission
}

// Compare orders entries.
func (e Entry) Compare(o Entry) int {
	return cmp.Or(strings.Compare(e.Principal, o.Principal), strings.Compare(e.Host, o.Host),
		cmp.Compare(e.Operation, o.Operation), cmp.Compare(e.Permission, o.Permission))
}

// String is the entry as facts say it, "User:c1 from * may Write".
func (e Entry) String() string {
	may := " may not "
	if e.Permission == kmsg.ACLPermissionTypeAllow {
		may = " may "
	}
	return e.Principal + " from " + e.Host + may + OperationName(e.Operation)
}

// Set sorts entries and drops those that are there twice: the form in which they are kept.
func Set(entries []Entry) []Entry {
	slices.SortFunc(entries, Entry.Compare)
	return slices.Compact(entries)
}

// Binding is an entry with where it is kept.
type Binding struct {
	Resource
	Entry
}

// Who is somebody that asks: a principal at an address.
type Who struct{ Principal, Host string }

// is reports whether an entry is about somebody, and one of some operations.
func (e *Entry) is(who Who, permission Permission, op Operation) bool {
	return e.Permission == permission &&
		(e.Operation == op || e.Operation == kmsg.ACLOperationAll) &&
		(e.Principal == who.Principal || e.Principal == Everybody) &&
		(e.Host == who.Host || e.Host == Wildcard)
}

// Valid says what is wrong with a binding that somebody wants to make, "" if nothing is.
func (b Binding) Valid() string {
	kind, name, _ := strings.Cut(b.Principal, ":")
	switch {
	case TypeName(b.Type) == "":
		return "no such type of resource"
	case b.Pattern != Literal && b.Pattern != Prefixed:
		return "a binding is kept under a literal name or a prefix"
	case b.Name == "":
		return "the resource has no name"
	case b.Type == kmsg.ACLResourceTypeCluster && b.Name != Cluster:
		return "the cluster is called " + Cluster
	case OperationName(b.Operation) == "":
		return "no such operation"
	case PermissionName(b.Permission) == "":
		return "an entry allows or denies"
	case b.Host == "":
		return "the entry names no host"
	case kind != "User" || name == "":
		return "a principal is User:NAME"
	}
	return ""
}
