package client

import (
	"errors"
	"fmt"
	"time"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Config is what a client has to be told. Times are on the node's own clock.
type Config struct {
	// Servers are the processes that serve clients; at least one. The client
	// shuffles them once and then goes round.
	Servers []node.ID
	// Port is the service to dial; default [wire.ClientPort].
	Port node.Port
	// SessionTimeout is what the client asks for; servers may grant another. At
	// least a millisecond, the protocol's unit.
	SessionTimeout time.Duration
	// ConnectTimeout bounds one attempt, from dialling to the server's answer.
	// Default: SessionTimeout shared out over the servers, as every one of them
	// should get a try while the session still lives.
	ConnectTimeout time.Duration
	// RetryDelay bounds the random pause after all servers were tried in vain.
	// Default: a tenth of SessionTimeout, at most one second.
	RetryDelay time.Duration
	// OpTimeout ends requests that had no answer for so long: unsent ones fail,
	// a sent one takes the connection with it, because later replies could
	// otherwise no longer be told apart in order. 0 waits for ever.
	OpTimeout time.Duration
	// CanBeReadOnly lets read-only servers serve the client, until it finds another.
	CanBeReadOnly bool
	// WatchBatch bounds what a client that reconnects brings of its watches in one
	// request: when the paths in it have so many bytes, the next goes into another.
	// Default 128 KiB, well below the largest packet that servers take
	// (ZOOKEEPER-706).
	WatchBatch int
	// Bugs are the switched-on bugs; zero for the correct build.
	Bugs bugs.Set
	// TimerKind is the first of the [TimerKinds] timer tag kinds that the client
	// takes for itself.
	TimerKind uint32
}

// defaultWatchBatch is that of the Java client.
const defaultWatchBatch = 128 << 10

// maxRetryDelay is the longest default pause between rounds of attempts.
const maxRetryDelay = time.Second

// Validate reports what is missing or nonsense, and fills in defaults.
func (c *Config) Validate() error {
	if len(c.Servers) == 0 {
		return errors.New("client: no servers; list at least one")
	}
	if c.SessionTimeout < time.Millisecond {
		return fmt.Errorf("client: session timeout %v; give at least 1ms", c.SessionTimeout)
	}
	if c.ConnectTimeout < 0 || c.RetryDelay < 0 || c.OpTimeout < 0 {
		return errors.New("client: a negative timeout; use 0 for the default")
	}
	if c.WatchBatch < 0 {
		return errors.New("client: a negative watch batch; use 0 for the default")
	}
	if c.WatchBatch == 0 {
		c.WatchBatch = defaultWatchBatch
	}
	if c.Port == 0 {
		c.Port = wire.ClientPort
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = max(c.SessionTimeout/time.Duration(len(c.Servers)), time.Millisecond)
	}
	if c.RetryDelay == 0 {
		c.RetryDelay = min(max(c.SessionTimeout/10, time.Millisecond), maxRetryDelay)
	}
	return nil
}
