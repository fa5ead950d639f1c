// Package acl says who may do what on a Kafka cluster: bindings of access control entries
// to patterns of resources, and the decision by them, as Kafka's AclAuthorizer makes it.
// It is pure; who keeps the bindings in znodes and hears of their changes is the broker.
//
// # The decision
//
// A request needs an operation on a resource. The bindings that matter are those of the
// resource itself, of prefixes of its name, and of all resources of its type, "*". One that
// denies the operation decides, however narrow those are that allow it. Otherwise one must
// allow it; some operations are allowed by others that need them. Who is a super user needs
// none. A resource without any binding is for super users only, unless the broker is told
// that it is for everybody.
//
// Source: KIP-11, KIP-290 (prefixes), KIP-679 (any resource of a type); Kafka documentation,
// Authorization and ACLs.
package acl
