package reports

import (
	"bufio"
	"fmt"
	"io"
	"time"

	"github.com/stampede-sim/stampede"
	"github.com/stampede-sim/stampede/sim"
)

// How many lines of a trace a failure directory keeps before and after the
// failure. All of a run may be hundreds of thousands; what led to a failure is
// near it.
const (
	linesBefore = 20_000
	linesAfter  = 2_000
)

// window keeps the lines of a trace around a moment.
type window struct {
	moment time.Duration
	before []string // a ring once it is full; next is its oldest
	next   int
	after  []string
	total  int
	// first is the number of the first line kept, from 1.
	first int
}

func newWindow(moment time.Duration) *window { return &window{moment: moment, first: 1} }

// add takes the next line of the trace.
func (w *window) add(l sim.Line) {
	w.total++
	switch {
	case l.At > w.moment:
		if len(w.after) < linesAfter {
			w.after = append(w.after, l.String())
		}
	case len(w.before) < linesBefore:
		w.before = append(w.before, l.String())
	default:
		w.before[w.next] = l.String()
		w.next = (w.next + 1) % linesBefore
		w.first++
	}
}

// lines returns what was kept, in order.
func (w *window) lines() []string {
	var all []string
	all = append(all, w.before[w.next:]...)
	all = append(all, w.before[:w.next]...)
	return append(all, w.after...)
}

// around returns the last lines up to the moment and the first after it.
func (w *window) around(before, after int) []string {
	all := w.lines()
	at := len(w.before)
	return all[max(0, at-before):min(len(all), at+after)]
}

// failedAt is the virtual time at which a result's first finding was made, the
// end of the run if there is none.
func failedAt(r *stampede.Result) time.Duration {
	if len(r.Findings) > 0 && r.Findings[0].At > 0 {
		return r.Findings[0].At
	}
	return time.Duration(r.VirtualSeconds * float64(time.Second))
}

// traced runs the plan of a result again and keeps the trace around its failure.
func traced(r *stampede.Result) *window {
	w := newWindow(failedAt(r))
	stampede.Run(r.Plan, stampede.RunOptions{Trace: w.add})
	return w
}

// writeTrace writes the window under a header that says what was left out.
func writeTrace(out io.Writer, r *stampede.Result, w *window) error {
	b := bufio.NewWriter(out)
	lines := w.lines()
	fmt.Fprintf(b, "# trace of %s seed %d, hash %s\n", r.Scenario, r.Seed, r.Hash)
	fmt.Fprintf(b, "# %s at +%v: %s\n", r.Guarantee, w.moment, r.Explanation)
	fmt.Fprintln(b, "# columns: step, virtual time in seconds, process, verb, peer, payload")
	if len(lines) < w.total {
		fmt.Fprintf(b, "# lines %d to %d of %d, around the failure; all of them: stampede replay plan.txt --trace-file FILE\n",
			w.first, w.first+len(lines)-1, w.total)
	}
	for _, line := range lines {
		fmt.Fprintln(b, line)
	}
	return b.Flush()
}
