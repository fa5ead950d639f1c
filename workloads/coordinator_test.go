package workloads

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// realStage sets a stage with three coordinator servers.
func realStage(seed uint64, w Workload, s Shape, plan []Op) *stage {
	world := sim.NewWorld(sim.Config{Seed: seed, Wire: true})
	st := &stage{world: world, record: NewRecorder(s.Clients, world.Now), plan: plan, finals: w.FinalReads(s)}
	var members []coordinator.Member
	for i := range servers {
		members = append(members, coordinator.Member{Sid: int64(i + 1), Node: node.ID(i)})
	}
	for i := range servers {
		cfg := coordinator.Config{Sid: int64(i + 1), Members: members, Tick: 200 * time.Millisecond, InitLimit: 10, SyncLimit: 5, SnapCount: 100, CommitLogCount: 50, ExtendedTypes: true}
		world.Start(world.Add(fmt.Sprintf("zk%d", i+1), "zk", func() node.Node { return coordinator.New(cfg) }))
	}
	st.addClients(w, s, plan, 3*time.Second)
	return st
}

// TestAgainstRealServers runs every workload against a healthy ensemble:
// nothing gets lost, and the final reads are answered.
func TestAgainstRealServers(t *testing.T) {
	for _, w := range ofCoordinator() {
		t.Run(w.Name, func(t *testing.T) {
			s, _ := drawn(w, 11)
			s.Duration, s.Think = 3*time.Second, 50*time.Millisecond
			st := realStage(11, w, s, w.Generate(rand.New(rand.NewPCG(11, 1)), s))
			st.run(t, s)
			ok, fail, info := st.record.Counts()
			// Sent behind a credential that ends the session, or left behind by a client
			// that moves with writes in flight.
			refused := 0
			for _, op := range st.record.History().Ops {
				if op.Err == wire.ErrAuthFailed || w.Name == "local-session" && op.Outcome == history.Info {
					refused++
				} else if op.Xid != 0 && op.Zxid == 0 {
					t.Errorf("no answer to %+v", op)
				}
			}
			if info > refused || ok < fail || st.record.Finals() != len(st.finals) {
				t.Errorf("%d ok, %d fail, %d info, %d of %d final reads", ok, fail, info, st.record.Finals(), len(st.finals))
			}
		})
	}
}
