package checkers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// identities says who each request was made as: identities belong to a connection and
// grow with the credentials shown on it, so that a request has those of its
// connection's transport and of every credential that left before it. That an answer
// was lost changes nothing, since what a server took in behind a credential it took in
// after it.
type identities struct {
	vouched map[connection][]wire.Identity
	shown   map[connection][]*history.Auth // in the order they left
}

func indexIdentities(h *history.History) identities {
	x := identities{map[connection][]wire.Identity{}, map[connection][]*history.Auth{}}
	for i := range h.Sessions {
		if s := &h.Sessions[i]; len(s.Vouched) > 0 {
			x.vouched[connection{s.Session, s.Conn}] = s.Vouched
		}
	}
	for i := range h.Auths {
		a := &h.Auths[i]
		k := connection{a.Session, a.Conn}
		x.shown[k] = append(x.shown[k], a)
	}
	return x
}

// of lists the identities that an operation was made under.
func (x identities) of(op *history.Op) []wire.Identity {
	return x.before(connection{op.Session, op.Conn}, op.Xid)
}

// before lists those of the request of an xid.
func (x identities) before(c connection, xid int32) []wire.Identity {
	who := x.vouched[c]
	if len(x.shown) == 0 {
		return who
	}
	for _, a := range x.shown[c] {
		if a.After >= xid {
			break
		}
		who = x.with(who, a)
	}
	return who
}

// with adds what a credential proves, each once.
func (identities) with(had []wire.Identity, a *history.Auth) []wire.Identity {
	who := slices.Clone(had)
	add := func(id wire.Identity) {
		if !slices.Contains(who, id) {
			who = append(who, id)
		}
	}
	if a.Super {
		add(wire.Identity{Scheme: "super"})
	}
	if id, ok := reference.Proves(a.Scheme, a.Secret); ok && id.Scheme != "" {
		add(id)
	}
	return who
}

// names renders identities for a finding.
func names(who []wire.Identity) string {
	if len(who) == 0 {
		return "nobody in particular"
	}
	words := make([]string, len(who))
	for i, id := range who {
		words[i] = id.Scheme + ":" + id.ID
	}
	return strings.Join(words, ", ")
}

// credentials: what is shown is believed if it proves something, and else ends the
// connection.
func (w *witness) credentials() {
	refused := map[connection]*history.Auth{}
	for i := range w.h.Auths {
		a := &w.h.Auths[i]
		_, proves := reference.Proves(a.Scheme, a.Secret)
		if a.Answered && (a.Err == wire.OK) != proves {
			w.note(Identities, fmt.Sprintf("But the credential of scheme %s that session %#x showed on its connection %d was answered %v.",
				a.Scheme, a.Session, a.Conn, a.Err), describeAuth(a))
		}
		if k := (connection{a.Session, a.Conn}); !proves && refused[k] == nil {
			refused[k] = a
		}
	}
	if len(refused) == 0 {
		return
	}
	for i := range w.h.Ops {
		op := &w.h.Ops[i]
		if a := refused[connection{op.Session, op.Conn}]; a != nil && op.Xid > a.After && (replied(op) || w.txnOf[i] != none) {
			w.report(Identities, i, fmt.Sprintf("But op %d was sent behind a credential that proves nothing, and was served: %s.", op.ID, describeAuth(a)))
		}
	}
}

// credentialsKept: on a connection that is not the session's first, everything that was
// shown before is shown again before the first request.
func (w *witness) credentialsKept() {
	if len(w.h.Auths) == 0 {
		return
	}
	g := group(len(w.h.Ops), func(i int) (int64, bool) {
		op := &w.h.Ops[i]
		return op.Session, op.Session != 0 && op.Xid > 0
	})
	known := map[int64][]*history.Auth{}
	for i := range w.h.Auths {
		a := &w.h.Auths[i]
		known[a.Session] = append(known[a.Session], a)
	}
	for _, session := range g.sessions {
		list := g.of(session)
		if len(known[session]) == 0 {
			continue
		}
		slices.SortFunc(list, w.bySending)
		for i, at := range list {
			if op := &w.h.Ops[at]; i == 0 || op.Conn != w.h.Ops[list[i-1]].Conn {
				w.introduced(int(at), op, known[session])
			}
		}
	}
}

// introduced checks the first request of a connection.
func (w *witness) introduced(at int, op *history.Op, known []*history.Auth) {
	for _, a := range known {
		if a.Conn >= op.Conn {
			continue
		}
		again := slices.ContainsFunc(w.identities.shown[connection{op.Session, op.Conn}], func(b *history.Auth) bool {
			return b.After < op.Xid && b.Scheme == a.Scheme && b.Secret == a.Secret
		})
		if !again {
			w.report(AuthKept, at, fmt.Sprintf("But op %d is the first on connection %d of session %#x, which had shown a credential on connection %d and not again: %s.",
				op.ID, op.Conn, op.Session, a.Conn, describeAuth(a)))
			return
		}
	}
}

// whoAmI checks who a server takes a client for. The order means nothing.
func (r *replayer) whoAmI(i int, op *history.Op) {
	who := r.identities.of(op)
	want := make([]string, 0, len(who))
	for _, id := range who {
		user := id.ID
		switch id.Scheme {
		case "super":
			user = ""
		case "digest":
			user, _, _ = strings.Cut(user, ":")
		}
		want = append(want, id.Scheme+":"+user)
	}
	slices.SortFunc(want, cmp.Compare)
	if !slices.Equal(want, op.OutChildren) {
		r.report(Identities, i, fmt.Sprintf("But op %d was told that it is %v, and it is %v.", op.ID, op.OutChildren, want))
	}
}

// describeAuth is one line of evidence.
func describeAuth(a *history.Auth) string {
	answer := "not answered"
	if a.Answered {
		answer = "answered " + a.Err.String()
	}
	return fmt.Sprintf("credential %s:%s [%s] session %#x/%d after xid %d, %s", a.Scheme, a.Secret, when(a.At), a.Session, a.Conn, a.After, answer)
}
