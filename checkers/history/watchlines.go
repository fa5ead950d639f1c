package history

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// heardLine is what begins the line of everything that passes between a client and a
// server on a connection.
type heardLine struct {
	Type    string        `json:"type"`
	At      time.Duration `json:"at"`
	Client  int           `json:"client"`
	Session int64         `json:"session,omitempty"`
	Conn    int           `json:"conn,omitempty"`
	Server  int           `json:"server,omitempty"`
}

// eventLine is a watch event as a line of JSON.
type eventLine struct {
	heardLine
	Order int    `json:"order,omitempty"`
	Event int32  `json:"event"`
	Path  string `json:"path"`
	Zxid  zxid   `json:"zxid,omitempty"`
}

// rearmLine is an answered setWatches as a line of JSON.
type rearmLine struct {
	heardLine
	Order int      `json:"order,omitempty"`
	Zxid  zxid     `json:"zxid,omitempty"`
	Seen  zxid     `json:"seen,omitempty"`
	Data  []string `json:"data,omitempty"`
	Exist []string `json:"exist,omitempty"`
	Child []string `json:"child,omitempty"`
	// Persistent and Recursive are of watches that stay.
	Persistent []string `json:"persistent,omitempty"`
	Recursive  []string `json:"recursive,omitempty"`
}

// Event writes one watch event.
func (e *Encoder) Event(w *WatchEvent) error {
	return e.write(eventLine{
		heardLine: heardLine{"event", w.At, w.Client, w.Session, w.Conn, w.Server},
		Order:     w.Order, Event: int32(w.Type), Path: w.Path, Zxid: zxid(w.Zxid),
	})
}

// Rearm writes one answered setWatches.
func (e *Encoder) Rearm(r *Rearm) error {
	return e.write(rearmLine{
		heardLine: heardLine{"rearm", r.At, r.Client, r.Session, r.Conn, r.Server},
		Order:     r.Order, Zxid: zxid(r.Zxid), Seen: zxid(r.Seen), Data: r.Data, Exist: r.Exist, Child: r.Child,
		Persistent: r.Persistent, Recursive: r.Recursive,
	})
}

func lineToEvent(l *eventLine) (*WatchEvent, error) {
	return &WatchEvent{
		At: l.At, Client: l.Client, Session: l.Session, Conn: l.Conn, Server: l.Server,
		Order: l.Order, Type: wire.EventType(l.Event), Path: l.Path, Zxid: wire.Zxid(l.Zxid),
	}, nil
}

func lineToRearm(l *rearmLine) (*Rearm, error) {
	return &Rearm{
		At: l.At, Client: l.Client, Session: l.Session, Conn: l.Conn, Server: l.Server,
		Order: l.Order, Zxid: wire.Zxid(l.Zxid), Seen: wire.Zxid(l.Seen), Data: l.Data, Exist: l.Exist, Child: l.Child,
		Persistent: l.Persistent, Recursive: l.Recursive,
	}, nil
}
