package usage

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

// Windows are over how many samples of which length something is measured.
type Windows struct {
	Number int
	Size   time.Duration
}

// Config is what the cluster is judged by.
type Config struct {
	Brokers []Broker
	// Use is how use is measured, Changes how much may be changed at once.
	Use, Changes Windows
}

// Checker watches one cluster. It is told every fact, crash and commit in order, and keeps
// the first violation.
type Checker struct {
	cfg     Config
	members []*member
	byNode  map[node.ID]*member
	// said are the versions of what is said of clients, by path below /config.
	said map[string][]settings

	step    uint64
	at      time.Duration
	finding *guarantee.Finding
}

// member is what a broker goes by, and what it has given.
type member struct {
	Broker
	serves bool
	// holds is the version of each path that it goes by, says what that is.
	holds map[string]int
	says  map[string]settings
	// accounts are those that were charged, by name; muted is until when each connection
	// waits.
	accounts map[string]*account
	buckets  map[string]*bucket
	muted    map[int64]time.Duration
	// due is what the broker must charge next, nil if nothing.
	due *charge
}

// charge is what an account has to be charged, for something on a connection.
type charge struct {
	account           string
	limit, amount, on int64
}

// New returns a checker of a cluster that has not started yet.
func New(cfg Config) *Checker {
	c := &Checker{cfg: cfg, byNode: map[node.ID]*member{}, said: map[string][]settings{}}
	for _, b := range cfg.Brokers {
		m := &member{Broker: b}
		m.forget()
		c.members = append(c.members, m)
		c.byNode[b.Node] = m
	}
	return c
}

// forget is what the end of a process does.
func (m *member) forget() {
	*m = member{
		Broker: m.Broker, holds: map[string]int{}, says: map[string]settings{}, accounts: map[string]*account{},
		buckets: map[string]*bucket{}, muted: map[int64]time.Duration{},
	}
}

// Changed tells that a broker's process starts, or is gone or about to be.
func (c *Checker) Changed(id node.ID, at time.Duration) {
	if m := c.byNode[id]; m != nil && c.finding == nil {
		c.at = at
		m.forget()
	}
}

// Finding returns the first violation, nil if there is none.
func (c *Checker) Finding() *guarantee.Finding { return c.finding }

// Committed takes the next transaction of the coordinator's committed log.
func (c *Checker) Committed(step uint64, at time.Duration, txn *wire.Txn) {
	if c.finding == nil {
		c.step, c.at = step, at
		history.Written(txn.Body, c.wrote)
	}
}

// Observe takes one fact, as it is stated. After the first violation it does nothing.
func (c *Checker) Observe(step uint64, at time.Duration, id node.ID, e node.Event) {
	m := c.byNode[id]
	if m == nil || c.finding != nil {
		return
	}
	c.step, c.at = step, at
	if m.due != nil && e.Kind != facts.UsageCharged {
		c.fail(m, Applied, fmt.Sprintf("%s does not charge %d to %s, under a quota of %d a second", m.Name, m.due.amount, m.due.account, m.due.limit))
		return
	}
	switch e.Kind {
	case facts.Registered:
		m.serves = true
	case facts.QuotasTaken:
		c.taken(m, e.Text, settings(e.Body.(facts.Settings)))
	case facts.QuotasWritten:
		c.acknowledged(m, e.Text, e.N[0], e.Body.(facts.Settings))
	case facts.UsagePassed:
		c.passed(m, e)
	case facts.UsageCharged:
		c.charged(m, e)
	case facts.ChangeCharged:
		c.changed(m, e)
	case facts.ThrottleTold:
		c.told(m, e.N[1], e.N[0], e.Body.(*facts.Usage).At)
	case facts.RequestTakenUp:
		conn, now := e.N[0], e.Body.(*facts.Usage).At
		if until := m.muted[conn]; now < until {
			c.fail(m, Waited, fmt.Sprintf("%s takes up a request of connection %d at %v of its clock, and told it to wait until %v", m.Name, conn, now, until))
		}
	}
}

// told: who is answered hears how long it has to wait from then on, in whole milliseconds.
// What was called for while its request waited for something else has partly passed.
func (c *Checker) told(m *member, conn, millis int64, now time.Duration) {
	left := max(0, m.muted[conn]-now)
	if want := int64((left + time.Millisecond - 1) / time.Millisecond); millis != want {
		c.fail(m, Told, fmt.Sprintf("%s answers on connection %d at %v of its clock that nothing is read for %d ms, and has to read nothing until %v, for %d ms", m.Name, conn, now, millis, m.muted[conn], want))
	}
}

// taken: what a broker goes by is what the znode held, and not before what it held before.
func (c *Checker) taken(m *member, path string, got settings) {
	for number := m.held(path); number < len(c.said[path]); number++ {
		if number < 0 && len(got) == 0 || number >= 0 && maps.Equal(c.said[path][number], got) {
			m.holds[path], m.says[path] = number, got
			return
		}
	}
	if m.held(path) < 0 && len(got) == 0 {
		return
	}
	c.fail(m, Copied, fmt.Sprintf("%s takes %s for what is said of %s, goes by version %d of it, and there are %d", m.Name, facts.Settings(got), path, m.held(path), len(c.said[path])))
}

// acknowledged: a change is what its version has on top of the one before.
func (c *Checker) acknowledged(m *member, path string, number int64, changes facts.Settings) {
	versions := c.said[path]
	if number < 1 || number >= int64(len(versions)) {
		c.fail(m, Acknowledged, fmt.Sprintf("%s acknowledges version %d of what is said of %s, which has %d versions", m.Name, number, path, len(versions)))
		return
	}
	want := settings{}
	maps.Copy(want, versions[number-1])
	maps.Copy(want, settings(changes))
	maps.DeleteFunc(want, func(_, value string) bool { return value == "" })
	if got := versions[number]; !maps.Equal(got, want) || !maps.Equal(m.says[path], got) {
		c.fail(m, Acknowledged, fmt.Sprintf("%s acknowledges %s to %s, of which version %d is %s and the one before %s; it goes by %s", m.Name, changes, path, number,
			facts.Settings(got), facts.Settings(versions[number-1]), facts.Settings(m.says[path])))
	}
}

// held is the version that a broker goes by, -1 before it has read one.
func (m *member) held(path string) int {
	if number, ok := m.holds[path]; ok {
		return number
	}
	return -1
}

// Pending is why a broker goes by something old, "" if none does.
func (c *Checker) Pending() string {
	for _, path := range slices.Sorted(maps.Keys(c.said)) {
		versions := c.said[path]
		last := versions[len(versions)-1]
		for _, m := range c.members {
			if !maps.Equal(m.says[path], last) {
				return fmt.Sprintf("%s goes by version %d of what is said of %s, of which the last is %d", m.Name, m.held(path), path, len(versions)-1)
			}
		}
	}
	return ""
}

// fail reports that a guarantee broke.
func (c *Checker) fail(m *member, id, detail string) {
	c.finding = &guarantee.Finding{
		Guarantee: id, Explanation: strings.TrimSuffix(sentence(id), ".") + "; but " + detail, Step: c.step, At: c.at, Node: m.Name,
		Evidence: []string{fmt.Sprintf("step %d: %s at %v", c.step, detail, c.at)},
	}
}
