package models

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"
	"github.com/stampede-sim/stampede/checkers/history"
)

// partitionState is the register that says who leads a partition and who is in sync.
// Versions begin with 0; before, there is none.
type partitionState struct {
	exists bool
	stateWrite
}

func (s partitionState) String() string {
	if !s.exists {
		return "nothing"
	}
	return fmt.Sprintf("version %d: leader %d in epoch %d, in sync %s", s.version, s.leader, s.epoch, members(s.isr))
}

// stateInput is an operation on it.
type stateInput struct {
	stateWrite
	// isr: a leader writes, which replaces version expect of its own epoch; or else a
	// controller, which begins another epoch. Of expect -1 nobody told.
	leads  bool
	expect int64
	// refused: a leader found that another decides by now. untold: nobody told of the
	// write, which the log has, so that it may be of either.
	refused, untold bool
	by              int32
}

func (in *stateInput) String() string {
	switch {
	case in.refused:
		return fmt.Sprintf("b%d, leading in epoch %d, refused", in.by, in.epoch)
	case in.leads:
		return fmt.Sprintf("b%d replaces version %d by %d: %s", in.by, in.expect, in.version, members(in.isr))
	}
	return fmt.Sprintf("version %d: leader %d in epoch %d, in sync %s", in.version, in.leader, in.epoch, members(in.isr))
}

// stateRegister is the state of a partition as a register with compare and set: a version
// replaces the one before; a leader only a state of its own epoch, the one it names; and
// is refused only when that is over.
var stateRegister = describe(porcupine.Model{
	Init: func() any { return partitionState{} },
	Step: func(state, input, _ any) (bool, any) {
		s, in := state.(partitionState), input.(*stateInput)
		if in.refused {
			return s.exists && (s.epoch != in.epoch || s.leader != in.by), s
		}
		next := partitionState{true, in.stateWrite}
		next.at = 0
		if !s.exists {
			return in.version == 0 && !in.leads, next
		}
		own := in.epoch == s.epoch && in.leader == s.leader && (in.expect == s.version || in.expect < 0)
		return in.version == s.version+1 && (in.leads && own || !in.leads && in.epoch > s.epoch || in.untold && own), next
	},
	Equal: func(a, b any) bool { return a == b },
})

// PartitionStates judges the state of every partition by what brokers say they wrote, and
// were refused. What nobody told of, the log settles: it is told by versions, and takes
// place when the log has it.
func PartitionStates(h *history.History, budget *Budget) []Result {
	z, end := readZnodes(h), endOf(h)
	for i := range h.States {
		end = max(end, int64(h.States[i].Return)+1)
	}
	var out []Result
	for _, name := range slices.Sorted(maps.Keys(z.states)) {
		if z.again[name[:strings.LastIndexByte(name, '-')]] {
			continue
		}
		b := stateBag(h, name, z.states[name], end)
		if len(b.ops) > 0 {
			out = append(out, b.search("partition state", name, stateRegister, budget))
		}
	}
	return out
}

// stateBag collects what was done to the state of one partition.
func stateBag(h *history.History, name string, log []stateWrite, end int64) *bag {
	b, told, known := &bag{}, map[int64]bool{}, map[int64]bool{}
	for i := range h.States {
		if op := &h.States[i]; op.Partition == name && op.F == history.WriteIsr && op.Outcome == history.OK {
			known[op.Version] = true
		}
	}
	for i := range h.States {
		op := &h.States[i]
		if op.Partition != name {
			continue
		}
		in := &stateInput{
			stateWrite: stateWrite{version: op.Version, leader: op.Leader, epoch: op.Epoch, isr: op.Isr},
			leads:      op.F == history.WriteIsr, expect: op.Expect, refused: op.Outcome == history.Fail, by: op.By,
		}
		call, ret := int64(op.Call), int64(op.Return)
		at := slices.IndexFunc(log, func(w stateWrite) bool {
			return w.version == op.Version || op.Outcome == history.Info && w.version == op.Expect+1 && w.epoch == op.Epoch && w.isr == op.Isr
		})
		switch {
		case op.Outcome == history.Info && at < 0:
			continue // it never happened
		case op.Outcome == history.Info && (known[log[at].version] || told[log[at].version]):
			continue // nor this one: the same was written by another try, or this is told by it
		case op.Outcome == history.Info:
			in.version, ret = log[at].version, log[at].at
		case !in.leads && told[op.Version]:
			continue // said again by a controller that read it
		case !in.leads && at >= 0:
			call = log[at].at
		}
		if !in.refused {
			told[in.version] = true
		}
		b.addNamed(op.By, in, call, ret)
	}
	for _, w := range log {
		if !told[w.version] {
			b.addNamed(0, &stateInput{stateWrite: w, expect: -1, untold: true}, w.at, end)
		}
	}
	return b
}

// office is the office of the controller: in which epoch it is held.
type office int64

// tenure is a broker that makes itself the controller, 0 if nobody told who.
type tenure struct {
	by    int32
	epoch int64
}

func (t *tenure) String() string { return fmt.Sprintf("b%d rules in epoch %d", t.by, t.epoch) }

// election is the office of the controller as a counter: each takes the next epoch.
var election = describe(porcupine.Model{
	Init: func() any { return office(0) },
	Step: func(state, input, _ any) (bool, any) {
		s, in := state.(office), input.(*tenure)
		return in.epoch == int64(s)+1, office(in.epoch)
	},
	Equal: func(a, b any) bool { return a == b },
})

// Controllers judges who took itself for the controller in which epoch.
func Controllers(h *history.History, budget *Budget) []Result {
	z, b, told, end := readZnodes(h), &bag{}, map[int64]bool{}, endOf(h)
	for i := range h.States {
		if op := &h.States[i]; op.F == history.Rule {
			call := int64(op.Call)
			if at, ok := z.epochs[op.Epoch]; ok {
				call = at
			}
			told[op.Epoch] = true
			b.addNamed(op.By, &tenure{op.By, op.Epoch}, call, int64(op.Return))
			end = max(end, int64(op.Return)+1)
		}
	}
	if len(b.ops) == 0 {
		return nil
	}
	for _, epoch := range slices.Sorted(maps.Keys(z.epochs)) {
		if !told[epoch] && epoch > 0 {
			b.addNamed(0, &tenure{0, epoch}, z.epochs[epoch], end)
		}
	}
	return []Result{b.search("controller", "/controller_epoch", election, budget)}
}
