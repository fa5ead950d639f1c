package sim

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"

	"github.com/stampede-sim/stampede/nodes/node"
)

// Disk is one process's disk as a tool outside the process sees it: for tests
// and checkers.
type Disk struct {
	dir     directory
	rand    *rand.Rand // what crashes keep
	dice    dice       // how long syncs take
	sync    Latency
	syncDir Latency
	// last is when the latest sync requested so far completes. A disk completes
	// its syncs in the order they were asked for, like a device's flush queue.
	last int64
	ails ailments
	// spoiled: since the process last booted, something it wrote was lost or damaged.
	spoiled bool
}

func newDisk(r *rand.Rand, cfg DiskConfig) *Disk {
	return &Disk{
		dir: newDirectory(), rand: r, sync: cfg.Sync, syncDir: cfg.SyncDir,
		dice: dice{rand.NewPCG(r.Uint64(), r.Uint64())},
	}
}

// DiskOf returns the disk of a process, up or down.
func (w *World) DiskOf(id node.ID) *Disk { return w.process(id).disk }

// Files returns the names of all files, sorted.
func (d *Disk) Files() []string { return slices.Clone(d.dir.names()) }

// Read returns a copy of a file as the process wrote it, and whether it exists.
func (d *Disk) Read(name string) ([]byte, bool) {
	b, ok := d.View(name)
	return slices.Clone(b), ok
}

// Durable returns a copy of what a crash that loses everything unsynced would
// leave of a file, and whether it would leave the file.
func (d *Disk) Durable(name string) ([]byte, bool) {
	b, ok := d.DurableView(name)
	return slices.Clone(b), ok
}

// View is [Disk.Read] without the copy: what it returns stays as it is, whatever is
// written later, and must not be changed.
func (d *Disk) View(name string) ([]byte, bool) {
	if f, ok := d.dir.cache[name]; ok {
		return slices.Clip(f.cache), true
	}
	return nil, false
}

// DurableView is [Disk.Durable] without the copy, as [Disk.View] is.
func (d *Disk) DurableView(name string) ([]byte, bool) {
	if f, ok := d.dir.durable[name]; ok {
		return slices.Clip(f.durable), true
	}
	return nil, false
}

// DurableSize returns how much of a file, from its beginning, a crash would leave as
// it was written, 0 if the crash would not leave the file. It copies nothing.
func (d *Disk) DurableSize(name string) int64 {
	f, ok := d.dir.durable[name]
	if !ok {
		return 0
	}
	return int64(f.intact())
}

// diskHandle is the disk as one incarnation uses it: its writes end with it.
type diskHandle struct {
	inc *incarnation
	d   *Disk
}

func (h *diskHandle) Read(name string) ([]byte, bool) {
	if f, ok := h.d.dir.cache[name]; ok {
		return f.seen(), true
	}
	return nil, false
}

func (h *diskHandle) List() []string { return h.d.Files() }

func (h *diskHandle) Size(name string) int64 {
	if f, ok := h.d.dir.cache[name]; ok {
		return int64(len(f.cache))
	}
	return 0
}

func (h *diskHandle) ReadAt(name string, off int64, n int) []byte {
	f, ok := h.d.dir.cache[name]
	if !ok || off < 0 || off >= int64(len(f.cache)) || n <= 0 {
		return nil
	}
	upto := int(min(int64(len(f.cache)), off+int64(n)))
	return f.glimpse(int(off), upto)
}

func (h *diskHandle) Append(name string, b []byte) (err error) {
	if h.inc.effect() {
		b, err = h.room(b)
		h.d.dir.open(name).append(b)
		h.wrote("append", name, b)
	}
	return err
}

func (h *diskHandle) WriteFile(name string, b []byte) (err error) {
	if h.inc.effect() {
		b, err = h.room(b)
		h.d.dir.open(name).rewrite(b)
		h.wrote("write", name, b)
	}
	return err
}

func (h *diskHandle) Truncate(name string, size int64) error {
	f, ok := h.d.dir.cache[name]
	if !ok {
		return missing("truncate", name)
	}
	if h.d.ails.full {
		h.inc.w.count(writesRefused)
		return ErrNoSpace
	}
	if size >= 0 && size < int64(len(f.cache)) && h.inc.effect() {
		f.truncate(int(size))
		h.wrote("truncate", name, nil)
	}
	return nil
}

func (h *diskHandle) Rename(from, to string) error {
	f, ok := h.d.dir.cache[from]
	if !ok {
		return missing("rename", from)
	}
	if from != to && h.inc.effect() {
		h.d.dir.note(link{kind: renamed, from: from, to: to, file: f})
		h.wrote("rename to "+to, from, nil)
	}
	return nil
}

func (h *diskHandle) Remove(name string) error {
	if _, ok := h.d.dir.cache[name]; ok && h.inc.effect() {
		h.d.dir.note(link{kind: removed, from: name})
		h.wrote("remove", name, nil)
	}
	return nil
}

func missing(op, name string) error {
	return fmt.Errorf("%s %s: %w", op, name, fs.ErrNotExist)
}

// wrote folds one operation into the hash and ends its effect.
func (h *diskHandle) wrote(op, name string, b []byte) {
	inc, w := h.inc, h.inc.w
	w.ledger.add(w.now, uint64(evWrite)<<32|uint64(uint32(inc.p.id)), hashString(uint64(len(op)), name), hashBytes(0, b))
	if w.trace != nil {
		w.emit(verbWrite, inc.p.id, node.Nobody, writeText{op, name, len(b)})
	}
	inc.done()
}

// request is one fsync under way, in a slot of its incarnation; free slots have
// key 0.
type request struct {
	tag  node.Tag
	task *node.Task // woken instead of a callback, if set
	file *file      // nil for the directory
	name string
	upto uint64 // operations covered: those before the call
	err  error
	key  uint64 // of its event
}

func (h *diskHandle) Sync(name string, tag node.Tag) { h.syncFile(name, request{tag: tag}) }

func (h *diskHandle) SyncDir(tag node.Tag) { h.syncNames(request{tag: tag}) }

// WakeSynced wakes a task when a file is durable.
func (inc *incarnation) WakeSynced(t *node.Task, name string) {
	inc.disk.syncFile(name, request{task: t})
}

// WakeDirSynced wakes a task when the directory is durable.
func (inc *incarnation) WakeDirSynced(t *node.Task) { inc.disk.syncNames(request{task: t}) }

func (h *diskHandle) syncFile(name string, r request) {
	if !h.inc.effect() {
		return
	}
	r.name = name
	if f, ok := h.d.dir.cache[name]; ok {
		r.file, r.upto = f, f.now()
	} else {
		r.err = missing("sync", name)
	}
	h.ask(r, &h.d.sync)
}

func (h *diskHandle) syncNames(r request) {
	if h.inc.effect() {
		r.name, r.upto = "the directory", h.d.dir.now()
		h.ask(r, &h.d.syncDir)
	}
}

// ask queues a request and ends its effect.
func (h *diskHandle) ask(r request, l *Latency) {
	inc, w := h.inc, h.inc.w
	slot := inc.requestSlot()
	r.key = w.queue.schedule(h.d.due(w.now, &r, l), evDisk, int32(inc.p.id), slot)
	inc.requests[slot] = r
	inc.done()
}

func (inc *incarnation) requestSlot() uint32 {
	if n := len(inc.freeReq); n > 0 {
		slot := inc.freeReq[n-1]
		inc.freeReq = inc.freeReq[:n-1]
		return slot
	}
	inc.requests = append(inc.requests, request{})
	return uint32(len(inc.requests) - 1)
}

// finish makes durable what a request covers, unless that fails.
func (w *World) finish(d *Disk, r *request) {
	if r.err == nil && d.fails(r) {
		r.err = ErrIO
		w.count(syncsFailed)
		if r.file != nil {
			r.file.lose(r.upto)
		} else {
			d.dir.lose(r.upto)
		}
	}
	switch {
	case r.err != nil:
	case r.file != nil:
		r.file.settle(r.upto)
	default:
		d.dir.settle(r.upto)
	}
}

// completeSync tells the process that a sync is over. A paused process learns it
// later; its kernel does not wait.
func (w *World) completeSync(e event) {
	p := w.procs[e.node]
	inc := p.inc
	w.finish(p.disk, &inc.requests[e.slot])
	if p.postpone(e) {
		return
	}
	r := inc.requests[e.slot]
	inc.requests[e.slot] = request{}
	inc.freeReq = append(inc.freeReq, e.slot)
	w.step(e, uint64(r.tag.Kind), r.tag.Arg)
	if w.trace != nil {
		w.emit(verbSync, p.id, node.Nobody, r.name)
	}
	w.enter(inc)
	if r.task != nil {
		r.task.Wake(r.err)
	} else {
		inc.node.DiskDone(r.tag, r.err)
	}
	w.leave(inc)
}
