// Package crashdisk is a disk for tests that knows every state a crash could
// leave it in. It completes syncs when told, and enumerates crash states instead
// of drawing one, so that a recovery can be tested on all of them.
package crashdisk

import (
	"maps"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
)

// Disk implements [node.Disk] and [node.TaskHost].
type Disk struct {
	// Effect, if not nil, is called after every change to the page cache and
	// after every completed sync: all the moments a crash could strike at.
	Effect func()
	// Fail, if not nil, is the outcome of every further write and sync.
	Fail error

	durable, cache map[string]*file
	links          []link
	linked         int // number of links settled so far
	pending        []pending
}

// file is an inode: its durable content and what was done to it since.
type file struct {
	durable []byte
	changes []change
	settled int // number of changes settled so far
}

// change is one unsynced operation: the bytes view[from:] were written, or the
// file was cut to view.
type change struct {
	from int
	view []byte
	cut  bool
}

// link is one unsynced change to the directory: file gets the name to, loses the
// name from; either may be "".
type link struct {
	from, to string
	file     *file
}

// pending is a sync that has not completed.
type pending struct {
	settle func()
	done   func(error)
}

// New returns an empty disk.
func New() *Disk { return &Disk{durable: map[string]*file{}, cache: map[string]*file{}} }

func (f *file) now() []byte {
	if n := len(f.changes); n > 0 {
		return f.changes[n-1].view
	}
	return f.durable
}

func (l link) apply(names map[string]*file) {
	if l.from != "" && (l.to == "" || names[l.from] == l.file) {
		delete(names, l.from)
	}
	if l.to != "" {
		names[l.to] = l.file
	}
}

func (d *Disk) effect() {
	if d.Effect != nil {
		d.Effect()
	}
}

func (d *Disk) link(l link) {
	l.apply(d.cache)
	d.links = append(d.links, l)
	d.effect()
}

func (d *Disk) change(name string, make func(now []byte) change) error {
	if d.Fail != nil {
		return d.Fail
	}
	f := d.cache[name]
	if f == nil {
		f = new(file)
		d.link(link{to: name, file: f})
	}
	f.changes = append(f.changes, make(f.now()))
	d.effect()
	return nil
}

// Read implements [node.Disk].
func (d *Disk) Read(name string) ([]byte, bool) {
	f := d.cache[name]
	if f == nil {
		return nil, false
	}
	return slices.Clone(f.now()), true
}

// ReadAt returns a range of a file.
func (d *Disk) ReadAt(name string, off int64, n int) []byte {
	b, _ := d.Read(name)
	if off < 0 || off >= int64(len(b)) || n <= 0 {
		return nil
	}
	return b[off:min(int64(len(b)), off+int64(n))]
}

// Size implements [node.Disk].
func (d *Disk) Size(name string) int64 {
	b, _ := d.Read(name)
	return int64(len(b))
}

// List implements [node.Disk].
func (d *Disk) List() []string { return slices.Sorted(maps.Keys(d.cache)) }

// Append implements [node.Disk].
func (d *Disk) Append(name string, b []byte) error {
	return d.change(name, func(now []byte) change {
		return change{from: len(now), view: slices.Concat(now, b)}
	})
}

// WriteFile implements [node.Disk].
func (d *Disk) WriteFile(name string, b []byte) error {
	if d.Size(name) > 0 {
		if err := d.Truncate(name, 0); err != nil {
			return err
		}
	}
	return d.Append(name, b)
}

// Truncate implements [node.Disk].
func (d *Disk) Truncate(name string, size int64) error {
	if d.Size(name) <= size {
		return d.Fail
	}
	return d.change(name, func(now []byte) change {
		return change{from: int(size), view: now[:size:size], cut: true}
	})
}

// Rename implements [node.Disk].
func (d *Disk) Rename(from, to string) error {
	if d.Fail != nil {
		return d.Fail
	}
	d.link(link{from: from, to: to, file: d.cache[from]})
	return nil
}

// Remove implements [node.Disk].
func (d *Disk) Remove(name string) error {
	if d.Fail == nil && d.cache[name] != nil {
		d.link(link{from: name, file: d.cache[name]})
	}
	return d.Fail
}

// Sync implements [node.Disk].
func (d *Disk) Sync(name string, _ node.Tag) {
	d.pending = append(d.pending, pending{settle: d.settleFile(name)})
}

// SyncDir implements [node.Disk].
func (d *Disk) SyncDir(_ node.Tag) {
	d.pending = append(d.pending, pending{settle: d.settleNames()})
}

func (d *Disk) settleFile(name string) func() {
	f := d.cache[name]
	if f == nil {
		panic("crashdisk: sync of the missing file " + name)
	}
	upto := f.settled + len(f.changes)
	return func() {
		if n := upto - f.settled; n > 0 {
			f.durable = f.changes[n-1].view
			f.changes, f.settled = f.changes[n:], upto
		}
	}
}

func (d *Disk) settleNames() func() {
	upto := d.linked + len(d.links)
	return func() {
		if n := upto - d.linked; n > 0 {
			for _, l := range d.links[:n] {
				l.apply(d.durable)
			}
			d.links, d.linked = d.links[n:], upto
		}
	}
}

// WakeAfter implements [node.TaskHost]; a sleep ends with the syncs before it.
func (d *Disk) WakeAfter(t *node.Task, _ time.Duration) {
	d.pending = append(d.pending, pending{settle: func() {}, done: t.Wake})
}

// WakeSynced implements [node.TaskHost].
func (d *Disk) WakeSynced(t *node.Task, name string) {
	d.pending = append(d.pending, pending{settle: d.settleFile(name), done: t.Wake})
}

// WakeDirSynced implements [node.TaskHost].
func (d *Disk) WakeDirSynced(t *node.Task) {
	d.pending = append(d.pending, pending{settle: d.settleNames(), done: t.Wake})
}

// Pending returns the number of syncs that have not completed.
func (d *Disk) Pending() int { return len(d.pending) }

// TaskNext reports whether the oldest pending sync is one that a task awaits.
func (d *Disk) TaskNext() bool { return len(d.pending) > 0 && d.pending[0].done != nil }

// CompleteNext ends the oldest pending sync and resumes the task that waits for
// it, if one does. It returns the sync's outcome, Fail.
func (d *Disk) CompleteNext() error {
	p := d.pending[0]
	d.pending = d.pending[1:]
	if d.Fail == nil {
		p.settle()
		d.effect()
	}
	if p.done != nil {
		p.done(d.Fail)
	}
	return d.Fail
}

// Run runs body as a task to its end, completing every sync in order.
func (d *Disk) Run(body func(*node.Task)) {
	t := node.NewTask("test", d, body)
	t.Start()
	for !t.Ended() {
		d.CompleteNext()
	}
}

// Clone returns the disk as a process finds it that died without its machine:
// the page cache survives, what was not durable still is not.
func (d *Disk) Clone() *Disk {
	c := New()
	files := map[*file]*file{}
	twin := func(f *file) *file {
		if files[f] == nil {
			files[f] = &file{durable: f.durable, changes: slices.Clone(f.changes), settled: f.settled}
		}
		return files[f]
	}
	for name, f := range d.durable { //sim:unordered fills a map
		c.durable[name] = twin(f)
	}
	for name, f := range d.cache { //sim:unordered fills a map
		c.cache[name] = twin(f)
	}
	for _, l := range d.links {
		c.links = append(c.links, link{l.from, l.to, twin(l.file)})
	}
	c.linked = d.linked
	return c
}
