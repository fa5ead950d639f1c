package workloads

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// claims renders what was claimed in a few words.
func claims(h *history.History) []string {
	var out []string
	for _, c := range h.Claims {
		s := fmt.Sprintf("%d %s", c.Step, c.Kind)
		if c.N != 0 {
			s += fmt.Sprintf(" %d", c.N)
		}
		out = append(out, s)
	}
	return out
}

// TestRecipesAlone follows each recipe with one client and nobody in its way.
func TestRecipesAlone(t *testing.T) {
	for _, tc := range []struct {
		w     func() Workload
		lines []string
		want  string
	}{
		{locking, []string{"lock /lock/0 hold=10ms within=1s", "read-lock /rw/0 within=1s", "write-lock /rw/0 within=1s"},
			"1001 acquired, 1001 wrote, 1001 released, 1002 acquired, 1002 released, 1003 acquired, 1003 wrote, 1003 released"},
		{locking, []string{"lock /lock/0 hold=3s within=1s mute"}, "1001 acquired, 1001 wrote, 1001 lost"},
		{electing, []string{"lead /election/0 within=1s"}, "1001 acquired, 1001 wrote, 1001 released"},
		{queueing, []string{"offer /queue/0 within=1s", "offer /queue/0 within=1s", "take /queue/0 within=1s", "take /queue/0 within=1s", "take /queue/0 within=100ms"},
			"1001 offered, 1002 offered, 1003 took, 1004 took, 1005 gave-up"},
		{queueing, []string{"offer-priority /pqueue/0 n=3 within=1s", "take-priority /pqueue/0 within=1s"}, "1001 offered, 1002 took"},
		{waiting, []string{"pass /barrier/5 within=1s", "pass /barrier/0 within=1s", "meet /double/x n=1 within=1s", "meet /double/y n=2 within=1s"},
			"1001 passed, 1002 gave-up, 1003 entered 1, 1003 left, 1004 gave-up"},
		{configuring, []string{"configure /config/0 within=100ms", "publish /config/0 within=1s", "configure /config/0 within=1s"},
			"1001 gave-up, 1002 published 1, 1003 configured"},
		{ledgers, []string{"increment /counter/0 within=1s", "increment /counter/0 within=1s", "transfer /bank/0 to=/bank/1 n=60 within=1s", "transfer /bank/0 to=/bank/1 n=60 within=1s"},
			"1001 counted 1, 1002 counted 2, 1003 transferred 60, 1004 refused 60"},
		{streaming, []string{"create /s/0/c value=x", "mirror /s hold=100ms"}, "1002 cached, 1002 cached"},
		{agreeing, []string{"vote-commit /tx/x n=1 within=1s", "vote-abort /tx/y n=1 within=1s", "vote-commit /tx/z n=2 within=100ms"},
			"1001 decided 1, 1002 decided 1, 1003 decided 2"},
		{grouping, []string{"discover /group/0 hold=100ms", "serve /group/0 hold=10ms within=1s"}, "1001 cached, 1001 cached, 1002 joined"},
	} {
		t.Run(tc.w().Name, func(t *testing.T) {
			var lines []string
			for i, line := range tc.lines {
				lines = append(lines, fmt.Sprintf("op %d c0 0s %s", FirstID+i, line))
			}
			_, h := script(t, tc.w(), lines...)
			if got := strings.Join(claims(h), ", "); got != tc.want {
				t.Errorf("claimed %s\n   want %s", got, tc.want)
			}
		})
	}
}

// TestStepsNumberTheirRequests: what a step requests is a matter of that step alone.
func TestStepsNumberTheirRequests(t *testing.T) {
	_, h := script(t, queueing(), "op 1001 c0 0s offer /queue/0 within=1s", "op 1007 c0 0s take /queue/0 within=1s")
	for _, op := range h.Ops {
		t.Errorf("operation %d is in the range of the plan: %+v", op.ID, op)
	}
	w := queueing()
	s := Shape{Clients: 1, Keys: 2, Duration: time.Second, Think: time.Second, Mix: []Weight{{"get", 1}}}
	op, err := ParseOp("op 1007 c0 0s offer /queue/0 within=1s")
	if err != nil {
		t.Fatal(err)
	}
	st := build(1, true, w, s, []Op{op})
	st.run(t, s)
	steps := slices.DeleteFunc(st.record.History().Ops, func(op history.Op) bool { return op.Step == 0 })
	if len(steps) != 1 || steps[0].ID != recipeID+1007*requestsPerStep+1 || steps[0].Step != 1007 {
		t.Errorf("%+v; want one request, numbered by its step", steps)
	}
}

// TestALostCreateIsLookedUp cuts every connection at the moment at which a step has
// created its znode and not heard of it, again and again.
func TestALostCreateIsLookedUp(t *testing.T) {
	w := locking()
	s := Shape{Clients: 1, Keys: 1, Duration: time.Second, Think: time.Second, Mix: []Weight{{"lock", 1}}}
	op, err := ParseOp("op 1001 c0 0s lock /lock/0 within=5s")
	if err != nil {
		t.Fatal(err)
	}
	for delay := range 40 {
		st := build(uint64(delay), false, w, s, []Op{op})
		st.world.At(startAt+time.Duration(delay)*50*time.Microsecond, "cut", func() {
			st.world.Cut(func(a, b node.ID, p node.Port) bool { return true })
		})
		st.run(t, s)
		made := 0
		for _, txn := range st.ensemble.log {
			if c, ok := txn.Body.(*wire.CreateTxn); ok && strings.HasPrefix(c.Path, "/lock/0/") {
				made++
			}
		}
		got := claims(st.record.History())
		if made != 1 || !slices.Equal(got, []string{"1001 acquired", "1001 wrote", "1001 released"}) {
			t.Errorf("cut after %d times 50 µs: %d znodes in line, claims %v", delay, made, got)
		}
	}
}

// TestStepsDieWithTheirClient: after a crash the plan goes on behind the step.
func TestStepsDieWithTheirClient(t *testing.T) {
	w := locking()
	s := Shape{Clients: 1, Keys: 1, Duration: 4 * time.Second, Think: time.Second, Mix: []Weight{{"lock", 1}}}
	var plan []Op
	for _, line := range []string{"op 1001 c0 0s lock /lock/0 hold=1s within=1s", "op 1002 c0 2s lock /lock/0 hold=1ms within=3s"} {
		op, err := ParseOp(line)
		if err != nil {
			t.Fatal(err)
		}
		plan = append(plan, op)
	}
	st := build(3, false, w, s, plan)
	st.world.At(startAt+500*time.Millisecond, "crash", func() { st.world.Crash(st.clients[0], sim.LoseAll) })
	st.world.At(startAt+600*time.Millisecond, "restart", func() { st.start(st.clients[0]) })
	st.run(t, s)
	if got := claims(st.record.History()); !slices.Equal(got, []string{"1001 acquired", "1002 acquired", "1002 wrote", "1002 released"}) {
		t.Errorf("claimed %v", got)
	}
}
