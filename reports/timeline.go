package reports

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede"
	"github.com/stampede-sim/stampede/faults"
)

// Geometry of the timeline, in pixels.
const (
	nameWidth = 90
	barWidth  = 980
	rowHeight = 22
	// blip is the width of a fault that has no length.
	blip = 3
)

// timeline is the faults of a run over virtual time, a row a process.
type timeline struct {
	Width, Height int
	Rows          []timelineRow
	Ticks         []tick
	// Failure is where the first finding was made, Healed where the faults ended
	// and WarmUp where they began.
	Failure, Healed, WarmUp int
	bottom                  int
}

type timelineRow struct {
	Name string
	// Y is the row's top, Baseline its text's.
	Y, Baseline int
	Bars        []bar
}

// bar is one fault at one process. Title is what a mouse over it shows.
type bar struct {
	X, Width    int
	Kind, Title string
}

type tick struct {
	X     int
	Label string
}

// Bottom is where the rows end and the ticks begin.
func (t timeline) Bottom() int { return t.bottom }

func newTimeline(r *stampede.Result) timeline {
	end := max(time.Duration(r.VirtualSeconds*float64(time.Second)), time.Millisecond)
	at := func(d time.Duration) int { return nameWidth + int(int64(barWidth)*int64(min(d, end))/int64(end)) }
	k := r.Plan.Knobs
	t := timeline{Width: nameWidth + barWidth + 20, Failure: at(failedAt(r)), WarmUp: at(k.WarmUp), Healed: at(k.WarmUp + k.Safety)}
	for i, name := range processNames(r.Plan) {
		row := timelineRow{Name: name, Y: i * rowHeight, Baseline: i*rowHeight + 15}
		for _, s := range r.Spans {
			if !touches(s, name) {
				continue
			}
			row.Bars = append(row.Bars, bar{
				X: at(s.Start), Width: max(blip, at(s.End)-at(s.Start)), Kind: s.Kind,
				Title: spanTitle(s),
			})
		}
		t.Rows = append(t.Rows, row)
	}
	t.bottom = len(t.Rows) * rowHeight
	t.Height = t.bottom + rowHeight
	step := tickStep(end)
	for d := time.Duration(0); d <= end; d += step {
		t.Ticks = append(t.Ticks, tick{at(d), d.String()})
	}
	return t
}

func spanTitle(s faults.Span) string {
	if s.Start == s.End {
		return fmt.Sprintf("%s %s at %v", s.Kind, s.Targets, s.Start)
	}
	return fmt.Sprintf("%s %s from %v to %v", s.Kind, s.Targets, s.Start, s.End)
}

// processNames lists the processes of a plan, servers first.
func processNames(p stampede.Plan) []string {
	var names []string
	for i := range p.Knobs.Servers + p.Knobs.Observers {
		names = append(names, fmt.Sprintf("zk%d", i+1))
	}
	for i := range p.Shape.Clients {
		names = append(names, fmt.Sprintf("c%d", i))
	}
	return names
}

// touches reports whether a span names the process, or splits its whole group.
func touches(s faults.Span, name string) bool {
	words := strings.FieldsFunc(s.Targets, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	return slices.Contains(words, name) || slices.Contains(words, strings.TrimRight(name, "0123456789"))
}

// tickStep is the round length of which at most a dozen fit.
func tickStep(end time.Duration) time.Duration {
	for _, step := range []time.Duration{time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, time.Minute, time.Hour} {
		if end/step <= 12 {
			return step
		}
	}
	return 24 * time.Hour
}
