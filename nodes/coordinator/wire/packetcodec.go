package wire

// protocolVersion is what learners and leaders of Zab 1.0 tell each other.
const protocolVersion = 0x10000

// AppendWire appends the packet as a QuorumPacket: type, zxid, a buffer that
// depends on the type, and with a request the identities of who sent it.
func (p *Packet) AppendWire(b []byte) []byte {
	c := coder{b: b}
	p.visit(&c)
	return c.b
}

// DecodePacket reads what [Packet.AppendWire] wrote.
func DecodePacket(frame []byte) (*Packet, error) {
	c := decoder(frame)
	p := new(Packet)
	p.visit(&c)
	if err := c.finish(); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Packet) visit(c *coder) {
	c.int32("type", (*int32)(&p.Type))
	c.zxid("zxid", &p.Zxid)
	if p.hasData(c) {
		mark := c.open("data")
		p.visitData(c)
		c.shut("data", mark)
	} else {
		c.constant("data", -1)
	}
	if p.Type == PacketRequest && p.Request != nil {
		c.identities(&p.Request.Auth)
	} else {
		c.constant("authinfo", -1)
	}
}

// hasData reports whether the packet has a data buffer, rather than null.
func (p *Packet) hasData(c *coder) bool {
	switch p.Type {
	case PacketNewLeader:
		if !c.decoding {
			return p.Config != ""
		}
		return c.end-c.off > 0 && c.b[c.off] != 0xff // the length is -1 only if it starts so
	case PacketAck, PacketCommit, PacketUpToDate, PacketDiff, PacketTrunc, PacketSnap:
		return false
	case PacketPing:
		if !c.decoding {
			return p.Touches != nil
		}
		return c.end-c.off > 0 && c.b[c.off] != 0xff // the length is -1 only if it starts so
	case PacketRequest, PacketProposal, PacketRevalidate, PacketSync, PacketInform, PacketFollowerInfo, PacketObserverInfo,
		PacketLeaderInfo, PacketAckEpoch, PacketActivate, PacketInformActivate, PacketSnapshotChunk:
		return true
	}
	c.fail("type", "%d is no packet type", p.Type)
	return false
}

func (p *Packet) visitData(c *coder) {
	switch p.Type {
	case PacketRequest:
		if c.decoding {
			p.Request = new(ForwardedRequest)
		}
		p.Request.visit(c)
	case PacketProposal, PacketInform:
		if c.decoding {
			p.Txn = new(Txn)
		}
		p.Txn.visit(c)
	case PacketActivate:
		c.int64("designated", &p.Designated)
	case PacketInformActivate:
		c.int64("designated", &p.Designated)
		if c.decoding {
			p.Txn = new(Txn)
		}
		p.Txn.visit(c)
	case PacketNewLeader:
		c.text("config", &p.Config)
	case PacketPing:
		p.visitTouches(c)
	case PacketRevalidate:
		p.visitRevalidate(c)
	case PacketSync:
		c.int64("session", &p.Session)
		c.int32("cxid", &p.Cxid)
	case PacketFollowerInfo, PacketObserverInfo:
		c.int64("serverid", &p.Sid)
		c.constant("protocolVersion", protocolVersion)
		c.zxid("configVersion", &p.ConfigVersion)
	case PacketLeaderInfo:
		c.constant("protocolVersion", protocolVersion)
	case PacketAckEpoch:
		epoch := int32(p.Epoch)
		c.int32("currentEpoch", &epoch)
		if c.decoding {
			p.Epoch = int64(epoch)
		}
	case PacketSnapshotChunk:
		c.bool("last", &p.Last)
		c.rest("data", &p.Data)
	}
}

// visitTouches codes as many pairs as fill the buffer.
func (p *Packet) visitTouches(c *coder) {
	if c.decoding {
		p.Touches = make([]SessionTouch, (c.end-c.off)/12)
	}
	for i := range p.Touches {
		c.int64("touch.session", &p.Touches[i].Session)
		c.int32("touch.timeout", &p.Touches[i].TimeoutMs)
	}
}

// visitRevalidate codes the question, a session and its timeout, or the answer,
// a session and whether it lives. A timeout makes it a question.
func (p *Packet) visitRevalidate(c *coder) {
	c.int64("session", &p.Session)
	question := p.TimeoutMs != 0
	if c.decoding {
		question = c.end-c.off == 4
	} else if question && p.Valid {
		panic("wire: a REVALIDATE with both a timeout and a verdict")
	}
	if question {
		c.int32("timeout", &p.TimeoutMs)
	} else {
		c.bool("valid", &p.Valid)
	}
}

func (r *ForwardedRequest) visit(c *coder) {
	c.int64("session", &r.Session)
	c.int32("cxid", &r.Cxid)
	c.int32("opcode", (*int32)(&r.Type))
	c.requestBody(r.Type, &r.Body)
}

// AppendWire appends the sender's sid and a version 2 notification.
func (n *Notification) AppendWire(b []byte) []byte {
	c := coder{b: b}
	n.visit(&c)
	return c.b
}

// DecodeNotification reads what [Notification.AppendWire] wrote.
func DecodeNotification(frame []byte) (*Notification, error) {
	c := decoder(frame)
	n := new(Notification)
	n.visit(&c)
	if n.State < Looking || n.State > Observing {
		c.fail("state", "%d is no peer state", int32(n.State))
	}
	if err := c.finish(); err != nil {
		return nil, err
	}
	return n, nil
}

func (n *Notification) visit(c *coder) {
	c.int64("sid", &n.From)
	c.int32("state", (*int32)(&n.State))
	c.int64("leader", &n.Leader)
	c.zxid("zxid", &n.Zxid)
	c.int64("electionEpoch", &n.ElectionEpoch)
	c.int64("peerEpoch", &n.PeerEpoch)
	c.constant("version", 2)
	c.str("config", &n.Config)
}
