package history

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"olympos.io/encoding/edn"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// WriteEDN writes a history as Jepsen's tools read it, an event a line in order of
// time. Coordinator operations keep their own :f, with [path value] as :value, and
// what Jepsen has no key for (zxid, session, version, error) under its own. Claims are
// info events of a process that is no number, which Jepsen and ReadEDN pass over.
func WriteEDN(w io.Writer, h *History) error {
	bw := bufio.NewWriter(w)
	for i, e := range ednEvents(h) {
		line := ""
		if e.claim != nil {
			line = e.claim.edn(i)
		} else {
			line = e.format(&h.Ops[e.op], i)
		}
		if _, err := fmt.Fprintln(bw, line); err != nil {
			return fmt.Errorf("writing a history as EDN: %w", err)
		}
	}
	if err := bw.Flush(); err != nil {
		return fmt.Errorf("writing a history as EDN: %w", err)
	}
	return nil
}

// moment is one end of an operation, or a claim.
type moment struct {
	at    time.Duration
	op    int
	end   bool
	claim *Claim
}

// ednEvents lists the ends of all operations and the claims in order of time. At one instant,
// invocations come first: Jepsen's intervals are closed.
func ednEvents(h *History) []moment {
	var out []moment
	for i := range h.Ops {
		op := &h.Ops[i]
		out = append(out, moment{at: op.Invoke, op: i})
		if op.Return != Never {
			out = append(out, moment{at: op.Return, op: i, end: true})
		}
	}
	for i := range h.Claims {
		out = append(out, moment{at: h.Claims[i].At, end: true, claim: &h.Claims[i]})
	}
	slices.SortStableFunc(out, func(a, b moment) int {
		if c := cmp.Compare(a.at, b.at); c != 0 || a.end == b.end {
			return c
		}
		if a.end {
			return 1
		}
		return -1
	})
	return out
}

// format renders one event. The layout is the one Jepsen prints; the library's
// packs tokens too close for people.
func (m moment) format(op *Op, index int) string {
	kind := "invoke"
	if m.end {
		kind = op.Outcome.String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "{:type :%s, :f :%s, :value %s, :process %d, :time %d, :index %d",
		kind, op.F, op.ednValue(m.end), op.Process, int64(m.at), index)
	if !m.end && (op.F == Set || op.F == SetACL || op.F == Delete) {
		fmt.Fprintf(&b, ", :version %d", op.Version)
	}
	if !m.end && op.watches() != "" {
		fmt.Fprintf(&b, ", :watch :%s", op.watches())
	}
	if !m.end && op.ACL != "" {
		fmt.Fprintf(&b, ", :acl %s", ednString(op.ACL))
	}
	if m.end && op.Session != 0 {
		fmt.Fprintf(&b, ", :session %d", op.Session)
	}
	if m.end && op.Zxid != 0 {
		fmt.Fprintf(&b, ", :zxid %q", op.Zxid.String())
	}
	if m.end && op.Err != 0 {
		fmt.Fprintf(&b, ", :error :%v", op.Err)
	}
	return b.String() + "}"
}

// watches is what an operation wants watched or not watched any more, "" for nothing.
func (op *Op) watches() string {
	switch {
	case op.F == AddWatch:
		return wire.WatchMode(op.Mode).String()
	case op.F == RemoveWatch || op.F == CheckWatch:
		return wire.WatchType(op.Mode).String()
	case op.Watch:
		return "once"
	}
	return ""
}

// ednValue renders the :value of an event.
func (op *Op) ednValue(end bool) string {
	if op.OnLogs() {
		return op.ednLog(end)
	}
	ok := end && op.Outcome == OK
	v := "nil"
	switch {
	case op.F == CAS:
		v = "[" + ednString(op.Old) + " " + ednString(op.Value) + "]"
	case op.F == Reconfig && op.Change != nil && !ok:
		v = fmt.Sprintf("{:joining %s, :leaving %s, :members %s, :from %d}",
			ednString(op.Change.Joining), ednString(op.Change.Leaving), ednString(op.Change.Members), op.Change.From)
	case op.F == Reconfig:
		v = ednString(op.OutValue)
	case op.F == Write || op.F == Set || op.F == SetACL || op.F == Create || op.F == Ask && !ok:
		v = ednString(op.Value)
	case ok && (op.F == Children || op.F == Ephemerals || op.F == WhoAmI):
		names := make([]string, len(op.OutChildren))
		for i, name := range op.OutChildren {
			names[i] = ednString(name)
		}
		v = "[" + strings.Join(names, " ") + "]"
	case ok && !op.OutNil && (op.F == Read || op.F == Get || op.F == SyncGet || op.F == GetACL || op.F == CountAll || op.F == Ask):
		v = ednString(op.OutValue)
	}
	if op.Path == "" {
		return v
	}
	return "[" + ednString(op.Path) + " " + v + "]"
}

// ednString quotes a string; one that cannot be quoted does not exist.
func ednString(s string) string {
	b, err := edn.Marshal(s)
	if err != nil {
		panic("history: a string has no EDN form: " + err.Error())
	}
	return string(b)
}
