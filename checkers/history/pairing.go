package history

import (
	"fmt"
	"time"
)

// pairing joins Jepsen's events, an invocation and later perhaps a completion of
// the same process, into operations.
type pairing struct {
	ops     []Op
	pending map[int]int // process -> index in ops
}

func newPairing() *pairing { return &pairing{pending: map[int]int{}} }

// invoke begins an operation. What the process had pending never returned.
func (p *pairing) invoke(process int, op Op) {
	op.ID, op.Process, op.Client = len(p.ops), process, process
	op.Outcome, op.Return = Info, Never
	p.pending[process] = len(p.ops)
	p.ops = append(p.ops, op)
}

// complete ends what the process has pending and hands it to finish.
func (p *pairing) complete(process int, at time.Duration, outcome Outcome, finish func(*Op) error) error {
	i, ok := p.pending[process]
	if !ok {
		return fmt.Errorf("process %d completes an operation it never invoked; the beginning of the history is missing", process)
	}
	delete(p.pending, process)
	op := &p.ops[i]
	if op.Outcome = outcome; outcome == Info {
		return nil // it may still happen, so it has no end
	}
	op.Return = at
	return finish(op)
}
