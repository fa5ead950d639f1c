package txnlog

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/internal/crashdisk"
	"github.com/stampede-sim/stampede/nodes/node"
)

// z is the zxid epoch:counter.
func z(epoch int64, counter uint32) wire.Zxid { return wire.MakeZxid(epoch, counter) }

// txn returns a transaction with size bytes of data, none of them zero.
func txn(zxid wire.Zxid, size int) *wire.Txn {
	data := bytes.Repeat([]byte{byte(zxid)%255 + 1}, size)
	return &wire.Txn{
		Session: 0x0301, Cxid: int32(zxid), Zxid: zxid, Time: 1700000000000, Type: wire.OpSetData,
		Body: &wire.SetDataTxn{Path: "/a", Data: data, Version: 1},
	}
}

// tester is what the rig needs of *testing.T and *rapid.T.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

// rig drives a log and a slice of zxids, its dumb twin.
type rig struct {
	t    tester
	disk *crashdisk.Disk
	log  *Log
	// history is what the log should hold; former, what it held before each cut
	// that is not durable yet; durable is what the log claimed.
	history []wire.Zxid
	former  [][]wire.Zxid
	durable wire.Zxid
}

func newRig(t tester) *rig {
	r := &rig{t: t, disk: crashdisk.New()}
	r.log, _ = Open(r.disk, bugs.Set{})
	return r
}

func (r *rig) append(zxid wire.Zxid, size int) {
	r.t.Helper()
	r.history = append(slices.Clone(r.history), zxid)
	name, end, err := r.log.Append(txn(zxid, size))
	if err != nil || name == "" || end <= headerSize {
		r.t.Fatalf("append %v: %s %d %v", zxid, name, end, err)
	}
}

func (r *rig) truncate(zxid wire.Zxid) {
	r.t.Helper()
	r.former = append(r.former, r.history)
	r.durable = min(r.durable, zxid)
	r.history = slices.DeleteFunc(slices.Clone(r.history), func(h wire.Zxid) bool { return h > zxid })
	if err := r.log.Truncate(zxid); err != nil {
		r.t.Fatalf("truncate to %v: %v", zxid, err)
	}
}

// startSync begins a sync if one is due and none is under way.
func (r *rig) startSync() {
	r.t.Helper()
	if r.log.Syncing() || !r.log.Dirty() {
		return
	}
	if err := r.log.Sync(node.Tag{Kind: 5}); err != nil {
		r.t.Fatalf("sync: %v", err)
	}
}

// complete ends the one outstanding step of a sync.
func (r *rig) complete() {
	r.t.Helper()
	if !r.log.Syncing() {
		return
	}
	if r.disk.Pending() != 1 {
		r.t.Fatalf("%d syncs outstanding", r.disk.Pending())
	}
	done, err := r.log.Synced(r.disk.CompleteNext())
	if err != nil {
		r.t.Fatalf("synced: %v", err)
	}
	if done {
		r.durable = r.log.DurableZxid()
	}
	if !r.log.Dirty() {
		r.former = nil
	}
}

func (r *rig) sync() {
	r.t.Helper()
	for r.startSync(); r.log.Syncing(); {
		r.complete()
	}
}

// check compares the log with its twin.
func (r *rig) check() {
	r.t.Helper()
	got, err := read(r.log, 0)
	if err != nil || !slices.Equal(got, r.history) {
		r.t.Fatalf("log holds %v (%v), want %v", got, err, r.history)
	}
	want := wire.Zxid(0)
	if n := len(r.history); n > 0 {
		want = r.history[n-1]
	}
	if r.log.LastZxid() != want || r.log.DurableZxid() > want {
		r.t.Fatalf("log ends at %v, durable %v, want %v", r.log.LastZxid(), r.log.DurableZxid(), want)
	}
	if !r.log.Dirty() && r.log.DurableZxid() != want {
		r.t.Fatalf("clean log is durable up to %v, want %v", r.log.DurableZxid(), want)
	}
}

// checkCrash recovers from one crash state: the log must open, hold a prefix of
// what was appended and all that was durable, and work.
func (r *rig) checkCrash(d *crashdisk.Disk) {
	r.t.Helper()
	l, opened := Open(d, bugs.Set{})
	if opened.Corrupt != "" {
		r.t.Fatalf("crash state taken for corruption: %s\n%s", opened.Corrupt, r)
	}
	got, err := read(l, 0)
	if err != nil {
		r.t.Fatalf("after a crash: %v\n%s", err, r)
	}
	prefixOf := func(of []wire.Zxid) bool { return len(got) <= len(of) && slices.Equal(got, of[:len(got)]) }
	if !prefixOf(r.history) && !slices.ContainsFunc(r.former, prefixOf) {
		r.t.Fatalf("a crash leaves %v, not a prefix\n%s", got, r)
	}
	if l.LastZxid() < r.durable {
		r.t.Fatalf("a crash leaves %v, less than was durable\n%s", got, r)
	}
	checkAlive(r.t, d, l, got)
}

// checkAlive appends to a recovered log and loses power: what was synced stays,
// and nothing that the first crash had taken comes back.
func checkAlive(t tester, d *crashdisk.Disk, l *Log, had []wire.Zxid) {
	t.Helper()
	next := []wire.Zxid{z(9000, 1), z(9000, 2)}
	for _, zxid := range next {
		if _, _, err := l.Append(txn(zxid, 30)); err != nil {
			t.Fatalf("append after recovery: %v", err)
		}
	}
	d.Run(func(task *node.Task) {
		if err := l.Settle(task); err != nil {
			t.Fatalf("settle after recovery: %v", err)
		}
	})
	for again := range d.Crashes() {
		l, opened := Open(again, bugs.Set{})
		got, err := read(l, 0)
		if want := append(slices.Clone(had), next...); opened.Corrupt != "" || err != nil || !slices.Equal(got, want) {
			t.Fatalf("second recovery holds %v (%v, %s), want %v", got, err, opened.Corrupt, want)
		}
	}
}

func (r *rig) String() string {
	return fmt.Sprintf("history %v\nformer  %v\ndurable %v", r.history, r.former, r.durable)
}

// read returns the zxids of what the log holds after a zxid, having compared each
// transaction's session number with what was written.
func read(l *Log, after wire.Zxid) ([]wire.Zxid, error) {
	txns, err := l.Read(after)
	var zs []wire.Zxid
	for _, t := range txns {
		if t.Cxid != int32(t.Zxid) {
			return nil, fmt.Errorf("record %v was garbled", t.Zxid)
		}
		zs = append(zs, t.Zxid)
	}
	return zs, err
}
