// Package zoocfg reads the configuration of a real ZooKeeper server, zoo.cfg with its
// dynamic file and myid, into that of a coordinator, and prints it back.
//
// It is stricter than ZooKeeper, which takes a key that it does not know for a system
// property and the last of several values for the one that was meant: both are errors
// here, with file and line. Keys that ZooKeeper knows and that mean nothing to a
// simulated server (disks, threads, TLS) are kept in [File.Ignored].
package zoocfg
