package broker_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/log"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// chaos has brokers crash, hang and lose each other, one mishap at a time, while a client
// writes. No two brokers lose their page caches at once, so nothing that was acknowledged
// may be lost; and in the end all are in sync and have the same.
func chaos(t *testing.T, seed uint64) {
	c := newSeededCluster(t, seed, 3, minInsync(2), func(cfg *broker.Config) {
		cfg.Log = log.Defaults()
		cfg.Log.SegmentBytes = 1000
	})
	r := rand.New(rand.NewPCG(seed, 1))
	var acked []string
	calm := false
	writer := c.client(func(s *script, task *node.Task) {
		s.create(task, c, "orders", []int32{1, 2, 3})
		for i := 0; !calm; i++ {
			value := fmt.Sprint("value ", i)
			if _, code := s.produce(task, s.leader(task, c, "orders"), "orders", value, -1); code == wire.OK {
				acked = append(acked, value)
			}
			task.Sleep(time.Duration(r.IntN(200)) * time.Millisecond)
		}
	})
	c.run(3 * time.Second)
	for range 8 {
		c.mishap(r)
		c.run(time.Duration(r.IntN(3000)) * time.Millisecond)
	}
	calm = true
	c.run(10 * time.Second)
	c.converge(writer, 60*time.Second)
	values := c.identical("orders", 1, 2, 3)
	for _, value := range acked {
		if !slices.Contains(values, value) {
			t.Errorf("seed %d: %q was acknowledged and is lost", seed, value)
		}
	}
	if len(acked) == 0 || len(c.isr()) != 3 {
		t.Errorf("seed %d: %d acknowledged, in sync are %v", seed, len(acked), c.isr())
	}
}

// mishap has something happen to one broker, for a while.
func (c *cluster) mishap(r *rand.Rand) {
	at := r.IntN(3)
	b := c.brokers[at]
	length := time.Duration(500+r.IntN(4000)) * time.Millisecond
	switch r.IntN(4) {
	case 0:
		c.world.Crash(b, sim.CrashModes()[r.IntN(len(sim.CrashModes()))])
		c.run(length)
		c.world.Start(b)
		c.run(6 * time.Second) // and catches up
	case 1:
		c.world.Pause(b)
		c.run(length)
		c.world.Resume(b)
	case 2:
		c.world.Block("mishap", func(from, to node.ID, port node.Port) bool {
			return (from == b || to == b) && (port == wire.ReplicaPort || length%2 == 0)
		})
		c.run(length)
		c.world.Unblock("mishap")
	case 3:
		other := c.brokers[(at+1)%3]
		c.world.Block("mishap", func(from, to node.ID, port node.Port) bool { return from == b && to == other })
		c.run(length)
		c.world.Unblock("mishap")
	}
}

func TestChaos(t *testing.T) {
	for seed := range uint64(12) {
		chaos(t, seed+1)
	}
}
