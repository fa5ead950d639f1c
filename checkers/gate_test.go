package checkers

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stampede-sim/stampede/checkers/history"
)

func TestGate(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(h *history.History, o *Options)
		want  string // the reason, "" for a pass
	}{
		{"as it should be", func(*history.History, *Options) {}, ""},
		{"required kind happened", func(_ *history.History, o *Options) { o.Require = []history.F{history.Set} }, ""},
		{"required kind missing", func(_ *history.History, o *Options) { o.Require = []history.F{history.Close} }, "no close succeeded"},
		{"no operations", func(h *history.History, _ *Options) { h.Ops = nil }, "no operation succeeded"},
		{"no log", func(h *history.History, _ *Options) { h.Ops, h.Log = nil, nil }, "the committed log is empty"},
		{"nobody looked", func(h *history.History, _ *Options) {
			for i := range h.Ops {
				h.Ops[i].Final = false
			}
		}, "nothing was read after healing"},
		{"nobody answered", func(h *history.History, _ *Options) {
			last := &h.Ops[len(h.Ops)-1]
			last.Outcome, last.Zxid, last.Return = history.Info, 0, history.Never
		}, "was not answered"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			h := random(rand.New(rand.NewPCG(1, 1)), shape{ops: 60, clients: 2, keys: 2})
			o := Options{}
			tc.spoil(h, &o)
			r := Judge(h, o)
			if tc.want == "" && r.Verdict != Pass {
				t.Errorf("%v %v %v", r.Verdict, r.Findings, r.Notes)
			}
			if tc.want != "" && (r.Verdict != Vacuous || !strings.Contains(strings.Join(r.Notes, "\n"), tc.want)) {
				t.Errorf("%v %v, want vacuous because %q", r.Verdict, r.Notes, tc.want)
			}
		})
	}
}

func TestRepeatedValuesAreVacuousForARegister(t *testing.T) {
	e := newEnsemble(1)
	c := e.open(1, 0)
	e.write(c, create("/r"))
	e.write(c, set("/r", "same"))
	e.write(c, set("/r", "same"))
	final := syncGet("/r")
	final.Final = true
	e.read(c, final)
	if r := Judge(&e.h, Options{Judges: []string{Register}}); r.Verdict != Vacuous || !strings.Contains(r.Notes[0], "write the same value") {
		t.Errorf("%v %v", r.Verdict, r.Notes)
	}
	if r := Judge(&e.h, Options{Judges: []string{Witness}}); r.Verdict != Pass {
		t.Errorf("the witness tells writes apart by zxid, got %v %v", r.Verdict, r.Notes)
	}
}

func TestCheckHistory(t *testing.T) {
	plain := &history.History{Ops: []history.Op{{F: history.Write, Value: "1", Invoke: 1, Return: 2, Outcome: history.OK}}}
	failing := &history.History{Ops: []history.Op{{F: history.Write, Value: "1", Invoke: 1, Return: 2, Outcome: history.Fail}}}
	zk := random(rand.New(rand.NewPCG(1, 1)), shape{ops: 60, clients: 2, keys: 2})
	tests := []struct {
		h           *history.History
		model, fail string
		want        Verdict
	}{
		{plain, "register", "", Pass},
		{plain, "cas-register", "", Pass},
		{failing, "register", "", Vacuous},
		{zk, "register", "", Pass},
		{zk, "witness", "", Pass},
		{zk, "directory", "", Pass},
		{zk, "cas-register", "does not fit a history of a coordinator; use --model witness", ""},
		{plain, "witness", "does not fit a history of plain registers; use --model register", ""},
		{plain, "stack", `unknown model "stack", it is one of register, cas-register, witness, directory, queue`, ""},
		{zk, "queue", "", Pass},
		{zk, "fence", "", Pass},
		{&history.History{}, "register", "no operations", ""},
	}
	for _, tc := range tests {
		r, err := CheckHistory(tc.h, tc.model)
		switch {
		case tc.fail == "" && (err != nil || r.Verdict != tc.want):
			t.Errorf("%s: %v %v %v, want %v", tc.model, r.Verdict, r.Findings, err, tc.want)
		case tc.fail != "" && (err == nil || !strings.Contains(err.Error(), tc.fail)):
			t.Errorf("%s: %v, want %q", tc.model, err, tc.fail)
		}
	}
}
