package story

import (
	"fmt"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/internal/script"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// Verb is one command of the language.
type Verb struct {
	// Name is the command, Usage how it is written, Doc what it does.
	Name, Usage, Doc string

	play func(*Player, *script.Command)
}

// Commands lists the language. "again" is apart, as it plays the others.
var Commands []Verb

func init() {
	Commands = []Verb{
		{"start", "start zk=3 brokers=3 session=2s lag=2s min.insync=1", "starts coordinators, then brokers, b1 first, so that it is the controller", (*Player).start},
		{"topic", "topic orders replicas=(1,2,3) partitions=1 min.insync=2 unclean=true", "creates a topic; the first replica leads each partition", (*Player).topic},
		{"config", "config orders min.insync=1", "changes the configuration of a topic", (*Player).config},
		{"produce", "produce p1 orders-0 a b acks=all to=b1 wait=2s", "a producer sends values, one a batch, to the leader or another, and awaits the answers", (*Player).produce},
		{"read", "read c1 orders-0 from=b1 offset=0 epoch=3", "a consumer reads what is committed, from the leader or another", (*Player).read},
		{"join", "join m1 group=g topics=(orders) assignor=range instance=one", "a consumer joins a group", (*Player).join},
		{"commit", "commit m1 orders-0 5", "a member commits an offset", (*Player).commit},
		{"leave", "leave m1", "a member leaves its group", (*Player).leave},
		{"reassign", "reassign orders-0 replicas=(2,3,4)", "asks the controller to move a partition", (*Player).reassign},
		{"elect", "elect orders-0 unclean", "asks the controller for the preferred leader, or for any", (*Player).elect},
		{"run", "run 5s", "lets time go on, and tells what happens", (*Player).runOn},
		{"crash", "crash b1 keep=lose", "ends processes; keep says what of the unsynced is left, as in plans", (*Player).crash},
		{"boot", "boot b1", "starts processes again", (*Player).boot},
		{"stop", "stop b1", "asks processes to end in order", (*Player).stop},
		{"pause", "pause b1", "processes stand still, as under SIGSTOP", (*Player).pause},
		{"resume", "resume b1", "processes go on, with what has come for them meanwhile", (*Player).resume},
		{"cut", "cut b1 from b2 b3 zk", "no message passes between two sides; what is on its way waits", (*Player).cut},
		{"hold", "hold LeaderAndISR from=b1 to=b3 for=10s", "messages of a kind travel longer from now on, and all behind them on their connection", (*Player).hold},
		{"drop", "drop LeaderAndISR from=b1 to=b3", "the next message of a kind is lost, and its connection with it, as none is lost in the middle", (*Player).drop},
		{"heal", "heal", "ends all cuts and holds, and what faults have begun", (*Player).heal},
		{"fault", "fault crash leader(orders-0) restart=5s", "strikes as a line of a plan would, now", (*Player).fault},
		{"settle", "settle", "heals all, starts who is down, and waits until every replica is in sync", (*Player).settle},
		{"state", "state orders-0", "shows the state of a partition in its znode and on every replica", (*Player).state},
		{"log", "log orders-0 b1 b2", "shows what the logs of a partition hold, by leader epochs", (*Player).log},
		{"znode", "znode /controller_epoch", "shows a znode with its version", (*Player).znode},
	}
}

// start begins the story.
func (p *Player) start(c *script.Command) {
	if p.cluster != nil {
		c.Fatalf("the cluster has been started")
	}
	k := newCluster(c, p.bugs, p.tell)
	p.cluster = k
	for i := range k.zk {
		k.world.Start(node.ID(i))
	}
	for i, id := range k.brokers {
		k.world.Start(id)
		up := func() bool { return k.tree.registered(int32(i+1)) && k.tree.controlled() }
		if !k.await(30*time.Second, up) && p.finding() == nil {
			c.Fatalf("%s does not come up", k.name(id))
		}
	}
	k.await(30*time.Second, func() bool { return k.replication.Pending() == "" })
	k.run(firstRebalance)
}

// firstRebalance is when a new controller has had its first look at who leads. A story
// begins after that, or leaderships would move in it that nobody has asked for.
const firstRebalance = 6 * time.Second

// runOn lets time go on.
func (p *Player) runOn(c *script.Command) {
	p.cluster.run(duration(c, c.Word("how long")))
}

// duration reads a length of time.
func duration(c *script.Command, word string) time.Duration {
	d, err := time.ParseDuration(word)
	if err != nil {
		c.Fatalf("%v", err)
	}
	return d
}

// each does something to every process that a command names.
func (p *Player) each(c *script.Command, do func(node.ID)) {
	words := c.Words()
	if len(words) == 0 {
		c.Fatalf("%s needs the names of processes", c.Name)
	}
	for _, id := range p.cluster.nodesOf(c, words) {
		do(id)
	}
	p.cluster.run(0)
}

func (p *Player) crash(c *script.Command) {
	modes := map[string]sim.CrashMode{"all": sim.KeepAll, "torn": sim.Torn, "arbitrary": sim.Arbitrary, "lose": sim.LoseAll}
	mode, ok := modes[c.TextOr("keep", "all")]
	if !ok {
		c.Fatalf("keep is all, torn, arbitrary or lose")
	}
	p.each(c, func(id node.ID) { p.cluster.world.Crash(id, mode) })
}

func (p *Player) boot(c *script.Command) { p.each(c, p.cluster.world.Start) }

func (p *Player) stop(c *script.Command) { p.each(c, p.cluster.world.Terminate) }

func (p *Player) pause(c *script.Command) { p.each(c, p.cluster.world.Pause) }

func (p *Player) resume(c *script.Command) { p.each(c, p.cluster.world.Resume) }

// cut separates two sides.
func (p *Player) cut(c *script.Command) {
	var sides [2][]string
	side := 0
	for _, word := range c.Words() {
		if word == "from" && side == 0 {
			side = 1
			continue
		}
		sides[side] = append(sides[side], word)
	}
	if len(sides[0]) == 0 || len(sides[1]) == 0 {
		c.Fatalf("write: cut b1 from b2 zk")
	}
	apart := map[[2]node.ID]bool{}
	for _, a := range p.cluster.nodesOf(c, sides[0]) {
		for _, b := range p.cluster.nodesOf(c, sides[1]) {
			apart[[2]node.ID{a, b}], apart[[2]node.ID{b, a}] = true, true
		}
	}
	name := c.Pos
	p.cluster.cuts = append(p.cluster.cuts, name)
	p.cluster.world.Block(name, func(from, to node.ID, _ node.Port) bool { return apart[[2]node.ID{from, to}] })
}

// hold makes messages of a kind late.
func (p *Player) hold(c *script.Command) {
	verdict := sim.Delay(c.Duration("for"))
	p.rule(c, "late", func() sim.Verdict { return verdict })
}

// drop loses the next message of a kind.
func (p *Player) drop(c *script.Command) {
	lost := false
	p.rule(c, "lost", func() sim.Verdict {
		if lost {
			return sim.Pass
		}
		lost = true
		return sim.Drop
	})
}

// rule judges the messages that a command names, until all is healed.
func (p *Player) rule(c *script.Command, fate string, judge func() sim.Verdict) {
	k, all := p.cluster, p.cluster.world.Processes()
	kind := c.Word("a kind of messages")
	froms, tos := k.nodesOf(c, c.Values("from")), k.nodesOf(c, c.Values("to"))
	if len(froms) == 0 || len(tos) == 0 {
		c.Fatalf("say between whom: from=b1 to=b3")
	}
	name := c.Pos
	k.holds = append(k.holds, name)
	k.world.Rule(name, func(from, to node.ID, _ node.Port, m node.Message) sim.Verdict {
		if m.Kind() != kind || !slices.Contains(froms, from) || !slices.Contains(tos, to) {
			return sim.Pass
		}
		verdict := judge()
		if verdict != sim.Pass {
			p.tell(fmt.Sprintf("a %s from %s to %s is %s", kind, all[from].Name, all[to].Name, fate))
		}
		return verdict
	})
}

// heal ends what the story has begun.
func (p *Player) heal(*script.Command) { p.cluster.heal() }

func (k *cluster) heal() {
	for _, name := range k.cuts {
		k.world.Unblock(name)
	}
	for _, name := range k.holds {
		k.world.Unrule(name)
	}
	k.cuts, k.holds = nil, nil
	for _, in := range k.injectors {
		in.HealAll()
	}
	k.injectors = nil
}

// settle brings everybody together again.
func (p *Player) settle(*script.Command) {
	k := p.cluster
	k.heal()
	for _, process := range k.world.Processes() {
		if process.Paused {
			k.world.Resume(process.ID)
		}
		if !process.Up {
			k.world.Start(process.ID)
		}
	}
	k.await(time.Minute, func() bool { return k.pending() == "" })
	if reason := k.pending(); reason != "" {
		p.stuck = &guarantee.Finding{Guarantee: "liveness", Explanation: "a minute after all was healed, " + reason}
		return
	}
	p.tell("all replicas are in sync")
}
