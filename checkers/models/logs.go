package models

import (
	"fmt"
	"maps"
	"slices"

	"github.com/anishathalye/porcupine"
	"github.com/stampede-sim/stampede/checkers/history"
)

// allAcks is what a send asks for that wants all in-sync replicas to have it.
const allAcks = -1

// appended is a record with its offset.
type appended struct {
	value  string
	offset int64
}

func (a *appended) String() string { return fmt.Sprintf("%q at %d", a.value, a.offset) }

// sparseLog is a log as those see it who write to it with all acknowledgements: each
// record gets a higher offset than all before. There are gaps, of the records of others.
// The state is the highest offset.
var sparseLog = describe(porcupine.Model{
	Init: func() any { return int64(-1) },
	Step: func(state, input, _ any) (bool, any) {
		last, in := state.(int64), input.(*appended)
		return in.offset > last, max(last, in.offset)
	},
	Equal: func(a, b any) bool { return a == b },
})

// ProduceLogs judges the records that were sent with all acknowledgements. Those of
// unknown outcome are settled by the final reads: what was found was appended at any time
// since, what was not is left out.
func ProduceLogs(h *history.History, budget *Budget) []Result {
	found, bad, end := finalPlaces(h), troubled(h), endOf(h)
	bags := map[string]*bag{}
	for i := range h.Ops {
		op := &h.Ops[i]
		if op.F != history.Send || op.Log == nil || op.Log.Acks != allAcks {
			continue
		}
		partition, offset := op.Log.Partition, op.Log.Offset
		if op.Outcome == history.Info {
			place, ok := found[op.Value]
			if !ok || place.copies > 1 {
				continue
			}
			partition, offset = place.Partition, place.Offset
		}
		if op.Outcome == history.Fail || offset == history.Unknown || bad[partition] {
			continue
		}
		bagOf(bags, partition).add(op, &appended{op.Value, offset}, ending(op, end))
	}
	return searchAll(bags, "produce log", sparseLog, budget)
}

// place is where the final reads found a value, and how often.
type place struct {
	history.Record
	copies int
}

func finalPlaces(h *history.History) map[string]place {
	found := map[string]place{}
	for i := range h.Ops {
		if op := &h.Ops[i]; op.F == history.Poll && op.Final && op.Log != nil {
			for _, r := range op.Log.Records {
				found[r.Value] = place{r, found[r.Value].copies + 1}
			}
		}
	}
	return found
}

func bagOf(bags map[string]*bag, name string) *bag {
	if bags[name] == nil {
		bags[name] = &bag{}
	}
	return bags[name]
}

// searchAll searches some objects, by name.
func searchAll(bags map[string]*bag, name string, spec porcupine.Model, budget *Budget) []Result {
	var out []Result
	for _, path := range slices.Sorted(maps.Keys(bags)) {
		out = append(out, bags[path].search(name, path, spec, budget))
	}
	return out
}

// told is the end of a partition, as the leader of an epoch told it.
type told struct {
	epoch int32
	end   int64
}

func (t *told) String() string { return fmt.Sprintf("ends at %d in epoch %d", t.end, t.epoch) }

// endRegister is the end of what is committed in a partition, as its leaders tell it: in
// no epoch less than what was told in it or an earlier one. A leader that is deposed and
// does not know it may tell less than its successor. The state has the most that was told
// in each epoch, ascending by both: an epoch in which less was told than before says
// nothing more.
var endRegister = describe(porcupine.Model{
	Init: func() any { return []told(nil) },
	Step: func(state, input, _ any) (bool, any) {
		s, in := state.([]told), input.(*told)
		at := 0
		for at < len(s) && s[at].epoch <= in.epoch {
			at++
		}
		if at > 0 && s[at-1].end > in.end {
			return false, s
		}
		next := slices.Clone(s[:at])
		if at > 0 && s[at-1].epoch == in.epoch {
			next = next[:at-1]
		}
		next = append(next, *in)
		for _, later := range s[at:] {
			if later.end > in.end {
				next = append(next, later)
			}
		}
		return true, next
	},
	Equal: func(a, b any) bool { return slices.Equal(a.([]told), b.([]told)) },
})

// EndOffsets judges what was told of the ends of partitions.
func EndOffsets(h *history.History, budget *Budget) []Result {
	bad, end, bags := troubled(h), endOf(h), map[string]*bag{}
	for i := range h.Ops {
		op := &h.Ops[i]
		if op.F != history.EndOffset || op.Outcome != history.OK || op.Log == nil || op.Log.Offset == history.Unknown || op.Log.Epoch < 0 || bad[op.Path] {
			continue
		}
		bagOf(bags, op.Path).add(op, &told{op.Log.Epoch, op.Log.Offset}, ending(op, end))
	}
	return searchAll(bags, "end offset", endRegister, budget)
}

// numbered is a record of an idempotent producer.
type numbered struct {
	epoch    int16
	sequence int32
	offset   int64
}

func (n *numbered) String() string {
	return fmt.Sprintf("number %d of epoch %d at %d", n.sequence, n.epoch, n.offset)
}

// follows reports whether a record comes after another in the log: later, and of a later
// epoch or with a later number. Numbers begin again behind 2^31-1, so half of them count
// as later. There are gaps, of records whose outcome nobody knows.
func (n *numbered) follows(o *numbered) bool {
	const half = 1 << 30
	ahead := uint32(n.sequence-o.sequence) % (2 * half)
	return n.offset > o.offset && (n.epoch > o.epoch || n.epoch == o.epoch && 0 < ahead && ahead < half)
}

// sequenceRegister is what a partition knows of a producer: the last of its records.
var sequenceRegister = describe(porcupine.Model{
	Init: func() any { return (*numbered)(nil) },
	Step: func(state, input, _ any) (bool, any) {
		last, in := state.(*numbered), input.(*numbered)
		return last == nil || in.follows(last), in
	},
	Equal: func(a, b any) bool {
		x, y := a.(*numbered), b.(*numbered)
		return x == y || x != nil && y != nil && *x == *y
	},
})

// Producers judges the records of each idempotent producer in each partition: offsets go
// as numbers do.
func Producers(h *history.History, budget *Budget) []Result {
	bad, end, bags := troubled(h), endOf(h), map[string]*bag{}
	for i := range h.Ops {
		op := &h.Ops[i]
		if op.F != history.Send || op.Outcome != history.OK || op.Log == nil || op.Log.Producer == 0 || op.Log.Acks != allAcks || op.Log.Offset == history.Unknown || bad[op.Log.Partition] {
			continue
		}
		name := fmt.Sprintf("%s of producer %d", op.Log.Partition, op.Log.Producer)
		bagOf(bags, name).add(op, &numbered{op.Log.ProducerEpoch, op.Log.Sequence, op.Log.Offset}, ending(op, end))
	}
	return searchAll(bags, "producer sequence", sequenceRegister, budget)
}
