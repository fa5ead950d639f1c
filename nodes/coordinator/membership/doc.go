// Package membership is the configuration of an ensemble as ZooKeeper 3.5 and later
// keep it in zoo.cfg.dynamic files, in /zookeeper/config and in messages: who is a
// member, who of them votes, and with what weight.
//
//	server.1=zk1:2888:3888:participant;0.0.0.0:2181
//	server.2=zk2:2888:3888:participant;0.0.0.0:2181
//	server.3=zk3:2888:3888:observer;0.0.0.0:2181
//	version=100000003
//
// The version is the zxid of the reconfiguration that made it. The first one, which
// operators write, has version 0 and becomes (epoch,0) when a leader is established.
//
// The package is pure: it parses, prints, compares and changes configurations, and
// says which sets of servers are a quorum of one. What a server does about a change
// is the business of packages zab and coordinator.
package membership
