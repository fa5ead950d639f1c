package broker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/client"
	"github.com/stampede-sim/stampede/nodes/broker/sasl"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// application is a process with a client of the cluster in it.
type application struct {
	node.Base
	cfg client.Config
	*client.Cluster
}

func (a *application) Boot(env node.Env)                        { a.Cluster = client.New(env, a.cfg) }
func (a *application) Receive(c node.ConnID, m node.Message)    { a.Cluster.Receive(c, m) }
func (a *application) Closed(c node.ConnID, w node.CloseReason) { a.Cluster.Closed(c, w) }
func (a *application) Timer(tag node.Tag)                       { a.Cluster.Timer(tag) }
func (a *application) Decode(c node.ConnID, f []byte) (node.Message, error) {
	return a.Cluster.Decode(c, f)
}

// application starts one.
func (c *cluster) application() *application { return c.login(sasl.Login{}) }

// login adds one that says who it is.
func (c *cluster) login(login sasl.Login) *application { return c.loginBy(login, false) }

// loginBy adds one that says so with headers, or without.
func (c *cluster) loginBy(login sasl.Login, raw bool) *application {
	cfg := client.Config{Hosts: map[string]node.ID{}, RequestTimeout: 3 * time.Second, Login: login, RawLogin: raw}
	for i, id := range c.brokers {
		cfg.Hosts[broker.HostOf(int32(i+1))] = id
		cfg.Bootstrap = append(cfg.Bootstrap, broker.HostOf(int32(i+1)))
	}
	a := &application{cfg: cfg}
	c.world.Start(c.world.Add(fmt.Sprintf("app%d", len(c.world.Processes())), "client", func() node.Node { return a }))
	c.run(0)
	return a
}

// TestClientsThroughFailures has a producer and a consumer go on while brokers die one
// after the other. What was acknowledged is where it was said to be, once; what failed
// is nowhere; and the consumer has read it all in order.
func TestClientsThroughFailures(t *testing.T) {
	for _, idempotent := range []bool{false, true} {
		t.Run(fmt.Sprintf("idempotent=%v", idempotent), func(t *testing.T) { throughFailures(t, idempotent) })
	}
}

func throughFailures(t *testing.T, idempotent bool) {
	c := newCluster(t, 3)
	c.run(5 * time.Second)
	app := c.application()
	created := client.Outcome(0)
	app.NewAdmin().CreateTopic(client.NewTopic{Name: "t", Partitions: 2, Replication: 3}, func(d client.Done) { created = d.Outcome })
	c.run(5 * time.Second)
	if created != client.Succeeded {
		t.Fatalf("the creation of the topic ended %q", created)
	}
	parts := []client.TopicPartition{{Topic: "t"}, {Topic: "t", Partition: 1}}
	p := app.NewProducer(client.ProducerConfig{Acks: -1, Idempotent: idempotent, MaxInFlight: 3, DeliveryTimeout: 20 * time.Second})
	s := app.NewConsumer(client.ConsumerConfig{Reset: client.ResetEarliest})
	s.Assign(parts)
	read := map[string][]string{}
	var poll func()
	poll = func() {
		s.Poll(100, time.Second, func(r client.Polled) {
			for _, rec := range r.Records {
				value := string(rec.Value)
				read[value] = append(read[value], fmt.Sprint(rec.TopicPartition, rec.Offset))
			}
			for _, j := range r.Jumps {
				if j.Why != client.JumpBegin {
					t.Errorf("the consumer jumps: %+v", j)
				}
			}
			poll()
		})
	}
	poll()
	ends := map[string]client.Sent{}
	total := 0
	for round := range 6 {
		victim := c.brokers[round%3]
		for range 40 {
			value := fmt.Sprint(total)
			p.Send(client.Record{Topic: "t", Partition: int32(total % 2), Value: []byte(value)}, func(e client.Sent) { ends[value] = e })
			total++
			c.run(50 * time.Millisecond)
			if total%40 == 10 {
				c.world.Crash(victim, sim.LoseAll)
			}
		}
		c.world.Start(victim)
		c.run(3 * time.Second)
	}
	c.run(30 * time.Second)
	tally := map[client.Outcome]int{}
	for value, e := range ends { //sim:unordered each for itself
		tally[e.Outcome]++
		at, n := fmt.Sprint(client.TopicPartition{Topic: "t", Partition: e.Partition}, e.Offset), len(read[value])
		switch {
		case e.Outcome == client.Succeeded && (n == 0 || read[value][n-1] != at):
			t.Errorf("%s is said to be at %s, and was read at %v", value, at, read[value])
		case e.Outcome == client.Failed && n > 0:
			t.Errorf("%s failed for sure (%v, %v), and was read at %v", value, e.Code, e.Err, read[value])
		case n > 1 && idempotent:
			t.Errorf("%s was read at %v", value, read[value])
		}
	}
	if len(ends) != total || tally[client.Succeeded] < total*3/4 {
		t.Errorf("of %d records %d ended, %v", total, len(ends), tally)
	}
	t.Logf("of %d records %d succeeded, %d failed, %d are unknown", total, tally[client.Succeeded], tally[client.Failed], tally[client.Unknown])
}
