package wire

import "pgregory.net/rapid"

// Generators of every message. They fill exactly the fields that are meaningful,
// so that a message equals what its encoding decodes to.

var (
	genPath  = rapid.StringMatching(`(/[a-zé0-9]{1,6}){1,3}`)
	genData  = rapid.OneOf(rapid.Just([]byte(nil)), rapid.SliceOfN(rapid.Byte(), 0, 20))
	genStat  = rapid.Custom(func(t *rapid.T) Stat { return fill(t, Stat{}) })
	genNames = rapid.OneOf(rapid.Just([]string(nil)), rapid.SliceOfN(rapid.String(), 0, 4))
	genInt32 = rapid.Int32()
	genInt64 = rapid.Int64()
)

func fill(t *rapid.T, s Stat) Stat {
	for _, v := range []*int64{(*int64)(&s.Czxid), (*int64)(&s.Mzxid), &s.Ctime, &s.Mtime, &s.EphemeralOwner, (*int64)(&s.Pzxid)} {
		*v = genInt64.Draw(t, "long")
	}
	for _, v := range []*int32{&s.Version, &s.Cversion, &s.Aversion, &s.DataLength, &s.NumChildren} {
		*v = genInt32.Draw(t, "int")
	}
	return s
}

func genZxid(t *rapid.T) Zxid { return Zxid(genInt64.Draw(t, "zxid")) }

func genACL(t *rapid.T) []ACL {
	return rapid.OneOf(rapid.Just([]ACL(nil)), rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ACL {
		return ACL{genInt32.Draw(t, "perms"), rapid.String().Draw(t, "scheme"), rapid.String().Draw(t, "id")}
	}), 0, 3)).Draw(t, "acl")
}

func genIdentities(t *rapid.T) []Identity {
	return many(t, 3, func(t *rapid.T) Identity {
		return Identity{rapid.String().Draw(t, "scheme"), rapid.String().Draw(t, "id")}
	})
}

var requestOps = []OpCode{
	OpCreate, OpCreate2, OpCreateContainer, OpDelete, OpSetData, OpCheck, OpExists, OpGetData, OpGetChildren,
	OpGetChildren2, OpSync, OpMulti, OpPing, OpCloseSession, OpCreateSession, OpCreateTTL, OpGetACL, OpSetACL,
	OpGetEphemerals, OpCountAll, OpMultiRead, OpSetWatches,
	OpSetWatches2, OpAddWatch, OpCheckWatches, OpRemoveWatches, OpAuth, OpWhoAmI, OpReconfig,
}

var (
	readOps  = []OpCode{OpGetData, OpGetChildren}
	multiOps = []OpCode{OpCreate, OpCreate2, OpCreateContainer, OpCreateTTL, OpDelete, OpSetData, OpCheck}
)

func genRequestBody(t *rapid.T, op OpCode) Record {
	path, version := genPath.Draw(t, "path"), genInt32.Draw(t, "version")
	switch b := newRequestBody(op).(type) {
	case *CreateRequest:
		return &CreateRequest{path, genData.Draw(t, "data"), genACL(t), version}
	case *CreateTTLRequest:
		return &CreateTTLRequest{CreateRequest{path, genData.Draw(t, "data"), genACL(t), version}, genInt64.Draw(t, "ttl")}
	case *DeleteRequest:
		return &DeleteRequest{path, version}
	case *SetDataRequest:
		return &SetDataRequest{path, genData.Draw(t, "data"), version}
	case *CheckRequest:
		return &CheckRequest{path, version}
	case *PathRequest:
		return &PathRequest{path, rapid.Bool().Draw(t, "watch")}
	case *SyncRequest:
		return &SyncRequest{path}
	case *ReconfigRequest:
		return &ReconfigRequest{rapid.String().Draw(t, "joining"), rapid.String().Draw(t, "leaving"), rapid.String().Draw(t, "members"), genInt64.Draw(t, "from")}
	case *CreateSessionRequest:
		return &CreateSessionRequest{version}
	case *SetWatchesRequest:
		return &SetWatchesRequest{genZxid(t), genNames.Draw(t, "data"), genNames.Draw(t, "exist"), genNames.Draw(t, "child")}
	case *SetWatches2Request:
		return &SetWatches2Request{
			SetWatchesRequest{genZxid(t), genNames.Draw(t, "data"), genNames.Draw(t, "exist"), genNames.Draw(t, "child")},
			genNames.Draw(t, "persistent"), genNames.Draw(t, "recursive"),
		}
	case *AddWatchRequest:
		return &AddWatchRequest{path, WatchMode(version)}
	case *WatchesRequest:
		return &WatchesRequest{path, WatchType(version)}
	case *AuthRequest:
		return &AuthRequest{rapid.String().Draw(t, "scheme"), genData.Draw(t, "credentials")}
	case *GetACLRequest:
		return &GetACLRequest{path}
	case *SetACLRequest:
		return &SetACLRequest{path, genACL(t), version}
	case *GetEphemeralsRequest:
		return &GetEphemeralsRequest{path}
	case *CountAllRequest:
		return &CountAllRequest{path}
	case *MultiRequest:
		return &MultiRequest{many(t, 4, func(t *rapid.T) MultiOp {
			parts := multiOps
			if op == OpMultiRead {
				parts = readOps
			}
			op := rapid.SampledFrom(parts).Draw(t, "part")
			return MultiOp{op, genRequestBody(t, op)}
		})}
	case *Opaque:
		return &Opaque{many(t, 9, func(t *rapid.T) byte { return rapid.Byte().Draw(t, "byte") })}
	default:
		return b
	}
}

func genReplyBody(t *rapid.T, op OpCode) Record {
	path, stat := genPath.Draw(t, "path"), genStat.Draw(t, "stat")
	switch b := newReplyBody(op).(type) {
	case *CreateReply:
		return &CreateReply{path}
	case *Create2Reply:
		return &Create2Reply{path, stat}
	case *StatReply:
		return &StatReply{stat}
	case *DataReply:
		return &DataReply{genData.Draw(t, "data"), stat}
	case *ChildrenReply:
		return &ChildrenReply{genNames.Draw(t, "names")}
	case *Children2Reply:
		return &Children2Reply{genNames.Draw(t, "names"), stat}
	case *SyncReply:
		return &SyncReply{path}
	case *WatcherEvent:
		return &WatcherEvent{EventType(genInt32.Draw(t, "type")), SyncConnected, path}
	case *ErrorReply:
		return &ErrorReply{ErrorCode(genInt32.Draw(t, "err"))}
	case *ACLReply:
		return &ACLReply{genACL(t), stat}
	case *EphemeralsReply:
		return &EphemeralsReply{genNames.Draw(t, "paths")}
	case *WhoAmIReply:
		return &WhoAmIReply{many(t, 3, func(t *rapid.T) ClientInfo {
			return ClientInfo{rapid.String().Draw(t, "scheme"), rapid.String().Draw(t, "user")}
		})}
	case *CountAllReply:
		return &CountAllReply{genInt32.Draw(t, "total")}
	case *MultiReply:
		return &MultiReply{many(t, 4, genMultiResult)}
	case *Opaque:
		return &Opaque{many(t, 9, func(t *rapid.T) byte { return rapid.Byte().Draw(t, "byte") })}
	default:
		return b
	}
}

func genMultiResult(t *rapid.T) MultiResult {
	if rapid.Bool().Draw(t, "failed") {
		return MultiResult{Type: OpError, Err: ErrorCode(genInt32.Draw(t, "err"))}
	}
	op := rapid.SampledFrom(multiOps).Draw(t, "op")
	return MultiResult{Type: op, Body: genReplyBody(t, op)}
}

// many draws up to n items, nil for none.
func many[T any](t *rapid.T, n int, item func(*rapid.T) T) (items []T) {
	for range rapid.IntRange(0, n).Draw(t, "count") {
		items = append(items, item(t))
	}
	return items
}

func genTxnBody(t *rapid.T, op OpCode) TxnBody {
	path, version := genPath.Draw(t, "path"), genInt32.Draw(t, "version")
	switch newTxnBody(op).(type) {
	case *CreateTxn:
		c := &CreateTxn{Path: path, Data: genData.Draw(t, "data"), ACL: genACL(t), ParentCversion: version}
		switch op {
		case OpCreateContainer:
			c.Container = true
		case OpCreateTTL:
			c.TTL = genInt64.Draw(t, "ttl")
		default:
			c.Ephemeral = rapid.Bool().Draw(t, "ephemeral")
		}
		return c
	case *DeleteTxn:
		return &DeleteTxn{path}
	case *SetDataTxn:
		return &SetDataTxn{path, genData.Draw(t, "data"), version}
	case *SetACLTxn:
		return &SetACLTxn{path, genACL(t), version}
	case *CheckTxn:
		return &CheckTxn{path, version}
	case *CreateSessionTxn:
		return &CreateSessionTxn{version}
	case *CloseSessionTxn:
		return &CloseSessionTxn{genNames.Draw(t, "paths")}
	case *ErrorTxn:
		return &ErrorTxn{ErrorCode(version)}
	}
	return &MultiTxn{rapid.SliceOfN(rapid.Custom(func(t *rapid.T) SubTxn {
		op := rapid.SampledFrom([]OpCode{OpCreate, OpCreate2, OpCreateContainer, OpCreateTTL, OpDelete, OpSetData, OpCheck, OpError}).Draw(t, "op")
		return SubTxn{op, genTxnBody(t, op)}
	}), 0, 4).Draw(t, "parts")}
}

func genTxn(t *rapid.T) *Txn {
	ops := []OpCode{OpCreate, OpCreate2, OpDelete, OpSetData, OpSetACL, OpReconfig, OpCreateContainer, OpCreateTTL, OpDeleteContainer,
		OpCreateSession, OpCloseSession, OpError, OpMulti}
	op := rapid.SampledFrom(ops).Draw(t, "type")
	return &Txn{
		Session: genInt64.Draw(t, "session"), Cxid: genInt32.Draw(t, "cxid"), Zxid: genZxid(t),
		Time: genInt64.Draw(t, "time"), Type: op, Body: genTxnBody(t, op),
	}
}

var packetTypes = []PacketType{
	PacketRequest, PacketProposal, PacketAck, PacketCommit, PacketPing, PacketRevalidate, PacketSync, PacketNewLeader,
	PacketFollowerInfo, PacketUpToDate, PacketDiff, PacketTrunc, PacketSnap, PacketLeaderInfo, PacketAckEpoch,
	PacketSnapshotChunk, PacketInform, PacketObserverInfo, PacketActivate, PacketInformActivate,
}

func genPacket(t *rapid.T) *Packet {
	p := &Packet{Type: rapid.SampledFrom(packetTypes).Draw(t, "type"), Zxid: genZxid(t)}
	switch p.Type {
	case PacketRequest:
		op := rapid.SampledFrom(requestOps).Draw(t, "op")
		p.Request = &ForwardedRequest{genInt64.Draw(t, "session"), genInt32.Draw(t, "cxid"), op, genRequestBody(t, op), genIdentities(t)}
	case PacketProposal, PacketInform:
		p.Txn = genTxn(t)
	case PacketActivate:
		p.Designated = genInt64.Draw(t, "designated")
	case PacketInformActivate:
		p.Designated, p.Txn = genInt64.Draw(t, "designated"), genTxn(t)
	case PacketNewLeader:
		p.Config = rapid.String().Draw(t, "config")
	case PacketPing:
		p.Touches = many(t, 4, func(t *rapid.T) SessionTouch {
			return SessionTouch{genInt64.Draw(t, "session"), genInt32.Draw(t, "timeout")}
		})
	case PacketRevalidate:
		p.Session = genInt64.Draw(t, "session")
		if p.Valid = rapid.Bool().Draw(t, "valid"); !p.Valid {
			p.TimeoutMs = rapid.Int32Min(0).Draw(t, "timeout")
		}
	case PacketSync:
		p.Session, p.Cxid = genInt64.Draw(t, "session"), genInt32.Draw(t, "cxid")
	case PacketFollowerInfo, PacketObserverInfo:
		p.Sid, p.ConfigVersion = genInt64.Draw(t, "sid"), genZxid(t)
	case PacketAckEpoch:
		p.Epoch = int64(genInt32.Draw(t, "epoch"))
	case PacketSnapshotChunk:
		p.Data = many(t, 9, func(t *rapid.T) byte { return rapid.Byte().Draw(t, "byte") })
		p.Last = rapid.Bool().Draw(t, "last")
	}
	return p
}

func genPassword(t *rapid.T) (p [16]byte) {
	copy(p[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "password"))
	return p
}

func genNotification(t *rapid.T) *Notification {
	return &Notification{
		From: genInt64.Draw(t, "from"), State: PeerState(rapid.Int32Range(0, 3).Draw(t, "state")),
		Leader: genInt64.Draw(t, "leader"), Zxid: genZxid(t),
		ElectionEpoch: genInt64.Draw(t, "round"), PeerEpoch: genInt64.Draw(t, "epoch"), Config: rapid.String().Draw(t, "config"),
	}
}

func genConnectRequest(t *rapid.T) *ConnectRequest {
	r := &ConnectRequest{
		LastZxidSeen: genZxid(t), TimeoutMs: genInt32.Draw(t, "timeout"), Session: genInt64.Draw(t, "session"),
		Password: genPassword(t), Old: rapid.Bool().Draw(t, "old"),
	}
	r.ReadOnly = !r.Old && rapid.Bool().Draw(t, "ro")
	return r
}

func genConnectResponse(t *rapid.T) *ConnectResponse {
	r := &ConnectResponse{
		TimeoutMs: genInt32.Draw(t, "timeout"), Session: genInt64.Draw(t, "session"), Password: genPassword(t),
		Old: rapid.Bool().Draw(t, "old"),
	}
	r.ReadOnly = !r.Old && rapid.Bool().Draw(t, "ro")
	return r
}

func genRequest(t *rapid.T) *Request {
	op := rapid.SampledFrom(requestOps).Draw(t, "op")
	return &Request{genInt32.Draw(t, "xid"), op, genRequestBody(t, op)}
}

func genReply(t *rapid.T) *Reply {
	op := rapid.SampledFrom(append(requestOps, OpNotification)).Draw(t, "op")
	r := &Reply{Xid: rapid.Int32Min(0).Draw(t, "xid"), Zxid: genZxid(t), Type: op}
	if r.Err = rapid.SampledFrom([]ErrorCode{OK, ErrNoNode}).Draw(t, "err"); r.Err == OK {
		r.Body = genReplyBody(t, op)
	}
	return r
}
