package sim

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/stampede-sim/stampede/nodes/node"
)

// CrashMode says what a crash does to what its process had not synced.
type CrashMode uint8

// The modes, from mild to cruel.
const (
	// KeepAll kills the process and leaves the machine up (kill -9): the page
	// cache survives, unsynced as it was, and a later crash may still lose it.
	KeepAll CrashMode = iota
	// LoseAll is a power failure that loses everything unsynced.
	LoseAll
	// Torn keeps a prefix of each file's unsynced operations, of which the last
	// may be written up to any byte, and a prefix of the directory's.
	Torn
	// Arbitrary keeps whatever a disk and a file system may: of each file's
	// writes any sectors, with zeros or old bytes in the lost ones and with the
	// file extended or not; of the directory's operations any prefix or subset.
	Arbitrary
)

// CrashModes lists all modes, mildest first.
func CrashModes() []CrashMode { return []CrashMode{KeepAll, LoseAll, Torn, Arbitrary} }

// String returns the word for the mode in fault plans.
func (m CrashMode) String() string {
	switch m {
	case KeepAll:
		return "all"
	case LoseAll:
		return "lose"
	case Torn:
		return "torn"
	case Arbitrary:
		return "arbitrary"
	}
	return fmt.Sprintf("mode(%d)", uint8(m))
}

// crash leaves on the disk what a crash of that mode leaves, and returns what it
// lost. Whatever is left is durable then, except after KeepAll.
func (d *Disk) crash(mode CrashMode) (lost losses) {
	if mode == KeepAll {
		return lost
	}
	before := maps.Clone(d.dir.cache)
	d.crashNames(mode, &lost)
	d.dir.become()
	for _, name := range slices.Sorted(maps.Keys(d.dir.cache)) {
		d.crashFile(d.dir.cache[name], mode, &lost)
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if f := before[name]; d.dir.cache[name] != f {
			lost.files++
			lost.bytes += f.unsyncedBytes() // none left, if another name shows it
		}
	}
	return lost
}

// losses is what one crash took from a disk.
type losses struct {
	bytes   uint64 // unsynced bytes that are gone
	torn    uint64 // files that end in the middle of a write or have holes
	renames uint64 // renames undone
	files   uint64 // names that no longer show what they showed
}

// crashNames applies the directory operations that survive to the durable names.
func (d *Disk) crashNames(mode CrashMode, lost *losses) {
	n := len(d.dir.pending)
	prefix, subset := 0, false
	if mode != LoseAll && n > 0 {
		prefix = d.rand.IntN(n + 1)
		subset = mode == Arbitrary && d.rand.IntN(2) == 0
	}
	for i := range d.dir.pending {
		l := &d.dir.pending[i]
		keep := i < prefix
		if subset {
			keep = d.rand.IntN(2) == 0
		}
		if keep {
			l.apply(d.dir.durable)
		} else if l.kind == renamed {
			lost.renames++
		}
	}
}

// crashFile leaves of a file what survives.
func (d *Disk) crashFile(f *file, mode CrashMode, lost *losses) {
	n := len(f.pending)
	if n == 0 {
		f.become(f.durable)
		return
	}
	content, torn := f.durable, false
	switch mode {
	case Torn:
		content, torn = tear(f, d.rand.IntN(n+1), d.rand)
	case Arbitrary:
		content, torn = scatter(f, d.rand)
	}
	if torn {
		lost.torn++
	}
	lost.bytes += f.unsyncedBytes() - min(f.unsyncedBytes(), survivors(f, content))
	f.become(content)
}

// survivors counts the bytes beyond the durable ones that content has; good
// enough for a statistic.
func survivors(f *file, content []byte) uint64 {
	return uint64(max(len(content)-len(f.durable), 0))
}

// tear keeps the first whole operations and a part of the next one.
func tear(f *file, whole int, r *rand.Rand) (content []byte, torn bool) {
	content = f.durable
	if whole > 0 {
		content = f.pending[whole-1].view
	}
	if whole == len(f.pending) {
		return content, false
	}
	next := &f.pending[whole]
	written := len(next.view) - next.from
	if next.kind == truncated || written == 0 || r.IntN(4) == 0 {
		return content, false
	}
	cut := next.from + r.IntN(written)
	return next.view[:cut], cut > next.from
}

// scatter keeps the size changes of a prefix of the operations, torn like tear,
// and of the bytes these wrote any sectors.
//
// Sectors are those of the file, so that one sector may hold bytes of several
// writes; of a lost one only the bytes of the write that lost it are missing.
func scatter(f *file, r *rand.Rand) (content []byte, torn bool) {
	whole := r.IntN(len(f.pending) + 1)
	last, torn := tear(f, whole, r)
	img := slices.Clone(f.durable)
	for i := range whole {
		img = scatterChange(img, &f.pending[i], r, &torn)
	}
	if whole < len(f.pending) && torn {
		partial := f.pending[whole]
		partial.view = last
		img = scatterChange(img, &partial, r, &torn)
	}
	return img, torn
}

// scatterChange applies one operation to img with some of its sectors lost.
func scatterChange(img []byte, c *change, r *rand.Rand, torn *bool) []byte {
	switch c.kind {
	case truncated:
		return img[:min(len(img), c.from)]
	case rewritten:
		// The truncation may be durable before the data, or after it (then the
		// old bytes show in lost sectors).
		if r.IntN(2) == 0 {
			clear(img)
		}
	}
	img = resize(img, len(c.view))
	lossy := r.IntN(2) == 0
	for at := c.from; at < len(c.view); {
		end := min((at/sectorBytes+1)*sectorBytes, len(c.view))
		if lossy && r.IntN(2) == 0 {
			*torn = true
		} else {
			copy(img[at:end], c.view[at:end])
		}
		at = end
	}
	return img
}

// resize cuts b or extends it with zeros.
func resize(b []byte, n int) []byte {
	if n <= len(b) {
		return b[:n]
	}
	return append(b, make([]byte, n-len(b))...)
}

// crashDisk crashes a process's disk and accounts for the losses.
func (w *World) crashDisk(p *process, mode CrashMode) {
	lost := p.disk.crash(mode)
	w.counts[unsyncedBytesLost] += lost.bytes
	w.counts[tornFiles] += lost.torn
	w.counts[renamesLost] += lost.renames
	w.counts[filesChanged] += lost.files
	p.disk.last = 0
	p.disk.spoiled = p.disk.spoiled || lost != losses{}
	if w.trace == nil {
		return
	}
	if lost.bytes > 0 || lost.files > 0 {
		text := fmt.Sprintf("%d bytes, %d names, %d renames", lost.bytes, lost.files, lost.renames)
		w.emit(verbLost, p.id, node.Nobody, text)
	}
	if lost.torn > 0 {
		w.emit(verbTorn, p.id, node.Nobody, fmt.Sprintf("%d files", lost.torn))
	}
}
