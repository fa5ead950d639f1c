package membership

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Line is a line server.N with all that ZooKeeper's grammar has: one address, or
// several of one machine, and perhaps where its clients connect. A member of a
// configuration has less: see [Server].
type Line struct {
	Sid       int64
	Addresses []Address
	Observer  bool
	Client    Endpoint // no port if the line does not say
}

// Address is where servers meet: for the broadcast and for the election.
type Address struct {
	Host             string
	Quorum, Election int
}

// Endpoint is a host and a port. No host stands for all addresses of the machine.
type Endpoint struct {
	Host string
	Port int
}

// ParseLine reads what follows "server.N=":
// host:port:port[|host:port:port…][:role][;[host:]port].
func ParseLine(sid int64, text string) (Line, error) {
	l := Line{Sid: sid}
	servers, client, named := strings.Cut(text, ";")
	var err error
	if named {
		if l.Client, err = parseEndpoint(client); err != nil {
			return l, err
		}
	}
	for one := range strings.SplitSeq(servers, "|") {
		a, role, err := parseAddress(strings.TrimSpace(one))
		if err != nil {
			return l, err
		}
		l.Addresses = append(l.Addresses, a)
		if role != "" {
			if l.Observer, err = isObserver(role); err != nil {
				return l, err
			}
		}
	}
	return l, nil
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

// String is the line without "server.N=".
func (l Line) String() string {
	var addresses []string
	for _, a := range l.Addresses {
		addresses = append(addresses, fmt.Sprintf("%s:%d:%d", bracketed(a.Host), a.Quorum, a.Election))
	}
	role := ":participant"
	if l.Observer {
		role = ":observer"
	}
	text := strings.Join(addresses, "|") + role
	switch {
	case l.Client.Port == 0:
	case l.Client.Host == "":
		text += fmt.Sprintf(";%d", l.Client.Port)
	default:
		text += fmt.Sprintf(";%s:%d", bracketed(l.Client.Host), l.Client.Port)
	}
	return text
}

// bracketed is a host in front of a port.
func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// ParseSids reads the value of a line group.N: server ids with colons between.
func ParseSids(text string) (sids []int64, err error) {
	for word := range strings.SplitSeq(text, ":") {
		sid, err := strconv.ParseInt(strings.TrimSpace(word), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is no server id; write them with colons between", word)
		}
		sids = append(sids, sid)
	}
	return sids, nil
}
