package reports

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stampede-sim/stampede"
)

// pages are the tables of features, with where the files are that they name.
var pages = []struct{ file, code string }{{"COORDINATOR.md", "../nodes/coordinator"}, {"BROKER.md", "../nodes/broker"}}

// row is one line of such a table.
type row struct {
	page, code                                     string
	line                                           int
	feature, where, workload, guarantee, different string
}

var quoted = regexp.MustCompile("`([^`]+)`")

// names are the words of a cell that stand in backquotes.
func names(cell string) (out []string) {
	for _, m := range quoted.FindAllStringSubmatch(cell, -1) {
		out = append(out, m[1])
	}
	return out
}

func featureRows(t *testing.T) (rows []row) {
	t.Helper()
	for _, p := range pages {
		rows = append(rows, pageRows(t, p.file, p.code)...)
	}
	return rows
}

func pageRows(t *testing.T, page, code string) (rows []row) {
	t.Helper()
	text, err := os.ReadFile("../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(line, " | ")
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| feature") || strings.HasPrefix(line, "|--") {
			continue
		}
		if len(cells) != 5 {
			t.Errorf("docs/%s:%d: %d cells, want 5", page, i+1, len(cells))
			continue
		}
		rows = append(rows, row{page, code, i + 1, strings.TrimPrefix(cells[0], "| "), cells[1], cells[2], cells[3], cells[4]})
	}
	return rows
}

// TestTheFeatureTableNamesWhatIsThere: files exist, workloads and guarantees have
// their names, and no row leaves one of them out.
func TestTheFeatureTableNamesWhatIsThere(t *testing.T) {
	rows := featureRows(t)
	if len(rows) < 40 {
		t.Fatalf("%d rows", len(rows))
	}
	workloads := []string{"every"}
	for _, s := range stampede.Scenarios() {
		workloads = append(workloads, strings.TrimPrefix(s.Name, "coordinator/"))
	}
	var ids []string
	for _, g := range stampede.Guarantees() {
		ids = append(ids, g.ID)
	}
	used := map[string]bool{}
	for _, r := range rows {
		for _, file := range names(r.where) {
			if _, err := os.Stat(filepath.Join(r.code, file)); err != nil {
				t.Errorf("docs/%s:%d: %s: there is no %s", r.page, r.line, r.feature, file)
			}
		}
		for _, w := range names(r.workload) {
			used[w] = true
			if script, ok := strings.CutPrefix(w, "conformance/"); ok {
				if _, err := os.Stat(filepath.Join("../internal/conformance/testdata", script+".txt")); err != nil {
					t.Errorf("docs/%s:%d: %s: there is no script %s", r.page, r.line, r.feature, script)
				}
			} else if !slices.Contains(workloads, w) {
				t.Errorf("docs/%s:%d: %s: there is no workload %s", r.page, r.line, r.feature, w)
			}
		}
		for _, g := range names(r.guarantee) {
			used[g] = true
			if !slices.Contains(ids, g) {
				t.Errorf("docs/%s:%d: %s: there is no guarantee %s", r.page, r.line, r.feature, g)
			}
		}
		if len(names(r.where)) == 0 || len(names(r.workload)) == 0 {
			t.Errorf("docs/%s:%d: %s: it says not where it is or what exercises it", r.page, r.line, r.feature)
		}
	}
	for _, name := range append(workloads[1:], ids...) {
		if !used[name] {
			t.Errorf("no feature has %s: name it in docs/COORDINATOR.md or docs/BROKER.md", name)
		}
	}
}
