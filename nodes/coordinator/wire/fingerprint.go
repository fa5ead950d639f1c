package wire

import "encoding/binary"

// hash is a running fingerprint: cheap, not collision-proof. It mixes the scalar
// fields of a message, and length and last bytes of its strings.
type hash uint64

// add mixes one number in, with one multiplication by the golden ratio.
func (h hash) add(v uint64) hash {
	h = (h ^ hash(v)) * 0x9e3779b97f4a7c15
	return h ^ h>>29
}

func (h hash) flag(v bool) hash {
	if v {
		return h.add(1)
	}
	return h.add(2)
}

// text mixes the length of s and its end, where sibling paths differ.
func (h hash) text(s string) hash {
	if len(s) < 8 {
		v := uint64(len(s))
		for i := range len(s) {
			v = v<<8 | uint64(s[i])
		}
		return h.add(v)
	}
	var tail [8]byte
	copy(tail[:], s[len(s)-8:])
	return h.add(uint64(len(s))).add(binary.LittleEndian.Uint64(tail[:]))
}

func (h hash) bytes(b []byte) hash {
	if len(b) < 8 {
		v := uint64(len(b))
		for _, c := range b {
			v = v<<8 | uint64(c)
		}
		return h.add(v)
	}
	return h.add(uint64(len(b))).add(binary.LittleEndian.Uint64(b[len(b)-8:]))
}

// Fingerprint mixes all meaningful fields of the packet.
func (p *Packet) Fingerprint() uint64 {
	h := hash(p.Type).add(uint64(p.Zxid))
	switch p.Type {
	case PacketProposal:
		h = h.add(p.Txn.Fingerprint())
	case PacketInformActivate:
		h = h.add(uint64(p.Designated)).add(p.Txn.Fingerprint())
	case PacketActivate:
		h = h.add(uint64(p.Designated))
	case PacketNewLeader:
		h = h.text(p.Config)
	case PacketRequest:
		r := p.Request
		h = h.add(uint64(r.Session)).add(uint64(r.Cxid)<<32 | uint64(uint32(r.Type))).record(r.Body).identities(r.Auth)
	case PacketPing:
		for _, t := range p.Touches {
			h = h.add(uint64(t.Session)).add(uint64(t.TimeoutMs))
		}
	case PacketRevalidate, PacketSync:
		h = h.add(uint64(p.Session)).add(uint64(p.Cxid)<<32 | uint64(uint32(p.TimeoutMs))).flag(p.Valid)
	case PacketFollowerInfo, PacketAckEpoch:
		h = h.add(uint64(p.Sid)).add(uint64(p.Epoch)).add(uint64(p.ConfigVersion))
	case PacketSnapshotChunk:
		h = h.bytes(p.Data).flag(p.Last)
	}
	return uint64(h)
}

// Fingerprint mixes all fields of the notification.
func (n *Notification) Fingerprint() uint64 {
	h := hash(n.State).add(uint64(n.From)).add(uint64(n.Leader)).add(uint64(n.Zxid))
	return uint64(h.add(uint64(n.ElectionEpoch)).add(uint64(n.PeerEpoch)).text(n.Config))
}

// Fingerprint mixes the fields that tell two connect requests apart.
func (r *ConnectRequest) Fingerprint() uint64 {
	h := hash(1).add(uint64(r.LastZxidSeen)).add(uint64(r.Session))
	return uint64(h.add(uint64(r.TimeoutMs)).bytes(r.Password[:]).flag(r.ReadOnly))
}

// Fingerprint mixes the fields that tell two connect responses apart.
func (r *ConnectResponse) Fingerprint() uint64 {
	h := hash(2).add(uint64(r.Session)).add(uint64(r.TimeoutMs))
	return uint64(h.bytes(r.Password[:]).flag(r.ReadOnly))
}

// Fingerprint mixes header and body of the request.
func (r *Request) Fingerprint() uint64 {
	return uint64(hash(3).add(uint64(r.Xid)<<32 | uint64(uint32(r.Type))).record(r.Body))
}

// Fingerprint mixes header and body of the reply.
func (r *Reply) Fingerprint() uint64 {
	h := hash(4).add(uint64(r.Xid)<<32 | uint64(uint32(r.Err))).add(uint64(r.Zxid))
	return uint64(h.record(r.Body))
}

// Fingerprint mixes header and body of the transaction.
func (t *Txn) Fingerprint() uint64 {
	h := hash(t.Type).add(uint64(t.Session)).add(uint64(t.Cxid)).add(uint64(t.Zxid)).add(uint64(t.Time))
	return uint64(h.txnBody(t.Body))
}

func (h hash) record(r Record) hash {
	switch r := r.(type) {
	case *CreateRequest:
		return h.text(r.Path).bytes(r.Data).add(uint64(r.Mode))
	case *CreateTTLRequest:
		return h.text(r.Path).bytes(r.Data).add(uint64(r.Mode)).add(uint64(r.TTL))
	case *DeleteRequest:
		return h.text(r.Path).add(uint64(r.Version))
	case *SetDataRequest:
		return h.text(r.Path).bytes(r.Data).add(uint64(r.Version))
	case *CheckRequest:
		return h.text(r.Path).add(uint64(r.Version))
	case *PathRequest:
		return h.text(r.Path).flag(r.Watch)
	case *SyncRequest:
		return h.text(r.Path)
	case *ReconfigRequest:
		return h.text(r.Joining).text(r.Leaving).text(r.Members).add(uint64(r.From))
	case *GetACLRequest:
		return h.text(r.Path)
	case *SetACLRequest:
		return h.text(r.Path).acls(r.ACL).add(uint64(r.Version))
	case *GetEphemeralsRequest:
		return h.text(r.Prefix)
	case *CountAllRequest:
		return h.text(r.Path)
	case *CreateSessionRequest:
		return h.add(uint64(r.TimeoutMs))
	case *MultiRequest:
		for _, op := range r.Ops {
			h = h.add(uint64(op.Type)).record(op.Body)
		}
		return h
	case *SetWatchesRequest:
		return h.add(uint64(r.Seen)).names(r.Data).names(r.Exist).names(r.Child)
	case *SetWatches2Request:
		return h.record(&r.SetWatchesRequest).names(r.Persistent).names(r.Recursive)
	case *AddWatchRequest:
		return h.text(r.Path).add(uint64(r.Mode))
	case *WatchesRequest:
		return h.text(r.Path).add(uint64(r.Type))
	case *AuthRequest:
		return h.text(r.Scheme).bytes(r.Credentials)
	case *Opaque:
		return h.bytes(r.Bytes)
	case *Malformed:
		return h.bytes(r.Bytes)
	}
	return h.reply(r)
}

func (h hash) reply(r Record) hash {
	switch r := r.(type) {
	case *CreateReply:
		return h.text(r.Path)
	case *Create2Reply:
		return h.text(r.Path).stat(&r.Stat)
	case *StatReply:
		return h.stat(&r.Stat)
	case *DataReply:
		return h.bytes(r.Data).stat(&r.Stat)
	case *ChildrenReply:
		return h.names(r.Children)
	case *Children2Reply:
		return h.names(r.Children).stat(&r.Stat)
	case *SyncReply:
		return h.text(r.Path)
	case *ACLReply:
		return h.acls(r.ACL).stat(&r.Stat)
	case *EphemeralsReply:
		return h.names(r.Paths)
	case *CountAllReply:
		return h.add(uint64(r.Total))
	case *WhoAmIReply:
		return h.clients(r.Clients)
	case *WatcherEvent:
		return h.text(r.Path).add(uint64(r.Type))
	case *ErrorReply:
		return h.add(uint64(r.Err))
	case *MultiReply:
		for _, res := range r.Results {
			h = h.add(uint64(res.Type)<<32 | uint64(uint32(res.Err))).record(res.Body)
		}
	}
	return h
}

func (h hash) names(names []string) hash {
	h = h.add(uint64(len(names)))
	if len(names) > 0 {
		h = h.text(names[0]).text(names[len(names)-1])
	}
	return h
}

func (h hash) acls(list []ACL) hash {
	for i := range list {
		h = h.text(list[i].ID).add(uint64(list[i].Perms))
	}
	return h.add(uint64(len(list)))
}

func (h hash) stat(s *Stat) hash {
	h = h.add(uint64(s.Mzxid)).add(uint64(s.Pzxid)).add(uint64(s.Czxid))
	return h.add(uint64(s.Version)<<32 | uint64(uint32(s.Cversion)))
}

func (h hash) txnBody(body TxnBody) hash {
	switch t := body.(type) {
	case *CreateTxn:
		if t.TTL != 0 {
			h = h.add(uint64(t.TTL))
		}
		return h.text(t.Path).bytes(t.Data).add(uint64(t.ParentCversion)).flag(t.Ephemeral).flag(t.Container)
	case *DeleteTxn:
		return h.text(t.Path)
	case *SetDataTxn:
		return h.text(t.Path).bytes(t.Data).add(uint64(t.Version))
	case *SetACLTxn:
		return h.text(t.Path).acls(t.ACL).add(uint64(t.Version))
	case *CheckTxn:
		return h.text(t.Path).add(uint64(t.Version))
	case *CreateSessionTxn:
		return h.add(uint64(t.TimeoutMs))
	case *CloseSessionTxn:
		return h.names(t.Paths)
	case *ErrorTxn:
		return h.add(uint64(t.Err))
	case *MultiTxn:
		for _, p := range t.Parts {
			h = h.add(uint64(p.Type)).txnBody(p.Body)
		}
	}
	return h
}
