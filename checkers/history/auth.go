package history

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// AuthFailed, of a session event: a server did not believe a credential, and for its
// client the session is over.
const AuthFailed SessionEventKind = "auth-failed"

// WhoAmI asks who the server takes the client for: OutChildren is a list of
// "scheme:user", sorted.
const WhoAmI F = "who-am-i"

// Auth is a credential that a client showed to a server.
type Auth struct {
	At      time.Duration // when it left
	Client  int
	Session int64
	Conn    int
	Server  int
	// After is the xid of the last request sent before: those with greater xids on
	// this connection are made under the identity too.
	After int32
	// Scheme and Secret are the credential; for digest the latter is "user:password".
	Scheme, Secret string
	// Super: it is the super user's, by the configuration of the run.
	Super bool
	// Answered, and then Err, and Order as in Op.
	Answered bool
	Err      wire.ErrorCode
	Order    int
}

// authLine is a credential as a line of JSON.
type authLine struct {
	heardLine
	After    int32          `json:"after,omitempty"`
	Scheme   string         `json:"scheme"`
	Secret   text           `json:"secret"`
	Super    bool           `json:"super,omitempty"`
	Answered bool           `json:"answered,omitempty"`
	Err      wire.ErrorCode `json:"err,omitempty"`
	Order    int            `json:"order,omitempty"`
}

// Auth writes one credential.
func (e *Encoder) Auth(a *Auth) error {
	return e.write(authLine{
		heardLine: heardLine{"auth", a.At, a.Client, a.Session, a.Conn, a.Server},
		After:     a.After, Scheme: a.Scheme, Secret: text(a.Secret), Super: a.Super, Answered: a.Answered, Err: a.Err, Order: a.Order,
	})
}

func lineToAuth(l *authLine) (*Auth, error) {
	return &Auth{
		At: l.At, Client: l.Client, Session: l.Session, Conn: l.Conn, Server: l.Server, After: l.After,
		Scheme: l.Scheme, Secret: string(l.Secret), Super: l.Super, Answered: l.Answered, Err: l.Err, Order: l.Order,
	}, nil
}

// identityLine is an identity that a transport vouches for.
type identityLine struct {
	Scheme string `json:"scheme"`
	ID     string `json:"id"`
}

func identitiesToLines(ids []wire.Identity) (out []identityLine) {
	for _, id := range ids {
		out = append(out, identityLine(id))
	}
	return out
}

func linesToIdentities(lines []identityLine) (out []wire.Identity) {
	for _, l := range lines {
		out = append(out, wire.Identity(l))
	}
	return out
}
