package groups

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/replication"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
)

// fate is what holds of a group over all reigns.
type fate struct {
	// generation is the last of which a share was told, in epoch, and logged where its
	// assignment is in the log; owners are who was told of which partition in it.
	generation, epoch int64
	logged            replication.Held
	owners            map[string]owner
	// shares are all that were told, by generation and member.
	shares map[int64]map[string][]string
	// renamed are the IDs that static members had, and have others for.
	renamed map[string]*renaming
}

type owner struct{ member, instance string }

// renaming is another ID of a static member.
type renaming struct {
	name string
	// known: the member was told its new ID, in epoch, when the log had it at logged.
	known  bool
	epoch  int64
	logged replication.Held
}

func newFate() *fate {
	return &fate{epoch: -1, owners: map[string]owner{}, shares: map[int64]map[string][]string{}, renamed: map[string]*renaming{}}
}

func (c *Checker) fate(group string) *fate {
	if c.fates[group] == nil {
		c.fates[group] = newFate()
	}
	return c.fates[group]
}

// told notes a share that a member was told.
func (f *fate) told(generation int64, member string, parts []string) {
	if f.shares[generation] == nil {
		f.shares[generation] = map[string][]string{}
	}
	f.shares[generation][member] = parts
}

// stands reports whether a batch is still there: what was told by it may be lost since,
// in a way that is explained.
func (c *Checker) stands(r *reign, at replication.Held) bool {
	committed, judged := c.cfg.Logs.HasCommitted(name(r.partition), at)
	return committed && judged
}

// began: a generation begins, of those who are named. That it is later than all whose
// assignment somebody was told under another coordinator follows from what this one has
// read (LoadedWhole), since those are in the log.
func (c *Checker) began(r *reign, g *group, generation int64, ids []string) {
	if generation != g.generation+1 {
		c.fail(r.broker.Name, GenerationGrows, fmt.Sprintf("generation %d of group %s follows %d", generation, g.name, g.generation))
		return
	}
	was := g.members
	g.led, g.told = false, map[string]bool{}
	if len(ids) == 0 {
		g.emptied = c.cfg.Wall(r.broker.Node)
	}
	g.generation, g.state, g.members, g.shares = generation, empty, map[string]*member{}, map[string][]byte{}
	for _, id := range ids {
		g.state = completing
		g.members[id] = &member{}
		if m := was[id]; m != nil {
			g.members[id] = m
		}
	}
}

// assigned: the assignment of a generation is in the log, as members are about to be told.
func (c *Checker) assigned(r *reign, g *group, generation int64, shares []facts.GroupShare) {
	if g.state != completing || generation != g.generation {
		c.fail(r.broker.Name, AssignmentLogged, fmt.Sprintf("group %s is assigned its partitions in generation %d, while it is %v, in generation %d", g.name, generation, g.state, g.generation))
		return
	}
	in := c.logged(r, g, func(v *roster) bool { return v.generation == generation && v.gives(shares) })
	if in == nil {
		c.fail(r.broker.Name, AssignmentLogged, fmt.Sprintf("no record that is committed says what generation %d of group %s is assigned: %v", generation, g.name, shares))
		return
	}
	if i := slices.IndexFunc(shares, func(s facts.GroupShare) bool { return s.Instance == "" && !g.told[s.Member] }); i >= 0 {
		c.fail(r.broker.Name, GenerationGrows, fmt.Sprintf("generation %d of group %s has a share for %s, which is no static member and has not joined it", generation, g.name, shares[i].Member))
		return
	}
	g.state, g.stable, g.logged, g.shares = stable, c.now.at, in.at, map[string][]byte{}
	given := map[string]string{}
	for _, s := range shares {
		g.shares[s.Member] = s.Assignment
		parts, ok := decode(s.Assignment)
		if !ok {
			return // not of consumers
		}
		for _, p := range parts {
			if other, taken := given[p]; taken {
				c.fail(r.broker.Name, OneOwner, fmt.Sprintf("in generation %d of group %s both %s and %s are assigned %s", generation, g.name, other, s.Member, p))
				return
			}
			given[p] = s.Member
		}
	}
	c.complete(r, g, in, given)
}

// logged is the last record of a group in this reign that is so and is committed, nil if
// there is none.
func (c *Checker) logged(r *reign, g *group, so func(*roster) bool) *roster {
	for _, v := range slices.Backward(g.rosters) {
		if !so(v) {
			continue
		}
		if committed, judged := c.cfg.Logs.HasCommitted(name(r.partition), v.at); committed || !judged {
			return v
		}
	}
	return nil
}

// gives reports whether a record has these shares.
func (v *roster) gives(shares []facts.GroupShare) bool {
	return slices.EqualFunc(v.members, shares, func(m enrolled, s facts.GroupShare) bool {
		return m.id == s.Member && bytes.Equal(m.share, s.Assignment)
	})
}

// complete: who shares a topic out leaves nothing out, but what is still somebody's. How
// many partitions there are, the leader of the group knows from brokers, and one that has
// just started knows some partitions of a topic only: those whose leaders changed since,
// which is what a controller sends. So a leader is held to what it has heard, by the note
// on its shares, and in the end to what there is (see Pending). One that writes no note has
// heard of the partitions that a topic was created with, if it shares any of them out.
func (c *Checker) complete(r *reign, g *group, in *roster, given map[string]string) {
	if p, has, gets := in.handedOver(given); p != "" {
		c.fail(r.broker.Name, OneOwner, fmt.Sprintf("generation %d of group %s gives %s to %s, while %s says that it has it", g.generation, g.name, p, gets, has))
		return
	}
	topics, claimed, ok := in.wants()
	if !ok {
		return
	}
	counts := in.noted()
	for _, p := range slices.Sorted(maps.Keys(given)) {
		n, err := strconv.Atoi(p[strings.LastIndexByte(p, '-')+1:])
		if most, said := counts[topicOf(p)]; err == nil && said && n >= most {
			c.fail(r.broker.Name, AssignedThere, fmt.Sprintf("generation %d of group %s gives %s to %s, and knows of %d partitions of that topic", g.generation, g.name, p, given[p], most))
			return
		}
	}
	for _, topic := range topics {
		shared := slices.ContainsFunc(slices.Collect(maps.Keys(given)), func(p string) bool { return topicOf(p) == topic }) //sim:unordered any will do
		least, said := counts[topic]
		if !said && shared {
			_, least = c.cfg.Logs.Partitions(topic)
		}
		for n := range least {
			p := fmt.Sprintf("%s-%d", topic, n)
			if _, ok := given[p]; !ok && !claimed[p] {
				c.fail(r.broker.Name, AllAssigned, fmt.Sprintf("generation %d of group %s leaves %s to nobody", g.generation, g.name, p))
				return
			}
		}
	}
}

// wants lists the topics that members read, sorted, and what they say that they have; ok
// is false if somebody cannot be understood.
func (v *roster) wants() (topics []string, claimed map[string]bool, ok bool) {
	claimed = map[string]bool{}
	for _, m := range v.members {
		if !m.intelligible {
			return nil, nil, false
		}
		topics = append(topics, m.subscribed...)
		for _, p := range m.owned {
			claimed[p] = true
		}
	}
	slices.Sort(topics)
	return slices.Compact(topics), claimed, true
}

// orphan finds a partition of a topic that members of a stable group read and that none
// of them was given, "" if there is none.
func (g *group) orphan(logs Logs) string {
	if len(g.rosters) == 0 || g.state != stable {
		return ""
	}
	topics, _, _ := g.rosters[len(g.rosters)-1].wants()
	given := map[string]bool{}
	for _, share := range g.shares { //sim:unordered a set
		parts, ok := decode(share)
		if !ok {
			return ""
		}
		for _, p := range parts {
			given[p] = true
		}
	}
	for _, topic := range topics {
		now, _ := logs.Partitions(topic)
		for n := range now {
			if p := fmt.Sprintf("%s-%d", topic, n); !given[p] {
				return p
			}
		}
	}
	return ""
}

// cooperative is the assignor whose members keep what they have while they join.
const cooperative = "cooperative-sticky"

// handedOver finds a partition that is given to one member while another still has it.
func (v *roster) handedOver(given map[string]string) (partition, has, gets string) {
	for _, m := range v.members {
		for _, p := range m.owned {
			if to := given[p]; v.protocol == cooperative && to != "" && to != m.id {
				return p, m.id, to
			}
		}
	}
	return "", "", ""
}

// joinTold: a member is told that it is in a generation.
func (c *Checker) joinTold(r *reign, g *group, id string, generation int64, session time.Duration) {
	m := g.members[id]
	if m == nil || generation != g.generation {
		c.fail(r.broker.Name, GenerationGrows, fmt.Sprintf("%s is told that it is in generation %d of group %s, which is %d, of %s", id, generation, g.name, g.generation, g.who()))
		return
	}
	m.session, m.heard, m.waits = session, c.now.at, false
	if g.told != nil {
		g.told[id] = true
	}
	c.served(r, g, id)
	said, joined := g.said[id]
	delete(g.said, id)
	if g.state != stable {
		return
	}
	if joined && !g.knows(id, said) {
		c.fail(r.broker.Name, JoinHeeded, fmt.Sprintf("%s has other things to say than it had, and is told that generation %d of group %s goes on", id, generation, g.name))
		return
	}
	for _, old := range c.fate(g.name).newlyKnown(id) {
		in := c.logged(r, g, func(v *roster) bool { return v.has(id) })
		if in == nil {
			c.fail(r.broker.Name, InstanceFenced, fmt.Sprintf("%s is told its new ID in group %s, and no record that is committed has it", id, g.name))
			return
		}
		old.known, old.epoch, old.logged = true, r.epoch, in.at
	}
}

// knows reports whether a member says what it said in the generation that there is. What
// nobody has a record of cannot be compared.
func (g *group) knows(id string, said []byte) bool {
	for _, v := range slices.Backward(g.rosters) {
		if i := slices.IndexFunc(v.members, func(m enrolled) bool { return m.id == id }); i >= 0 {
			return bytes.Equal(v.members[i].said, said)
		}
	}
	return true
}

// newlyKnown are the renamings to an ID that its member was not told of before.
func (f *fate) newlyKnown(id string) (all []*renaming) {
	for _, old := range slices.Sorted(maps.Keys(f.renamed)) {
		if n := f.renamed[old]; n.name == id && !n.known {
			all = append(all, n)
		}
	}
	return all
}

func (v *roster) has(id string) bool {
	return slices.ContainsFunc(v.members, func(m enrolled) bool { return m.id == id })
}

// who lists the members, for people.
func (g *group) who() string {
	if len(g.members) == 0 {
		return "nobody"
	}
	return strings.Join(slices.Sorted(maps.Keys(g.members)), ", ")
}

// shareTold: a member is told its share.
func (c *Checker) shareTold(r *reign, g *group, generation int64, s facts.GroupShare) {
	share, ok := g.shares[s.Member]
	if g.state != stable || generation != g.generation || !ok || !bytes.Equal(share, s.Assignment) {
		c.fail(r.broker.Name, AssignmentLogged, fmt.Sprintf("%s is told a share of generation %d of group %s that is not its own in the log; the group is %v, in generation %d of %s", s.Member, generation, g.name, g.state, g.generation, g.who()))
		return
	}
	if m := g.members[s.Member]; m != nil {
		m.heard = c.now.at
	}
	c.served(r, g, s.Member)
	f := c.fate(g.name)
	for _, old := range f.newlyKnown(s.Member) {
		old.known, old.epoch, old.logged = true, r.epoch, g.logged
	}
	parts, ok := decode(s.Assignment)
	if !ok {
		return
	}
	f.told(generation, s.Member, parts)
	if generation > f.generation || !c.stands(r, f.logged) {
		f.generation, f.epoch, f.logged, f.owners = generation, r.epoch, g.logged, map[string]owner{}
	}
	if generation < f.generation {
		return // a coordinator that is deposed and does not know it
	}
	for _, p := range parts {
		other, taken := f.owners[p]
		if taken && other.member != s.Member && (other.instance == "" || other.instance != s.Instance) {
			c.fail(r.broker.Name, OneOwner, fmt.Sprintf("%s is told that it owns %s in generation %d of group %s, and %s was told so before", s.Member, p, generation, g.name, other.member))
			return
		}
		f.owners[p] = owner{s.Member, s.Instance}
	}
}

// begins: a client reads a partition from where its group is, as a coordinator has said; if it
// has not been anywhere, from where the client likes. Offsets that are committed and told, and
// not gone by, would be of no use to anybody.
func (c *Checker) begins(group string, o *facts.Ownership) {
	for _, b := range o.Begins {
		switch {
		case b.Told < 0 && b.At < 0:
		case b.At != b.Told:
			c.fail("", BeginsWhereTold, fmt.Sprintf("%s was told that group %s is at %d of %s, and begins at %d (-1: wherever it likes)", o.Member, group, b.Told, b.Partition, b.At))
			return
		case !c.said[said{group, b.Partition, b.Told}]:
			c.fail("", BeginsWhereTold, fmt.Sprintf("%s begins to read %s at %d, and nobody has said that group %s is there", o.Member, b.Partition, b.Told, group))
			return
		}
	}
}

// owns: a client reads what its member was told, as of the generation that it was told in.
func (c *Checker) owns(group string, generation int64, o *facts.Ownership) {
	share, ok := c.fate(group).shares[generation][o.Member]
	for _, p := range o.Partitions {
		if !slices.Contains(share, p) {
			said := "was told nothing"
			if ok {
				said = fmt.Sprintf("was told %v", share)
			}
			c.fail("", OwnGeneration, fmt.Sprintf("%s takes itself for the owner of %s in generation %d of group %s, and %s", o.Member, p, generation, group, said))
			return
		}
	}
}
