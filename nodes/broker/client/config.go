package client

import (
	"errors"
	"fmt"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/sasl"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Config is what a [Cluster] has to be told. Times are on the node's own clock.
type Config struct {
	// Bootstrap are the hosts to ask first for the brokers; at least one.
	Bootstrap []string
	// Hosts finds the process behind the name of a host. It is the world's DNS, and
	// must know all of Bootstrap.
	Hosts map[string]node.ID
	// Port is the service of every broker; default [wire.ClientPort].
	Port node.Port
	// ClientID names the application in requests.
	ClientID string
	// RequestTimeout is how long a request may take, from when it is asked for to its
	// answer (request.timeout.ms). Default 30 s. What takes longer costs the
	// connection, since a later answer could not be told from that to another request.
	RequestTimeout time.Duration
	// RetryBackoff is the pause before something is tried again, doubled with every
	// failure up to RetryBackoffMax, and less or more by a fifth. Default 100 ms, 1 s.
	RetryBackoff, RetryBackoffMax time.Duration
	// MetadataMaxAge is how old the metadata may become without a reason to ask again.
	// Default 5 min.
	MetadataMaxAge time.Duration
	// AutoCreate lets brokers create topics that are asked for, if they are configured
	// to (allow.auto.create.topics).
	AutoCreate bool
	// HeedsThrottle has the client send a broker nothing more for as long as that has told it
	// to wait, as clients of Kafka do since 2.0 (KIP-219). Others leave it to the broker,
	// which reads nothing from them meanwhile.
	HeedsThrottle bool
	// Login is who the client says it is, on every connection; without a mechanism it says
	// nothing.
	Login sasl.Login
	// RawLogin has it say so as clients did before KIP-152: in tokens without headers, and
	// who is refused learns of it by the end of the connection.
	RawLogin bool
	// Salted keeps what of passwords is slow to find out. Clients may share it; without
	// one, each has its own.
	Salted map[string][]byte
	// Bugs are those planted.
	Bugs bugs.Set
	// TimerKind is the one timer tag kind that the client takes for itself.
	TimerKind uint32
}

// Validate reports what is missing or nonsense, and fills in defaults.
func (c *Config) Validate() error {
	if len(c.Bootstrap) == 0 {
		return errors.New("client: no bootstrap hosts; list at least one")
	}
	for _, host := range c.Bootstrap {
		if _, ok := c.Hosts[host]; !ok {
			return fmt.Errorf("client: bootstrap host %q is not in Hosts; say which process it is", host)
		}
	}
	for _, d := range []time.Duration{c.RequestTimeout, c.RetryBackoff, c.RetryBackoffMax, c.MetadataMaxAge} {
		if d < 0 {
			return errors.New("client: a negative time; use 0 for the default")
		}
	}
	defaultTo(&c.Port, wire.ClientPort)
	defaultTo(&c.RequestTimeout, 30*time.Second)
	defaultTo(&c.RetryBackoff, 100*time.Millisecond)
	defaultTo(&c.RetryBackoffMax, max(time.Second, c.RetryBackoff))
	defaultTo(&c.MetadataMaxAge, 5*time.Minute)
	return nil
}

// defaultTo gives a field its default if it is zero.
func defaultTo[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
