package coordinator_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator"
	"github.com/stampede-sim/stampede/nodes/coordinator/client"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// BenchmarkEnsemble measures the simulated servers alone: ten clients in a closed
// loop of 100-byte writes on an ensemble of three or five, fingerprint on, nobody
// judging. Events and committed writes are per second of one processor.
func BenchmarkEnsemble(b *testing.B) {
	for _, servers := range []int{3, 5} {
		b.Run(fmt.Sprintf("servers=%d", servers), func(b *testing.B) {
			b.ReportAllocs()
			w, writes := benchWorld(servers)
			defer w.Close()
			w.Run(3 * time.Second) // elect, connect
			events, before := w.Steps(), *writes
			for b.Loop() {
				w.Run(w.Now() + 10*time.Millisecond)
			}
			if f := w.Failure(); f != nil {
				b.Fatal(f.Reason)
			}
			seconds := b.Elapsed().Seconds()
			b.ReportMetric(float64(w.Steps()-events)/seconds, "events/s")
			b.ReportMetric(float64(*writes-before)/seconds, "writes/s")
		})
	}
}

func benchWorld(servers int) (*sim.World, *int) {
	w := sim.NewWorld(sim.Config{Seed: 1})
	var members []coordinator.Member
	var ids []node.ID
	for i := range servers {
		members = append(members, coordinator.Member{Sid: int64(i + 1), Node: node.ID(i)})
		ids = append(ids, node.ID(i))
	}
	for i := range servers {
		cfg := coordinator.Config{Sid: int64(i + 1), Members: members, Tick: 200 * time.Millisecond}
		w.Start(w.Add(fmt.Sprintf("zk%d", i+1), "zk", func() node.Node { return coordinator.New(cfg) }))
	}
	writes := new(int)
	data := make([]byte, 100)
	for i := range 10 {
		path := fmt.Sprintf("/%d", i)
		w.Start(w.Add(path, "client", func() node.Node {
			return &scripted{cfg: client.Config{Servers: ids, SessionTimeout: 2 * time.Second}, body: func(s *scripted, t *node.Task) {
				s.call(t, wire.OpCreate, &wire.CreateRequest{Path: path, ACL: wire.OpenACL})
				for {
					if r := s.call(t, wire.OpSetData, &wire.SetDataRequest{Path: path, Data: data, Version: -1}); r.Err == wire.OK {
						*writes++
					}
				}
			}}
		}))
	}
	return w, writes
}
