package zoocfg

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/nodes/coordinator"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/nodes/quorum"
)

// Endpoint is a host and a port. No host stands for all addresses of the machine.
type Endpoint struct {
	Host string
	Port int
}

// Address is where servers meet: for the broadcast and for the election.
type Address struct {
	Host             string
	Quorum, Election int
}

// Server is one line server.N: one address, or several of one machine, and perhaps
// where its clients connect.
type Server struct {
	Sid       int64
	Addresses []Address
	Observer  bool
	Client    Endpoint // no port if the line does not say
}

// Group is one line group.N: servers that vote together.
type Group struct {
	Number int64
	Sids   []int64
}

// Weight is one line weight.N.
type Weight struct{ Sid, Weight int64 }

// numbered are the keys that end in the number of a server or group.
var numbered = map[string]func(f *File, n int64, value string) error{
	"server": func(f *File, n int64, value string) error {
		s, err := parseServer(n, value)
		if err != nil {
			return err
		}
		f.Servers = append(f.Servers, s)
		slices.SortFunc(f.Servers, func(a, b Server) int { return cmp.Compare(a.Sid, b.Sid) })
		return nil
	},
	"group": func(f *File, n int64, value string) error {
		g := Group{Number: n}
		for word := range strings.SplitSeq(value, ":") {
			sid, err := strconv.ParseInt(strings.TrimSpace(word), 10, 64)
			if err != nil {
				return fmt.Errorf("%q is no server id; write them with colons between", word)
			}
			g.Sids = append(g.Sids, sid)
		}
		f.Groups = append(f.Groups, g)
		slices.SortFunc(f.Groups, func(a, b Group) int { return cmp.Compare(a.Number, b.Number) })
		return nil
	},
	"weight": func(f *File, n int64, value string) error {
		w, err := positive(value)
		f.Weights = append(f.Weights, Weight{n, int64(w)})
		slices.SortFunc(f.Weights, func(a, b Weight) int { return cmp.Compare(a.Sid, b.Sid) })
		return err
	},
}

// parseServer reads host:port:port[|host:port:port…][:role][;[host:]port].
func parseServer(sid int64, value string) (Server, error) {
	s := Server{Sid: sid}
	line, client, named := strings.Cut(value, ";")
	var err error
	if named {
		if s.Client, err = parseEndpoint(client); err != nil {
			return s, err
		}
	}
	for one := range strings.SplitSeq(line, "|") {
		a, role, err := parseAddress(strings.TrimSpace(one))
		if err != nil {
			return s, err
		}
		s.Addresses = append(s.Addresses, a)
		if role != "" {
			if s.Observer, err = isObserver(role); err != nil {
				return s, err
			}
		}
	}
	return s, nil
}

func isObserver(role string) (bool, error) {
	switch strings.ToLower(role) {
	case "observer":
		return true, nil
	case "participant":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither participant nor observer", role)
}

// parseAddress reads host:port:port, and the role behind it if there is one.
func parseAddress(text string) (a Address, role string, err error) {
	host, rest, err := cutHost(text)
	if err != nil {
		return a, "", err
	}
	words := strings.Split(rest, ":")
	if len(words) < 2 || len(words) > 3 {
		return a, "", fmt.Errorf("%q: want host:port:port, and perhaps :participant or :observer", text)
	}
	a.Host = host
	if a.Quorum, err = parsePort(words[0]); err != nil {
		return a, "", err
	}
	if a.Election, err = parsePort(words[1]); err != nil {
		return a, "", err
	}
	if len(words) == 3 {
		role = words[2]
	}
	return a, role, nil
}

// cutHost cuts "host:" off, where the host may be an address of version 6 in brackets.
func cutHost(text string) (host, rest string, err error) {
	if inner, ok := strings.CutPrefix(text, "["); ok {
		host, rest, ok = strings.Cut(inner, "]:")
		if _, err := netip.ParseAddr(host); !ok || err != nil {
			return "", "", fmt.Errorf("%q: in brackets belongs an address of IP version 6", text)
		}
		return host, rest, nil
	}
	host, rest, ok := strings.Cut(text, ":")
	if !ok || host == "" {
		return "", "", fmt.Errorf("%q has no host and port", text)
	}
	return host, rest, nil
}

func parseEndpoint(text string) (e Endpoint, err error) {
	text = strings.TrimSpace(text)
	if strings.Contains(text, ":") {
		if e.Host, text, err = cutHost(text); err != nil {
			return e, err
		}
	}
	e.Port, err = parsePort(text)
	return e, err
}

func parsePort(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 65535 {
		return 0, fmt.Errorf("%q is no port", text)
	}
	return n, nil
}

// members are the servers as processes of a world.
func (f *File) members() []coordinator.Member {
	if !f.Ensemble() {
		return []coordinator.Member{{Sid: f.Config.Sid}}
	}
	var out []coordinator.Member
	for i, s := range f.Servers {
		out = append(out, coordinator.Member{Sid: s.Sid, Node: node.ID(i), Observer: s.Observer})
	}
	return out
}

// hierarchy are the groups with their weights, 1 where none is given.
func (f *File) hierarchy() []quorum.Group {
	var out []quorum.Group
	for _, g := range f.Groups {
		var members quorum.Group
		for _, sid := range g.Sids {
			members = append(members, quorum.Server{Sid: sid, Weight: f.weight(sid)})
		}
		out = append(out, members)
	}
	return out
}

func (f *File) weight(sid int64) int64 {
	for _, w := range f.Weights {
		if w.Sid == sid {
			return w.Weight
		}
	}
	return 1
}

var errNoServer = errors.New("zoocfg: no such server")

// Server returns the line of a server.
func (f *File) Server(sid int64) (Server, error) {
	for _, s := range f.Servers {
		if s.Sid == sid {
			return s, nil
		}
	}
	return Server{}, errNoServer
}
