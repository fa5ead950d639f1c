package checkers

import (
	"fmt"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// describeOp renders an operation as one line of evidence.
func describeOp(op *history.Op) string {
	var b strings.Builder
	fmt.Fprintf(&b, "op %d [%s, %s] process %d", op.ID, when(op.Invoke), when(op.Return), op.Process)
	if op.Session != 0 {
		fmt.Fprintf(&b, " session %#x/%d", op.Session, op.Conn)
	}
	if op.Xid != 0 {
		fmt.Fprintf(&b, " xid %d", op.Xid)
	}
	b.WriteString(": " + describeCall(op) + " -> " + describeResult(op))
	return b.String()
}

// describeCall renders function and arguments.
func describeCall(op *history.Op) string {
	if op.F == history.Multi || op.F == history.MultiRead {
		parts := make([]string, len(op.Parts))
		for i := range op.Parts {
			parts[i] = describePart(&op.Parts[i])
		}
		return string(op.F) + " {" + strings.Join(parts, "; ") + "}"
	}
	part := partOf(op)
	return describePart(&part)
}

func describePart(p *history.Part) string {
	s := string(p.F)
	if p.Path != "" {
		s += " " + p.Path
	}
	switch p.F {
	case history.Create:
		s += fmt.Sprintf(" %q", p.Value)
		if p.Mode != wire.ModePersistent {
			s += fmt.Sprintf(" mode %d", p.Mode)
		}
		if p.TTL != 0 {
			s += fmt.Sprintf(" ttl %d ms", p.TTL)
		}
		if p.ACL != "" {
			s += " with the list " + p.ACL
		}
	case history.Set, history.SetACL, history.Delete, history.Check:
		if p.F == history.Set || p.F == history.SetACL {
			s += fmt.Sprintf(" %q", p.Value)
		}
		if p.Version != -1 {
			s += fmt.Sprintf(" if version %d", p.Version)
		}
	}
	return s
}

// describeResult renders the outcome.
func describeResult(op *history.Op) string {
	s := op.Outcome.String()
	if op.Err != wire.OK {
		s += " " + op.Err.String()
	}
	if op.Outcome == history.OK {
		switch {
		case op.OutPath != "":
			s += " " + op.OutPath
		case op.F == history.Children || op.F == history.Ephemerals || op.F == history.WhoAmI:
			s += fmt.Sprintf(" %v", op.OutChildren)
		case op.F == history.Get || op.F == history.SyncGet || op.F == history.GetACL || op.F == history.CountAll:
			s += fmt.Sprintf(" %q", op.OutValue)
		}
		if op.OutStat != nil {
			s += fmt.Sprintf(" version %d", op.OutStat.Version)
		}
	}
	if op.Zxid != 0 {
		s += " at " + op.Zxid.String()
	}
	return s
}

// describeTxn renders a transaction as one line of evidence.
func describeTxn(a *history.Applied) string {
	t := a.Txn
	return fmt.Sprintf("txn %v [%s] session %#x xid %d: %s", t.Zxid, when(a.At), t.Session, t.Cxid, describeBody(t.Body))
}

func describeBody(body wire.TxnBody) string {
	switch b := body.(type) {
	case *wire.CreateTxn:
		s := fmt.Sprintf("create %s %q (child %d of its parent)", b.Path, b.Data, b.ParentCversion)
		if b.Ephemeral {
			s += " ephemeral"
		}
		if b.Container {
			s += " container"
		}
		if b.TTL != 0 {
			s += fmt.Sprintf(" ttl %d ms", b.TTL)
		}
		return s
	case *wire.DeleteTxn:
		return "delete " + b.Path
	case *wire.SetDataTxn:
		return fmt.Sprintf("set %s %q to version %d", b.Path, b.Data, b.Version)
	case *wire.SetACLTxn:
		return fmt.Sprintf("set the ACL of %s to %s, version %d", b.Path, wire.FormatACL(b.ACL), b.Version)
	case *wire.CheckTxn:
		return fmt.Sprintf("check %s version %d", b.Path, b.Version)
	case *wire.CreateSessionTxn:
		return fmt.Sprintf("create session, timeout %d ms", b.TimeoutMs)
	case *wire.CloseSessionTxn:
		return fmt.Sprintf("close session, deleting %v", b.Paths)
	case *wire.ErrorTxn:
		return "rejected: " + b.Err.String()
	case *wire.MultiTxn:
		parts := make([]string, len(b.Parts))
		for i, p := range b.Parts {
			parts[i] = describeBody(p.Body)
		}
		return "multi {" + strings.Join(parts, "; ") + "}"
	}
	return fmt.Sprintf("%T", body)
}

// when renders virtual time.
func when(d time.Duration) string {
	if d == history.Never {
		return "never"
	}
	return d.String()
}
