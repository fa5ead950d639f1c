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
	SetACL        *setACLLine        `json:"setACL,omitempty"`
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
	Container      bool      `json:"container,omitempty"`
	TTL            int64     `json:"ttl,omitempty"`
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

type setACLLine struct {
	Path    string    `json:"path"`
	ACL     []aclLine `json:"acl,omitempty"`
	Version int32     `json:"version"`
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
		l.Create = &createLine{Path: b.Path, Data: data(b.Data), Ephemeral: b.Ephemeral, Container: b.Container, TTL: b.TTL, ParentCversion: b.ParentCversion}
		l.Create.ACL = aclToLines(b.ACL)
	case *wire.SetACLTxn:
		l.SetACL = &setACLLine{Path: b.Path, ACL: aclToLines(b.ACL), Version: b.Version}
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

func aclToLines(list []wire.ACL) (out []aclLine) {
	for _, acl := range list {
		out = append(out, aclLine(acl))
	}
	return out
}

func linesToACL(lines []aclLine) (out []wire.ACL) {
	for _, acl := range lines {
		out = append(out, wire.ACL(acl))
	}
	return out
}

// body returns the body that the line has.
func (l *bodyLine) body() (wire.TxnBody, error) {
	switch {
	case l.Create != nil:
		return &wire.CreateTxn{
			Path: l.Create.Path, Data: l.Create.Data, ACL: linesToACL(l.Create.ACL),
			Ephemeral: l.Create.Ephemeral, Container: l.Create.Container, TTL: l.Create.TTL, ParentCversion: l.Create.ParentCversion,
		}, nil
	case l.SetACL != nil:
		return &wire.SetACLTxn{Path: l.SetACL.Path, ACL: linesToACL(l.SetACL.ACL), Version: l.SetACL.Version}, nil
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
	return nil, fmt.Errorf(`it has no body ("create", "delete", "set", "setACL", "check", "createSession", "closeSession", "error" or "multi")`)
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

// Written calls each for the content that a transaction gives each znode.
func Written(body wire.TxnBody, each func(path string, data []byte)) {
	switch b := body.(type) {
	case *wire.CreateTxn:
		each(b.Path, b.Data)
	case *wire.SetDataTxn:
		each(b.Path, b.Data)
	case *wire.MultiTxn:
		for _, part := range b.Parts {
			Written(part.Body, each)
		}
	}
}
