package znodes

import (
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/acl"
)

// TestACLBytes holds paths, entries and notifications against those that Kafka writes.
func TestACLBytes(t *testing.T) {
	literal := acl.Resource{Type: kmsg.ACLResourceTypeTopic, Name: "orders", Pattern: acl.Literal}
	prefix := acl.Resource{Type: kmsg.ACLResourceTypeTransactionalId, Name: "pay", Pattern: acl.Prefixed}
	entries := []acl.Entry{
		{Principal: "User:alice", Host: "*", Operation: kmsg.ACLOperationDescribeConfigs, Permission: kmsg.ACLPermissionTypeAllow},
		{Principal: "User:bob", Host: "10.0.0.7", Operation: kmsg.ACLOperationAll, Permission: kmsg.ACLPermissionTypeDeny},
	}
	for _, c := range []struct{ got, want string }{
		{ACLPath(literal), "/kafka-acl/Topic/orders"},
		{ACLPath(prefix), "/kafka-acl-extended/prefixed/TransactionalId/pay"},
		{ACLChangePath(literal), "/kafka-acl-changes/acl_changes_"},
		{ACLChangePath(prefix), "/kafka-acl-extended-changes/acl_changes_"},
		{string(EncodeACLChange(literal)), "TOPIC:orders"},
		{string(EncodeACLChange(prefix)), `{"version":1,"resourceType":"TRANSACTIONAL_ID","name":"pay","patternType":"PREFIXED"}`},
		{string(EncodeACL(entries)), `{"version":1,"acls":[{"principal":"User:alice","permissionType":"Allow","operation":"DescribeConfigs","host":"*"},` +
			`{"principal":"User:bob","permissionType":"Deny","operation":"All","host":"10.0.0.7"}]}`},
	} {
		if c.got != c.want {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
	back, err := DecodeACL("/x", EncodeACL(entries))
	if err != nil || !slices.Equal(back, entries) {
		t.Errorf("the entries came back as %v, %v", back, err)
	}
	for _, r := range []acl.Resource{literal, prefix} {
		if got, err := DecodeACLChange(ACLChangePath(r)+"0000000001", EncodeACLChange(r)); err != nil || got != r {
			t.Errorf("%v came back as %v, %v", r, got, err)
		}
	}
}

// TestACLErrors: what nobody can read is said to be so.
func TestACLErrors(t *testing.T) {
	for _, text := range []string{"{", `{"version":2,"acls":[]}`, `{"version":1,"acls":[{"principal":"User:a","permissionType":"Allow","operation":"Fly","host":"*"}]}`} {
		if entries, err := DecodeACL("/x", []byte(text)); err == nil {
			t.Errorf("%s was read as %v", text, entries)
		}
	}
	for _, text := range []string{"", "TOPIC", "SHELF:a"} {
		if r, err := DecodeACLChange("/kafka-acl-changes/acl_changes_1", []byte(text)); err == nil {
			t.Errorf("%q was read as %v", text, r)
		}
	}
	if entries, err := DecodeACL("/x", nil); err != nil || entries != nil {
		t.Errorf("nothing was read as %v, %v", entries, err)
	}
}
