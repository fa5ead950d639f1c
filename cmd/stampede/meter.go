package main

import (
	"fmt"
	"io"

	"github.com/stampede-sim/stampede"
)

// meter shows on a terminal how far shrinking came: one line, written over and
// over. In a pipe it is silent.
type meter struct {
	w       io.Writer
	visible bool
}

func newMeter(w io.Writer) *meter { return &meter{w: w, visible: onTerminal(w)} }

func (m *meter) show(s stampede.ShrinkStats) {
	if m.visible {
		fmt.Fprintf(m.w, "\r\x1b[K%d runs: %d faults, %d operations left", s.Attempts, s.Faults, s.Ops)
	}
}

func (m *meter) clear() {
	if m.visible {
		fmt.Fprint(m.w, "\r\x1b[K")
	}
}
