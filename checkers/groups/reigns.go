package groups

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/checkers/replication"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
)

// reign is a broker that coordinates the groups of a partition, in a leader epoch.
type reign struct {
	broker    *broker
	partition int
	epoch     int64
	// served: it has read its log. unknown: nobody can tell what that said.
	served, unknown bool
	groups          map[string]*group
	// commits are those that were taken and are in the log, by their batches.
	commits map[*facts.GroupCommit]replication.Held
	// graves are of what was there and is not. ended lists, of each end of a group, what went
	// with it.
	graves map[key]*grave
	ended  map[string][][]key
}

// String says how far it is, for people.
func (r *reign) String() string {
	switch {
	case r == nil:
		return "of which it does not take itself for the leader"
	case !r.served:
		return fmt.Sprintf("which it is still reading in epoch %d", r.epoch)
	}
	return fmt.Sprintf("which it coordinates in epoch %d", r.epoch)
}

// state is where a group is in its life.
type state uint8

const (
	empty state = iota
	preparing
	completing
	stable
)

func (s state) String() string {
	return [...]string{"empty", "preparing a rebalance", "completing a rebalance", "stable"}[s]
}

// group is what a coordinator must know of a group.
type group struct {
	name       string
	state      state
	stable     time.Duration // when it became that, if it is
	called     time.Duration // when members were asked to join last, 0 if that is not known
	generation int64
	// members are those of the generation that are still in the group, by ID.
	members map[string]*member
	// said is what members said that joined again and were not answered yet.
	said map[string][]byte
	// led: somebody was told that it leads the generation. told are all who were told that they
	// are in it.
	led  bool
	told map[string]bool
	// emptied is when the last member went, by the clock of the coordinator that saw it and wrote
	// so, 0 if there was none.
	emptied int64
	// shares are what the assignment gives each of them, once there is one, and logged is
	// where that is in the log.
	shares map[string][]byte
	logged replication.Held
	// rosters are all records of the group that it has read or written in this reign.
	rosters []*roster
	// offsets are those that are served, written all that were written in this reign.
	offsets map[string]entry
	written map[string][]entry
	// going are the partitions whose offsets went since it is being deleted.
	going []string
}

// member is one member.
type member struct {
	// session is its timeout, 0 before it is known; heard is when it was heard of or told
	// something last.
	session, heard time.Duration
	// waits: it has come back, and is told so when that is in the log.
	waits bool
}

func (r *reign) group(name string) *group {
	g := r.groups[name]
	if g == nil {
		g = &group{name: name, members: map[string]*member{}, shares: map[string][]byte{}, offsets: map[string]entry{}, written: map[string][]entry{}, said: map[string][]byte{}}
		r.groups[name] = g
	}
	return g
}

// subscribed reports whether a member of the group reads a topic, as far as the log says.
func (g *group) subscribed(topic string) bool {
	if len(g.rosters) == 0 {
		return false
	}
	last := g.rosters[len(g.rosters)-1]
	return slices.ContainsFunc(last.members, func(m enrolled) bool { return slices.Contains(m.subscribed, topic) })
}

// loading: a broker begins to coordinate a partition, which it leads in an epoch. Of two
// elections it goes by the later one, in whatever order it hears of them.
func (c *Checker) loading(b *broker, partition int, epoch int64) {
	if leader := c.cfg.Logs.Named(name(partition), epoch); leader != b.ID {
		c.fail(b.Name, OneCoordinator, fmt.Sprintf("%s begins to coordinate %s in epoch %d, which is led by broker %d", b.Name, name(partition), epoch, leader))
		return
	}
	if was := b.reigns[partition]; was != nil && was.epoch >= epoch {
		c.fail(b.Name, OneCoordinator, fmt.Sprintf("%s goes back to epoch %d of %s, %s", b.Name, epoch, name(partition), was))
		return
	}
	b.reigns[partition] = &reign{
		broker: b, partition: partition, epoch: epoch,
		groups: map[string]*group{}, commits: map[*facts.GroupCommit]replication.Held{}, graves: map[key]*grave{}, ended: map[string][][]key{},
	}
}

// loaded: what a coordinator begins with is what its log says, all of it: what is
// committed, and what it has besides, which may become that.
func (c *Checker) loaded(b *broker, partition int, epoch int64, got *facts.GroupsImage) {
	r := b.reigns[partition]
	if r == nil || r.epoch != epoch || r.served {
		c.fail(b.Name, OneCoordinator, fmt.Sprintf("%s serves %s in epoch %d, %s", b.Name, name(partition), epoch, r))
		return
	}
	r.served = true
	if end, open := c.uncommitted(partition, b); open {
		c.fail(b.Name, LoadedWhole, fmt.Sprintf("%s serves %s in epoch %d before the end of its log is committed, which is the batch at %d of epoch %d", b.Name, name(partition), epoch, end.First, end.Epoch))
		return
	}
	said, ok := c.replay(partition, b)
	if r.unknown = r.unknown || !ok; r.unknown {
		return
	}
	if how := said.differs(got); how != "" {
		c.fail(b.Name, LoadedWhole, fmt.Sprintf("%s serves %s in epoch %d with %s", b.Name, name(partition), epoch, how))
		return
	}
	for _, name := range said.names() {
		r.restore(name, said, c.now.at)
	}
}

// uncommitted is the last batch in the log that a coordinator has read, if that may come to
// nothing.
func (c *Checker) uncommitted(partition int, b *broker) (end replication.Held, open bool) {
	held, ok := c.cfg.Logs.Holds(name(partition), b.ID)
	if !ok || len(held) == 0 {
		return end, false
	}
	end = held[len(held)-1]
	committed, judged := c.cfg.Logs.HasCommitted(name(partition), end)
	return end, judged && !committed
}

// restore begins with a group as the log has it. The sessions of its members begin anew.
func (r *reign) restore(name string, said image, now time.Duration) {
	g := r.group(name)
	if said.offsets[name] != nil {
		g.offsets = maps.Clone(said.offsets[name])
	}
	v := said.groups[name]
	if v == nil {
		return
	}
	g.generation, g.logged, g.rosters = v.generation, v.at, []*roster{v}
	for _, m := range v.members {
		g.members[m.id] = &member{session: m.session, heard: now}
		g.shares[m.id] = m.share
	}
	if len(g.members) > 0 {
		g.state = stable
	} else {
		g.emptied = v.written
	}
}

// differs says what is served otherwise than the log has it, "" if nothing is.
func (i image) differs(got *facts.GroupsImage) string {
	names := i.names()
	for _, g := range got.Groups {
		if !slices.Contains(names, g.Name) {
			return fmt.Sprintf("group %s, of which its log says nothing", g.Name)
		}
	}
	for _, name := range names {
		at := slices.IndexFunc(got.Groups, func(g facts.GroupImage) bool { return g.Name == name })
		if at < 0 {
			return fmt.Sprintf("no group %s, which its log has", name)
		}
		if how := rosterDiffers(i.groups[name], &got.Groups[at]); how != "" {
			return how
		}
		if how := offsetsDiffer(i.offsets[name], &got.Groups[at]); how != "" {
			return how
		}
	}
	return ""
}

func rosterDiffers(want *roster, got *facts.GroupImage) string {
	if want == nil {
		want = &roster{}
	}
	if int64(got.Generation) != want.generation {
		return fmt.Sprintf("group %s in generation %d, which is %d in its log", got.Name, got.Generation, want.generation)
	}
	if len(got.Members) != len(want.members) {
		return fmt.Sprintf("%d members of group %s, where its log has %d", len(got.Members), got.Name, len(want.members))
	}
	for i, m := range got.Members {
		w := want.members[i]
		if m.ID != w.id || m.Instance != w.instance || !bytes.Equal(m.Share, w.share) || time.Duration(m.SessionMillis)*time.Millisecond != w.session {
			return fmt.Sprintf("member %s of group %s, where its log has %s with another share, name or session", m.ID, got.Name, w.id)
		}
	}
	return ""
}

func offsetsDiffer(want map[string]entry, got *facts.GroupImage) string {
	for _, o := range got.Offsets {
		if w, ok := want[o.Partition]; !ok || w.offset != o.Offset {
			return fmt.Sprintf("offset %d of %s in group %s, where its log has %s", o.Offset, o.Partition, got.Name, orNone(w.offset, ok))
		}
	}
	for _, partition := range slices.Sorted(maps.Keys(want)) {
		if !slices.ContainsFunc(got.Offsets, func(o facts.GroupOffset) bool { return o.Partition == partition }) {
			return fmt.Sprintf("no offset of %s in group %s, where its log has %d", partition, got.Name, want[partition].offset)
		}
	}
	return ""
}

func orNone(offset int64, ok bool) string {
	if !ok {
		return "none"
	}
	return fmt.Sprint(offset)
}

// Pending is the first reason why groups have not come to rest, "" if they have: whoever
// leads a partition of the topic of offsets serves it, no group rebalances, and what its
// members read is all given to somebody, also what was added since. A partition that is
// left to nobody while nobody joins again would be read by nobody, for ever.
func (c *Checker) Pending() string {
	n, _ := c.cfg.Logs.Partitions(Topic)
	for partition := range n {
		leader, epoch := c.cfg.Logs.Leads(name(partition))
		at := slices.IndexFunc(c.brokers, func(b *broker) bool { return b.ID == leader })
		if at < 0 {
			return name(partition) + " has no leader"
		}
		r := c.brokers[at].reigns[partition]
		if r == nil || !r.served || r.epoch != epoch {
			return fmt.Sprintf("%s does not coordinate %s in epoch %d", c.brokers[at].Name, name(partition), epoch)
		}
		for _, name := range slices.Sorted(maps.Keys(r.groups)) {
			if g := r.groups[name]; g.state == preparing || g.state == completing {
				return fmt.Sprintf("group %s is %v", name, g.state)
			} else if p := g.orphan(c.cfg.Logs); p != "" {
				return fmt.Sprintf("generation %d of group %s leaves %s to nobody", g.generation, name, p)
			}
		}
	}
	return ""
}
