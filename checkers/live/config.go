package live

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// config is a configuration of the ensemble as the judges read it, by sids.
type config struct {
	version wire.Zxid
	// lines is the text without its version.
	lines string
	// participants are asked for proposals, observers are not. voters are the
	// participants whose word counts: those with weight.
	participants, observers, voters uint64
	groups                          []Group
}

// text is the configuration as files hold it.
func (g *config) text() string {
	return g.lines + "version=" + strconv.FormatInt(int64(g.version), 16)
}

// under names the configuration, where there are several.
func (g *config) under() string {
	if g.version == 0 {
		return ""
	}
	return fmt.Sprintf(" in the configuration of %v", g.version)
}

// vote counts the participants with weight.
func (g *config) vote() {
	if g.voters = g.participants; len(g.groups) == 0 {
		return
	}
	g.voters = 0
	for _, group := range g.groups {
		for _, v := range group {
			if v.Weight > 0 {
				g.voters |= 1 << v.Sid
			}
		}
	}
}

// written is the configuration of an ensemble that says none: what its operator did.
func (c *Checker) written(groups []Group) *config {
	g := &config{groups: groups}
	for _, s := range c.servers {
		switch {
		case s.Spare:
		case s.Observer:
			g.observers |= s.bit
		default:
			g.participants |= s.bit
		}
	}
	g.vote()
	return g
}

// parseConfig reads the text of a configuration: lines server.N=…, group.N=…,
// weight.N=… and version=….
func parseConfig(text string) (*config, error) {
	g := &config{}
	groups, weights := map[int64][]int64{}, map[int64]int64{}
	for _, line := range strings.Split(text, "\n") {
		key, value, _ := strings.Cut(line, "=")
		kind, digits, _ := strings.Cut(key, ".")
		n, err := strconv.ParseInt(digits, 10, 64)
		if kind == "version" {
			var v int64
			v, err = strconv.ParseInt(value, 16, 64)
			g.version = wire.Zxid(v)
		} else {
			g.lines += line + "\n"
		}
		if err != nil || n < 0 || n > 63 {
			return nil, fmt.Errorf("the line %q makes no sense", line)
		}
		switch kind {
		case "version":
		case "server":
			if strings.Contains(value, ":observer;") {
				g.observers |= 1 << n
			} else {
				g.participants |= 1 << n
			}
		case "group":
			groups[n], err = sids(value)
		case "weight":
			weights[n], err = strconv.ParseInt(value, 10, 64)
		default:
			err = fmt.Errorf("unknown key %q", key)
		}
		if err != nil {
			return nil, err
		}
	}
	g.group(groups, weights)
	g.vote()
	return g, nil
}

func sids(list string) (out []int64, err error) {
	for _, word := range strings.Split(list, ":") {
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// group enters groups in order of their numbers; a server without a weight has 1.
func (g *config) group(groups map[int64][]int64, weights map[int64]int64) {
	numbers := make([]int64, 0, len(groups))
	for n := range groups { //sim:unordered sorted below
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		var group Group
		for _, sid := range groups[n] {
			w, weighed := weights[sid]
			if !weighed {
				w = 1
			}
			group = append(group, Voter{sid, w})
		}
		g.groups = append(g.groups, group)
	}
}

// configAfter is the configuration that a history ends with: the newest that it
// proposes, committed or not, else what the operator wrote.
func (c *Checker) configAfter(e *entry) *config {
	if e.latest != nil {
		return e.latest.config
	}
	return c.initial
}

// both lists two configurations, or one if they are the same.
func both(a, b *config) []*config {
	if a == b {
		return []*config{a}
	}
	return []*config{a, b}
}

// Names of the files of configurations.
const (
	configPrefix = "zoo.cfg.dynamic."
	nextConfig   = configPrefix + "next"
)

// diskConfig reads the newest configuration of a disk in a view: the active one, or
// with next the one that may follow it, if it is newer. What the operator wrote counts
// if there is none.
func (c *Checker) diskConfig(s *server, v view, next bool) *config {
	best := c.operator
	for _, file := range c.ghost.Files(s.ID) {
		if !strings.HasPrefix(file, configPrefix) || strings.HasSuffix(file, ".tmp") || file == nextConfig && !next {
			continue
		}
		if b, ok := c.read(s, v, file); ok {
			if g, err := parseConfig(string(b)); err == nil && g.version > best.version {
				best = g
			}
		}
	}
	return best
}

// reconfigured enters a proposal of another configuration.
func (c *Checker) reconfigured(s *server, p *entry, txn *wire.Txn) bool {
	b, ok := txn.Body.(*wire.SetDataTxn)
	if !ok {
		c.fail(s, ConfigVersion, fmt.Sprintf("%s proposes %v as a reconfiguration without a text", s.Name, p.zxid), p)
		return false
	}
	g, err := parseConfig(string(b.Data))
	switch {
	case err != nil:
		c.fail(s, ConfigVersion, fmt.Sprintf("%s proposes a configuration in %v, of which %v", s.Name, p.zxid, err), p)
	case g.version != p.zxid || b.Path != "/zookeeper/config" || b.Version != -1:
		c.fail(s, ConfigVersion, fmt.Sprintf("%s proposes %v with the version %v for %s", s.Name, p.zxid, g.version, b.Path), p)
	case g.voters == 0:
		c.fail(s, ConfigVersion, fmt.Sprintf("%s proposes %v, in which nobody has a vote", s.Name, p.zxid), p)
	case p.latest != nil && !p.latest.committed:
		c.fail(s, ConfigOneAtATime, fmt.Sprintf("%s proposes %v while %v is under way", s.Name, p.zxid, p.latest), p, p.latest)
	default:
		p.config, p.latest = g, p
		return true
	}
	return false
}

// activated checks that what a server goes by is committed, and later than what it
// went by before.
func (c *Checker) activated(s *server, version wire.Zxid, text string) {
	g, err := parseConfig(text)
	if err != nil || g.version != version {
		c.fail(s, ConfigActive, fmt.Sprintf("%s goes by a text that is none of version %v: %v", s.Name, version, err))
		return
	}
	var due *config
	if p := c.proposal(version); p != nil && p.committed {
		due = p.config
	} else if version == c.initial.version {
		due = c.initial
	}
	switch {
	case due == nil:
		c.fail(s, ConfigActive, fmt.Sprintf("%s goes by the configuration of %v, which is not committed", s.Name, version), c.proposal(version))
	case due.lines != g.lines:
		c.fail(s, ConfigActive, fmt.Sprintf("%s goes by another configuration of %v than was committed", s.Name, version))
	case version <= s.config.version:
		c.fail(s, ConfigActive, fmt.Sprintf("%s goes by the configuration of %v after that of %v", s.Name, version, s.config.version))
	default:
		s.config = due
	}
}

// named gives what the operator wrote the version of the first leader's epoch.
func (c *Checker) named(number int64) {
	if c.cfg.Initial == "" || c.initial.version != 0 {
		return
	}
	g := *c.initial
	g.version = wire.MakeZxid(number, 0)
	c.initial = &g
}

// configDurable checks that s holds a configuration of at least a version where no
// crash can reach it, before it acknowledges what rests on it.
func (c *Checker) configDurable(s *server, version wire.Zxid, act string) bool {
	if version <= s.configKept {
		return true
	}
	if have := c.diskConfig(s, durable, true); have.version < version {
		c.fail(s, ConfigDurable, fmt.Sprintf("%s %s, and after a crash knows of no later configuration than %v, where that of %v is in question",
			s.Name, act, have.version, version))
		return false
	}
	s.configKept = version
	return true
}

// predecessorDurable checks that s, which acknowledges a history that ends with a
// reconfiguration on its way, holds the configuration that this replaces as the active
// one. After a crash it would ask the one before for its word instead:
//
//	{1,2,3} made way for {4,5}, and {4,5} is to make way for {2,3}, which 3 logs.
//	With {1,2,3} on its disk, 3 leads with the word of 2, while 4 and 5 go on.
func (c *Checker) predecessorDurable(s *server, end *entry, act string) bool {
	if end == nil || end.latest == nil || end.latest.committed || end.latest.before.version.Counter() == 0 {
		return true
	}
	due := end.latest.before.version
	if have := c.diskConfig(s, durable, false); have.version < due {
		c.fail(s, ConfigDurable, fmt.Sprintf("%s %s, and after a crash goes by the configuration of %v, where %v replaces that of %v",
			s.Name, act, have.version, end.latest, due), end.latest)
		return false
	}
	return true
}

// votesCounted checks on whose word a server ends an election: a quorum of the
// configuration that it goes by, and no strangers. Whom that makes the leader is said
// next; see electionDecided.
func (c *Checker) votesCounted(s *server, backers uint64, committed wire.Zxid) {
	own := c.diskConfig(s, cached, false)
	if own.version != committed {
		c.fail(s, ConfigElection, fmt.Sprintf("%s decides by the configuration of %v, its disk has that of %v", s.Name, committed, own.version))
		return
	}
	s.own, s.backers = own, backers
	known := backers &^ (c.lastConfig(s).voters &^ own.voters)
	if problem := c.evidence(known, known, "vote", own); problem != "" {
		c.fail(s, ConfigElection, fmt.Sprintf("%s decides an election %s", s.Name, problem))
	}
}

// electionDecided checks who makes itself the leader: it needs a quorum in the
// configuration that its history ends with as well. Others may join one without.
func (c *Checker) electionDecided(s *server, leader int64) {
	if s.own == nil || leader != s.Sid {
		return
	}
	if problem := c.evidence(s.backers, s.backers, "vote", both(s.own, c.lastConfig(s))...); problem != "" {
		c.fail(s, ConfigElection, fmt.Sprintf("%s elects itself %s", s.Name, problem))
	}
}

// lastConfig is the configuration that may follow the one of its disk for a server that
// looks for a leader, or else that one.
func (c *Checker) lastConfig(s *server) *config {
	if s.log != nil {
		if g := c.configAfter(s.log); g.version > s.own.version {
			return g
		}
	}
	return s.own
}

// demoted lists those that hold a proposal, were asked for it as participants, and are
// observers by now. Such a one comes back with what it logged, and no word of it, as
// observers owe none: its disk speaks for it.
//
//	A reconfiguration makes B an observer, with writes behind it that need the old
//	quorum of A and B. B logs them, hears of the commit, and comes back as observer.
//
// The same goes for a reconfiguration behind it that makes B a participant again.
func (c *Checker) demoted(ep *epoch, p *entry, unsaid uint64) (out uint64) {
	for _, s := range c.servers {
		asked := p.before.participants | c.configAfter(p).participants
		if unsaid&s.bit == 0 || s.config.observers&s.bit == 0 || asked&s.bit == 0 {
			continue
		}
		if kept, problem := c.diskHistory(s, durable); problem == "" && kept.holds(p) {
			out |= s.bit
			ep.acked[s.index] = max(ep.acked[s.index], p.zxid)
			if p.zxid > s.promised.zxid {
				s.promised = p
			}
		}
	}
	return out
}
