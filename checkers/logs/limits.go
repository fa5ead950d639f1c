package logs

import (
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
)

// oversized reports whether a record that was read is one that was sent to be refused for its
// length. It may have been allowed by then, as somebody else had just raised the limit; where
// nobody had, it falls by [LimitKept].
func (j *judge) oversized(read int, r history.Record) bool {
	return slices.ContainsFunc(j.h.Ops, func(op history.Op) bool {
		return op.F == history.TooLarge && op.Path == r.Partition && op.Invoke <= j.h.Ops[read].Return && strings.HasPrefix(r.Value, history.TooLargePrefix(op.ID))
	})
}

// limits: what was sent in the end, being longer than the topic was said to allow, was
// refused. Nothing can be said where the end of one client began while another still
// changed what is allowed.
func (j *judge) limits() {
	end := j.h.End()
	for i := range j.h.Ops {
		if op := &j.h.Ops[i]; (op.F == history.SetConfig || op.F == history.SetBroker) && op.Return > end {
			return
		}
	}
	for i := range j.h.Ops {
		if op := &j.h.Ops[i]; op.F == history.TooLarge && op.Outcome == history.OK {
			j.report(LimitKept, "This one was taken.", i)
		}
	}
}
