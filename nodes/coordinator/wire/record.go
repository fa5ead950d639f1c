package wire

// Record is the body of a request or reply.
type Record interface{ isRecord() }

// ACL is one access control entry: permission bits for an identity.
type ACL struct {
	Perms      int32
	Scheme, ID string
}

// OpenACL grants everything to everyone (world:anyone, ALL).
var OpenACL = []ACL{{Perms: 31, Scheme: "world", ID: "anyone"}}

// ReadACL lets everyone read and no one do more; it is that of /zookeeper/config.
var ReadACL = []ACL{{Perms: 1, Scheme: "world", ID: "anyone"}}

// Stat is a znode's metadata, in wire order.
type Stat struct {
	Czxid, Mzxid   Zxid  // zxid of the create; of the create or the last setData
	Ctime, Mtime   int64 // leader's wall clock of those, ms
	Version        int32 // number of setData since the create
	Cversion       int32 // number of child creates and deletes
	Aversion       int32 // number of setACL
	EphemeralOwner int64 // owning session, 0 if not ephemeral
	DataLength     int32
	NumChildren    int32
	Pzxid          Zxid // zxid of the last child create or delete, else Czxid
}

// CreateRequest asks for a znode (create, create2, createContainer). For
// sequential modes the server appends ten digits to Path.
type CreateRequest struct {
	Path string
	Data []byte
	ACL  []ACL
	Mode int32
}

// CreateTTLRequest asks for a znode that the ensemble may delete once it has had no
// children and no change for TTL ms (createTTL).
type CreateTTLRequest struct {
	CreateRequest
	TTL int64
}

// DeleteRequest asks to remove a childless znode; Version -1 matches any.
type DeleteRequest struct {
	Path    string
	Version int32
}

// SetDataRequest asks to replace a znode's data; Version -1 matches any.
type SetDataRequest struct {
	Path    string
	Data    []byte
	Version int32
}

// CheckRequest, inside a multi, requires a znode to exist with that version.
type CheckRequest struct {
	Path    string
	Version int32
}

// ReconfigRequest asks for another configuration of the ensemble: all of its Members,
// or who is Joining and who Leaving; each is a list with commas. From is the version
// that it replaces, -1 for any.
type ReconfigRequest struct {
	Joining, Leaving, Members string
	From                      int64
}

// PathRequest is the body of exists, getData, getChildren and getChildren2.
type PathRequest struct {
	Path  string
	Watch bool
}

// GetACLRequest asks for a znode's access control list.
type GetACLRequest struct{ Path string }

// SetACLRequest asks to replace a znode's access control list; Version is that of
// the list (Stat.Aversion), -1 matches any.
type SetACLRequest struct {
	Path    string
	ACL     []ACL
	Version int32
}

// GetEphemeralsRequest asks for the ephemerals of one's own session whose paths
// begin with Prefix.
type GetEphemeralsRequest struct{ Prefix string }

// CountAllRequest asks how many znodes are below a path (getAllChildrenNumber).
type CountAllRequest struct{ Path string }

// SyncRequest asks for a flush of the channel between server and leader.
type SyncRequest struct{ Path string }

// MultiRequest is a list of operations: applied all or none in a multi, each by
// itself in a multiRead.
type MultiRequest struct{ Ops []MultiOp }

// MultiOp is one operation of a multi: Type says which of create, create2,
// createContainer, createTTL, delete, setData and check the Body is, or of getData and getChildren.
type MultiOp struct {
	Type OpCode
	Body Record
}

// Empty is the body of ping and closeSession requests and of replies without one.
type Empty struct{}

// Opaque is the unread body of an operation this package has no shape for.
type Opaque struct{ Bytes []byte }

// Malformed is the body of a request that does not hold what its type promises.
type Malformed struct{ Bytes []byte }

// CreateSessionRequest, between servers only, asks the leader to open a session.
type CreateSessionRequest struct{ TimeoutMs int32 }

// CreateReply answers create with the actual path.
type CreateReply struct{ Path string }

// Create2Reply answers create2, createContainer and createTTL.
type Create2Reply struct {
	Path string
	Stat Stat
}

// StatReply answers setData, setACL and exists.
type StatReply struct{ Stat Stat }

// DataReply answers getData.
type DataReply struct {
	Data []byte
	Stat Stat
}

// ChildrenReply answers getChildren.
type ChildrenReply struct{ Children []string }

// Children2Reply answers getChildren2.
type Children2Reply struct {
	Children []string
	Stat     Stat
}

// ACLReply answers getACL.
type ACLReply struct {
	ACL  []ACL
	Stat Stat
}

// EphemeralsReply answers getEphemerals.
type EphemeralsReply struct{ Paths []string }

// CountAllReply answers getAllChildrenNumber.
type CountAllReply struct{ Total int32 }

// SyncReply answers sync.
type SyncReply struct{ Path string }

// MultiReply answers multi and multiRead, one result an operation.
type MultiReply struct{ Results []MultiResult }

// MultiResult is the outcome of one operation: Type OpError, Err and no body if
// the multi failed (0 before the failing operation, its code at it, -2 after it),
// else its type and the body its own reply would have (Empty for delete and check).
// The results of a multiRead are independent; one that failed is of type OpError.
type MultiResult struct {
	Type OpCode
	Err  ErrorCode
	Body Record
}

func (*CreateRequest) isRecord()        {}
func (*DeleteRequest) isRecord()        {}
func (*SetDataRequest) isRecord()       {}
func (*CheckRequest) isRecord()         {}
func (*PathRequest) isRecord()          {}
func (*ReconfigRequest) isRecord()      {}
func (*SyncRequest) isRecord()          {}
func (*MultiRequest) isRecord()         {}
func (*Empty) isRecord()                {}
func (*Opaque) isRecord()               {}
func (*Malformed) isRecord()            {}
func (*CreateSessionRequest) isRecord() {}
func (*CreateReply) isRecord()          {}
func (*Create2Reply) isRecord()         {}
func (*StatReply) isRecord()            {}
func (*DataReply) isRecord()            {}
func (*ChildrenReply) isRecord()        {}
func (*Children2Reply) isRecord()       {}
func (*SyncReply) isRecord()            {}
func (*MultiReply) isRecord()           {}
func (*GetACLRequest) isRecord()        {}
func (*SetACLRequest) isRecord()        {}
func (*GetEphemeralsRequest) isRecord() {}
func (*CountAllRequest) isRecord()      {}
func (*ACLReply) isRecord()             {}
func (*EphemeralsReply) isRecord()      {}
func (*CountAllReply) isRecord()        {}
