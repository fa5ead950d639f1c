package sim

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/nodes/node"
)

// Errors of a disk that is not well, in the words of a kernel.
var (
	// ErrIO is the outcome of a sync whose data could not be written.
	ErrIO = errors.New("input/output error")
	// ErrNoSpace is the outcome of a write to a full disk.
	ErrNoSpace = errors.New("no space left on device")
)

// ailments is what is wrong with a disk at present.
type ailments struct {
	// failing are the syncs that will fail, by prefixes of file names.
	failing []*failingSync
	full    bool
	slow    []*slowDevice
}

// failingSync waits for the next sync of a file whose name has the prefix.
type failingSync struct{ prefix string }

// slowDevice holds the files whose names have the prefix: a device of their own,
// on which syncs take longer, one after the other. Syncs of other files overtake.
type slowDevice struct {
	prefix string
	extra  Latency
	last   int64
}

// FailSync makes the next sync that completes of a file whose name begins with
// prefix fail; that of the directory counts as one of any name, as "" does. The
// returned function takes that back if it has not happened.
//
// A kernel that could not write pages back reports it once and takes the pages for
// clean: the process goes on reading what it wrote, later syncs succeed, and when
// the pages are gone from memory the disk shows what it had before. Here they are
// gone when the process is, however it ends.
func (w *World) FailSync(id node.ID, prefix string) (cancel func()) {
	d, f := w.process(id).disk, &failingSync{prefix}
	d.ails.failing = append(d.ails.failing, f)
	w.disturb(id, "next sync fails: "+prefix)
	return func() {
		d.ails.failing = slices.DeleteFunc(d.ails.failing, func(g *failingSync) bool { return g == f })
	}
}

// FillDisk leaves no room on a disk: writes put down a part of what they should and
// fail, and so does cutting a file, which a file system that copies needs room for.
// Removing, renaming and syncing work. The returned function makes room.
func (w *World) FillDisk(id node.ID) (free func()) {
	d := w.process(id).disk
	d.ails.full = true
	w.disturb(id, "disk full")
	return func() { d.ails.full = false }
}

// SlowDisk makes syncs of files whose names begin with prefix take longer, as on a
// device of their own that others use, too. The returned function ends it for
// syncs that are asked for then.
func (w *World) SlowDisk(id node.ID, prefix string, extra Latency) (end func()) {
	d, s := w.process(id).disk, &slowDevice{prefix: prefix, extra: extra}
	d.ails.slow = append(d.ails.slow, s)
	w.disturb(id, "slow disk: "+prefix)
	return func() {
		d.ails.slow = slices.DeleteFunc(d.ails.slow, func(o *slowDevice) bool { return o == s })
	}
}

// Rot flips one bit of a file at rest: durable, named, and with nothing unsynced. It
// chooses among the files whose names begin with prefix; reach says how many bytes
// from the beginning of a file may be hit, 0 for none. Whoever reads the file reads
// the flipped bit, until the returned function repairs it, as a scrub does from a
// mirror; or until the place is written anew. False if there is nothing to hit.
func (w *World) Rot(id node.ID, prefix string, reach func(name string, content []byte) int) (repair func(), ok bool) {
	d := w.process(id).disk
	var at []string
	for _, name := range d.Files() {
		if f := d.dir.cache[name]; strings.HasPrefix(name, prefix) && f.atRest() && d.dir.durable[name] == f && reach(name, f.durable) > 0 {
			at = append(at, name)
		}
	}
	if len(at) == 0 {
		return nil, false
	}
	name := at[d.rand.IntN(len(at))]
	f := d.dir.cache[name]
	bit := d.rand.IntN(8 * reach(name, f.durable))
	f.rot = &rot{at: bit / 8, mask: 1 << (bit % 8)}
	d.spoiled = true
	w.count(bitsFlipped)
	w.disturb(id, "a bit flips in "+name)
	mine := f.rot
	return func() {
		if f.rot == mine {
			f.rot = nil
		}
	}, true
}

// Wipe ends a process and leaves it a bare disk: the machine was replaced, or somebody
// cleaned up. Nothing of the old disk comes back.
func (w *World) Wipe(id node.ID) {
	w.Crash(id, KeepAll)
	w.process(id).disk.dir = newDirectory()
	w.process(id).disk.spoiled = true
	w.count(disksLost)
	w.disturb(id, "the disk is replaced by a bare one")
}

// Put puts a file on a disk, durably, as an operator does before a process first runs.
func (d *Disk) Put(name string, content []byte) {
	d.dir.open(name).become(slices.Clone(content))
	d.dir.settle(d.dir.now())
}

// Rotten reports whether a bit of a file is flipped at present. [Disk.Read] and
// [Disk.Durable] show what was written.
func (d *Disk) Rotten(name string) bool {
	f := d.dir.cache[name]
	return f != nil && f.rot != nil
}

// disturb folds a fault of a disk into the hash.
func (w *World) disturb(id node.ID, what string) {
	w.ledger.add(w.now, uint64(evDisk)<<32|uint64(uint32(id)), hashString(0, what), 0)
	if w.trace != nil {
		w.emit(verbFault, id, node.Nobody, what)
	}
}

// fails reports whether a sync that completes now fails, and uses up the reason.
func (d *Disk) fails(r *request) bool {
	for i, f := range d.ails.failing {
		if r.file == nil || strings.HasPrefix(r.name, f.prefix) {
			d.ails.failing = slices.Delete(d.ails.failing, i, i+1)
			d.spoiled = true
			return true
		}
	}
	return false
}

// due returns when a sync asked for now completes.
func (d *Disk) due(now int64, r *request, l *Latency) int64 {
	took := d.dice.sample(l)
	for _, s := range d.ails.slow {
		if strings.HasPrefix(r.name, s.prefix) {
			s.last = max(s.last, now+took+d.dice.sample(&s.extra))
			return s.last
		}
	}
	d.last = max(d.last, now+took)
	return d.last
}

// room returns how much of a write there is room for, and the error if that is not
// all of it.
func (h *diskHandle) room(b []byte) ([]byte, error) {
	if !h.d.ails.full || len(b) == 0 {
		return b, nil
	}
	h.inc.w.count(writesRefused)
	return b[:h.d.rand.IntN(len(b))], ErrNoSpace
}

// evict drops from the page cache what a failed sync left there as clean.
func (d *Disk) evict() {
	d.dir.evict()
	for _, names := range []map[string]*file{d.dir.cache, d.dir.durable} {
		for _, name := range slices.Sorted(maps.Keys(names)) {
			names[name].evict()
		}
	}
}

// evict shows of the directory what later operations make of its durable names.
func (d *directory) evict() {
	if !d.lost {
		return
	}
	d.lost = false
	d.cache, d.sorted = maps.Clone(d.durable), nil
	for i := range d.pending {
		d.pending[i].apply(d.cache)
	}
}

// glimpse is the part [from, upto) of what seen returns. It copies nothing unless the
// medium spoils that part.
func (f *file) glimpse(from, upto int) []byte {
	b := f.cache[from:upto:upto]
	if f.rot != nil && from <= f.rot.at && f.rot.at < upto {
		b = slices.Clone(b)
		b[f.rot.at-from] ^= f.rot.mask
	}
	return b
}

// lose takes the first upto operations of the directory's life for done, though
// they are not.
func (d *directory) lose(upto uint64) {
	if upto <= d.retired {
		return
	}
	n := min(int(upto-d.retired), len(d.pending))
	d.lost = d.lost || n > 0
	d.retire(n)
}

// gap is a range of bytes that the cache shows and the disk does not have.
type gap struct{ from, to int }

// rot is one flipped bit.
type rot struct {
	at   int
	mask byte
}

// atRest reports whether the whole file is durable.
func (f *file) atRest() bool { return len(f.pending) == 0 && len(f.gaps) == 0 && f.rot == nil }

// seen is a copy of the content as it reads.
func (f *file) seen() []byte {
	b := slices.Clone(f.cache)
	if f.rot != nil && f.rot.at < len(b) {
		b[f.rot.at] ^= f.rot.mask
	}
	return b
}

// lose takes the first upto operations of the file's life for written, though their
// bytes are not.
func (f *file) lose(upto uint64) {
	if upto <= f.retired {
		return
	}
	n := min(int(upto-f.retired), len(f.pending))
	for i := range n {
		c := &f.pending[i]
		if c.kind == truncated {
			f.cutGaps(c.from)
		} else {
			f.gaps = append(f.gaps, gap{c.from, len(c.view)})
		}
	}
	f.lost = f.lost || n > 0
	f.retire(n)
}

// punched returns a content as the disk has it: with zeros in the gaps.
func (f *file) punched(view []byte) []byte {
	if len(f.gaps) == 0 {
		return view
	}
	b := slices.Clone(view)
	for _, g := range f.gaps {
		clear(b[min(g.from, len(b)):min(g.to, len(b))])
	}
	return b
}

// forget drops gaps and rot beyond a size.
func (f *file) forget(size int) {
	if f.rot != nil && f.rot.at >= size {
		f.rot = nil
	}
	f.cutGaps(size)
}

func (f *file) cutGaps(size int) {
	kept := f.gaps[:0]
	for _, g := range f.gaps {
		if g.to = min(g.to, size); g.from < g.to {
			kept = append(kept, g)
		}
	}
	f.gaps = kept
}

// evict makes the cache show what the disk has, and the operations since.
func (f *file) evict() {
	if !f.lost {
		return
	}
	f.lost, f.cache = false, f.durable
	for i := range f.pending {
		c := &f.pending[i]
		c.view = f.punched(c.view)
		f.cache = c.view
	}
	f.gaps = nil
}

// intact returns how many bytes from the beginning are durable as they were written.
func (f *file) intact() int {
	size := len(f.durable)
	for _, g := range f.gaps {
		size = min(size, g.from)
	}
	return size
}
