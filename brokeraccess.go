package stampede

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/rights"
	"github.com/stampede-sim/stampede/checkers/usage"
	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/acl"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/quota"
	"github.com/stampede-sim/stampede/nodes/broker/sasl"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/workloads"
)

// superUser is the client that may do everything, of those that brokers authorise.
const superUser = "User:c0"

// heedsThrottle reports whether a client waits by itself for as long as it is told to: every
// second one, since brokers must do without.
func (k Knobs) heedsThrottle(client int) bool { return k.Quotas && client%2 == 1 }

// checkAccess refuses a plan in which nobody has a right to anything: only some workloads
// grant any.
func (p Plan) checkAccess(w workloads.Workload) error {
	if p.Knobs.Access && !p.Knobs.OpenAccess && !slices.Contains(w.NeedsKinds, history.Grant) {
		return fmt.Errorf("knob access=true: nobody is granted anything in %s; add knob open-access=true, or take broker/access", w.Name)
	}
	return nil
}

// quotaWindows and mutationWindows are short, as runs are.
var (
	quotaWindows    = quota.Windows{Number: 3, Size: time.Second}
	mutationWindows = quota.Windows{Number: 2, Size: time.Second}
)

// limits reports whether brokers hold clients to quotas. Access alone came first.
func (k Knobs) limits() bool { return k.Quotas || k.Access }

// principalName is who a client is, as its certificate says.
func principalName(client int) string { return fmt.Sprintf("User:c%d", client) }

// principal is who a client is and where, "" if brokers do not ask.
func (k Knobs) principal(client int) string {
	if !k.Access {
		return ""
	}
	return principalName(client) + "@" + broker.AddressOf(k.clientID(client))
}

// configureAccess has a broker authorise what clients ask for, if the knobs say so.
func (p Plan) configureAccess(cfg *broker.Config) {
	p.configureLogins(cfg)
	if p.Knobs.Access {
		cfg.Access = &acl.Config{SuperUsers: []string{superUser}, OpenByDefault: p.Knobs.OpenAccess, Bugs: p.Bugs}
	}
	if !p.Knobs.limits() {
		return
	}
	cfg.Quotas = true
	cfg.Principals = map[node.ID]string{}
	for i := range p.Shape.Clients {
		cfg.Principals[p.Knobs.clientID(i)] = principalName(i)
	}
}

// login is how a client proves who it is.
func (k Knobs) login(client int) sasl.Login {
	if k.SASL == "" {
		return sasl.Login{}
	}
	user := strings.TrimPrefix(principalName(client), "User:")
	return sasl.Login{Mechanism: k.SASL, User: user, Password: "pw-" + user}
}

// configureLogins has a broker ask clients who they are, if the knobs say so.
func (p Plan) configureLogins(cfg *broker.Config) {
	mechanism := p.Knobs.SASL
	if mechanism == "" {
		return
	}
	cfg.SASL = &broker.SASLConfig{Mechanisms: []string{mechanism}, Plain: map[string]string{}, Scram: map[string]map[string]sasl.Credential{mechanism: {}}}
	for i := range p.Shape.Clients {
		login := p.Knobs.login(i)
		if mechanism == sasl.Plain {
			cfg.SASL.Plain[login.User] = login.Password
			continue
		}
		salt := []byte("salt of " + login.User)
		salted := sasl.Salted(mechanism, login.Password, salt, sasl.LeastIterations)
		cfg.SASL.Scram[mechanism][login.User] = sasl.Derive(mechanism, salted, salt, sasl.LeastIterations)
	}
}

// accessMoments are those at which a crash matters to who may do what.
func (k Knobs) accessMoments() []*node.EventKind {
	if !k.Access {
		return nil
	}
	moments := []*node.EventKind{facts.EntriesCached, facts.EntriesWritten, facts.EntriesWritten, facts.EntriesLoaded}
	if k.SASL != "" {
		moments = append(moments, facts.CredentialsTaken)
	}
	return moments
}

// newRights makes the judge of who may do what, nil if brokers do not ask.
func (r *run) newRights() *rights.Checker {
	k := r.plan.Knobs
	if !k.Access {
		return nil
	}
	cfg := rights.Config{Super: []string{superUser}, Open: k.OpenAccess, Mechanism: k.SASL}
	if k.SASL != "" {
		cfg.Passwords = map[string]string{}
		for i := range r.plan.Shape.Clients {
			login := k.login(i)
			cfg.Passwords[login.User] = login.Password
		}
	}
	for n := range int32(k.Brokers) {
		cfg.Brokers = append(cfg.Brokers, rights.Broker{Node: k.brokerID(n + 1), Name: broker.HostOf(n + 1)})
	}
	return rights.New(cfg)
}

// newUsage makes the judge of what clients may have, nil if brokers hold nobody to anything.
func (r *run) newUsage() *usage.Checker {
	k := r.plan.Knobs
	if !k.limits() {
		return nil
	}
	brokers := r.brokerConfig(1)
	cfg := usage.Config{Use: usage.Windows(brokers.QuotaWindows), Changes: usage.Windows(brokers.ControllerQuotaWindows)}
	for n := range int32(k.Brokers) {
		cfg.Brokers = append(cfg.Brokers, usage.Broker{Node: k.brokerID(n + 1), Name: broker.HostOf(n + 1)})
	}
	return usage.New(cfg)
}
