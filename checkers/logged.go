package checkers

import (
	"slices"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/logs"
	"github.com/stampede-sim/stampede/checkers/models"
	"github.com/stampede-sim/stampede/checkers/rights"
)

// onlyLogs reports whether a history is of clients of brokers alone.
func onlyLogs(h *history.History) bool {
	return len(h.Ops) > 0 && !slices.ContainsFunc(h.Ops, func(op history.Op) bool { return !op.OnLogs() })
}

// judgeLogs adds what clients of brokers saw, and what a search makes of it.
func (r *Report) judgeLogs(h *history.History, budget *models.Budget) {
	v := logs.Judge(h)
	r.Findings = append(r.Findings, v.Findings...)
	for _, c := range v.Counts {
		r.Counted = append(r.Counted, Count(c))
	}
	r.Notes = append(r.Notes, v.Missing...)
	switch {
	case len(v.Findings) > 0:
		r.Verdict = Violation
	case len(v.Missing) > 0 && r.Verdict == Pass:
		r.Verdict = Vacuous
	}
	if w := rights.Judge(h); len(h.Access) > 0 {
		r.Findings = append(r.Findings, w.Findings...)
		r.Counted = append(r.Counted, Count{"requests that needed a right and had it", w.Granted}, Count{"requests refused for want of a right", w.Refused})
		if len(w.Findings) > 0 {
			r.Verdict = Violation
		}
	}
	for _, searches := range models.Brokers {
		if r.Verdict != Violation {
			r.searched(searches(h, budget), true)
		}
	}
}
