package history

import (
	"fmt"
	"time"
)

// StateF is what a broker does to what the coordinator's tree says of a cluster.
type StateF string

// The functions of StateOp.
const (
	// WriteIsr: a leader replaces the state of its partition by one with other in-sync
	// replicas.
	WriteIsr StateF = "write-isr"
	// WriteState: the controller replaces or makes the state of a partition.
	WriteState StateF = "write-state"
	// Rule: a broker makes itself the controller, in the epoch Epoch.
	Rule StateF = "rule"
)

// StateOp is one operation of a broker on the state of the cluster, as the broker tells
// of it.
type StateOp struct {
	F  StateF `json:"f"`
	By int32  `json:"by"`
	// Call is when it was begun, 0 if nobody told; Return when the broker knew how it
	// ended, Never if it did not come to know.
	Call    time.Duration `json:"call"`
	Return  time.Duration `json:"return"`
	Outcome Outcome       `json:"-"`
	// Partition is the one that it is about, Expect the version of its state that is to be
	// replaced, -1 if that is not told, Version what it has become, of an OK.
	Partition string `json:"partition,omitempty"`
	Expect    int64  `json:"expect"`
	Version   int64  `json:"version"`
	// Leader and Epoch are what the state says; or the epoch of a controller. Isr is the
	// bit set of the in-sync replicas.
	Leader int32 `json:"leader"`
	Epoch  int64 `json:"epoch"`
	Isr    int64 `json:"isr"`
}

// stateLine is a StateOp as a line of JSON.
type stateLine struct {
	Type string `json:"type"`
	StateOp
	End string `json:"outcome"`
}

// State writes an operation on the state of the cluster.
func (e *Encoder) State(s *StateOp) error { return e.write(stateLine{"state", *s, s.Outcome.String()}) }

func lineToState(l *stateLine) (*StateOp, error) {
	for _, o := range []Outcome{Info, OK, Fail} {
		if o.String() == l.End {
			l.Outcome = o
			return &l.StateOp, nil
		}
	}
	return nil, fmt.Errorf("outcome %q is none of ok, fail and info; correct it", l.End)
}
