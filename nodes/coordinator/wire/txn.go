package wire

// Txn is one transaction: what the leader proposes, every server logs and
// applies. It is idempotent, holds results rather than conditions, and is
// immutable once made.
type Txn struct {
	Session int64 // the session whose request it is
	Cxid    int32 // that session's request number (its xid)
	Zxid    Zxid
	Time    int64 // leader's wall clock at preparation, ms
	Type    OpCode
	Body    TxnBody
}

// TxnBody is what a transaction does.
type TxnBody interface{ isTxnBody() }

// CreateTxn creates Path. ParentCversion is the parent's internal create count
// after it (replay sets it, never going back). Containers and znodes
// with a TTL are never Ephemeral.
type CreateTxn struct {
	Path           string
	Data           []byte
	ACL            []ACL
	Ephemeral      bool // owned by the transaction's session
	Container      bool // the ensemble may delete it when its last child is gone
	ParentCversion int32
	TTL            int64 // ms without change after which the ensemble may delete it; 0 for none
}

// DeleteTxn deletes Path.
type DeleteTxn struct{ Path string }

// SetDataTxn sets the data of Path; Version is the version after it.
type SetDataTxn struct {
	Path    string
	Data    []byte
	Version int32
}

// SetACLTxn sets the access control list of Path; Version is the list's after it.
type SetACLTxn struct {
	Path    string
	ACL     []ACL
	Version int32
}

// CheckTxn, inside a multi, did check a version and changes nothing.
type CheckTxn struct {
	Path    string
	Version int32
}

// CreateSessionTxn opens the transaction's session.
type CreateSessionTxn struct{ TimeoutMs int32 }

// CloseSessionTxn ends the transaction's session and deletes the ephemerals
// listed (ZOOKEEPER-3145: the list makes replay idempotent).
type CloseSessionTxn struct{ Paths []string }

// ErrorTxn is a request that failed validation: it consumed a zxid, no more.
type ErrorTxn struct{ Err ErrorCode }

// MultiTxn is several transactions under one zxid. In a failed multi every part
// is an ErrorTxn.
type MultiTxn struct{ Parts []SubTxn }

// SubTxn is one part of a multi.
type SubTxn struct {
	Type OpCode
	Body TxnBody
}

func (*CreateTxn) isTxnBody()        {}
func (*DeleteTxn) isTxnBody()        {}
func (*SetDataTxn) isTxnBody()       {}
func (*SetACLTxn) isTxnBody()        {}
func (*CheckTxn) isTxnBody()         {}
func (*CreateSessionTxn) isTxnBody() {}
func (*CloseSessionTxn) isTxnBody()  {}
func (*ErrorTxn) isTxnBody()         {}
func (*MultiTxn) isTxnBody()         {}
