package workloads

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/acl"
	"github.com/stampede-sim/stampede/nodes/coordinator/prep"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/watch"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// ensemble is what all servers of a test share: one perfect database, so that
// whatever goes wrong is the client's doing or the network's.
type ensemble struct {
	tree  *tree.Tree
	prep  *prep.Prep
	owner map[int64]node.ID       // of each session
	heard map[int64]time.Duration // when each session was heard from
	log   []*wire.Txn
	now   func() time.Duration
	at    []time.Duration // of each transaction
}

func newEnsemble(now func() time.Duration) *ensemble {
	t := tree.New()
	return &ensemble{tree: t, prep: prep.New(t, acl.Rules{}), owner: map[int64]node.ID{}, heard: map[int64]time.Duration{}, now: now}
}

// write commits a request and returns its answer.
func (e *ensemble) write(req prep.Request) *wire.Reply {
	zxid := wire.MakeZxid(1, uint32(len(e.log)+1))
	txn := e.prep.Prepare(req, zxid, int64(zxid))
	e.log, e.at = append(e.log, txn), append(e.at, e.now())
	result := e.tree.Apply(txn)
	e.prep.Done(zxid)
	err, body := tree.Reply(txn, result, req.Type)
	return &wire.Reply{Zxid: zxid, Err: err, Body: body}
}

// expire closes the sessions that were silent for their timeout.
func (e *ensemble) expire(now time.Duration) {
	for _, s := range e.tree.Sessions() {
		if now-e.heard[s.ID] > time.Duration(s.TimeoutMs)*time.Millisecond {
			e.write(prep.Request{Session: s.ID, Type: wire.OpCloseSession, Body: &wire.Empty{}})
		}
	}
}

// read answers what is not a write.
func (e *ensemble) read(session int64, m *wire.Request) *wire.Reply {
	r := &wire.Reply{Zxid: e.tree.LastProcessed()}
	switch m.Type {
	case wire.OpSync:
		r.Body = &wire.SyncReply{Path: m.Body.(*wire.SyncRequest).Path}
	case wire.OpGetData:
		data, stat, err := e.tree.Data(m.Body.(*wire.PathRequest).Path)
		r.Err, r.Body = err, &wire.DataReply{Data: data, Stat: stat}
	case wire.OpExists:
		stat, err := e.tree.Stat(m.Body.(*wire.PathRequest).Path)
		r.Err, r.Body = err, &wire.StatReply{Stat: stat}
	case wire.OpGetChildren2:
		names, stat, err := e.tree.Children(m.Body.(*wire.PathRequest).Path)
		r.Err, r.Body = err, &wire.Children2Reply{Children: names, Stat: stat}
	case wire.OpGetACL:
		acl, err := e.tree.ACL(m.Body.(*wire.GetACLRequest).Path)
		r.Err, r.Body = err, &wire.ACLReply{ACL: acl}
	case wire.OpWhoAmI:
		r.Body = &wire.WhoAmIReply{}
	case wire.OpCountAll:
		total, err := e.tree.Below(m.Body.(*wire.CountAllRequest).Path)
		r.Err, r.Body = err, &wire.CountAllReply{Total: total}
	case wire.OpGetEphemerals:
		r.Body = &wire.EphemeralsReply{Paths: e.tree.Ephemerals(session)}
	case wire.OpAddWatch:
		r.Body = &wire.ErrorReply{}
	case wire.OpSetWatches, wire.OpSetWatches2, wire.OpCheckWatches, wire.OpRemoveWatches:
		r.Body = &wire.Empty{}
	case wire.OpMultiRead:
		r.Body = e.multiRead(m.Body.(*wire.MultiRequest))
	}
	if r.Err != wire.OK {
		r.Body = nil
	}
	return r
}

// multiRead answers each part by itself; of these it knows getData and getChildren.
func (e *ensemble) multiRead(m *wire.MultiRequest) *wire.MultiReply {
	reply := &wire.MultiReply{}
	for _, part := range m.Ops {
		path := part.Body.(*wire.PathRequest).Path
		data, stat, err := e.tree.Data(path)
		result := wire.MultiResult{Type: wire.OpGetData, Body: &wire.DataReply{Data: data, Stat: stat}}
		if names, _, _ := e.tree.Children(path); part.Type == wire.OpGetChildren {
			result = wire.MultiResult{Type: wire.OpGetChildren, Body: &wire.ChildrenReply{Children: names}}
		}
		if err != wire.OK {
			result = wire.MultiResult{Type: wire.OpError, Err: err}
		}
		reply.Results = append(reply.Results, result)
	}
	return reply
}

// server is one server of the ensemble: it knows its connections, no more.
type server struct {
	node.Base
	*ensemble
	env      node.Env
	world    func() time.Duration
	sessions map[node.ConnID]int64
	watches  *watch.Table
	notified int // transactions of the log whose watches have fired
}

// sessionTick is how often each server looks for sessions to expire.
const sessionTick = 100 * time.Millisecond

func (s *server) Boot(env node.Env) {
	s.env, s.notified, s.watches = env, len(s.log), watch.New(bugs.Set{})
	env.SetTimer(sessionTick, node.Tag{})
}

func (s *server) Timer(node.Tag) {
	s.expire(s.world())
	s.notify()
	s.env.SetTimer(sessionTick, node.Tag{})
}

func (s *server) Receive(c node.ConnID, m node.Message) {
	switch m := m.(type) {
	case *wire.Word:
		s.env.Send(c, &wire.WordReply{Text: "an answer"})
		s.env.Close(c)
	case *wire.ConnectRequest:
		s.connect(c, m)
	case *wire.Request:
		s.request(c, m)
	}
}

func (s *server) connect(c node.ConnID, m *wire.ConnectRequest) {
	id := m.Session
	if id == 0 {
		id = int64(1000 + len(s.log))
		s.write(prep.Request{Session: id, Type: wire.OpCreateSession, Body: &wire.CreateSessionRequest{TimeoutMs: m.TimeoutMs}})
	}
	timeout, lives := s.tree.SessionTimeout(id)
	if !lives {
		s.env.Send(c, &wire.ConnectResponse{})
		s.env.Close(c)
		return
	}
	s.sessions[c], s.owner[id], s.heard[id] = id, s.env.Self(), s.world()
	s.env.Send(c, &wire.ConnectResponse{Session: id, TimeoutMs: timeout})
}

func (s *server) request(c node.ConnID, m *wire.Request) {
	id := s.sessions[c]
	s.heard[id] = s.world()
	s.notify()
	r := &wire.Reply{Zxid: s.tree.LastProcessed()}
	_, lives := s.tree.SessionTimeout(id)
	if a, ok := m.Body.(*wire.AuthRequest); ok {
		s.authenticate(c, a)
		return
	}
	switch {
	case m.Type == wire.OpPing:
	case !lives:
		r.Err = wire.ErrSessionExpired
	case s.owner[id] != s.env.Self():
		r.Err = wire.ErrSessionMoved
	case m.Type.IsWrite():
		r = s.write(prep.Request{Session: id, Cxid: m.Xid, Type: m.Type, Body: m.Body})
	default:
		r = s.read(id, m)
		s.watch(c, m, r)
	}
	s.notify()
	r.Xid, r.Type = m.Xid, m.Type
	s.env.Send(c, r)
}

// authenticate believes every password and nothing else. Nobody gains anything by it:
// these servers hold no request against any list but those of everybody.
func (s *server) authenticate(c node.ConnID, a *wire.AuthRequest) {
	r := &wire.Reply{Xid: wire.XidAuth, Type: wire.OpAuth, Body: &wire.Empty{}}
	if a.Scheme != "digest" {
		r.Err, r.Body = wire.ErrAuthFailed, nil
	}
	s.env.Send(c, r)
	if r.Err != wire.OK {
		s.env.Close(c)
	}
}

func (s *server) Decode(c node.ConnID, frame []byte) (node.Message, error) {
	if _, known := s.sessions[c]; !known {
		word, connect, err := wire.DecodeOpening(frame)
		if word != nil {
			return word, nil
		}
		return connect, err
	}
	return wire.DecodeRequest(frame)
}
