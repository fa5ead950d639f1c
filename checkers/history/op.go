// Package history is what the judges judge: client operations with their
// outcomes, session events, and the transactions that the servers applied.
//
// An operation is invoked once and ends ok, fail (it definitely did not happen)
// or info (nobody knows; it may happen even later). The vocabulary is Jepsen's.
package history

import (
	"math"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Outcome is how an operation ended.
type Outcome uint8

// Outcomes.
const (
	// Info: the client does not know whether the operation took effect.
	Info Outcome = iota
	// OK: it took effect, the result fields are filled.
	OK
	// Fail: it definitely took no effect. Err says why, if a server said it.
	Fail
)

// String returns Jepsen's word.
func (o Outcome) String() string { return [...]string{"info", "ok", "fail"}[o] }

// F is the function an operation calls, Jepsen's :f.
type F string

// Functions of coordinator workloads. Register workloads read as Jepsen's:
// write is a blind setData, cas a setData with a version.
const (
	Create   F = "create"
	Delete   F = "delete"
	Set      F = "set" // setData; Version -1 is blind
	Get      F = "get" // getData, a local read
	Exists   F = "exists"
	Children F = "children" // getChildren2
	Sync     F = "sync"
	SyncGet  F = "sync-get" // sync, then getData on the same connection
	Multi    F = "multi"
	Close    F = "close" // closeSession

	// SetACL sets a list, in the form of wire.FormatACL; Version is the list's.
	SetACL F = "set-acl"
	GetACL F = "get-acl" // OutValue is the list
	// CountAll is getAllChildrenNumber; OutValue is the number.
	CountAll F = "count-all"
	// Ephemerals lists the session's own, whose paths begin with Path, in OutChildren.
	Ephemerals F = "ephemerals"
	// Ask puts a four-letter word, Value, to a server; OutValue is the answer. It is no
	// part of any session.
	Ask F = "ask"
	// AddWatch sets a persistent watch; Mode is a wire.WatchMode. RemoveWatch and
	// CheckWatch are removeWatches and checkWatches; Mode is a wire.WatchType.
	AddWatch    F = "add-watch"
	RemoveWatch F = "remove-watch"
	CheckWatch  F = "check-watch"
	// MultiRead is some gets and children (getChildren) from one state of the tree;
	// each has its own result.
	MultiRead F = "multi-read"
	// Reconfig changes the ensemble as Change says; OutValue is the configuration that
	// comes of it.
	Reconfig F = "reconfig"
)

// Functions of a plain register, as Jepsen's histories have them. Path is its
// key, "" for the only one.
const (
	Read  F = "read"
	Write F = "write"
	CAS   F = "cas" // from Old to Value
)

// Never is the Return of an operation that never returned.
const Never time.Duration = -1

// Op is one client operation. Fields that a function does not use stay zero.
type Op struct {
	// ID is the operation's number in its plan; unique in a history.
	ID int
	// Process is the logical client. A process has one operation at a time,
	// unless Pipelined; after an info outcome it goes on under a new number, as
	// in Jepsen (see Client).
	Process int
	// Client is the client node that ran it; several processes may share it over time.
	Client int
	F      F
	// Path and the arguments.
	Path    string
	Value   string
	Old     string // what a plain register's cas expects
	Version int32  // expected version, -1 any
	Mode    int32  // create mode, or what is watched
	TTL     int64  // ms, of the modes that have one
	// ACL is the list that a create asks for, in the form of wire.FormatACL; "" is open.
	ACL    string
	Parts  []Part
	Change *Change
	// Log is what an operation on brokers has; nil for others.
	Log *LogOp

	// Invoke and Return are virtual time; Return is Never for what never returned.
	Invoke, Return time.Duration
	Outcome        Outcome
	// Final marks the reads after healing.
	Final bool
	// Watch: the read asked for a one-shot watch.
	Watch bool
	// Step is the ID of the recipe step of the plan that issued it, 0 if it was
	// planned itself. Its own ID is not in the plan then.
	Step int

	// The witness: which session and connection (the k-th of the session) carried
	// it, under which xid, to which server (node id), and the zxid the reply bore.
	// Zxid is 0 if there was no reply.
	Session int64
	Conn    int
	Xid     int32
	Server  int
	Zxid    wire.Zxid
	Err     wire.ErrorCode
	// Order is the position of the reply among all that arrived on its connection,
	// watch events included, from 1; 0 if there was none.
	Order int
	// SyncXid and SyncZxid are the sync's own xid and reply zxid in a sync-get.
	SyncXid  int32
	SyncZxid wire.Zxid

	// Results.
	OutPath     string
	OutValue    string
	OutNil      bool // a plain register's read found nothing written
	OutStat     *wire.Stat
	OutChildren []string
	OutParts    []wire.MultiResult
}

// Part is one operation of a multi.
type Part struct {
	F       F // create, delete, set or "check"; in a multi-read get or children
	Path    string
	Value   string
	Version int32
	Mode    int32
	TTL     int64
	ACL     string
}

// Change is what a reconfig asks for: all Members, or who is Joining and who Leaving,
// each a list with commas. From is the version that it replaces, -1 for any.
type Change struct {
	Joining, Leaving, Members string
	From                      int64
}

// Check is the function of a version check inside a multi.
const Check F = "check"

// SessionEventKind says what happened to a session, as its client saw it.
type SessionEventKind string

// Session events.
const (
	Connected    SessionEventKind = "connected" // Zxid: what the client had seen; Timeout: negotiated
	Disconnected SessionEventKind = "disconnected"
	Expired      SessionEventKind = "expired"
	Closed       SessionEventKind = "closed"
	// ConnectedReadOnly is Connected by a server that takes no writes.
	ConnectedReadOnly SessionEventKind = "connected-read-only"
)

// SessionEvent is one change of a client's session.
type SessionEvent struct {
	At      time.Duration
	Client  int
	Kind    SessionEventKind
	Session int64
	Conn    int
	Server  int
	Zxid    wire.Zxid
	Timeout time.Duration
	// Before is the session that this one continues for its client, 0 if none. Asked:
	// the client accepts read-only servers.
	Before int64
	Asked  bool
	// Vouched are the identities that the connection has from its transport: its
	// address, the subject of its certificate; Connected only.
	Vouched []wire.Identity
}

// LocalSession is a session that one server opened and told nobody of, as that server
// says. It is in the log only if it was upgraded, which makes it like any other.
type LocalSession struct {
	At      time.Duration
	Session int64
	Server  int
	Timeout time.Duration
	// Upgradable: its server makes it known to all before it owns an ephemeral.
	Upgradable bool
}

// Tail is what a read-only server showed and the log does not have: transactions that
// were on its disk only, or on too few, and followed the one of zxid After in the log.
type Tail struct {
	After wire.Zxid
	Txns  []*wire.Txn
}

// WatchEvent is a notification that a client received, as a watch fired, or that it
// gave itself, as a watch was removed.
type WatchEvent struct {
	At      time.Duration
	Client  int
	Session int64
	Conn    int
	Server  int
	Order   int // as in Op
	Type    wire.EventType
	Path    string
	// Zxid is that of the transaction that fired it; NoZxid for what was missed
	// between two connections.
	Zxid wire.Zxid
}

// Rearm is an answered setWatches: a client took its watches to another connection.
type Rearm struct {
	At      time.Duration
	Client  int
	Session int64
	Conn    int
	Server  int
	Order   int       // of the reply, as in Op
	Zxid    wire.Zxid // of the reply
	// Seen is the last zxid the client had seen, the rest the paths it watched:
	// data of a znode, a znode that did not exist, children; for good, one znode or all
	// below it. A client with many watches splits them over several requests.
	Seen                  wire.Zxid
	Data, Exist, Child    []string
	Persistent, Recursive []string
}

// Applied is one transaction as the ensemble applied it: the committed log W
// that the witnessed checks replay. At is when the first server applied it.
type Applied struct {
	At  time.Duration
	Txn *wire.Txn
}

// History is everything about a run that a judge may use.
type History struct {
	Ops      []Op // by ID
	Sessions []SessionEvent
	Events   []WatchEvent
	Rearms   []Rearm
	Auths    []Auth // in the order they were shown
	Locals   []LocalSession
	Tails    []Tail
	Claims   []Claim
	// Partitions are what happened to the partitions of brokers that readers must
	// reckon with, in order.
	Partitions []LogEvent
	// States are the operations of brokers on what the coordinator's tree says of the
	// cluster, in the order in which they were begun or told of.
	States []StateOp
	// Access is what became of the access control entries of a cluster of brokers.
	Access []AccessEvent
	// Config is the text of the configuration that a changing ensemble began with, in
	// the version that its first leader gave it; "" of an ensemble that does not change.
	Config string
	// Log is the committed log in zxid order, empty for histories recorded
	// without one (Jepsen's).
	Log []Applied
	// Rules are those of the ensemble's settings by which results are right or wrong.
	Rules Rules
}

// End is when the end began: the first of the final operations of any client. Another may
// still be busy with what came before.
func (h *History) End() time.Duration {
	end := time.Duration(math.MaxInt64)
	for i := range h.Ops {
		if op := &h.Ops[i]; op.Final {
			end = min(end, op.Invoke)
		}
	}
	return end
}
