package txnlog

import (
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/internal/crashdisk"
	"github.com/stampede-sim/stampede/nodes/node"
)

// The bytes ZooKeeper 3.9 would write, but for preallocation.
func TestFileFormat(t *testing.T) {
	r := newRig(t)
	r.sync()
	txn := &wire.Txn{Session: 1, Cxid: 2, Zxid: z(1, 3), Time: 4, Type: wire.OpError, Body: &wire.ErrorTxn{Err: wire.ErrNoNode}}
	name, end, err := r.log.Append(txn)
	if name != "log.100000003" || err != nil {
		t.Fatalf("file %q, %v", name, err)
	}
	data, _ := r.disk.Read(name)
	want := "5a4b4c47" + "00000002" + "0000000000000000" + // header
		"00000000" + "245707a0" + "00000024" + // Adler-32, length
		"0000000000000001" + "00000002" + "0000000100000003" + "0000000000000004" + "ffffffff" + // TxnHeader
		"ffffff9b" + "42"
	if got := hex.EncodeToString(data); got != want || end != int64(len(data)) {
		t.Errorf("end %d, bytes\n%s, want\n%s", end, got, want)
	}
}

// three returns a disk with records 1:1 to 1:3 in one file, or in three.
func three(t *testing.T, files int) *crashdisk.Disk {
	r := newRig(t)
	for i := range uint32(3) {
		r.append(z(1, i+1), 100)
		r.sync()
		if files > 1 {
			r.log.Roll()
		}
	}
	return r.disk
}

// edit replaces the content of a file.
func edit(t *testing.T, d *crashdisk.Disk, name string, change func(b []byte) []byte) {
	t.Helper()
	b, ok := d.Read(name)
	if !ok {
		t.Fatalf("no file %s", name)
	}
	if err := d.WriteFile(name, change(b)); err != nil {
		t.Fatal(err)
	}
}

func flip(at int) func([]byte) []byte {
	return func(b []byte) []byte { b[at] ^= 1; return b }
}

func TestDamage(t *testing.T) {
	const one, two, tail = "log.100000001", "log.100000002", "log.100000003"
	size := len(appendRecord(nil, txn(z(1, 1), 100)))
	tests := []struct {
		name    string
		files   int
		file    string
		change  func([]byte) []byte
		last    wire.Zxid // if it opens
		corrupt string    // part of the reason, if not
		torn    bool
	}{
		{name: "none", files: 1, file: one, change: slices.Clip[[]byte], last: z(1, 3)},
		{name: "preallocated tail", files: 1, file: one, change: func(b []byte) []byte { return append(b, make([]byte, 4096)...) }, last: z(1, 3)},
		{name: "last byte missing", files: 1, file: one, change: func(b []byte) []byte { return b[:len(b)-1] }, last: z(1, 2), torn: true},
		{name: "a bit flipped in the last record", files: 1, file: one, change: flip(headerSize + 2*size + 50), last: z(1, 2), torn: true},
		{name: "a bit flipped in the first record", files: 1, file: one, change: flip(headerSize + 50), corrupt: "offset 16"},
		{name: "a length flipped in the second record", files: 1, file: one, change: flip(headerSize + size + 11), corrupt: "damaged record"},
		{name: "a bit flipped in the header", files: 1, file: one, change: flip(5), corrupt: "offset 0"},
		{name: "the second record never written", files: 1, file: one, change: func(b []byte) []byte {
			clear(b[headerSize+size : headerSize+2*size])
			return b
		}, last: z(1, 1), torn: true},
		{name: "empty last file", files: 3, file: tail, change: func(b []byte) []byte { return nil }, last: z(1, 2)},
		{name: "last file with half a header", files: 3, file: tail, change: func(b []byte) []byte { return b[:7] }, last: z(1, 2), torn: true},
		{name: "empty file in the middle", files: 3, file: two, change: func(b []byte) []byte { return nil }, corrupt: "later files exist"},
		{name: "torn file in the middle", files: 3, file: two, change: func(b []byte) []byte { return b[:len(b)-1] }, corrupt: two},
		{name: "a file under another's name", files: 3, file: tail, change: func([]byte) []byte {
			return appendRecord(appendHeader(nil), txn(z(1, 9), 1))
		}, corrupt: "first record is 1:9"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := three(t, tt.files)
			edit(t, d, tt.file, tt.change)
			l, o := Open(d.Clone(), bugs.Set{})
			if tt.corrupt != "" {
				if !strings.Contains(o.Corrupt, tt.corrupt) {
					t.Fatalf("opened %+v, want corruption: %s", o, tt.corrupt)
				}
				return
			}
			if o.Corrupt != "" || o.LastZxid != tt.last || l.LastZxid() != tt.last || (o.TornFile != "") != tt.torn {
				t.Fatalf("opened %+v, want last %v, torn %v", o, tt.last, tt.torn)
			}
			if tt.torn && (o.TornFile != tt.file || o.Dropped <= 0) {
				t.Errorf("torn tail reported as %+v", o)
			}
			if _, o := Open(d, bugs.Of(bugs.TornTailRefusesStart)); (o.Corrupt != "") != tt.torn {
				t.Errorf("with the bug a torn tail (%v) gives %q", tt.torn, o.Corrupt)
			}
		})
	}
}

// A purge may leave an old file and lose the one after it.
func TestPurgeInterruptedAnywhere(t *testing.T) {
	d := three(t, 3)
	l, _ := Open(d, bugs.Set{})
	if err := l.Purge(z(1, 3)); err != nil {
		t.Fatal(err)
	}
	if got := logFiles(d); len(got) != 3 {
		t.Fatalf("purged %v before what Open found was durable", got)
	}
	d.Run(func(task *node.Task) {
		if err := l.Settle(task); err != nil {
			t.Error(err)
		}
	})
	if err := l.Purge(z(1, 3)); err != nil {
		t.Fatal(err)
	}
	if got, err := read(l, 0); err != nil || !slices.Equal(got, []wire.Zxid{z(1, 3)}) {
		t.Errorf("left %v, %v", got, err)
	}
	for state := range d.Crashes() {
		l, o := Open(state, bugs.Set{})
		if o.Corrupt != "" || o.LastZxid != z(1, 3) || !l.Reaches(z(1, 3)) {
			t.Fatalf("a crash in a purge leaves %+v", o)
		}
		l.StartAfter(z(1, 3))
		checkAlive(t, state, l, l.zxids(t))
	}
}

func (l *Log) zxids(t *testing.T) []wire.Zxid {
	t.Helper()
	zs, err := read(l, 0)
	if err != nil {
		t.Fatal(err)
	}
	return zs
}

func TestMissingFileIsAGap(t *testing.T) {
	d := three(t, 3)
	if err := d.Remove("log.100000002"); err != nil {
		t.Fatal(err)
	}
	l, o := Open(d, bugs.Set{})
	if o.Start != z(1, 3) || l.Reaches(z(1, 1)) || !l.Reaches(z(1, 2)) {
		t.Errorf("opened %+v; reaches 1:1 %v, 1:2 %v", o, l.Reaches(z(1, 1)), l.Reaches(z(1, 2)))
	}
}

func TestStartAfterSnapshot(t *testing.T) {
	tests := []struct {
		name     string
		snapshot wire.Zxid
		last     wire.Zxid
		left     int
	}{
		{"inside the log", z(1, 2), z(1, 3), 3},
		{"at its end", z(1, 3), z(1, 3), 3},
		{"beyond its end", z(2, 7), z(2, 7), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := three(t, 3)
			l, _ := Open(d, bugs.Set{})
			l.StartAfter(tt.snapshot)
			if got := l.zxids(t); l.LastZxid() != tt.last || len(got) != tt.left || l.DurableZxid() != 0 {
				t.Errorf("ends at %v with %v, durable %v", l.LastZxid(), got, l.DurableZxid())
			}
			if l.Reaches(0) != (tt.left > 0) || !l.Reaches(tt.snapshot) {
				t.Errorf("reaches the beginning: %v, the snapshot: %v", l.Reaches(0), l.Reaches(tt.snapshot))
			}
			checkAlive(t, d, l, l.zxids(t))
			if l.DurableZxid() != z(9000, 2) {
				t.Errorf("durable up to %v", l.DurableZxid())
			}
		})
	}
}

// A log that starts an epoch behind a snapshot does not reach back over it.
func TestSnapshotHidesWhatWasBefore(t *testing.T) {
	r := newRig(t)
	r.log.StartAfter(z(2, 3))
	r.append(z(3, 1), 10)
	r.sync()
	for at, want := range map[wire.Zxid]bool{0: false, z(1, 5): false, z(2, 2): false, z(2, 3): true, z(3, 1): true} { //sim:unordered a table
		if got := r.log.Reaches(at); got != want {
			t.Errorf("reaches %v: %v", at, got)
		}
	}
	if err := r.log.Truncate(z(2, 2)); err == nil {
		t.Error("it was cut to what it does not reach")
	}
}

// StartOver drops everything, wherever the log ends. A crash leaves a beginning.
func TestStartOver(t *testing.T) {
	for _, to := range []wire.Zxid{0, z(1, 1), z(1, 3), z(5, 5)} {
		d := three(t, 3)
		l, _ := Open(d, bugs.Set{})
		l.StartOver(to)
		if got := l.zxids(t); len(got) != 0 || l.LastZxid() != to || l.Cuts() != 1 || !l.Reaches(to) {
			t.Errorf("started over at %v: ends at %v with %v", to, l.LastZxid(), got)
		}
		d.Effect = func() {
			for state := range d.Crashes() {
				if got, o := Open(state, bugs.Set{}); o.Corrupt != "" || o.Start > z(1, 1) {
					t.Fatalf("a crash leaves %v: %+v", got.zxids(t), o)
				}
			}
		}
		d.Run(func(task *node.Task) {
			if err := l.Settle(task); err != nil {
				t.Error(err)
			}
		})
		if len(d.List()) != 0 || l.DurableZxid() != to {
			t.Errorf("left are %v, durable is %v", d.List(), l.DurableZxid())
		}
	}
}

func TestTruncateNeedsHistory(t *testing.T) {
	l, _ := Open(three(t, 1), bugs.Set{})
	l.StartAfter(z(5, 5))
	if err := l.Truncate(z(1, 2)); err == nil {
		t.Error("truncated to a zxid before everything the log knows")
	}
	if err := l.Truncate(z(5, 9)); err != nil || l.LastZxid() != z(5, 5) {
		t.Errorf("truncating to the future: %v, ends at %v", err, l.LastZxid())
	}
}

func TestTruncateBehindTheSnapshot(t *testing.T) {
	l, _ := Open(three(t, 3), bugs.Set{})
	l.StartAfter(z(1, 3))
	if err := l.Truncate(0); err != nil || l.LastZxid() != 0 {
		t.Errorf("cut a whole log to the beginning: %v, ends at %v", err, l.LastZxid())
	}
}

func TestTruncateBetweenRecords(t *testing.T) {
	r := newRig(t)
	r.append(z(1, 1), 10)
	r.append(z(2, 1), 10)
	r.sync()
	r.truncate(z(1, 7))
	r.check()
	if r.log.LastZxid() != z(1, 1) {
		t.Errorf("ends at %v, want the largest at or below the cut", r.log.LastZxid())
	}
}

func TestDiskErrorsAreFinal(t *testing.T) {
	broken := errors.New("input/output error")
	tests := []struct {
		name string
		do   func(r *rig) error
	}{
		{"append", func(r *rig) error { _, _, err := r.log.Append(txn(z(1, 9), 1)); return err }},
		{"sync", func(r *rig) error {
			r.disk.Fail = nil
			r.append(z(1, 9), 1)
			r.startSync()
			r.disk.Fail = broken
			_, err := r.log.Synced(r.disk.CompleteNext())
			return err
		}},
		{"cut", func(r *rig) error {
			if err := r.log.Truncate(z(1, 1)); err != nil {
				return err
			}
			return r.log.Sync(node.Tag{})
		}},
		{"settle", func(r *rig) (err error) {
			if err := r.log.Truncate(z(1, 1)); err != nil {
				return err
			}
			r.disk.Run(func(t *node.Task) { err = r.log.Settle(t) })
			return err
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.append(z(1, 1), 1)
			r.append(z(1, 2), 1)
			r.sync()
			r.disk.Fail = broken
			if err := tt.do(r); !errors.Is(err, broken) {
				t.Fatalf("error %v", err)
			}
			defer func() {
				if recover() == nil {
					t.Error("a broken log accepts records")
				}
			}()
			r.log.Append(txn(z(2, 1), 1))
		})
	}
}

func TestAwaitDurable(t *testing.T) {
	tests := []struct {
		name string
		then func(r *rig)
		err  string
	}{
		{"a sync ends the wait", func(r *rig) { r.sync() }, ""},
		{"a cut ends the wait", func(r *rig) { r.truncate(z(1, 1)) }, "truncated"},
		{"an error ends the wait", func(r *rig) {
			r.startSync()
			_, _ = r.log.Synced(errors.New("broken"))
		}, "broken"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.append(z(1, 1), 1)
			r.sync()
			r.append(z(1, 2), 1)
			var err error
			task := node.NewTask("wait", r.disk, func(task *node.Task) { err = r.log.AwaitDurable(task, z(1, 2)) })
			task.Start()
			if task.Ended() {
				t.Fatal("did not wait")
			}
			tt.then(r)
			if !task.Ended() || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("ended %v with %v, want %q", task.Ended(), err, tt.err)
			}
		})
	}
}

func TestReadReportsDamageSinceOpen(t *testing.T) {
	d := three(t, 1)
	l, _ := Open(d, bugs.Set{})
	edit(t, d, "log.100000001", flip(headerSize+50))
	if got, err := l.Read(0); err == nil {
		t.Errorf("read %d transactions from a damaged file", len(got))
	}
}

func BenchmarkAppendSync(b *testing.B) {
	d := crashdisk.New()
	l, _ := Open(null{d}, bugs.Set{})
	record := txn(0, 100)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		record.Zxid = wire.Zxid(i + 1)
		if _, _, err := l.Append(record); err != nil {
			b.Fatal(err)
		}
		if i%8 < 7 {
			continue
		}
		if err := l.Sync(node.Tag{}); err != nil {
			b.Fatal(err)
		}
		for l.Syncing() {
			if _, err := l.Synced(nil); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// null is a disk that forgets what is written, so that only the log is measured.
type null struct{ node.Disk }

func (null) Append(string, []byte) error { return nil }
func (null) Sync(string, node.Tag)       {}
func (null) SyncDir(node.Tag)            {}
