package story

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/internal/script"
	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/node"
)

// state shows a partition as its znode has it, and as every replica sees itself.
func (p *Player) state(c *script.Command) {
	k, of := p.cluster, partitionOf(c, c.Word("a partition"))
	s, version, ok := k.tree.state(of)
	if !ok {
		c.Fatalf("there is no partition %v", of)
	}
	p.tell(fmt.Sprintf("znode: leader %s, epoch %d, isr %s, version %d, by the controller of epoch %d",
		leaderName(int64(s.Leader)), s.LeaderEpoch, names(s.Isr), version, s.ControllerEpoch))
	for i, id := range k.brokers {
		if held, assigned := k.hasLog(id, of), slices.Contains(k.tree.replicas(of), int32(i+1)); held || assigned {
			p.tell(fmt.Sprintf("%s: %s", k.name(id), k.standing(id, of)))
		}
	}
}

// standing says what one replica makes of itself.
func (k *cluster) standing(id node.ID, of znodes.TopicPartition) string {
	end := int64(0)
	for _, b := range k.batches(id, of) {
		end = b.NextOffset()
	}
	switch info, at := k.world.Processes()[id], k.seats[seat{id, of.String()}]; {
	case !info.Up:
		return fmt.Sprintf("down, its log ends at %d", end)
	case at == nil:
		return "has no part in it"
	case at.leads:
		return fmt.Sprintf("leads in epoch %d, its log ends at %d, committed is %d%s", at.epoch, end, at.mark, paused(info.Paused))
	default:
		return fmt.Sprintf("follows in epoch %d, its log ends at %d, committed is %d%s", at.epoch, end, at.mark, paused(info.Paused))
	}
}

func paused(yes bool) string {
	if yes {
		return " (paused)"
	}
	return ""
}

// segments are the files of a replica's log, in order.
func (k *cluster) segments(id node.ID, of znodes.TopicPartition) (files []string) {
	for _, name := range k.world.DiskOf(id).Files() {
		if strings.HasPrefix(name, of.String()+"/") && strings.HasSuffix(name, ".log") {
			files = append(files, name)
		}
	}
	return files
}

func (k *cluster) hasLog(id node.ID, of znodes.TopicPartition) bool {
	return len(k.segments(id, of)) > 0
}

// batches are what is in a replica's log, read from its disk.
func (k *cluster) batches(id node.ID, of znodes.TopicPartition) (all []batch.Batch) {
	for _, name := range k.segments(id, of) {
		content, _ := k.world.DiskOf(id).View(name)
		for each := batch.Read(content); each.Next(); {
			all = append(all, each.Batch)
		}
	}
	return all
}

// log shows what logs hold.
func (p *Player) log(c *script.Command) {
	k, of := p.cluster, partitionOf(c, c.Word("a partition"))
	ids := k.nodesOf(c, c.Words())
	if len(ids) == 0 {
		for _, id := range k.brokers {
			if k.hasLog(id, of) {
				ids = append(ids, id)
			}
		}
	}
	for _, id := range ids {
		p.tell(fmt.Sprintf("%s: %s", k.name(id), k.content(id, of)))
	}
}

// content renders a log: under each leader epoch the records with their offsets.
func (k *cluster) content(id node.ID, of znodes.TopicPartition) string {
	var words []string
	epoch := int32(-1)
	for _, b := range k.batches(id, of) {
		if b.LeaderEpoch() != epoch {
			epoch = b.LeaderEpoch()
			words = append(words, fmt.Sprintf("[epoch %d]", epoch))
		}
		var r batch.Record
		for each := b.Records(); each.Next(&r); {
			words = append(words, fmt.Sprintf("%d:%s", r.Offset, r.Value))
		}
	}
	if len(words) == 0 {
		return "empty"
	}
	return strings.Join(words, " ")
}

// znode shows one.
func (p *Player) znode(c *script.Command) {
	path := c.Word("a path")
	n, ok := p.cluster.tree[path]
	if !ok {
		p.tell("there is none")
		return
	}
	p.tell(fmt.Sprintf("%s (version %d)", n.data, n.version))
}

// registered reports whether a broker has its znode.
func (t tree) registered(id int32) bool {
	_, ok := t[znodes.BrokerPath(id)]
	return ok
}

// controlled reports whether there is a controller.
func (t tree) controlled() bool {
	_, ok := t["/controller"]
	return ok
}

// leader is the broker that leads a partition by its znode, or by a number that a
// command gives.
func (p *Player) leader(c *script.Command, key string, of znodes.TopicPartition) node.ID {
	if c.Has(key) {
		return p.cluster.brokerOf(c, c.Text(key))
	}
	s, _, ok := p.cluster.tree.state(of)
	if !ok || s.Leader < 0 {
		c.Fatalf("nobody leads %v; say %s=b1", of, key)
	}
	return p.cluster.brokers[s.Leader-1]
}

// broker numbers, as a command lists them.
func replicasOf(c *script.Command, key string) (ids []int32) {
	for _, word := range c.Values(key) {
		n, err := strconv.ParseInt(word, 10, 32)
		if err != nil {
			c.Fatalf("%s: %q is no broker's number", key, word)
		}
		ids = append(ids, int32(n))
	}
	return ids
}
