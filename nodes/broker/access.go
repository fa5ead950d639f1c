package broker

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/stampede-sim/stampede/nodes/broker/acl"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/bugs"
	cwire "github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// access is how a broker authorises: by the entries in znodes, of which it has a copy.
type access struct {
	rules *acl.Rules
	// versions are those of the znodes whose entries were copied. A znode is never deleted,
	// so they only rise; a resource that was found without one is not in it.
	versions map[acl.Resource]int32
	// heard is the last notification that was followed, by directory. following: a task is
	// at it. again: there are more.
	heard            map[string]string
	following, again bool
}

func newAccess(cfg *acl.Config) *access {
	if cfg == nil {
		return nil
	}
	return &access{rules: acl.New(*cfg), versions: map[acl.Resource]int32{}, heard: map[string]string{}}
}

// The principals that nobody has to prove.
const (
	// Anonymous is who has shown nothing.
	Anonymous = "User:ANONYMOUS"
	// brokerPrincipal is any broker of the cluster. It is always a super user: else nobody
	// could copy a log to find out who may.
	brokerPrincipal = "User:broker"
)

// principalOf is whom the transport vouches for: the listener for brokers knows them.
func (s *Server) principalOf(peer node.ID, port node.Port) string {
	if port == wire.ReplicaPort && slices.Contains(s.brokerProcesses(), peer) {
		return brokerPrincipal
	}
	if name, known := s.cfg.Principals[peer]; known {
		return name
	}
	return Anonymous
}

// brokerProcesses are those that the name service knows.
func (s *Server) brokerProcesses() []node.ID {
	all := make([]node.ID, 0, len(s.cfg.Hosts))
	for _, id := range s.cfg.Hosts { //sim:unordered only looked up in
		all = append(all, id)
	}
	return all
}

// AddressOf is the address of a process, as entries name hosts.
func AddressOf(peer node.ID) string { return fmt.Sprintf("10.0.0.%d", peer) }

// may decides whether the sender of a request may do something to a resource, and states
// that. Nobody asks where nothing is authorised; see [Server.authorize].
func (s *Server) may(x *exchange, op acl.Operation, on acl.Type, name string) bool {
	if s.access == nil || x.channel.principal == brokerPrincipal {
		return true
	}
	who := acl.Who{Principal: x.channel.principal, Host: AddressOf(x.channel.peer)}
	return s.decided(s.access.rules.Allows(who, op, on, name), &facts.Asker{Principal: who.Principal, Host: who.Host}, right{op, on}, name)
}

// mayAny decides whether there can be a resource of a type that the sender may do
// something to.
func (s *Server) mayAny(x *exchange, op acl.Operation, on acl.Type) bool {
	if s.access == nil || x.channel.principal == brokerPrincipal {
		return true
	}
	who := acl.Who{Principal: x.channel.principal, Host: AddressOf(x.channel.peer)}
	return s.decided(s.access.rules.AllowsAny(who, op, on), &facts.Asker{Principal: who.Principal, Host: who.Host, AnyResource: true}, right{op, on}, "")
}

// decided states a decision.
func (s *Server) decided(ok bool, who *facts.Asker, r right, name string) bool {
	e := node.Event{Kind: facts.AccessDecided, Text: name, Body: who, N: [4]int64{int64(r.op), int64(r.on)}}
	if ok {
		e.N[3] = 1
	}
	s.env.Observe(e)
	return ok
}

// loadEntries reads all entries that there are, in a new session. It reports whether the
// session has lasted. What happened between two sessions was told to nobody here, so all
// is read, and by a server that has caught up: one that lags could bring back what was
// revoked before, which others that heard of it already refuse.
func (s *Server) loadEntries(t *node.Task) bool {
	if s.access == nil {
		return true
	}
	s.zk.OnChildren(znodes.ACLChanges, func(zookeeper.Event) { s.followChanges() })
	s.zk.OnChildren(znodes.PrefixedChanges, func(zookeeper.Event) { s.followChanges() })
	for _, root := range znodes.ACLRoots() {
		if r := s.zk.Ensure(t, root); !r.OK() {
			return false
		}
	}
	if r := s.zk.One(t, zookeeper.Sync("/")); !r.OK() {
		return false
	}
	// Whatever changes from here on is in a notification after these.
	var zxid cwire.Zxid
	for _, dir := range []string{znodes.PrefixedChanges, znodes.ACLChanges} {
		r := s.zk.One(t, zookeeper.Children(dir))
		if !r.OK() {
			return false
		}
		s.access.heard[dir] = lastOf(r.Children)
		zxid = cmp.Or(zxid, r.Zxid)
	}
	again := len(s.access.versions) > 0 && s.cfg.Bugs.Has(bugs.EntriesOutliveSession)
	if !again && !s.readAllEntries(t) {
		return false
	}
	s.observe(facts.EntriesLoaded, int64(zxid), int64(len(s.access.rules.Resources())))
	return true
}

// readAllEntries reads what has a znode.
func (s *Server) readAllEntries(t *node.Task) bool {
	var all []acl.Resource
	for _, kind := range acl.Types {
		for _, pattern := range acl.Patterns {
			r := s.zk.One(t, zookeeper.Children(znodes.ACLTypePath(kind, pattern)))
			if !r.OK() {
				return false
			}
			for _, name := range r.Children {
				all = append(all, acl.Resource{Type: kind, Name: name, Pattern: pattern})
			}
		}
	}
	for _, at := range all {
		if !s.readEntries(t, at) {
			return false
		}
	}
	return true
}

// readEntries reads the entries of a resource and takes them. It reports whether the
// session has lasted.
func (s *Server) readEntries(t *node.Task, at acl.Resource) bool {
	path := znodes.ACLPath(at)
	r := s.zk.One(t, zookeeper.Get(path))
	if !r.OK() {
		return r.Err == cwire.ErrNoNode
	}
	entries, err := znodes.DecodeACL(path, r.Data)
	if err != nil {
		entries = nil // what nobody can read allows nobody
	}
	s.takeEntries(at, entries, r.Stat.Version, r.Zxid)
	return true
}

// takeEntries decides by some entries from now on, unless it knows later ones.
func (s *Server) takeEntries(at acl.Resource, entries []acl.Entry, version int32, zxid cwire.Zxid) {
	a := s.access
	if was, known := a.versions[at]; known && version <= was {
		return
	}
	a.versions[at] = version
	a.rules.Put(at, entries)
	body := &facts.Entries{Type: int8(at.Type), Name: at.Name, Prefixed: at.Pattern == acl.Prefixed}
	for _, e := range entries {
		body.Entries = append(body.Entries, facts.Entry{Principal: e.Principal, Host: e.Host, Operation: int8(e.Operation), Permission: int8(e.Permission)})
	}
	s.env.Observe(node.Event{Kind: facts.EntriesCached, Text: at.String(), Body: body, N: [4]int64{int64(version), int64(zxid)}})
}

// followChanges reads what notifications say has changed, one task at a time.
func (s *Server) followChanges() {
	a := s.access
	a.again = true
	if a.following {
		return
	}
	a.following = true
	s.env.Go("changes of access", func(t *node.Task) {
		for a.again {
			a.again = false
			if !s.followDir(t, znodes.ACLChanges) || !s.followDir(t, znodes.PrefixedChanges) {
				break // the next session reads everything
			}
		}
		a.following, a.again = false, false
	})
}

// followDir reads the notifications in a directory behind the last that was heard, and
// what they are about. It reports whether the session has lasted.
func (s *Server) followDir(t *node.Task, dir string) bool {
	r := s.zk.One(t, zookeeper.Children(dir)) // sets the watch again
	if !r.OK() {
		return false
	}
	for _, name := range r.Children {
		if name <= s.access.heard[dir] {
			continue
		}
		path := dir + "/" + name
		n := s.zk.One(t, zookeeper.Get(path))
		if n.OK() {
			if at, err := znodes.DecodeACLChange(path, n.Data); err == nil {
				if !s.readEntries(t, at) {
					return false
				}
			}
		} else if n.Err != cwire.ErrNoNode {
			return false
		}
		s.access.heard[dir] = name
	}
	s.purgeNotices(dir, r.Children)
	return true
}

// lastOf is the last of some sorted names, "" of none.
func lastOf(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1]
}
