package history

import (
	"fmt"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// opLine is an operation as a line of JSON.
type opLine struct {
	Type        string        `json:"type"`
	ID          int           `json:"id"`
	Process     int           `json:"process"`
	Client      int           `json:"client,omitempty"`
	F           F             `json:"f"`
	Path        string        `json:"path,omitempty"`
	Value       text          `json:"value,omitempty"`
	Old         text          `json:"old,omitempty"`
	Version     int32         `json:"version,omitempty"`
	Mode        int32         `json:"mode,omitempty"`
	TTL         int64         `json:"ttl,omitempty"`
	ACL         string        `json:"acl,omitempty"`
	Parts       []partLine    `json:"parts,omitempty"`
	Change      *changeLine   `json:"change,omitempty"`
	Log         *LogOp        `json:"log,omitempty"`
	Invoke      time.Duration `json:"invoke"`
	Return      time.Duration `json:"return"`
	Outcome     string        `json:"outcome"`
	Final       bool          `json:"final,omitempty"`
	Watch       bool          `json:"watch,omitempty"`
	Step        int           `json:"step,omitempty"`
	Session     int64         `json:"session,omitempty"`
	Conn        int           `json:"conn,omitempty"`
	Xid         int32         `json:"xid,omitempty"`
	Server      int           `json:"server,omitempty"`
	Zxid        zxid          `json:"zxid,omitempty"`
	Err         int32         `json:"err,omitempty"`
	Order       int           `json:"order,omitempty"`
	SyncXid     int32         `json:"syncXid,omitempty"`
	SyncZxid    zxid          `json:"syncZxid,omitempty"`
	OutPath     string        `json:"outPath,omitempty"`
	OutValue    text          `json:"outValue,omitempty"`
	OutNil      bool          `json:"outNil,omitempty"`
	OutStat     *statLine     `json:"outStat,omitempty"`
	OutChildren []string      `json:"outChildren,omitempty"`
	OutParts    []resultLine  `json:"outParts,omitempty"`
}

// partLine is one operation of a multi.
type partLine struct {
	F       F      `json:"f"`
	Path    string `json:"path,omitempty"`
	Value   text   `json:"value,omitempty"`
	Version int32  `json:"version,omitempty"`
	Mode    int32  `json:"mode,omitempty"`
	TTL     int64  `json:"ttl,omitempty"`
	ACL     string `json:"acl,omitempty"`
}

// changeLine is what a reconfig asks for.
type changeLine struct {
	Joining string `json:"joining,omitempty"`
	Leaving string `json:"leaving,omitempty"`
	Members string `json:"members,omitempty"`
	From    int64  `json:"from"`
}

// configLine is the configuration that an ensemble began with.
type configLine struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// sessionLine is a session event as a line of JSON.
type sessionLine struct {
	Type    string           `json:"type"`
	At      time.Duration    `json:"at"`
	Client  int              `json:"client"`
	Kind    SessionEventKind `json:"kind"`
	Session int64            `json:"session,omitempty"`
	Conn    int              `json:"conn,omitempty"`
	Server  int              `json:"server,omitempty"`
	Zxid    zxid             `json:"zxid,omitempty"`
	Timeout time.Duration    `json:"timeout,omitempty"`
	Before  int64            `json:"before,omitempty"`
	Asked   bool             `json:"asked,omitempty"`
	Vouched []identityLine   `json:"vouched,omitempty"`
}

func opToLine(op *Op) (*opLine, error) {
	l := &opLine{
		Type: "op", ID: op.ID, Process: op.Process, Client: op.Client, F: op.F,
		Path: op.Path, Value: text(op.Value), Old: text(op.Old), Version: op.Version, Mode: op.Mode, TTL: op.TTL, ACL: op.ACL,
		Change: (*changeLine)(op.Change), Log: op.Log,
		Invoke: op.Invoke, Return: op.Return, Outcome: op.Outcome.String(), Final: op.Final, Watch: op.Watch, Step: op.Step, Order: op.Order,
		Session: op.Session, Conn: op.Conn, Xid: op.Xid, Server: op.Server, Zxid: zxid(op.Zxid),
		Err: int32(op.Err), SyncXid: op.SyncXid, SyncZxid: zxid(op.SyncZxid),
		OutPath: op.OutPath, OutValue: text(op.OutValue), OutNil: op.OutNil, OutStat: statToLine(op.OutStat),
		OutChildren: op.OutChildren,
	}
	for _, p := range op.Parts {
		l.Parts = append(l.Parts, partLine{p.F, p.Path, text(p.Value), p.Version, p.Mode, p.TTL, p.ACL})
	}
	for i := range op.OutParts {
		r, err := resultToLine(&op.OutParts[i])
		if err != nil {
			return nil, fmt.Errorf("operation %d, part %d: %w", op.ID, i, err)
		}
		l.OutParts = append(l.OutParts, r)
	}
	return l, nil
}

func lineToOp(l *opLine) (*Op, error) {
	op := &Op{
		ID: l.ID, Process: l.Process, Client: l.Client, F: l.F,
		Path: l.Path, Value: string(l.Value), Old: string(l.Old), Version: l.Version, Mode: l.Mode, TTL: l.TTL, ACL: l.ACL,
		Change: (*Change)(l.Change), Log: l.Log,
		Invoke: l.Invoke, Return: l.Return, Final: l.Final, Watch: l.Watch, Step: l.Step, Order: l.Order,
		Session: l.Session, Conn: l.Conn, Xid: l.Xid, Server: l.Server, Zxid: wire.Zxid(l.Zxid),
		Err: wire.ErrorCode(l.Err), SyncXid: l.SyncXid, SyncZxid: wire.Zxid(l.SyncZxid),
		OutPath: l.OutPath, OutValue: string(l.OutValue), OutNil: l.OutNil, OutStat: l.OutStat.stat(),
		OutChildren: l.OutChildren,
	}
	switch l.Outcome {
	case "ok":
		op.Outcome = OK
	case "fail":
		op.Outcome = Fail
	case "info":
		op.Outcome = Info
	default:
		return nil, fmt.Errorf("outcome %q of operation %d is none of ok, fail and info", l.Outcome, l.ID)
	}
	for _, p := range l.Parts {
		op.Parts = append(op.Parts, Part{p.F, p.Path, string(p.Value), p.Version, p.Mode, p.TTL, p.ACL})
	}
	for i := range l.OutParts {
		op.OutParts = append(op.OutParts, lineToResult(&l.OutParts[i]))
	}
	return op, nil
}

func lineToSession(l *sessionLine) (*SessionEvent, error) {
	return &SessionEvent{
		At: l.At, Client: l.Client, Kind: l.Kind, Session: l.Session,
		Conn: l.Conn, Server: l.Server, Zxid: wire.Zxid(l.Zxid), Timeout: l.Timeout,
		Before: l.Before, Asked: l.Asked, Vouched: linesToIdentities(l.Vouched),
	}, nil
}
