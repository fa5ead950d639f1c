package wire

import "strconv"

// OpCode is the type of a request and of the transaction it becomes.
type OpCode int32

// Operation codes of ZooKeeper 3.9 (ZooDefs.OpCode).
const (
	OpNotification    OpCode = 0
	OpCreate          OpCode = 1
	OpDelete          OpCode = 2
	OpExists          OpCode = 3
	OpGetData         OpCode = 4
	OpSetData         OpCode = 5
	OpGetACL          OpCode = 6
	OpSetACL          OpCode = 7
	OpGetChildren     OpCode = 8
	OpSync            OpCode = 9
	OpPing            OpCode = 11
	OpGetChildren2    OpCode = 12
	OpCheck           OpCode = 13
	OpMulti           OpCode = 14
	OpCreate2         OpCode = 15
	OpCreateContainer OpCode = 19
	OpDeleteContainer OpCode = 20
	OpCreateTTL       OpCode = 21
	OpMultiRead       OpCode = 22
	OpGetEphemerals   OpCode = 103
	OpCountAll        OpCode = 104 // getAllChildrenNumber
	OpCreateSession   OpCode = -10
	OpCloseSession    OpCode = -11
	OpError           OpCode = -1
)

var opNames = map[OpCode]string{
	OpNotification: "notification", OpCreate: "create", OpDelete: "delete", OpExists: "exists",
	OpGetData: "getData", OpSetData: "setData", OpGetACL: "getACL", OpSetACL: "setACL",
	OpGetChildren: "getChildren", OpSync: "sync", OpPing: "ping", OpGetChildren2: "getChildren2",
	OpCheck: "check", OpMulti: "multi", OpCreate2: "create2", OpCreateContainer: "createContainer",
	OpDeleteContainer: "deleteContainer", OpCreateTTL: "createTTL", OpMultiRead: "multiRead",
	OpGetEphemerals: "getEphemerals", OpCountAll: "getAllChildrenNumber",
	OpCreateSession: "createSession", OpCloseSession: "closeSession", OpError: "error",
}

// String returns the operation's name in the ZooKeeper API.
func (o OpCode) String() string {
	if s, ok := opNames[o]; ok {
		return s
	}
	return "op" + strconv.Itoa(int(o))
}

// IsWrite reports whether requests of this type go through the leader's
// proposal pipeline and, if valid or not, consume a zxid.
func (o OpCode) IsWrite() bool {
	switch o {
	case OpCreate, OpCreate2, OpCreateContainer, OpCreateTTL, OpDelete, OpDeleteContainer,
		OpSetData, OpSetACL, OpMulti, OpCreateSession, OpCloseSession:
		return true
	}
	return false
}

// ErrorCode is the outcome of a request as replies carry it.
type ErrorCode int32

// Error codes of ZooKeeper 3.9 (KeeperException.Code), as far as they occur.
const (
	OK                      ErrorCode = 0
	ErrRuntimeInconsistency ErrorCode = -2
	ErrConnectionLoss       ErrorCode = -4 // client side only: outcome unknown
	ErrMarshalling          ErrorCode = -5
	ErrUnimplemented        ErrorCode = -6
	ErrOperationTimeout     ErrorCode = -7 // client side only: outcome unknown
	ErrBadArguments         ErrorCode = -8
	ErrUnknownSession       ErrorCode = -12 // between servers only
	ErrNoNode               ErrorCode = -101
	ErrNoAuth               ErrorCode = -102
	ErrBadVersion           ErrorCode = -103
	ErrNoChildrenForEph     ErrorCode = -108
	ErrNodeExists           ErrorCode = -110
	ErrNotEmpty             ErrorCode = -111
	ErrSessionExpired       ErrorCode = -112
	ErrInvalidACL           ErrorCode = -114
	ErrSessionMoved         ErrorCode = -118
)

var errorNames = map[ErrorCode]string{
	OK: "ok", ErrRuntimeInconsistency: "runtime-inconsistency", ErrConnectionLoss: "connection-loss",
	ErrMarshalling: "marshalling-error", ErrUnimplemented: "unimplemented",
	ErrOperationTimeout: "operation-timeout", ErrBadArguments: "bad-arguments",
	ErrUnknownSession: "unknown-session", ErrNoNode: "no-node", ErrNoAuth: "no-auth",
	ErrBadVersion: "bad-version", ErrNoChildrenForEph: "no-children-for-ephemerals",
	ErrNodeExists: "node-exists", ErrNotEmpty: "not-empty", ErrSessionExpired: "session-expired",
	ErrInvalidACL: "invalid-acl", ErrSessionMoved: "session-moved",
}

// String returns the error as lower-case words joined by dashes.
func (e ErrorCode) String() string {
	if s, ok := errorNames[e]; ok {
		return s
	}
	return "error" + strconv.Itoa(int(e))
}

// Create modes, the flags of a create request (CreateMode).
const (
	ModePersistent           int32 = 0
	ModeEphemeral            int32 = 1
	ModePersistentSequential int32 = 2
	ModeEphemeralSequential  int32 = 3
	ModeContainer            int32 = 4
	ModeTTL                  int32 = 5
	ModeSequentialTTL        int32 = 6
)
