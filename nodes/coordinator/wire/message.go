package wire

import "github.com/stampede-sim/stampede/nodes/node"

// Ports of a coordinator process, with their customary TCP numbers 2181, 2888
// and 3888.
const (
	ClientPort   node.Port = 1
	QuorumPort   node.Port = 2
	ElectionPort node.Port = 3
)

// Reserved xids of the client protocol.
const (
	XidNotification int32 = -1
	XidPing         int32 = -2
	XidAuth         int32 = -4
	XidSetWatches   int32 = -8
)

// ConnectRequest is the first message on a client connection.
type ConnectRequest struct {
	LastZxidSeen Zxid
	TimeoutMs    int32
	Session      int64 // 0 asks for a new session
	Password     [16]byte
	ReadOnly     bool
	// Old: the client is older than 3.4 and leaves out ReadOnly.
	Old bool
}

// ConnectResponse answers it. TimeoutMs 0 says that the session has expired.
type ConnectResponse struct {
	TimeoutMs int32
	Session   int64
	Password  [16]byte
	ReadOnly  bool
	// Old: ReadOnly is left out, for clients that do not expect it.
	Old bool
}

// Request is every later message from a client. Xids of ordinary requests are
// positive and grow by one; pings use XidPing.
type Request struct {
	Xid  int32
	Type OpCode
	Body Record
}

// Reply answers a request, in request order. Zxid is the server's last applied
// zxid for reads, the transaction's own for writes. Body is nil if Err is not
// OK. Type is the request's type; it is not on the wire, the receiver knows it.
type Reply struct {
	Xid  int32
	Zxid Zxid
	Err  ErrorCode
	Type OpCode
	Body Record
}
