package prep

import (
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Limits are the parts of a server's configuration by which requests are judged.
type Limits struct {
	// ExtendedTypes allows nodes with a TTL (extendedTypesEnabled).
	ExtendedTypes bool
	// NeverUsed is after how many ms without change a container may be deleted that
	// never had a child, 0 for never (znode.container.maxNeverUsedIntervalMs).
	NeverUsed int64
	// EnforceQuota refuses what goes beyond a hard quota (enforceQuota).
	EnforceQuota bool
	// VersionStart is the version that the first setData gives a node, 0 for 1. It
	// brings the end of the counter near.
	VersionStart int32
	// SequenceStart is the count of creates that the first child gives a node, 0 for 1,
	// for the same purpose.
	SequenceStart int32
}

// SetLimits makes requests prepared from now on obey these limits.
func (p *Prep) SetLimits(l Limits) { p.limits = l }

// checkMode tells whether an operation takes a mode. What it makes, the operation
// decides: createContainer makes containers in every mode, and create makes plain nodes
// in the mode of containers. Only nodes with a TTL have both to themselves.
func (p *Prep) checkMode(op wire.OpCode, mode int32, ttl int64) wire.ErrorCode {
	switch mode {
	case wire.ModePersistent, wire.ModeEphemeral, wire.ModePersistentSequential, wire.ModeEphemeralSequential, wire.ModeContainer:
		if op == wire.OpCreateTTL {
			return wire.ErrBadArguments
		}
		return wire.OK
	case wire.ModeTTL, wire.ModeSequentialTTL:
		return p.checkTTL(op, ttl)
	}
	return wire.ErrBadArguments
}

// checkTTL tells whether an operation makes nodes with this TTL.
func (p *Prep) checkTTL(op wire.OpCode, ttl int64) wire.ErrorCode {
	switch {
	case !p.limits.ExtendedTypes:
		return wire.ErrUnimplemented
	case op != wire.OpCreateTTL || ttl <= 0 || ttl > tree.MaxTTL:
		return wire.ErrBadArguments
	}
	return wire.OK
}

// inMulti is what a create of this mode is taken for inside a multi, which knows the
// mode of containers where the operation alone does not.
func inMulti(op wire.OpCode, body wire.Record) wire.OpCode {
	if r, ok := body.(*wire.CreateRequest); ok && op == wire.OpCreate && r.Mode == wire.ModeContainer {
		return wire.OpCreateContainer
	}
	return op
}

// sequential tells the modes that have the server complete the name.
func sequential(mode int32) bool {
	return mode == wire.ModePersistentSequential || mode == wire.ModeEphemeralSequential || mode == wire.ModeSequentialTTL
}
