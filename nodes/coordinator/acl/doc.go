// Package acl decides who may do what to a znode: lists of entries that permit
// something to an identity, the identities that a connection has, and what makes
// either of them valid. It is the access control of ZooKeeper's
// PrepRequestProcessor and of its authentication providers.
//
// Nothing here knows a tree or a connection: whoever asks says which list counts
// and who is asking. The rules are pure, so leader and follower decide alike.
//
// # Schemes
//
// world has the one identity anyone, whom everybody is. auth is no identity but
// stands, in a list that is being set, for those of whoever sets it. digest is a
// user and the hash of his password, told by the client. ip is the address of the
// other end, told by the network. x509 and sasl are identities that a transport has
// made sure of; what goes on there is not modelled, they are given. super may do
// everything.
package acl
