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
	OpReconfig        OpCode = 16
	OpCheckWatches    OpCode = 17
	OpRemoveWatches   OpCode = 18
	OpCreateContainer OpCode = 19
	OpDeleteContainer OpCode = 20
	OpCreateTTL       OpCode = 21
	OpMultiRead       OpCode = 22
	OpAuth            OpCode = 100
	OpSetWatches      OpCode = 101
	OpSASL            OpCode = 102
	OpGetEphemerals   OpCode = 103
	OpCountAll        OpCode = 104 // getAllChildrenNumber
	OpSetWatches2     OpCode = 105
	OpAddWatch        OpCode = 106
	OpWhoAmI          OpCode = 107
	OpCreateSession   OpCode = -10
	OpCloseSession    OpCode = -11
	OpError           OpCode = -1
)

var opNames = map[OpCode]string{
	OpNotification: "notification", OpCreate: "create", OpDelete: "delete", OpExists: "exists",
	OpGetData: "getData", OpSetData: "setData", OpGetACL: "getACL", OpSetACL: "setACL",
	OpGetChildren: "getChildren", OpSync: "sync", OpPing: "ping", OpGetChildren2: "getChildren2",
	OpCheck: "check", OpMulti: "multi", OpCreate2: "create2", OpCreateContainer: "createContainer",
	OpDeleteContainer: "deleteContainer", OpCreateTTL: "createTTL", OpMultiRead: "multiRead", OpSetWatches: "setWatches",
	OpReconfig: "reconfig", OpCheckWatches: "checkWatches", OpRemoveWatches: "removeWatches",
	OpAuth: "auth", OpSASL: "sasl", OpSetWatches2: "setWatches2", OpAddWatch: "addWatch", OpWhoAmI: "whoAmI",
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
		OpSetData, OpSetACL, OpReconfig, OpMulti, OpCreateSession, OpCloseSession:
		return true
	}
	return false
}

// ForClients reports whether a client may ask for this operation at all: whether there
// is one, it is not the servers' own, and is not for multis alone (ZOOKEEPER-2623).
func (o OpCode) ForClients() bool {
	switch o {
	case OpNotification, OpCreateSession, OpDeleteContainer, OpError, OpCheck:
		return false
	}
	_, known := opNames[o]
	return known
}

// ErrorCode is the outcome of a request as replies carry it.
type ErrorCode int32

// Error codes of ZooKeeper 3.9 (KeeperException.Code), as far as they occur.
const (
	OK                      ErrorCode = 0
	ErrSystem               ErrorCode = -1
	ErrRuntimeInconsistency ErrorCode = -2
	ErrDataInconsistency    ErrorCode = -3
	ErrConnectionLoss       ErrorCode = -4 // client side only: outcome unknown
	ErrMarshalling          ErrorCode = -5
	ErrUnimplemented        ErrorCode = -6
	ErrOperationTimeout     ErrorCode = -7 // client side only: outcome unknown
	ErrBadArguments         ErrorCode = -8
	ErrUnknownSession       ErrorCode = -12 // between servers only
	ErrNewConfigNoQuorum    ErrorCode = -13
	ErrReconfigInProgress   ErrorCode = -14
	ErrNoNode               ErrorCode = -101
	ErrNoAuth               ErrorCode = -102
	ErrBadVersion           ErrorCode = -103
	ErrNoChildrenForEph     ErrorCode = -108
	ErrNodeExists           ErrorCode = -110
	ErrNotEmpty             ErrorCode = -111
	ErrSessionExpired       ErrorCode = -112
	ErrInvalidACL           ErrorCode = -114
	ErrAuthFailed           ErrorCode = -115
	ErrSessionMoved         ErrorCode = -118
	ErrNotReadOnly          ErrorCode = -119
	ErrEphemeralOnLocal     ErrorCode = -120
	ErrNoWatcher            ErrorCode = -121
	ErrRequestTimeout       ErrorCode = -122
	ErrReconfigDisabled     ErrorCode = -123
	ErrSASLRequired         ErrorCode = -124
	ErrQuotaExceeded        ErrorCode = -125
	ErrThrottled            ErrorCode = -127
)

var errorNames = map[ErrorCode]string{
	OK: "ok", ErrRuntimeInconsistency: "runtime-inconsistency", ErrConnectionLoss: "connection-loss",
	ErrMarshalling: "marshalling-error", ErrUnimplemented: "unimplemented",
	ErrOperationTimeout: "operation-timeout", ErrBadArguments: "bad-arguments",
	ErrUnknownSession: "unknown-session", ErrNoNode: "no-node", ErrNoAuth: "no-auth",
	ErrBadVersion: "bad-version", ErrNoChildrenForEph: "no-children-for-ephemerals",
	ErrNodeExists: "node-exists", ErrNotEmpty: "not-empty", ErrSessionExpired: "session-expired",
	ErrInvalidACL: "invalid-acl", ErrSessionMoved: "session-moved", ErrAuthFailed: "auth-failed",
	ErrSystem: "system-error", ErrDataInconsistency: "data-inconsistency",
	ErrNewConfigNoQuorum: "new-config-no-quorum", ErrReconfigInProgress: "reconfig-in-progress",
	ErrNotReadOnly: "not-read-only", ErrEphemeralOnLocal: "ephemeral-on-local-session", ErrNoWatcher: "no-watcher",
	ErrRequestTimeout: "request-timeout", ErrReconfigDisabled: "reconfig-disabled",
	ErrSASLRequired: "session-closed-requires-sasl-auth", ErrQuotaExceeded: "quota-exceeded", ErrThrottled: "throttled",
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
