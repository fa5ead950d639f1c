package history

import "time"

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
