package admin

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Latency sums up how long requests took, from their arrival to their reply.
type Latency struct {
	Min, Max, Total, Count int64 // ms, except Count
}

// Add counts one request.
func (l *Latency) Add(d time.Duration) {
	ms := d.Milliseconds()
	if l.Count == 0 || ms < l.Min {
		l.Min = ms
	}
	l.Max = max(l.Max, ms)
	l.Total += ms
	l.Count++
}

// Average is the mean in ms, 0 if there was no request.
func (l *Latency) Average() float64 {
	if l.Count == 0 {
		return 0
	}
	return float64(l.Total) / float64(l.Count)
}

// Counters are what a server counts of its clients' traffic.
type Counters struct {
	Received, Sent int64
	Latency        Latency
}

// ConnStats are what a server counts of one connection.
type ConnStats struct {
	Counters
	// Established and LastResponse are in ms of the wall clock.
	Established, LastResponse int64
	LastOp                    wire.OpCode
	LastCxid                  int32
	LastZxid                  wire.Zxid
	LastLatency               int64 // ms
}

// Reset forgets everything but when the connection came up.
func (c *ConnStats) Reset() { *c = ConnStats{Established: c.Established} }

// Sizes are those of the proposals a leader made, in bytes; -1 if there was none.
type Sizes struct{ Last, Min, Max int64 }

// NoSizes is before the first proposal.
var NoSizes = Sizes{-1, -1, -1}

// Add counts one.
func (s *Sizes) Add(bytes int64) {
	if s.Last < 0 || bytes < s.Min {
		s.Min = bytes
	}
	s.Max = max(s.Max, bytes)
	s.Last = bytes
}

// digestsKept is how many digests are remembered (ZooKeeper's DataTree).
const digestsKept = 1024

// Digests remembers the digest of the tree at every Interval-th transaction of an
// epoch.
type Digests struct {
	Interval uint32
	list     []Digest
}

// Applied is told of every transaction; digest is that of the tree after it.
func (d *Digests) Applied(zxid wire.Zxid, digest uint64) {
	if zxid.Counter()%d.Interval != 0 {
		return
	}
	if len(d.list) == digestsKept {
		d.list = append(d.list[:0:0], d.list[1:]...)
	}
	d.list = append(d.list, Digest{zxid, digest})
}

// List returns what is remembered, oldest first.
func (d *Digests) List() []Digest { return d.list }
