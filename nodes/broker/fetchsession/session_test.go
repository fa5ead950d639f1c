package fetchsession

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

func parts(topic string, n int) []Part {
	var all []Part
	for i := range n {
		all = append(all, Part{Topic: topic, Number: int32(i), LastEpoch: -1, Start: -1})
	}
	return all
}

// fetch asks, and has the broker read something of each part.
func fetch(t *testing.T, c *Cache, a *Asker, replica int32, want []Part, read func(*Part, *kmsg.FetchResponseTopicPartition)) *kmsg.FetchResponse {
	t.Helper()
	r := kmsg.NewPtrFetchRequest()
	r.ReplicaID = replica
	a.Prepare(r, want)
	x := c.Open(r)
	all := make([]kmsg.FetchResponseTopicPartition, len(x.Parts()))
	for i := range all {
		all[i].Default()
		all[i].Partition = x.Parts()[i].Number
		if read != nil {
			read(&x.Parts()[i], &all[i])
		}
	}
	answer := x.Answer(all)
	a.Answered(answer)
	return answer
}

// told lists the partitions of an answer.
func toldOf(r *kmsg.FetchResponse) string {
	text := ""
	for _, t := range r.Topics {
		for _, p := range t.Partitions {
			text += fmt.Sprintf("%s%d ", t.Topic, p.Partition)
		}
	}
	return text
}

// TestBusyPartitionsTakeTurns: an answer with room for one partition gives each its turn,
// though all have records all the time.
func TestBusyPartitionsTakeTurns(t *testing.T) {
	c, a, want := NewCache(newFakeEnv(), Config{Slots: 1}), &Asker{}, parts("t", 3)
	turns := ""
	for range 6 {
		given := false
		fetch(t, c, a, -1, want, func(p *Part, out *kmsg.FetchResponseTopicPartition) {
			if !given {
				given, out.RecordBatches = true, []byte{1}
				turns += fmt.Sprint(p.Number)
			}
		})
	}
	if turns != "012012" {
		t.Errorf("records were given in the order %s", turns)
	}
}

// TestAnswersShrink: what was told once is not told again, an error is while it lasts, and
// once more when it is over, and so is where logs part.
func TestAnswersShrink(t *testing.T) {
	c, a, want := NewCache(newFakeEnv(), Config{Slots: 1}), &Asker{}, parts("t", 3)
	refuse := func(p *Part, out *kmsg.FetchResponseTopicPartition) {
		if p.Number == 1 {
			out.ErrorCode = int16(wire.NotLeaderOrFollower)
		}
	}
	cut := func(p *Part, out *kmsg.FetchResponseTopicPartition) {
		if p.Number == 2 {
			out.DivergingEpoch.Epoch = 1
		}
	}
	for i, step := range []struct {
		read func(*Part, *kmsg.FetchResponseTopicPartition)
		told string
	}{{nil, "t0 t1 t2 "}, {nil, ""}, {refuse, "t1 "}, {refuse, "t1 "}, {nil, "t1 "}, {nil, ""}, {cut, "t2 "}, {nil, "t2 "}, {nil, ""}} {
		if got := toldOf(fetch(t, c, a, -1, want, step.read)); got != step.told {
			t.Errorf("answer %d is about %q, want %q", i, got, step.told)
		}
	}
	want[0].Offset = 7
	want = append(want[:2], parts("u", 1)...)
	r := kmsg.NewPtrFetchRequest()
	a.Prepare(r, want)
	if got := fmt.Sprint(len(r.Topics), len(r.Topics[0].Partitions), r.Topics[0].Partitions[0].FetchOffset, r.Topics[1].Topic, r.ForgottenTopics[0].Topic, r.ForgottenTopics[0].Partitions); got != "2 1 7ut[2]" {
		t.Errorf("a request that moves one, drops one and adds one is %s", got)
	}
}

// TestWhoMakesRoom: a follower takes the slot of a consumer at once, a larger session that
// of a smaller one after a while, and anybody that of one which is not used.
func TestWhoMakesRoom(t *testing.T) {
	const idle = time.Second
	for _, step := range []struct {
		name                string
		owner, comer        int32
		ownParts, itsParts  int
		sinceBegun, sinceUs time.Duration
		evicts              bool
	}{
		{"a consumer, a new consumer's", -1, -1, 1, 9, idle, idle, false},
		{"a follower, a new consumer's", -1, 1, 9, 1, 0, 0, true},
		{"a consumer, a follower's", 1, -1, 1, 9, 5 * idle, idle, false},
		{"a larger one, an old one's", -1, -1, 1, 2, 2 * idle, 0, true},
		{"an equal one, an old one's", -1, -1, 2, 2, 2 * idle, 0, false},
		{"a smaller one, one that is not used", 1, -1, 2, 1, 2 * idle, idle + 1, true},
		{"a larger follower, a follower's", 1, 2, 1, 2, idle, 0, false},
		{"a larger follower, an old follower's", 1, 2, 1, 2, 2 * idle, 0, true},
	} {
		env := newFakeEnv()
		c, first, second := NewCache(env, Config{Slots: 1, Idle: idle}), &Asker{}, &Asker{}
		fetch(t, c, first, step.owner, parts("t", step.ownParts), nil)
		env.now = step.sinceBegun - step.sinceUs
		fetch(t, c, first, step.owner, parts("t", step.ownParts), nil)
		env.now = step.sinceBegun
		if got := fetch(t, c, second, step.comer, parts("t", step.itsParts), nil).SessionID != 0; got != step.evicts {
			t.Errorf("%s slot: evicts is %v", step.name, got)
		}
		gone := wire.ErrorCode(fetch(t, c, first, step.owner, parts("t", step.ownParts), nil).ErrorCode) == wire.FetchSessionIDNotFound
		if gone != step.evicts {
			t.Errorf("%s slot: the session is gone, %v", step.name, gone)
		}
	}
}

// TestRepeatedRequest: a request that comes twice, or late, is refused, and the asker
// begins anew, which ends the session.
func TestRepeatedRequest(t *testing.T) {
	env := newFakeEnv()
	c, a, want := NewCache(env, Config{Slots: 2}), &Asker{}, parts("t", 1)
	fetch(t, c, a, -1, want, nil)
	old := a.id
	r := kmsg.NewPtrFetchRequest()
	a.Prepare(r, want)
	slow := c.Open(r)
	twice := c.Open(r)
	if got := wire.ErrorCode(twice.Answer(nil).ErrorCode); got != wire.InvalidFetchSessionEpoch {
		t.Errorf("a request that comes twice is answered %v", got)
	}
	a.Answered(twice.Answer(nil))
	if answer := fetch(t, c, a, -1, want, nil); answer.SessionID == 0 || answer.SessionID == old || len(c.sessions) != 1 {
		t.Errorf("then the session is %d, after %d, of %d", answer.SessionID, old, len(c.sessions))
	}
	if got := slow.Answer(make([]kmsg.FetchResponseTopicPartition, 1)); got.ErrorCode != 0 {
		t.Errorf("the first is answered %v", wire.ErrorCode(got.ErrorCode))
	}
}

// TestLateAnswer: a request that waits while the next of its session comes is answered
// with an error.
func TestLateAnswer(t *testing.T) {
	c, a, want := NewCache(newFakeEnv(), Config{Slots: 2}), &Asker{}, parts("t", 1)
	fetch(t, c, a, -1, want, nil)
	ask := func(epoch int32) Context {
		r := kmsg.NewPtrFetchRequest()
		r.SessionID, r.SessionEpoch = a.id, epoch
		return c.Open(r)
	}
	slow := ask(1)
	ask(2)
	if got := wire.ErrorCode(slow.Answer(make([]kmsg.FetchResponseTopicPartition, 1)).ErrorCode); got != wire.InvalidFetchSessionEpoch {
		t.Errorf("it is answered %v", got)
	}
}

// TestSessionless: whoever wants no session gets none, and everything each time; so does
// who asks for one that has no room.
func TestSessionless(t *testing.T) {
	c := NewCache(newFakeEnv(), Config{Slots: 0})
	for _, a := range []*Asker{{Sessionless: true}, {}} {
		for range 3 {
			if answer := fetch(t, c, a, -1, parts("t", 2), nil); toldOf(answer) != "t0 t1 " || answer.SessionID != 0 {
				t.Errorf("sessionless is %v: told %s in session %d", a.Sessionless, toldOf(answer), answer.SessionID)
			}
		}
	}
}

// TestEmptySession: a session of which nothing is wanted any more is over.
func TestEmptySession(t *testing.T) {
	c, a := NewCache(newFakeEnv(), Config{Slots: 1}), &Asker{}
	fetch(t, c, a, -1, parts("t", 2), nil)
	if answer := fetch(t, c, a, -1, nil, nil); answer.SessionID != 0 || len(c.sessions) != 0 || a.epoch != initialEpoch {
		t.Errorf("it goes on as %d, there are %d, the asker's next epoch is %d", answer.SessionID, len(c.sessions), a.epoch)
	}
}

func TestNextEpoch(t *testing.T) {
	if got := []int32{nextEpoch(initialEpoch), nextEpoch(1), nextEpoch(math.MaxInt32)}; got[0] != 1 || got[1] != 2 || got[2] != 1 {
		t.Errorf("epochs are followed by %v", got)
	}
}
