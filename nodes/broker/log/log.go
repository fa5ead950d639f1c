package log

import (
	"errors"
	"fmt"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Log is one partition's log, as one incarnation of its broker has it. [Open] makes it.
//
// Invariant: start <= hw <= end, and recovery <= point <= end.
type Log struct {
	disk node.Disk
	dir  string
	cfg  Config

	// segs are ascending, and batches are appended to the last one, the active one.
	// Invariant: there is at least one, and each begins at or behind the end of the
	// one before, at it unless compaction took what was between.
	segs []*segment
	// start is the first offset that is shown, end the one that the next record gets.
	start, end int64
	hw         int64
	// recovery: everything below is durable. Chores will raise it to planned.
	recovery, planned int64
	// point is what the checkpoint of the recovery point should say. It is above recovery
	// after an unclean stop: what lies between is as durable as the checkpoint said, but
	// that may have been said before a truncation. claimed is the highest it ever was,
	// what the file may say; saved is what the file says for certain.
	point, claimed, saved int64
	// dirty is where compaction has not been.
	dirty int64

	epochs    epochs
	producers producers

	work work
	// unsettled counts the truncations whose segments are not durably gone, and who holds it.
	unsettled int
	// nameless: the name of the first segment becomes durable with the next sync of names
	// that comes after so many chores; -1 if it is.
	nameless int
	// cuts counts what took something away: who builds something from the log in
	// several steps compares it.
	cuts int
	// compacting is the file that compaction is about to replace, "" if none.
	compacting string
	// closed: nothing is compacted or retired any more, so that nothing is under way when
	// the marker of a clean stop has the next start believe the files. Nor is anything
	// appended, or an epoch begun.
	closed bool
	// failed is why the log is offline.
	failed error
	// roller is why the last segment began.
	roller Roller
	// onStep hears of the steps of longer operations, nil if nobody wants to.
	onStep func(Step, int64)

	scratch, indexScratch []byte
	packer                batch.Packer
}

// Step is something that happens in the middle of an operation. What a crash leaves
// depends on which steps were done.
type Step uint8

// The steps, each with an offset: that at which a segment begins, if nothing else is said.
const (
	// Rolled: a segment begins.
	Rolled Step = iota
	// RollWaits: one should begin, and cannot yet.
	RollWaits
	// Compacting: from now on records below the offset may be gone that others supersede,
	// also if this pass does not come to its end.
	Compacting
	// CleanedWritten: compaction has written a segment anew, under a name of its own that
	// means nothing.
	CleanedWritten
	// SwapNamed: what was written is durable, and has the name that makes it count.
	SwapNamed
	// SwapInstalled: it took the place of the segment of that name. Others that are in it,
	// too, are still there.
	SwapInstalled
)

// OnStep has somebody told of every step, at once.
func (l *Log) OnStep(hear func(s Step, base int64)) { l.onStep = hear }

func (l *Log) step(s Step, base int64) {
	if l.onStep != nil {
		l.onStep(s, base)
	}
}

// Roller is why the last segment began.
func (l *Log) Roller() Roller { return l.roller }

// Config is what the log goes by at present.
func (l *Log) Config() Config { return l.cfg }

// SetConfig takes effect with the next operation.
func (l *Log) SetConfig(c Config) { l.cfg = c }

// Dir is where its files are.
func (l *Log) Dir() string { return l.dir }

// Start is the log start offset: the first one that can be read.
func (l *Log) Start() int64 { return l.start }

// End is the log end offset (LEO): that of the next record.
func (l *Log) End() int64 { return l.end }

// HighWatermark is the offset below which all is committed, as far as known here.
func (l *Log) HighWatermark() int64 { return l.hw }

// SetHighWatermark moves the high watermark, within the log, and returns where it is.
func (l *Log) SetHighWatermark(offset int64) int64 {
	l.hw = min(max(offset, l.start), l.end)
	return l.hw
}

// LastStable is the last stable offset (LSO): what readers of committed transactions
// see ends there. Without transactions it is the high watermark.
func (l *Log) LastStable() int64 { return l.hw }

// RecoveryPoint is what the checkpoint of recovery points should say. See
// [Log.RecoveryPointSaved].
func (l *Log) RecoveryPoint() int64 { return l.point }

// RecoveryPointSaved tells that a checkpoint with this value is durable. Compaction
// stays below it: a gap above what the checkpoint says is a tail that was lost, one
// below is compaction's.
func (l *Log) RecoveryPointSaved(offset int64) { l.saved = min(offset, l.point) }

// Cleaned is what the checkpoint of the cleaner should say: compaction has been below.
func (l *Log) Cleaned() int64 { return l.dirty }

// Size is the number of bytes in all segments.
func (l *Log) Size() (n int64) {
	for _, s := range l.segs {
		n += s.size
	}
	return n
}

// Segments lists the base offsets of the segments.
func (l *Log) Segments() []int64 {
	bases := make([]int64, len(l.segs))
	for i, s := range l.segs {
		bases[i] = s.base
	}
	return bases
}

// Offline is why nothing can be appended any more, nil if that is not so.
func (l *Log) Offline() error { return l.failed }

// Cuts counts the times that something was taken away from the log.
func (l *Log) Cuts() int { return l.cuts }

// LatestEpoch is the highest leader epoch the log knows, [NoEpoch] if none.
func (l *Log) LatestEpoch() int32 { return l.epochs.latest() }

// EpochAt is the leader epoch of an offset, [NoEpoch] if unknown.
func (l *Log) EpochAt(offset int64) int32 { return l.epochs.at(offset) }

// EpochStart is where the latest epoch begins.
func (l *Log) EpochStart() int64 {
	if n := len(l.epochs); n > 0 {
		return l.epochs[n-1].start
	}
	return NoOffset
}

// EndOffsetFor answers a replica that asks where the records of an epoch end: with the
// largest epoch that is known here and not above, and the offset behind it (KIP-101,
// KIP-279). Both are -1 if that cannot be said.
func (l *Log) EndOffsetFor(epoch int32) (int32, int64) { return l.epochs.endOf(epoch, l.end) }

// AssignEpoch notes that a leader's epoch begins at the end of the log, also if that
// leader never appends (KAFKA-7415).
func (l *Log) AssignEpoch(epoch int32) {
	if !l.cfg.Bugs.Has(bugs.EpochStartedByAppend) {
		l.assignEpoch(epoch, l.end)
	}
}

func (l *Log) assignEpoch(epoch int32, start int64) {
	if l.epochs.assign(epoch, start) {
		l.saveEpochs()
	}
}

// active is the segment that is appended to.
func (l *Log) active() *segment { return l.segs[len(l.segs)-1] }

// floor is the index of the segment that an offset is in, or would be.
func (l *Log) floor(offset int64) int {
	i := len(l.segs) - 1
	for i > 0 && l.segs[i].base > offset {
		i--
	}
	return i
}

// errRetired is why a log takes nothing whose files are gone.
var errRetired = errors.New("its files are deleted")

// Retire ends a log because its files are deleted: nothing is done to them any more, and
// who waits for them to become durable is told.
func (l *Log) Retire() { l.offline("retire", errRetired) }

// offline takes the log out of service: after an error nothing is known about what
// the disk has (KAFKA-10778).
func (l *Log) offline(doing string, err error) {
	if l.failed == nil {
		l.failed = fmt.Errorf("log: %s: %s: %w", l.dir, doing, err)
		l.work.wake(l.failed)
	}
}

// unable is why an append is refused, OK if it is not.
func (l *Log) unable() wire.ErrorCode {
	switch {
	case l.failed != nil:
		return wire.KafkaStorageError
	case l.unsettled > 0:
		return wire.LeaderNotAvailable
	}
	return wire.OK
}

// String is one line about the log.
func (l *Log) String() string {
	return fmt.Sprintf("%s [%d-%d) hw %d, epoch %d, durable to %d, %d segments", l.dir, l.start, l.end, l.hw, l.LatestEpoch(), l.point, len(l.segs))
}
