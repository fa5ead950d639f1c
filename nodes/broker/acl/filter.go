package acl

import (
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Filter chooses bindings, as DescribeAcls and DeleteAcls do. A nil text is any.
type Filter struct {
	Type            Type
	Name            *string
	Pattern         Pattern
	Principal, Host *string
	Operation       Operation
	Permission      Permission
}

// Chooses reports whether the patterns kept under a resource are meant: with
// [kmsg.ACLResourcePatternTypeMatch] those that cover the resource of the name.
func (f *Filter) Chooses(at Resource) bool {
	if f.Type != kmsg.ACLResourceTypeAny && f.Type != at.Type {
		return false
	}
	switch f.Pattern {
	case kmsg.ACLResourcePatternTypeAny:
		return f.Name == nil || *f.Name == at.Name
	case kmsg.ACLResourcePatternTypeMatch:
		return f.Name == nil || at.covers(*f.Name)
	}
	return f.Pattern == at.Pattern && (f.Name == nil || *f.Name == at.Name)
}

// Matches reports whether an entry is meant.
func (f *Filter) Matches(e Entry) bool {
	return (f.Principal == nil || *f.Principal == e.Principal) && (f.Host == nil || *f.Host == e.Host) &&
		(f.Operation == kmsg.ACLOperationAny || f.Operation == e.Operation) &&
		(f.Permission == kmsg.ACLPermissionTypeAny || f.Permission == e.Permission)
}

// Exact lists the resources that a filter names, whether or not they have bindings; none
// if it must be held against all there are.
func (f *Filter) Exact() []Resource {
	if f.Name == nil || f.Type == kmsg.ACLResourceTypeAny {
		return nil
	}
	switch f.Pattern {
	case kmsg.ACLResourcePatternTypeAny:
		return []Resource{{f.Type, *f.Name, Literal}, {f.Type, *f.Name, Prefixed}}
	case Literal, Prefixed:
		return []Resource{{f.Type, *f.Name, f.Pattern}}
	}
	return nil
}

// Describe lists entries for facts and histories.
func Describe(entries []Entry) string {
	words := make([]string, len(entries))
	for i, e := range entries {
		words[i] = e.String()
	}
	return strings.Join(words, ", ")
}
