package client

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Result is how a request ended.
type Result struct {
	// Sure is false if nobody knows whether the request took effect, now or
	// later. Then Err says how contact was lost. If Sure and Err is not OK, it
	// took no effect and never will.
	Sure bool
	Err  wire.ErrorCode
	// Zxid is the reply's; 0 without a reply.
	Zxid wire.Zxid
	// Body is the reply's; nil without one. A failed multi is a reply with Err
	// OK, its errors are in the body.
	Body wire.Record
	// Sent tells whether the request left. If so, Session, Conn (the k-th
	// connection of the session, from 1), Xid and Server say how; else they are
	// zero and Server is [node.Nobody].
	Sent    bool
	Session int64
	Conn    int
	Xid     int32
	Server  node.ID
	// Order is the position of the reply among the replies and events of the
	// connection, from 1; 0 without a reply.
	Order int
}

// EventKind says what happened to the session.
type EventKind uint8

// The events of a session.
const (
	// Connected: a server accepted the session, a new one or the present one.
	Connected EventKind = iota + 1
	// Disconnected: a connection that was Connected ended, for whatever reason.
	// If the session goes on, the client is already looking for the next server.
	Disconnected
	// Expired: a server said that the session is no more. The client rests
	// until [Client.Restart].
	Expired
	// Closed: a server confirmed our closeSession. The client rests until
	// [Client.Restart].
	Closed
	// ConnectedReadOnly: a read-only server let the client in. The client goes on
	// looking for another.
	ConnectedReadOnly
	// AuthFailed: a server did not believe a credential, and the session is over for
	// this client. It rests until [Client.Restart].
	AuthFailed
)

// String returns the kind as a lower-case word.
func (k EventKind) String() string {
	return [...]string{"none", "connected", "disconnected", "expired", "closed", "connected-read-only", "auth-failed"}[k]
}

// Event is one change of the session.
type Event struct {
	Kind    EventKind
	Session int64
	// Conn is the number of the connection within the session, from 1; 0 if the
	// session never had one. Server is its server, or who told of the expiry.
	Conn   int
	Server node.ID
	// Zxid is the highest zxid a reply of this session has borne.
	Zxid wire.Zxid
	// Timeout is the negotiated session timeout; only if connected.
	Timeout time.Duration
	// Before is the session that this one continues, 0 if none: what a read-only
	// server gives to a client is its alone.
	Before int64
}

// Listener hears of the session. It is called after the client settled its own
// state and before the requests that the event ended are told.
type Listener interface {
	SessionEvent(Event)
	// WatchEvent tells of a watch that fired, WatchesRearmed of a server that took
	// over those that did not.
	WatchEvent(WatchEvent)
	WatchesRearmed(Rearmed)
	// Authenticating tells of a credential that leaves, and again when it is answered.
	// Those shown on a new connection come before its Connected.
	Authenticating(Authentication)
}
