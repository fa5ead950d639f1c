package models

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// in and out are an element's coming and going.
func in(name string) history.Op {
	return history.Op{F: history.Create, Path: "/q/e-", OutPath: "/q/" + name, Step: 1, Outcome: history.OK}
}
func out(name string) history.Op {
	return history.Op{F: history.Delete, Path: "/q/" + name, Step: 2, Outcome: history.OK}
}

func TestQueues(t *testing.T) {
	lost := in("x")
	lost.Outcome = history.Info
	gone := out("x")
	gone.Outcome = history.Fail
	stray := in("c1-e-") // the end of the run took even its xid; its name is not known
	stray.Path, stray.Outcome, stray.OutPath = "/q/c1-e-", history.Info, ""
	unheard := out("a") // nobody was told what became of it, and no log tells
	unheard.Outcome = history.Info
	tests := []struct {
		name string
		h    *timeline
		want porcupine.CheckResult
	}{
		{"offered as the run ended, and taken", new(timeline).op(0, 1, stray).op(2, 3, out("c1-e-0000000007")), porcupine.Ok},
		{"taken, and offered by nobody", new(timeline).op(0, 1, stray).op(2, 3, out("c2-e-0000000007")), porcupine.Illegal},
		{"taken before it was offered as the run ended", new(timeline).op(0, 1, out("c1-e-0000000007")).op(2, 3, stray), porcupine.Illegal},
		{"in order", new(timeline).op(0, 1, in("a")).op(2, 3, in("b")).op(4, 5, out("a")).op(6, 7, out("b")), porcupine.Ok},
		{"out of order", new(timeline).op(0, 1, in("a")).op(2, 3, in("b")).op(4, 5, out("b")).op(6, 7, out("a")), porcupine.Illegal},
		{"offered at once", new(timeline).op(0, 3, in("a")).op(1, 2, in("b")).op(4, 5, out("b")).op(6, 7, out("a")), porcupine.Ok},
		{"taken at once", new(timeline).op(0, 1, in("a")).op(2, 3, in("b")).op(4, 7, out("b")).op(5, 6, out("a")), porcupine.Ok},
		{"taken twice", new(timeline).op(0, 1, in("a")).op(2, 3, out("a")).op(4, 5, out("a")), porcupine.Illegal},
		{"taken before it came", new(timeline).op(0, 1, out("a")).op(2, 3, in("a")), porcupine.Illegal},
		{"passed over, or taken by who was not told", new(timeline).op(0, 1, in("a")).op(2, 3, in("b")).op(4, 0, unheard).op(5, 6, out("b")), porcupine.Ok},
		{"passed over before somebody tried to take it", new(timeline).op(0, 1, in("a")).op(2, 3, in("b")).op(4, 5, out("b")).op(6, 0, unheard), porcupine.Illegal},
		{"the second taken by who was not told", new(timeline).op(0, 1, in("b")).op(2, 3, in("a")).op(4, 0, unheard), porcupine.Ok},
		{"one remains", new(timeline).op(0, 1, in("a")).op(2, 3, in("b")).op(4, 5, out("a")), porcupine.Ok},
		{"what was lost and never came", new(timeline).op(0, 1, lost).op(2, 3, in("a")).op(4, 5, gone).op(6, 7, out("a")), porcupine.Ok},
	}
	for _, tc := range tests {
		tc.h.h.Claims = []history.Claim{{Recipe: "offer", Path: "/q"}}
		r := Queues(Source{H: &tc.h.h}, &Budget{Steps: 10_000})
		if len(r) != 1 || r[0].Outcome != tc.want {
			t.Errorf("%s: %+v, want %v", tc.name, r, tc.want)
		}
	}
}

// A create that was lost is settled by the log: it came before it was first seen.
func TestQueuesAskTheLog(t *testing.T) {
	lost := in("a")
	lost.Outcome, lost.OutPath = history.Info, ""
	l := new(timeline).op(0, 1, lost).op(5, 6, in("b")).op(7, 8, out("b")).op(9, 10, out("a"))
	l.h.Claims = []history.Claim{{Recipe: "take", Path: "/q"}}
	l.h.Log = []history.Applied{{At: 3, Txn: &wire.Txn{Body: &wire.CreateTxn{Path: "/q/a"}}}}
	if r := Queues(Source{H: &l.h, Fates: []int32{0, -1, -1, -1}}, &Budget{Steps: 10_000}); r[0].Outcome != porcupine.Illegal {
		t.Errorf("%+v; b was offered when a had come, and taken first", r)
	}
	l.h.Log[0].At = 0 // not known when, so it may have come after b
	if r := Queues(Source{H: &l.h, Fates: []int32{0, -1, -1, -1}}, &Budget{Steps: 10_000}); r[0].Outcome != porcupine.Ok {
		t.Errorf("%+v", r)
	}
}

// A delete that was under way as the run ended has no number that joins it to the log. It
// is in there all the same, or did not happen.
func TestQueuesFindWhatHasNoNumber(t *testing.T) {
	under := out("a")
	under.Outcome, under.Client = history.Info, 3
	l := new(timeline).op(0, 1, in("a")).op(2, 3, in("b")).op(4, 0, under).op(6, 9, out("b"))
	l.h.Claims = []history.Claim{{Recipe: "take", Path: "/q"}}
	l.h.Sessions = []history.SessionEvent{{Client: 3, Session: 0x33}, {Client: 4, Session: 0x44}}
	for _, tc := range []struct {
		name string
		log  []history.Applied
		want porcupine.CheckResult
	}{
		{"it did not happen", nil, porcupine.Illegal},
		{"it happened first", []history.Applied{{At: 5, Txn: &wire.Txn{Session: 0x33, Body: &wire.DeleteTxn{Path: "/q/a"}}}}, porcupine.Ok},
		{"somebody else's", []history.Applied{{At: 5, Txn: &wire.Txn{Session: 0x44, Body: &wire.DeleteTxn{Path: "/q/a"}}}}, porcupine.Illegal},
		{"earlier than it was sent", []history.Applied{{At: 3, Txn: &wire.Txn{Session: 0x33, Body: &wire.DeleteTxn{Path: "/q/a"}}}}, porcupine.Illegal},
		{"of something else", []history.Applied{{At: 5, Txn: &wire.Txn{Session: 0x33, Body: &wire.DeleteTxn{Path: "/q/c"}}}}, porcupine.Illegal},
	} {
		l.h.Log = tc.log
		if r := Queues(Source{H: &l.h, Fates: []int32{-1, -1, -1, -1}}, &Budget{Steps: 10_000}); r[0].Outcome != tc.want {
			t.Errorf("%s: %+v, want %v", tc.name, r, tc.want)
		}
	}
}

func TestFences(t *testing.T) {
	type use struct {
		from, to time.Duration
		kind     history.ClaimKind
		token    wire.Zxid
	}
	const (
		lost  history.ClaimKind = "lost on the way back, and committed at 3"
		under history.ClaimKind = "under way at the end, and committed at 3"
	)
	for _, tc := range []struct {
		name string
		uses []use
		want porcupine.CheckResult
	}{
		{"tokens grow", []use{{0, 1, history.Wrote, 3}, {2, 3, history.Wrote, 3}, {4, 5, history.Wrote, 5}}, porcupine.Ok},
		{"tokens fall", []use{{0, 1, history.Wrote, 5}, {2, 3, history.Wrote, 3}}, porcupine.Illegal},
		{"at once either way", []use{{0, 3, history.Wrote, 5}, {1, 2, history.Wrote, 3}}, porcupine.Ok},
		{"refused for a reason", []use{{0, 1, history.Wrote, 5}, {2, 3, history.Refused, 3}}, porcupine.Ok},
		{"refused for nothing", []use{{0, 1, history.Wrote, 3}, {2, 3, history.Refused, 3}}, porcupine.Illegal},
		{"refused for what nobody was told", []use{{0, 1, history.Wrote, 2}, {2, 9, lost, 5}, {4, 5, history.Refused, 3}}, porcupine.Ok},
		{"refused for what was under way", []use{{0, 1, history.Wrote, 2}, {2, 9, under, 5}, {4, 5, history.Refused, 3}}, porcupine.Ok},
		{"accepted after what was under way", []use{{2, 9, under, 5}, {4, 5, history.Wrote, 3}}, porcupine.Illegal},
		{"accepted after what nobody was told", []use{{2, 9, lost, 5}, {4, 5, history.Wrote, 3}}, porcupine.Illegal},
	} {
		l, fates := new(timeline), []int32(nil)
		l.h.Log = []history.Applied{{At: 3, Txn: &wire.Txn{Body: &wire.SetDataTxn{Path: "/fence", Data: []byte("5 c")}}}}
		for i, u := range tc.uses {
			op := history.Op{F: history.Set, Path: "/fence", Value: fmt.Sprintf("%d c", u.token), Step: i + 1, Zxid: wire.Zxid(i + 1), Outcome: history.OK}
			switch fates = append(fates, -1); u.kind {
			case lost:
				op.Outcome, op.Xid, fates[i] = history.Info, 1, 0
			case under:
				op.Outcome = history.Info
			case history.Refused:
				op.F = history.Get
			}
			l.op(u.from, u.to, op)
			l.h.Claims = append(l.h.Claims, history.Claim{At: u.to, Step: i + 1, Kind: u.kind, Path: "/fence", Token: u.token, Zxid: wire.Zxid(i + 1)})
		}
		if r := Fences(Source{H: &l.h, Fates: fates}, &Budget{Steps: 10_000}); len(r) != 1 || r[0].Outcome != tc.want {
			t.Errorf("%s: %+v, want %v", tc.name, r, tc.want)
		}
	}
}

// TestQueuesAgreeWithASearch draws short histories, good and bad, and asks for a
// second opinion that looks at all elements at once.
func TestQueuesAgreeWithASearch(t *testing.T) {
	illegal := 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 0))
		l, queue := new(timeline), []string(nil)
		var all []porcupine.Operation
		for at := time.Duration(100); at < 200; at += 10 {
			from, to := at-time.Duration(r.IntN(20)), at+time.Duration(r.IntN(20))
			op, name := in(fmt.Sprint("e", int(at))), fmt.Sprint("e", int(at))
			if r.IntN(2) == 0 && len(queue) > 0 {
				k := r.IntN(min(len(queue), 2)) // not always the first
				name = queue[k]
				queue = append(queue[:k:k], queue[k+1:]...)
				op = out(name)
			} else {
				queue = append(queue, name)
			}
			l.op(from, to, op)
			all = append(all, porcupine.Operation{ClientId: len(all), Input: &move{in: op.F == history.Create, element: name}, Call: int64(from), Return: int64(to)})
		}
		l.h.Claims = []history.Claim{{Recipe: "offer", Path: "/q"}}
		got := Queues(Source{H: &l.h}, &Budget{Steps: 100_000})[0].Outcome
		want := search(Result{}, fifo, all, &Budget{Steps: 100_000}).Outcome
		if got != want {
			t.Fatalf("seed %d: %v, and a search of all says %v: %+v", seed, got, want, l.h.Ops)
		}
		if want == porcupine.Illegal {
			illegal++
		}
	}
	if illegal < 40 || illegal > 360 {
		t.Errorf("%d of 400 histories are illegal, too few of one kind", illegal)
	}
}
