package sim

import (
	"errors"
	"fmt"
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
)

// Config describes a world. The zero value of every field but Seed means its
// default, which [Config.Validate] fills in.
type Config struct {
	// Seed determines every random choice of the world.
	Seed uint64
	// Net is the behaviour of the network, Disk that of every disk.
	Net  NetConfig
	Disk DiskConfig
	// Wire runs every message of a connection through its real encoding: encoded
	// when sent, decoded by the receiver's Decode, and encoded again to compare.
	// It does not change what happens in the run, unless an encoding is wrong.
	Wire bool

	_ struct{}
}

// NetConfig is the behaviour of the network without faults.
type NetConfig struct {
	// Latency is how long a message travels. Default 200 µs to 2 ms, mean 500 µs.
	Latency Latency
	// Ports overrides Latency for connections and datagrams of single ports.
	Ports map[node.Port]Latency
	// ConnectTimeout is how long a dial waits for its handshake before it ends
	// with node.TimedOut. Default 5 s.
	ConnectTimeout time.Duration
	// StallTimeout is how long an end that has unacknowledged data waits on a
	// blocked link before its connection ends with node.TimedOut. Default 15 s.
	StallTimeout time.Duration
	// Loss, Duplicate and Reorder are the odds of each mishap per datagram.
	// A reordered datagram travels up to ReorderDelay longer (default 10 ms).
	Loss, Duplicate, Reorder Ratio
	ReorderDelay             time.Duration

	_ struct{}
}

// DiskConfig is the behaviour of the disks without faults.
type DiskConfig struct {
	// Sync is how long an fsync of a file takes. Default 100 µs to 5 ms, mean
	// 400 µs, with a rare tail of up to 50 ms.
	Sync Latency
	// SyncDir is how long an fsync of the directory takes. Defaults to Sync.
	SyncDir Latency

	_ struct{}
}

// Ratio is a probability Num/Den in integers. The zero value is never.
type Ratio struct{ Num, Den uint32 }

// Latency is a distribution of durations in integer arithmetic: an exponential
// body from Min on, of about the given Mean, cut off at Max; and with odds Tail
// instead a uniform outlier between Max and TailMax. The zero value is no delay.
type Latency struct {
	Min, Mean, Max time.Duration
	Tail           Ratio
	TailMax        time.Duration
}

// IsZero reports whether the distribution is unset.
func (l Latency) IsZero() bool { return l == Latency{} }

// Validate fills in defaults, and returns an error that names the field when a
// value makes no sense.
func (c *Config) Validate() error {
	c.fillDefaults()
	checks := []error{
		c.Net.Latency.check("Net.Latency"),
		c.Disk.Sync.check("Disk.Sync"),
		c.Disk.SyncDir.check("Disk.SyncDir"),
		c.Net.Loss.check("Net.Loss"),
		c.Net.Duplicate.check("Net.Duplicate"),
		c.Net.Reorder.check("Net.Reorder"),
		checkPositive(c.Net.ConnectTimeout, "Net.ConnectTimeout"),
		checkPositive(c.Net.StallTimeout, "Net.StallTimeout"),
		checkPositive(c.Net.ReorderDelay, "Net.ReorderDelay"),
	}
	for port := range 256 {
		if l, ok := c.Net.Ports[node.Port(port)]; ok {
			checks = append(checks, l.check(fmt.Sprintf("Net.Ports[%d]", port)))
		}
	}
	return errors.Join(checks...)
}

func (c *Config) fillDefaults() {
	if c.Net.Latency.IsZero() {
		c.Net.Latency = Latency{Min: 200 * time.Microsecond, Mean: 500 * time.Microsecond, Max: 2 * time.Millisecond}
	}
	if c.Disk.Sync.IsZero() {
		c.Disk.Sync = Latency{
			Min: 100 * time.Microsecond, Mean: 400 * time.Microsecond, Max: 5 * time.Millisecond,
			Tail: Ratio{1, 200}, TailMax: 50 * time.Millisecond,
		}
	}
	if c.Disk.SyncDir.IsZero() {
		c.Disk.SyncDir = c.Disk.Sync
	}
	if c.Net.ConnectTimeout == 0 {
		c.Net.ConnectTimeout = 5 * time.Second
	}
	if c.Net.StallTimeout == 0 {
		c.Net.StallTimeout = 15 * time.Second
	}
	if c.Net.ReorderDelay == 0 {
		c.Net.ReorderDelay = 10 * time.Millisecond
	}
}

// maxLatency bounds every configured duration, so that sums of delays and
// products of the sampling arithmetic stay far from overflow.
const maxLatency = time.Hour

func (l Latency) check(field string) error {
	switch {
	case l.Min < 0 || l.Mean < l.Min || l.Max < l.Mean:
		return fmt.Errorf("sim: %s needs 0 <= Min <= Mean <= Max, has %v, %v, %v", field, l.Min, l.Mean, l.Max)
	case l.Tail.Num > 0 && l.TailMax < l.Max:
		return fmt.Errorf("sim: %s has a tail, so TailMax (%v) must be at least Max (%v)", field, l.TailMax, l.Max)
	case l.Max > maxLatency || l.TailMax > maxLatency:
		return fmt.Errorf("sim: %s exceeds %v", field, maxLatency)
	}
	return l.Tail.check(field + ".Tail")
}

func (r Ratio) check(field string) error {
	if r.Num > r.Den {
		return fmt.Errorf("sim: %s is %d/%d, more than one", field, r.Num, r.Den)
	}
	return nil
}

func checkPositive(d time.Duration, field string) error {
	if d <= 0 || d > 24*maxLatency {
		return fmt.Errorf("sim: %s must be positive and at most %v, is %v", field, 24*maxLatency, d)
	}
	return nil
}
