package rights

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Broker is one member of the cluster.
type Broker struct {
	Node node.ID
	Name string
}

// Config is what the cluster is judged by.
type Config struct {
	Brokers []Broker
	// Super may do everything. Open: what has no entries is for everybody.
	Super []string
	Open  bool
	// Passwords are those of users that brokers know without being told, by a mechanism.
	Passwords map[string]string
	Mechanism string
}

// Checker watches one cluster. It is told every fact, crash and commit in order, and
// keeps the first violation.
type Checker struct {
	cfg     Config
	brokers []*member
	byNode  map[node.ID]*member
	// resources are those that ever had entries, by name.
	resources map[string]*resource
	// logins are users that can log in, with the versions of what is kept of their
	// passwords, by "Login:u1".
	logins map[string]*resource

	events  []history.AccessEvent
	step    uint64
	at      time.Duration
	finding *guarantee.Finding
}

// member is a broker: since when it serves, and which versions it decides by.
type member struct {
	Broker
	serves bool
	holds  map[string]int64
	// granted are the rights that somebody was just found to have, in this step.
	granted map[need]uint64
	// grants are the same, with whose they are.
	grants map[grant]uint64
	// proved says who clients have proved to be, by connection.
	proved map[int64]string
}

// resource is a pattern with all its versions, by number.
type resource struct {
	name     string
	versions []version
	// login: what is kept are credentials of a user, and no entries.
	login bool
	// inForce is the least version that a serving broker holds, as the history has it.
	inForce int64
}

func (r *resource) last() *version { return &r.versions[len(r.versions)-1] }

// New returns a checker of a cluster that has not started yet.
func New(cfg Config) *Checker {
	c := &Checker{cfg: cfg, byNode: map[node.ID]*member{}, resources: map[string]*resource{}, logins: map[string]*resource{}}
	// A history of a cluster that never had an entry says that it has none.
	c.events = append(c.events, history.AccessEvent{Kind: history.EntriesInForce, Resource: "Cluster:kafka-cluster", Version: history.NoEntries, Open: cfg.Open})
	for _, user := range slices.Sorted(maps.Keys(cfg.Passwords)) {
		name := loginOf(user)
		c.events = append(c.events, history.AccessEvent{Kind: history.EntriesWritten, Resource: name, Secrets: []string{cfg.Mechanism + " password=" + cfg.Passwords[user]}},
			history.AccessEvent{Kind: history.EntriesInForce, Resource: name})
	}
	for _, b := range cfg.Brokers {
		m := &member{Broker: b, holds: map[string]int64{}, granted: map[need]uint64{}, grants: map[grant]uint64{}, proved: map[int64]string{}}
		c.brokers = append(c.brokers, m)
		c.byNode[b.Node] = m
	}
	return c
}

func (c *Checker) resource(name string) *resource {
	if c.resources[name] == nil {
		c.resources[name] = &resource{name: name, inForce: history.NoEntries}
	}
	return c.resources[name]
}

// sorted lists the resources by name.
func (c *Checker) sorted() []*resource {
	var all []*resource
	for _, name := range slices.Sorted(maps.Keys(c.resources)) {
		all = append(all, c.resources[name])
	}
	return all
}

// held is the version that a broker decides by.
func (m *member) held(name string) int64 {
	if v, ok := m.holds[name]; ok {
		return v
	}
	return history.NoEntries
}

// reached is the latest version that is the same as the one that a broker holds: the znode
// of a user is made empty before anything is written to it, and who dies between the two has
// changed nothing that anybody would have to hear of.
func (m *member) reached(r *resource) int64 {
	at := m.held(r.name)
	if at < 0 && r.login && len(r.versions) > 0 && len(r.versions[0].secrets) == 0 {
		return 0
	}
	return at
}

// Changed tells that a broker's process starts, or is gone or about to be, with all it
// knew. Either way it does not serve.
func (c *Checker) Changed(id node.ID, at time.Duration) {
	if m := c.byNode[id]; m != nil && c.finding == nil {
		m.serves = false
		clear(m.holds)
		clear(m.proved)
		c.at = at
		c.weigh()
	}
}

// Finding returns the first violation, nil if there is none. Events are what became of
// entries, in order.
func (c *Checker) Finding() *guarantee.Finding { return c.finding }

// Events are the versions of entries, and when they were in force, in order.
func (c *Checker) Events() []history.AccessEvent { return slices.Clone(c.events) }

// Committed takes the next transaction of the coordinator's committed log.
func (c *Checker) Committed(step uint64, at time.Duration, txn *wire.Txn) {
	if c.finding == nil {
		c.step, c.at = step, at
		c.apply(txn.Zxid, txn.Body)
	}
}

// Observe takes one fact, as it is stated. After the first violation it does nothing.
func (c *Checker) Observe(step uint64, at time.Duration, id node.ID, e node.Event) {
	m := c.byNode[id]
	if m == nil || c.finding != nil {
		return
	}
	c.step, c.at = step, at
	switch e.Kind {
	case facts.Registered:
		m.serves = true
		c.weigh()
	case facts.EntriesCached:
		c.cached(m, e)
	case facts.EntriesLoaded:
		c.loaded(m, wire.Zxid(e.N[0]))
	case facts.EntriesWritten:
		c.acknowledged(m, e)
	case facts.AccessDecided:
		c.decided(m, e)
	case facts.LeaderAppended:
		topic := topicOf(e.Text)
		if !c.granted(m, need{"Write", "Topic", topic}) && !strings.HasPrefix(topic, "__") {
			c.fail(m.Name, Appended, fmt.Sprintf("%s appends %d to %d to %s, of somebody whom it has not allowed that", m.Name, e.N[0], e.N[1], e.Text))
		}
	case facts.RequestPerformed:
		c.performed(m, e)
	case facts.Authenticated:
		m.proved[e.N[1]] = e.Text
	case facts.CredentialsTaken:
		c.credentials(m, e)
	case facts.CommitTaken:
		c.committed(m, e)
	}
}

// granted reports whether a broker has found, in this step, that somebody has a right.
func (c *Checker) granted(m *member, n need) bool { return m.granted[n] == c.step }

// committed: offsets are taken from who may read the group, and their topics.
func (c *Checker) committed(m *member, e node.Event) {
	all := []need{{"Read", "Group", e.Text}}
	for _, o := range e.Body.(*facts.GroupCommit).Offsets {
		all = append(all, need{"Read", "Topic", topicOf(o.Partition)})
	}
	for _, n := range all {
		if !c.granted(m, n) {
			c.fail(m.Name, Committed, fmt.Sprintf("%s takes %v for %s of somebody whom it has not allowed to %v", m.Name, e.Body, e.Text, n))
			return
		}
	}
}

// cached: what a broker decides by is what the znode held in that version.
func (c *Checker) cached(m *member, e node.Event) {
	body := e.Body.(*facts.Entries)
	name, number := e.Text, e.N[0]
	r := c.resource(name)
	switch {
	case number < 0 || number >= int64(len(r.versions)):
		c.fail(m.Name, Copied, fmt.Sprintf("%s decides by version %d of the entries of %s, which has %d versions", m.Name, number, name, len(r.versions)))
		return
	case number <= m.held(name):
		c.fail(m.Name, Copied, fmt.Sprintf("%s goes from version %d of the entries of %s to %d", m.Name, m.held(name), name, number))
		return
	}
	if got, want := describe(stated(body.Entries)), describe(r.versions[number].entries); got != want {
		c.fail(m.Name, Copied, fmt.Sprintf("%s takes %s for version %d of the entries of %s, which is %s", m.Name, got, number, name, want))
		return
	}
	m.holds[name] = number
	c.weigh()
}

// loaded: at the beginning of a session a broker has everything up to there.
func (c *Checker) loaded(m *member, upTo wire.Zxid) {
	for _, r := range c.sorted() {
		for number := range r.versions {
			if r.versions[number].zxid <= upTo && int64(number) > m.held(r.name) {
				c.fail(m.Name, Loaded, fmt.Sprintf("%s has read everything up to %v, and holds version %d of the entries of %s; version %d is of %v",
					m.Name, upTo, m.held(r.name), r.name, number, r.versions[number].zxid))
				return
			}
		}
	}
}

// acknowledged: a change that a broker answers for is in the log, and in its copy.
func (c *Checker) acknowledged(m *member, e node.Event) {
	r, number := c.resource(e.Text), e.N[0]
	if number < 0 || number >= int64(len(r.versions)) || m.held(e.Text) < number {
		c.fail(m.Name, Acknowledged, fmt.Sprintf("%s acknowledges version %d of the entries of %s, which has %d versions, and decides by version %d", m.Name, number, e.Text, len(r.versions), m.held(e.Text)))
	}
}

// weigh notes which versions all serving brokers have come to.
func (c *Checker) weigh() {
	for _, r := range slices.Concat(c.sorted(), c.users()) {
		least := int64(len(r.versions)) - 1
		for _, m := range c.brokers {
			if m.serves {
				least = min(least, m.reached(r))
			}
		}
		if least != r.inForce {
			r.inForce = least
			c.events = append(c.events, history.AccessEvent{At: c.at, Kind: history.EntriesInForce, Resource: r.name, Version: least, Open: c.cfg.Open})
		}
	}
}

// Pending is why entries are not in force everywhere, "" if they are.
func (c *Checker) Pending() string {
	for _, r := range slices.Concat(c.sorted(), c.users()) {
		for _, m := range c.brokers {
			if newest := int64(len(r.versions)) - 1; m.reached(r) != newest {
				return fmt.Sprintf("%s decides by version %d of the entries of %s, of which the last is %d", m.Name, m.held(r.name), r.name, newest)
			}
		}
	}
	return ""
}

// fail reports that a guarantee broke.
func (c *Checker) fail(who, id, detail string) {
	if c.finding == nil {
		c.finding = &guarantee.Finding{
			Guarantee: id, Explanation: strings.TrimSuffix(sentence(id), ".") + "; but " + detail, Step: c.step, At: c.at, Node: who,
			Evidence: []string{fmt.Sprintf("step %d: %s at %v", c.step, detail, c.at)},
		}
	}
}
