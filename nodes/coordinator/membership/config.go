package membership

import (
	"slices"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/quorum"
)

// Server is one member: a line server.N of a configuration.
type Server struct {
	Sid int64
	// Host is where the server runs; Quorum, Election and Client are its ports.
	// ClientHost is the address that it serves clients on.
	Host             string
	Quorum, Election int
	ClientHost       string
	Client           int
	// Observer: it is told what is committed, and is never asked.
	Observer bool
}

// Usual ports of a server, and the address that stands for all of a machine's.
const (
	QuorumPort, ElectionPort, ClientPort = 2888, 3888, 2181
	anyHost                              = "0.0.0.0"
)

// Usual is the member that runs on a host with the usual ports.
func Usual(sid int64, host string, observer bool) Server {
	return Server{
		Sid: sid, Host: host, Quorum: QuorumPort, Election: ElectionPort,
		ClientHost: anyHost, Client: ClientPort, Observer: observer,
	}
}

// Config is one configuration. It is never changed once made: a change makes another.
type Config struct {
	// Version is the zxid of the reconfiguration; 0 of what an operator wrote.
	Version wire.Zxid
	// Servers are the members in order of sid.
	Servers []Server
	// Groups are the hierarchical quorum; empty, a majority of the participants
	// decides. Members of a group are in order of sid.
	Groups []quorum.Group

	voters   quorum.Bits
	verifier quorum.Verifier
}

// New makes a configuration of members in any order. The error says what is wrong
// with it; one without a participant is right here, and refused by whoever would
// have to live with it.
func New(version wire.Zxid, servers []Server, groups []quorum.Group) (*Config, error) {
	c := &Config{Version: version, Servers: slices.Clone(servers)}
	for _, g := range groups {
		g = slices.Clone(g)
		slices.SortFunc(g, func(a, b quorum.Server) int { return int(a.Sid - b.Sid) })
		c.Groups = append(c.Groups, g)
	}
	slices.SortFunc(c.Servers, func(a, b Server) int { return int(a.Sid - b.Sid) })
	if err := c.check(); err != nil {
		return nil, err
	}
	for _, s := range c.Servers {
		if !s.Observer {
			c.voters = c.voters.Add(s.Sid)
		}
	}
	return c, c.count()
}

// count makes the verifier.
func (c *Config) count() (err error) {
	if len(c.Groups) == 0 {
		c.verifier = quorum.Majority(c.voters.Members()...)
		return nil
	}
	c.verifier, err = quorum.Hierarchical(c.Groups...)
	return err
}

// Verifier says which sets of servers decide in this configuration.
func (c *Config) Verifier() quorum.Verifier { return c.verifier }

// Participants are the members that vote, those of weight 0 included.
func (c *Config) Participants() quorum.Bits { return c.voters }

// Member returns a member by its sid.
func (c *Config) Member(sid int64) (Server, bool) {
	i := slices.IndexFunc(c.Servers, func(s Server) bool { return s.Sid == sid })
	if i < 0 {
		return Server{}, false
	}
	return c.Servers[i], true
}

// Observes reports whether a server is an observer. One that is no member at all
// follows without a vote.
func (c *Config) Observes(sid int64) bool {
	s, ok := c.Member(sid)
	return ok && s.Observer
}

// Newer reports whether c comes after another configuration.
func (c *Config) Newer(than *Config) bool { return c.Version > than.Version }

// SameMembers reports whether two configurations differ in nothing but their version.
func (c *Config) SameMembers(d *Config) bool {
	return slices.Equal(c.Servers, d.Servers) && slices.EqualFunc(c.Groups, d.Groups, slices.Equal[quorum.Group])
}

// At is the same configuration under another version.
func (c *Config) At(version wire.Zxid) *Config {
	d := *c
	d.Version = version
	return &d
}
