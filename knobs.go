package stampede

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/live"
	"github.com/stampede-sim/stampede/sim"
)

// Knobs is everything about a run that a seed decides besides faults and
// operations: the shape of the cluster, its configuration, and how fast its
// network and disks are. A plan states every knob, so a run depends on no
// default of the version that replays it; of a feature that is off it says
// nothing, so that plans outlive the features that came after them.
type Knobs struct {
	// Servers is the size of the ensemble.
	Servers int
	// Groups is the hierarchical quorum, "none" if a majority decides: server
	// ids and weights as in "1,2*3/4,5*0/3".
	Groups string
	// Observers is how many servers besides serve and never vote.
	Observers int
	// LocalSessions makes new sessions local to their server; UpgradeSessions lets
	// them become known to all.
	LocalSessions, UpgradeSessions bool
	// Standalone makes an only server one without an ensemble. LeaderRefuses has the
	// leader of others serve no clients. MaxClientCnxns bounds the connections of a
	// client to a server, MaxCnxns those of all, 0 for no bound.
	Standalone, LeaderRefuses bool
	MaxClientCnxns, MaxCnxns  int
	// ReadOnlyAfter is after how long without a leader a server serves read-only, 0 if
	// it never does; ReadOnlyClients is how many clients accept that.
	ReadOnlyAfter   time.Duration
	ReadOnlyClients int
	// Spares is how many servers besides run and are no members at first; Reconfig lets
	// clients change who is one.
	Spares   int
	Reconfig bool
	// PreparedDisks has servers notice that they lost their disk: what they are set up
	// with bears a mark.
	PreparedDisks bool
	// SkipACL lets everybody do everything, be it to change the ensemble.
	SkipACL bool

	// Certificates makes every third client come with a certificate, and another
	// third with a principal, that its transport vouches for.
	Certificates bool

	// Tick is the servers' unit of time; InitLimit and SyncLimit are in ticks, as
	// in ZooKeeper's configuration.
	Tick                 time.Duration
	InitLimit, SyncLimit int
	// SnapCount is after how many transactions a server takes a snapshot,
	// CommitLogCount how many committed ones the leader keeps in memory for
	// synchronising learners. Small values reach DIFF, TRUNC and SNAP often.
	SnapCount, CommitLogCount int
	// CounterLimit is the zxid counter at which a leader gives up its epoch: small
	// in some runs, so that they see epochs end by themselves.
	CounterLimit int
	// DiskSync lets a leader synchronise learners from its log files.
	DiskSync bool
	// SnapshotNodes is how many znodes a snapshot writes at a stretch, SnapRetain how
	// many a purge keeps, PurgeInterval how often it comes. SnapSyncs and DiffSyncs are
	// how many learners are synchronised at a time, SnapshotPercent how long a log may
	// be for that against a snapshot.
	SnapshotNodes, SnapRetain int
	PurgeInterval             time.Duration
	SnapSyncs, DiffSyncs      int
	SnapshotPercent           int
	// ElectionMax caps the growing wait between repeated votes.
	ElectionMax time.Duration

	// SessionTimeout is what clients ask for; servers grant it within 2 and 20
	// ticks. OpTimeout is after how long a client gives an operation up.
	SessionTimeout, OpTimeout time.Duration

	// WatchBatch is how many bytes of paths a client that reconnects puts into one
	// request for its watches, 0 for as many as real clients do. Small, and a few
	// watches are split.
	WatchBatch int

	// NetLeast and NetMost bound the latency of ordinary messages around
	// NetMean. One in NetTailOneIn (0: none) takes up to NetTail.
	NetLeast, NetMean, NetMost, NetTail time.Duration
	NetTailOneIn                        int
	// ConnectTimeout is when a dial without an answer fails, StallTimeout when a
	// connection whose data nobody acknowledges breaks.
	ConnectTimeout, StallTimeout time.Duration
	// DatagramTrouble is in how many of 1000 cases a datagram is lost, and in as
	// many each it is duplicated and delayed.
	DatagramTrouble int
	// DiskLeast and DiskMost bound how long a sync takes around DiskMean; one in
	// DiskTailOneIn (0: none) takes up to DiskTail.
	DiskLeast, DiskMean, DiskMost, DiskTail time.Duration
	DiskTailOneIn                           int
	// Wire passes every message through its real encoder and decoder.
	Wire bool

	// ExtendedTypes lets znodes have a TTL. NeverUsed is after how long unchanged a
	// container goes that never had a child, ReapsPerMinute how many znodes the
	// ensemble deletes at most; zero for ZooKeeper's defaults.
	ExtendedTypes  bool
	NeverUsed      time.Duration
	ReapsPerMinute int
	// EnforceQuota refuses what goes beyond a hard quota.
	EnforceQuota bool
	// MaxBuffer is how long a request may be, OutstandingLimit how many may wait for
	// their answers at a time before clients are read no further; zero for
	// ZooKeeper's defaults.
	MaxBuffer, OutstandingLimit int
	// VersionStart, below 0, is the version that a znode's first setData gives it: a
	// few before the counter passes -1, which means any version. 0 for 1.
	VersionStart int
	// SequenceStart is the count of creates that a znode's first child gives it: a few
	// before it passes 2^31-1. 0 for 1.
	SequenceStart int

	// BrokerKnobs are those of brokers, if there are any.
	BrokerKnobs

	// WarmUp is the virtual time before the safety phase, in which the ensemble
	// boots and the workload is set up. Safety is the length of the safety phase,
	// Liveness the bound within which a healed world must have converged.
	WarmUp, Safety, Liveness time.Duration
}

// knob is one named field of Knobs and its text form.
type knob struct {
	name, doc string
	get       func(*Knobs) string
	set       func(*Knobs, string) error
	// feature: the field's zero value switches something off that a server need not
	// have, and plans do not mention it then.
	feature bool
}

// feature marks a knob whose zero value is off. Every knob that is added to those
// of the first plans is one.
func feature(k knob) knob {
	k.feature = true
	return k
}

// off reports whether the knob is a feature that is switched off.
func (n knob) off(k *Knobs) bool { return n.feature && n.get(k) == n.get(&Knobs{}) }

func number(name string, least, most int, doc string, field func(*Knobs) *int) knob {
	return knob{
		name: name, doc: fmt.Sprintf("%s (%d to %d)", doc, least, most),
		get: func(k *Knobs) string { return strconv.Itoa(*field(k)) },
		set: func(k *Knobs, s string) error {
			n, err := strconv.Atoi(s)
			if err != nil || n < least || n > most {
				return fmt.Errorf("want a number from %d to %d", least, most)
			}
			*field(k) = n
			return nil
		},
	}
}

func span(name string, least, most time.Duration, doc string, field func(*Knobs) *time.Duration) knob {
	return knob{
		name: name, doc: fmt.Sprintf("%s (%v to %v)", doc, least, most),
		get: func(k *Knobs) string { return field(k).String() },
		set: func(k *Knobs, s string) error {
			d, err := time.ParseDuration(s)
			if err != nil || d < least || d > most {
				return fmt.Errorf("want a duration from %v to %v", least, most)
			}
			*field(k) = d
			return nil
		},
	}
}

func flag(name, doc string, field func(*Knobs) *bool) knob {
	return knob{
		name: name, doc: doc,
		get: func(k *Knobs) string { return strconv.FormatBool(*field(k)) },
		set: func(k *Knobs, s string) (err error) {
			if *field(k), err = strconv.ParseBool(s); err != nil {
				return errors.New("want true or false")
			}
			return nil
		},
	}
}

const day = 24 * time.Hour

// knobs lists every knob in the order plans and results print them.
var knobs = slices.Concat([]knob{
	number("servers", 1, 7, "size of the ensemble, odd", func(k *Knobs) *int { return &k.Servers }),
	{
		name: "groups", doc: "who votes together and with what weight, as in 1,2*3/4,5*0/3, or none",
		get: func(k *Knobs) string { return k.Groups },
		set: func(k *Knobs, s string) (err error) { k.Groups = s; _, err = parseGroups(s); return err },
	},
	feature(number("observers", 0, 4, "servers that do not vote, besides", func(k *Knobs) *int { return &k.Observers })),
	feature(number("snapshot-nodes", 0, 1e6, "znodes that a snapshot writes at a stretch", func(k *Knobs) *int { return &k.SnapshotNodes })),
	feature(number("snap-retain", 0, 1000, "snapshots that a purge keeps, 3 or more", func(k *Knobs) *int { return &k.SnapRetain })),
	feature(span("purge-interval", 0, day, "time between purges, 0 for one after each snapshot", func(k *Knobs) *time.Duration { return &k.PurgeInterval })),
	feature(number("snap-syncs", 0, 1000, "learners that are sent a snapshot at a time", func(k *Knobs) *int { return &k.SnapSyncs })),
	feature(number("diff-syncs", 0, 1000, "learners that are sent a diff at a time", func(k *Knobs) *int { return &k.DiffSyncs })),
	feature(number("snapshot-percent", 0, 1e6, "how long a log may be for disk-sync, in percent of a snapshot", func(k *Knobs) *int { return &k.SnapshotPercent })),
	feature(flag("local-sessions", "sessions are known to one server until they need to be known to all", func(k *Knobs) *bool { return &k.LocalSessions })),
	feature(flag("upgrade-sessions", "local sessions may become known to all", func(k *Knobs) *bool { return &k.UpgradeSessions })),
	feature(flag("standalone", "an only server is no ensemble of one", func(k *Knobs) *bool { return &k.Standalone })),
	feature(flag("leader-refuses", "the leader of several servers serves no clients", func(k *Knobs) *bool { return &k.LeaderRefuses })),
	feature(number("max-client-cnxns", 0, 1000, "connections of a client to a server", func(k *Knobs) *int { return &k.MaxClientCnxns })),
	feature(number("max-cnxns", 0, 1000, "client connections of a server", func(k *Knobs) *int { return &k.MaxCnxns })),
	feature(span("read-only-after", 0, time.Hour, "time without a leader after which a server serves read-only", func(k *Knobs) *time.Duration { return &k.ReadOnlyAfter })),
	feature(number("read-only-clients", 0, 64, "clients that accept read-only servers", func(k *Knobs) *int { return &k.ReadOnlyClients })),
	feature(flag("certificates", "some clients come with certificates and principals", func(k *Knobs) *bool { return &k.Certificates })),
	feature(number("spares", 0, 4, "servers that are no members at first, besides", func(k *Knobs) *int { return &k.Spares })),
	feature(flag("reconfig", "let clients change the ensemble", func(k *Knobs) *bool { return &k.Reconfig })),
	feature(flag("prepared-disks", "servers notice that they lost their disk", func(k *Knobs) *bool { return &k.PreparedDisks })),
	feature(flag("skip-acl", "let everybody do everything", func(k *Knobs) *bool { return &k.SkipACL })),
	span("tick", time.Millisecond, time.Minute, "the servers' unit of time", func(k *Knobs) *time.Duration { return &k.Tick }),
	number("init-limit", 1, 1000, "ticks a learner may take to synchronise", func(k *Knobs) *int { return &k.InitLimit }),
	number("sync-limit", 1, 1000, "ticks of silence a quorum connection survives", func(k *Knobs) *int { return &k.SyncLimit }),
	number("snap-count", 2, 1e6, "transactions between snapshots", func(k *Knobs) *int { return &k.SnapCount }),
	number("commit-log-count", 1, 1e6, "committed transactions kept for synchronising learners", func(k *Knobs) *int { return &k.CommitLogCount }),
	number("counter-limit", 2, math.MaxUint32, "zxid counter that ends an epoch", func(k *Knobs) *int { return &k.CounterLimit }),
	flag("disk-sync", "synchronise learners from the log files too", func(k *Knobs) *bool { return &k.DiskSync }),
	span("election-max", 200*time.Millisecond, time.Hour, "longest wait between repeated votes", func(k *Knobs) *time.Duration { return &k.ElectionMax }),
	span("session-timeout", time.Millisecond, time.Hour, "session timeout clients ask for", func(k *Knobs) *time.Duration { return &k.SessionTimeout }),
	span("op-timeout", time.Millisecond, time.Hour, "how long clients wait for a reply", func(k *Knobs) *time.Duration { return &k.OpTimeout }),
	feature(number("watch-batch", 0, 128<<10, "bytes of watched paths in one request of a client that reconnects, 0 for 128 KiB", func(k *Knobs) *int { return &k.WatchBatch })),
	span("net-least", 0, time.Minute, "least network latency", func(k *Knobs) *time.Duration { return &k.NetLeast }),
	span("net-mean", 0, time.Minute, "mean network latency of ordinary messages", func(k *Knobs) *time.Duration { return &k.NetMean }),
	span("net-most", 0, time.Minute, "most network latency of ordinary messages", func(k *Knobs) *time.Duration { return &k.NetMost }),
	span("net-tail", 0, time.Minute, "most network latency of slow messages", func(k *Knobs) *time.Duration { return &k.NetTail }),
	number("net-tail-one-in", 0, 1e6, "one message in this many is slow", func(k *Knobs) *int { return &k.NetTailOneIn }),
	span("connect-timeout", time.Millisecond, time.Hour, "how long a dial waits", func(k *Knobs) *time.Duration { return &k.ConnectTimeout }),
	span("stall-timeout", time.Millisecond, time.Hour, "how long a connection survives on a blocked link", func(k *Knobs) *time.Duration { return &k.StallTimeout }),
	number("datagram-trouble", 0, 500, "datagrams of 1000 that are lost, and as many duplicated and delayed", func(k *Knobs) *int { return &k.DatagramTrouble }),
	span("disk-least", 0, time.Minute, "least duration of a sync", func(k *Knobs) *time.Duration { return &k.DiskLeast }),
	span("disk-mean", 0, time.Minute, "mean duration of an ordinary sync", func(k *Knobs) *time.Duration { return &k.DiskMean }),
	span("disk-most", 0, time.Minute, "most duration of an ordinary sync", func(k *Knobs) *time.Duration { return &k.DiskMost }),
	span("disk-tail", 0, time.Minute, "most duration of a slow sync", func(k *Knobs) *time.Duration { return &k.DiskTail }),
	number("disk-tail-one-in", 0, 1e6, "one sync in this many is slow", func(k *Knobs) *int { return &k.DiskTailOneIn }),
	flag("wire", "pass messages through their real encoding", func(k *Knobs) *bool { return &k.Wire }),
	feature(flag("extended-types", "znodes may have a TTL", func(k *Knobs) *bool { return &k.ExtendedTypes })),
	feature(span("never-used", 0, day, "after how long a container goes that never had a child, or 0s", func(k *Knobs) *time.Duration { return &k.NeverUsed })),
	feature(number("reaps-per-minute", 0, 1e6, "most containers and expired znodes deleted, or 0 for 10000", func(k *Knobs) *int { return &k.ReapsPerMinute })),
	feature(flag("enforce-quota", "refuse what goes beyond a hard quota", func(k *Knobs) *bool { return &k.EnforceQuota })),
	feature(number("max-buffer", 0, 1<<30, "most bytes of a request, from 100, or 0 for 1048575", func(k *Knobs) *int { return &k.MaxBuffer })),
	feature(number("outstanding-limit", 0, 1e6, "requests that may wait for their answers, or 0 for 1000", func(k *Knobs) *int { return &k.OutstandingLimit })),
	feature(number("version-start", -1e6, 0, "version after a znode's first setData, or 0 for 1", func(k *Knobs) *int { return &k.VersionStart })),
	feature(number("sequence-start", 0, math.MaxInt32, "creates counted after a znode's first child, or 0 for 1", func(k *Knobs) *int { return &k.SequenceStart })),
}, brokerKnobs, groupKnobs, cleaningKnobs, []knob{
	span("warm-up", 0, day, "virtual time before the safety phase", func(k *Knobs) *time.Duration { return &k.WarmUp }),
	span("safety", 0, day, "length of the safety phase", func(k *Knobs) *time.Duration { return &k.Safety }),
	span("liveness", time.Millisecond, day, "bound for converging once healed", func(k *Knobs) *time.Duration { return &k.Liveness }),
})

// Setting is one knob of a run, for results and people.
type Setting struct{ Name, Value string }

// Settings lists every knob but those of features that are off, in a fixed order.
func (k Knobs) Settings() []Setting {
	var out []Setting
	for _, n := range knobs {
		if !n.off(&k) {
			out = append(out, Setting{n.name, n.get(&k)})
		}
	}
	return out
}

// Set turns the knob of a "name=value" word. Errors name the knobs or the range.
func (k *Knobs) Set(word string) error {
	name, value, ok := strings.Cut(word, "=")
	if !ok {
		return fmt.Errorf("knob %q: want name=value", word)
	}
	for _, n := range knobs {
		if n.name != name {
			continue
		}
		if err := n.set(k, value); err != nil {
			return fmt.Errorf("knob %s=%s: %w", name, value, err)
		}
		return nil
	}
	return fmt.Errorf("unknown knob %q; knobs are %s", name, strings.Join(knobNames(), ", "))
}

// SetAll turns several knobs, in order.
func (k *Knobs) SetAll(words []string) error {
	for _, word := range words {
		if err := k.Set(word); err != nil {
			return err
		}
	}
	return nil
}

func knobNames() []string {
	names := make([]string, len(knobs))
	for i, n := range knobs {
		names[i] = n.name
	}
	return names
}

// Validate rejects knobs that contradict each other. Single values are checked
// where they are set.
func (k Knobs) Validate() error {
	switch {
	case k.Servers%2 == 0:
		return fmt.Errorf("knob servers=%d: an ensemble has an odd number of servers", k.Servers)
	}
	if _, _, err := k.quorum(); err != nil {
		return err
	}
	if err := k.BrokerKnobs.validate(); err != nil {
		return err
	}
	if err := k.checkProperties(); err != nil {
		return err
	}
	config := k.world(0)
	return config.Validate()
}

// world is the configuration of the simulated world that the knobs describe.
func (k Knobs) world(seed uint64) sim.Config {
	trouble := sim.Ratio{Num: uint32(k.DatagramTrouble), Den: 1000}
	return sim.Config{
		Seed: seed,
		Wire: k.Wire,
		Net: sim.NetConfig{
			Latency:        latency(k.NetLeast, k.NetMean, k.NetMost, k.NetTail, k.NetTailOneIn),
			ConnectTimeout: k.ConnectTimeout,
			StallTimeout:   k.StallTimeout,
			Loss:           trouble, Duplicate: trouble, Reorder: trouble,
		},
		Disk: sim.DiskConfig{Sync: latency(k.DiskLeast, k.DiskMean, k.DiskMost, k.DiskTail, k.DiskTailOneIn)},
	}
}

func latency(least, mean, most, tail time.Duration, oneIn int) sim.Latency {
	l := sim.Latency{Min: least, Mean: mean, Max: most, TailMax: tail}
	if oneIn > 0 {
		l.Tail = sim.Ratio{Num: 1, Den: uint32(oneIn)}
	}
	return l
}

// size is how many servers there are: voters, observers and spares.
func (k Knobs) size() int { return k.Servers + k.Observers + k.Spares }

// settle is about how long the ensemble needs to elect a leader and synchronise:
// the election's fixed waits, then discovery and synchronisation of a few round
// trips and syncs.
func (k Knobs) settle() time.Duration {
	return 400*time.Millisecond + 10*k.NetMost + 6*k.DiskMost
}

// bound is the longest a healed ensemble may take: the last losers' timeouts of
// every kind one after the other, thrice, because an attempt may just have begun
// wrong when healing came.
func (k Knobs) bound() time.Duration {
	limits := time.Duration(k.InitLimit+k.SyncLimit) * k.Tick
	once := k.settle() + limits + k.ElectionMax + k.ConnectTimeout + k.StallTimeout +
		2*k.session() + k.OpTimeout + 10*(k.NetTail+k.DiskTail)
	return (3*once + 5*time.Second).Truncate(time.Millisecond)
}

// session is the timeout that servers grant.
func (k Knobs) session() time.Duration {
	return min(max(k.SessionTimeout, 2*k.Tick), 20*k.Tick)
}

// reapInterval is how often leaders look for znodes to delete: soon, so that runs of
// seconds see it often.
func (k Knobs) reapInterval() time.Duration { return k.Tick / 2 }

// reaping is how leaders delete znodes by themselves, with ZooKeeper's default rate.
func (k Knobs) reaping() live.Reaping {
	r := live.Reaping{Interval: k.reapInterval(), PerMinute: 10_000, NeverUsed: k.NeverUsed}
	if k.ReapsPerMinute > 0 {
		r.PerMinute = k.ReapsPerMinute
	}
	return r
}

// rules are those that the judges must know.
func (k Knobs) rules() history.Rules {
	return history.Rules{NeverUsed: k.NeverUsed, EnforceQuota: k.EnforceQuota, VersionStart: int32(k.VersionStart), SequenceStart: int32(k.SequenceStart), SkipACL: k.SkipACL, Strangers: k.Brokers > 0,
		Retention: k.Retention, DeleteRetention: k.DeleteRetention}
}

// patience is how long a client waits for a server to accept its session before
// it tries the next: its share of the session timeout, as ZooKeeper's clients
// reckon, but never less than the round trips and the commit that it takes.
func (k Knobs) patience() time.Duration {
	return max(k.session()/time.Duration(k.size()), 8*k.NetMost+4*k.DiskMost)
}

// drawKnobs draws the knobs of a seed. Extremes come up often: a feature that is
// off or a limit that is tiny shows more than any mean.
//
// The ensemble must be able to work: a tick is never shorter than a few of the
// slowest ordinary messages and syncs, and no outlier takes longer than a tick.
// Otherwise the run would show that timeouts time out.
func drawKnobs(r *rand.Rand) Knobs {
	d := dice{r}
	k := Knobs{
		Servers: []int{1, 3, 3, 3, 3, 3, 5, 5, 5, 5}[r.IntN(10)],
		Wire:    d.chance(1, 4),
		Safety:  10 * time.Second,
	}
	d.network(&k)
	d.disk(&k)
	k.Tick = max(d.millis(50, 500), 4*k.NetMost, 2*k.DiskMost).Truncate(time.Millisecond)
	k.NetTail, k.DiskTail = min(k.NetTail, k.Tick), min(k.DiskTail, k.Tick)
	k.InitLimit, k.SyncLimit = d.between(5, 20), d.between(3, 10)
	k.SnapCount, k.CommitLogCount = d.logarithmic(5, 400), d.logarithmic(2, 200)
	k.DiskSync = d.chance(1, 2)
	k.ElectionMax = d.millis(500, 3000)
	k.SessionTimeout = k.Tick * time.Duration(d.between(2, 20))
	k.OpTimeout = d.millis(500, 4000)
	k.derive()
	if k.CounterLimit = math.MaxUint32; d.chance(1, 6) {
		k.CounterLimit = d.logarithmic(20, 400)
	}
	k.Groups = d.groups(k.Servers)
	if k.Servers > 1 && d.chance(1, 4) {
		k.Observers = d.between(1, 2)
	}
	d.locality(&k)
	d.mortality(&k)
	if d.chance(1, 3) {
		k.WatchBatch = d.logarithmic(1, 40)
	}
	d.admission(&k)
	k.Certificates = d.chance(1, 2)
	if d.chance(1, 8) {
		k.Spares = d.between(1, 2)
	}
	k.Reconfig = d.chance(1, 6)
	d.upkeep(&k)
	return k
}

// mortality draws how znodes go that the ensemble deletes by itself.
func (d dice) mortality(k *Knobs) {
	k.ExtendedTypes = d.chance(9, 10)
	if d.chance(1, 3) {
		k.NeverUsed = d.millis(100, 3000)
	}
	if d.chance(1, 3) {
		k.ReapsPerMinute = d.between(300, 6000)
	}
	k.EnforceQuota = d.chance(7, 8)
	if d.chance(1, 6) {
		k.OutstandingLimit = d.between(1, 6)
	}
}

// derive sets the knobs that follow from others: how long the ensemble has to come up,
// and to come back.
func (k *Knobs) derive() {
	k.WarmUp = (3*time.Second + 4*k.settle()).Truncate(time.Millisecond)
	if k.Brokers > 0 {
		k.WarmUp += (2*time.Second + 4*k.ReplicaLag).Truncate(time.Millisecond)
	}
	k.Liveness = k.bound() + k.brokerBound()
}

// dice draws integers for knobs.
type dice struct{ *rand.Rand }

func (d dice) between(low, high int) int { return low + d.IntN(high-low+1) }
func (d dice) chance(num, den int) bool  { return d.IntN(den) < num }
func (d dice) logarithmic(low, high int) int {
	return low + d.between(0, (high-low)>>d.IntN(6))
}

func (d dice) millis(low, high int) time.Duration {
	return time.Duration(d.between(low, high)) * time.Millisecond
}

func (d dice) micros(low, high int) time.Duration {
	return time.Duration(d.between(low, high)) * time.Microsecond
}

// network draws a rack, a region or a bad line.
func (d dice) network(k *Knobs) {
	scale := []int{1, 1, 5, 40}[d.IntN(4)]
	k.NetLeast = d.micros(20, 200*scale)
	k.NetMean = k.NetLeast + d.micros(10, 200*scale)
	k.NetMost = k.NetMean + d.micros(50, 1000*scale)
	k.ConnectTimeout, k.StallTimeout = d.millis(200, 3000), d.millis(500, 10000)
	if d.chance(1, 2) {
		k.NetTailOneIn, k.NetTail = d.logarithmic(20, 2000), k.NetMost+d.millis(1, 20*scale)
	}
	if d.chance(1, 2) {
		k.DatagramTrouble = d.logarithmic(1, 200)
	}
}

// disk draws a solid-state disk with a cache, one without, or a spinning one.
func (d dice) disk(k *Knobs) {
	scale := []int{1, 1, 10, 50}[d.IntN(4)]
	k.DiskLeast = d.micros(10, 100*scale)
	k.DiskMean = k.DiskLeast + d.micros(10, 100*scale)
	k.DiskMost = k.DiskMean + d.micros(10, 400*scale)
	if d.chance(1, 3) {
		k.DiskTailOneIn, k.DiskTail = d.logarithmic(10, 500), k.DiskMost+d.millis(1, 10*scale)
	}
}

// upkeep draws how a server keeps house and how much it does at a time.
func (d dice) upkeep(k *Knobs) {
	if d.chance(1, 2) {
		k.SnapshotNodes = d.between(1, 4)
	}
	if d.chance(1, 4) {
		k.SnapRetain, k.PurgeInterval = d.between(3, 5), d.millis(100, 2000)
	}
	if d.chance(1, 3) {
		k.SnapSyncs, k.DiffSyncs = d.between(1, 2), d.between(1, 2)
	}
	if d.chance(1, 2) {
		k.SnapshotPercent = d.logarithmic(1, 400)
	}
	if d.chance(1, 5) { // shorter than a leader needs to notice that a follower is silent
		k.SessionTimeout = k.Tick * time.Duration(d.between(2, 3))
		k.Liveness = k.bound()
	}
}
