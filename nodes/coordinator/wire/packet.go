package wire

import "strconv"

// PacketType is the type of a packet between leader and learner.
type PacketType int32

// Packet types of the quorum port (Leader.java).
const (
	PacketRequest      PacketType = 1  // learner to leader: a forwarded request
	PacketProposal     PacketType = 2  // leader: log this transaction
	PacketAck          PacketType = 3  // learner: everything up to zxid is durable
	PacketCommit       PacketType = 4  // leader: deliver up to zxid
	PacketPing         PacketType = 5  // both: alive; learners add session touches
	PacketRevalidate   PacketType = 6  // both: may this session move to that learner
	PacketSync         PacketType = 7  // leader: the flush a client's sync asked for
	PacketInform       PacketType = 8  // leader to observer: this transaction is committed
	PacketActivate     PacketType = 9  // COMMITANDACTIVATE, leader: deliver a reconfiguration
	PacketNewLeader    PacketType = 10 // leader: (epoch,0), end of synchronisation
	PacketFollowerInfo PacketType = 11 // learner: (acceptedEpoch,0)
	PacketUpToDate     PacketType = 12 // leader: a quorum is synchronised, serve
	PacketDiff         PacketType = 13 // leader: proposals up to zxid follow
	PacketTrunc        PacketType = 14 // leader: cut your log after zxid
	PacketSnap         PacketType = 15 // leader: a snapshot of zxid follows
	PacketObserverInfo PacketType = 16 // observer: (acceptedEpoch,0)
	PacketLeaderInfo   PacketType = 17 // leader: (newEpoch,0), NEWEPOCH of the paper
	PacketAckEpoch     PacketType = 18 // learner: last zxid and currentEpoch
	// PacketInformActivate is INFORMANDACTIVATE, leader to observer: this
	// reconfiguration is committed.
	PacketInformActivate PacketType = 19
	// PacketSnapshotChunk carries bytes of the snapshot that follows a SNAP. On a
	// real socket the bytes follow the packet unframed.
	PacketSnapshotChunk PacketType = 100
)

var packetNames = [...]string{
	PacketRequest: "REQUEST", PacketProposal: "PROPOSAL", PacketAck: "ACK", PacketCommit: "COMMIT",
	PacketPing: "PING", PacketRevalidate: "REVALIDATE", PacketSync: "SYNC", PacketInform: "INFORM",
	PacketNewLeader: "NEWLEADER", PacketFollowerInfo: "FOLLOWERINFO", PacketUpToDate: "UPTODATE",
	PacketDiff: "DIFF", PacketTrunc: "TRUNC", PacketSnap: "SNAP", PacketLeaderInfo: "LEADERINFO",
	PacketActivate: "COMMITANDACTIVATE", PacketInformActivate: "INFORMANDACTIVATE", PacketAckEpoch: "ACKEPOCH", PacketSnapshotChunk: "SNAPSHOT-CHUNK", PacketObserverInfo: "OBSERVERINFO",
}

// String returns the packet type as the protocol writes it.
func (t PacketType) String() string {
	if t >= 0 && int(t) < len(packetNames) && packetNames[t] != "" {
		return packetNames[t]
	}
	return "PACKET" + strconv.Itoa(int(t))
}

// Packet is one message between leader and learner. Only the fields its type
// names are meaningful.
type Packet struct {
	Type PacketType
	Zxid Zxid
	// Txn: PROPOSAL, INFORM and INFORMANDACTIVATE.
	Txn *Txn
	// Designated: COMMITANDACTIVATE and INFORMANDACTIVATE, the sid of who leads from
	// here on. ConfigVersion: FOLLOWERINFO and OBSERVERINFO, the learner's active
	// configuration. Config: NEWLEADER, the text of the leader's, "" if none changes.
	Designated    int64
	ConfigVersion Zxid
	Config        string
	// Sid: FOLLOWERINFO and OBSERVERINFO, the learner's server id. Epoch: ACKEPOCH, the learner's
	// currentEpoch, or -1 for "I had accepted this epoch before".
	Sid   int64
	Epoch int64
	// Request: REQUEST.
	Request *ForwardedRequest
	// Session and TimeoutMs: REVALIDATE, the learner's question. Session and Valid:
	// the leader's answer. Session and Cxid also name the client sync that a SYNC
	// answers.
	Session   int64
	Cxid      int32
	TimeoutMs int32
	Valid     bool
	// Touches: PING from a learner, the sessions heard from since the last one.
	Touches []SessionTouch
	// Data: SNAPSHOT-CHUNK. Last marks its end.
	Data []byte
	Last bool
}

// ForwardedRequest is a client request on its way to the leader.
type ForwardedRequest struct {
	Session int64
	Cxid    int32
	Type    OpCode
	Body    Record
	// Auth is who sent it: the identities that its connection had when it arrived.
	Auth []Identity
}

// SessionTouch says that a session with this timeout was heard from.
type SessionTouch struct {
	Session   int64
	TimeoutMs int32
}

// PeerState is what a server says of itself in election notifications.
type PeerState int32

// Peer states, with their wire ordinals (QuorumPeer.ServerState).
const (
	Looking   PeerState = 0
	Following PeerState = 1
	Leading   PeerState = 2
	Observing PeerState = 3
)

// String returns the state in upper case, as ZooKeeper logs it.
func (s PeerState) String() string {
	return [...]string{"LOOKING", "FOLLOWING", "LEADING", "OBSERVING"}[s]
}

// Notification is the one message of Fast Leader Election: the sender's state
// and current vote.
type Notification struct {
	From          int64 // sid of the sender (from the connection, on a real wire)
	State         PeerState
	Leader        int64 // sid voted for
	Zxid          Zxid  // last zxid of the one voted for
	ElectionEpoch int64 // the sender's round (logical clock)
	PeerEpoch     int64 // currentEpoch of the one voted for
	// Config is the text of the sender's active configuration, "" where none changes.
	Config string
}
