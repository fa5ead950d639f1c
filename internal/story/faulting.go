package story

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/faults"
	"github.com/stampede-sim/stampede/internal/script"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	brokerwire "github.com/stampede-sim/stampede/nodes/broker/wire"
	zkfacts "github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// ports names what faults may hit of a connection, as plans do.
var ports = []faults.Port{
	{Name: "client", Number: wire.ClientPort}, {Name: "quorum", Number: wire.QuorumPort}, {Name: "election", Number: wire.ElectionPort},
	{Name: "broker", Number: brokerwire.ClientPort}, {Name: "replica", Number: brokerwire.ReplicaPort},
}

// fault strikes as a line of a plan would whose time has come.
func (p *Player) fault(c *script.Command) {
	k := p.cluster
	_, rest, _ := strings.Cut(c.Line, " ")
	f, err := faults.ParseFault("fault 0s " + rest)
	if err != nil {
		c.Fatalf("%v", err)
	}
	c.Skip()
	v := k.vocabulary()
	if err := f.Check(v); err != nil {
		c.Fatalf("%v", err)
	}
	in := faults.Apply(k.world, []faults.Fault{f}, faults.Options{From: k.world.Now(), Vocabulary: v})
	k.injectors = append(k.injectors, in)
	k.run(0)
	for _, s := range in.Spans() {
		p.tell(fmt.Sprintf("%s strikes %s", s.Kind, s.Targets))
	}
	struck := slices.ContainsFunc(in.Counts(), func(n faults.Count) bool { return n.Injected > 0 })
	if !struck && f.When == nil {
		c.Fatalf("there is nobody to strike")
	}
}

// vocabulary is what the faults of a story may speak of.
func (k *cluster) vocabulary() faults.Vocabulary {
	v := faults.Vocabulary{Groups: []string{serverGroup, brokerGroup, clientGroup}, Ports: ports, Replicas: k.choose}
	for _, p := range k.world.Processes() {
		v.Processes = append(v.Processes, p.Name)
	}
	for _, of := range k.tree.partitions() {
		v.Partitions = append(v.Partitions, of.String())
		v.Files = append(v.Files, of.String()+"/")
	}
	for _, kind := range slices.Concat(facts.All, zkfacts.All, []*node.EventKind{node.Role}) {
		v.Marks = append(v.Marks, kind.Mark())
		for i := range kind.Cases {
			v.Marks = append(v.Marks, kind.CaseMark(i))
		}
	}
	return v
}

// choose is whom a selector means of a partition: what the znode says, as far as it lives.
func (k *cluster) choose(s faults.Select, partition string) (ids []node.ID) {
	for _, of := range k.tree.partitions() {
		state, _, ok := k.tree.state(of)
		if of.String() != partition || !ok {
			continue
		}
		for i, id := range k.brokers {
			n := int32(i + 1)
			switch {
			case !k.world.Processes()[id].Up:
			case s == faults.Leader && n == state.Leader,
				s == faults.InSync && slices.Contains(state.Isr, n),
				s == faults.Follower && n != state.Leader && slices.Contains(k.tree.replicas(of), n):
				ids = append(ids, id)
			}
		}
	}
	return ids
}
