package wire

// AppendWire appends the connect request, which has no header.
func (r *ConnectRequest) AppendWire(b []byte) []byte {
	c := coder{b: b}
	r.visit(&c)
	if !r.Old {
		c.bool("readOnly", &r.ReadOnly)
	}
	return c.b
}

// DecodeConnectRequest reads what [ConnectRequest.AppendWire] wrote. Clients
// older than 3.4 leave out the last field.
func DecodeConnectRequest(frame []byte) (*ConnectRequest, error) {
	c := decoder(frame)
	r := new(ConnectRequest)
	r.visit(&c)
	if r.Old = c.off == c.end; !r.Old {
		c.bool("readOnly", &r.ReadOnly)
	}
	if err := c.finish(); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *ConnectRequest) visit(c *coder) {
	c.constant("protocolVersion", 0)
	c.zxid("lastZxidSeen", &r.LastZxidSeen)
	c.int32("timeOut", &r.TimeoutMs)
	c.int64("sessionId", &r.Session)
	c.password(&r.Password)
}

// password codes a buffer that always has sixteen bytes.
func (c *coder) password(v *[16]byte) {
	c.constant("passwd.length", int32(len(v)))
	if !c.decoding {
		c.b = append(c.b, v[:]...)
	} else {
		copy(v[:], c.take("passwd", len(v)))
	}
}

// AppendWire appends the connect response, which has no header.
func (r *ConnectResponse) AppendWire(b []byte) []byte {
	c := coder{b: b}
	r.visit(&c)
	if !r.Old {
		c.bool("readOnly", &r.ReadOnly)
	}
	return c.b
}

// DecodeConnectResponse reads what [ConnectResponse.AppendWire] wrote.
func DecodeConnectResponse(frame []byte) (*ConnectResponse, error) {
	c := decoder(frame)
	r := new(ConnectResponse)
	r.visit(&c)
	if r.Old = c.off == c.end; !r.Old {
		c.bool("readOnly", &r.ReadOnly)
	}
	if err := c.finish(); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *ConnectResponse) visit(c *coder) {
	c.constant("protocolVersion", 0)
	c.int32("timeOut", &r.TimeoutMs)
	c.int64("sessionId", &r.Session)
	c.password(&r.Password)
}

// AppendWire appends RequestHeader and body.
func (r *Request) AppendWire(b []byte) []byte {
	c := coder{b: b}
	r.visit(&c)
	return c.b
}

// DecodeRequest reads what [Request.AppendWire] wrote. The body of an operation
// this package does not know is [Opaque], and one that does not hold what its type
// promises is [Malformed]: header and xid can be answered all the same.
func DecodeRequest(frame []byte) (*Request, error) {
	c := decoder(frame)
	r := new(Request)
	r.visit(&c)
	if err := c.finish(); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Request) visit(c *coder) {
	c.int32("xid", &r.Xid)
	c.int32("type", (*int32)(&r.Type))
	c.requestBody(r.Type, &r.Body)
}

// AppendWire appends ReplyHeader and, if the request succeeded, the body.
func (r *Reply) AppendWire(b []byte) []byte {
	c := coder{b: b}
	r.visitHeader(&c)
	if r.Err == OK {
		c.record(r.Body)
	}
	return c.b
}

// DecodeReply reads what [Reply.AppendWire] wrote. Only the receiver knows what
// it asked, so typeOf tells the type of the request with that xid, false if
// there is none. It is not asked about reserved xids.
func DecodeReply(frame []byte, typeOf func(xid int32) (OpCode, bool)) (*Reply, error) {
	c := decoder(frame)
	r := new(Reply)
	r.visitHeader(&c)
	if c.err != nil {
		return nil, c.err
	}
	known := true
	switch r.Xid {
	case XidPing:
		r.Type = OpPing
	case XidNotification:
		r.Type = OpNotification
	case XidSetWatches:
		r.Type = OpSetWatches
	case XidAuth:
		r.Type = OpAuth
	default:
		if r.Type, known = typeOf(r.Xid); !known {
			c.fail("xid", "%d answers no request", r.Xid)
		}
	}
	if r.Err == OK && known {
		r.Body = newReplyBody(r.Type)
		c.record(r.Body)
	}
	if err := c.finish(); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Reply) visitHeader(c *coder) {
	c.int32("xid", &r.Xid)
	c.zxid("zxid", &r.Zxid)
	c.int32("err", (*int32)(&r.Err))
}
