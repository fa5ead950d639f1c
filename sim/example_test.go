package sim_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// count is the one message of the example's protocol.
type count struct{ n uint64 }

func (c *count) Kind() string               { return "COUNT" }
func (c *count) Fingerprint() uint64        { return c.n }
func (c *count) AppendWire(b []byte) []byte { return binary.BigEndian.AppendUint64(b, c.n) }
func (c *count) String() string             { return fmt.Sprintf("COUNT %d", c.n) }

// counter answers every COUNT with the next one; the one with a peer begins, and
// begins anew half a second after it lost its peer.
type counter struct {
	node.Base
	env  node.Env
	peer node.ID
}

func (c *counter) Boot(env node.Env) {
	c.env = env
	if c.peer != node.Nobody {
		c.Timer(node.Tag{})
	}
}

func (c *counter) Timer(node.Tag) {
	c.env.Send(c.env.Dial(c.peer, 1), &count{1})
}

func (c *counter) Receive(conn node.ConnID, m node.Message) {
	c.env.Send(conn, &count{m.(*count).n + 1})
}

func (c *counter) Closed(node.ConnID, node.CloseReason) {
	if c.peer != node.Nobody {
		c.env.SetTimer(500*time.Millisecond, node.Tag{})
	}
}

func (c *counter) Decode(_ node.ConnID, frame []byte) (node.Message, error) {
	if len(frame) != 8 {
		return nil, errors.New("a COUNT has eight bytes")
	}
	return &count{binary.BigEndian.Uint64(frame)}, nil
}

// Two processes count together; a power failure hits one of them. The trace shows
// why the count begins anew.
func ExampleWorld() {
	fixed := sim.Latency{Min: 40 * time.Millisecond, Mean: 40 * time.Millisecond, Max: 40 * time.Millisecond}
	w := sim.NewWorld(sim.Config{Seed: 91, Net: sim.NetConfig{Latency: fixed}})
	defer w.Close()
	bob := w.Add("bob", "counters", func() node.Node { return &counter{peer: node.Nobody} })
	alice := w.Add("alice", "counters", func() node.Node { return &counter{peer: bob} })
	w.Start(bob)
	w.Start(alice)
	w.At(100*time.Millisecond, "power failure", func() { w.Crash(bob, sim.LoseAll) })
	w.At(200*time.Millisecond, "power is back", func() { w.Start(bob) })
	w.SetTrace(func(l sim.Line) {
		if l.Verb != "send" {
			fmt.Println(strings.TrimRight(l.String(), " "))
		}
	})
	w.Run(700 * time.Millisecond)
	// Output:
	// 1 +0000.000000 bob    boot   -      incarnation 1
	//        2 +0000.000000 alice  boot   -      incarnation 1
	//        2 +0000.000000 alice  dial   bob    conn=1.1.0 port=1
	//        3 +0000.040000 bob    open   alice  conn=1.1.1 port=1
	//        4 +0000.040000 bob    recv   alice  COUNT 1
	//        5 +0000.080000 alice  open   bob    conn=1.1.0 port=1
	//        6 +0000.080000 alice  recv   bob    COUNT 2
	//        7 +0000.100000 -      step   -      power failure
	//        7 +0000.100000 bob    crash  -      keep=lose
	//        9 +0000.140000 alice  close  bob    conn=1.1.0 port=1 reset
	//       10 +0000.200000 -      step   -      power is back
	//       11 +0000.200000 bob    boot   -      incarnation 2
	//       12 +0000.640000 alice  timer  -      kind=0 arg=0
	//       12 +0000.640000 alice  dial   bob    conn=1.2.0 port=1
	//       13 +0000.680000 bob    open   alice  conn=1.2.1 port=1
	//       14 +0000.680000 bob    recv   alice  COUNT 1
}
