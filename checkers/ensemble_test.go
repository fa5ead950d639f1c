package checkers

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// ensemble produces histories that keep every guarantee: an ideal leader, and
// servers that lag behind it. Tests record one and then spoil it.
type ensemble struct {
	h       history.History
	leader  *reference.Tree
	servers []*reference.Tree
	applied []int // how much of the log each server has
	now     time.Duration
	epoch   int64
	counter uint32
}

// client is a session with its connection.
type client struct {
	session int64
	conn    int
	server  int
	xid     int32
	seen    wire.Zxid
	order   int // replies and events received on the connection
}

func newEnsemble(servers int) *ensemble {
	e := &ensemble{leader: reference.New(), epoch: 1, applied: make([]int, servers)}
	for range servers {
		e.servers = append(e.servers, reference.New())
	}
	return e
}

// commit appends a transaction.
func (e *ensemble) commit(session int64, cxid int32, op wire.OpCode, body wire.TxnBody) *wire.Txn {
	e.counter++
	e.now += time.Millisecond
	txn := &wire.Txn{
		Session: session, Cxid: cxid, Zxid: wire.MakeZxid(e.epoch, e.counter),
		Time: int64(e.now / time.Millisecond), Type: op, Body: body,
	}
	e.h.Log = append(e.h.Log, history.Applied{At: e.now, Txn: txn})
	e.leader.Apply(txn)
	return txn
}

// elect begins an epoch.
func (e *ensemble) elect() { e.epoch, e.counter = e.epoch+1, 0 }

// catchUp brings a server to the transaction of index n-1.
func (e *ensemble) catchUp(server, n int) {
	for ; e.applied[server] < n; e.applied[server]++ {
		e.servers[server].Apply(e.h.Log[e.applied[server]].Txn)
	}
}

// open starts a session.
func (e *ensemble) open(session int64, server int) *client {
	e.commit(session, 0, wire.OpCreateSession, &wire.CreateSessionTxn{TimeoutMs: 4000})
	c := &client{session: session, conn: 1, server: server}
	e.h.Sessions = append(e.h.Sessions, history.SessionEvent{At: e.now, Kind: history.Connected, Session: session, Conn: 1, Server: server, Timeout: 4 * time.Second})
	return c
}

// openLocal starts a session that only its server knows.
func (e *ensemble) openLocal(session int64, server int, upgradable bool) *client {
	e.now += time.Millisecond
	e.h.Locals = append(e.h.Locals, history.LocalSession{At: e.now, Session: session, Server: server, Timeout: 4 * time.Second, Upgradable: upgradable})
	e.h.Sessions = append(e.h.Sessions, history.SessionEvent{At: e.now, Kind: history.Connected, Session: session, Conn: 1, Server: server, Timeout: 4 * time.Second})
	return &client{session: session, conn: 1, server: server}
}

// closeLocal ends such a session without a word to anybody else.
func (e *ensemble) closeLocal(c *client) {
	o := e.start(c, history.Op{F: history.Close})
	o.Outcome = history.OK
	e.finish(c, o, e.servers[c.server].Last())
}

// move reconnects a session to a server, which must have all it has seen.
func (e *ensemble) move(c *client, server int) {
	for e.servers[server].Last() < c.seen {
		e.catchUp(server, e.applied[server]+1)
	}
	c.conn, c.server, c.order = c.conn+1, server, 0
}

// start begins an operation.
func (e *ensemble) start(c *client, op history.Op) *history.Op {
	c.xid++
	e.now += time.Millisecond
	op.ID, op.Process, op.Client = len(e.h.Ops), int(c.session), int(c.session)
	op.Session, op.Conn, op.Xid, op.Server, op.Invoke = c.session, c.conn, c.xid, c.server, e.now
	e.h.Ops = append(e.h.Ops, op)
	return &e.h.Ops[len(e.h.Ops)-1]
}

// finish ends an operation that saw z.
func (e *ensemble) finish(c *client, op *history.Op, z wire.Zxid) {
	e.now += time.Millisecond
	op.Return, op.Zxid, c.seen = e.now, z, z
	c.order++
	op.Order = c.order
}

// ask puts a four-letter word to a server, which answers.
func (e *ensemble) ask(c *client, word string, server int, answer string) {
	e.now += time.Millisecond
	e.h.Ops = append(e.h.Ops, history.Op{
		ID: len(e.h.Ops), Process: int(c.session), Client: int(c.session), F: history.Ask, Value: word, Server: server,
		Invoke: e.now, Return: e.now + time.Millisecond, Outcome: history.OK, OutValue: answer,
	})
	e.now += time.Millisecond
}

// write performs a create, set, delete or close.
func (e *ensemble) write(c *client, op history.Op) *history.Op {
	o := e.start(c, op)
	part := partOf(o)
	trial := e.leader.Try().As(e.who(o))
	var txn *wire.Txn
	if bad := trial.Objections(c.session, &part); len(bad) > 0 {
		txn = e.commit(c.session, c.xid, wire.OpError, &wire.ErrorTxn{Err: bad[0]})
		o.Outcome, o.Err = history.Fail, bad[0]
	} else {
		opcode, body := e.body(c, &part, &trial)
		txn = e.commit(c.session, c.xid, opcode, body)
		o.Outcome = history.OK
	}
	e.catchUp(c.server, len(e.h.Log))
	path := o.Path
	if b, ok := txn.Body.(*wire.CreateTxn); ok {
		path, o.OutPath = b.Path, b.Path
	}
	if st, code := e.leader.Stat(path); o.Outcome == history.OK && code == wire.OK && o.F != history.Close {
		o.OutStat = &st
	}
	e.finish(c, o, txn.Zxid)
	return o
}

// body is the transaction of a valid part.
func (e *ensemble) body(c *client, p *history.Part, trial *reference.Trial) (wire.OpCode, wire.TxnBody) {
	switch p.F {
	case history.Create:
		path := trial.CreatedPath(p)
		list, _ := trial.Stored(p)
		return wire.OpCreate, &wire.CreateTxn{
			Path: path, Data: []byte(p.Value), ACL: list, Ephemeral: reference.Ephemeral(p.Mode),
			Container: p.Mode == wire.ModeContainer, TTL: p.TTL,
			ParentCversion: e.leader.Creates(reference.Parent(path)) + 1,
		}
	case history.Delete:
		return wire.OpDelete, &wire.DeleteTxn{Path: p.Path}
	case history.Set:
		st, _ := e.leader.Stat(p.Path)
		return wire.OpSetData, &wire.SetDataTxn{Path: p.Path, Data: []byte(p.Value), Version: reference.NextVersion(st.Version)}
	case history.SetACL:
		st, _ := e.leader.Stat(p.Path)
		list, _ := trial.Stored(p)
		return wire.OpSetACL, &wire.SetACLTxn{Path: p.Path, ACL: list, Version: reference.NextVersion(st.Aversion)}
	case history.Check:
		return wire.OpCheck, &wire.CheckTxn{Path: p.Path, Version: p.Version}
	}
	return wire.OpCloseSession, &wire.CloseSessionTxn{Paths: e.leader.Owned(c.session)}
}

// multi performs a multi of parts on different znodes and parents.
func (e *ensemble) multi(c *client, parts ...history.Part) *history.Op {
	o := e.start(c, history.Op{F: history.Multi, Parts: parts})
	trial := e.leader.Try().As(e.who(o))
	m := &wire.MultiTxn{}
	bad := wire.OK
	for i := range parts {
		if bad == wire.OK {
			if list := trial.Objections(c.session, &parts[i]); len(list) > 0 {
				bad = list[0]
				continue
			}
			opcode, body := e.body(c, &parts[i], &trial)
			m.Parts = append(m.Parts, wire.SubTxn{Type: opcode, Body: body})
			trial.Do(c.session, &parts[i])
		}
	}
	failedAt := len(m.Parts)
	for i := range parts {
		r := wire.MultiResult{Type: wire.OpError}
		if bad == wire.OK {
			r = wire.MultiResult{Type: m.Parts[i].Type, Body: &wire.Empty{}}
			if b, ok := m.Parts[i].Body.(*wire.CreateTxn); ok {
				r.Body = &wire.Create2Reply{Path: b.Path}
			}
		} else if i == failedAt {
			r.Err = bad
		} else if i > failedAt {
			r.Err = wire.ErrRuntimeInconsistency
		}
		o.OutParts = append(o.OutParts, r)
	}
	o.Outcome = history.OK
	if bad != wire.OK {
		o.Outcome, o.Err = history.Fail, bad
		m.Parts = nil
		for _, r := range o.OutParts {
			m.Parts = append(m.Parts, wire.SubTxn{Type: wire.OpError, Body: &wire.ErrorTxn{Err: r.Err}})
		}
	}
	txn := e.commit(c.session, c.xid, wire.OpMulti, m)
	e.catchUp(c.server, len(e.h.Log))
	e.finish(c, o, txn.Zxid)
	return o
}

// lose forgets how a write ended: its connection broke.
func (e *ensemble) lose(c *client, o *history.Op) {
	*o = history.Op{
		ID: o.ID, Process: o.Process, Client: o.Client, F: o.F, Path: o.Path, Value: o.Value, Version: o.Version,
		Mode: o.Mode, Parts: o.Parts, Invoke: o.Invoke, Return: history.Never,
		Session: o.Session, Conn: o.Conn, Xid: o.Xid, Server: o.Server,
	}
	e.move(c, c.server)
}

// read performs a get, exists, children or sync-get on the client's server.
func (e *ensemble) read(c *client, op history.Op) *history.Op {
	o := e.start(c, op)
	if o.F == history.SyncGet {
		e.catchUp(c.server, len(e.h.Log))
		o.SyncXid, o.SyncZxid = c.xid, e.servers[c.server].Last()
		c.xid++
		o.Xid = c.xid
	}
	tree := e.servers[c.server]
	if e.readOther(tree, o) {
		e.finish(c, o, tree.Last())
		return o
	}
	data, st, _ := tree.Data(o.Path)
	code := e.readable(tree, o, o.Path)
	o.Outcome, o.OutStat = history.OK, &st
	switch {
	case code != wire.OK:
		o.Outcome, o.Err, o.OutStat = history.Fail, code, nil
	case o.F == history.Children:
		names, _, _ := tree.Children(o.Path)
		o.OutChildren = slices.Clone(names)
	case o.F != history.Exists:
		o.OutValue = string(data)
	}
	e.finish(c, o, tree.Last())
	return o
}

// readOther performs the reads that are not about one znode's data.
func (e *ensemble) readOther(tree *reference.Tree, o *history.Op) bool {
	switch o.F {
	case history.GetACL:
		list, st, _ := tree.ACL(o.Path)
		list = reference.Shown(list, e.who(o))
		o.OutValue, o.OutStat = wire.FormatACL(list), &st
	case history.CountAll:
		total, _ := tree.CountAll(o.Path)
		o.OutValue = strconv.Itoa(total)
	case history.Ephemerals:
		o.OutChildren = tree.Owned(o.Session)
	case history.WhoAmI:
		for _, id := range e.who(o) {
			user, _, _ := strings.Cut(id.ID, ":")
			o.OutChildren = append(o.OutChildren, id.Scheme+":"+user)
		}
		slices.Sort(o.OutChildren)
	case history.MultiRead:
		for _, p := range o.Parts {
			data, st, code := tree.Data(p.Path)
			r := wire.MultiResult{Type: wire.OpGetData, Body: &wire.DataReply{Data: data, Stat: st}}
			if names, _, _ := tree.Children(p.Path); p.F == history.Children {
				r = wire.MultiResult{Type: wire.OpGetChildren, Body: &wire.ChildrenReply{Children: slices.Clone(names)}}
			}
			if code != wire.OK {
				r = wire.MultiResult{Type: wire.OpError, Err: code}
			}
			o.OutParts = append(o.OutParts, r)
		}
	default:
		return false
	}
	o.Outcome = history.OK
	return true
}

// shape says what random histories consist of.
type shape struct {
	ops, clients, keys int
	infoPercent        int
}

// random records a history of registers /r/K and the directory /q.
func random(r *rand.Rand, s shape) *history.History {
	e := newEnsemble(3)
	var clients []*client
	for i := range s.clients {
		clients = append(clients, e.open(int64(i+1), i%3))
	}
	e.h.Ops = make([]history.Op, 0, s.ops+2*s.keys+2)
	e.write(clients[0], history.Op{F: history.Create, Path: "/r"})
	e.write(clients[0], history.Op{F: history.Create, Path: "/q"})
	for k := range s.keys {
		e.write(clients[0], history.Op{F: history.Create, Path: fmt.Sprintf("/r/%d", k), Value: "first"})
	}
	for len(e.h.Ops) < s.ops {
		e.randomOp(r, clients[r.IntN(len(clients))], fmt.Sprintf("/r/%d", r.IntN(s.keys)), s.infoPercent)
	}
	for k := range s.keys {
		e.read(clients[0], history.Op{F: history.SyncGet, Path: fmt.Sprintf("/r/%d", k), Final: true})
	}
	e.stretch(r)
	return &e.h
}

func (e *ensemble) randomOp(r *rand.Rand, c *client, path string, infoPercent int) {
	value := fmt.Sprintf("v%d", len(e.h.Ops))
	for server := range e.servers {
		if behind := len(e.h.Log) - e.applied[server]; behind > 0 {
			e.catchUp(server, e.applied[server]+r.IntN(behind+1))
		}
	}
	var o *history.Op
	switch r.IntN(10) {
	case 0, 1:
		o = e.write(c, history.Op{F: history.Set, Path: path, Value: value, Version: -1})
	case 2:
		st, _ := e.leader.Stat(path)
		o = e.write(c, history.Op{F: history.Set, Path: path, Value: value, Version: st.Version - int32(r.IntN(2))})
	case 3:
		if r.IntN(4) == 0 {
			o = e.write(c, history.Op{F: history.Delete, Path: path, Version: -1})
		} else {
			o = e.write(c, history.Op{F: history.Create, Path: path, Value: value})
		}
	case 4:
		e.queueOp(r, c, value)
	case 5:
		o = e.multi(c, history.Part{F: history.Check, Path: "/q", Version: 0}, history.Part{F: history.Set, Path: path, Value: value, Version: int32(r.IntN(4)) - 1})
	case 6:
		e.read(c, history.Op{F: history.SyncGet, Path: path})
	default:
		e.read(c, history.Op{F: history.Get, Path: path})
	}
	if o != nil && r.IntN(100) < infoPercent {
		e.lose(c, o)
	}
}

// queueOp takes from the front of /q or adds at its end, so that it stays short.
func (e *ensemble) queueOp(r *rand.Rand, c *client, value string) {
	names, _, _ := e.leader.Children("/q")
	switch {
	case len(names) > 8:
		e.write(c, history.Op{F: history.Delete, Path: "/q/" + names[0], Version: -1})
	case r.IntN(4) == 0:
		e.read(c, history.Op{F: history.Children, Path: "/q"})
	case r.IntN(4) == 0:
		e.move(c, r.IntN(3))
	default:
		e.write(c, history.Op{F: history.Create, Path: "/q/n-", Value: value, Mode: wire.ModePersistentSequential})
	}
}

// stretch makes operations of different sessions overlap. Widening an interval only
// removes real-time constraints, so the history stays a good one.
func (e *ensemble) stretch(r *rand.Rand) {
	last := map[int64]*history.Op{}
	for i := range e.h.Ops {
		op := &e.h.Ops[i]
		earliest := time.Duration(0)
		if before := last[op.Session]; before != nil {
			earliest = before.Invoke + 1
			if before.Return != history.Never {
				room := op.Invoke - before.Return
				before.Return += time.Duration(r.Int64N(int64(min(room, 5*time.Millisecond))))
				earliest = before.Return
			}
		}
		op.Invoke -= time.Duration(r.Int64N(int64(min(op.Invoke-earliest, 5*time.Millisecond)) + 1))
		last[op.Session] = op
	}
}
