package txnlog

import (
	"fmt"
	"slices"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Opened says what Open found.
type Opened struct {
	// LastZxid is the zxid of the last intact record, 0 if there is none.
	LastZxid wire.Zxid
	// Start is the zxid of the first record of the unbroken run that ends at
	// LastZxid. Files before it are what an interrupted purge left, or a file in
	// between is missing: only who knows the snapshots can tell. They are ignored.
	Start wire.Zxid
	// TornFile, if not "", ended in something a crash left of unsynced records.
	// Dropped bytes from offset TornAt on were cut off.
	TornFile        string
	TornAt, Dropped int64
	// Corrupt, if not "", says why the log must not be used: damage that no crash
	// can have done.
	Corrupt string
}

// Open reads the log on d. Nothing it finds counts as durable before the first
// sync, so every log is Dirty at first. With bugs.TornTailRefusesStart a torn
// tail is taken for corruption.
func Open(d node.Disk, b bugs.Set) (*Log, Opened) {
	l := &Log{disk: d, bugs: b}
	var o Opened
	names := logFiles(d)
	for i, name := range names {
		last := i == len(names)-1
		if o.Corrupt = l.openFile(name, last, &o); o.Corrupt != "" {
			return l, o
		}
	}
	if o.TornFile != "" && b.Has(bugs.TornTailRefusesStart) {
		o.Corrupt = fmt.Sprintf("%s: checksum mismatch at offset %d", o.TornFile, o.TornAt)
	}
	if f := l.active(); f != nil {
		l.last, o.LastZxid, o.Start = f.last, f.last, l.files[0].first
	}
	l.settleBoot()
	return l, o
}

// settleBoot makes what was found durable before anything is added to it. A
// process can die without its machine: then the page cache survives, with cuts
// and removals that a later power failure would undo behind newer records.
func (l *Log) settleBoot() {
	if f := l.active(); f != nil {
		l.chores = append(l.chores, chore{kind: flushFile, name: f.name})
	}
	l.chores = append(l.chores, chore{kind: flushNames})
}

// logFiles lists the log files by first zxid.
func logFiles(d node.Disk) []wire.Zxid {
	var firsts []wire.Zxid
	for _, name := range d.List() {
		if z, ok := parseFileName(name); ok {
			firsts = append(firsts, z)
		}
	}
	slices.Sort(firsts)
	return firsts
}

// openFile reads the next file and returns why it is corrupt, or "".
func (l *Log) openFile(first wire.Zxid, last bool, o *Opened) string {
	name := fileName(first)
	data, _ := l.disk.Read(name)
	s := scan(data)
	size := int64(len(data))
	if size > s.end || s.first == 0 {
		if s.broken && (!last || !s.crashed(data)) && !l.bugs.Has(bugs.DamagedLogCut) {
			return fmt.Sprintf("%s: damaged record at offset %d", name, s.end)
		}
		if !last && s.first == 0 {
			return fmt.Sprintf("%s: no record, but later files exist", name)
		}
		l.dropTail(name, s, size, o)
	}
	if s.first == 0 {
		return ""
	}
	return l.addFile(&file{name: name, first: s.first, last: s.last, size: s.end, synced: s.end, listed: true}, first)
}

// dropTail cuts off what follows the last intact record. The cut must be durable
// before anything is appended, or remains of the tail could show up behind it.
func (l *Log) dropTail(name string, s scanned, size int64, o *Opened) {
	if s.first == 0 {
		l.chores = append(l.chores, chore{kind: removeFile, name: name})
		s.end = 0
	} else {
		l.chores = append(l.chores, chore{kind: cutFile, name: name, size: s.end})
	}
	if s.broken {
		o.TornFile, o.TornAt, o.Dropped = name, s.end, size-s.end
	}
}

// addFile takes a file into the run, or starts a new run with it if something is
// missing in between. It returns why that is impossible, or "".
func (l *Log) addFile(f *file, named wire.Zxid) string {
	if f.first != named {
		return fmt.Sprintf("%s: the first record is %v", f.name, f.first)
	}
	if prev := l.active(); prev != nil && !follows(prev.last, f.first) {
		if f.first <= prev.last {
			return fmt.Sprintf("%s: starts before %s ends, at %v", f.name, prev.name, prev.last)
		}
		for _, old := range l.files {
			l.stale = append(l.stale, old.name)
		}
		l.files = nil
	}
	l.files = append(l.files, f)
	return ""
}
