package log

import (
	"maps"
	"slices"

	"github.com/stampede-sim/stampede/nodes/node"
)

// flat is a disk in memory that costs next to nothing: for benchmarks.
type flat struct {
	node.Disk
	files map[string][]byte
	// forgets: what is appended is not kept, so that only the caller is measured.
	forgets bool
}

func (f *flat) Read(name string) ([]byte, bool) {
	b, ok := f.files[name]
	return slices.Clone(b), ok
}

func (f *flat) ReadAt(name string, off int64, n int) []byte {
	b := f.files[name]
	if off >= int64(len(b)) {
		return nil
	}
	upto := min(int64(len(b)), off+int64(n))
	return b[off:upto:upto]
}

func (f *flat) Size(name string) int64 { return int64(len(f.files[name])) }
func (f *flat) List() []string         { return slices.Sorted(maps.Keys(f.files)) }
func (f *flat) Remove(name string) error {
	delete(f.files, name)
	return nil
}

func (f *flat) Append(name string, b []byte) error {
	if !f.forgets {
		f.files[name] = append(f.files[name], b...)
	}
	return nil
}

func (f *flat) WriteFile(name string, b []byte) error {
	f.files[name] = slices.Clone(b)
	return nil
}
