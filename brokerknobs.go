package stampede

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/sasl"
	"github.com/stampede-sim/stampede/workloads"
)

// BrokerKnobs shape the cluster of brokers, if the workload is about one. The zero
// value is no cluster.
type BrokerKnobs struct {
	// Brokers is how many there are, Replication how many have a partition.
	Brokers, Replication int
	// MinInsync is how many in-sync replicas a record needs; Unclean lets others lead
	// when there are none.
	MinInsync int
	Unclean   bool
	// ReplicaLag is after how long behind a follower is out of sync, ReplicaWait how
	// long its leader lets it wait for news, ReplicaBackoff how long it waits after a
	// failure.
	ReplicaLag, ReplicaWait, ReplicaBackoff time.Duration
	// BrokerSession is the session timeout that brokers ask the coordinator for.
	BrokerSession time.Duration
	// SegmentBytes is how long a segment of a log may become, IndexBytes how much of it
	// goes without an entry in its index.
	SegmentBytes, IndexBytes int
	// MarkInterval is how often a broker notes its high watermarks.
	MarkInterval time.Duration
	// RequestTimeout is how long clients wait for a broker, DeliveryTimeout for a send
	// with all its retries; Linger is how long a send waits for others.
	RequestTimeout, DeliveryTimeout, Linger time.Duration
	// Retries lets producers send again what was not acknowledged, Idempotent lets them
	// number it.
	Retries, Idempotent bool
	// PollWait is how long a poll waits for records.
	PollWait time.Duration
	// FetchWait is how long a broker keeps a fetch that finds nothing, 0 for as long as a poll
	// waits. If it is longer, fetches are on their way when polls are over and positions move.
	FetchWait time.Duration
	// AutoCreate lets clients have topics created by asking for them.
	AutoCreate bool
	// Properties are keys of server.properties that have no knob of their own.
	Properties string
	// Access has brokers authorise what clients ask for; with OpenAccess, what no entry is
	// about is for everybody.
	Access, OpenAccess bool
	// FetchSessions is how many sessions of fetches a broker keeps for followers and
	// consumers, 0 if nobody asks for one; FetchIdle is how long one is safe from others.
	FetchSessions int
	FetchIdle     time.Duration
	// FollowerReads sends clients that say where they are to a replica in their rack.
	FollowerReads bool
	// SASL is the mechanism by which clients prove who they are, "" for certificates.
	SASL string
	// RawLogins has every second client prove that as clients did before KIP-152.
	RawLogins bool
	// Stories says that faults were drawn as stories, several in a row.
	Stories bool
	// Quotas has brokers hold clients to quotas, as Access does.
	Quotas bool
	// Codec is what producers compress with, "" for nothing, "mixed" for one with this and
	// one with that. CompressionType is what brokers store batches in, "" for what they are
	// sent in, and OffsetsCodec the number of what they compress committed offsets with.
	Codec, CompressionType string
	OffsetsCodec           int
	// BatchBytes is at which length producers close a batch (batch.size).
	BatchBytes int
	GroupKnobs
	CleaningKnobs
}

// brokerKnobs lists the knobs of brokers. All of them are off where there are none.
var brokerKnobs = []knob{
	feature(number("brokers", 0, 7, "brokers", func(k *Knobs) *int { return &k.Brokers })),
	feature(number("replication", 0, 7, "replicas of a partition", func(k *Knobs) *int { return &k.Replication })),
	feature(number("min-insync", 0, 7, "in-sync replicas that a record needs", func(k *Knobs) *int { return &k.MinInsync })),
	feature(flag("unclean", "let replicas lead that are not in sync, if no other is alive", func(k *Knobs) *bool { return &k.Unclean })),
	feature(span("replica-lag", 0, time.Hour, "time behind after which a follower is out of sync", func(k *Knobs) *time.Duration { return &k.ReplicaLag })),
	feature(span("replica-wait", 0, time.Hour, "time that a follower's fetch waits for news", func(k *Knobs) *time.Duration { return &k.ReplicaWait })),
	feature(span("replica-backoff", 0, time.Hour, "time that a follower waits after a failure", func(k *Knobs) *time.Duration { return &k.ReplicaBackoff })),
	feature(span("broker-session", 0, time.Hour, "session timeout brokers ask for", func(k *Knobs) *time.Duration { return &k.BrokerSession })),
	feature(number("segment-bytes", 0, 1<<30, "length of a log segment", func(k *Knobs) *int { return &k.SegmentBytes })),
	feature(number("index-bytes", 0, 1<<20, "bytes of a log between two entries of its index", func(k *Knobs) *int { return &k.IndexBytes })),
	feature(span("mark-interval", 0, time.Hour, "time between notes of the high watermarks", func(k *Knobs) *time.Duration { return &k.MarkInterval })),
	feature(span("request-timeout", 0, time.Hour, "how long clients wait for a broker", func(k *Knobs) *time.Duration { return &k.RequestTimeout })),
	feature(span("delivery-timeout", 0, time.Hour, "how long a producer tries to deliver a record", func(k *Knobs) *time.Duration { return &k.DeliveryTimeout })),
	feature(span("linger", 0, time.Minute, "how long a record waits for others", func(k *Knobs) *time.Duration { return &k.Linger })),
	feature(flag("retries", "producers send again what was not acknowledged", func(k *Knobs) *bool { return &k.Retries })),
	feature(flag("idempotent", "producers number what they send", func(k *Knobs) *bool { return &k.Idempotent })),
	feature(span("poll-wait", 0, time.Minute, "how long a poll waits for records", func(k *Knobs) *time.Duration { return &k.PollWait })),
	feature(span("fetch-wait", 0, time.Minute, "how long a consumer's fetch that finds nothing waits, 0 for as long as a poll", func(k *Knobs) *time.Duration { return &k.FetchWait })),
	feature(flag("auto-create", "create topics that somebody asks for", func(k *Knobs) *bool { return &k.AutoCreate })),
	serverProperties,
	feature(flag("access", "brokers authorise what clients ask for", func(k *Knobs) *bool { return &k.Access })),
	feature(flag("open-access", "what no access control entry is about is for everybody", func(k *Knobs) *bool { return &k.OpenAccess })),
	feature(number("fetch-sessions", 0, 1e6, "sessions of fetches that a broker keeps, 0 if nobody asks for one", func(k *Knobs) *int { return &k.FetchSessions })),
	feature(span("fetch-idle", 0, time.Hour, "how long a session of fetches is safe from others", func(k *Knobs) *time.Duration { return &k.FetchIdle })),
	feature(flag("follower-reads", "send consumers to a replica in their rack", func(k *Knobs) *bool { return &k.FollowerReads })),
	feature(knob{
		name: "sasl", doc: "how clients prove who they are to brokers: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
		get: func(k *Knobs) string { return k.SASL },
		set: func(k *Knobs, s string) error {
			if !slices.Contains(sasl.Mechanisms, s) && s != "" {
				return fmt.Errorf("want one of %s", strings.Join(sasl.Mechanisms, ", "))
			}
			k.SASL = s
			return nil
		},
	}),
	feature(flag("stories", "faults are drawn as stories, several in a row", func(k *Knobs) *bool { return &k.Stories })),
	feature(flag("quotas", "brokers hold clients to quotas, as they do with access", func(k *Knobs) *bool { return &k.Quotas })),
	feature(flag("raw-logins", "every second client logs in with tokens without headers", func(k *Knobs) *bool { return &k.RawLogins })),
	producerCodec, compressionType,
	feature(number("batch-bytes", 0, 1<<30, "length at which a producer closes a batch, 0 for 16 KiB", func(k *Knobs) *int { return &k.BatchBytes })),
	feature(number("offsets-codec", 0, int(batch.Zstd), "what brokers compress committed offsets with: gzip, snappy, lz4 or zstd", func(k *Knobs) *int { return &k.OffsetsCodec })),
}

// drawBrokers draws a cluster for a workload on brokers, and turns off what of the
// coordinator would not let it work: brokers need ephemerals that all servers know.
func (k *Knobs) drawBrokers(r *rand.Rand) {
	d := dice{r}
	k.Servers, k.Groups, k.Observers = []int{1, 3, 3, 3}[r.IntN(4)], noGroups, 0
	k.LocalSessions, k.UpgradeSessions, k.Standalone = false, false, false
	k.MaxClientCnxns, k.MaxCnxns, k.OutstandingLimit = 0, 0, 0
	k.ReadOnlyAfter, k.ReadOnlyClients, k.Spares, k.Reconfig = 0, 0, 0, false
	if k.CounterLimit < 1<<31 {
		k.CounterLimit = max(k.CounterLimit, 100)
	}
	b := &k.BrokerKnobs
	b.Brokers = []int{1, 2, 3, 3, 3, 3, 3, 4, 5}[r.IntN(9)]
	b.Replication = min(b.Brokers, []int{1, 2, 3, 3, 3, 3}[r.IntN(6)])
	b.MinInsync = d.between(1, max(1, b.Replication-1))
	slow := max(4*k.NetMost, k.NetTail, 5*time.Millisecond)
	b.ReplicaWait = max(d.millis(10, 200), slow).Truncate(time.Millisecond)
	b.ReplicaLag = 2*b.ReplicaWait + 2*slow + d.millis(50, 1500)
	b.ReplicaBackoff = d.millis(10, 200)
	b.BrokerSession = k.Tick * time.Duration(d.between(3, 16))
	b.SegmentBytes = d.logarithmic(200, 1<<16)
	b.IndexBytes = d.logarithmic(1, 1<<12)
	b.MarkInterval = d.millis(20, 1000)
	b.RequestTimeout = 2*slow + d.millis(200, 2000)
	b.DeliveryTimeout = b.RequestTimeout + d.millis(100, 4000)
	if d.chance(1, 2) {
		b.Linger = d.millis(1, 20)
	}
	b.Retries = d.chance(3, 4)
	b.Idempotent = b.Retries && d.chance(1, 2)
	b.PollWait = d.millis(5, 100)
	if d.chance(1, 2) {
		b.FetchSessions, b.FetchIdle = []int{1, 3, 6, 1000}[r.IntN(4)], d.millis(20, 2000)
	}
	b.FollowerReads = d.chance(1, 3)
	if d.chance(1, 3) {
		b.FetchWait = min(d.millis(50, 1000), b.RequestTimeout/2)
	}
	k.derive()
}

// drawBatches has some producers close batches of a few records, so that several wait for a
// partition. Values here are so short that all which waits would be one batch else. It has a
// stream of its own, as codecs have.
func (k *Knobs) drawBatches(r *rand.Rand) {
	if r.IntN(3) == 0 {
		k.BatchBytes = dice{r}.between(80, 200)
	}
}

// drawStories decides whether faults come as stories. They are told in lengths of a session,
// and several times, so the sessions of brokers are as short as servers grant, if that is not
// so short that a slow message ends one; and followers are given up sooner.
func (k *Knobs) drawStories(r *rand.Rand) {
	if r.IntN(3) != 0 {
		return
	}
	b := &k.BrokerKnobs
	slow := max(4*k.NetMost, k.NetTail, 5*time.Millisecond)
	b.Stories = true
	b.BrokerSession = min(b.BrokerSession, max(2*k.Tick, 4*slow, k.Safety/8))
	b.ReplicaLag = min(b.ReplicaLag, 2*b.ReplicaWait+2*slow+50*time.Millisecond)
	if r.IntN(4) != 0 { // so that some records expire just when there is a leader again
		b.DeliveryTimeout = b.BrokerSession + time.Duration(r.Int64N(int64(b.BrokerSession)))
	}
}

// brokerBound is the longest that brokers may take to be whole again once the
// coordinator is: sessions of the dead expire, a controller is elected and works through
// what happened, followers fetch what they lack and are taken in again.
func (b BrokerKnobs) brokerBound() time.Duration {
	if b.Brokers == 0 {
		return 0
	}
	return 3*(2*b.BrokerSession+3*b.ReplicaLag+b.ReplicaBackoff+2*b.RequestTimeout) + b.DeliveryTimeout + 10*time.Second + b.groupBound()
}

// validate rejects knobs of brokers that contradict each other.
func (b BrokerKnobs) validate() error {
	switch {
	case b == BrokerKnobs{}:
		return nil
	case b.Brokers == 0:
		return fmt.Errorf("knob brokers=0: without brokers there is nothing that their other knobs could change")
	case b.Replication < 1 || b.Replication > b.Brokers:
		return fmt.Errorf("knob replication=%d: there are %d brokers", b.Replication, b.Brokers)
	case b.ReplicaWait >= b.ReplicaLag:
		return fmt.Errorf("knob replica-wait=%v: a follower that hears nothing for so long is out of sync, as replica-lag=%v", b.ReplicaWait, b.ReplicaLag)
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"replica-wait", b.ReplicaWait}, {"replica-backoff", b.ReplicaBackoff}, {"broker-session", b.BrokerSession}, {"mark-interval", b.MarkInterval},
		{"request-timeout", b.RequestTimeout}, {"delivery-timeout", b.DeliveryTimeout}, {"poll-wait", b.PollWait},
	} {
		if d.value < time.Millisecond {
			return fmt.Errorf("knob %s=%v: at least 1ms where there are brokers", d.name, d.value)
		}
	}
	if b.FetchSessions > 0 && b.FetchIdle < time.Millisecond {
		return fmt.Errorf("knob fetch-idle=%v: at least 1ms where brokers keep sessions of fetches", b.FetchIdle)
	}
	if b.SegmentBytes < 1 || b.IndexBytes < 1 {
		return fmt.Errorf("knobs segment-bytes=%d index-bytes=%d: at least 1 where there are brokers", b.SegmentBytes, b.IndexBytes)
	}
	return b.GroupKnobs.validate()
}

// brokerNames are the processes of the brokers, b1 first.
func (b BrokerKnobs) brokerNames() []string {
	names := make([]string, b.Brokers)
	for i := range names {
		names[i] = fmt.Sprintf("b%d", i+1)
	}
	return names
}

// partitions are those of the topics that a plan sets up or creates: what faults may
// aim at. Creating a topic that exists adds nothing.
func (p Plan) partitions() []string {
	if p.Knobs.Brokers == 0 {
		return nil
	}
	s, err := Lookup(p.Scenario)
	if err != nil {
		return nil
	}
	var all []string
	seen := map[string]bool{}
	for _, topic := range workloads.Topics(s.workload().Setup(p.Shape), p.Ops) {
		for i := range topic.Partitions {
			if name := fmt.Sprintf("%s-%d", topic.Name, i); !seen[name] {
				seen[name] = true
				all = append(all, name)
			}
		}
	}
	return append(all, p.Knobs.offsetPartitions()...)
}

// onBrokers reports whether a workload needs brokers.
func onBrokers(w workloads.Workload) bool {
	return strings.HasPrefix(w.Name, "broker/") || strings.HasPrefix(w.Name, "platform/")
}
