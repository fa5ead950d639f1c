package tree

import "github.com/stampede-sim/stampede/nodes/coordinator/wire"

// Reply builds error code and body of the answer to the request of type op that
// became txn, of which res is the result. Sessions are answered without a body
// of this kind: theirs is the ConnectResponse. A multi is always OK, its errors
// are in the body.
func Reply(txn *wire.Txn, res Result, op wire.OpCode) (wire.ErrorCode, wire.Record) {
	if txn.Type == wire.OpError || res.Err != wire.OK {
		return res.Err, nil
	}
	return wire.OK, res.body(op)
}

func (r *Result) body(op wire.OpCode) wire.Record {
	switch op {
	case wire.OpCreate:
		return &wire.CreateReply{Path: r.Path}
	case wire.OpCreate2, wire.OpCreateContainer, wire.OpCreateTTL:
		return &wire.Create2Reply{Path: r.Path, Stat: r.Stat}
	case wire.OpSetData, wire.OpSetACL:
		return &wire.StatReply{Stat: r.Stat}
	case wire.OpReconfig:
		return &wire.DataReply{Data: r.Data, Stat: r.Stat}
	case wire.OpMulti:
		return &wire.MultiReply{Results: r.Parts}
	}
	return &wire.Empty{}
}
