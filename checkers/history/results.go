package history

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// resultLine is the outcome of one part of a multi.
type resultLine struct {
	Op   wire.OpCode    `json:"op"`
	Err  wire.ErrorCode `json:"err,omitempty"`
	Path *string        `json:"path,omitempty"`
	Stat *statLine      `json:"stat,omitempty"`
	None bool           `json:"none,omitempty"` // an Empty body, not a missing one
	// Data and Children are what a multi-read found; either is there even if empty.
	Data     *data     `json:"data,omitempty"`
	Children *[]string `json:"children,omitempty"`
}

func resultToLine(r *wire.MultiResult) (resultLine, error) {
	l := resultLine{Op: r.Type, Err: r.Err}
	switch b := r.Body.(type) {
	case nil:
	case *wire.CreateReply:
		l.Path = &b.Path
	case *wire.Create2Reply:
		l.Path, l.Stat = &b.Path, statToLine(&b.Stat)
	case *wire.StatReply:
		l.Stat = statToLine(&b.Stat)
	case *wire.DataReply:
		l.Data, l.Stat = (*data)(&b.Data), statToLine(&b.Stat)
	case *wire.ChildrenReply:
		l.Children = &b.Children
	case *wire.Empty:
		l.None = true
	default:
		return l, fmt.Errorf("a result of type %T has no form in a history", r.Body)
	}
	return l, nil
}

func lineToResult(l *resultLine) wire.MultiResult {
	r := wire.MultiResult{Type: l.Op, Err: l.Err}
	switch {
	case l.Data != nil && l.Stat != nil:
		r.Body = &wire.DataReply{Data: *l.Data, Stat: *l.Stat.stat()}
	case l.Children != nil:
		r.Body = &wire.ChildrenReply{Children: *l.Children}
	case l.Path != nil && l.Stat != nil:
		r.Body = &wire.Create2Reply{Path: *l.Path, Stat: *l.Stat.stat()}
	case l.Path != nil:
		r.Body = &wire.CreateReply{Path: *l.Path}
	case l.Stat != nil:
		r.Body = &wire.StatReply{Stat: *l.Stat.stat()}
	case l.None:
		r.Body = &wire.Empty{}
	}
	return r
}
