package log

import (
	"fmt"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/internal/crashdisk"
	"github.com/stampede-sim/stampede/nodes/node"
)

// keyed is a log of a compacted topic and all that was ever appended to it.
type keyed struct {
	disk *crashdisk.Disk
	log  *Log
	cfg  Config
	now  int64
	all  []batch.Record
	next map[int64]int32
	// gone is when a tombstone may have been dropped first, by offset.
	gone map[int64]int64
	// mixed: batches come in all codecs by turns.
	mixed bool
	// touched is how far passes may have come.
	touched int64
}

func newKeyed() *keyed {
	cfg := tiny()
	cfg.Compact, cfg.Delete, cfg.MinDirtyPermille, cfg.DeleteRetentionMillis = true, false, 0, 50
	k := &keyed{disk: crashdisk.New(), cfg: cfg, now: 1000, next: map[int64]int32{}, gone: map[int64]int64{}}
	k.open(Options{Clean: true})
	named(k.log)
	return k
}

func (k *keyed) open(o Options) {
	var err error
	o.Now = k.now
	if k.log, _, err = Open(k.disk, dir, k.cfg, o); err != nil {
		panic(err)
	}
}

// add appends a batch of records of these keys; a negative key is a tombstone of it.
func (k *keyed) add(t rapid.TB, producer int64, keys ...int) {
	o := batch.Plain()
	if k.mixed {
		o.Codec = codecs[len(k.all)%len(codecs)]
	}
	if producer >= 0 {
		o.ProducerID, o.ProducerEpoch, o.BaseSequence = producer, 0, k.next[producer]
		k.next[producer] += int32(len(keys))
	}
	b := batch.NewBuilder(o)
	for i, key := range keys {
		rec := batch.Record{Timestamp: k.now, Key: fmt.Appendf(nil, "key %d", max(key, -key)), Offset: k.log.End() + int64(i)}
		if key > 0 {
			rec.Value = fmt.Appendf(nil, "value %d", rec.Offset)
		}
		b.Add(rec)
		k.all = append(k.all, rec)
	}
	got, code := k.log.AppendAsLeader(b.Build(), 0, k.now)
	if code != wire.OK || got.Last != k.all[len(k.all)-1].Offset {
		t.Fatalf("%v, %+v", code, got)
	}
}

// records reads everything.
func records(l *Log) (all []batch.Record, err error) {
	content, err := reading(l, l.Start(), l.End(), 300)
	for r := batch.Read(content); r.Next() && err == nil; {
		var rec batch.Record
		rs := r.Batch.Records()
		for rs.Next(&rec) {
			all = append(all, rec)
		}
		err = rs.Err()
	}
	return all, err
}

// check holds a log against all that was appended: what it shows was written there, and
// the newest record of each key is there, unless it is a tombstone whose time is over; then
// there is none of the key.
func (k *keyed) check(l *Log) error {
	got, err := records(l)
	if err != nil {
		return err
	}
	if int(l.End()) > len(k.all) {
		return fmt.Errorf("%v, and only %d were appended", l, len(k.all))
	}
	shown := map[int64]bool{}
	for i, r := range got {
		w := k.all[r.Offset]
		if string(w.Key) != string(r.Key) || string(w.Value) != string(r.Value) || (w.Value == nil) != (r.Value == nil) || w.Timestamp != r.Timestamp {
			return fmt.Errorf("offset %d shows %+v, want %+v", r.Offset, r, w)
		}
		if i > 0 && r.Offset <= got[i-1].Offset {
			return fmt.Errorf("offset %d follows %d", r.Offset, got[i-1].Offset)
		}
		shown[r.Offset] = true
	}
	newest := map[string]int64{}
	for _, w := range k.all[:l.End()] {
		newest[string(w.Key)] = w.Offset
	}
	for _, w := range k.all[:l.End()] {
		first, once := k.gone[w.Offset]
		over := w.Value == nil && once && k.now >= first
		must := newest[string(w.Key)] == w.Offset && !over || w.Offset >= k.touched
		if must && !shown[w.Offset] {
			return fmt.Errorf("offset %d of %q is missing, the newest is %d; %v", w.Offset, w.Key, newest[string(w.Key)], l)
		}
		if latest := newest[string(w.Key)]; shown[w.Offset] && !shown[latest] {
			return fmt.Errorf("offset %d of %q is back, whose tombstone at %d is gone; %v", w.Offset, w.Key, latest, l)
		}
	}
	return nil
}

// compact runs a pass to its end.
func (k *keyed) compact(t rapid.TB) Compacted {
	var out Compacted
	k.disk.Run(func(task *node.Task) {
		if err := k.log.Settle(task); err != nil {
			t.Fatal(err)
		}
		k.log.RecoveryPointSaved(k.log.RecoveryPoint())
		k.began()
		var err error
		if out, err = k.log.Compact(task, k.now); err != nil {
			t.Fatal(err)
		}
	})
	return out
}

// began notes that tombstones are about to be seen, if they are.
func (k *keyed) began() {
	_, upto, due := k.log.Compactable(k.now)
	if due {
		k.touched = max(k.touched, upto)
	}
	for _, w := range k.all {
		if _, once := k.gone[w.Offset]; due && !once && w.Offset < upto && w.Value == nil {
			k.gone[w.Offset] = k.now + k.cfg.DeleteRetentionMillis
		}
	}
}

// complete reports what compaction should have dropped and has not.
func (k *keyed) complete(l *Log, upto int64) error {
	newest := map[string]int64{}
	for _, w := range k.all[:upto] {
		newest[string(w.Key)] = w.Offset
	}
	got, err := records(l)
	for _, r := range got {
		if r.Offset < upto && newest[string(r.Key)] != r.Offset {
			return fmt.Errorf("offset %d of %q is still there, %d is newer", r.Offset, r.Key, newest[string(r.Key)])
		}
	}
	return err
}

// finish completes the syncs that the log asked for.
func (k *keyed) finish() {
	for k.disk.Pending() > 0 || k.log.Pending() {
		step(k.log, k.disk)
	}
}

// crash strikes at an effect of a compaction.
func (k *keyed) crash(t *rapid.T) {
	k.finish()
	if k.log.RecoveryPoint() < k.log.End() && rapid.Bool().Draw(t, "flushed") {
		k.log.Flush(k.log.End())
		k.finish()
	}
	at, point := rapid.IntRange(0, 30).Draw(t, "effect"), k.log.RecoveryPoint()
	cleaned := rapid.SampledFrom([]int64{0, k.log.Cleaned()}).Draw(t, "cleaned")
	k.log.RecoveryPointSaved(point)
	k.began()
	var left *crashdisk.Disk
	k.disk.Effect = func() {
		if at--; at == 0 {
			left = crashed(t, k.disk)
		}
	}
	k.compact(t)
	k.disk.Effect = nil
	if left == nil {
		left = crashed(t, k.disk)
	}
	k.disk = left
	k.disk.Run(func(task *node.Task) { task.SyncDir() })
	k.open(Options{RecoveryPoint: point, HighWatermark: point, Cleaned: cleaned})
	k.all = k.all[:k.log.End()]
	if k.log.End() < point {
		t.Fatalf("%v, and %d was durable", k.log, point)
	}
	k.next = map[int64]int32{}
	for _, p := range k.log.Producers() {
		k.next[p.ID] = p.LastSequence + 1
	}
}
