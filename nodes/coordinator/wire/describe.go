package wire

import (
	"fmt"
	"strings"
)

// requestKinds are the message kinds of requests, "REQ " and the operation, by
// operation code shifted so that the least is 0.
var requestKinds = func() (kinds [120]string) {
	for op := range OpCode(len(kinds)) {
		kinds[op] = "REQ " + (op - 11).String()
	}
	return kinds
}()

// Kind returns the packet's type, "PROPOSAL".
func (p *Packet) Kind() string { return p.Type.String() }

// Kind returns "VOTE".
func (*Notification) Kind() string { return "VOTE" }

// Kind returns "CONNECT".
func (*ConnectRequest) Kind() string { return "CONNECT" }

// Kind returns "CONNECTED".
func (*ConnectResponse) Kind() string { return "CONNECTED" }

// Kind returns "REQ " and the operation, "REQ create".
func (r *Request) Kind() string {
	if i := int(r.Type) + 11; i >= 0 && i < len(requestKinds) {
		return requestKinds[i]
	}
	return "REQ unknown"
}

// Kind returns "REPLY", or "EVENT" for a notification.
func (r *Reply) Kind() string {
	if r.Xid == XidNotification {
		return "EVENT"
	}
	return "REPLY"
}

// String describes the packet in one line.
func (p *Packet) String() string {
	switch p.Type {
	case PacketActivate:
		return fmt.Sprintf("%s %s leader=%d", p.Type, p.Zxid, p.Designated)
	case PacketInformActivate:
		return fmt.Sprintf("%s leader=%d %s", p.Type, p.Designated, p.Txn)
	case PacketProposal, PacketInform:
		return p.Type.String() + " " + p.Txn.String()
	case PacketRequest:
		r := p.Request
		return fmt.Sprintf("REQUEST %s%s s=%#x cxid=%d", r.Type, brief(r.Body), r.Session, r.Cxid)
	case PacketPing:
		return fmt.Sprintf("PING touches=%d", len(p.Touches))
	case PacketRevalidate:
		if p.TimeoutMs != 0 {
			return fmt.Sprintf("REVALIDATE s=%#x timeout=%dms", p.Session, p.TimeoutMs)
		}
		return fmt.Sprintf("REVALIDATE s=%#x valid=%t", p.Session, p.Valid)
	case PacketSync:
		return fmt.Sprintf("SYNC %s s=%#x cxid=%d", p.Zxid, p.Session, p.Cxid)
	case PacketFollowerInfo, PacketObserverInfo:
		return fmt.Sprintf("%s %s sid=%d", p.Type, p.Zxid, p.Sid)
	case PacketAckEpoch:
		return fmt.Sprintf("ACKEPOCH %s epoch=%d", p.Zxid, p.Epoch)
	case PacketSnapshotChunk:
		return fmt.Sprintf("SNAPSHOT-CHUNK %dB last=%t", len(p.Data), p.Last)
	}
	return p.Type.String() + " " + p.Zxid.String()
}

// String describes the notification in one line.
func (n *Notification) String() string {
	return fmt.Sprintf("VOTE from=%d %s leader=%d zxid=%s round=%d epoch=%d",
		n.From, n.State, n.Leader, n.Zxid, n.ElectionEpoch, n.PeerEpoch)
}

// String describes the connect request in one line.
func (r *ConnectRequest) String() string {
	return fmt.Sprintf("CONNECT s=%#x timeout=%dms seen=%s", r.Session, r.TimeoutMs, r.LastZxidSeen)
}

// String describes the connect response in one line.
func (r *ConnectResponse) String() string {
	if r.TimeoutMs == 0 {
		return "CONNECTED session expired"
	}
	return fmt.Sprintf("CONNECTED s=%#x timeout=%dms", r.Session, r.TimeoutMs)
}

// String describes the request in one line.
func (r *Request) String() string {
	return fmt.Sprintf("REQ %s%s xid=%d", r.Type, brief(r.Body), r.Xid)
}

// String describes the reply in one line.
func (r *Reply) String() string {
	return fmt.Sprintf("%s %s xid=%d zxid=%s %s%s", r.Kind(), r.Type, r.Xid, r.Zxid, r.Err, briefReply(r.Body))
}

// String describes the transaction: "1:7 create /a 3B s=0x1 cxid=3".
func (t *Txn) String() string {
	return fmt.Sprintf("%s %s%s s=%#x cxid=%d", t.Zxid, t.Type, briefTxn(t.Body), t.Session, t.Cxid)
}

// brief describes a request body, with a leading space unless it is empty.
func brief(r Record) string {
	switch r := r.(type) {
	case *CreateRequest:
		return fmt.Sprintf(" %s %dB mode=%d", r.Path, len(r.Data), r.Mode)
	case *CreateTTLRequest:
		return fmt.Sprintf(" %s %dB mode=%d ttl=%dms", r.Path, len(r.Data), r.Mode, r.TTL)
	case *DeleteRequest:
		return fmt.Sprintf(" %s v%d", r.Path, r.Version)
	case *SetDataRequest:
		return fmt.Sprintf(" %s %dB v%d", r.Path, len(r.Data), r.Version)
	case *CheckRequest:
		return fmt.Sprintf(" %s v%d", r.Path, r.Version)
	case *ReconfigRequest:
		return fmt.Sprintf(" joining=%s leaving=%s members=%s from=%s", r.Joining, r.Leaving, r.Members, Zxid(r.From))
	case *PathRequest:
		if r.Watch {
			return " " + r.Path + " watch"
		}
		return " " + r.Path
	case *SyncRequest:
		return " " + r.Path
	case *GetACLRequest:
		return " " + r.Path
	case *SetACLRequest:
		return fmt.Sprintf(" %s %s v%d", r.Path, FormatACL(r.ACL), r.Version)
	case *GetEphemeralsRequest:
		return " " + r.Prefix
	case *CountAllRequest:
		return " " + r.Path
	case *CreateSessionRequest:
		return fmt.Sprintf(" timeout=%dms", r.TimeoutMs)
	case *MultiRequest:
		return list(len(r.Ops), func(i int) string { return r.Ops[i].Type.String() + brief(r.Ops[i].Body) })
	case *SetWatchesRequest:
		return r.brief()
	case *Malformed:
		return fmt.Sprintf(" %dB malformed", len(r.Bytes))
	case *SetWatches2Request:
		return r.brief()
	case *AddWatchRequest:
		return " " + r.Path + " " + r.Mode.String()
	case *WatchesRequest:
		return " " + r.Path + " " + r.Type.String()
	case *AuthRequest:
		return " " + r.Scheme
	case *Opaque:
		return fmt.Sprintf(" %dB unread", len(r.Bytes))
	}
	return ""
}

func briefReply(r Record) string {
	switch r := r.(type) {
	case *CreateReply:
		return " " + r.Path
	case *Create2Reply:
		return " " + r.Path + briefStat(&r.Stat)
	case *StatReply:
		return briefStat(&r.Stat)
	case *DataReply:
		return fmt.Sprintf(" %dB%s", len(r.Data), briefStat(&r.Stat))
	case *ChildrenReply:
		return fmt.Sprintf(" children=%d", len(r.Children))
	case *Children2Reply:
		return fmt.Sprintf(" children=%d%s", len(r.Children), briefStat(&r.Stat))
	case *ACLReply:
		return " " + FormatACL(r.ACL) + briefStat(&r.Stat)
	case *EphemeralsReply:
		return fmt.Sprintf(" ephemerals=%d", len(r.Paths))
	case *CountAllReply:
		return fmt.Sprintf(" total=%d", r.Total)
	case *MultiReply:
		return list(len(r.Results), func(i int) string {
			res := r.Results[i]
			return res.Type.String() + " " + res.Err.String() + briefReply(res.Body)
		})
	case *WatcherEvent:
		return fmt.Sprintf(" %s %s", r.Type, r.Path)
	case *WhoAmIReply:
		return r.brief()
	}
	return brief(r)
}

func briefStat(s *Stat) string {
	return fmt.Sprintf(" v%d c%d mzxid=%s pzxid=%s", s.Version, s.Cversion, s.Mzxid, s.Pzxid)
}

func briefTxn(body TxnBody) string {
	switch t := body.(type) {
	case *CreateTxn:
		if t.Container {
			return fmt.Sprintf(" %s %dB container", t.Path, len(t.Data))
		}
		if t.TTL != 0 {
			return fmt.Sprintf(" %s %dB ttl=%dms", t.Path, len(t.Data), t.TTL)
		}
		if t.Ephemeral {
			return fmt.Sprintf(" %s %dB ephemeral", t.Path, len(t.Data))
		}
		return fmt.Sprintf(" %s %dB", t.Path, len(t.Data))
	case *DeleteTxn:
		return " " + t.Path
	case *SetDataTxn:
		return fmt.Sprintf(" %s %dB v%d", t.Path, len(t.Data), t.Version)
	case *SetACLTxn:
		return fmt.Sprintf(" %s %s v%d", t.Path, FormatACL(t.ACL), t.Version)
	case *CheckTxn:
		return fmt.Sprintf(" %s v%d", t.Path, t.Version)
	case *CreateSessionTxn:
		return fmt.Sprintf(" timeout=%dms", t.TimeoutMs)
	case *CloseSessionTxn:
		return list(len(t.Paths), func(i int) string { return t.Paths[i] })
	case *ErrorTxn:
		return " " + t.Err.String()
	case *MultiTxn:
		return list(len(t.Parts), func(i int) string { return t.Parts[i].Type.String() + briefTxn(t.Parts[i].Body) })
	}
	return ""
}

// list joins n descriptions as " [a; b]".
func list(n int, item func(int) string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = item(i)
	}
	return " [" + strings.Join(items, "; ") + "]"
}
