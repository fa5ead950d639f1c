package zookeeper

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Op is one operation. Make it with the functions below.
type Op struct {
	Type    wire.OpCode
	Path    string
	Data    []byte
	Version int32
	Mode    int32
	Ops     []Op // of a multi
}

// AnyVersion matches every version.
const AnyVersion int32 = -1

// Get reads a znode's data.
func Get(path string) Op { return Op{Type: wire.OpGetData, Path: path} }

// Exists reads a znode's stat. Unlike Get it leaves a watch also where no znode is.
func Exists(path string) Op { return Op{Type: wire.OpExists, Path: path} }

// Children lists the children of a znode, sorted.
func Children(path string) Op { return Op{Type: wire.OpGetChildren2, Path: path} }

// Sync awaits that the server has applied everything committed before it. A read that
// is asked after it sees every write of this session that has happened, and a write of
// an earlier connection that has not happened by then never will.
func Sync(path string) Op { return Op{Type: wire.OpSync, Path: path} }

// Create makes a persistent znode.
func Create(path string, data []byte) Op {
	return Op{Type: wire.OpCreate2, Path: path, Data: data, Mode: wire.ModePersistent}
}

// CreateEphemeral makes a znode that lives as long as the session.
func CreateEphemeral(path string, data []byte) Op {
	return Op{Type: wire.OpCreate2, Path: path, Data: data, Mode: wire.ModeEphemeral}
}

// CreateSequential makes a persistent znode with ten digits behind its path.
func CreateSequential(path string, data []byte) Op {
	return Op{Type: wire.OpCreate2, Path: path, Data: data, Mode: wire.ModePersistentSequential}
}

// Set replaces a znode's data if it has that version.
func Set(path string, data []byte, version int32) Op {
	return Op{Type: wire.OpSetData, Path: path, Data: data, Version: version}
}

// Delete removes a childless znode if it has that version.
func Delete(path string, version int32) Op {
	return Op{Type: wire.OpDelete, Path: path, Version: version}
}

// Check, in a multi, demands that a znode has that version.
func Check(path string, version int32) Op {
	return Op{Type: wire.OpCheck, Path: path, Version: version}
}

// Multi does all of the operations or none.
func Multi(ops ...Op) Op { return Op{Type: wire.OpMulti, Ops: ops} }

// Reply is how an operation ended.
type Reply struct {
	// Err is OK, or why the operation has had no effect and never will have; unless
	// Unknown. That of a multi is the error of its operation Failed.
	Err wire.ErrorCode
	// Unknown: a write left and was not answered. It may have happened, or happen yet.
	// Err then says how contact was lost.
	Unknown bool
	// Adopted: the write was not answered, and reading again showed that it had
	// happened. Only from [Session.Set] and [Session.CreateEphemeral].
	Adopted bool
	// Zxid is that of the write, or of the state that was read.
	Zxid wire.Zxid
	// Path is that of a znode that was created.
	Path string
	// Stat is what the znode has now, Data and Children what it holds, if that was asked.
	Stat     wire.Stat
	Data     []byte
	Children []string
	// Results are those of a multi that succeeded, Failed is the first that did not.
	Results []Reply
	Failed  int
}

// OK reports whether the operation has had its effect for sure.
func (r *Reply) OK() bool { return r.Err == wire.OK && !r.Unknown }

// Over reports that the session has ended, so that asking again is futile.
func (r *Reply) Over() bool { return r.Err == wire.ErrSessionExpired }

// String says how it ended, for people.
func (r *Reply) String() string {
	if r.Unknown {
		return fmt.Sprintf("unknown (%v)", r.Err)
	}
	return r.Err.String()
}

// body is the request on the wire. Reads watch where somebody listens.
func (s *Session) body(op *Op) wire.Record {
	switch op.Type {
	case wire.OpGetData, wire.OpExists:
		return &wire.PathRequest{Path: op.Path, Watch: s.nodes[op.Path] != nil}
	case wire.OpGetChildren2:
		return &wire.PathRequest{Path: op.Path, Watch: s.children[op.Path] != nil}
	case wire.OpSync:
		return &wire.SyncRequest{Path: op.Path}
	case wire.OpCreate2:
		return &wire.CreateRequest{Path: op.Path, Data: op.Data, ACL: wire.OpenACL, Mode: op.Mode}
	case wire.OpSetData:
		return &wire.SetDataRequest{Path: op.Path, Data: op.Data, Version: op.Version}
	case wire.OpDelete:
		return &wire.DeleteRequest{Path: op.Path, Version: op.Version}
	case wire.OpCheck:
		return &wire.CheckRequest{Path: op.Path, Version: op.Version}
	case wire.OpMulti:
		m := &wire.MultiRequest{}
		for i := range op.Ops {
			m.Ops = append(m.Ops, wire.MultiOp{Type: op.Ops[i].Type, Body: s.body(&op.Ops[i])})
		}
		return m
	}
	panic(fmt.Sprintf("zookeeper: a broker has no use for %v", op.Type))
}

// take copies what a reply bears.
func (r *Reply) take(body wire.Record) {
	switch b := body.(type) {
	case *wire.DataReply:
		r.Data, r.Stat = b.Data, b.Stat
	case *wire.StatReply:
		r.Stat = b.Stat
	case *wire.Children2Reply:
		r.Children, r.Stat = b.Children, b.Stat
	case *wire.Create2Reply:
		r.Path, r.Stat = b.Path, b.Stat
	case *wire.MultiReply:
		r.takeMulti(b)
	}
}

// takeMulti copies the results, or finds which operation made the others fail.
func (r *Reply) takeMulti(b *wire.MultiReply) {
	for i, result := range b.Results {
		if result.Type == wire.OpError && result.Err != wire.OK && result.Err != wire.ErrRuntimeInconsistency {
			r.Err, r.Failed, r.Results = result.Err, i, nil
			return
		}
		one := Reply{Zxid: r.Zxid}
		one.take(result.Body)
		r.Results = append(r.Results, one)
	}
}
