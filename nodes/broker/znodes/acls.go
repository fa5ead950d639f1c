package znodes

import (
	"fmt"
	"strings"

	"github.com/stampede-sim/stampede/nodes/broker/acl"
)

// The znodes of access control: entries under literal names and under prefixes, and the
// notifications that those have changed.
const (
	ACLs              = "/kafka-acl"
	PrefixedACLs      = "/kafka-acl-extended/prefixed"
	ACLChanges        = "/kafka-acl-changes"
	PrefixedChanges   = "/kafka-acl-extended-changes"
	aclChangeSequence = "/acl_changes_"
)

// ACLRoots are created by every broker that authorises, if they are not there.
func ACLRoots() []string {
	roots := []string{ACLChanges, PrefixedChanges}
	for _, t := range acl.Types {
		roots = append(roots, ACLs+"/"+acl.TypeName(t), PrefixedACLs+"/"+acl.TypeName(t))
	}
	return roots
}

// ACLTypePath is the parent of the entries under patterns of a kind for a type.
func ACLTypePath(t acl.Type, p acl.Pattern) string {
	if p == acl.Prefixed {
		return PrefixedACLs + "/" + acl.TypeName(t)
	}
	return ACLs + "/" + acl.TypeName(t)
}

// ACLPath holds the entries under a resource.
func ACLPath(r acl.Resource) string { return ACLTypePath(r.Type, r.Pattern) + "/" + r.Name }

// ACLChangePath is what to create, sequentially, after entries have changed.
func ACLChangePath(r acl.Resource) string {
	if r.Pattern == acl.Prefixed {
		return PrefixedChanges + aclChangeSequence
	}
	return ACLChanges + aclChangeSequence
}

// EncodeACL writes entries, version 1.
func EncodeACL(entries []acl.Entry) []byte {
	list := make([]object, len(entries))
	for i, e := range entries {
		list[i] = object{
			{"principal", e.Principal}, {"permissionType", acl.PermissionName(e.Permission)},
			{"operation", acl.OperationName(e.Operation)}, {"host", e.Host},
		}
	}
	return encode(object{{"version", 1}, {"acls", list}})
}

// DecodeACL reads entries; path is for errors. No content is no entry.
func DecodeACL(path string, data []byte) ([]acl.Entry, error) {
	if len(data) == 0 {
		return nil, nil
	}
	var j struct {
		Version int `json:"version"`
		ACLs    []struct {
			Principal  string `json:"principal"`
			Permission string `json:"permissionType"`
			Operation  string `json:"operation"`
			Host       string `json:"host"`
		} `json:"acls"`
	}
	if err := decode(path, data, &j); err != nil {
		return nil, err
	}
	if j.Version != 1 {
		return nil, fmt.Errorf("znodes: %s holds entries of version %d; 1 is known", path, j.Version)
	}
	var entries []acl.Entry
	for _, e := range j.ACLs {
		op, known := acl.OperationNamed(e.Operation)
		permission, sure := acl.PermissionNamed(e.Permission)
		if !known || !sure {
			return nil, fmt.Errorf("znodes: %s has an entry of %q, which is to %q the operation %q", path, e.Principal, e.Permission, e.Operation)
		}
		entries = append(entries, acl.Entry{Principal: e.Principal, Host: e.Host, Operation: op, Permission: permission})
	}
	return acl.Set(entries), nil
}

// EncodeACLChange writes a notification: text for literal names, JSON for prefixes.
func EncodeACLChange(r acl.Resource) []byte {
	kind := javaName(acl.TypeName(r.Type))
	if r.Pattern == acl.Prefixed {
		return encode(object{{"version", 1}, {"resourceType", kind}, {"name", r.Name}, {"patternType", "PREFIXED"}})
	}
	return []byte(kind + ":" + r.Name)
}

// DecodeACLChange reads a notification; path says which of the two forms it has.
func DecodeACLChange(path string, data []byte) (acl.Resource, error) {
	r := acl.Resource{Pattern: acl.Literal}
	kind := ""
	if strings.HasPrefix(path, PrefixedChanges) {
		var j struct {
			Type string `json:"resourceType"`
			Name string `json:"name"`
		}
		if err := decode(path, data, &j); err != nil {
			return r, err
		}
		kind, r.Name, r.Pattern = j.Type, j.Name, acl.Prefixed
	} else {
		kind, r.Name, _ = strings.Cut(string(data), ":")
	}
	for _, t := range acl.Types {
		if javaName(acl.TypeName(t)) == strings.ToUpper(kind) {
			r.Type = t
		}
	}
	if acl.TypeName(r.Type) == "" || r.Name == "" {
		return r, fmt.Errorf("znodes: %s names %q; want TYPE and name of a resource", path, data)
	}
	return r, nil
}

// javaName is the name of a constant, "TRANSACTIONAL_ID" of "TransactionalId".
func javaName(name string) string {
	var b strings.Builder
	for i, c := range name {
		if i > 0 && c >= 'A' && c <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteRune(c)
	}
	return strings.ToUpper(b.String())
}
