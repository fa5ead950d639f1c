package workloads

import (
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
)

// Functions of a plan beyond those of [history]. Only SyncChildren leaves an
// operation in the history; the others show as session events.
const (
	// SyncChildren is a sync and a getChildren2 on the same connection. It is
	// recorded as [history.Children] with the sync's xid and zxid.
	SyncChildren history.F = "sync-children"
	// Hang stops all traffic of the client for Op.For, pings included, so that
	// its session may expire; then it reconnects.
	Hang history.F = "hang"
	// Move drops the connection and goes to the next server.
	Move history.F = "move"
	// Stumble is a Move, and another as soon as the next server has answered the first
	// request for the client's watches: others may be on their way.
	Stumble history.F = "stumble"
	// Open forsakes the session without closing it and opens a new one.
	Open history.F = "open"
	// Auth shows a credential, Op.Value in the form scheme:secret. It shows as a
	// [history.Auth]; it takes no turn among the operations.
	Auth history.F = "auth"
)

// VersionArg is the expected version of a conditional operation: 0 and above are
// versions, below are Any and Seen.
type VersionArg int32

const (
	// Any makes the operation unconditional.
	Any VersionArg = -1
	// Seen stands for the version that this client saw last for the path, in any
	// reply; 0, the version of a fresh znode, if it saw none. So a plan line
	// always is a conditional request, whatever was cut out before it.
	Seen VersionArg = -2
)

// LastCreated, as the name in the path of a delete or get-acl, stands for the sequential
// child of that directory that this client created last and did not yet try to
// delete. Without one, the name is sent as it is, and no such node exists.
const LastCreated = "?"

// Op is one operation of a plan. Fields that a function does not use stay zero.
type Op struct {
	// ID numbers the operations of a plan from 1.
	ID int
	// Client is the index of the client that runs it.
	Client int
	// At is when it may start, counted from the start of the workload. It starts
	// later if the client's previous operation has not ended.
	At time.Duration
	F  history.F
	// Path, Value, Version and Mode (a create mode of wire, or what is watched) are the
	// arguments.
	Path, Value string
	Version     VersionArg
	Mode        int32
	// TTL is that of the modes that have one, in whole milliseconds.
	TTL time.Duration
	// ACL is the list that a create or set-acl asks for, in the form of
	// wire.FormatACL. Without one, a create asks for the open list, and a set-acl for
	// one that is open but tells by Value who set it.
	ACL string
	// Parts are the operations of a multi.
	Parts []Part
	// Server is the index of the server that a question goes to, modulo their number.
	Server int
	// Change is what a reconfig asks for, by server ids: see [Change].
	Change Change
	// For is how long a hang lasts.
	For time.Duration
	// Recipe are the arguments of a recipe step.
	Recipe RecipeArgs
	// Log are the arguments of an operation on brokers.
	Log LogArgs
	// Pipelined operations are submitted without waiting for the previous one to
	// end; the session's FIFO order must hold them apart.
	Pipelined bool
	// Patient operations are started when their time has come and the client is
	// connected, however late that is; others are given up at their timeout, and not
	// begun after the plan's end.
	Patient bool
	// Watch asks a get, exists or children for a one-shot watch.
	Watch bool

	step int // the recipe step that issues it, 0 in plans
}

// Change is a reconfiguration in a plan. Each field lists server ids with commas;
// ":observer" behind one gives it that role. Members, which stands for the whole
// ensemble, may have slashes between the groups of a hierarchical quorum. The version
// of the operation says which configuration is to be replaced: any, or the one seen last.
type Change struct{ Joining, Leaving, Members string }

// Part is one operation of a multi; F is create, delete, set or check.
type Part struct {
	F           history.F
	Path, Value string
	Version     VersionArg
	Mode        int32
	TTL         time.Duration
	ACL         string
}
