package log

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/internal/crashdisk"
)

// header is a batch as producers look at it.
func header(id int64, epoch int16, sequence int32, n int, base, time int64) batch.Batch {
	b := batch.NewBuilder(batch.Options{ProducerID: id, ProducerEpoch: epoch, BaseSequence: sequence, BaseOffset: base})
	for range n {
		b.Add(batch.Record{Timestamp: time})
	}
	return b.Build()
}

// dumb is every batch that was appended of one producer.
type dumb struct {
	epoch int16
	sent  []batch.Batch
}

// verdict says what a leader should do with a batch: append it, answer with an offset,
// or refuse it.
func (d *dumb) verdict(b batch.Batch) (offset int64, code wire.ErrorCode) {
	if d == nil {
		return NoOffset, wire.OK
	}
	switch {
	case b.ProducerEpoch() < d.epoch:
		return NoOffset, wire.InvalidProducerEpoch
	case b.ProducerEpoch() > d.epoch && b.BaseSequence() != 0:
		return NoOffset, wire.OutOfOrderSequenceNumber
	case b.ProducerEpoch() > d.epoch:
		return NoOffset, wire.OK
	}
	for _, s := range d.sent[max(0, len(d.sent)-5):] {
		if s.BaseSequence() == b.BaseSequence() && s.Count() == b.Count() {
			return s.BaseOffset(), wire.OK
		}
	}
	// Numbers go round at 2^31, which 64 bits have room for.
	latest := d.sent[len(d.sent)-1]
	if int64(b.BaseSequence()) != (int64(latest.BaseSequence())+int64(latest.Count()))%(1<<31) {
		return NoOffset, wire.OutOfOrderSequenceNumber
	}
	return NoOffset, wire.OK
}

// TestProducersAreTheirTwin sends batches in and out of order, again, and around the end
// of the numbers (M18 of the catalogue of mutants).
func TestProducersAreTheirTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p producers
		twins := map[int64]*dumb{}
		end := int64(0)
		t.Repeat(map[string]func(*rapid.T){
			"send": func(t *rapid.T) {
				id := rapid.Int64Range(0, 2).Draw(t, "producer")
				w := twins[id]
				n := rapid.IntRange(1, 3).Draw(t, "records")
				epoch, sequence := int16(rapid.IntRange(0, 2).Draw(t, "epoch")), int32(rapid.SampledFrom([]int{0, 1, math.MaxInt32, math.MaxInt32 - 2}).Draw(t, "sequence"))
				if w != nil && rapid.IntRange(0, 9).Draw(t, "in order") > 0 {
					epoch = w.epoch
					s := w.sent[len(w.sent)-1-rapid.IntRange(0, min(7, len(w.sent)-1)).Draw(t, "back")]
					if n = s.Count(); rapid.Bool().Draw(t, "the next") {
						sequence = batch.AddSequence(s.LastSequence(), 1)
					} else {
						sequence = s.BaseSequence()
					}
				}
				b := header(id, epoch, sequence, n, end, 1000+end)
				known, code := p.check(b)
				offset, want := w.verdict(b)
				if code != want || (known != nil) != (offset != NoOffset) || known != nil && known.first() != offset {
					t.Fatalf("%v: %v, %+v, want %v, %d", b, code, known, want, offset)
				}
				if code != wire.OK || known != nil {
					return
				}
				p.update(b)
				if w == nil || w.epoch != epoch {
					w = &dumb{epoch: epoch}
				}
				w.sent = append(w.sent, b)
				twins[id] = w
				end = b.NextOffset()
			},
			"restart": func(t *rapid.T) {
				var ok bool
				before := fmt.Sprintf("%x", p.encode())
				if p, ok = decodeProducers(p.encode()); !ok || fmt.Sprintf("%x", p.encode()) != before {
					t.Fatal("a snapshot does not survive")
				}
			},
		})
	})
}

// TestSnapshotBytes is a snapshot as Kafka lays it out, and what is refused.
func TestSnapshotBytes(t *testing.T) {
	var p producers
	p.update(header(5, 2, 7, 3, 100, 4000))
	want := []byte{
		0, 1, 0, 0, 0, 0, // version; the CRC, below
		0, 0, 0, 1, // one entry
		0, 0, 0, 0, 0, 0, 0, 5, // producer
		0, 2, // epoch
		0, 0, 0, 9, // last sequence
		0, 0, 0, 0, 0, 0, 0, 102, // last offset
		0, 0, 0, 2, // offset delta
		0, 0, 0, 0, 0, 0, 0x0f, 0xa0, // timestamp
		0xff, 0xff, 0xff, 0xff, // no coordinator
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, // no transaction
	}
	binary.BigEndian.PutUint32(want[2:], crc32.Checksum(want[6:], crc32.MakeTable(crc32.Castagnoli)))
	got := p.encode()
	if fmt.Sprintf("%x", got) != fmt.Sprintf("%x", want) {
		t.Errorf("%x, want\n%x", got, want)
	}
	for i := range got {
		bad := append([]byte{}, got...)
		bad[i] ^= 1
		if _, ok := decodeProducers(bad); ok {
			t.Errorf("a snapshot was read in which byte %d is wrong", i)
		}
	}
	if _, ok := decodeProducers(got[:len(got)-1]); ok {
		t.Error("a snapshot was read that is cut off")
	}
}

// TestProducersExpire: a producer that is silent is forgotten, and may then begin with
// any number.
func TestProducersExpire(t *testing.T) {
	cfg := tiny()
	cfg.ProducerExpiryMillis = 100
	l, _, _ := Open(crashdisk.New(), dir, cfg, Options{Clean: true})
	send := func(sequence int32, now int64) wire.ErrorCode {
		b := header(1, 0, sequence, 1, 0, now)
		b.SetLeaderEpoch(-1)
		_, code := l.AppendAsLeader(b, 0, now)
		return code
	}
	if code := send(5, 1000); code != wire.OK {
		t.Fatal(code)
	}
	l.ExpireProducers(1099)
	if code := send(7, 1099); code != wire.OutOfOrderSequenceNumber {
		t.Errorf("before its time: %v", code)
	}
	l.ExpireProducers(1100)
	if code := send(7, 1100); code != wire.OK || len(l.Producers()) != 1 {
		t.Errorf("after its time: %v", code)
	}
}

// TestFollowerKnowsProducers: a retry is recognised by the next leader, which has only
// copied (T18 of the catalogue).
func TestFollowerKnowsProducers(t *testing.T) {
	leader, _, _ := Open(crashdisk.New(), dir, tiny(), Options{Clean: true})
	follower, _, _ := Open(crashdisk.New(), dir, tiny(), Options{Clean: true})
	for i := range int32(6) {
		if _, code := leader.AppendAsLeader(header(1, 0, i, 1, 0, 1000), 1, 1000); code != wire.OK {
			t.Fatal(code)
		}
	}
	for follower.End() < leader.End() {
		records, _ := leader.Read(follower.End(), leader.End(), 100)
		follower.AppendAsFollower(records, 1000)
	}
	for i := range int32(6) {
		got, code := follower.AppendAsLeader(header(1, 0, i, 1, 0, 1000), 2, 1000)
		if i == 0 {
			if code != wire.OutOfOrderSequenceNumber {
				t.Errorf("the sixth batch back: %+v, %v", got, code)
			}
		} else if code != wire.OK || !got.Duplicate || got.Base != int64(i) {
			t.Errorf("retry %d: %+v, %v", i, got, code)
		}
	}
}
