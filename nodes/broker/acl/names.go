package acl

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// The names of types, operations and permissions in znodes, by number; "" for numbers that
// mean none or any.
var (
	typeNames = []string{
		kmsg.ACLResourceTypeTopic: "Topic", kmsg.ACLResourceTypeGroup: "Group", kmsg.ACLResourceTypeCluster: "Cluster",
		kmsg.ACLResourceTypeTransactionalId: "TransactionalId", kmsg.ACLResourceTypeDelegationToken: "DelegationToken", kmsg.ACLResourceTypeUser: "User",
	}
	operationNames = []string{
		kmsg.ACLOperationAll: "All", kmsg.ACLOperationRead: "Read", kmsg.ACLOperationWrite: "Write", kmsg.ACLOperationCreate: "Create",
		kmsg.ACLOperationDelete: "Delete", kmsg.ACLOperationAlter: "Alter", kmsg.ACLOperationDescribe: "Describe",
		kmsg.ACLOperationClusterAction: "ClusterAction", kmsg.ACLOperationDescribeConfigs: "DescribeConfigs", kmsg.ACLOperationAlterConfigs: "AlterConfigs",
		kmsg.ACLOperationIdempotentWrite: "IdempotentWrite", kmsg.ACLOperationCreateTokens: "CreateTokens", kmsg.ACLOperationDescribeTokens: "DescribeTokens",
	}
	permissionNames = []string{kmsg.ACLPermissionTypeDeny: "Deny", kmsg.ACLPermissionTypeAllow: "Allow"}
)

// Types lists the types of resources, in the order of their numbers.
var Types = []Type{
	kmsg.ACLResourceTypeTopic, kmsg.ACLResourceTypeGroup, kmsg.ACLResourceTypeCluster,
	kmsg.ACLResourceTypeTransactionalId, kmsg.ACLResourceTypeDelegationToken, kmsg.ACLResourceTypeUser,
}

// TypeName is the name of a type in znodes, "" of none.
func TypeName(t Type) string { return nameOf(typeNames, int(t)) }

// OperationName is the name of an operation in znodes, "" of none.
func OperationName(o Operation) string { return nameOf(operationNames, int(o)) }

// PermissionName is the name of a permission in znodes, "" of none.
func PermissionName(p Permission) string { return nameOf(permissionNames, int(p)) }

// TypeNamed reads the name of a type; ok says that it is one.
func TypeNamed(name string) (t Type, ok bool) {
	i, ok := numberOf(typeNames, name)
	return Type(i), ok
}

// OperationNamed reads the name of an operation; ok says that it is one.
func OperationNamed(name string) (o Operation, ok bool) {
	i, ok := numberOf(operationNames, name)
	return Operation(i), ok
}

// PermissionNamed reads the name of a permission; ok says that it is one.
func PermissionNamed(name string) (p Permission, ok bool) {
	i, ok := numberOf(permissionNames, name)
	return Permission(i), ok
}

func nameOf(names []string, i int) string {
	if i < 0 || i >= len(names) {
		return ""
	}
	return names[i]
}

func numberOf(names []string, name string) (int, bool) {
	i := slices.Index(names, name)
	return max(i, 0), i >= 0 && name != ""
}

// Supported lists the operations that there are on resources of a type (what
// "authorized operations" of a response can name).
func Supported(t Type) []Operation {
	switch t {
	case kmsg.ACLResourceTypeTopic:
		return []Operation{
			kmsg.ACLOperationRead, kmsg.ACLOperationWrite, kmsg.ACLOperationCreate, kmsg.ACLOperationDelete, kmsg.ACLOperationAlter,
			kmsg.ACLOperationDescribe, kmsg.ACLOperationDescribeConfigs, kmsg.ACLOperationAlterConfigs,
		}
	case kmsg.ACLResourceTypeGroup:
		return []Operation{kmsg.ACLOperationRead, kmsg.ACLOperationDelete, kmsg.ACLOperationDescribe}
	case kmsg.ACLResourceTypeCluster:
		return []Operation{
			kmsg.ACLOperationCreate, kmsg.ACLOperationAlter, kmsg.ACLOperationDescribe, kmsg.ACLOperationClusterAction,
			kmsg.ACLOperationDescribeConfigs, kmsg.ACLOperationAlterConfigs, kmsg.ACLOperationIdempotentWrite,
		}
	}
	return nil
}
