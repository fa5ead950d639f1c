package history

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// localLine is a local session as a line of JSON.
type localLine struct {
	Type       string        `json:"type"`
	At         time.Duration `json:"at"`
	Session    int64         `json:"session"`
	Server     int           `json:"server,omitempty"`
	Timeout    time.Duration `json:"timeout,omitempty"`
	Upgradable bool          `json:"upgradable,omitempty"`
}

// Local writes one local session.
func (e *Encoder) Local(l *LocalSession) error {
	return e.write(localLine{
		Type: "local", At: l.At, Session: l.Session, Server: l.Server, Timeout: l.Timeout, Upgradable: l.Upgradable,
	})
}

func lineToLocal(l *localLine) (*LocalSession, error) {
	return &LocalSession{At: l.At, Session: l.Session, Server: l.Server, Timeout: l.Timeout, Upgradable: l.Upgradable}, nil
}

// tailLine is a tail as a line of JSON; its transactions are lines of their own within.
type tailLine struct {
	Type  string     `json:"type"`
	After zxid       `json:"after"`
	Txns  []*txnLine `json:"txns"`
}

// Tail writes one tail.
func (e *Encoder) Tail(t *Tail) error {
	l := tailLine{Type: "tail", After: zxid(t.After)}
	for _, txn := range t.Txns {
		line, err := txnToLine(&Applied{Txn: txn})
		if err != nil {
			return err
		}
		l.Txns = append(l.Txns, line)
	}
	return e.write(l)
}

func lineToTail(l *tailLine) (*Tail, error) {
	t := &Tail{After: wire.Zxid(l.After)}
	for _, line := range l.Txns {
		a, err := lineToTxn(line)
		if err != nil {
			return nil, err
		}
		t.Txns = append(t.Txns, a.Txn)
	}
	return t, nil
}
