package wire

import "fmt"

// newRequestBody returns an empty body for a request of type op, to be read into.
func newRequestBody(op OpCode) Record {
	switch op {
	case OpCreate, OpCreate2, OpCreateContainer:
		return new(CreateRequest)
	case OpCreateTTL:
		return new(CreateTTLRequest)
	case OpDelete:
		return new(DeleteRequest)
	case OpSetData:
		return new(SetDataRequest)
	case OpCheck:
		return new(CheckRequest)
	case OpExists, OpGetData, OpGetChildren, OpGetChildren2:
		return new(PathRequest)
	case OpReconfig:
		return new(ReconfigRequest)
	case OpSync:
		return new(SyncRequest)
	case OpGetACL:
		return new(GetACLRequest)
	case OpSetACL:
		return new(SetACLRequest)
	case OpGetEphemerals:
		return new(GetEphemeralsRequest)
	case OpCountAll:
		return new(CountAllRequest)
	case OpMulti, OpMultiRead:
		return new(MultiRequest)
	case OpPing, OpCloseSession, OpWhoAmI:
		return new(Empty)
	case OpAuth:
		return new(AuthRequest)
	case OpCreateSession:
		return new(CreateSessionRequest)
	case OpSetWatches:
		return new(SetWatchesRequest)
	case OpSetWatches2:
		return new(SetWatches2Request)
	case OpAddWatch:
		return new(AddWatchRequest)
	case OpCheckWatches, OpRemoveWatches:
		return new(WatchesRequest)
	}
	return new(Opaque)
}

// requestBody codes the body of a request, up to the end of the enclosing buffer. What
// cannot be read is kept as it came. Null strings count as such: no operation has a use
// for one, and here they would read as empty ones, which some have.
func (c *coder) requestBody(op OpCode, body *Record) {
	if !c.decoding {
		c.record(*body)
		return
	}
	if c.err != nil {
		return
	}
	start := c.off
	c.null, *body = false, newRequestBody(op)
	c.record(*body)
	if c.err != nil || c.null || c.off < c.end || !consistent(op, *body) {
		*body = &Malformed{Bytes: append([]byte{}, c.b[start:c.end]...)}
		c.err, c.off = nil, c.end
	}
}

// consistent reports whether a multi writes and a multiRead reads.
func consistent(op OpCode, body Record) bool {
	multi, ok := body.(*MultiRequest)
	if !ok {
		return true
	}
	for _, part := range multi.Ops {
		if reads := part.Type == OpGetData || part.Type == OpGetChildren; reads != (op == OpMultiRead) {
			return false
		}
	}
	return true
}

// newReplyBody returns an empty body for a reply to a request of type op.
func newReplyBody(op OpCode) Record {
	switch op {
	case OpCreate:
		return new(CreateReply)
	case OpCreate2, OpCreateContainer, OpCreateTTL:
		return new(Create2Reply)
	case OpSetData, OpSetACL, OpExists:
		return new(StatReply)
	case OpGetData, OpReconfig:
		return new(DataReply)
	case OpGetChildren:
		return new(ChildrenReply)
	case OpGetChildren2:
		return new(Children2Reply)
	case OpSync:
		return new(SyncReply)
	case OpGetACL:
		return new(ACLReply)
	case OpGetEphemerals:
		return new(EphemeralsReply)
	case OpCountAll:
		return new(CountAllReply)
	case OpMulti, OpMultiRead:
		return new(MultiReply)
	case OpDelete, OpCheck, OpPing, OpCloseSession, OpSetWatches, OpSetWatches2, OpCheckWatches, OpRemoveWatches, OpAuth:
		return new(Empty)
	case OpAddWatch:
		return new(ErrorReply)
	case OpWhoAmI:
		return new(WhoAmIReply)
	case OpNotification:
		return new(WatcherEvent)
	}
	return new(Opaque)
}

// record visits a body. A switch rather than an interface method, because a
// coder passed through an interface would have to live on the heap.
func (c *coder) record(r Record) {
	switch r := r.(type) {
	case nil, *Empty:
	case *CreateRequest:
		r.visit(c)
	case *CreateTTLRequest:
		r.visit(c)
		c.int64("ttl", &r.TTL)
	case *DeleteRequest:
		c.str("path", &r.Path)
		c.int32("version", &r.Version)
	case *SetDataRequest:
		c.str("path", &r.Path)
		c.buf("data", &r.Data)
		c.int32("version", &r.Version)
	case *CheckRequest:
		c.str("path", &r.Path)
		c.int32("version", &r.Version)
	case *PathRequest:
		c.str("path", &r.Path)
		c.bool("watch", &r.Watch)
	case *GetACLRequest:
		c.str("path", &r.Path)
	case *SetACLRequest:
		c.str("path", &r.Path)
		c.acls(&r.ACL)
		c.int32("version", &r.Version)
	case *GetEphemeralsRequest:
		c.str("prefixPath", &r.Prefix)
	case *CountAllRequest:
		c.str("path", &r.Path)
	case *SyncRequest:
		c.str("path", &r.Path)
	case *ReconfigRequest:
		c.nullable("joiningServers", &r.Joining)
		c.nullable("leavingServers", &r.Leaving)
		c.nullable("newMembers", &r.Members)
		c.int64("curConfigId", &r.From)
	case *MultiRequest:
		r.visit(c)
	case *CreateSessionRequest:
		c.int32("timeOut", &r.TimeoutMs)
	case *SetWatchesRequest:
		r.visit(c)
	case *SetWatches2Request:
		r.visit(c)
	case *AddWatchRequest:
		r.visit(c)
	case *WatchesRequest:
		r.visit(c)
	case *AuthRequest:
		r.visit(c)
	case *Opaque:
		c.rest("body", &r.Bytes)
	case *Malformed:
		c.rest("body", &r.Bytes)
	default:
		c.replyRecord(r)
	}
}

// replyRecord visits the body of a reply.
func (c *coder) replyRecord(r Record) {
	switch r := r.(type) {
	case *CreateReply:
		c.str("path", &r.Path)
	case *Create2Reply:
		c.str("path", &r.Path)
		r.Stat.visit(c)
	case *StatReply:
		r.Stat.visit(c)
	case *DataReply:
		c.buf("data", &r.Data)
		r.Stat.visit(c)
	case *ChildrenReply:
		c.strs("children", &r.Children)
	case *Children2Reply:
		c.strs("children", &r.Children)
		r.Stat.visit(c)
	case *ACLReply:
		c.acls(&r.ACL)
		r.Stat.visit(c)
	case *EphemeralsReply:
		c.strs("ephemerals", &r.Paths)
	case *CountAllReply:
		c.int32("totalNumber", &r.Total)
	case *SyncReply:
		c.str("path", &r.Path)
	case *MultiReply:
		r.visit(c)
	case *WatcherEvent:
		r.visit(c)
	case *ErrorReply:
		c.int32("err", (*int32)(&r.Err))
	case *WhoAmIReply:
		r.visit(c)
	default:
		panic(fmt.Sprintf("wire: %T has no encoding", r))
	}
}

func (r *CreateRequest) visit(c *coder) {
	c.str("path", &r.Path)
	c.buf("data", &r.Data)
	c.acls(&r.ACL)
	c.int32("flags", &r.Mode)
}

func (c *coder) acls(v *[]ACL) {
	vector(c, "acl", v, 12)
	for i := range *v {
		a := &(*v)[i]
		c.int32("acl.perms", &a.Perms)
		c.str("acl.scheme", &a.Scheme)
		c.str("acl.id", &a.ID)
	}
}

func (s *Stat) visit(c *coder) {
	c.zxid("czxid", &s.Czxid)
	c.zxid("mzxid", &s.Mzxid)
	c.int64("ctime", &s.Ctime)
	c.int64("mtime", &s.Mtime)
	c.int32("version", &s.Version)
	c.int32("cversion", &s.Cversion)
	c.int32("aversion", &s.Aversion)
	c.int64("ephemeralOwner", &s.EphemeralOwner)
	c.int32("dataLength", &s.DataLength)
	c.int32("numChildren", &s.NumChildren)
	c.zxid("pzxid", &s.Pzxid)
}

// multiHeader precedes every operation and result of a multi and, with done set,
// ends the list. An operation's err is -1; so are type and err of the end.
type multiHeader struct {
	typ  OpCode
	done bool
	err  int32
}

func (h *multiHeader) visit(c *coder) {
	c.int32("multi.type", (*int32)(&h.typ))
	c.bool("multi.done", &h.done)
	c.int32("multi.err", &h.err)
}

var multiEnd = multiHeader{typ: -1, done: true, err: -1}

func (r *MultiRequest) visit(c *coder) {
	if c.decoding {
		r.read(c)
		return
	}
	for _, op := range r.Ops {
		h := multiHeader{typ: op.Type, err: -1}
		h.visit(c)
		c.record(op.Body)
	}
	end := multiEnd
	end.visit(c)
}

func (r *MultiRequest) read(c *coder) {
	for {
		var h multiHeader
		h.visit(c)
		if c.err != nil || h.done {
			return
		}
		switch h.typ {
		case OpCreate, OpCreate2, OpCreateContainer, OpCreateTTL, OpDelete, OpSetData, OpCheck, OpGetData, OpGetChildren:
		default:
			// Its length is unknown, so what follows cannot be found either.
			c.fail("multi.type", "%s is not supported in a multi", h.typ)
			return
		}
		body := newRequestBody(h.typ)
		c.record(body)
		r.Ops = append(r.Ops, MultiOp{h.typ, body})
	}
}

func (r *MultiReply) visit(c *coder) {
	if c.decoding {
		r.read(c)
		return
	}
	for _, res := range r.Results {
		h := multiHeader{typ: res.Type, err: int32(res.Err)}
		h.visit(c)
		if res.Type == OpError {
			c.int32("multi.error", &h.err)
		} else {
			c.record(res.Body)
		}
	}
	end := multiEnd
	end.visit(c)
}

func (r *MultiReply) read(c *coder) {
	for {
		var h multiHeader
		h.visit(c)
		if c.err != nil || h.done {
			return
		}
		res := MultiResult{Type: h.typ, Err: ErrorCode(h.err)}
		switch h.typ {
		case OpError:
			c.int32("multi.error", (*int32)(&res.Err))
		case OpCreate, OpCreate2, OpCreateContainer, OpCreateTTL, OpDelete, OpSetData, OpCheck, OpGetData, OpGetChildren:
			res.Body = newReplyBody(h.typ)
			c.record(res.Body)
		default:
			c.fail("multi.type", "%s is not supported in a multi", h.typ)
			return
		}
		r.Results = append(r.Results, res)
	}
}
