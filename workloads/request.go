package workloads

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/client"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// submit records the start of an operation and hands it to the session.
func (c *Client) submit(op *Op, final bool) {
	h := c.resolve(op)
	h.Final = final
	c.rec.Invoke(h)
	c.inFlight++
	id, path := h.ID, h.Path // the closures must not keep the whole record alive
	code, body := request(op.F, h)
	if op.F != history.SyncGet && op.F != SyncChildren {
		c.zk.Submit(code, body, func(r client.Result) { c.ended(id, r, nil) })
		return
	}
	var sync client.Result
	ended := false
	c.zk.Submit(wire.OpSync, &wire.SyncRequest{Path: path}, func(r client.Result) { sync, ended = r, true })
	c.zk.Submit(code, body, func(r client.Result) {
		if !ended && r.Sent { // it overtook its sync, which the judges must see
			sync = client.Result{Sent: true, Xid: r.Xid - 1}
			c.ended(id, r, &sync)
			return
		}
		c.ended(id, synced(sync, r), &sync)
	})
}

// synced is the result of a read after a sync. Without the sync, the read does
// not count; as neither has an effect, the whole then fails for sure.
func synced(sync, read client.Result) client.Result {
	if sync.Sure && sync.Err == wire.ErrNotReadOnly && read.Sure {
		read.Err, read.Body = sync.Err, nil // whatever a read-only server answers, it is not that
		return read
	}
	if !read.Sure || read.Err != wire.OK || sync.Err == wire.OK && sync.Sure {
		return read
	}
	return client.Result{
		Sure: true, Err: wire.ErrConnectionLoss, Sent: read.Sent,
		Session: read.Session, Conn: read.Conn, Xid: read.Xid, Server: read.Server,
	}
}

// resolve makes the record of an operation of a plan, with its relative
// arguments made absolute.
func (c *Client) resolve(op *Op) history.Op {
	h := history.Op{
		ID: op.ID, Client: c.cfg.Index, F: op.F, Path: op.Path, Value: op.Value,
		Mode: op.Mode, TTL: op.TTL.Milliseconds(), Version: c.version(op.Path, op.Version), Server: int(node.Nobody), Watch: op.Watch, Step: op.step, ACL: op.ACL,
	}
	if op.F == SyncChildren {
		h.F = history.Children
	}
	if dir, last := strings.CutSuffix(op.Path, "/"+LastCreated); last && (op.F == history.Delete || op.F == history.GetACL) {
		if own := c.created[dir]; len(own) > 0 {
			h.Path = own[len(own)-1]
			if op.F == history.Delete {
				c.created[dir] = own[:len(own)-1]
			}
		}
	}
	if op.F == history.Reconfig {
		h.Version, h.Change = 0, op.Change.resolve(c.configID(op.Version))
	}
	if op.F == history.SetACL {
		if h.Value, h.ACL = op.ACL, ""; op.ACL == "" {
			h.Value = wire.FormatACL(accessList(op.Value))
		}
	}
	if len(op.Parts) > 0 {
		h.Parts = make([]history.Part, len(op.Parts))
	}
	for i := range op.Parts {
		p := &op.Parts[i]
		h.Parts[i] = history.Part{
			F: p.F, Path: p.Path, Value: p.Value, Mode: p.Mode, TTL: p.TTL.Milliseconds(), Version: c.version(p.Path, p.Version), ACL: p.ACL,
		}
	}
	return h
}

func (c *Client) version(path string, v VersionArg) int32 {
	if v == Seen {
		return c.versions[path]
	}
	return int32(v)
}

// request encodes a resolved operation. f is its function in the plan, which
// tells the two kinds of children apart.
func request(f history.F, h history.Op) (wire.OpCode, wire.Record) {
	switch f {
	case history.Create:
		return createRequest(history.Part{Path: h.Path, Value: h.Value, Mode: h.Mode, TTL: h.TTL, ACL: h.ACL})
	case history.Delete:
		return wire.OpDelete, &wire.DeleteRequest{Path: h.Path, Version: h.Version}
	case history.Set:
		return wire.OpSetData, &wire.SetDataRequest{Path: h.Path, Data: []byte(h.Value), Version: h.Version}
	case history.Get, history.SyncGet:
		return wire.OpGetData, &wire.PathRequest{Path: h.Path, Watch: h.Watch}
	case history.Exists:
		return wire.OpExists, &wire.PathRequest{Path: h.Path, Watch: h.Watch}
	case history.Children, SyncChildren:
		return wire.OpGetChildren2, &wire.PathRequest{Path: h.Path, Watch: h.Watch}
	case history.Sync:
		return wire.OpSync, &wire.SyncRequest{Path: h.Path}
	case history.Reconfig:
		ch := h.Change
		return wire.OpReconfig, &wire.ReconfigRequest{Joining: ch.Joining, Leaving: ch.Leaving, Members: ch.Members, From: ch.From}
	case history.Close:
		return wire.OpCloseSession, &wire.Empty{}
	case history.SetACL:
		return wire.OpSetACL, &wire.SetACLRequest{Path: h.Path, ACL: parsed(h.Value), Version: h.Version}
	case history.GetACL:
		return wire.OpGetACL, &wire.GetACLRequest{Path: h.Path}
	case history.WhoAmI:
		return wire.OpWhoAmI, &wire.Empty{}
	case history.CountAll:
		return wire.OpCountAll, &wire.CountAllRequest{Path: h.Path}
	case history.Ephemerals:
		return wire.OpGetEphemerals, &wire.GetEphemeralsRequest{Prefix: h.Path}
	case history.Check:
		return wire.OpCheck, &wire.CheckRequest{Path: h.Path, Version: h.Version}
	case history.Multi:
		return wire.OpMulti, multiOps(h.Parts)
	case history.AddWatch:
		return wire.OpAddWatch, &wire.AddWatchRequest{Path: h.Path, Mode: wire.WatchMode(h.Mode)}
	case history.RemoveWatch:
		return wire.OpRemoveWatches, &wire.WatchesRequest{Path: h.Path, Type: wire.WatchType(h.Mode)}
	case history.CheckWatch:
		return wire.OpCheckWatches, &wire.WatchesRequest{Path: h.Path, Type: wire.WatchType(h.Mode)}
	case history.MultiRead:
		return wire.OpMultiRead, multiOps(h.Parts)
	}
	panic(fmt.Sprintf("workloads: function %q is no request", f))
}

// createRequest asks for a znode by the operation that its mode needs, always one
// that answers with the Stat.
func createRequest(p history.Part) (wire.OpCode, wire.Record) {
	r := wire.CreateRequest{Path: p.Path, Data: []byte(p.Value), ACL: wire.OpenACL, Mode: p.Mode}
	if p.ACL != "" {
		r.ACL = parsed(p.ACL)
	}
	switch {
	case hasTTL(p.Mode):
		return wire.OpCreateTTL, &wire.CreateTTLRequest{CreateRequest: r, TTL: p.TTL}
	case p.Mode == wire.ModeContainer:
		return wire.OpCreateContainer, &r
	}
	return wire.OpCreate2, &r
}

// parsed is the list that a plan names; its parser has seen to it that there is one.
func parsed(text string) []wire.ACL {
	list, err := wire.ParseACL(text)
	if err != nil {
		panic("workloads: " + err.Error())
	}
	return list
}

// accessList is a list that keeps everybody's access and is told from others by
// the identity that value names.
func accessList(value string) []wire.ACL {
	user := strings.NewReplacer(",", "", ":", "").Replace(value)
	return append(slices.Clone(wire.OpenACL), wire.ACL{Perms: 1, Scheme: "digest", ID: user + ":x"})
}

func multiOps(parts []history.Part) *wire.MultiRequest {
	m := &wire.MultiRequest{}
	for _, p := range parts {
		m.Ops = append(m.Ops, multiOp(p))
	}
	return m
}

func multiOp(p history.Part) wire.MultiOp {
	switch p.F {
	case history.Create:
		op, body := createRequest(p)
		return wire.MultiOp{Type: op, Body: body}
	case history.Delete:
		return wire.MultiOp{Type: wire.OpDelete, Body: &wire.DeleteRequest{Path: p.Path, Version: p.Version}}
	case history.Set:
		return wire.MultiOp{Type: wire.OpSetData, Body: &wire.SetDataRequest{Path: p.Path, Data: []byte(p.Value), Version: p.Version}}
	case history.Get:
		return wire.MultiOp{Type: wire.OpGetData, Body: &wire.PathRequest{Path: p.Path}}
	case history.Children:
		return wire.MultiOp{Type: wire.OpGetChildren, Body: &wire.PathRequest{Path: p.Path}}
	case history.Check:
		return wire.MultiOp{Type: wire.OpCheck, Body: &wire.CheckRequest{Path: p.Path, Version: p.Version}}
	}
	panic(fmt.Sprintf("workloads: function %q cannot be part of a multi", p.F))
}
