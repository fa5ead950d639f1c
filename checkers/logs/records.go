package logs

import (
	"fmt"

	"github.com/stampede-sim/stampede/checkers/history"
)

// reads reports whether an operation brings records.
func reads(op *history.Op) bool { return op.F == history.Poll || op.F == history.Scan }

// read: what anybody read was sent, and not in vain; it stays where it was.
func (j *judge) read() {
	for i := range j.h.Ops {
		op := &j.h.Ops[i]
		if !reads(op) || op.Log == nil {
			continue
		}
		for _, r := range op.Log.Records {
			j.polled++
			j.sent(i, r)
			if !op.Final {
				j.stays(i, r)
			}
		}
	}
}

// sent: a record that is read was sent there, and its sender does not know better.
func (j *judge) sent(i int, r history.Record) {
	s, ok := j.senders[r.Value]
	if !ok && j.oversized(i, r) {
		return
	}
	if !ok {
		j.report(UnsentRead, fmt.Sprintf("But nobody sent %q, which is at offset %d of %s.", r.Value, r.Offset, r.Partition), i)
		return
	}
	send := &j.h.Ops[s]
	switch {
	case send.Path != r.Partition && send.Path != topicOf(r.Partition):
		j.report(UnsentRead, fmt.Sprintf("But %q is at offset %d of %s and was sent elsewhere.", r.Value, r.Offset, r.Partition), i, s)
	case send.Invoke > j.h.Ops[i].Return:
		j.report(UnsentRead, fmt.Sprintf("But %q was read at offset %d of %s before it was sent.", r.Value, r.Offset, r.Partition), i, s)
	case send.Outcome == history.Fail:
		j.report(AbortedRead, fmt.Sprintf("But %q is at offset %d of %s.", r.Value, r.Offset, r.Partition), s, i)
	case mayRepeat(send): // each attempt may have left a copy, of which the log may not reach back to all
	case send.Outcome == history.OK && send.Log.Offset != history.Unknown && send.Log.Offset != r.Offset && len(j.partition(r.Partition).copies[r.Value]) < 2:
		if !j.partition(r.Partition).excuses(send.Log.Offset) {
			j.report(InconsistentOffsets, fmt.Sprintf("But %q is read at offset %d of %s, and its sender was told %d.", r.Value, r.Offset, r.Partition, send.Log.Offset), s, i)
		}
	}
}

// mayRepeat reports whether a record that was sent may be there more than once: it was
// sent again, and nobody could tell that it was the same. Who died with it has not told how
// often it went out.
func mayRepeat(send *history.Op) bool {
	return (send.Log.Attempts > 1 || send.Return == history.Never) && send.Log.Producer == 0
}

// topicOf is the topic of a partition's name.
func topicOf(partition string) string {
	for i := len(partition) - 1; i > 0; i-- {
		if partition[i] == '-' {
			return partition[:i]
		}
	}
	return partition
}

// stays: what was read once is read again.
func (j *judge) stays(i int, r history.Record) {
	p := j.partition(r.Partition)
	if !p.read || p.later(&j.h.Ops[i], r.Offset) {
		return
	}
	now, there := p.at[r.Offset]
	switch {
	case there && now.Value == r.Value:
	case p.excuses(r.Offset):
		j.excused++
	case there:
		j.report(InconsistentOffsets, fmt.Sprintf("But offset %d of %s had %q and came to have %q.", r.Offset, r.Partition, r.Value, now.Value), i, j.senders[now.Value])
	case r.Offset < p.compacted:
		j.compacted(p, i, r.Offset)
	default:
		j.report(ReadStays, fmt.Sprintf("But %q was at offset %d of %s, which in the end has nothing there and ends at %d.", r.Value, r.Offset, r.Partition, p.end), i)
	}
}

// acknowledged: what all in-sync replicas acknowledged is there in the end.
func (j *judge) acknowledged() {
	for i := range j.h.Ops {
		op := &j.h.Ops[i]
		if op.F != history.Send || op.Outcome != history.OK || op.Log.Offset == history.Unknown {
			continue
		}
		p := j.partition(op.Log.Partition)
		if !p.read || p.later(op, op.Log.Offset) {
			continue
		}
		now, there := p.at[op.Log.Offset]
		switch {
		case there && now.Value == op.Value:
		case len(p.copies[op.Value]) > 0: // elsewhere, of which its readers tell
		case p.excuses(op.Log.Offset) || op.Log.Acks != allAcks:
			j.excused++
		case there:
			j.report(LostWrite, fmt.Sprintf("But offset %d of %s has %q instead.", op.Log.Offset, p.name, now.Value), i, j.senders[now.Value])
		case op.Log.Offset < p.compacted:
			j.compacted(p, i, op.Log.Offset)
		default:
			j.report(LostWrite, fmt.Sprintf("But %s in the end has nothing at offset %d, and ends at %d.", p.name, op.Log.Offset, p.end), i)
		}
	}
}

// compacted: a record that an operation knew of, and that is not there in the end, may have
// been superseded.
func (j *judge) compacted(p *partition, i int, offset int64) {
	id := j.blames(p, offset, p.asked, true)
	if id == "" {
		j.excused++
		return
	}
	j.report(id, fmt.Sprintf("But %q of the key %q was at offset %d of %s, which in the end has nothing there, and nothing of that key behind.", p.known.at[offset].value, p.known.at[offset].key, offset, p.name), i)
}

// allAcks is what a send asks for that wants all in-sync replicas to have it.
const allAcks = -1

// copies: what was sent once is there once.
func (j *judge) copies() {
	for i := range j.h.Ops {
		op := &j.h.Ops[i]
		if op.F != history.Send || mayRepeat(op) {
			continue
		}
		for _, p := range j.places(op) {
			if at := p.copies[op.Value]; len(at) > 1 {
				j.report(Duplicate, fmt.Sprintf("But %q is at the offsets %v of %s.", op.Value, at, p.name), i)
			}
		}
	}
}

// places are the partitions that a send may have gone to.
func (j *judge) places(op *history.Op) []*partition {
	if op.Log.Partition != "" {
		return []*partition{j.partition(op.Log.Partition)}
	}
	var all []*partition
	for _, p := range j.sorted() {
		if p.name == op.Path || topicOf(p.name) == op.Path {
			all = append(all, p)
		}
	}
	return all
}
