package membership

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Change is what a reconfig asks for: either all Members of the new configuration,
// or who is Joining and who Leaving. Each is a list with commas; who joins and is
// a member already takes another role or address.
type Change struct {
	Joining, Leaving, Members string
}

// Apply makes the configuration that follows c. It bears c's version: the one it
// gets is the zxid of the transaction, which the caller knows. The error says why
// the request makes no sense.
func (c *Config) Apply(ch Change) (*Config, error) {
	if ch.Members != "" {
		return c.replaced(ch.Members)
	}
	if len(c.Groups) > 0 {
		return nil, errors.New("membership: who joins a hierarchical quorum has no group; give all members")
	}
	servers := slices.Clone(c.Servers)
	for _, word := range list(ch.Leaving) {
		sid, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("membership: leaving %q: want server ids", word)
		}
		servers = without(servers, sid)
	}
	for _, word := range list(ch.Joining) {
		s, err := parseLine(word)
		if err != nil {
			return nil, fmt.Errorf("membership: joining %q: %w", word, err)
		}
		servers = append(without(servers, s.Sid), s)
	}
	return electable(New(c.Version, servers, nil))
}

// replaced makes a configuration of the lines that a full change lists.
func (c *Config) replaced(members string) (*Config, error) {
	next, err := Parse(strings.ReplaceAll(members, ",", "\n"))
	if err != nil {
		return nil, err
	}
	return electable(next.At(c.Version), nil)
}

// electable refuses a configuration that nobody could ever lead.
func electable(c *Config, err error) (*Config, error) {
	if err == nil && c.verifier.Members() == 0 {
		err = errors.New("membership: nobody would have a vote")
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// parseLine reads "server.N=…".
func parseLine(line string) (Server, error) {
	key, value, ok := strings.Cut(line, "=")
	number, named := strings.CutPrefix(key, "server.")
	sid, err := strconv.ParseInt(number, 10, 64)
	if !ok || !named || err != nil {
		return Server{}, errors.New("want server.N=host:port:port:role;port")
	}
	return ParseServer(sid, value)
}

func without(servers []Server, sid int64) []Server {
	return slices.DeleteFunc(servers, func(s Server) bool { return s.Sid == sid })
}

// list splits at commas; an empty text lists nothing.
func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
