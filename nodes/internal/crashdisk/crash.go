package crashdisk

import (
	"iter"
	"maps"
	"slices"
)

// sector is the unit in which writes are lost, in bytes.
const sector = 512

// Crashes enumerates the states a power failure now could leave: of the
// directory's unsynced changes any subset, and for each of those, of one file at
// a time any of its outcomes while the others lose everything or nothing.
// Combining the outcomes of all files would be complete, and endless.
func (d *Disk) Crashes() iter.Seq[*Disk] {
	return func(yield func(*Disk) bool) {
		for mask := range 1 << min(len(d.links), 8) {
			names := maps.Clone(d.durable)
			for i, l := range d.links {
				if mask&(1<<i) != 0 {
					l.apply(names)
				}
			}
			if !crashFiles(names, yield) {
				return
			}
		}
	}
}

func crashFiles(names map[string]*file, yield func(*Disk) bool) bool {
	lost, kept := map[string][]byte{}, map[string][]byte{}
	dirty := []string{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		f := names[name]
		lost[name], kept[name] = f.durable, f.now()
		if len(f.changes) > 0 {
			dirty = append(dirty, name)
		}
	}
	if !yield(settled(lost)) || !yield(settled(kept)) {
		return false
	}
	for _, name := range dirty {
		for content := range names[name].outcomes() {
			for _, others := range []map[string][]byte{lost, kept} {
				state := maps.Clone(others)
				state[name] = content
				if !yield(settled(state)) {
					return false
				}
			}
		}
	}
	return true
}

// settled returns a disk on which just these files are durable.
func settled(files map[string][]byte) *Disk {
	d := New()
	for name, content := range files { //sim:unordered fills a map
		f := &file{durable: content}
		d.durable[name], d.cache[name] = f, f
	}
	return d
}

// outcomes enumerates what may be left of a file: any number of its changes; the
// next one torn at any interesting byte; and of the bytes that those wrote, one
// write's one sector, or one whole write, or all but the last, missing.
func (f *file) outcomes() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for n := range len(f.changes) + 1 {
			whole := f.changes[:n]
			if !yield(replay(f.durable, whole, nil)) {
				return
			}
			if n < len(f.changes) && !f.changes[n].cut {
				for cut := range tears(f.changes[n]) {
					last := change{from: f.changes[n].from, view: f.changes[n].view[:cut]}
					if !yield(replay(f.durable, append(slices.Clone(whole), last), nil)) {
						return
					}
				}
			}
			for hole := range holes(whole) {
				if !yield(replay(f.durable, whole, hole)) {
					return
				}
			}
		}
	}
}

// tears enumerates offsets at which a write may end early.
func tears(c change) iter.Seq[int] {
	return func(yield func(int) bool) {
		size := len(c.view) - c.from
		for _, n := range []int{1, 3, 4, 11, 12, 13, 16, 17, 40, size / 2, size - 2, size - 1} {
			if n > 0 && n < size && !yield(c.from+n) {
				return
			}
		}
		for at := (c.from/sector + 1) * sector; at < len(c.view); at += sector {
			if !yield(at) {
				return
			}
		}
	}
}

// span is a range of bytes a change wrote and the disk lost.
type span struct{ change, from, to int }

// holes enumerates sets of lost spans.
func holes(changes []change) iter.Seq[[]span] {
	return func(yield func([]span) bool) {
		var all []span
		for i, c := range changes {
			if c.cut {
				continue
			}
			for at := c.from; at < len(c.view); {
				end := min((at/sector+1)*sector, len(c.view))
				if !yield([]span{{i, at, end}}) {
					return
				}
				at = end
			}
			if !yield([]span{{i, c.from, len(c.view)}}) {
				return
			}
			if i < len(changes)-1 {
				all = append(all, span{i, c.from, len(c.view)})
			}
		}
		if len(all) > 1 {
			yield(all)
		}
	}
}

// replay performs changes on durable except for the lost spans.
func replay(durable []byte, changes []change, lost []span) []byte {
	img := slices.Clone(durable)
	for i, c := range changes {
		if c.cut {
			img = img[:min(len(img), c.from)]
			continue
		}
		was := len(img)
		img = append(img, make([]byte, max(0, len(c.view)-was))...)
		written := slices.Clone(c.view[c.from:])
		for _, s := range lost {
			if s.change == i {
				clear(written[s.from-c.from : s.to-c.from])
			}
		}
		copy(img[c.from:], written)
	}
	return img
}
