package workloads

import (
	"math/rand/v2"
	"testing"

	"github.com/stampede-sim/stampede/checkers/history"
)

func TestReconfigLines(t *testing.T) {
	for _, line := range []string{
		"op 7 c1 1.5s reconfig version=seen joining=\"4,5:observer\" leaving=2",
		"op 8 c0 2s reconfig leaving=\"1,2,3\"",
		"op 9 c0 2s reconfig members=1/2/3 patient",
	} {
		op, err := ParseOp(line)
		if err != nil || op.String() != line {
			t.Errorf("%q is read as %q, %v", line, op, err)
		}
	}
	if _, err := ParseOp("op 7 c1 1s get /r joining=4"); err == nil {
		t.Error("a get takes servers that join")
	}
}

func TestChangeInFull(t *testing.T) {
	got := Change{Joining: "4,5:observer", Leaving: "2"}.resolve(9)
	want := history.Change{
		Joining: "server.4=zk4:2888:3888:participant;0.0.0.0:2181,server.5=zk5:2888:3888:observer;0.0.0.0:2181", Leaving: "2", From: 9,
	}
	if *got != want {
		t.Errorf("got %+v", got)
	}
	grouped := Change{Members: "1/2"}.resolve(-1).Members
	if grouped != "server.1=zk1:2888:3888:participant;0.0.0.0:2181,server.2=zk2:2888:3888:participant;0.0.0.0:2181,group.1=1,group.2=2" {
		t.Errorf("grouped: %s", grouped)
	}
}

// Whatever is drawn names servers that there are.
func TestChangesNameServers(t *testing.T) {
	s, r := Shape{Servers: 5}, rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		for _, kind := range []string{"join", "leave", "replace", "members", "bad-change"} {
			for _, op := range reconfigOps(r, s, kind) {
				for _, list := range []string{op.Change.Joining, op.Change.Leaving, op.Change.Members} {
					for _, c := range list {
						if c == '0' || c >= '6' && c <= '9' {
							t.Fatalf("%v names %q", op, list)
						}
					}
				}
			}
		}
	}
}
