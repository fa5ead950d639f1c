package log

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/nodes/node"
)

// Options are what a broker knows of a log from its own files when it opens it.
type Options struct {
	// Clean: the broker found the marker of a clean stop, and has removed it, durably,
	// before it opened any log. A marker that outlives an opening lets a later crash
	// pass for a clean stop (KAFKA-10471).
	Clean bool
	// RecoveryPoint, HighWatermark, Start and Cleaned are what the checkpoints say, 0
	// if they say nothing. They may be of before the last truncation.
	RecoveryPoint, HighWatermark, Start, Cleaned int64
	// Now is the broker's clock in milliseconds.
	Now int64
}

// Recovered says what [Open] found.
type Recovered struct {
	// From is where batches were looked at from, NoOffset if all was believed.
	From int64
	// Scanned is how many bytes of batches were looked at.
	Scanned int64
	// Dropped is how many bytes were cut off the end, in Segments segments; Reason is
	// why, "" if nothing was.
	Dropped  int64
	Segments int
	Reason   string
	// Cleaned, Swaps and Deleted count files that a crash left: of a compaction that was
	// not finished, of one that was, and of segments that were deleted.
	Cleaned, Swaps, Deleted int
}

// Open reads a log from the disk, or begins an empty one. After a clean stop the files
// are believed. Otherwise every batch from the segment on that the recovery point is
// in is looked at: where one is damaged or missing the log ends, and what is behind
// goes. Indexes, epochs and producers are made to fit.
//
// The names of files must be durable as they are, for which one SyncDir before any log is
// opened is enough, that of [TakeCleanMarker]. After the death of a process alone they
// need not be; and if power failed later, checkpoints and segments could come back that
// Open has not seen. What the files hold becomes durable by chores, before the log is
// [Log.Settled].
//
// It takes no time of the disk, but leaves chores. An error is one of the disk, or a
// log that nothing can be made of.
func Open(d node.Disk, dir string, cfg Config, o Options) (*Log, Recovered, error) {
	l := &Log{disk: d, dir: dir, cfg: cfg, nameless: -1}
	r := opening{Log: l, o: o, got: Recovered{From: NoOffset}}
	if err := r.open(); err != nil {
		return nil, r.got, fmt.Errorf("log: open %s: %w", dir, err)
	}
	return l, r.got, nil
}

// opening is a log that is being opened.
type opening struct {
	*Log
	o     Options
	got   Recovered
	names []string
	// snapshots are the offsets of all that there are, ascending.
	snapshots []int64
	// trusted is how far the files are believed.
	trusted int64
	// looked are the syncs of those whose every byte was looked at.
	looked []chore
}

func (r *opening) open() error {
	if err := r.tidy(); err != nil {
		return err
	}
	if len(r.segs) == 0 {
		return r.create(max(r.o.Start, 0))
	}
	if err := r.load(); err != nil {
		return err
	}
	r.end = r.active().next
	r.recovery = min(r.trusted, r.end)
	if r.o.Start > r.end {
		return r.restart()
	}
	r.bound()
	if err := r.loadEpochs(); err != nil {
		return err
	}
	r.confirm()
	return r.loadProducers()
}

// confirm makes the chores of having on the disk what was found in the page cache, where
// that was looked at. It may be less than the disk has, and must not be appended to
// before:
//
//	A follower cuts 4-6 off, and its process dies before that is durable. The next one
//	finds a log that ends at 3 and appends what the new leader has: another 4, which
//	is committed. Power fails, append and cut are lost, and the old 4-6 lead.
//
// The recovery point stays where it is: it is raised by flushing segments as a whole, and
// not while the log is opened. Kafka makes nothing durable here, and trusts the order in
// which file systems write.
func (r *opening) confirm() {
	if len(r.looked) > 0 {
		r.begin(r.looked...)
	}
}

// bound puts the offsets that checkpoints say into the log as it is.
func (r *opening) bound() {
	r.start = min(max(r.o.Start, r.segs[0].base), r.end)
	r.SetHighWatermark(r.o.HighWatermark)
	r.dirty = min(max(r.o.Cleaned, r.start), r.end)
	r.point = max(r.recovery, min(r.o.RecoveryPoint, r.end))
	r.claimed = max(r.o.RecoveryPoint, r.point)
	r.planned = r.recovery
}

// create begins an empty log at an offset.
func (r *opening) create(offset int64) error {
	s := newSegment(r.dir, offset, r.o.Now)
	r.segs, r.end, r.recovery, r.nameless = []*segment{s}, offset, offset, 0
	r.o.Start = offset
	r.bound()
	return r.disk.WriteFile(s.name, nil)
}

// restart empties a log whose start is beyond its end: all that the start was meant to
// hide is there, and none of the rest.
func (r *opening) restart() error {
	r.got.Reason = "the log start offset is behind the end"
	r.got.Segments += len(r.segs)
	r.got.Dropped += r.Size()
	r.bound()
	if err := r.loadProducers(); err != nil {
		return err
	}
	return r.StartOver(r.o.Start)
}

// tidy sorts the files: it finishes what compaction had finished, drops what it had
// not, and lists the segments.
func (r *opening) tidy() error {
	r.names = files(r.disk, r.dir)
	if err := r.finishSwaps(); err != nil {
		return err
	}
	r.names = files(r.disk, r.dir)
	for _, name := range r.names {
		base, ending, ok := parseName(r.dir, name)
		switch {
		case ok && ending == logFile:
			r.segs = append(r.segs, newSegment(r.dir, base, r.o.Now))
		case ok && ending == snapshotFile:
			r.snapshots = append(r.snapshots, base)
		}
	}
	for _, name := range r.names {
		base, ending, ok := parseName(r.dir, name)
		orphan := ok && (ending == indexFile || ending == timeFile) && !slices.ContainsFunc(r.segs, func(s *segment) bool { return s.base == base })
		gone := strings.HasSuffix(name, deleted)
		if orphan || gone || strings.HasSuffix(name, cleaned) || strings.HasSuffix(name, temporary) {
			if err := r.disk.Remove(name); err != nil {
				return err
			}
		}
		switch {
		case orphan || gone:
			r.got.Deleted++
		case strings.HasSuffix(name, cleaned):
			r.got.Cleaned++
		}
	}
	return nil
}

// finishSwaps puts into place what compaction has made durable under its own name. The
// indexes of what was there before go; they are made anew.
func (r *opening) finishSwaps() error {
	for _, name := range r.names {
		final, ok := strings.CutSuffix(name, swap)
		if !ok {
			continue
		}
		if err := r.disk.Rename(name, final); err != nil {
			return err
		}
		r.got.Swaps++
		r.o.Clean = false // what it replaces may be there, too
		for _, ending := range [...]string{indexFile, timeFile} {
			if err := r.disk.Remove(strings.TrimSuffix(final, logFile) + ending); err != nil {
				return err
			}
		}
	}
	return nil
}
