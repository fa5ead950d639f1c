package workloads

import (
	"testing"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
)

func TestRecorder(t *testing.T) {
	var now time.Duration
	r := NewRecorder(3, func() time.Duration { return now })
	r.Invoke(history.Op{ID: 9, Client: 1, F: history.Set})
	now = time.Second
	r.Invoke(history.Op{ID: 4, Client: 2, F: history.Get})
	r.Session(history.SessionEvent{Client: 1, Kind: history.Disconnected})
	now = 2 * time.Second
	r.Return(4, func(op *history.Op) { op.Outcome, op.OutValue = history.OK, "v" })
	r.NewProcess(1)
	r.Invoke(history.Op{ID: 10, Client: 1, F: history.Set})
	r.Return(10, func(op *history.Op) { op.Outcome = history.Fail })

	h := r.History()
	if len(h.Ops) != 3 || h.Ops[0].ID != 4 || h.Ops[1].ID != 9 || h.Ops[2].ID != 10 {
		t.Fatalf("operations %+v, want 4, 9, 10", h.Ops)
	}
	get, lost, failed := h.Ops[0], h.Ops[1], h.Ops[2]
	if get.Invoke != time.Second || get.Return != 2*time.Second || get.OutValue != "v" || get.Process != 2 {
		t.Errorf("get %+v; want it from 1s to 2s in process 2", get)
	}
	if lost.Return != history.Never || lost.Outcome != history.Info || lost.Process != 1 {
		t.Errorf("set without an end %+v; want info in process 1", lost)
	}
	if failed.Process != 4 {
		t.Errorf("process %d after an info of client 1 of 3, want 4", failed.Process)
	}
	if len(h.Sessions) != 1 || h.Sessions[0].At != time.Second {
		t.Errorf("session events %+v, want one at 1s", h.Sessions)
	}
	if ok, fail, info := r.Counts(); ok != 1 || fail != 1 || info != 1 {
		t.Errorf("counted %d ok, %d fail, %d info; want one of each", ok, fail, info)
	}
}

func TestRecorderForgetsEarlierAttempts(t *testing.T) {
	var now time.Duration
	r := NewRecorder(1, func() time.Duration { return now })
	r.Invoke(history.Op{ID: finalID, F: history.SyncGet, Final: true})
	r.Return(finalID, func(op *history.Op) { op.Outcome = history.Fail })
	now = time.Second
	r.Invoke(history.Op{ID: finalID, F: history.SyncGet, Final: true})
	h := r.History()
	if len(h.Ops) != 1 || h.Ops[0].Invoke != time.Second || h.Ops[0].Outcome != history.Info {
		t.Errorf("%+v; want the second attempt alone", h.Ops)
	}
}

func TestEveryOperationBeginsOnce(t *testing.T) {
	r := NewRecorder(2, func() time.Duration { return 0 })
	var got []int
	for range 4 {
		got = append(got, r.begin(1, 3))
	}
	if want := []int{0, 1, 2, -1}; got[0] != want[0] || got[1] != want[1] || got[2] != want[2] || got[3] != want[3] {
		t.Errorf("began %v, want %v", got, want)
	}
}
