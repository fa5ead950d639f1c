package replica

import (
	"fmt"
	"slices"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// plainLog is a log as simple as can be: a list of records that know their epoch.
type plainLog struct {
	start   int64
	records []plainRecord
	mark    int64
	// begun are the epochs that leaders have begun here, which may have no record.
	begun []plainEpoch
}

type plainRecord struct {
	epoch int32
	value int
}

type plainEpoch struct {
	epoch int32
	start int64
}

func (l *plainLog) Start() int64         { return l.start }
func (l *plainLog) End() int64           { return l.start + int64(len(l.records)) }
func (l *plainLog) HighWatermark() int64 { return l.mark }
func (l *plainLog) SetHighWatermark(mark int64) int64 {
	l.mark = max(l.start, min(mark, l.End()))
	return l.mark
}

func (l *plainLog) LatestEpoch() int32 {
	if n := len(l.begun); n > 0 {
		return l.begun[n-1].epoch
	}
	return -1
}

// EndOffsetFor looks at all epochs, one after the other.
func (l *plainLog) EndOffsetFor(epoch int32) (int32, int64) {
	if epoch < 0 || epoch > l.LatestEpoch() {
		return -1, -1
	}
	found, end := epoch, l.begun[0].start
	for i, e := range l.begun {
		if e.epoch > epoch {
			break
		}
		found, end = e.epoch, l.End()
		if i+1 < len(l.begun) {
			end = l.begun[i+1].start
		}
	}
	return found, end
}

func (l *plainLog) AssignEpoch(epoch int32) {
	if epoch > l.LatestEpoch() {
		l.forget(l.End())
		l.begun = append(l.begun, plainEpoch{epoch, l.End()})
	}
}

// forget drops the epochs that begin at or behind an offset.
func (l *plainLog) forget(offset int64) {
	l.begun = slices.DeleteFunc(l.begun, func(e plainEpoch) bool { return e.start >= offset })
}

func (l *plainLog) append(r ...plainRecord) {
	for _, one := range r {
		l.AssignEpoch(one.epoch)
		l.records = append(l.records, one)
	}
}

func (l *plainLog) Truncate(end, _ int64) error {
	l.forget(end)
	if end < l.End() {
		l.records = l.records[:max(0, end-l.start)]
	}
	l.mark = min(l.mark, l.End())
	return nil
}

func (l *plainLog) StartOver(start, _ int64) error {
	*l = plainLog{start: start, mark: start}
	return nil
}

func (l *plainLog) AdvanceStart(start int64) error {
	l.records = l.records[start-l.start:]
	l.start = start
	for len(l.begun) > 1 && l.begun[1].start <= start {
		l.begun = l.begun[1:] // of what is gone nothing is known
	}
	if len(l.begun) > 0 {
		l.begun[0].start = max(l.begun[0].start, start)
	}
	return nil
}

// KnownProducers: there are none.
func (l *plainLog) KnownProducers() facts.ProducersKnown { return nil }

// String is the epochs of the records.
func (l *plainLog) String() string {
	s := fmt.Sprintf("%d:", l.start)
	for _, r := range l.records {
		s += fmt.Sprint(r.epoch)
	}
	return s
}

// notes are the facts that were stated, by name.
type notes struct{ list []string }

func (n *notes) Observe(e node.Event) { n.list = append(n.list, e.Kind.Name) }

func (n *notes) count(name string) (count int) {
	for _, one := range n.list {
		if one == name {
			count++
		}
	}
	return count
}
