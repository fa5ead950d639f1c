// Package zoocfg reads the configuration of a ZooKeeper server as its operators write
// it: zoo.cfg, the dynamic file that it may name, and myid. What is wrong is said with
// file and line, before anything runs on it.
//
// ZooKeeper takes a key that it does not know for a system property and goes on, so
// that a slip of the pen is a silent default. Here every key is known or refused.
// Keys that mean nothing to a simulated server (addresses, TLS, JVM) are accepted and
// listed in [File.Ignored].
package zoocfg
