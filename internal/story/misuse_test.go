package story_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stampede-sim/stampede/internal/script"
	"github.com/stampede-sim/stampede/internal/story"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// play plays commands and returns what was told of the last one, or how it was misused.
func play(t *testing.T, planted bugs.Set, lines ...string) (told string) {
	t.Helper()
	p := story.New(planted)
	defer p.Close()
	defer func() {
		if misuse := recover(); misuse != nil {
			told = fmt.Sprint(misuse)
		}
	}()
	for i, line := range lines {
		c, err := script.ParseLine(fmt.Sprintf("line %d", i+1), line)
		if err != nil {
			t.Fatal(err)
		}
		told = p.Play(c)
		c.Done()
	}
	return told
}

var small = []string{"start zk=1 brokers=2", "topic orders replicas=(1,2) min.insync=2"}

// TestWhatMakesNoSenseIsSaid: a story that is wrong ends with what to write instead.
func TestWhatMakesNoSenseIsSaid(t *testing.T) {
	if told := play(t, bugs.Set{}, "state orders-0"); !strings.Contains(told, "begins with the command start") {
		t.Errorf("without a start: %q", told)
	}
	for line, want := range map[string]string{ //sim:unordered each for itself
		"fly b1":                        "unknown command",
		"start brokers=1":               "has been started",
		"crash b9":                      "no process is called b9",
		"crash b1 keep=most":            "keep is all, torn, arbitrary or lose",
		"crash b1 hard":                 "no process is called hard",
		"crash":                         "needs the names of processes",
		"run soon":                      "invalid duration",
		"run 1s 2s":                     "does not take the word",
		"cut b1 b2":                     "write: cut b1 from",
		"hold Fetch for=1s":             "between whom",
		"produce p1 orders a":           "is no partition",
		"produce p1 orders-0 a acks=2":  "acks is all, 1 or 0",
		"produce p1 orders-0 a to=zk1":  "zk1 is no broker",
		"read c1 bills-0":               "nobody leads bills-0",
		"state bills-0":                 "there is no partition",
		"commit m1 orders-0 1":          "has joined no group",
		"join m1 group=g topics=()":     "needs a group and topics",
		"reassign orders-0 replicas=b2": "is no broker's number",
		"fault crash":                   "crash needs a target",
		"fault crash leader(bills-0)":   "no group is called",
		"fault cut b1 port=election":    "nobody to strike",
		"again bug=nothing":             "no bug is called",
		"again bug=fetch-unfenced":      "nobody notices",
	} {
		if told := play(t, bugs.Set{}, append(small, line)...); !strings.Contains(told, want) {
			t.Errorf("%s: told %q, want …%s…", line, told, want)
		}
	}
}

// TestAViolationEndsAStory: what judges find is no part of a story, unless it is asked for.
func TestAViolationEndsAStory(t *testing.T) {
	planted := bugs.Of(bugs.AckBeforeCommit)
	if told := play(t, planted, append(small, "produce p1 orders-0 a")...); !strings.Contains(told, "line 3: k1-acknowledged-is-committed is broken") {
		t.Errorf("told %q", told)
	}
	if told := play(t, bugs.Set{}, append(small, "produce p1 orders-0 a", "again bug=ack-before-commit")...); !strings.HasPrefix(told, "at: produce p1 orders-0 a\nk1-") {
		t.Errorf("told %q", told)
	}
}

// TestAClusterThatDoesNotSettleIsBlamed: where nobody may lead any more, there is no rest.
func TestAClusterThatDoesNotSettleIsBlamed(t *testing.T) {
	planted := bugs.Of(bugs.LastReplicaLeaves)
	told := play(t, planted, "start zk=1 brokers=2", "topic orders replicas=(2)", "crash b2", "run 3s", "settle")
	if !strings.Contains(told, "liveness is broken") {
		t.Errorf("told %q", told)
	}
}

// TestStoriesRepeat: the same commands have the same words told.
func TestStoriesRepeat(t *testing.T) {
	lines := append(small, "fault crash leader(orders-0) restart=1s", "run 10s")
	first, second := play(t, bugs.Set{}, lines...), play(t, bugs.Set{}, lines...)
	if first != second || !strings.Contains(first, "b2 leads orders-0") {
		t.Errorf("first %q, then %q", first, second)
	}
}
