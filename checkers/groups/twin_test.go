package groups

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestTwin: over random lives of a group, whose coordinators now and then do what they must
// not, the checker blames somebody at the very step at which a twin does that knows nothing
// but the list of all that was said, and looks through it anew for every question.
func TestTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &twin{t: t, s: newStage(&testing.T{})}
		w.elect()
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			line, legal := w.draw()
			w.play(line)
			f := w.s.c.Finding()
			switch {
			case legal && f != nil:
				t.Fatalf("blamed for nothing: %s %v\nafter %s", f.Explanation, f.Evidence, strings.Join(w.script, "\n"))
			case !legal && f == nil:
				t.Fatalf("nobody is blamed after %s", strings.Join(w.script, "\n"))
			case !legal:
				return
			}
		}
	})
}

// twin is the list of all that happened: lines of a scene.
type twin struct {
	t      *rapid.T
	s      *stage
	script []string
	epoch  int
	serial int64
}

func (w *twin) play(line string) {
	w.script = append(w.script, line)
	w.s.play(line)
}

// elect has the next broker lead and read its log.
func (w *twin) elect() {
	w.epoch++
	w.play(fmt.Sprintf("elect %s %d", w.leader(), w.epoch))
	w.play(fmt.Sprintf("%s loads %d", w.leader(), w.epoch))
}

func (w *twin) leader() string { return fmt.Sprintf("b%d", 1+w.epoch%3) }

// last is the index of the last line of the present coordinator with a verb, -1 for none.
func (w *twin) last(verb string) int {
	for i, line := range slices.Backward(w.script) {
		if strings.HasPrefix(line, w.leader()+" "+verb+" ") {
			return i
		}
	}
	return -1
}

// generation is the number, and who are in the group: as the coordinator said last, or as
// its log did when it began. state is what has happened since.
func (w *twin) generation() (n int64, members []string, state string) {
	loaded := w.last("loads")
	at := w.last("starts")
	if at < loaded {
		at = -1
		for i := range loaded {
			if strings.Contains(w.script[i], " shares ") {
				at = i // the last before it began is what its log said
			}
		}
	}
	if at >= 0 {
		words := strings.Fields(w.script[at])
		n, state = number(words[2]), words[1]
		for _, m := range strings.Split(strings.Join(words[3:], ","), ",") {
			if id, _, _ := strings.Cut(m, ":"); !strings.HasPrefix(id, "t-") && id != "nothing" {
				members = append(members, id)
			}
		}
	}
	for _, line := range w.script[max(at, loaded)+1:] {
		words := strings.Fields(line + " -")
		switch words[1] {
		case "shares", "rebalances":
			state = words[1]
		case "drops":
			members = slices.DeleteFunc(members, func(m string) bool { return m == words[2] })
		}
	}
	return n, members, state
}

// draw makes up what happens next, and says whether that is legal.
func (w *twin) draw() (line string, legal bool) {
	generation, members, state := w.generation()
	who := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(w.t, "who")
	at := generation + int64(rapid.SampledFrom([]int{0, 0, 0, 0, -1, 1}).Draw(w.t, "off"))
	b := w.leader() + " "
	switch what := rapid.SampledFrom([]string{"take", "take", "ack", "commit", "say", "say", "rebalance", "begin", "share", "drop", "elect"}).Draw(w.t, "what"); {
	case what == "take":
		w.serial++
		if state != "" && at < 0 {
			at = generation
		}
		legal = slices.Contains(members, who) && at == generation && state != "starts"
		if state == "" && at < 0 { // nobody is in the group, nor ever was
			return fmt.Sprintf("%stakes -1 nobody t-0=%d", b, w.serial), true
		}
		return fmt.Sprintf("%stakes %d %s t-0=%d", b, at, who, w.serial), legal
	case what == "ack" && w.unanswered() >= 0:
		i := w.unanswered()
		return b + "acks " + strings.Fields(w.script[i])[3], w.committed(i)
	case what == "commit":
		return "commit", true
	case what == "say":
		said := int64(rapid.IntRange(0, int(w.serial)).Draw(w.t, "said"))
		if said == 0 {
			said = -1
		}
		return fmt.Sprintf("%ssays t-0=%d", b, said), w.tells(said)
	case what == "rebalance":
		return b + "rebalances g", true
	case what == "begin":
		return fmt.Sprintf("%sstarts %d a,%s", b, at+1, rapid.SampledFrom([]string{"b", "c"}).Draw(w.t, "other")), at == generation
	case what == "share" && state == "starts" && len(members) == 2:
		share := rapid.SampledFrom([]string{"t-0", "t-0", "t-0", "t-0,t-1", "nothing"}).Draw(w.t, "share")
		return fmt.Sprintf("%sshares %d %s:t-1 %s:%s", b, generation, members[0], members[1], share), share == "t-0"
	case what == "drop" && slices.Contains(members, who) && state == "starts":
		return b + "drops " + who + " left", true
	case what == "elect":
		w.play("commit")
		w.elect()
	}
	return b + "hears a", true
}

// unanswered is the last commit of the coordinator that nobody was told of, if it is in its
// present reign.
func (w *twin) unanswered() int {
	if took := w.last("takes"); took > w.last("acks") && took > w.last("loads") {
		return took
	}
	return -1
}

// committed reports whether what was written in a line is.
func (w *twin) committed(i int) bool {
	return slices.ContainsFunc(w.script[i:], func(line string) bool { return line == "commit" || strings.Contains(line, " shares ") })
}

// tells reports whether an offset may be told: that which was acknowledged last, or which
// the coordinator began with, or which was taken and committed since.
func (w *twin) tells(at int64) bool {
	known := []int64{-1}
	for i, line := range w.script {
		words := strings.Fields(line + " -")
		switch {
		case i == w.last("loads"):
			if taken := w.taken(i); len(taken) > 0 {
				known = taken[len(taken)-1:]
			}
		case i > w.last("loads") && words[1] == "takes" && w.committed(i):
			known = append(known, w.taken(i + 1)[len(w.taken(i+1))-1])
		case i > w.last("loads") && words[1] == "acks":
			for j := range w.script[:i] { // the last one before
				if strings.Contains(w.script[j], " takes ") {
					known = known[slices.Index(known, w.taken(j + 1)[len(w.taken(j+1))-1]):]
				}
			}
		}
	}
	return slices.Contains(known, at)
}

// taken lists the offsets that were taken before a line.
func (w *twin) taken(before int) (all []int64) {
	for _, line := range w.script[:before] {
		if words := strings.Fields(line); len(words) > 4 && words[1] == "takes" {
			_, at := pair(words[4])
			all = append(all, at)
		}
	}
	return all
}
