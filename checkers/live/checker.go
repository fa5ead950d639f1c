package live

import (
	"time"

	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Ghost shows the disks as only a simulator can. Slices it returns are read,
// never kept or changed.
type Ghost interface {
	// Files lists the names in the page cache's view of a disk, sorted.
	Files(id node.ID) []string
	// Read returns a file as its owner would read it now.
	Read(id node.ID, file string) ([]byte, bool)
	// Durable returns what of a file no crash can take any more; false if the
	// file's name itself may vanish.
	Durable(id node.ID, file string) ([]byte, bool)
	// DurableSize is len(Durable), cheaply; 0 if the name may vanish.
	DurableSize(id node.ID, file string) int64
}

// Server is one member of the ensemble. Every member votes.
type Server struct {
	ID node.ID
	// Sid is the server id that quorum bit sets use, 1 to 63.
	Sid int64
	// Name is for people.
	Name string
}

// Config holds the bounds that session expiry is judged by.
type Config struct {
	// Tick is the ensemble's tickTime; expiry is rounded up to whole ticks.
	Tick time.Duration
	// DriftPPM bounds how much faster than virtual time a server's clock may
	// run, in parts per million.
	DriftPPM int64
}

// Checker watches one ensemble. It is told every fact, boot and crash in order,
// and keeps the first violation.
type Checker struct {
	servers []Server
	ghost   Ghost
	cfg     Config
	finding *guarantee.Finding
}

// New returns a checker of an ensemble that has not started yet.
func New(servers []Server, g Ghost, cfg Config) *Checker {
	return &Checker{servers: servers, ghost: g, cfg: cfg}
}

// Observe takes one fact, as it is stated.
func (c *Checker) Observe(step uint64, at time.Duration, id node.ID, e node.Event) {}

// Booted tells that a server's process starts.
func (c *Checker) Booted(id node.ID) {}

// Crashed tells that a server's process is gone, for whatever reason.
func (c *Checker) Crashed(id node.ID) {}

// Finding returns the first violation, nil if there is none.
func (c *Checker) Finding() *guarantee.Finding { return c.finding }

// Log returns the committed transactions in zxid order, with the time when each
// was first applied.
func (c *Checker) Log() []history.Applied { return nil }
