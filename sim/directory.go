package sim

import (
	"maps"
	"slices"
)

// directory is the one directory of a disk: which file goes by which name.
type directory struct {
	// durable are the names that every crash starts from, cache the present ones.
	durable, cache map[string]*file
	// sorted are the names in cache, in order; nil when they are not known.
	sorted []string
	// pending are the operations since durable, oldest first; retired counts the
	// settled ones, as in file.
	pending []link
	retired uint64
	// lost says that a sync failed: the cache shows names that were not made durable.
	lost bool
}

// link is one unsynced operation on the directory.
type link struct {
	kind     linkKind
	from, to string // to only for renames
	file     *file  // what was created or renamed
}

type linkKind uint8

const (
	created linkKind = iota
	renamed
	removed
)

func newDirectory() directory {
	return directory{durable: map[string]*file{}, cache: map[string]*file{}}
}

// apply performs the operation on a table of names. It is defined on any table,
// also one in which earlier operations were lost: a rename puts the file that was
// renamed under its new name and takes away the name it had, whichever that is,
// because a file never shows under two names.
func (l *link) apply(names map[string]*file) {
	switch l.kind {
	case created:
		names[l.from] = l.file
	case renamed:
		l.unname(names)
		names[l.to] = l.file
	case removed:
		delete(names, l.from)
	}
}

// unname takes the renamed file's present name away.
func (l *link) unname(names map[string]*file) {
	if names[l.from] == l.file {
		delete(names, l.from)
		return
	}
	for name, f := range names { //sim:unordered at most one name is the file's
		if f == l.file {
			delete(names, name)
		}
	}
}

func (d *directory) note(l link) {
	l.apply(d.cache)
	d.sorted = nil
	d.pending = append(d.pending, l)
}

// open returns a file for writing, created if needed.
func (d *directory) open(name string) *file {
	f, ok := d.cache[name]
	if !ok {
		f = &file{}
		d.note(link{kind: created, from: name, file: f})
	}
	return f
}

func (d *directory) now() uint64 { return d.retired + uint64(len(d.pending)) }

// settle makes the first upto operations of the directory's life durable.
func (d *directory) settle(upto uint64) {
	if upto <= d.retired {
		return
	}
	n := min(int(upto-d.retired), len(d.pending))
	for i := range n {
		d.pending[i].apply(d.durable)
	}
	d.retire(n)
}

// retire takes the first n operations off the pending ones.
func (d *directory) retire(n int) {
	kept := copy(d.pending, d.pending[n:])
	clear(d.pending[kept:])
	d.pending = d.pending[:kept]
	d.retired += uint64(n)
}

// become drops what is pending and makes the durable names the present ones.
func (d *directory) become() {
	d.retired = d.now()
	clear(d.pending)
	d.pending = d.pending[:0]
	d.cache, d.sorted = maps.Clone(d.durable), nil
}

// names are the present ones, sorted: they are asked for far more often than they change.
func (d *directory) names() []string {
	if d.sorted == nil {
		d.sorted = slices.Sorted(maps.Keys(d.cache))
	}
	return d.sorted
}
