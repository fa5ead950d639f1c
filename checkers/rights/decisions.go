package rights

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// The protocol's numbers of operations and types of resources, as znodes call them.
var (
	operations = []string{"", "", "All", "Read", "Write", "Create", "Delete", "Alter", "Describe", "ClusterAction", "DescribeConfigs", "AlterConfigs", "IdempotentWrite", "CreateTokens", "DescribeTokens"}
	types      = []string{"", "", "Topic", "Group", "Cluster", "TransactionalId", "DelegationToken", "User"}
)

const denies = 2 // the protocol's number of that permission

// stated turns the entries of a fact into those of histories.
func stated(entries []facts.Entry) []history.AccessEntry {
	all := make([]history.AccessEntry, len(entries))
	for i, e := range entries {
		all[i] = history.AccessEntry{Principal: e.Principal, Host: e.Host, Operation: operations[e.Operation], Deny: e.Permission == denies}
	}
	return all
}

// describe lists entries in an order of their own.
func describe(entries []history.AccessEntry) string {
	var words []string
	for _, e := range entries {
		words = append(words, e.String())
	}
	slices.Sort(words)
	return "[" + strings.Join(words, ", ") + "]"
}

// decided holds a decision against the entries that the broker holds.
func (c *Checker) decided(m *member, e node.Event) {
	who, allowed := e.Body.(*facts.Asker), e.N[3] == 1
	q := asks{who.Principal, who.Host, operations[e.N[0]], types[e.N[1]], e.Text}
	want := slices.Contains(c.cfg.Super, q.principal)
	switch {
	case want:
	case who.AnyResource:
		want = c.any(m, q)
	default:
		want = c.opinion(m, q).decides(c.cfg.Open)
	}
	if want != allowed {
		word := map[bool]string{true: "allows", false: "refuses"}[allowed]
		c.fail(m.Name, Decision, fmt.Sprintf("%s %s %s from %s to %s %s %s, its entries being %s", m.Name, word, q.principal, q.host, q.operation, q.on, q.name, c.about(m, q)))
		return
	}
	if allowed && !who.Asks {
		n := need{q.operation, q.on, q.name}
		m.granted[n], m.grants[grant{q.principal, n}] = c.step, c.step
	}
}

// opinion joins what all patterns say that a broker holds.
func (c *Checker) opinion(m *member, q asks) opinion {
	var o opinion
	for _, r := range c.sorted() {
		if held := m.held(r.name); held >= 0 && covers(r.name, q.on, q.name) {
			o = o.with(opinionOf(r.versions[held].entries, q))
		}
	}
	return o
}

// any reports whether there can be a resource of a type that somebody may do something to.
// The names that patterns have are tried, each with and without an end that no pattern
// has; where nothing else is open, no other can do better.
func (c *Checker) any(m *member, q asks) bool {
	if c.cfg.Open { // what no entry is about is always another
		held := m.held(q.on + ":*")
		return held < 0 || !opinionOf(c.resource(q.on + ":*").versions[held].entries, q).deny
	}
	names := []string{"~"}
	for _, r := range c.sorted() {
		kind, name, _ := strings.Cut(r.name, ":")
		name = strings.TrimSuffix(name, "...")
		if kind == q.on && name != "*" {
			names = append(names, name, name+"~")
		}
	}
	return slices.ContainsFunc(names, func(name string) bool {
		q.name = name
		return c.opinion(m, q).decides(c.cfg.Open)
	})
}

// about lists the entries that a broker holds on a resource.
func (c *Checker) about(m *member, q asks) string {
	var words []string
	for _, r := range c.sorted() {
		if held := m.held(r.name); held >= 0 && covers(r.name, q.on, q.name) {
			words = append(words, fmt.Sprintf("version %d of %s %s", held, r.name, describe(r.versions[held].entries)))
		}
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, "; ")
}
