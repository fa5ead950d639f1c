package story

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/groups"
	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/checkers/live"
	"github.com/stampede-sim/stampede/checkers/replication"
	"github.com/stampede-sim/stampede/faults"
	"github.com/stampede-sim/stampede/internal/script"
	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/group"
	"github.com/stampede-sim/stampede/nodes/broker/log"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// The groups of processes.
const (
	serverGroup = "zk"
	brokerGroup = "broker"
	clientGroup = "client"
)

// tick is the coordinators'. It is small so that sessions may be short.
const tick = 100 * time.Millisecond

// cluster is the world of a story and who watches it.
type cluster struct {
	world   *sim.World
	zk      int
	brokers []node.ID // broker n is brokers[n-1]
	hosts   map[string]node.ID
	clients map[string]*application
	bugs    bugs.Set

	tree        tree
	ensemble    *live.Checker
	replication *replication.Checker
	groups      *groups.Checker
	// seats are what the living replicas think of themselves.
	seats map[seat]*standing
	tell  func(line string)
	// cuts, holds and injectors are what the story has begun and not ended.
	cuts, holds []string
	injectors   []*faults.Injector
}

// seat is a replica.
type seat struct {
	node      node.ID
	partition string
}

// standing is how a living replica sees itself.
type standing struct {
	leads       bool
	epoch, mark int64
}

// latency is how long a message travels and a sync takes: always the same, so that what
// comes first does not hang on a draw.
var latency = sim.Latency{Min: time.Millisecond, Mean: time.Millisecond, Max: time.Millisecond}

// newCluster makes the processes, of which none runs.
func newCluster(c *script.Command, planted bugs.Set, tell func(string)) *cluster {
	k := &cluster{
		world: sim.NewWorld(sim.Config{Seed: 1, Wire: true, Net: sim.NetConfig{Latency: latency}, Disk: sim.DiskConfig{Sync: latency}}),
		zk:    int(c.IntOr("zk", 3)), hosts: map[string]node.ID{}, clients: map[string]*application{},
		bugs: planted, tree: tree{}, seats: map[seat]*standing{}, tell: tell,
	}
	n := int32(c.IntOr("brokers", 3))
	k.addServers(planted)
	for id := range n {
		k.hosts[broker.HostOf(id+1)] = node.ID(k.zk + int(id))
	}
	cfg := brokerConfig(c, k, planted)
	judged := replication.Config{
		Unclean: cfg.Unclean, MinInsync: cfg.MinInsync, Compacts: cfg.Log.Compact, Deletes: cfg.Log.Delete,
		RetentionBytes: cfg.Log.RetentionBytes, DeleteRetentionMillis: cfg.Log.DeleteRetentionMillis, CompactionLagMillis: cfg.Log.MinCompactionLagMillis,
	}
	for id := int32(1); id <= n; id++ {
		own := cfg
		own.ID, own.Rack = id, fmt.Sprintf("rack%d", id)
		at := k.world.Add(broker.HostOf(id), brokerGroup, func() node.Node { return broker.New(own) })
		k.brokers = append(k.brokers, at)
		judged.Brokers = append(judged.Brokers, replication.Broker{ID: id, Node: at, Name: broker.HostOf(id)})
	}
	k.replication = replication.New(judged)
	k.groups = groups.New(groups.Config{
		Brokers: judged.Brokers, Logs: k.replication, DriftPPM: faults.MaxDrift, Retention: group.DefaultRetention, Wall: k.world.WallMillis,
	})
	k.watch()
	return k
}

// addServers adds zk1 … zkN and the judge of what they do.
func (k *cluster) addServers(planted bugs.Set) {
	var members []coordinator.Member
	var judged []live.Server
	for i := range k.zk {
		members = append(members, coordinator.Member{Sid: int64(i + 1), Node: node.ID(i)})
		judged = append(judged, live.Server{ID: node.ID(i), Sid: int64(i + 1), Name: fmt.Sprintf("zk%d", i+1)})
	}
	for i := range members {
		cfg := coordinator.Config{Sid: int64(i + 1), Members: members, Tick: tick, MaxSessionTimeout: time.Hour, ElectionTimeoutMax: time.Second, Bugs: planted}
		k.world.Add(judged[i].Name, serverGroup, func() node.Node { return coordinator.New(cfg) })
	}
	k.ensemble = live.New(judged, ghost{k.world}, live.Config{Tick: tick, Wall: k.world.WallMillis, Committed: k.committed})
}

// brokerConfig is what a story says of its brokers' configuration, and what it does not.
func brokerConfig(c *script.Command, k *cluster, planted bugs.Set) broker.Config {
	cfg := broker.Config{
		Hosts: k.hosts, SessionTimeout: c.DurationOr("session", 2*time.Second), ReplicaLag: c.DurationOr("lag", 2*time.Second),
		ReplicaFetchWait: 200 * time.Millisecond, ReplicaFetchBackoff: 100 * time.Millisecond, ReplicaSocketTimeout: time.Second,
		RequestTimeout: time.Second, ShutdownBackoff: 500 * time.Millisecond, RetentionInterval: time.Second,
		MinInsync: int(c.IntOr("min.insync", 1)), Unclean: c.TextIs("unclean", "true"), Replication: 3,
		OffsetsPartitions: 1, Log: log.Defaults(), Bugs: planted,
	}
	for i := range k.zk {
		cfg.Coordinators = append(cfg.Coordinators, node.ID(i))
	}
	return cfg
}

// watch puts judges and teller between the processes and the story.
func (k *cluster) watch() {
	k.world.OnEvent(func(s sim.Seen) {
		if int(s.Node) < k.zk {
			k.ensemble.Observe(s.Step, s.At, s.Node, s.Event)
		} else {
			k.replication.Observe(s.Step, s.At, s.Node, s.Event)
			k.groups.Observe(s.Step, s.At, s.Node, s.Event)
		}
		k.follow(s)
		if line := k.line(s); line != "" {
			k.tell(line)
		}
		if k.finding() != nil {
			k.world.Stop("a guarantee is broken")
		}
	})
	k.world.OnProcess(func(c sim.ProcessChange) {
		switch c.Kind {
		case sim.Booted:
			k.ensemble.Booted(c.Node)
			k.replication.Booted(c.Node, c.Spoiled)
		case sim.Crashed, sim.Exited:
			k.ensemble.Crashed(c.Node)
			k.replication.Crashed(c.Node)
			k.groups.Crashed(c.Node)
			for s := range k.seats { //sim:unordered each for itself
				if s.node == c.Node {
					delete(k.seats, s)
				}
			}
		}
		if c.Kind == sim.Exited {
			k.tell(fmt.Sprintf("%s stops: %s", k.name(c.Node), c.Reason))
		}
	})
}

// finding is what the first judge to object has found, nil if none has.
func (k *cluster) finding() *guarantee.Finding {
	for _, f := range []*guarantee.Finding{k.ensemble.Finding(), k.replication.Finding(), k.groups.Finding()} {
		if f != nil {
			return f
		}
	}
	return nil
}

// pending is why brokers and groups have not come to rest, "" if they have.
func (k *cluster) pending() string {
	if reason := k.replication.Pending(); reason != "" {
		return reason
	}
	return k.groups.Pending()
}

// committed follows what the coordinator commits.
func (k *cluster) committed(step uint64, at time.Duration, txn *wire.Txn) {
	k.replication.Committed(step, at, txn)
	k.groups.Committed(txn)
	owner := k.owner(txn.Session)
	if gone := k.tree.commit(txn.Session, txn.Body); owner != "" && len(gone) > 0 {
		k.tell(fmt.Sprintf("zk: the session of %s is over; gone: %s", owner, strings.Join(gone, " ")))
	}
}

// owner is the broker that has registered in a session, "" if none has.
func (k *cluster) owner(session int64) string {
	for id := range k.brokers {
		if n, ok := k.tree[znodes.BrokerPath(int32(id+1))]; ok && n.owner == session {
			return broker.HostOf(int32(id + 1))
		}
	}
	return ""
}

func (k *cluster) name(id node.ID) string { return k.world.Processes()[id].Name }

// nodeOf finds a process by its name.
func (k *cluster) nodeOf(c *script.Command, name string) node.ID {
	for _, p := range k.world.Processes() {
		if p.Name == name {
			return p.ID
		}
	}
	c.Fatalf("no process is called %s", name)
	return node.Nobody
}

// nodesOf finds processes by names, of which zk, brokers and clients stand for all.
func (k *cluster) nodesOf(c *script.Command, names []string) (ids []node.ID) {
	groups := map[string]string{"zk": serverGroup, "brokers": brokerGroup, "clients": clientGroup}
	for _, name := range names {
		if groups[name] == "" {
			ids = append(ids, k.nodeOf(c, name))
			continue
		}
		for _, p := range k.world.Processes() {
			if p.Group == groups[name] {
				ids = append(ids, p.ID)
			}
		}
	}
	return ids
}

// brokerOf is the process of a broker that a story names, b1 or such.
func (k *cluster) brokerOf(c *script.Command, name string) node.ID {
	if id := k.nodeOf(c, name); slices.Contains(k.brokers, id) {
		return id
	}
	c.Fatalf("%s is no broker", name)
	return node.Nobody
}

// partitionOf reads the name of a partition, "orders-0".
func partitionOf(c *script.Command, name string) znodes.TopicPartition {
	i := strings.LastIndexByte(name, '-')
	n, err := strconv.Atoi(name[i+1:])
	if i <= 0 || err != nil {
		c.Fatalf("%q is no partition; write orders-0", name)
	}
	return znodes.TopicPartition{Topic: name[:i], Partition: int32(n)}
}

// run lets time go on.
func (k *cluster) run(d time.Duration) { k.world.Run(k.world.Now() + d) }

// glance is how often a command looks whether what it waits for has happened.
const glance = 10 * time.Millisecond

// await lets time go on until something is so, and reports whether it is.
func (k *cluster) await(most time.Duration, so func() bool) bool {
	for until := k.world.Now() + most; k.world.Now() < until && !so(); {
		if !k.world.Run(k.world.Now() + glance) {
			return false
		}
	}
	return so()
}

// ghost shows the judge of the coordinator the disks and connections of the world.
type ghost struct{ world *sim.World }

func (g ghost) Files(id node.ID) []string { return g.world.DiskOf(id).Files() }

func (g ghost) Read(id node.ID, file string) ([]byte, bool) { return g.world.DiskOf(id).View(file) }

func (g ghost) Durable(id node.ID, file string) ([]byte, bool) {
	return g.world.DiskOf(id).DurableView(file)
}

func (g ghost) Rotten(id node.ID, file string) bool { return g.world.DiskOf(id).Rotten(file) }

func (g ghost) Clients(id node.ID) []node.ID { return g.world.Peers(id, wire.ClientPort) }

func (g ghost) DurableSize(id node.ID, file string) int64 {
	return g.world.DiskOf(id).DurableSize(file)
}
