package fetchsession

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// fakeEnv is a world in which time passes when the test says so.
type fakeEnv struct {
	now  time.Duration
	rand *rand.Rand
	seen map[*node.EventKind]int
}

func newFakeEnv() *fakeEnv {
	return &fakeEnv{rand: rand.New(rand.NewPCG(1, 2)), seen: map[*node.EventKind]int{}}
}

func (e *fakeEnv) Now() time.Duration   { return e.now }
func (e *fakeEnv) Rand() *rand.Rand     { return e.rand }
func (e *fakeEnv) Observe(f node.Event) { e.seen[f.Kind]++ }

// told is what an asker knows of a partition by what it was told.
type told struct {
	epoch       int32
	mark, start int64
}

// party is an asker with what it knows.
type party struct {
	Asker
	replica int32 // -1 for a consumer
	knows   map[key]told
	wants   map[key]Part
	// epochs are the leader epochs that it has heard of, which only grow.
	epochs map[key]int32
}

// bench is a broker with its partitions, those who ask, and a twin of each of them that
// has no session and is always told everything.
type bench struct {
	t       *rapid.T
	env     *fakeEnv
	cache   *Cache
	parties []*party
	state   map[key]*kmsg.FetchResponseTopicPartition
}

const slots = 2

func newBench(t *rapid.T) *bench {
	b := &bench{t: t, env: newFakeEnv(), state: map[key]*kmsg.FetchResponseTopicPartition{}}
	b.cache = NewCache(b.env, Config{Slots: slots, Idle: time.Second})
	for i := range 3 {
		b.parties = append(b.parties, &party{replica: int32(i) - 1, knows: map[key]told{}, wants: map[key]Part{}, epochs: map[key]int32{}})
	}
	for _, topic := range []string{"a", "b"} {
		for n := range int32(3) {
			p := kmsg.NewFetchResponseTopicPartition()
			p.Partition = n
			b.state[key{topic, n}] = &p
		}
	}
	return b
}

func (b *bench) anyKey() key {
	return key{rapid.SampledFrom([]string{"a", "b"}).Draw(b.t, "topic"), rapid.Int32Range(0, 2).Draw(b.t, "number")}
}

func (b *bench) anyParty() *party { return rapid.SampledFrom(b.parties).Draw(b.t, "party") }

// change has something happen to a partition.
func (b *bench) change(*rapid.T) {
	p := b.state[b.anyKey()]
	switch rapid.IntRange(0, 5).Draw(b.t, "what") {
	case 0:
		p.HighWatermark++
	case 1:
		p.LogStartOffset++
	case 2:
		p.RecordBatches = make([]byte, rapid.IntRange(0, 2).Draw(b.t, "bytes"))
	case 3:
		p.ErrorCode = int16(rapid.SampledFrom([]wire.ErrorCode{wire.OK, wire.NotLeaderOrFollower}).Draw(b.t, "code"))
	case 4:
		p.PreferredReadReplica = rapid.Int32Range(-1, 0).Draw(b.t, "preferred")
	default:
		p.DivergingEpoch.Epoch = rapid.Int32Range(-1, 0).Draw(b.t, "diverging")
	}
}

// want has an asker want something else.
func (b *bench) want(*rapid.T) {
	a, k := b.anyParty(), b.anyKey()
	if _, has := a.wants[k]; has && rapid.Bool().Draw(b.t, "drop") {
		delete(a.wants, k)
		return
	}
	if rapid.Bool().Draw(b.t, "elected") {
		a.epochs[k]++
		delete(a.knows, k) // what came in another epoch may have been thrown away
	}
	a.wants[k] = Part{Topic: k.topic, Number: k.number, Offset: rapid.Int64Range(0, 3).Draw(b.t, "offset"), Epoch: a.epochs[k]}
}

// pass lets time go by.
func (b *bench) pass(*rapid.T) {
	b.env.now += time.Duration(rapid.IntRange(1, 1500).Draw(b.t, "ms")) * time.Millisecond
}

// parts lists what an asker wants, in the order of the broker's partitions.
func (a *party) parts() []Part {
	var all []Part
	for _, topic := range []string{"a", "b"} {
		for n := range int32(3) {
			if p, ok := a.wants[key{topic, n}]; ok {
				all = append(all, p)
			}
		}
	}
	return all
}

// fetch has an asker ask. The request may be lost, or its answer.
func (b *bench) fetch(*rapid.T) {
	a := b.anyParty()
	want := a.parts()
	r := kmsg.NewPtrFetchRequest()
	r.ReplicaID = a.replica
	a.Prepare(r, want)
	fate := rapid.SampledFrom([]string{"", "", "", "request lost", "answer lost"}).Draw(b.t, "fate")
	if fate == "request lost" {
		a.Lost()
		return
	}
	x := b.cache.Open(r)
	if x.Refused() {
		if answer := x.Answer(nil); a.Answered(answer) || answer.SessionID != 0 {
			b.t.Fatalf("a refusal says %+v", answer)
		}
		return
	}
	b.same(want, x.Parts())
	read := make([]kmsg.FetchResponseTopicPartition, len(x.Parts()))
	for i, p := range x.Parts() {
		read[i] = *b.state[p.key()]
	}
	answer := x.Answer(read)
	if fate == "answer lost" {
		a.Lost()
		return
	}
	b.take(a, want, answer)
}

// same: the broker reads just what a twin would have named in full.
func (b *bench) same(want, got []Part) {
	if len(want) != len(got) {
		b.t.Fatalf("the broker takes %v for wanted, and %v is", got, want)
	}
	seen := map[key]bool{}
	for _, p := range got {
		found := false
		for _, w := range want {
			found = found || w == p
		}
		if !found || seen[p.key()] {
			b.t.Fatalf("the broker takes %v for wanted, and %v is", got, want)
		}
		seen[p.key()] = true
	}
}

// take: what an asker knows, by this answer or by earlier ones, is what its twin is told.
func (b *bench) take(a *party, want []Part, r *kmsg.FetchResponse) {
	fresh := a.epoch == initialEpoch
	if !a.Answered(r) {
		b.t.Fatalf("an answer to what was not refused says %v", wire.ErrorCode(r.ErrorCode))
	}
	given := map[key]kmsg.FetchResponseTopicPartition{}
	for _, t := range r.Topics {
		for _, p := range t.Partitions {
			given[key{t.Topic, p.Partition}] = p
		}
	}
	knows := map[key]told{}
	for _, w := range want {
		truth, p, k := b.state[w.key()], kmsg.FetchResponseTopicPartition{}, w.key()
		p, has := given[k]
		if has {
			knows[k] = told{w.Epoch, p.HighWatermark, p.LogStartOffset}
			if fmt.Sprint(p) != fmt.Sprint(*truth) {
				b.t.Fatalf("the asker is told %v of %v, which is %v", p, k, *truth)
			}
		} else if old, knew := a.knows[k]; fresh || !knew || old != (told{w.Epoch, truth.HighWatermark, truth.LogStartOffset}) {
			b.t.Fatalf("the asker is told nothing of %v, which is %v, and knows %v", k, *truth, old)
		} else if len(truth.RecordBatches) > 0 || truth.ErrorCode != 0 || truth.PreferredReadReplica >= 0 || truth.DivergingEpoch.Epoch >= 0 {
			b.t.Fatalf("the asker is told nothing of %v, which is %v", k, *truth)
		} else {
			knows[k] = old
		}
		delete(given, k)
	}
	if len(given) > 0 {
		b.t.Fatalf("the asker is told of %v, and wants %v", given, want)
	}
	a.knows = knows
}

// bounded: there are no more sessions than slots, and all have parts.
func (b *bench) bounded(*rapid.T) {
	if len(b.cache.sessions) > slots {
		b.t.Fatalf("%d sessions in %d slots", len(b.cache.sessions), slots)
	}
	for id, s := range b.cache.sessions { //sim:unordered each for itself
		if id != s.id || len(s.parts) != len(s.at) {
			b.t.Fatalf("session %d: %+v", id, s)
		}
	}
}

// TestAgainstTwin holds sessions to what an asker without one would be told.
func TestAgainstTwin(t *testing.T) {
	seen := map[*node.EventKind]int{}
	rapid.Check(t, func(t *rapid.T) {
		b := newBench(t)
		t.Repeat(map[string]func(*rapid.T){"": b.bounded, "change": b.change, "want": b.want, "pass": b.pass, "fetch": b.fetch, "again": b.fetch})
		for k, n := range b.env.seen { //sim:unordered a sum
			seen[k] += n
		}
	})
	for _, k := range []*node.EventKind{facts.FetchSessionBegun, facts.FetchSessionEnded, facts.FetchSessionRefused} {
		if seen[k] == 0 {
			t.Errorf("in no run was there a %s", k.Name)
		}
	}
}
