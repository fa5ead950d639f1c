package group

import (
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/internal/alarm"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Coordinator is the coordinator of the groups in the partitions that a broker leads.
// Make it with [New].
type Coordinator struct {
	env   node.Env
	cfg   Config
	host  Host
	clock alarm.Clock

	// shards are the partitions of the topic of offsets, by number. One that was never
	// led here is nil.
	shards []*shard
	// groups are those that are loaded, by name.
	groups map[string]*group
	expiry alarm.Alarm
}

// shard is one partition of the topic of offsets.
type shard struct {
	partition int32
	// epoch is the leader epoch that was heard of last. Orders of an older one come late
	// (KAFKA-10614).
	epoch   int32
	leading bool
	loading *load // nil once the groups are served
}

// Client is who sent a request.
type Client struct {
	// ID is the name of the application, Host where it runs.
	ID, Host string
}

// New makes a coordinator of nothing.
func New(env node.Env, cfg Config, host Host) *Coordinator {
	cfg.fill()
	c := &Coordinator{env: env, cfg: cfg, host: host, clock: alarm.New(env, cfg.TimerKind), groups: map[string]*group{}}
	c.shards = make([]*shard, cfg.Partitions)
	return c
}

// bug reports whether a bug is planted.
func (c *Coordinator) bug(id bugs.ID) bool { return c.cfg.Bugs.Has(id) }

// Timer forwards [node.Node.Timer]. It reports whether the timer is the coordinator's.
func (c *Coordinator) Timer(tag node.Tag) bool {
	if !c.clock.Owns(tag) {
		return false
	}
	c.clock.Ring(tag)
	return true
}

// Serve performs a request and calls reply once, now or later; never if the broker dies
// before. Replies that come later than their connection lasts are for the caller to
// drop.
func (c *Coordinator) Serve(from Client, r kmsg.Request, reply func(kmsg.Response)) {
	switch r := r.(type) {
	case *kmsg.JoinGroupRequest:
		c.joinGroup(from, r, func(a *kmsg.JoinGroupResponse) { reply(a) })
	case *kmsg.SyncGroupRequest:
		c.syncGroup(r, func(a *kmsg.SyncGroupResponse) { reply(a) })
	case *kmsg.HeartbeatRequest:
		reply(c.heartbeat(r))
	case *kmsg.LeaveGroupRequest:
		reply(c.leaveGroup(r))
	case *kmsg.OffsetCommitRequest:
		c.commitOffsets(r, func(a *kmsg.OffsetCommitResponse) { reply(a) })
	case *kmsg.OffsetFetchRequest:
		c.fetchOffsets(r, func(a *kmsg.OffsetFetchResponse) { reply(a) })
	case *kmsg.OffsetDeleteRequest:
		c.deleteOffsets(r, func(a *kmsg.OffsetDeleteResponse) { reply(a) })
	case *kmsg.DescribeGroupsRequest:
		reply(c.describeGroups(r))
	case *kmsg.ListGroupsRequest:
		reply(c.listGroups(r))
	case *kmsg.DeleteGroupsRequest:
		c.deleteGroups(r, func(a *kmsg.DeleteGroupsResponse) { reply(a) })
	default:
		panic(fmt.Sprintf("group: a coordinator does not serve %s", kmsg.NameForKey(r.Key())))
	}
}

// admit reports why a request for a group cannot be served here now, OK if it can.
func (c *Coordinator) admit(group string) wire.ErrorCode {
	s := c.shards[PartitionOf(group, c.cfg.Partitions)]
	switch {
	case s == nil || !s.leading:
		return wire.NotCoordinator
	case s.loading != nil:
		return wire.CoordinatorLoadInProgress
	}
	return wire.OK
}

// shardOf is the partition that a group lives in, which is led here.
func (c *Coordinator) shardOf(name string) *shard {
	return c.shards[PartitionOf(name, c.cfg.Partitions)]
}

// group returns a group, making it if there is none. Its partition is led here.
func (c *Coordinator) group(name string) *group {
	g := c.groups[name]
	if g == nil {
		g = newGroup(c, name)
		c.groups[name] = g
	}
	return g
}

// names lists the groups in a partition, or all for -1, sorted.
func (c *Coordinator) names(partition int32) []string {
	var names []string
	for name, g := range c.groups { //sim:unordered sorted below
		if partition < 0 || g.shard.partition == partition {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// observe states a fact about a group.
func (g *group) observe(kind *node.EventKind, body any, n ...int64) {
	e := node.Event{Kind: kind, Text: g.name, Body: body}
	copy(e.N[:], n)
	g.c.env.Observe(e)
}

// caseOf is the number of a case, as the last number of a fact.
func caseOf(cases []string, name string) int64 {
	i := slices.Index(cases, name)
	if i < 0 {
		panic("group: no such case of a fact: " + name)
	}
	return int64(i)
}

// gone states that a member is out of the group.
func (g *group) gone(id, how string) {
	g.observe(facts.MemberGone, id, int64(g.generation), int64(len(g.members)), 0, caseOf(facts.GoneHow, how))
}
