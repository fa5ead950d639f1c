package coordinator

import (
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/acl"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Vouched is an identity that the transport makes sure of: the subject of a client's
// certificate (x509), the principal of a SASL exchange (sasl), or super for those of
// them that are it. The exchange itself is not modelled.
type Vouched struct {
	Client   node.ID
	Identity wire.Identity
}

// rules are those of access control as the configuration has them.
func (c Config) rules() acl.Rules {
	return acl.Rules{Super: c.SuperDigest, Skip: c.SkipACL, Bugs: c.Bugs}
}

// identitiesOf are those that a connection has before it says a word: its address,
// and what its transport vouches for. Identities belong to a connection; a session
// that moves brings none along.
func (s *Server) identitiesOf(peer node.ID) []wire.Identity {
	ids := []wire.Identity{{Scheme: "ip", ID: wire.Address(peer)}}
	for _, v := range s.cfg.Vouched {
		if v.Client == peer {
			ids = append(ids, v.Identity)
		}
	}
	return ids
}

// authenticate answers an auth request, at once: it takes no turn among the requests
// of the session, and what came before it keeps the identities of its arrival. A
// client that fails is told so and shut out, for it would go on as somebody else than
// it means to be.
func (s *Server) authenticate(c *clientConn, r *wire.AuthRequest) {
	reply := &wire.Reply{Xid: wire.XidAuth, Type: wire.OpAuth, Body: &wire.Empty{}}
	more, ok := s.cfg.rules().Authenticate(r.Scheme, string(r.Credentials), wire.Address(c.peer))
	if !ok {
		reply.Err, reply.Body = wire.ErrAuthFailed, nil
		s.observe(facts.AuthRefused, c.session)
		s.reply(c, reply, s.env.Now())
		s.drop(c)
		return
	}
	c.auth = acl.Merge(c.auth, more)
	s.lastAuth = c.auth
	s.observe(facts.Authenticated, c.session, int64(len(c.auth)))
	if more[0] == acl.Superuser {
		s.observe(facts.SuperAuthenticated, c.session)
	}
	s.reply(c, reply, s.env.Now())
}

// sender are the identities that a request is forwarded under: those of the connection
// it came in on.
func (s *Server) sender(c *clientConn) []wire.Identity {
	if s.bug(bugs.IdentitiesOfAnother) && s.lastAuth != nil {
		return s.lastAuth
	}
	return c.auth
}

// shutOut ends a connection that lacks the authentication every client must have,
// and reports whether it did.
func (s *Server) shutOut(c *clientConn, r *wire.Request) bool {
	if len(s.cfg.EnforceAuth) == 0 || acl.HasScheme(c.auth, s.cfg.EnforceAuth) {
		return false
	}
	s.reply(c, &wire.Reply{Xid: r.Xid, Type: r.Type, Err: wire.ErrSASLRequired}, s.env.Now())
	s.drop(c)
	return true
}

// mayRead reports whether a connection may read a znode that has this list.
func (s *Server) mayRead(auth []wire.Identity, list []wire.ACL) bool {
	return s.cfg.rules().Permits(list, acl.Read, auth)
}

// readable looks for a znode that somebody wants to read: it must exist, and permit it.
func (s *Server) readable(auth []wire.Identity, path string) wire.ErrorCode {
	list, err := s.db.tree.ACL(path)
	if err == wire.OK && !s.mayRead(auth, list) {
		return wire.ErrNoAuth
	}
	return err
}

// readACL answers getACL. Who may read the znode or set its list may see the list, but
// hashes of passwords only who may set it.
func (s *Server) readACL(auth []wire.Identity, path string) (wire.ErrorCode, wire.Record) {
	list, err := s.db.tree.ACL(path)
	if err != wire.OK {
		return err, nil
	}
	stat, _ := s.db.tree.Stat(path)
	rules := s.cfg.rules()
	switch {
	case s.bug(bugs.PasswordHashesShown):
	case !rules.Permits(list, acl.Read|acl.Admin, auth):
		return wire.ErrNoAuth, nil
	case !rules.Permits(list, acl.Admin, auth):
		list = acl.Masked(list)
		s.observe(facts.ACLMasked)
	}
	return wire.OK, &wire.ACLReply{ACL: list, Stat: stat}
}
