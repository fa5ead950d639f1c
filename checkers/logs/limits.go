package logs

import "github.com/stampede-sim/stampede/checkers/history"

// limits: what was sent in the end, being longer than the topic was said to allow, was
// refused.
func (j *judge) limits() {
	for i := range j.h.Ops {
		if op := &j.h.Ops[i]; op.F == history.TooLarge && op.Outcome == history.OK {
			j.report(LimitKept, "This one was taken.", i)
		}
	}
}
