package logs

import "github.com/stampede-sim/stampede/checkers/history"

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
