package reports

import (
	"bytes"
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/anishathalye/porcupine"

	"github.com/stampede-sim/stampede"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/models"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// broken runs a seed with a planted bug that clients notice.
func broken(t *testing.T) stampede.Result {
	t.Helper()
	plan, err := stampede.PlanFor("coordinator/register", 1, stampede.PlanOptions{Bugs: bugs.Of(bugs.ReadOvertakesWrite)})
	if err != nil {
		t.Fatal(err)
	}
	r := stampede.Run(plan, stampede.RunOptions{})
	if !r.Failed() {
		t.Fatalf("the planted bug ends in %s", r.Verdict)
	}
	return r
}

func TestAFailureDirectoryIsComplete(t *testing.T) {
	r := broken(t)
	dir, err := WriteDirectory(t.TempDir(), &r, Recipe{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, path := range r.Artifacts {
		names = append(names, filepath.Base(path))
	}
	slices.Sort(names)
	want := []string{EDNFile, HistoryFile, PlanFile, ReplayFile, PageFile, RecordFile, TraceFile}
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("written are %v, want %v", names, want)
	}
	stored, err := ReadDirectory(dir)
	if err != nil {
		t.Fatal(err)
	}
	if again := stampede.Run(stored.Plan, stampede.RunOptions{}); again.Hash != stored.Record.Hash || again.Hash != r.Hash {
		t.Errorf("hashes: run %s, recorded %s, replayed %s", r.Hash, stored.Record.Hash, again.Hash)
	}
	for i, c := range stored.Record.Result.Checkpoints {
		if c.Step != r.Checkpoints[i].Step || c.Hash != r.Checkpoints[i].Hash {
			t.Errorf("checkpoint %d is read back as %v, was %v", i, c, r.Checkpoints[i])
		}
	}
	trace := read(t, filepath.Join(dir, TraceFile))
	if !strings.Contains(trace, r.Explanation) || !strings.Contains(trace, "zk.committed") {
		t.Errorf("the trace begins with %.300s", trace)
	}
	h, err := history.ReadAny(strings.NewReader(read(t, filepath.Join(dir, HistoryFile))), HistoryFile)
	if err != nil || len(h.Ops) != len(r.History.Ops) {
		t.Errorf("the history is read back with %v", err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestThePageHoldsThePieces(t *testing.T) {
	r := broken(t)
	var b bytes.Buffer
	if err := writePage(&b, newPage("runs/x", &r, Recipe{}, traced(&r))); err != nil {
		t.Fatal(err)
	}
	html := b.String()
	for _, piece := range []string{
		sentence(r.Guarantee), "read-overtakes-write", r.Hash, "stampede replay runs/x",
		"Operations involved", "<svg", "zk1</text>", "knob servers=", "zk.committed", "Trace around the failure", "<td>ok",
	} {
		if !strings.Contains(html, piece) {
			t.Errorf("the page lacks %q", piece)
		}
	}
	for _, outside := range []string{"http://", "https://", "<script", "<link", "ZgotmplZ", "porcupine.html"} {
		if strings.Contains(html, outside) {
			t.Errorf("the page has %q", outside)
		}
	}
	// Browsers forgive a tag that is never closed, and show something else.
	for _, tag := range []string{"table", "svg", "details", "pre", "div", "p"} {
		if open, closed := strings.Count(html, "<"+tag+">")+strings.Count(html, "<"+tag+" "), strings.Count(html, "</"+tag+">"); open != closed {
			t.Errorf("%d <%s> and %d </%s>", open, tag, closed, tag)
		}
	}
}

var (
	styles = regexp.MustCompile(`(?s)<style>.*?</style>`)
	tags   = regexp.MustCompile(`<[^>]*>`)
)

// TestTheHeadOfThePageDoesNotStutter reads title and header as a reader without styles
// does, one after the other: the verdict once stood at the end of the one and again at
// the beginning of the other.
func TestTheHeadOfThePageDoesNotStutter(t *testing.T) {
	for _, guarantee := range []string{"durability", ""} {
		r := broken(t)
		r.Guarantee = guarantee
		var b bytes.Buffer
		if err := writePage(&b, newPage("runs/x", &r, Recipe{}, traced(&r))); err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(tags.ReplaceAllString(styles.ReplaceAllString(b.String(), ""), " "), r.Hash)
		words := strings.Fields(head)
		if !slices.Contains(words, "violation") {
			t.Errorf("the head is %q", words)
		}
		for i := 1; i < len(words); i++ {
			if words[i] == words[i-1] {
				t.Errorf("%q stands twice in %q", words[i], words)
			}
		}
	}
}

// TestAFailedSearchIsDrawn gives a result a search that found no order.
func TestAFailedSearchIsDrawn(t *testing.T) {
	r := broken(t)
	h := &history.History{Ops: []history.Op{
		{ID: 1, F: history.Write, Value: "1", Invoke: 0, Return: 10, Outcome: history.OK},
		{ID: 2, Process: 1, F: history.Read, OutValue: "2", Invoke: 20, Return: 30, Outcome: history.OK},
	}}
	for _, result := range models.Registers(h, &models.Budget{Steps: 1000}) {
		if result.Outcome == porcupine.Illegal {
			r.Report.Linear = &result
		}
	}
	if r.Report.Linear == nil {
		t.Fatal("the search found an order for a read of what nobody wrote")
	}
	dir, err := WriteDirectory(t.TempDir(), &r, Recipe{})
	if err != nil {
		t.Fatal(err)
	}
	if drawn := read(t, filepath.Join(dir, PorcupineFile)); !strings.Contains(drawn, "faults") {
		t.Error("the drawing has no faults")
	}
	if page := read(t, filepath.Join(dir, PageFile)); !strings.Contains(page, `src="porcupine.html"`) {
		t.Error("the page does not show the drawing")
	}
}

func TestWindowKeepsWhatIsNearTheFailure(t *testing.T) {
	r := broken(t)
	whole := traced(&r)
	lines := whole.lines()
	if len(lines) == 0 || whole.total < len(lines) {
		t.Fatalf("%d of %d lines", len(lines), whole.total)
	}
	near := whole.around(3, 2)
	if len(near) > 5 || !slices.Contains(lines, near[0]) {
		t.Errorf("around the failure are %q", near)
	}
}

func TestJUnitCountsByVerdict(t *testing.T) {
	var j JUnit
	fine, bad := passed(), failed()
	idle, twice := passed(), failed()
	idle.Seed, idle.Verdict = 8, "vacuous"
	twice.Seed, twice.Verdict = 92, stampede.Nondeterministic
	for _, r := range []stampede.Result{bad, fine, twice, idle} {
		j.Add(&r, "")
	}
	var b bytes.Buffer
	if _, err := j.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	var got junitSuites
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Tests != 4 || got.Failures != 1 || got.Errors != 1 || got.Skipped != 1 {
		t.Errorf("%d tests, %d failures, %d errors, %d skipped in\n%s", got.Tests, got.Failures, got.Errors, got.Skipped, b.String())
	}
	if first := got.Suites[0].Cases[0].Name; first != "seed 7" {
		t.Errorf("the first case is %s", first)
	}
	if detail := got.Suites[0].Cases[2].Failure; detail == nil || !strings.Contains(detail.Text, "--seed 91 --bug ack-before-sync") {
		t.Errorf("the failure does not say how to repeat it:\n%s", b.String())
	}
}

func TestQuote(t *testing.T) {
	for word, want := range map[string]string{
		"runs/coordinator-register-91": "runs/coordinator-register-91",
		"my runs/x":                    "'my runs/x'",
		"it's":                         `'it'\''s'`,
		"":                             "''",
		"$HOME":                        "'$HOME'",
	} {
		if got := quote(word); got != want {
			t.Errorf("%s: %s, want %s", word, got, want)
		}
	}
}

// TestGeneratedPagesAreCurrent ties the documentation to the catalogues.
func TestGeneratedPagesAreCurrent(t *testing.T) {
	for name, file := range map[string]string{"guarantees": "GUARANTEES.md", "bugs": "BUGS.md"} {
		page, err := Markdown(name)
		if err != nil {
			t.Fatal(err)
		}
		text, _, _ := strings.Cut(read(t, filepath.Join("..", "docs", file)), "\n"+MatrixHeading)
		if text != page {
			t.Errorf("docs/%s is out of date; run make docs", file)
		}
	}
}

// TestTheMatrixIsOfThisZoo: the measured section has a row for every bug, each of which
// was caught by what it must break.
func TestTheMatrixIsOfThisZoo(t *testing.T) {
	_, section, ok := strings.Cut(read(t, filepath.Join("..", "docs", "BUGS.md")), MatrixHeading)
	if !ok {
		t.Fatal("docs/BUGS.md has no matrix; run make matrix")
	}
	for _, bug := range bugs.Catalogue {
		_, row, ok := strings.Cut(section, "| `"+bug.Name+"` |")
		if row, _, _ = strings.Cut(row, "\n"); !ok || !strings.HasSuffix(row, "| yes |") {
			t.Errorf("the matrix says of %s: %q; run make matrix", bug.Name, row)
		}
	}
}

// TestEveryCatalogueRenders looks for the emptiness that a lost entry leaves.
func TestEveryCatalogueRenders(t *testing.T) {
	for _, name := range Catalogues() {
		text, err := Catalogue(name)
		if err != nil || strings.Count(text, "\n") < 3 {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
}
