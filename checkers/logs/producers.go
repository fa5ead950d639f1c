package logs

import (
	"fmt"

	"github.com/stampede-sim/stampede/checkers/history"
)

// stream is what stands in a partition in the order in which it was sent. Several requests
// are in flight at a time, so that nothing need be acknowledged before the next leaves:
// what keeps the order is that a broker takes up the requests of a connection one after
// the other and, for who numbers his batches, that it takes none before its turn.
//
// Without numbers a batch may go behind later ones when it is sent again, or to another
// broker: it waits somewhere while the leader changes, is overtaken, and comes when the
// former leader leads again. So only what one broker took at the first attempt is compared.
//
// Who lets the key choose a partition has to know how many there are: what comes with a
// number may leave before.
type stream struct {
	process   int
	partition string
	keyed     bool
	producer  int64
	broker    int32 // if it is not idempotent
	acks      int16
}

// producerOrder: the records of one producer stand in the order in which they were sent.
func (j *judge) producerOrder() {
	last := map[stream]int{}
	offset := map[stream]int64{}
	for _, i := range j.byTime() {
		s, at, ok := j.streamOf(i)
		if !ok {
			continue
		}
		was, any := last[s]
		if any && at < offset[s] {
			j.report(ProducerOrder, fmt.Sprintf("But the later one has offset %d of %s, the earlier %d.", at, s.partition, offset[s]), was, i)
			continue
		}
		last[s], offset[s] = i, at
	}
}

// streamOf is what a record stands in line with, and where it is; ok is false if that says
// nothing. Of a leader that alone acknowledged it the record may be lost, and another be
// told a lower offset later: it counts if it is there in the end.
func (j *judge) streamOf(i int) (s stream, at int64, ok bool) {
	op := &j.h.Ops[i]
	if op.F != history.Send || op.Log.Partition == "" {
		return s, 0, false
	}
	p := j.partition(op.Log.Partition)
	s = stream{process: op.Process, partition: p.name, keyed: op.Path != p.name, producer: op.Log.Producer, acks: op.Log.Acks}
	if s.producer == 0 {
		s.broker = op.Log.Broker
		ok = op.Outcome == history.OK && op.Log.Attempts == 1 && s.broker != 0
	} else {
		ok = op.Outcome != history.Fail
	}
	switch copies := p.copies[op.Value]; {
	case !ok || p.deleted || p.lossy >= 0 || p.start > 0 || p.compacted > 0:
		return s, 0, false
	case op.Outcome == history.OK && op.Log.Acks == allAcks && op.Log.Offset != history.Unknown:
		return s, op.Log.Offset, true
	case len(copies) == 1:
		return s, copies[0], true
	}
	return s, 0, false
}
