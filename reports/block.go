package reports

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede"
	"github.com/stampede-sim/stampede/checkers"
	"github.com/stampede-sim/stampede/checkers/guarantee"
)

// Block is what the terminal shows of one run.
type Block struct {
	Result stampede.Result
	Recipe Recipe
	// Runs is how often the plan was run with the same hash.
	Runs int
	// Dir is the failure directory, "" if none was written.
	Dir string
}

// maxEvidence is how many lines of evidence a block shows; the page has all.
const maxEvidence = 8

// WriteTo writes the block: the verdict with its reasons first, then where to go
// from here, then what the run did.
func (b Block) WriteTo(w io.Writer) (int64, error) {
	var s strings.Builder
	b.verdict(&s)
	if b.Result.Failed() {
		b.why(&s)
		b.next(&s)
	}
	b.statistics(&s)
	n, err := io.WriteString(w, s.String())
	return int64(n), err
}

func (b Block) verdict(s *strings.Builder) {
	r := &b.Result
	word := map[checkers.Verdict]string{
		checkers.Pass: "PASS", checkers.Violation: "FAIL", checkers.Unknown: "UNKNOWN",
		checkers.Vacuous: "VACUOUS", stampede.Nondeterministic: "NONDETERMINISTIC",
	}[r.Verdict]
	head := cmp.Or(sentence(r.Guarantee), r.Explanation, "every guarantee that could be checked holds")
	if r.Guarantee != "" {
		head = r.Guarantee + ": " + head
	}
	fmt.Fprintf(s, "%-5s %s\n", word, Hang(head, 6))
	fmt.Fprintf(s, "      scenario=%s seed=%d", r.Scenario, r.Seed)
	if r.Bugs != "" {
		fmt.Fprintf(s, " bug=%s", r.Bugs)
	}
	if len(r.Findings) > 0 && r.Findings[0].Step > 0 {
		fmt.Fprintf(s, " step=%d", r.Findings[0].Step)
	}
	fmt.Fprintf(s, " hash=%s", r.Hash)
	if b.Runs > 1 {
		fmt.Fprintf(s, " runs=%d/%d identical", b.Runs, b.Runs)
	}
	s.WriteByte('\n')
}

// sentence states a guarantee.
func sentence(id string) string {
	g, _ := guaranteeOf(id)
	return g.Sentence
}

func guaranteeOf(id string) (guarantee.Guarantee, bool) {
	for _, g := range stampede.Guarantees() {
		if g.ID == id {
			return g, true
		}
	}
	return guarantee.Guarantee{}, false
}

// reason is the explanation of a finding without the sentence that the verdict
// already states.
func reason(f guarantee.Finding) string {
	text := strings.TrimPrefix(f.Explanation, strings.TrimSuffix(sentence(f.Guarantee), "."))
	text = strings.TrimLeft(text, ".;, ")
	for _, but := range []string{"But ", "but "} {
		text = strings.TrimPrefix(text, but)
	}
	return text
}

func (b Block) why(s *strings.Builder) {
	r := &b.Result
	if len(r.Findings) == 0 {
		return
	}
	first := r.Findings[0]
	fmt.Fprintf(s, "why   %s\n", Hang(reason(first), 6))
	for i, line := range first.Evidence {
		if i == maxEvidence {
			fmt.Fprintf(s, "      … and %d lines more\n", len(first.Evidence)-i)
			break
		}
		fmt.Fprintf(s, "      %s\n", Hang(line, 8))
	}
	if more := len(r.Findings) - 1; more > 0 {
		fmt.Fprintf(s, "      … and %d findings more\n", more)
	}
}

func (b Block) next(s *strings.Builder) {
	r := &b.Result
	fmt.Fprintf(s, "plan  %s, %s\n", plural(len(r.Plan.Faults), "fault"), plural(len(r.Plan.Ops), "operation"))
	run := b.Recipe.Run(r)
	if b.Dir == "" {
		fmt.Fprintf(s, "repro %s    # this commit only\n", run)
		return
	}
	replay := Replay(b.Dir)
	width := max(len(run), len(replay))
	fmt.Fprintf(s, "repro %-*s  # exact, survives refactorings\n", width, replay)
	fmt.Fprintf(s, "      %-*s  # this commit only\n", width, run)
	fmt.Fprintf(s, "      stampede shrink %s\n", quote(b.Dir))
	if len(r.Artifacts) > 0 {
		fmt.Fprintf(s, "read  %s\n", Hang(files(b.Dir, r.Artifacts), 6))
	}
}

// files names a directory once and then its files.
func files(dir string, paths []string) string {
	words := []string{dir + "/"}
	for _, path := range paths {
		words = append(words, filepath.Base(path))
	}
	return strings.Join(words, " ")
}

func (b Block) statistics(s *strings.Builder) {
	r := &b.Result
	fmt.Fprintf(s, "stats %d events in %.2f virtual s", r.Events, r.VirtualSeconds)
	if r.WallSeconds > 0 {
		fmt.Fprintf(s, ", %s on the wall: %.0f times real time, %s events/s",
			seconds(r.WallSeconds), r.VirtualSeconds/r.WallSeconds, quantity(float64(r.Events)/r.WallSeconds))
	}
	fmt.Fprintf(s, "\n      operations  %d ok, %d fail, %d info\n", r.Ops.OK, r.Ops.Fail, r.Ops.Info)
	for _, line := range happened(r.Faults, r.Marks) {
		fmt.Fprintf(s, "      %s\n", line)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(s, "note  %s\n", Hang(note, 6))
	}
}

// happened tells from faults and marks what a run or a hunt went through.
func happened(faults map[string]int, marks map[string]uint64) []string {
	lines := []string{
		fmt.Sprintf("elections   %d begun, %d epochs established, %d step-downs",
			marks["zk.election-started"], marks["zk.established"], marks["zk.step-down"]),
		fmt.Sprintf("syncs       %d empty diff, %d diff, %d trunc, %d trunc and diff, %d snap",
			marks["zk.sync-empty-diff"], marks["zk.sync-diff"]+marks["zk.sync-diff-from-disk"],
			marks["zk.sync-trunc"], marks["zk.sync-trunc-diff"], marks["zk.sync-snap"]),
		fmt.Sprintf("logs        %d truncated, %d snapshots taken, %d loaded, %d torn tails",
			marks["zk.truncated"], marks["zk.snapshot-taken"], marks["zk.snapshot-loaded"], marks["zk.torn-tail"]),
		fmt.Sprintf("processes   %d crashes, %d exits, %d recoveries", crashes(marks), marks["sim.exits"], marks["zk.recovered"]),
	}
	if marks["kafka.registered"] > 0 {
		lines = append(lines, fmt.Sprintf("brokers     %d controllers, %d leaders, %d in-sync sets smaller, %d larger, %d logs cut, %d batches appended",
			marks["controller.elected"], marks["kafka.became-leader"], marks["kafka.isr-committed.shrink"], marks["kafka.isr-committed.expand"],
			marks["kafka.truncated"], marks["kafka.leader-appended"]))
	}
	var kinds []string
	for _, kind := range slices.Sorted(maps.Keys(faults)) {
		if n := faults[kind]; n > 0 {
			kinds = append(kinds, fmt.Sprintf("%d %s", n, kind))
		}
	}
	return append(lines, "faults      "+cmp.Or(strings.Join(kinds, ", "), "none"))
}

func crashes(marks map[string]uint64) uint64 {
	return marks["sim.crashes-keep-all"] + marks["sim.crashes-lose-all"] + marks["sim.crashes-torn"] + marks["sim.crashes-arbitrary"]
}

// plural counts things in words.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// seconds renders a wall time with the unit that fits.
func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", s)
}

// quantity renders a large number in three digits.
func quantity(n float64) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%.2f M", n/1e6)
	case n >= 1e4:
		return fmt.Sprintf("%.0f k", n/1e3)
	}
	return fmt.Sprintf("%.0f", n)
}

// columns is how wide terminal blocks are.
const columns = 118

// Hang breaks a text into lines as wide as a terminal block; those after the first
// are indented by so many columns.
func Hang(text string, indent int) string {
	var b strings.Builder
	used := indent
	for i, word := range strings.Fields(text) {
		length := len([]rune(word))
		if i > 0 && used+1+length > columns {
			b.WriteString("\n" + strings.Repeat(" ", indent))
			used = indent
		} else if i > 0 {
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += length
	}
	return b.String()
}
