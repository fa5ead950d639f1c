package logs

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/stampede-sim/stampede/checkers/history"
)

// sendOrder: an acknowledged record is before all that are sent later.
func (j *judge) sendOrder() {
	by := map[string][]int{}
	for i := range j.h.Ops {
		op := &j.h.Ops[i]
		if op.F == history.Send && op.Outcome == history.OK && op.Log.Acks == allAcks && op.Log.Offset != history.Unknown {
			by[op.Log.Partition] = append(by[op.Log.Partition], i)
		}
	}
	for _, p := range j.sorted() {
		if !p.deleted && p.lossy < 0 {
			j.inOrder(by[p.name])
		}
	}
}

// inOrder checks the sends of one partition: going through invocations in order of
// time, the highest offset that was told before must be lower.
func (j *judge) inOrder(sends []int) {
	returned := slices.Clone(sends)
	ops := j.h.Ops
	slices.SortStableFunc(sends, func(a, b int) int { return cmp.Compare(ops[a].Invoke, ops[b].Invoke) })
	slices.SortStableFunc(returned, func(a, b int) int { return cmp.Compare(ops[a].Return, ops[b].Return) })
	highest, next := -1, 0
	for _, i := range sends {
		for ; next < len(returned) && ops[returned[next]].Return < ops[i].Invoke; next++ {
			if r := returned[next]; highest < 0 || ops[r].Log.Offset > ops[highest].Log.Offset {
				highest = r
			}
		}
		if highest >= 0 && ops[highest].Log.Offset >= ops[i].Log.Offset {
			j.report(SendOrder, fmt.Sprintf("But the later one has offset %d of %s, the earlier %d.", ops[i].Log.Offset, ops[i].Log.Partition, ops[highest].Log.Offset), highest, i)
		}
	}
}

// reader is how far a client has read a partition since it was assigned it.
type reader struct {
	client    int
	partition string
}

// pollOrder: from poll to poll, offsets grow and nothing is left out.
func (j *judge) pollOrder() {
	at := map[reader]progress{}
	for _, i := range j.byTime() {
		op := &j.h.Ops[i]
		switch {
		case op.F == history.Assign || op.F == history.Subscribe:
			for k := range at { //sim:unordered each for itself
				if k.client == op.Client {
					delete(at, k)
				}
			}
			if op.F == history.Assign && op.Log.From == "committed" && op.Outcome == history.OK {
				j.resumed(i, at)
			}
		case op.F == history.Poll && !op.Final && op.Log.Moved:
			continue // the group shared out anew: positions are others
		case reads(op) && op.Outcome == history.OK:
			j.pollWent(i, at)
		}
	}
}

// resumed: who reads on where a group is begins there.
func (j *judge) resumed(i int, at map[reader]progress) {
	op := &j.h.Ops[i]
	for _, p := range op.Log.Positions {
		if p.Offset != history.Unknown {
			at[reader{op.Client, p.Partition}] = progress{p.Offset - 1, i, true}
		}
	}
}

// progress is the last offset read, and in which operation; or, if given, the offset
// before the one from which a member is to read.
type progress struct {
	offset int64
	op     int
	given  bool
}

// beginning is why a position jumps of a reader that has none.
const beginning = "begin"

// jumped follows a position that changed otherwise than by reading: what comes next is the
// first record from there on. A member begins where its group is said to be; who has none
// is sent elsewhere by another jump.
func (j *judge) jumped(i int, jump history.Jump, own map[reader]progress) {
	key := reader{j.h.Ops[i].Client, jump.Partition}
	if was := own[key]; was.given && j.h.Ops[was.op].F == history.Assign && jump.Why == beginning {
		j.report(GroupStart, fmt.Sprintf("But the reader had a position in %s, %d, and was sent to %d as one that has none.", jump.Partition, was.offset+1, jump.To), was.op, i)
	}
	delete(own, key)
	if jump.To != history.Unknown {
		own[key] = progress{jump.To - 1, i, jump.Why == history.Given}
	}
}

// pollWent checks one poll against how far its client was. Who reads a partition through
// is a reader of its own, and begins where the log does.
func (j *judge) pollWent(i int, at map[reader]progress) {
	op := &j.h.Ops[i]
	own := at
	if op.Final || op.F == history.Scan {
		own = map[reader]progress{}
	}
	for _, jump := range op.Log.Jumps {
		j.jumped(i, jump, own)
	}
	if op.F == history.Scan {
		own[reader{op.Client, op.Path}] = progress{j.partition(op.Path).startBy(op.Return) - 1, i, false}
	}
	for n, r := range op.Log.Records {
		key := reader{op.Client, r.Partition}
		if was, ok := own[key]; ok && (n > 0 || op.F != history.Scan || r.Offset > was.offset) {
			j.follows(was, i, r.Partition, r.Offset)
		}
		own[key] = progress{r.Offset, i, false}
	}
	if op.F == history.Scan {
		j.lacks(own[reader{op.Client, op.Path}], i, op.Path, op.Log.Offset)
	}
}

// follows: a record is the next that there is after the last one read.
func (j *judge) follows(was progress, i int, name string, offset int64) {
	if offset <= was.offset {
		back := PollOrder
		if was.given {
			back = GroupStart
		}
		j.report(back, fmt.Sprintf("But offset %d of %s comes after %d.", offset, name, was.offset), was.op, i)
		return
	}
	j.lacks(was, i, name, offset)
}

// lacks: between the last record read and the next, or the end, there is none that was not
// taken by compaction. What a reader lacks that is not there in the end either, and is
// beyond compaction, others judge.
func (j *judge) lacks(was progress, i int, name string, upto int64) {
	p, by := j.partition(name), j.h.Ops[i].Return
	compacted := p.compactedBy(by)
	at, _ := slices.BinarySearch(p.known.offsets, was.offset+1)
	for _, o := range p.known.offsets[at:] {
		if o >= upto {
			return
		}
		_, there := p.at[o]
		id := PollSkip
		if was.given {
			id = GroupStart
		}
		if o < compacted {
			id = j.blames(p, o, by, false)
		}
		if id != "" && !p.excuses(o) && (there || o < compacted) {
			j.report(id, fmt.Sprintf("But after offset %d of %s comes %d, and offset %d had %q of the key %q.", was.offset, name, upto, o, p.known.at[o].value, p.known.at[o].key), was.op, i, p.known.at[o].op)
			return
		}
	}
}

// byTime lists the operations in the order of their invocation.
func (j *judge) byTime() []int {
	order := make([]int, len(j.h.Ops))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(j.h.Ops[a].Invoke, j.h.Ops[b].Invoke) })
	return order
}
