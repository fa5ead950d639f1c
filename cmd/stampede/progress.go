package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/stampede-sim/stampede"
)

// progress shows on a terminal how a hunt goes, and nothing in a pipe.
type progress struct {
	bar        *progressbar.ProgressBar // nil in a pipe
	began      time.Time
	byTime     bool
	runs       int
	violations int
	virtual    float64 // seconds
}

// newProgress makes the bar of a hunt of so many runs or, if runs is 0, so long.
func newProgress(w io.Writer, runs uint64, length time.Duration) *progress {
	p := &progress{began: time.Now(), byTime: runs == 0}
	if !onTerminal(w) {
		return p
	}
	most := int64(runs)
	if p.byTime {
		most = length.Milliseconds()
	}
	if most <= 0 {
		most = -1 // nobody knows: a spinner
	}
	p.bar = progressbar.NewOptions64(most,
		progressbar.OptionSetWriter(w), progressbar.OptionSetWidth(24), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
	)
	return p
}

// onTerminal reports whether somebody watches what is written to w.
func onTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// result counts a run.
func (p *progress) result(r *stampede.Result) {
	p.runs++
	p.virtual += r.VirtualSeconds
	if r.Failed() {
		p.violations++
	}
	if p.bar == nil {
		return
	}
	passed := time.Since(p.began)
	p.bar.Describe(fmt.Sprintf("%d runs, %.0f seeds/s, %.2f virtual h, %d violations",
		p.runs, float64(p.runs)/passed.Seconds(), p.virtual/3600, p.violations))
	at := int64(p.runs)
	if p.byTime {
		at = passed.Milliseconds()
	}
	// Only a full bar can fail, when a hunt overstays its time; it stays full then.
	_ = p.bar.Set64(min(at, p.bar.GetMax64()))
}

// clear makes room for a message.
func (p *progress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear() // a terminal that cannot be written to shows nothing anyway
	}
}

// done takes the bar away.
func (p *progress) done() {
	if p.bar != nil {
		_ = p.bar.Clear()
		_ = p.bar.Exit()
	}
}
