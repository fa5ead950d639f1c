package admin

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Version is what servers call themselves.
const Version = "3.9.0-stampede"

// Mode is the role in which a server serves.
type Mode string

// The modes. NotServing is that of a server without a leader.
const (
	NotServing Mode = ""
	Leader     Mode = "leader"
	Follower   Mode = "follower"
	Observer   Mode = "observer"
	Standalone Mode = "standalone"
	ReadOnly   Mode = "read-only"
)

// State describes a server at one moment. While Mode is NotServing only Sid, Phase,
// Settings and Metrics mean anything.
type State struct {
	Sid  int64
	Mode Mode
	// Phase is where the server stands in the protocol: ELECTION, DISCOVERY,
	// SYNCHRONIZATION or BROADCAST.
	Phase string
	// LeaderSid is who leads, 0 if nobody does; Epoch the last one accepted.
	LeaderSid, Epoch int64
	Uptime           time.Duration
	// Wall is the server's wall clock, in ms.
	Wall int64

	// The database: what was applied last, the number of znodes, of ephemerals
	// among them, and the bytes of all paths and data.
	Zxid                        wire.Zxid
	Nodes, Ephemerals, DataSize int
	// Digests are digests of the tree at recent transactions, oldest first.
	Digests []Digest

	// Sessions are those of the database, in order of id; Owned the paths of
	// ephemerals by session.
	Sessions []Session
	Owned    []Holding
	// Connections are the clients of this server, in order of their arrival.
	Connections []Connection
	// Watches is how many there are; Watchers and Watched are those on data, once by
	// session and once by path. ZooKeeper's words leave those on children out.
	Watches           int
	Watchers, Watched []Holding
	Outstanding       int

	// SnapshotBytes and LogBytes are the sizes of the files, LastSnapshot the zxid
	// of the newest snapshot.
	SnapshotBytes, LogBytes int64
	LastSnapshot            wire.Zxid

	// Followers and Observers are the learners of a leader that have been
	// synchronised; Voters the voting members.
	Followers, Observers []int64
	Voters               []int64
	Proposals            Sizes

	Settings  []Setting
	Counters  Counters
	Metrics   []Metric
	TraceMask int64
}

// Digest is the digest of the tree after a transaction.
type Digest struct {
	Zxid  wire.Zxid
	Value uint64
}

// Session is one session of the database.
type Session struct {
	ID        int64
	TimeoutMs int32
	// Deadline is when the leader will expire it, in ms of its wall clock; 0 on
	// other servers, which do not know.
	Deadline int64
}

// Holding is what belongs to one holder: ephemerals or watched paths to a session,
// or watching sessions to a path. Items are sorted.
type Holding struct {
	Holder string
	Items  []string
}

// Connection is one client's connection.
type Connection struct {
	// Address is "/host:port", Session 0 before there is one.
	Address string
	Session int64
	Stats   ConnStats
	// TimeoutMs is what the session was granted, Queued the requests that wait.
	TimeoutMs int32
	Queued    int
}

// Setting is one line of the configuration.
type Setting struct{ Name, Value string }

// Metric is one number that the server counts.
type Metric struct {
	Name  string
	Value int64
}
