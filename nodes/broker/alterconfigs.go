package broker

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/config"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/bugs"
	cwire "github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// configRefusal is why a configuration is not changed.
type configRefusal struct {
	code wire.ErrorCode
	text string
}

func refuseConfig(code wire.ErrorCode, format string, args ...any) *configRefusal {
	return &configRefusal{code, fmt.Sprintf(format, args...)}
}

// change is what somebody wants done to one configuration: its keys one by one, or, in
// the older way, another instead of it.
type change struct {
	kind  kmsg.ConfigResourceType
	name  string
	whole bool
	ops   []configOp
}

type configOp struct {
	name  string
	op    kmsg.IncrementalAlterConfigOp
	value *string
}

// incrementalAlterConfigs changes keys (KIP-339).
func (s *Server) incrementalAlterConfigs(x *exchange) {
	r := x.Body.(*kmsg.IncrementalAlterConfigsRequest)
	var list []change
	for _, asked := range r.Resources {
		c := change{kind: asked.ResourceType, name: asked.ResourceName}
		for _, one := range asked.Configs {
			c.ops = append(c.ops, configOp{one.Name, one.Op, one.Value})
		}
		list = append(list, c)
	}
	answer := kmsg.NewPtrIncrementalAlterConfigsResponse()
	s.changeConfigs(list, r.ValidateOnly, func(c *change, code int16, text *string) {
		out := kmsg.NewIncrementalAlterConfigsResponseResource()
		out.ResourceType, out.ResourceName, out.ErrorCode, out.ErrorMessage = c.kind, c.name, code, text
		answer.Resources = append(answer.Resources, out)
	}, func() { x.reply(answer) })
}

// alterConfigs replaces configurations (KIP-133): what is not said is as if it had never
// been.
func (s *Server) alterConfigs(x *exchange) {
	r := x.Body.(*kmsg.AlterConfigsRequest)
	var list []change
	for _, asked := range r.Resources {
		c := change{kind: asked.ResourceType, name: asked.ResourceName, whole: true}
		for _, one := range asked.Configs {
			c.ops = append(c.ops, configOp{one.Name, kmsg.IncrementalAlterConfigOpSet, one.Value})
		}
		list = append(list, c)
	}
	answer := kmsg.NewPtrAlterConfigsResponse()
	s.changeConfigs(list, r.ValidateOnly, func(c *change, code int16, text *string) {
		out := kmsg.NewAlterConfigsResponseResource()
		out.ResourceType, out.ResourceName, out.ErrorCode, out.ErrorMessage = c.kind, c.name, code, text
		answer.Resources = append(answer.Resources, out)
	}, func() { x.reply(answer) })
}

// changeConfigs changes some configurations, each for itself, and says how it went.
func (s *Server) changeConfigs(list []change, validateOnly bool, say func(*change, int16, *string), done func()) {
	s.env.Go("alter configurations", func(t *node.Task) {
		for i := range list {
			c := &list[i]
			same := func(o change) bool { return o.kind == c.kind && o.name == c.name }
			no := refuseConfig(wire.InvalidRequest, "the request names %s more than once", c.name)
			if slices.IndexFunc(list, same) == i && !slices.ContainsFunc(list[i+1:], same) {
				no = s.changeConfig(t, c, validateOnly)
			}
			if no != nil {
				say(c, int16(no.code), &no.text)
				continue
			}
			say(c, int16(wire.OK), nil)
		}
		done()
	})
}

// changeConfig changes one configuration. Whoever else does so at the same time is not
// overwritten.
func (s *Server) changeConfig(t *node.Task, c *change, validateOnly bool) *configRefusal {
	e, code, text := s.entityOf(c.kind, c.name)
	if code != wire.OK {
		return refuseConfig(code, "%s", text)
	}
	table := &config.Brokers
	if e.Type == znodes.TopicConfig {
		table = &config.Topics
	}
	if no := c.check(table); no != nil {
		return no
	}
	for {
		says, version, code := s.readEntity(t, e)
		if code != wire.OK {
			return refuseConfig(code, "%v", code)
		}
		if c.whole {
			clear(says)
		}
		for i := range c.ops {
			if no := c.ops[i].apply(table, says, s.cfg.Bugs); no != nil {
				return no
			}
		}
		if no := s.checkSaid(e, says); no != nil {
			return no
		}
		if validateOnly && !s.cfg.Bugs.Has(bugs.ValidateOnlyApplies) {
			return nil
		}
		conflict, no := s.writeConfig(t, e, says, version)
		if !conflict {
			return no
		}
	}
}

// check looks at a change by itself.
func (c *change) check(table *config.Table) *configRefusal {
	seen := map[string]bool{}
	for _, op := range c.ops {
		k := table.Lookup(op.name)
		switch {
		case seen[op.name]:
			return refuseConfig(wire.InvalidRequest, "%s is there twice", op.name)
		case op.value == nil && op.op != kmsg.IncrementalAlterConfigOpDelete:
			return refuseConfig(wire.InvalidRequest, "no value for %s", op.name)
		case k == nil && op.op != kmsg.IncrementalAlterConfigOpDelete:
			return refuseConfig(wire.InvalidConfig, "unknown key %s", op.name)
		case (op.op == kmsg.IncrementalAlterConfigOpAppend || op.op == kmsg.IncrementalAlterConfigOpSubtract) && k.Kind != config.List:
			return refuseConfig(wire.InvalidConfig, "%s is no list, to which one could append or from which one could subtract", op.name)
		}
		seen[op.name] = true
	}
	return nil
}

// apply changes one key. To append to what nobody has said is to append to the default.
func (o *configOp) apply(table *config.Table, says map[string]string, planted bugs.Set) *configRefusal {
	k := table.Lookup(o.name)
	list := func() []string {
		if value, said := says[o.name]; said {
			return config.Items(value)
		}
		return config.Items(k.Default)
	}
	switch o.op {
	case kmsg.IncrementalAlterConfigOpDelete:
		delete(says, o.name)
	case kmsg.IncrementalAlterConfigOpSet:
		says[o.name] = *o.value
	case kmsg.IncrementalAlterConfigOpAppend:
		items := list()
		if planted.Has(bugs.AppendOverwrites) {
			items = nil
		}
		for _, item := range config.Items(*o.value) {
			if !slices.Contains(items, item) {
				items = append(items, item)
			}
		}
		says[o.name] = strings.Join(items, ",")
	case kmsg.IncrementalAlterConfigOpSubtract:
		gone := config.Items(*o.value)
		says[o.name] = strings.Join(slices.DeleteFunc(list(), func(item string) bool { return slices.Contains(gone, item) }), ",")
	default:
		return refuseConfig(wire.InvalidRequest, "%d is no operation", o.op)
	}
	return nil
}

// checkSaid looks at a configuration as it would be.
func (s *Server) checkSaid(e znodes.Entity, says map[string]string) *configRefusal {
	if e.Type == znodes.TopicConfig {
		if err := s.checkTopicConfig(says); err != nil {
			return refuseConfig(wire.InvalidConfig, "%v", err)
		}
		return nil
	}
	c := s.dynamic.static
	for _, name := range slices.Sorted(maps.Keys(says)) {
		k := config.Brokers.Lookup(name)
		switch {
		case k == nil:
			return refuseConfig(wire.InvalidConfig, "unknown key %s", name)
		case k.Mode == config.ReadOnly:
			return refuseConfig(wire.InvalidRequest, "%s cannot be changed while a broker runs", name)
		case k.Mode == config.PerBroker && e.Name == znodes.DefaultEntity:
			return refuseConfig(wire.InvalidRequest, "%s can only be said of one broker", name)
		}
		if err := k.Check(says[name]); err != nil {
			return refuseConfig(wire.InvalidConfig, "%s: %v", name, err)
		}
		if found := settingOf(name); found != nil && found.write != nil {
			found.write(&c, k.Canonical(says[name]))
		}
	}
	if err := c.Validate(); err != nil {
		return refuseConfig(wire.InvalidConfig, "%v", err)
	}
	return nil
}

// writeConfig writes a configuration over the version that was read, and tells all
// brokers, both or neither: a broker of Kafka that dies in between leaves a configuration
// that nobody has heard of. conflict: somebody else has written it since.
func (s *Server) writeConfig(t *node.Task, e znodes.Entity, says map[string]string, version int32) (conflict bool, no *configRefusal) {
	path, data := znodes.ConfigPath(e.Type, e.Name), znodes.EncodeConfig(says)
	write := zookeeper.Set(path, data, version)
	if version < 0 {
		write = zookeeper.Create(path, data)
	}
	term := s.zk.Term()
	for {
		r := s.zk.One(t, zookeeper.Multi(write, zookeeper.CreateSequential(znodes.ConfigChangePath(), znodes.EncodeConfigChange(e))))
		switch {
		case r.OK():
			return false, nil
		case !r.Unknown && (r.Err == cwire.ErrBadVersion || r.Err == cwire.ErrNodeExists || r.Err == cwire.ErrNoNode):
			return true, nil
		case !r.Unknown || term != s.zk.Term() || s.zk.Over():
			return false, refuseConfig(wire.RequestTimedOut, "the coordinators did not say whether the configuration was written")
		}
		// A write of an earlier connection has happened by now or never will.
		now := s.zk.Do(t, zookeeper.Sync(path), zookeeper.Get(path))[1]
		switch {
		case term != s.zk.Term() || now.Over():
			return false, refuseConfig(wire.RequestTimedOut, "the coordinators did not say whether the configuration was written")
		case now.OK() && now.Stat.Version == version+1 && bytes.Equal(now.Data, data):
			return false, nil
		case now.OK() && now.Stat.Version != version, !now.OK() && version >= 0:
			return true, nil
		}
	}
}
