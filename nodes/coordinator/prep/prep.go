package prep

import (
	"maps"
	"slices"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/acl"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Request is a write on its way to becoming a transaction.
type Request struct {
	Session int64
	Cxid    int32
	Type    wire.OpCode
	Body    wire.Record
	// Local is OK for a session that all servers know. Else it is known to one of
	// them only, and this is what an ephemeral of its own is refused with.
	Local wire.ErrorCode
	// Auth is who asks.
	Auth []wire.Identity
}

// Prep prepares the transactions of one leader. It must see every transaction of
// its epoch, in order of zxid, once in Prepare and once in Done.
type Prep struct {
	tree   *tree.Tree
	bugs   bugs.Set
	access acl.Rules
	auth   []wire.Identity // of the request that is being prepared
	limits Limits
	// inMulti: the operation is part of one. overSoft counts what went beyond a soft
	// quota.
	inMulti  bool
	overSoft int
	// changes lists what outstanding transactions change, oldest first. nodes and
	// sessions hold the latest of them for each path and session; a path or
	// session in neither is as the tree has it.
	changes  []change
	nodes    map[string]record
	sessions map[int64]sessionRecord
	local    wire.ErrorCode // Request.Local of the present request
}

// record is a node as outstanding transactions will leave it.
type record struct {
	zxid   wire.Zxid // of the last transaction to touch it
	exists bool
	tree.Meta
}

// sessionRecord is a session as outstanding transactions will leave it.
type sessionRecord struct {
	zxid wire.Zxid
	open bool
}

// change is one step of an outstanding transaction: to a node if it has a path,
// else to a session. before is what nodes held for the path, to go back to if
// the transaction's multi fails; hadBefore is false if it held nothing.
type change struct {
	zxid      wire.Zxid
	path      string
	session   int64
	before    record
	hadBefore bool
	// parent marks the share of a create or delete in the parent's record.
	parent bool
}

// New returns a Prep with nothing outstanding on top of a tree. Permissions are
// decided by access, whose bugs are all that are switched on.
func New(t *tree.Tree, access acl.Rules) *Prep {
	return &Prep{tree: t, bugs: access.Bugs, access: access, nodes: make(map[string]record), sessions: make(map[int64]sessionRecord)}
}

// Prepare validates a request against the tree and everything outstanding, and
// returns its transaction. An invalid request gives an [wire.ErrorTxn]; an
// invalid multi gives one for each operation.
func (p *Prep) Prepare(req Request, zxid wire.Zxid, nowMs int64) *wire.Txn {
	txn := &wire.Txn{Session: req.Session, Cxid: req.Cxid, Zxid: zxid, Time: nowMs, Type: req.Type}
	p.local = req.Local
	var err wire.ErrorCode
	p.auth = req.Auth
	switch body := req.Body.(type) {
	case *wire.CreateSessionRequest:
		txn.Body = p.createSession(txn, body)
	case *wire.MultiRequest:
		txn.Body = p.multi(txn, body)
	case *wire.Malformed:
		err = wire.ErrMarshalling
	default:
		if req.Type == wire.OpCloseSession {
			txn.Body = p.closeSession(txn)
		} else if req.Type == wire.OpCheck && !p.bugs.Has(bugs.CheckAlone) {
			err = wire.ErrUnimplemented // ZOOKEEPER-2623
		} else {
			txn.Body, err = p.operation(txn, req.Type, body)
		}
	}
	if err != wire.OK {
		txn.Type, txn.Body = wire.OpError, &wire.ErrorTxn{Err: err}
	}
	return txn
}

// Done tells that the tree has applied everything up to zxid: from here on it
// knows those changes itself.
func (p *Prep) Done(zxid wire.Zxid) {
	n := 0
	for n < len(p.changes) && p.changes[n].zxid <= zxid {
		p.forget(&p.changes[n])
		n++
	}
	p.changes = slices.Delete(p.changes, 0, n)
}

// forget drops the record of a change unless a later transaction replaced it.
func (p *Prep) forget(c *change) {
	if c.path == "" {
		if p.sessions[c.session].zxid == c.zxid {
			delete(p.sessions, c.session)
		}
	} else if p.nodes[c.path].zxid == c.zxid {
		delete(p.nodes, c.path)
	}
}

// Outstanding returns the number of changes proposed and not yet applied.
func (p *Prep) Outstanding() int { return len(p.changes) }

// lookup returns a node as it will be, and whether it will exist.
func (p *Prep) lookup(path string) (tree.Meta, bool) {
	if r, ok := p.nodes[path]; ok {
		return r.Meta, r.exists
	}
	return p.tree.Meta(path)
}

// put records a node as transaction zxid leaves it.
func (p *Prep) put(zxid wire.Zxid, path string, exists bool, m tree.Meta) {
	p.record(change{zxid: zxid, path: path}, record{zxid: zxid, exists: exists, Meta: m})
}

// putParent records the parent of a node that transaction zxid creates or deletes.
func (p *Prep) putParent(zxid wire.Zxid, path string, m tree.Meta) {
	p.record(change{zxid: zxid, path: path, parent: true}, record{zxid: zxid, exists: true, Meta: m})
}

func (p *Prep) record(c change, r record) {
	c.before, c.hadBefore = p.nodes[c.path]
	p.changes = append(p.changes, c)
	p.nodes[c.path] = r
}

// rollback undoes the changes after the first n. It restores the records of
// parents like all others: a failed multi must leave nothing (ZOOKEEPER-1624).
func (p *Prep) rollback(n int) {
	for _, c := range slices.Backward(p.changes[n:]) {
		if c.parent && p.bugs.Has(bugs.FailedMultiLeaksParent) {
			continue
		}
		if c.hadBefore {
			p.nodes[c.path] = c.before
		} else {
			delete(p.nodes, c.path)
		}
	}
	p.changes = slices.Delete(p.changes, n, len(p.changes))
}

// sessionOpen reports whether a session will exist.
func (p *Prep) sessionOpen(session int64) bool {
	if r, ok := p.sessions[session]; ok {
		return r.open
	}
	_, ok := p.tree.SessionTimeout(session)
	return ok
}

func (p *Prep) putSession(zxid wire.Zxid, session int64, open bool) {
	p.changes = append(p.changes, change{zxid: zxid, session: session})
	p.sessions[session] = sessionRecord{zxid, open}
}

func (p *Prep) createSession(txn *wire.Txn, r *wire.CreateSessionRequest) wire.TxnBody {
	p.putSession(txn.Zxid, txn.Session, true)
	return &wire.CreateSessionTxn{TimeoutMs: r.TimeoutMs}
}

// closeSession lists the ephemerals that the session will have: those in the
// tree, with those on their way in, without those on their way out.
func (p *Prep) closeSession(txn *wire.Txn) wire.TxnBody {
	owned := make(map[string]bool)
	for _, path := range p.tree.Ephemerals(txn.Session) {
		owned[path] = true
	}
	for i := range p.changes {
		if path := p.changes[i].path; path != "" {
			if r := p.nodes[path]; r.exists && r.Owner == txn.Session {
				owned[path] = true
			} else {
				delete(owned, path)
			}
		}
	}
	paths := slices.Sorted(maps.Keys(owned))
	for _, path := range paths {
		p.unlink(txn.Zxid, path)
	}
	p.putSession(txn.Zxid, txn.Session, false)
	return &wire.CloseSessionTxn{Paths: paths}
}
