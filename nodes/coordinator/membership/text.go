package membership

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/quorum"
)

// String is the line of the member without "server.N=".
func (s Server) String() string {
	return Line{
		Addresses: []Address{{s.Host, s.Quorum, s.Election}}, Observer: s.Observer,
		Client: Endpoint{s.ClientHost, s.Client},
	}.String()
}

// Line is the line of the member.
func (s Server) Line() string { return "server." + strconv.FormatInt(s.Sid, 10) + "=" + s.String() }

// String is the text of the configuration, as files, znode and messages hold it.
func (c *Config) String() string {
	var b strings.Builder
	for _, s := range c.Servers {
		b.WriteString(s.Line() + "\n")
	}
	for i, g := range c.Groups {
		sids := make([]string, len(g))
		for j, s := range g {
			sids[j] = strconv.FormatInt(s.Sid, 10)
		}
		fmt.Fprintf(&b, "group.%d=%s\n", i+1, strings.Join(sids, ":"))
	}
	for _, g := range c.Groups {
		for _, s := range g {
			fmt.Fprintf(&b, "weight.%d=%d\n", s.Sid, s.Weight)
		}
	}
	b.WriteString("version=" + strconv.FormatInt(int64(c.Version), 16))
	return b.String()
}

// Parse reads the text of a configuration. Lines may come in any order; where there
// is no version it is 0. Participants that no group names have no vote.
func Parse(text string) (*Config, error) {
	var r reader
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("membership: line %q: want key=value", line)
		}
		if err := r.line(key, value); err != nil {
			return nil, fmt.Errorf("membership: line %q: %w", line, err)
		}
	}
	return r.config()
}

// reader collects the lines of a text.
type reader struct {
	version wire.Zxid
	servers []Server
	groups  []numbered
	weights []weighted
}

// numbered is a group with its number, which gives the order and nothing else.
type numbered struct {
	id   int64
	sids []int64
}

// weighted is the weight of a server; what has none has 1.
type weighted struct{ sid, weight int64 }

func (r *reader) line(key, value string) error {
	kind, number, _ := strings.Cut(key, ".")
	if kind == "version" {
		v, err := strconv.ParseInt(value, 16, 64)
		r.version = wire.Zxid(v)
		return err
	}
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return errors.New("the key must end in a number")
	}
	switch kind {
	case "server":
		s, err := ParseServer(id, value)
		r.servers = append(r.servers, s)
		return err
	case "group":
		sids, err := ParseSids(value)
		r.groups = append(r.groups, numbered{id, sids})
		return err
	case "weight":
		w, err := strconv.ParseInt(value, 10, 64)
		r.weights = append(r.weights, weighted{id, w})
		return err
	}
	return errors.New("unknown key")
}

// config makes the configuration of the lines read.
func (r *reader) config() (*Config, error) {
	slices.SortFunc(r.groups, func(a, b numbered) int { return int(a.id - b.id) })
	var groups []quorum.Group
	for _, n := range r.groups {
		var g quorum.Group
		for _, sid := range n.sids {
			g = append(g, quorum.Server{Sid: sid, Weight: r.weight(sid)})
		}
		groups = append(groups, g)
	}
	return New(r.version, r.servers, groups)
}

func (r *reader) weight(sid int64) int64 {
	for _, w := range r.weights {
		if w.sid == sid {
			return w.weight
		}
	}
	return 1
}

// ParseServer reads what follows "server.N=" of a member: one address, a role if it is
// not participant, and after a semicolon the client port, with or without a host.
func ParseServer(sid int64, text string) (Server, error) {
	l, err := ParseLine(sid, text)
	switch {
	case err != nil:
		return Server{}, err
	case len(l.Addresses) > 1:
		return Server{}, errors.New("a member has one address")
	case l.Client.Port == 0:
		return Server{}, errors.New("a member needs a client port, as in host:2888:3888;2181")
	}
	a := l.Addresses[0]
	return Server{
		Sid: sid, Host: a.Host, Quorum: a.Quorum, Election: a.Election, Observer: l.Observer,
		ClientHost: cmp.Or(l.Client.Host, anyHost), Client: l.Client.Port,
	}, nil
}

// check reports members that cannot live together.
func (c *Config) check() error {
	for i, s := range c.Servers {
		if !quorum.Valid(s.Sid) {
			return fmt.Errorf("membership: server id %d is not in [1, %d]", s.Sid, quorum.MaxSid)
		}
		for _, o := range c.Servers[:i] {
			if o.Sid == s.Sid {
				return fmt.Errorf("membership: server %d is listed twice", s.Sid)
			}
			if o.Host == s.Host && (o.Quorum == s.Quorum || o.Election == s.Election || o.Quorum == s.Election || o.Election == s.Quorum) {
				return fmt.Errorf("membership: servers %d and %d share an address", o.Sid, s.Sid)
			}
		}
	}
	return c.checkGroups()
}

// checkGroups wants every participant in a group, and no stranger.
func (c *Config) checkGroups() error {
	grouped := 0
	for _, g := range c.Groups {
		for _, s := range g {
			m, ok := c.Member(s.Sid)
			if !ok || m.Observer {
				return fmt.Errorf("membership: server %d of a group is no participant", s.Sid)
			}
			grouped++
		}
	}
	participants := 0
	for _, s := range c.Servers {
		if !s.Observer {
			participants++
		}
	}
	if len(c.Groups) > 0 && grouped != participants {
		return fmt.Errorf("membership: groups hold %d of %d participants", grouped, participants)
	}
	return nil
}
