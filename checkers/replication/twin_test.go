package replication

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestTwin: over random lives of a small cluster, whose brokers now and then do what they
// must not, the checker blames somebody at the very step at which complete logs, compared
// record by record, show that something committed is missing where it must be.
func TestTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newTwinWorld(t)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			w.step()
			wrong, f := w.compare(), w.s.c.Finding()
			switch {
			case wrong == "" && f != nil && slices.Contains(aboutLogs, f.Guarantee):
				t.Fatalf("blamed for nothing: %s %v\nafter %v", f.Explanation, f.Evidence, w.script)
			case wrong != "" && f == nil:
				t.Fatalf("%s, and the checker has %+v\nafter %v", wrong, f, w.script)
			}
			if f != nil {
				return
			}
		}
	})
}

// aboutLogs are the guarantees that complete logs decide.
var aboutLogs = []string{StrongIsr, LeaderCompleteness, LogMatching}

// twinWorld is what is really there: complete logs, of which record is at each offset, and
// what leaders have called committed.
type twinWorld struct {
	t         *rapid.T
	s         *stage
	script    []string
	logs      map[int32][]twinRecord
	marks     map[int32]int
	committed []twinRecord
	leader    int32
	epoch     int
	isr       []int32
	next      int
	// broken: somebody called another record committed than was, or what it has not.
	broken string
}

// twinRecord is a record with the epoch in which it was appended.
type twinRecord struct {
	name  string
	epoch int
}

func newTwinWorld(t *rapid.T) *twinWorld {
	w := &twinWorld{t: t, s: newStage(&testing.T{}, false), logs: map[int32][]twinRecord{}, marks: map[int32]int{}, leader: 1, epoch: 1, isr: []int32{1, 2, 3}}
	w.s.play(usual)
	return w
}

func (w *twinWorld) play(format string, a ...any) {
	line := fmt.Sprintf(format, a...)
	w.script = append(w.script, line)
	w.s.play(line)
}

func (w *twinWorld) others() []int32 {
	return slices.DeleteFunc([]int32{1, 2, 3}, func(id int32) bool { return id == w.leader })
}

// step does something at random, mostly what brokers do, sometimes what they must not.
func (w *twinWorld) step() {
	one := rapid.SampledFrom(w.others()).Draw(w.t, "replica")
	switch rapid.SampledFrom([]string{"append", "copy", "copy", "copy wrong", "hear", "commit", "commit", "believe", "cut", "shrink", "expand", "elect"}).Draw(w.t, "act") {
	case "append":
		w.append(w.leader, "appends", twinRecord{fmt.Sprint("r", w.next), w.epoch})
		w.next++
	case "copy":
		if at := len(w.logs[one]); at < len(w.logs[w.leader]) {
			w.append(one, "copies", w.logs[w.leader][at])
		}
	case "copy wrong":
		if at := len(w.logs[one]); at < len(w.logs[w.leader]) {
			w.append(one, "copies", twinRecord{"wrong", w.logs[w.leader][at].epoch})
		}
	case "hear":
		w.play("b%d hears b%d at %d", w.leader, one, len(w.logs[one]))
	case "commit":
		w.commit()
	case "believe":
		w.believe(one)
	case "cut":
		if n := len(w.logs[one]); n > 0 {
			to := rapid.IntRange(0, n-1).Draw(w.t, "to")
			w.logs[one], w.marks[one] = w.logs[one][:to:to], min(w.marks[one], to)
			w.play("b%d cuts %d", one, to)
		}
	case "shrink":
		w.write(slices.DeleteFunc(slices.Clone(w.isr), func(id int32) bool { return id == one }))
	case "expand":
		if !slices.Contains(w.isr, one) {
			w.write(append(slices.Clone(w.isr), one))
		}
	case "elect":
		w.elect()
	}
}

// append puts a record into a log.
func (w *twinWorld) append(id int32, verb string, record twinRecord) {
	at := len(w.logs[id])
	w.logs[id] = append(w.logs[id], record)
	w.play("b%d %s %d..%d sum %s epoch %d", id, verb, at, at, record.name, record.epoch)
}

// commit moves the leader's high watermark to where all that it counts have come, as it
// has been told.
func (w *twinWorld) commit() {
	r := w.s.c.byID[w.leader].open[scenePartition]
	mark := int64(len(w.logs[w.leader]))
	for _, id := range w.isr {
		if id != w.leader {
			mark = min(mark, r.fetched[id])
		}
	}
	if mark <= r.mark {
		return
	}
	for at := range int(mark) {
		mine := w.logs[w.leader][at]
		switch {
		case at == len(w.committed):
			w.committed = append(w.committed, mine)
		case w.committed[at] != mine:
			w.broken = fmt.Sprintf("b%d commits %v where %v was committed", w.leader, mine, w.committed[at])
		}
	}
	w.play("b%d marks %d counting %s", w.leader, mark, list(w.isr))
}

// believe has a follower take the leader's mark, as far as its log goes.
func (w *twinWorld) believe(id int32) {
	mark := min(int(w.s.c.byID[w.leader].open[scenePartition].mark), len(w.logs[id]))
	if mark <= w.marks[id] {
		return
	}
	w.marks[id] = mark
	for at := range mark {
		if w.logs[id][at] != w.committed[at] {
			w.broken = fmt.Sprintf("b%d takes %v for committed, which %v is", id, w.logs[id][at], w.committed[at])
		}
	}
	w.play("b%d believes %d", id, mark)
}

func (w *twinWorld) write(isr []int32) {
	slices.Sort(isr)
	w.isr = slices.Compact(isr)
	w.play("isr %s", list(w.isr))
	w.play("b%d knows %s version %d", w.leader, list(w.isr), w.s.version-1)
}

func (w *twinWorld) elect() {
	w.leader = rapid.SampledFrom(w.isr).Draw(w.t, "leader")
	w.epoch++
	w.play("elect b%d epoch %d isr %s", w.leader, w.epoch, list(w.isr))
	w.play("b%d leads", w.leader)
	for _, id := range w.others() {
		w.play("b%d follows", id)
	}
}

// compare looks for what is wrong in complete logs: StrongIsr is all there is to it, but
// for marks.
func (w *twinWorld) compare() string {
	for _, id := range w.isr {
		for at, want := range w.committed {
			if at >= len(w.logs[id]) || w.logs[id][at] != want {
				return fmt.Sprintf("b%d is in sync and has not %v at %d", id, want, at)
			}
		}
	}
	return w.broken
}

func list(all []int32) string {
	text := ""
	for _, id := range all {
		text += fmt.Sprintf("b%d,", id)
	}
	return text
}
