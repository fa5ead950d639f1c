package conformance

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator"
	"github.com/stampede-sim/stampede/nodes/coordinator/admin"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// Simulated launches our coordinator in a simulated world, over its real encoding.
var Simulated = Launcher{Name: "stampede", Version: Version{3, 9, 4}, Launch: launchSimulated}

// simulated is a world of servers and one process that holds all client connections.
type simulated struct {
	world   *sim.World
	servers []node.ID
	up      []bool
	clients *terminal
	host    node.ID
	failure error // a server's bug; the world stands still from then on
}

// constant latency lets what a client sends at once arrive at once.
var constant = sim.Latency{Min: 100 * time.Microsecond, Mean: 100 * time.Microsecond, Max: 100 * time.Microsecond}

func launchSimulated(s Setup) (Target, error) {
	w := &simulated{world: sim.NewWorld(sim.Config{Seed: 1, Wire: true, Net: sim.NetConfig{Latency: constant}}), clients: &terminal{conns: map[node.ConnID]*simulatedConn{}}}
	for i := range s.Servers {
		cfg := configured(s, i+1)
		if err := cfg.Validate(); err != nil {
			w.world.Close()
			return nil, err
		}
		id := w.world.Add(fmt.Sprintf("zk%d", i+1), "zk", func() node.Node { return coordinator.New(cfg) })
		w.servers, w.up = append(w.servers, id), append(w.up, true)
		w.world.Start(id)
	}
	w.host = w.world.Add("clients", "clients", func() node.Node { return w.clients })
	w.world.Start(w.host)
	return w, w.run(0)
}

// configured is the configuration of server sid.
func configured(s Setup, sid int) coordinator.Config {
	cfg := coordinator.Config{
		Sid: int64(sid), Tick: s.Tick, MinSessionTimeout: s.MinSession, MaxSessionTimeout: s.MaxSession,
		ReapInterval: s.ContainerCheck, ElectionTimeoutMax: time.Second, SuperDigest: s.Super,
		InitLimit: 20, SyncLimit: 10,
		LocalSessions: s.Features["local"], UpgradeSessions: s.Features["upgrading"],
		ReadOnlyMode: s.Features["read-only"], ExtendedTypes: s.Features["ttl"], NeverUsed: s.MaxNeverUsed,
		EnforceQuota: s.Features["quota"], Standalone: s.Servers == 1 && !s.Features["alone"], ReconfigEnabled: s.Features["reconfig"],
		MaxClientCnxns: s.MaxClients, MaxCnxns: s.MaxConnections,
	}
	if !s.Features["few-words"] {
		cfg.FourLetterWords = admin.Words
	}
	if s.Features["digest-required"] {
		cfg.EnforceAuth = []string{"digest"}
	}
	for i := range s.Servers {
		cfg.Members = append(cfg.Members, coordinator.Member{
			Sid: int64(i + 1), Node: node.ID(i), Observer: i >= s.Servers-s.Observers,
		})
	}
	return cfg
}

// run lets the world go on for a while. A failure in it is a bug of the server.
func (w *simulated) run(d time.Duration) error {
	w.world.Run(w.world.Now() + d)
	if f := w.world.Failure(); f != nil {
		return fmt.Errorf("%s failed at step %d: %s\n%s", f.Name, f.Step, f.Reason, f.Stack)
	}
	return nil
}

// mustRun is run for callers that learn of a failure by the next frame they await.
func (w *simulated) mustRun(d time.Duration) {
	if err := w.run(d); err != nil {
		w.failure = err
	}
}

// act lets the process of the clients do something, between two of its callbacks.
func (w *simulated) act(label string, fn func()) {
	w.world.At(w.world.Now(), label, fn)
	w.mustRun(0)
}

// Name implements [Target].
func (w *simulated) Name() string { return Simulated.Name }

// Version implements [Target].
func (w *simulated) Version() Version { return Simulated.Version }

// Servers implements [Target].
func (w *simulated) Servers() int { return len(w.servers) }

// Sleep implements [Target].
func (w *simulated) Sleep(d time.Duration) { w.mustRun(d) }

// Millis implements [Target].
func (w *simulated) Millis() int64 { return w.clients.env.WallMillis() }

// Kill implements [Target]. What was not synced is lost.
func (w *simulated) Kill(server int) {
	w.up[server-1] = false
	w.world.Crash(w.servers[server-1], sim.LoseAll)
	w.mustRun(0)
}

// Start implements [Target].
func (w *simulated) Start(server int) {
	w.up[server-1] = true
	w.world.Start(w.servers[server-1])
	w.mustRun(0)
}

// Pause implements [Target].
func (w *simulated) Pause(server int) {
	w.world.Pause(w.servers[server-1])
	w.mustRun(0)
}

// Resume implements [Target].
func (w *simulated) Resume(server int) {
	w.world.Resume(w.servers[server-1])
	w.mustRun(0)
}

// Ready implements [Target]. A server says srvr only when it serves.
func (w *simulated) Ready() error {
	for server := range w.servers {
		for tries := 0; w.up[server] && !w.serves(server+1); tries++ {
			if tries == 1000 {
				return fmt.Errorf("server %d does not serve", server+1)
			}
		}
	}
	return nil
}

func (w *simulated) serves(server int) bool {
	c, _ := w.Dial(server)
	defer c.Close()
	c.Word("srvr")
	text, err := c.Rest(20 * time.Millisecond)
	return err == nil && strings.Contains(text, "Mode:")
}

// Address implements [Target].
func (w *simulated) Address(server int) string { return fmt.Sprintf("zk%d:2888:3888", server) }

// ClientAddress implements [Target].
func (w *simulated) ClientAddress(int) string { return "0.0.0.0:2181" }

// Client implements [Target]: addresses in a simulated world are made of process ids.
func (w *simulated) Client() string { return fmt.Sprintf("10.0.0.%d", w.host) }

// Anonymous implements [Target].
func (w *simulated) Anonymous(text string) string {
	for sid := range w.servers {
		text = strings.ReplaceAll(text, w.Address(sid+1), fmt.Sprintf("$%d", sid+1))
	}
	return everywhere.ReplaceAllString(text, "$$$1:$2;$$${1}c")
}

// everywhere is where every simulated server takes clients.
var everywhere = regexp.MustCompile(`\$(\d+):(participant|observer);0\.0\.0\.0:2181`)

// Close implements [Target].
func (w *simulated) Close() { w.world.Close() }

// Dial implements [Target].
func (w *simulated) Dial(server int) (Conn, error) {
	c := &simulatedConn{w: w}
	w.act("dial", func() {
		c.id = w.clients.env.Dial(w.servers[server-1], wire.ClientPort)
		w.clients.conns[c.id] = c
	})
	return c, nil
}

// simulatedConn is a connection with what arrived on it.
type simulatedConn struct {
	w      *simulated
	id     node.ConnID
	frames [][]byte
	ended  bool
}

// Send implements [Conn].
func (c *simulatedConn) Send(frame []byte) {
	c.w.act("send", func() { c.w.clients.env.Send(c.id, &message{frame}) })
}

// Word implements [Conn]: in a world of messages it is a message of four bytes.
func (c *simulatedConn) Word(word string) { c.Send([]byte(word)) }

// Receive implements [Conn].
func (c *simulatedConn) Receive(timeout time.Duration) ([]byte, error) {
	for deadline := c.w.world.Now() + timeout; len(c.frames) == 0; {
		if c.ended {
			return nil, ErrEnd
		}
		if c.w.world.Now() >= deadline {
			return nil, ErrSilent
		}
		if c.w.mustRun(time.Millisecond); c.w.failure != nil {
			return nil, c.w.failure
		}
	}
	frame := c.frames[0]
	c.frames = c.frames[1:]
	return frame, nil
}

// Rest implements [Conn].
func (c *simulatedConn) Rest(timeout time.Duration) (string, error) {
	text := ""
	for {
		frame, err := c.Receive(timeout)
		if err != nil {
			if errors.Is(err, ErrEnd) {
				err = nil
			}
			return text, err
		}
		text += string(frame)
	}
}

// Close implements [Conn].
func (c *simulatedConn) Close() {
	c.w.act("close", func() { c.w.clients.env.Close(c.id) })
}

// terminal is the process that holds the clients' connections. It understands nothing
// of what it carries.
type terminal struct {
	node.Base
	env   node.Env
	conns map[node.ConnID]*simulatedConn
}

// Boot implements [node.Node].
func (t *terminal) Boot(env node.Env) { t.env = env }

// Receive implements [node.Node].
func (t *terminal) Receive(c node.ConnID, m node.Message) {
	t.conns[c].frames = append(t.conns[c].frames, m.AppendWire(nil))
}

// Closed implements [node.Node].
func (t *terminal) Closed(c node.ConnID, _ node.CloseReason) { t.conns[c].ended = true }

// Decode implements [node.Node].
func (t *terminal) Decode(_ node.ConnID, frame []byte) (node.Message, error) {
	return &message{append([]byte{}, frame...)}, nil
}

// message is a frame that nobody looks into.
type message struct{ b []byte }

// Kind implements [node.Message].
func (m *message) Kind() string { return "FRAME" }

// Fingerprint implements [node.Message].
func (m *message) Fingerprint() uint64 { return uint64(len(m.b)) }

// AppendWire implements [node.Message].
func (m *message) AppendWire(b []byte) []byte { return append(b, m.b...) }

// String implements [node.Message].
func (m *message) String() string { return fmt.Sprintf("FRAME %x", m.b) }
