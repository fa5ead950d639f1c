package store

import "github.com/stampede-sim/stampede/nodes/node"

// Prepared is the file that an operator puts on the disk of a server that is new, as
// zkServer-initialize does (ZOOKEEPER-261). Ours stays there: whoever has it has the disk
// that it was set up with.
const Prepared = "initialize"

// IsPrepared reports whether a disk is the one that its server was set up with.
func IsPrepared(d node.Disk) bool {
	_, ok := d.Read(Prepared)
	return ok
}
