package sim

import "slices"

// file is the content of one file, apart from its name: an inode.
//
// No byte of a content is ever overwritten in place: appending writes behind the
// end, and everything else makes a new slice. So a []byte, once taken, is an
// immutable view, and neither remembering unsynced operations nor making them
// durable copies anything.
type file struct {
	// durable is the content that every crash keeps.
	durable []byte
	// cache is the present content.
	cache []byte
	// pending are the operations since durable, oldest first; the last one's
	// view is cache.
	pending []change
	// retired counts the operations that became durable or were settled by a
	// crash: the number of pending[i] in the file's life is retired+i.
	retired uint64

	// gaps are what failed syncs covered and the cache shows; lost says that there
	// was such a sync. The cache shows it until the process is gone.
	gaps []gap
	lost bool
	// rot is what the medium does to the content, nil for nothing.
	rot *rot
}

// change is one unsynced operation on the content of a file.
type change struct {
	kind changeKind
	// from is where the bytes written begin; they reach to the end of view.
	from int
	// view is the content after the operation.
	view []byte
}

type changeKind uint8

const (
	appended  changeKind = iota
	rewritten            // truncated to nothing and written anew
	truncated
)

// sectorBytes is the unit a disk writes atomically, except for the last sector
// of a file, which may be cut at any byte.
const sectorBytes = 512

func (f *file) append(b []byte) {
	from := len(f.cache)
	if from+len(b) > cap(f.cache) {
		f.cache = slices.Grow(f.cache, from+len(b)) // logs grow for ever: double, and copy each byte once
	}
	f.cache = append(f.cache, b...)
	f.note(change{appended, from, f.cache})
}

func (f *file) rewrite(b []byte) {
	f.forget(0)
	f.cache = append(make([]byte, 0, len(b)), b...)
	f.note(change{rewritten, 0, f.cache})
}

// truncate cuts the content. The view's capacity is cut too, so that the next
// append cannot write over bytes that older views still show.
func (f *file) truncate(size int) {
	f.forget(size)
	f.cache = f.cache[:size:size]
	f.note(change{truncated, size, f.cache})
}

func (f *file) note(c change) { f.pending = append(f.pending, c) }

// now returns the number of operations in the file's life: what a sync that
// starts now covers.
func (f *file) now() uint64 { return f.retired + uint64(len(f.pending)) }

// settle makes the first upto operations of the file's life durable.
func (f *file) settle(upto uint64) {
	if upto <= f.retired {
		return
	}
	n := min(int(upto-f.retired), len(f.pending))
	if n == 0 {
		return
	}
	f.durable = f.punched(f.pending[n-1].view)
	f.retire(n)
}

// retire takes the first n operations off the pending ones.
func (f *file) retire(n int) {
	kept := copy(f.pending, f.pending[n:])
	clear(f.pending[kept:])
	f.pending = f.pending[:kept]
	f.retired += uint64(n)
}

// become makes content the whole and durable state of the file, as the disk
// shows it after a crash.
func (f *file) become(content []byte) {
	content = content[:len(content):len(content)]
	f.retired = f.now()
	f.durable, f.cache = content, content
	clear(f.pending)
	f.pending = f.pending[:0]
}

// unsyncedBytes returns how many bytes the pending operations wrote.
func (f *file) unsyncedBytes() (n uint64) {
	for i := range f.pending {
		if c := &f.pending[i]; c.kind != truncated {
			n += uint64(len(c.view) - c.from)
		}
	}
	return n
}
