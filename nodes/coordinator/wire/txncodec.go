package wire

import "fmt"

// EncodeTxn appends a transaction as the log and PROPOSAL hold it: TxnHeader,
// then the record of its type.
func EncodeTxn(b []byte, t *Txn) []byte {
	c := coder{b: b}
	t.visit(&c)
	return c.b
}

// DecodeTxn reads what EncodeTxn wrote. The error names the offset and field of
// the first byte that makes no sense.
func DecodeTxn(b []byte) (*Txn, error) {
	c := decoder(b)
	t := new(Txn)
	t.visit(&c)
	if err := c.finish(); err != nil {
		return nil, err
	}
	return t, nil
}

func (t *Txn) visit(c *coder) {
	c.int64("clientId", &t.Session)
	c.int32("cxid", &t.Cxid)
	c.zxid("txn.zxid", &t.Zxid)
	c.int64("time", &t.Time)
	c.int32("txn.type", (*int32)(&t.Type))
	if t.Type != OpMulti {
		c.txnBody(t.Type, &t.Body)
		return
	}
	if c.decoding {
		t.Body = new(MultiTxn)
	}
	t.Body.(*MultiTxn).visit(c)
}

// visit codes the parts, each a type and a buffer with its record.
func (m *MultiTxn) visit(c *coder) {
	vector(c, "txns", &m.Parts, 8)
	for i := range m.Parts {
		p := &m.Parts[i]
		c.int32("txns.type", (*int32)(&p.Type))
		mark := c.open("txns.data")
		c.txnBody(p.Type, &p.Body)
		c.shut("txns.data", mark)
		if c.err != nil {
			return
		}
	}
}

func newTxnBody(op OpCode) TxnBody {
	switch op {
	case OpCreate, OpCreate2, OpCreateTTL:
		return new(CreateTxn)
	case OpCreateContainer:
		return &CreateTxn{Container: true}
	case OpDelete, OpDeleteContainer:
		return new(DeleteTxn)
	case OpSetData, OpReconfig:
		return new(SetDataTxn)
	case OpSetACL:
		return new(SetACLTxn)
	case OpCheck:
		return new(CheckTxn)
	case OpCreateSession:
		return new(CreateSessionTxn)
	case OpCloseSession:
		return new(CloseSessionTxn)
	case OpError:
		return new(ErrorTxn)
	}
	return nil
}

// txnBody visits the record of a transaction that is not a multi.
func (c *coder) txnBody(op OpCode, body *TxnBody) {
	if c.decoding {
		if *body = newTxnBody(op); *body == nil {
			c.fail("txn.type", "%s is no transaction that can occur here", op)
			return
		}
	}
	switch t := (*body).(type) {
	case *CreateTxn:
		t.visit(c, op)
	case *DeleteTxn:
		c.str("path", &t.Path)
	case *SetDataTxn:
		c.str("path", &t.Path)
		c.buf("data", &t.Data)
		c.int32("version", &t.Version)
	case *SetACLTxn:
		c.str("path", &t.Path)
		c.acls(&t.ACL)
		c.int32("version", &t.Version)
	case *CheckTxn:
		c.str("path", &t.Path)
		c.int32("version", &t.Version)
	case *CreateSessionTxn:
		c.int32("timeOut", &t.TimeoutMs)
	case *CloseSessionTxn:
		c.strs("paths2Delete", &t.Paths)
	case *ErrorTxn:
		c.int32("err", (*int32)(&t.Err))
	default:
		panic(fmt.Sprintf("wire: a %s transaction with a %T has no encoding", op, t))
	}
}

// visit codes a create of one of its types: only an ordinary one says whether it is
// ephemeral, only one with a TTL has that.
func (t *CreateTxn) visit(c *coder, op OpCode) {
	c.str("path", &t.Path)
	c.buf("data", &t.Data)
	c.acls(&t.ACL)
	if op != OpCreateContainer && op != OpCreateTTL {
		c.bool("ephemeral", &t.Ephemeral)
	}
	c.int32("parentCVersion", &t.ParentCversion)
	if op == OpCreateTTL {
		c.int64("ttl", &t.TTL)
	}
}
