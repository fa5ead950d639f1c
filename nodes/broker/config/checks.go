package config

import (
	"slices"
	"strconv"
	"strings"
)

// check holds the keys of a file against each other.
func (p *parser) check() {
	for _, pair := range []struct {
		low, high string
		equal     bool
		why       string
	}{
		{"replica.fetch.wait.max.ms", "replica.lag.time.max.ms", false, "a follower that hears nothing for so long is out of sync"},
		{"replica.fetch.wait.max.ms", "replica.socket.timeout.ms", true, "a follower would hang up on a leader that has nothing new"},
		{"group.min.session.timeout.ms", "group.max.session.timeout.ms", true, "no member could ask for anything"},
		{"log.cleaner.min.compaction.lag.ms", "log.cleaner.max.compaction.lag.ms", true, "records would be due and safe at once"},
	} {
		low, high := p.number(pair.low), p.number(pair.high)
		if low > high || low == high && !pair.equal {
			p.fail(p.line(pair.low, pair.high), "%s is %d and %s is %d: %s", pair.low, low, pair.high, high, pair.why)
		}
	}
	for _, name := range []string{"log.retention.ms", "log.retention.minutes", "log.retention.hours"} {
		if line, set := p.lines[name]; set && p.number(name) == 0 {
			p.fail(line, "%s: 0 is out of range; want 1 or more, or -1 for ever", name)
		}
	}
	p.checkReplicas()
	p.checkSuperUsers()
	p.checkCoordinators()
	p.checkListeners()
}

// checkReplicas warns of topics that would take no record with all acknowledgements.
// Kafka starts all the same: topics may say otherwise.
func (p *parser) checkReplicas() {
	least := p.number("min.insync.replicas")
	for _, name := range []string{"default.replication.factor", "offsets.topic.replication.factor"} {
		if n := p.number(name); n < least {
			p.warn(p.line(name, "min.insync.replicas"), "%s is %d, and min.insync.replicas is %d: what wants all acknowledgements is refused", name, n, least)
		}
	}
}

// checkCoordinators wants zookeeper.connect to name servers. A path behind them, which
// gives the cluster a part of the tree, is taken: here it has a tree for itself.
func (p *parser) checkCoordinators() {
	line, set := p.lines["zookeeper.connect"]
	if !set {
		p.errs = append(p.errs, errUnset(p.name))
		return
	}
	value, _ := p.value("zookeeper.connect")
	hosts, _, _ := strings.Cut(value, "/")
	for host := range strings.SplitSeq(hosts, ",") {
		if !isAddress(strings.TrimSpace(host)) {
			p.fail(line, "zookeeper.connect: %q is no host:port", strings.TrimSpace(host))
		}
	}
}

type errUnset string

func (e errUnset) Error() string { return string(e) + ": zookeeper.connect is not set" }

func isAddress(s string) bool {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return s != "" // ZooKeeper's own port
	}
	port, err := strconv.ParseUint(s[i+1:], 10, 16)
	return err == nil && port > 0 && i > 0
}

// endpoint is one of a list of listeners.
type endpoint struct{ name, host, port string }

// endpoints parses a list of NAME://host:port, whose host may be empty.
func (p *parser) endpoints(key string) (list []endpoint) {
	value, ok := p.value(key)
	if !ok {
		return nil
	}
	for _, item := range Items(value) {
		name, address, found := strings.Cut(item, "://")
		i := strings.LastIndexByte(address, ':')
		if !found || name == "" || i < 0 {
			p.fail(p.lines[key], "%s: %q is no NAME://host:port", key, item)
			continue
		}
		e := endpoint{strings.ToUpper(name), address[:i], address[i+1:]}
		if _, err := strconv.ParseUint(e.port, 10, 16); err != nil {
			p.fail(p.lines[key], "%s: %q is no port", key, e.port)
		}
		if slices.ContainsFunc(list, func(o endpoint) bool { return o.name == e.name }) {
			p.fail(p.lines[key], "%s: there are two listeners %s", key, e.name)
		}
		if key == "listeners" && slices.ContainsFunc(list, func(o endpoint) bool { return o.port == e.port && e.port != "0" }) {
			p.fail(p.lines[key], "%s: two listeners have port %s", key, e.port)
		}
		list = append(list, e)
	}
	return list
}

// checkListeners wants each listener to speak something that is spoken here, and those
// that others name to exist.
func (p *parser) checkListeners() {
	listeners := p.endpoints("listeners")
	spoken := p.spoken()
	known := func(name string) bool {
		return slices.ContainsFunc(listeners, func(e endpoint) bool { return e.name == name })
	}
	for _, e := range listeners {
		line := p.line("listeners", "listener.security.protocol.map")
		switch protocol := spoken[e.name]; {
		case protocol == "":
			p.fail(line, "listeners: listener.security.protocol.map does not say what %s speaks", e.name)
		case !slices.Contains(servedProtocols, protocol):
			p.fail(line, "listeners: %s speaks %s; want %s", e.name, protocol, strings.Join(servedProtocols, " or "))
		case protocol == saslProtocol:
			p.checkMechanisms(line, e.name)
		}
	}
	for _, e := range p.endpoints("advertised.listeners") {
		if !known(e.name) {
			p.fail(p.lines["advertised.listeners"], "advertised.listeners: there is no listener %s", e.name)
		}
	}
	p.checkInterBroker(listeners, spoken)
}

// checkInterBroker wants brokers to have a listener for themselves, on which they need no
// proof.
func (p *parser) checkInterBroker(listeners []endpoint, spoken map[string]string) {
	inter, named := p.value("inter.broker.listener.name")
	known := func(e endpoint) bool { return e.name == strings.ToUpper(inter) }
	protocol, _ := p.value("security.inter.broker.protocol")
	_, both := p.lines["security.inter.broker.protocol"]
	switch line := p.line("inter.broker.listener.name", "security.inter.broker.protocol", "listeners"); {
	case named && both:
		p.fail(line, "inter.broker.listener.name and security.inter.broker.protocol are both set")
	case named && !slices.ContainsFunc(listeners, known):
		p.fail(line, "inter.broker.listener.name: there is no listener %s", inter)
	case named && spoken[strings.ToUpper(inter)] == saslProtocol, !named && protocol == saslProtocol:
		p.fail(line, "brokers speak %s among themselves; want PLAINTEXT: they know one another without a proof", saslProtocol)
	case !named && !slices.ContainsFunc(listeners, func(e endpoint) bool { return spoken[e.name] == protocol }):
		p.fail(line, "listeners: none speaks %s, which brokers speak among themselves (security.inter.broker.protocol)", protocol)
	}
}

// checkMechanisms wants something to be enabled by which clients of a listener can prove
// who they are, and nothing that is not here.
func (p *parser) checkMechanisms(line int, listener string) {
	if value, _ := p.value("sasl.enabled.mechanisms"); slices.Contains(Items(value), NoMechanism) {
		p.fail(line, "sasl.enabled.mechanisms: listener %s would offer %s, which is not here; want some of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512", listener, NoMechanism)
	}
}

// checkSuperUsers wants principals, and an authoriser that asks who is one.
func (p *parser) checkSuperUsers() {
	line := p.lines["super.users"]
	value, _ := p.value("super.users")
	for one := range strings.SplitSeq(value, ";") {
		if kind, name, _ := strings.Cut(strings.TrimSpace(one), ":"); strings.TrimSpace(one) != "" && (kind == "" || name == "") {
			p.fail(line, "super.users: %q is no principal, as User:name", strings.TrimSpace(one))
		}
	}
	if authorizer, _ := p.value("authorizer.class.name"); authorizer == "" {
		for _, key := range []string{"super.users", "allow.everyone.if.no.acl.found"} {
			if line, set := p.lines[key]; set {
				p.warn(line, "%s says nothing without authorizer.class.name", key)
			}
		}
	}
}

// saslProtocol is spoken with clients that have to prove who they are.
const saslProtocol = "SASL_PLAINTEXT"

// servedProtocols are those of listeners that brokers here can have.
var servedProtocols = []string{"PLAINTEXT", saslProtocol}

// Logins are the mechanisms by which clients may prove who they are, none if no listener
// asks them to.
func (f *File) Logins() []string {
	p := &parser{file: f, lines: map[string]int{}}
	spoken := p.spoken()
	asks := func(e endpoint) bool { return spoken[e.name] == saslProtocol }
	if !slices.ContainsFunc(p.endpoints("listeners"), asks) {
		return nil
	}
	value, _ := p.value("sasl.enabled.mechanisms")
	return Items(value)
}

// spoken is what each name of a listener stands for.
func (p *parser) spoken() map[string]string {
	const key = "listener.security.protocol.map"
	value, _ := p.value(key)
	spoken := map[string]string{}
	for _, item := range Items(value) {
		name, protocol, ok := strings.Cut(item, ":")
		protocol = strings.ToUpper(strings.TrimSpace(protocol))
		if !ok || !slices.Contains(protocols, protocol) {
			p.fail(p.lines[key], "%s: %q; want NAME:PROTOCOL, of %s", key, item, strings.Join(protocols, ", "))
			continue
		}
		spoken[strings.ToUpper(strings.TrimSpace(name))] = protocol
	}
	return spoken
}

// value is what holds of a key.
func (p *parser) value(name string) (string, bool) {
	l := Layers{Static: p.file.Values()}
	value, _, ok := l.Value(Brokers.Lookup(name))
	return value, ok
}

func (p *parser) number(name string) int64 {
	value, _ := p.value(name)
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		panic("config: " + name + " holds no number, though it was checked")
	}
	return n
}

// line is where the first of some keys is set that is, 0 if none is: then the defaults
// are at odds, and the table is wrong.
func (p *parser) line(names ...string) int {
	for _, name := range names {
		for _, k := range append([]Older{{Name: name}}, Brokers.Lookup(name).Older...) {
			if line, set := p.lines[k.Name]; set {
				return line
			}
		}
	}
	return 0
}
