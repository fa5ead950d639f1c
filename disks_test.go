package stampede

import (
	"fmt"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/txnlog"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// logger writes a log in its first life and opens it in each later one.
type logger struct {
	node.Base
	seed  uint64
	lives *int
	found *txnlog.Opened
}

func (l *logger) Boot(env node.Env) {
	log, found := txnlog.Open(env.Disk(), bugs.Set{})
	if *l.lives++; *l.lives > 1 {
		*l.found = found
		return
	}
	r := sim.NewStream(l.seed, "log")
	for counter := range uint32(20) {
		z := wire.MakeZxid(int64(l.seed%9+1), counter+1)
		if r.IntN(6) == 0 {
			log.Roll()
		}
		data := make([]byte, r.IntN(700))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		txn := &wire.Txn{Session: 3, Cxid: int32(counter), Zxid: z, Type: wire.OpSetData, Body: &wire.SetDataTxn{Path: fmt.Sprint("/", counter), Data: data}}
		if _, _, err := log.Append(txn); err != nil {
			panic(err)
		}
	}
	env.Go("settle", func(t *node.Task) {
		if err := log.Settle(t); err != nil {
			panic(err)
		}
	})
}

// TestALogThatRotsIsNeverCut flips bits where [mayRot] allows, and nobody may take
// that for a crash: what is cut off would be forgotten, though it was acknowledged.
// Only the id of a database, which nobody reads, may change unnoticed.
func TestALogThatRotsIsNeverCut(t *testing.T) {
	noticed := 0
	for seed := range uint64(400) {
		lives, found := 0, txnlog.Opened{}
		w := sim.NewWorld(sim.Config{Seed: seed})
		id := w.Add("zk1", "zk", func() node.Node { return &logger{seed: seed, lives: &lives, found: &found} })
		w.Start(id)
		w.Run(time.Second)
		if _, ok := w.Rot(id, "log", mayRot); !ok {
			t.Fatalf("seed %d: nothing to hit", seed)
		}
		w.Crash(id, sim.LoseAll)
		w.Start(id)
		w.Run(2 * time.Second)
		if found.TornFile != "" || found.Corrupt == "" && found.LastZxid.Counter() != 20 {
			t.Errorf("seed %d: %+v", seed, found)
		}
		if found.Corrupt != "" {
			noticed++
		}
		w.Close()
	}
	if noticed < 350 {
		t.Errorf("only %d of 400 logs were refused", noticed)
	}
}

// TestWhatMayRot leaves temporary files and the last record of a log alone.
func TestWhatMayRot(t *testing.T) {
	record := func(n byte) []byte { return append(append(make([]byte, 11), n), make([]byte, n+1)...) }
	log := append(append(make([]byte, 16), record(5)...), record(7)...)
	for _, c := range []struct {
		name string
		b    []byte
		want int
	}{
		{"snapshot.1.tmp", log, 0},
		{"snapshot.1", log, len(log)},
		{"log.1", log, 16 + 12 + 5 + 1},
		{"log.1", append(log, make([]byte, 64)...), 16 + 12 + 5 + 1},
		{"log.1", log[:16+12+5+1], 16},
		{"log.1", log[:9], 0},
	} {
		if got := mayRot(c.name, c.b); got != c.want {
			t.Errorf("%s of %d bytes: %d may rot, want %d", c.name, len(c.b), got, c.want)
		}
	}
}
