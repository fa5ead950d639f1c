package controller_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/controller"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	zk "github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// chaos is a cluster to which everything happens that may.
type chaos struct {
	*cluster
	rand *rand.Rand
	down map[int32]bool
	// lost is the coordinator that is down, from 1; 0 if none is.
	lost int
	// stopping are those that have asked for leave: they go, come what may.
	stopping map[int32]bool
	healed   bool
	made     int
	log      []string
}

func newChaos(t *testing.T, seed uint64) *chaos {
	const brokers = 4
	c := &chaos{rand: rand.New(rand.NewPCG(seed, 1)), down: map[int32]bool{}, stopping: map[int32]bool{}}
	c.cluster = newSeeded(t, seed, brokers, func(cfg *controller.Config) {
		cfg.NoRebalance, cfg.RebalanceInterval = false, 7*time.Second
	})
	for id := int32(1); id <= brokers; id++ {
		f := c.brokers[id]
		f.member = &member{fake: f}
	}
	c.world.Rule("lossy", func(_, to node.ID, _ node.Port, m node.Message) sim.Verdict {
		if r, ok := m.(*zk.Reply); ok && to > c.servers[2] && r.Type == zk.OpMulti && c.rand.IntN(40) == 0 {
			return sim.Drop
		}
		return sim.Pass
	})
	c.start(1, 2, 3, 4)
	return c
}

// some draws brokers, the first as good as any.
func (c *chaos) some(n int) []int32 {
	var list []int32
	for _, i := range c.rand.Perm(len(c.brokers))[:n] {
		list = append(list, int32(i+1))
	}
	return list
}

// strike does something.
func (c *chaos) strike() {
	id := c.some(1)[0]
	say := func(format string, args ...any) {
		c.log = append(c.log, fmt.Sprintf("%v ", c.world.Now())+fmt.Sprintf(format, args...))
	}
	switch c.rand.IntN(19) {
	case 0, 1:
		if !c.down[id] {
			say("crash b%d", id)
			c.crash(id)
			c.down[id] = true
		}
	case 2, 3:
		if c.down[id] {
			say("start b%d", id)
			c.world.Start(c.brokers[id].id)
			delete(c.down, id)
		}
	case 4:
		if !c.down[id] {
			d := time.Duration(c.rand.IntN(4000)) * time.Millisecond
			say("pause b%d for %v", id, d)
			c.world.Pause(c.brokers[id].id)
			c.world.At(c.world.Now()+d, "resume", func() { c.world.Resume(c.brokers[id].id) })
		}
	case 5:
		say("island b%d", id)
		c.block(id)
	case 6:
		say("no island")
		c.world.Unblock("island")
	case 7:
		say("cut b%d", id)
		c.world.Cut(func(from, to node.ID, _ node.Port) bool { return from == c.brokers[id].id })
	case 13:
		c.strikeCoordinators(say)
	case 14:
		say("no controller")
		c.op.later(func(s *zookeeper.Session, t *node.Task) { s.One(t, zookeeper.Delete("/controller", -1)) })
	case 15:
		if !c.down[id] {
			say("bounce b%d", id)
			c.brokers[id].member.bounce()
		}
	case 16:
		say("b%d wants to stop", id)
		r := kmsg.NewPtrControlledShutdownRequest()
		r.BrokerID, r.BrokerEpoch = id, -1
		c.eachController(func(f *fake) { f.ctl.ControlledShutdown(r, func(*kmsg.ControlledShutdownResponse) {}) })
		c.world.At(c.world.Now()+time.Second, "stop", func() {
			if !c.down[id] && !c.healed {
				c.crash(id)
				c.down[id] = true
			}
		})
		c.stopping[id] = true
	case 8, 9:
		name := fmt.Sprintf("t%d", c.rand.IntN(4))
		c.made++
		z := znodes.Topic{ID: znodes.TopicID{1, byte(c.made)}}
		for range 1 + c.rand.IntN(3) {
			z.Partitions = append(z.Partitions, znodes.Assignment{Replicas: c.some(1 + c.rand.IntN(3))})
		}
		config := znodes.EncodeConfig(map[string]string{"unclean.leader.election.enable": fmt.Sprint(name == "t0")})
		c.op.later(func(s *zookeeper.Session, t *node.Task) {
			s.One(t, zookeeper.Create(znodes.ConfigPath(znodes.TopicConfig, name), config))
		})
		say("create %s %v", name, z.Partitions)
		c.op.later(func(s *zookeeper.Session, t *node.Task) {
			s.One(t, zookeeper.Create(znodes.TopicPath(name), z.Encode()))
		})
	case 10:
		if c.rand.IntN(3) == 0 {
			name := fmt.Sprintf("t%d", c.rand.IntN(4))
			say("delete %s", name)
			c.op.later(func(s *zookeeper.Session, t *node.Task) {
				s.One(t, zookeeper.Create(znodes.DeleteTopicPath(name), nil))
			})
		}
	default:
		c.strikeAssignments(say)
	}
}

// strikeCoordinators crashes one of them, or starts it again.
func (c *chaos) strikeCoordinators(say func(string, ...any)) {
	if c.lost != 0 {
		say("start zk%d", c.lost)
		c.world.Start(c.servers[c.lost-1])
		c.lost = 0
		return
	}
	c.lost = 1 + c.rand.IntN(len(c.servers))
	say("crash zk%d", c.lost)
	c.world.Crash(c.servers[c.lost-1], sim.KeepAll)
}

// strikeAssignments asks for a reassignment, or its end, or preferred leaders.
func (c *chaos) strikeAssignments(say func(string, ...any)) {
	p := znodes.TopicPartition{Topic: fmt.Sprintf("t%d", c.rand.IntN(4)), Partition: int32(c.rand.IntN(3))}
	target := c.some(1 + c.rand.IntN(3))
	switch c.rand.IntN(6) {
	case 0:
		say("znode: %v to %v", p, target)
		data := znodes.EncodeReassignments([]znodes.Reassignment{{TopicPartition: p, Replicas: target}})
		c.op.later(func(s *zookeeper.Session, t *node.Task) { s.One(t, zookeeper.Create(znodes.ReassignPartitions, data)) })
		return
	case 1:
		say("prefer %v", p)
		data := znodes.EncodePartitions([]znodes.TopicPartition{p})
		c.op.later(func(s *zookeeper.Session, t *node.Task) { s.One(t, zookeeper.Create(znodes.PreferredElection, data)) })
		return
	case 2:
		target = nil
	}
	say("reassign %v to %v", p, target)
	c.askReassign(p, target)
	if c.rand.IntN(2) == 0 {
		c.world.At(c.world.Now()+time.Duration(c.rand.IntN(300))*time.Millisecond, "cancel", func() { c.askReassign(p, nil) })
	}
}

// eachController does something with all that think to be it.
func (c *chaos) eachController(do func(*fake)) {
	for id := int32(1); int(id) <= len(c.brokers); id++ {
		if f := c.brokers[id]; f.ctl != nil {
			if _, active := f.ctl.Active(); active {
				do(f)
			}
		}
	}
}

// askReassign asks for a reassignment; no target asks for its end.
func (c *chaos) askReassign(p znodes.TopicPartition, target []int32) {
	r := kmsg.NewPtrAlterPartitionAssignmentsRequest()
	one, part := kmsg.NewAlterPartitionAssignmentsRequestTopic(), kmsg.NewAlterPartitionAssignmentsRequestTopicPartition()
	part.Partition, part.Replicas = p.Partition, target
	one.Topic, one.Partitions = p.Topic, append(one.Partitions, part)
	r.Topics = append(r.Topics, one)
	c.eachController(func(f *fake) {
		f.ctl.AlterPartitionAssignments(r, func(*kmsg.AlterPartitionAssignmentsResponse) {})
	})
}

// heal makes everything whole again.
func (c *chaos) heal() {
	c.healed = true
	c.world.Unblock("island")
	if c.lost != 0 {
		c.world.Start(c.servers[c.lost-1])
		c.lost = 0
	}
	for id, f := range c.brokers { //sim:unordered a test
		if c.down[id] {
			continue
		}
		c.world.Resume(f.id)
	}
	for id := int32(1); int(id) <= len(c.brokers); id++ {
		if c.stopping[id] && !c.down[id] {
			c.crash(id)
			c.down[id] = true
		}
		if c.down[id] {
			c.world.Start(c.brokers[id].id)
		}
	}
	c.down = map[int32]bool{}
}

// pending is why the cluster has not settled, "" if it has: one controller, nothing under
// way, every partition led with all replicas in sync, and all brokers of one mind.
func (c *chaos) pending() (reason string) {
	ctl := c.controllers()
	if len(ctl) != 1 {
		return fmt.Sprintf("controllers %v", ctl)
	}
	if left := slices.Concat(c.children("/admin/delete_topics"), c.children("/isr_change_notification"), c.children("/admin")); len(left) != 1 {
		return fmt.Sprintf("left to do: %v", left)
	}
	for _, name := range c.children("/brokers/topics") {
		for n := 0; ; n++ {
			p := znodes.TopicPartition{Topic: name, Partition: int32(n)}
			var a znodes.Assignment
			var s *znodes.State
			var none bool
			c.op.do(func(z *zookeeper.Session, t *node.Task) {
				replies := z.Do(t, zookeeper.Get(znodes.TopicPath(name)), zookeeper.Get(znodes.StatePath(p)))
				topic, err := znodes.DecodeTopic(name, replies[0].Data)
				if err != nil {
					panic(err)
				}
				if none = n >= len(topic.Partitions); none {
					return
				}
				a = topic.Partitions[n]
				if s, err = znodes.DecodeState(p, replies[1].Data); err != nil {
					panic(err)
				}
			})
			if none {
				break
			}
			if reason = c.unsettled(p, a, s); reason != "" {
				return reason
			}
		}
	}
	return ""
}

// unsettled is why one partition has not settled.
func (c *chaos) unsettled(p znodes.TopicPartition, a znodes.Assignment, s *znodes.State) string {
	switch {
	case a.Reassigning():
		return fmt.Sprintf("%v is being reassigned: %+v", p, a)
	case s == nil:
		return fmt.Sprintf("%v has no state", p)
	case s.Leader < 0 || len(s.Isr) != len(a.Replicas):
		return fmt.Sprintf("%v on %v has leader %d and in sync %v", p, a.Replicas, s.Leader, s.Isr)
	}
	for id := int32(1); int(id) <= len(c.brokers); id++ {
		m := c.brokers[id].member
		k, known := m.knows[p]
		if !known || k.Leader != s.Leader || k.LeaderEpoch != s.LeaderEpoch || !slices.Equal(k.Isr, s.Isr) || len(m.live) != len(c.brokers) {
			return fmt.Sprintf("b%d believes %v: %+v, live %v, where the truth is %+v", id, p, k, m.live, *s)
		}
		told := m.told[p]
		if slices.Contains(a.Replicas, id) && (told == nil || told.LeaderEpoch != s.LeaderEpoch || told.Leader != s.Leader) {
			return fmt.Sprintf("b%d was told %+v of %v, where the truth is %+v", id, told, p, *s)
		}
	}
	return ""
}

// chaosSeeds is how many runs there are; each takes about a tenth of a second.
const chaosSeeds = 24

// elsewhere are the marks that have scripts of their own, and are too rare here.
var elsewhere = []string{facts.BrokerModified.Mark(), facts.ControllerOutdated.Mark()}

// TestChaos: whatever happens, no rule of the states is broken, and when everything is
// whole again, the cluster settles.
func TestChaos(t *testing.T) {
	hit := map[string]bool{}
	for seed := uint64(1); seed <= chaosSeeds; seed++ {
		c := newChaos(t, seed)
		c.world.OnEvent(func(s sim.Seen) {
			k := s.Event.Kind
			if hit[k.Mark()] = true; k.Cases != nil {
				hit[k.CaseMark(s.Event.CaseOf())] = true
			}
		})
		for range 60 {
			c.strike()
			c.run(time.Duration(c.rand.IntN(1200)) * time.Millisecond)
		}
		c.heal()
		reason := "nothing was tried"
		for i := 0; i < 40 && reason != ""; i++ {
			c.run(time.Second)
			reason = c.pending()
		}
		if reason != "" || c.convicted {
			t.Errorf("seed %d: %s\n%s\n%s", seed, reason, strings.Join(c.log, "\n"), strings.Join(c.facts[max(0, len(c.facts)-40):], "\n"))
		}
		c.world.Close()
	}
	for _, k := range facts.All {
		marks := []string{k.Mark()}
		for i := range k.Cases {
			marks = append(marks, k.CaseMark(i))
		}
		for _, m := range marks {
			if k.System == "controller" && !hit[m] && !slices.Contains(elsewhere, m) {
				t.Errorf("it never came to %s", m)
			}
		}
	}
}
