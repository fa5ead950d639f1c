package log

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// load makes the segments what their files say, up to where the log was torn.
//
// What lies in the segments before the one that the recovery point is in was durable:
// damage there is the disk's, and no reason to forget what was acknowledged. The log
// is not opened.
func (r *opening) load() error {
	scanFrom := len(r.segs)
	if !r.o.Clean {
		scanFrom = r.floor(r.o.RecoveryPoint)
		r.trusted = r.segs[scanFrom].base
		r.got.From = r.trusted
	}
	for i, s := range r.segs {
		s.size = r.disk.Size(s.name)
		damage, err := "", error(nil)
		if r.o.Clean {
			damage, err = r.believe(s)
		} else {
			damage, err = r.scan(s, r.limit(i), i >= scanFrom)
		}
		if err == nil && damage != "" && i < scanFrom {
			err = errors.New(damage)
		}
		if err != nil {
			return err
		}
		if damage == "" && i+1 < len(r.segs) {
			damage = r.joint(s, r.segs[i+1])
		}
		if damage != "" {
			r.cutBehind(i, damage)
			break
		}
	}
	if r.o.Clean {
		r.trusted = r.active().next
	}
	return nil
}

// limit is where segment i must end: compaction may have put the batches of the next
// one into it, and a crash have kept that one, too.
func (r *opening) limit(i int) int64 {
	if i+1 < len(r.segs) {
		return r.segs[i+1].base
	}
	return math.MaxInt64
}

// joint says what is wrong between two segments, "" if nothing is. Gaps that
// compaction leaves are all below what a checkpoint has said to be durable, see
// [Log.RecoveryPointSaved]; another one is where a tail was lost.
func (r *opening) joint(s, next *segment) string {
	if s.next == next.base || r.o.Clean || next.base <= r.o.RecoveryPoint {
		return ""
	}
	return fmt.Sprintf("a segment ends at %d and the next begins at %d", s.next, next.base)
}

// cutBehind drops the segments behind number i. Until they are durably gone the log is
// not settled, as after a truncation.
func (r *opening) cutBehind(i int, reason string) {
	gone := r.segs[i+1:]
	r.got.Reason = reason
	r.got.Segments += len(gone)
	for _, s := range gone {
		r.got.Dropped += r.disk.Size(s.name)
	}
	r.segs = r.segs[:i+1]
	r.drop(gone)
}

// believe loads a segment by its indexes, as after a clean stop. If they do not fit
// they are made anew.
func (r *opening) believe(s *segment) (damage string, err error) {
	index, _ := r.disk.Read(s.file(indexFile))
	times, _ := r.disk.Read(s.file(timeFile))
	var fits, timesFit bool
	s.index, fits = decodeIndex(index, s.base, s.size)
	s.times, timesFit = decodeTimes(times, s.base)
	if !fits || !timesFit {
		return r.scan(s, math.MaxInt64, true)
	}
	if n := len(s.index); n > 0 {
		s.indexed = s.index[n-1].at
	}
	at, err := s.walk(r.disk, s.indexed, s.size, func(_ int64, b batch.Batch) bool {
		s.next = b.NextOffset()
		return true
	})
	if err != nil || at < s.size || s.tail(r.disk) != nil {
		return r.scan(s, math.MaxInt64, true)
	}
	return "", nil
}

// scan loads a segment by looking at each batch below a limit, and at its CRC, too, if
// deep says so. It is cut where none follows. But where damage means that the log is not
// opened, nothing is touched: the next attempt would find a whole segment that is merely
// short, and a hole behind it.
func (r *opening) scan(s *segment, limit int64, deep bool) (damage string, err error) {
	size, limited := s.size, false
	if deep {
		r.looked = append(r.looked, chore{kind: syncFile, name: s.name})
	}
	s.size, s.next, s.index, s.times, s.indexed = 0, s.base, nil, nil, 0
	at, err := s.walk(r.disk, 0, size, func(at int64, b batch.Batch) bool {
		if limited = b.BaseOffset() >= limit; limited {
			return false
		}
		if damage = r.look(s, at, b, deep); damage != "" {
			return false
		}
		s.take(b, batchSize(b), r.cfg.IndexIntervalBytes)
		return true
	})
	if err != nil {
		damage = err.Error()
	}
	if damage == "" && at < size && !limited {
		damage = fmt.Sprintf("%s is cut off at byte %d of %d", s.name, at, size)
	}
	if damage != "" && !deep {
		return damage, nil
	}
	if limit < math.MaxInt64 && damage == "" && s.times.accepts(s.highest) && s.highest.time >= 0 {
		s.times = append(s.times, s.highest)
	}
	return damage, r.fit(s, size)
}

// look says why a batch cannot be the next of a segment, "" if it can.
func (r *opening) look(s *segment, at int64, b batch.Batch, deep bool) string {
	if b.BaseOffset() < s.next || b.LastOffset()-s.base > math.MaxInt32 {
		return fmt.Sprintf("%v at byte %d of %s cannot follow offset %d", b, at, s.name, s.next-1)
	}
	err := b.CheckHeader()
	if deep && err == nil {
		n := batchSize(b)
		r.got.Scanned += n
		err = batch.Batch(r.disk.ReadAt(s.name, at, int(n))).Check()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// fit makes the files of a segment what was found out about it.
func (r *opening) fit(s *segment, size int64) error {
	if s.size < size {
		r.got.Dropped += size - s.size
		if err := r.disk.Truncate(s.name, s.size); err != nil {
			return err
		}
	}
	index, _ := r.disk.Read(s.file(indexFile))
	times, _ := r.disk.Read(s.file(timeFile))
	if bytes.Equal(index, s.index.encode(s.base)) && bytes.Equal(times, s.times.encode(s.base)) {
		return nil
	}
	return r.writeIndex(s)
}

// rewrite makes a file have a content, if it has another.
func (r *opening) rewrite(name string, content []byte) error {
	if was, _ := r.disk.Read(name); bytes.Equal(was, content) {
		return nil
	}
	return r.disk.WriteFile(name, content)
}

// loadEpochs reads the checkpoint as far as the segments that were not looked at go,
// and takes the rest from the batches: what follows, and what comes before if it begins
// too late, as it knew of a log start that the broker has forgotten. What it does say no
// batch knows better, for compaction may have taken the first of an epoch:
//
//	[56..61] of epoch 0 and [65..] of epoch 1 are left, which began at 62. A follower with
//	other records of epoch 0 at 62 to 64 has to cut them, and is not to be told that its
//	leader has them up to 65.
func (r *opening) loadEpochs() error {
	text, _ := r.disk.Read(r.dir + EpochCheckpoint)
	was, ok := parseEpochs(string(text))
	from := min(r.trusted, r.end)
	var known epochs
	if ok {
		known = slices.Clone(was)
		known.cutEnd(from)
	}
	var err error
	switch {
	case len(known) == 0:
		err = r.visitUpTo(r.segs[0].base, from, r.noteEpoch)
	case known[0].start > r.start:
		err = r.visitUpTo(r.segs[0].base, known[0].start, r.noteEpoch)
	}
	for _, e := range known {
		if e.epoch > r.LatestEpoch() {
			r.epochs = append(r.epochs, e)
		}
	}
	if err == nil {
		err = r.visit(from, r.noteEpoch)
	}
	r.epochs.cutStart(r.start)
	if !slices.Equal(was, r.epochs) {
		r.saveEpochs()
	}
	return err
}

func (r *opening) noteEpoch(b batch.Batch) {
	if e := b.LeaderEpoch(); e > r.LatestEpoch() {
		r.epochs.assign(e, b.BaseOffset())
	}
}

// loadProducers rebuilds the producers from a snapshot that can be believed, and writes
// those anew that cannot.
func (r *opening) loadProducers() error {
	for _, at := range slices.Backward(r.snapshots) {
		if at > min(r.trusted, r.end) && !r.cfg.Bugs.Has(bugs.EarlySnapshotBelieved) || at < r.segs[0].base {
			continue
		}
		name := fileName(r.dir, at, snapshotFile)
		content, _ := r.disk.Read(name)
		if p, ok := decodeProducers(content); ok {
			return r.replay(p, at)
		}
	}
	return r.replay(producers{}, r.segs[0].base)
}

// replay makes the producers what they were at an offset, and then learns from the
// batches behind.
func (r *opening) replay(p producers, from int64) error {
	r.producers = p
	i := r.floor(from)
	if r.segs[i].base < from {
		i++
	}
	for ; i < len(r.segs); i++ {
		s := r.segs[i]
		if err := r.visitUpTo(from, s.base, r.replayed); err != nil {
			return err
		}
		from = max(from, s.base)
		if s.base > r.trusted {
			if err := r.rewrite(s.file(snapshotFile), r.producers.encode()); err != nil {
				return err
			}
		}
	}
	if err := r.visitUpTo(from, r.end, r.replayed); err != nil {
		return err
	}
	return r.dropSnapshots()
}

func (r *opening) replayed(b batch.Batch) {
	if b.HasProducer() {
		r.producers.update(b)
	}
}

// dropSnapshots removes those that no segment begins with: of a clean stop, which says
// nothing once something was appended, or of what was cut off.
func (r *opening) dropSnapshots() error {
	bases := r.Segments()
	for _, at := range r.snapshots {
		if !slices.Contains(bases, at) {
			if err := r.disk.Remove(fileName(r.dir, at, snapshotFile)); err != nil {
				return err
			}
		}
	}
	return nil
}

// rebuildProducers makes the producers what the log says, from the newest snapshot of
// its segments on.
func (l *Log) rebuildProducers() error {
	if l.cfg.Bugs.Has(bugs.CutProducersKept) {
		return nil
	}
	l.producers = producers{}
	from := l.segs[0].base
	for _, s := range slices.Backward(l.segs) {
		content, _ := l.disk.Read(s.file(snapshotFile))
		if p, ok := decodeProducers(content); ok {
			l.producers, from = p, s.base
			break
		}
	}
	return l.visit(from, func(b batch.Batch) {
		if b.HasProducer() {
			l.producers.update(b)
		}
	})
}

// visit shows the headers of the batches from an offset on.
func (l *Log) visit(from int64, see func(batch.Batch)) error {
	return l.visitUpTo(from, l.end, see)
}

// visitUpTo shows the headers of the batches that begin between two offsets.
func (l *Log) visitUpTo(from, to int64, see func(batch.Batch)) error {
	if from >= to {
		return nil
	}
	for _, s := range l.segs[l.floor(from):] {
		if s.base >= to {
			break
		}
		at, err := s.locate(l.disk, from)
		if err != nil {
			return err
		}
		_, err = s.walk(l.disk, at, s.size, func(_ int64, b batch.Batch) bool {
			if b.BaseOffset() >= to {
				return false
			}
			see(b)
			return true
		})
		if err != nil {
			return err
		}
	}
	return nil
}
