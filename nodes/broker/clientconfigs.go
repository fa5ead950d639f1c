package broker

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/bugs"
	cwire "github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// clientEntity is whose configuration something is: of a user, of an application, or of an
// application of a user. A name may be [znodes.DefaultEntity]; "" is none.
type clientEntity struct{ user, client string }

// compare orders entities.
func (e clientEntity) compare(o clientEntity) int {
	return cmp.Or(strings.Compare(e.user, o.user), strings.Compare(e.client, o.client))
}

// path names the entity below /config. Names are written as in a URL, since they may have
// any character.
func (e clientEntity) path() string {
	name := func(s string) string {
		if s == znodes.DefaultEntity {
			return s
		}
		return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
	}
	switch {
	case e.user == "":
		return znodes.ClientConfig + "/" + name(e.client)
	case e.client == "":
		return znodes.UserConfig + "/" + name(e.user)
	}
	return znodes.UserConfig + "/" + name(e.user) + "/" + znodes.ClientConfig + "/" + name(e.client)
}

// entityAt reads such a path; ok is whether it is one.
func entityAt(path string) (e clientEntity, ok bool) {
	words := strings.Split(path, "/")
	for i := 1; i < len(words); i += 2 {
		if text, err := url.QueryUnescape(words[i]); err == nil && words[i] != znodes.DefaultEntity {
			words[i] = text
		}
	}
	switch {
	case len(words) == 2 && words[0] == znodes.ClientConfig:
		return clientEntity{client: words[1]}, true
	case len(words) == 2 && words[0] == znodes.UserConfig:
		return clientEntity{user: words[1]}, true
	case len(words) == 4 && words[0] == znodes.UserConfig && words[2] == znodes.ClientConfig:
		return clientEntity{words[1], words[3]}, true
	}
	return e, false
}

// followsClients reports whether this broker goes by what is said of clients.
func (s *Server) followsClients() bool { return s.cfg.SASL != nil || s.cfg.Quotas }

// readClient reads what is said of a client, and goes by it. It reports whether the session
// has lasted.
func (s *Server) readClient(t *node.Task, e clientEntity) bool {
	path := znodes.Config + "/" + e.path()
	r := s.zk.One(t, zookeeper.Get(path))
	if !r.OK() && r.Err != cwire.ErrNoNode {
		return false
	}
	config, err := znodes.DecodeConfig(path, r.Data)
	if err != nil {
		config = nil
	}
	version := int32(-1)
	if r.OK() {
		version = r.Stat.Version
	}
	s.takeClient(e, config, version)
	return true
}

// takeClient puts what is said of a client in a version of its znode into force.
func (s *Server) takeClient(e clientEntity, config map[string]string, version int32) {
	s.stateQuotas(facts.QuotasTaken, e, config, int64(len(config)))
	switch was := s.clients[e]; {
	case s.cfg.Bugs.Has(bugs.RemovedPasswordKept) && was != nil:
		config = maps.Clone(config)
		for key, value := range was { //sim:unordered each key for itself
			if config[key] == "" {
				config[key] = value
			}
		}
		s.clients[e] = config
	case len(config) == 0:
		delete(s.clients, e)
	default:
		s.clients[e] = config
	}
	if e.client == "" {
		s.stateCredentials(e.user, version)
	}
	s.countLimits()
}

// stateQuotas states what becomes of what is said of a client, where it is held to it.
func (s *Server) stateQuotas(k *node.EventKind, e clientEntity, says map[string]string, n int64) {
	if s.cfg.Quotas {
		s.env.Observe(node.Event{Kind: k, Text: e.path(), N: [4]int64{n}, Body: facts.Settings(says)})
	}
}

// countLimits counts of how many something is said, if this broker holds them to it. Where
// it is nobody, requests need not be looked at.
func (s *Server) countLimits() {
	clear(s.limits)
	if !s.cfg.Quotas {
		return
	}
	for _, says := range s.clients { //sim:unordered counted
		for _, key := range quotaKeys {
			if limitFrom(key, says[key]) > 0 {
				s.limits[key]++
			}
		}
	}
}

// readClients reads what is said of all clients, in a new session. It reports whether that
// has lasted.
func (s *Server) readClients(t *node.Task) bool {
	if !s.followsClients() {
		return true
	}
	var found []string
	for _, kind := range []string{znodes.UserConfig, znodes.ClientConfig} {
		r := s.zk.One(t, zookeeper.Children(znodes.Config+"/"+kind))
		if !r.OK() {
			return false
		}
		for _, name := range r.Children {
			found = append(found, kind+"/"+name)
		}
	}
	for _, path := range found {
		if !strings.HasPrefix(path, znodes.UserConfig+"/") {
			continue
		}
		r := s.zk.One(t, zookeeper.Children(znodes.Config+"/"+path+"/"+znodes.ClientConfig))
		if !r.OK() && r.Err != cwire.ErrNoNode {
			return false
		}
		for _, name := range r.Children {
			found = append(found, path+"/"+znodes.ClientConfig+"/"+name)
		}
	}
	known := map[clientEntity]bool{}
	for _, path := range found {
		if e, ok := entityAt(path); ok {
			if known[e] = true; !s.readClient(t, e) {
				return false
			}
		}
	}
	for _, e := range slices.SortedFunc(maps.Keys(s.clients), clientEntity.compare) {
		if !known[e] && !s.readClient(t, e) { // gone, or made since the list was
			return false
		}
	}
	return true
}
