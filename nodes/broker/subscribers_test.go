package broker_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/client"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/sim"
)

// reader is a subscriber that commits what it has read, and then reads on.
type reader struct {
	t testing.TB
	*client.Subscription
	values map[string]int // how often each was read by anybody
	over   bool
}

func (r *reader) Assigned([]client.TopicPartition, int32) {}

func (r *reader) Revoked(_ []client.TopicPartition, proceed func()) {
	r.CommitPositions(func([]client.Commit, client.Committed) { proceed() })
}

func (r *reader) Lost([]client.TopicPartition) {}
func (r *reader) Ended(wire.ErrorCode, error)  { r.over = true }

// subscribe starts a reader in a process of its own.
func (c *cluster) subscribe(values map[string]int, assignor string) *reader {
	r := &reader{t: c.t, values: values}
	app := c.application()
	r.Subscription = app.Subscribe(
		client.MemberConfig{Group: "g", Topics: []string{"t"}, Assignors: []string{assignor}, SessionTimeout: 6 * time.Second, RebalanceTimeout: 10 * time.Second},
		client.ConsumerConfig{Reset: client.ResetEarliest}, r)
	r.poll()
	return r
}

func (r *reader) poll() {
	r.Poll(20, time.Second, func(p client.Polled) {
		for _, rec := range p.Records {
			r.values[string(rec.Value)]++
		}
		if r.over {
			return
		}
		if len(p.Records) == 0 {
			r.poll()
			return
		}
		r.CommitPositions(func([]client.Commit, client.Committed) { r.poll() })
	})
}

// TestGroupsThroughFailures has members come and go, and brokers die, coordinators among
// them. In the end everything that was acknowledged has been read by somebody, and those
// who are left share the partitions.
func TestGroupsThroughFailures(t *testing.T) {
	for _, assignor := range []string{"range", "cooperative-sticky"} {
		t.Run(assignor, func(t *testing.T) { groupThroughFailures(t, assignor) })
	}
}

func groupThroughFailures(t *testing.T, assignor string) {
	c := newCluster(t, 3, func(cfg *broker.Config) { cfg.OffsetsPartitions = 4 })
	c.run(5 * time.Second)
	app := c.application()
	admin := app.NewAdmin()
	admin.CreateTopic(client.NewTopic{Name: "t", Partitions: 4, Replication: 3}, func(client.Done) {})
	c.run(5 * time.Second)
	values := map[string]int{}
	readers := []*reader{c.subscribe(values, assignor)}
	p := app.NewProducer(client.ProducerConfig{Acks: -1, Idempotent: true})
	total, acked := 0, map[string]bool{}
	for round := range 6 {
		victim := c.brokers[round%3]
		if round < 3 {
			readers = append(readers, c.subscribe(values, assignor))
		} else {
			readers[0].Leave()
			readers = readers[1:]
		}
		for i := range 40 {
			value := fmt.Sprint(total)
			p.Send(client.Record{Topic: "t", Partition: int32(total % 4), Value: []byte(value)}, func(e client.Sent) {
				acked[value] = e.Outcome == client.Succeeded
			})
			total++
			c.run(200 * time.Millisecond)
			if i == 15 {
				c.world.Crash(victim, sim.LoseAll)
			}
		}
		c.world.Start(victim)
		c.run(3 * time.Second)
	}
	c.run(time.Minute)
	missing, again := 0, 0
	for value, ok := range acked { //sim:unordered counts
		if ok && values[value] == 0 {
			missing++
		}
		if values[value] > 1 {
			again++
		}
	}
	if missing > 0 || len(acked) != total {
		t.Errorf("of %d records %d ended; %d were acknowledged and not read", total, len(acked), missing)
	}
	var owned []client.TopicPartition
	for _, r := range readers {
		owned = append(owned, r.Owned()...)
	}
	slices.SortFunc(owned, client.TopicPartition.Compare)
	if len(owned) != 4 {
		t.Errorf("the readers own %v", owned)
	}
	t.Logf("%d records, %d read again", total, again)
}
