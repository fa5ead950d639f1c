package history

import (
	"fmt"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// txnLine is a transaction of the committed log as a line of JSON.
type txnLine struct {
	Type    string        `json:"type"`
	At      time.Duration `json:"at"`
	Zxid    zxid          `json:"zxid"`
	Session int64         `json:"session,omitempty"`
	Cxid    int32         `json:"cxid,omitempty"`
	Time    int64         `json:"time,omitempty"`
	bodyLine
}

// bodyLine is what a transaction does: its type, and the one body it has.
type bodyLine struct {
	Op            wire.OpCode        `json:"op"`
	Create        *createLine        `json:"create,omitempty"`
	Delete        *pathLine          `json:"delete,omitempty"`
	Set           *setLine           `json:"set,omitempty"`
	Check         *checkLine         `json:"check,omitempty"`
	CreateSession *createSessionLine `json:"createSession,omitempty"`
	CloseSession  *closeSessionLine  `json:"closeSession,omitempty"`
	Error         *errorLine         `json:"error,omitempty"`
	Multi         *multiLine         `json:"multi,omitempty"`
}

type createLine struct {
	Path           string    `json:"path"`
	Data           data      `json:"data"`
	ACL            []aclLine `json:"acl,omitempty"`
	Ephemeral      bool      `json:"ephemeral,omitempty"`
	ParentCversion int32     `json:"parentCversion"`
}

type aclLine struct {
	Perms  int32  `json:"perms"`
	Scheme string `json:"scheme"`
	ID     string `json:"id"`
}

type pathLine struct {
	Path string `json:"path"`
}

type setLine struct {
	Path    string `json:"path"`
	Data    data   `json:"data"`
	Version int32  `json:"version"`
}

type checkLine struct {
	Path    string `json:"path"`
	Version int32  `json:"version"`
}

type createSessionLine struct {
	TimeoutMs int32 `json:"timeoutMs"`
}

type closeSessionLine struct {
	Paths []string `json:"paths,omitempty"`
}

type errorLine struct {
	Err wire.ErrorCode `json:"err"`
}

type multiLine struct {
	Parts []bodyLine `json:"parts,omitempty"`
}

func txnToLine(a *Applied) (*txnLine, error) {
	t := a.Txn
	body, err := bodyToLine(t.Type, t.Body)
	if err != nil {
		return nil, fmt.Errorf("transaction %v: %w", t.Zxid, err)
	}
	return &txnLine{
		Type: "txn", At: a.At, Zxid: zxid(t.Zxid), Session: t.Session, Cxid: t.Cxid, Time: t.Time,
		bodyLine: body,
	}, nil
}

func lineToTxn(l *txnLine) (*Applied, error) {
	body, err := l.body()
	if err != nil {
		return nil, fmt.Errorf("transaction %v: %w", wire.Zxid(l.Zxid), err)
	}
	return &Applied{At: l.At, Txn: &wire.Txn{
		Session: l.Session, Cxid: l.Cxid, Zxid: wire.Zxid(l.Zxid), Time: l.Time, Type: l.Op, Body: body,
	}}, nil
}

// bodyToLine enters a body under its name.
func bodyToLine(op wire.OpCode, body wire.TxnBody) (bodyLine, error) {
	l := bodyLine{Op: op}
	switch b := body.(type) {
	case *wire.CreateTxn:
		l.Create = &createLine{Path: b.Path, Data: data(b.Data), Ephemeral: b.Ephemeral, ParentCversion: b.ParentCversion}
		for _, acl := range b.ACL {
			l.Create.ACL = append(l.Create.ACL, aclLine(acl))
		}
	case *wire.DeleteTxn:
		l.Delete = (*pathLine)(b)
	case *wire.SetDataTxn:
		l.Set = &setLine{Path: b.Path, Data: data(b.Data), Version: b.Version}
	case *wire.CheckTxn:
		l.Check = (*checkLine)(b)
	case *wire.CreateSessionTxn:
		l.CreateSession = (*createSessionLine)(b)
	case *wire.CloseSessionTxn:
		l.CloseSession = (*closeSessionLine)(b)
	case *wire.ErrorTxn:
		l.Error = (*errorLine)(b)
	case *wire.MultiTxn:
		l.Multi = &multiLine{}
		for i, p := range b.Parts {
			part, err := bodyToLine(p.Type, p.Body)
			if err != nil {
				return l, fmt.Errorf("part %d: %w", i, err)
			}
			l.Multi.Parts = append(l.Multi.Parts, part)
		}
	default:
		return l, fmt.Errorf("a body of type %T has no form in a history", body)
	}
	return l, nil
}

// body returns the body that the line has.
func (l *bodyLine) body() (wire.TxnBody, error) {
	switch {
	case l.Create != nil:
		c := &wire.CreateTxn{Path: l.Create.Path, Data: l.Create.Data, Ephemeral: l.Create.Ephemeral, ParentCversion: l.Create.ParentCversion}
		for _, acl := range l.Create.ACL {
			c.ACL = append(c.ACL, wire.ACL(acl))
		}
		return c, nil
	case l.Delete != nil:
		return (*wire.DeleteTxn)(l.Delete), nil
	case l.Set != nil:
		return &wire.SetDataTxn{Path: l.Set.Path, Data: l.Set.Data, Version: l.Set.Version}, nil
	case l.Check != nil:
		return (*wire.CheckTxn)(l.Check), nil
	case l.CreateSession != nil:
		return (*wire.CreateSessionTxn)(l.CreateSession), nil
	case l.CloseSession != nil:
		return (*wire.CloseSessionTxn)(l.CloseSession), nil
	case l.Error != nil:
		return (*wire.ErrorTxn)(l.Error), nil
	case l.Multi != nil:
		return l.Multi.body()
	}
	return nil, fmt.Errorf(`it has no body ("create", "delete", "set", "check", "createSession", "closeSession", "error" or "multi")`)
}

func (l *multiLine) body() (wire.TxnBody, error) {
	m := &wire.MultiTxn{}
	for i := range l.Parts {
		body, err := l.Parts[i].body()
		if err != nil {
			return nil, fmt.Errorf("part %d: %w", i, err)
		}
		m.Parts = append(m.Parts, wire.SubTxn{Type: l.Parts[i].Op, Body: body})
	}
	return m, nil
}

// resultLine is the outcome of one part of a multi.
type resultLine struct {
	Op   wire.OpCode    `json:"op"`
	Err  wire.ErrorCode `json:"err,omitempty"`
	Path *string        `json:"path,omitempty"`
	Stat *statLine      `json:"stat,omitempty"`
	None bool           `json:"none,omitempty"` // an Empty body, not a missing one
}

func resultToLine(r *wire.MultiResult) (resultLine, error) {
	l := resultLine{Op: r.Type, Err: r.Err}
	switch b := r.Body.(type) {
	case nil:
	case *wire.CreateReply:
		l.Path = &b.Path
	case *wire.Create2Reply:
		l.Path, l.Stat = &b.Path, statToLine(&b.Stat)
	case *wire.StatReply:
		l.Stat = statToLine(&b.Stat)
	case *wire.Empty:
		l.None = true
	default:
		return l, fmt.Errorf("a result of type %T has no form in a history", r.Body)
	}
	return l, nil
}

func lineToResult(l *resultLine) wire.MultiResult {
	r := wire.MultiResult{Type: l.Op, Err: l.Err}
	switch {
	case l.Path != nil && l.Stat != nil:
		r.Body = &wire.Create2Reply{Path: *l.Path, Stat: *l.Stat.stat()}
	case l.Path != nil:
		r.Body = &wire.CreateReply{Path: *l.Path}
	case l.Stat != nil:
		r.Body = &wire.StatReply{Stat: *l.Stat.stat()}
	case l.None:
		r.Body = &wire.Empty{}
	}
	return r
}
