package coordinator

import (
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/acl"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// read answers a request of a connection from our own tree.
func (s *Server) read(c *clientConn, p *pending) *wire.Reply {
	r := p.req
	out := &wire.Reply{Xid: r.Xid, Zxid: s.standsAt(), Type: r.Type}
	if s.aboutWatches(c, r, out) {
		return out
	}
	out.Err, out.Body = s.readBody(c.session, p.auth, r.Type, r.Body)
	if out.Err == wire.ErrNoAuth {
		s.observe(facts.ReadDenied, c.session, int64(r.Type))
	}
	s.leaveWatch(c, r, out.Err)
	if out.Err != wire.OK {
		out.Body = nil
	}
	if many, ok := out.Body.(*wire.MultiReply); ok {
		s.observeHalf(c.session, r.Xid, many)
	}
	return out
}

// observeHalf tells of a multiRead of which a part failed and the rest did not.
func (s *Server) observeHalf(session int64, xid int32, r *wire.MultiReply) {
	failed := 0
	for i := range r.Results {
		if r.Results[i].Type == wire.OpError {
			failed++
		}
	}
	if n := len(r.Results); failed > 0 && failed < n {
		s.observe(facts.MultiReadHalf, session, int64(xid), int64(failed), int64(n))
	}
}

func (s *Server) readBody(session int64, auth []wire.Identity, op wire.OpCode, body wire.Record) (wire.ErrorCode, wire.Record) {
	t := s.db.tree
	switch b := body.(type) {
	case *wire.Malformed:
		return wire.ErrMarshalling, nil
	case *wire.PathRequest:
		return s.readNode(auth, op, b.Path)
	case *wire.GetACLRequest:
		return s.readACL(auth, rooted(b.Path))
	case *wire.CountAllRequest:
		total, _ := t.Below(rooted(b.Path))
		return s.readable(auth, rooted(b.Path)), &wire.CountAllReply{Total: total}
	case *wire.GetEphemeralsRequest:
		return wire.OK, &wire.EphemeralsReply{Paths: s.ephemerals(session, b.Prefix)}
	case *wire.MultiRequest:
		return wire.OK, s.multiRead(auth, b)
	case *wire.SyncRequest:
		return wire.OK, &wire.SyncReply{Path: b.Path}
	}
	switch op {
	case wire.OpPing, wire.OpCloseSession:
		return wire.OK, &wire.Empty{}
	case wire.OpWhoAmI:
		return wire.OK, &wire.WhoAmIReply{Clients: acl.Clients(auth)}
	}
	return wire.ErrUnimplemented, nil
}

// readNode answers what asks for one node.
func (s *Server) readNode(auth []wire.Identity, op wire.OpCode, path string) (wire.ErrorCode, wire.Record) {
	t := s.db.tree
	path = rooted(path)
	if err := s.readable(auth, path); err != wire.OK && !(s.bug(bugs.ExistsUnchecked) && op == wire.OpExists) {
		return err, nil
	}
	switch op {
	case wire.OpExists:
		stat, err := t.Stat(path)
		return err, &wire.StatReply{Stat: stat}
	case wire.OpGetData:
		data, stat, err := t.Data(path)
		return err, &wire.DataReply{Data: data, Stat: stat}
	case wire.OpGetChildren:
		names, _, err := t.Children(path)
		return err, &wire.ChildrenReply{Children: names}
	case wire.OpGetChildren2:
		names, stat, err := t.Children(path)
		return err, &wire.Children2Reply{Children: names, Stat: stat}
	}
	return wire.ErrUnimplemented, nil
}

// rooted is the path that a read means: the root answers to the empty path, too.
func rooted(path string) string {
	if path == "" {
		return "/"
	}
	return path
}

// ephemerals lists a session's own ephemerals under a prefix, which is a prefix of
// letters and not of path elements.
func (s *Server) ephemerals(session int64, prefix string) []string {
	own := s.db.tree.Ephemerals(session)
	if s.bug(bugs.EphemeralsWithoutPrefix) {
		prefix = ""
	}
	return slices.DeleteFunc(own, func(path string) bool { return !strings.HasPrefix(path, prefix) })
}

// multiRead answers several reads from one state of the tree. One that fails does
// not concern the others.
func (s *Server) multiRead(auth []wire.Identity, r *wire.MultiRequest) *wire.MultiReply {
	out := &wire.MultiReply{Results: make([]wire.MultiResult, len(r.Ops))}
	for i, op := range r.Ops {
		err, body := wire.ErrUnimplemented, wire.Record(nil)
		if read, ok := op.Body.(*wire.PathRequest); ok {
			err, body = s.readNode(auth, op.Type, read.Path)
		}
		if err != wire.OK {
			out.Results[i] = wire.MultiResult{Type: wire.OpError, Err: err}
			continue
		}
		out.Results[i] = wire.MultiResult{Type: op.Type, Body: body}
	}
	return out
}
