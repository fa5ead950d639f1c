package reports

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede"
	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/checkers/history"
)

//go:embed page.html page.css
var pageFiles embed.FS

var pageTemplate = template.Must(template.New("page.html").ParseFS(pageFiles, "page.html"))

// How many lines of the trace the page shows around the failure, and how many
// findings and operations at most; the files beside it have all.
const (
	pageBefore   = 150
	pageAfter    = 30
	pageFindings = 20
	pageOps      = 100
)

// page is what report.html shows. It stands alone: no script, nothing loaded.
type page struct {
	Style    template.CSS
	Result   *stampede.Result
	Identity Identity
	Sentence string
	Source   string
	Findings []finding
	// MoreFindings counts those left out.
	MoreFindings int
	Ops          []opRow
	Faults       []faultRow
	Timeline     timeline
	Knobs        []stampede.Setting
	Marks        []mark
	NeverHit     []string
	Plan         string
	Trace        []string
	Replay, Run  string
	Porcupine    bool
}

type finding struct {
	guarantee.Finding
	Reason string
}

// opRow is one operation that a finding names.
type opRow struct {
	ID, Client     int
	Invoke, Return string
	Call, Outcome  string
	Result, Zxid   string
}

// faultRow is one fault of the plan with what became of it.
type faultRow struct {
	Line     string
	Happened []string
}

type mark struct {
	Name string
	N    uint64
}

func newPage(dir string, r *stampede.Result, recipe Recipe, trace *window) page {
	style, err := pageFiles.ReadFile("page.css")
	if err != nil {
		panic("reports: " + err.Error())
	}
	g, _ := guaranteeOf(r.Guarantee)
	p := page{
		Style: template.CSS(style), Result: r, Identity: ThisBuild(),
		Sentence: g.Sentence, Source: g.Source,
		Ops: opRows(r), Faults: faultRows(r), Timeline: newTimeline(r),
		Knobs: r.Plan.Knobs.Settings(), Plan: r.Plan.String(), Trace: trace.around(pageBefore, pageAfter),
		Replay: Replay(filepath.ToSlash(dir)), Run: recipe.Run(r), Porcupine: r.Report.Linear != nil,
	}
	for _, f := range r.Findings[:min(len(r.Findings), pageFindings)] {
		p.Findings = append(p.Findings, finding{f, reason(f)})
	}
	p.MoreFindings = len(r.Findings) - len(p.Findings)
	for _, name := range slices.Sorted(maps.Keys(r.Marks)) {
		p.Marks = append(p.Marks, mark{name, r.Marks[name]})
	}
	for _, path := range stampede.Paths() {
		if r.Marks[path] == 0 {
			p.NeverHit = append(p.NeverHit, path)
		}
	}
	return p
}

func writePage(w io.Writer, p page) error { return pageTemplate.Execute(w, p) }

// opRows lists the operations that findings name, in order of invocation.
func opRows(r *stampede.Result) []opRow {
	if r.History == nil {
		return nil
	}
	named := map[int]bool{}
	for _, f := range r.Findings {
		for _, id := range f.Ops {
			named[id] = true
		}
	}
	var ops []history.Op
	for i := range r.History.Ops {
		if named[r.History.Ops[i].ID] {
			ops = append(ops, r.History.Ops[i])
		}
	}
	slices.SortStableFunc(ops, func(a, b history.Op) int { return int(a.Invoke - b.Invoke) })
	var rows []opRow
	for i := range ops[:min(len(ops), pageOps)] {
		rows = append(rows, newOpRow(&ops[i]))
	}
	return rows
}

func newOpRow(op *history.Op) opRow {
	row := opRow{
		ID: op.ID, Client: op.Client, Invoke: op.Invoke.String(), Return: "never",
		Call: call(op), Outcome: op.Outcome.String(),
	}
	if op.Return != history.Never {
		row.Return = op.Return.String()
	}
	if op.Err != 0 {
		row.Outcome += " " + op.Err.String()
	}
	if op.Zxid != 0 {
		row.Zxid = op.Zxid.String()
	}
	switch {
	case op.OutChildren != nil:
		row.Result = strings.Join(op.OutChildren, " ")
	case op.OutPath != "":
		row.Result = op.OutPath
	case op.OutValue != "":
		row.Result = fmt.Sprintf("%q", op.OutValue)
	}
	if op.OutStat != nil {
		row.Result = strings.TrimSpace(fmt.Sprintf("%s version %d", row.Result, op.OutStat.Version))
	}
	return row
}

// call renders function and arguments.
func call(op *history.Op) string {
	if op.F != history.Multi {
		return callPart(history.Part{F: op.F, Path: op.Path, Value: op.Value, Version: op.Version})
	}
	var parts []string
	for _, p := range op.Parts {
		parts = append(parts, callPart(p))
	}
	return "multi { " + strings.Join(parts, "; ") + " }"
}

func callPart(p history.Part) string {
	s := string(p.F) + " " + p.Path
	if p.Value != "" {
		s += fmt.Sprintf(" %q", p.Value)
	}
	conditional := p.F == history.Set || p.F == history.Delete || p.F == history.Check
	if conditional && p.Version >= 0 {
		s += fmt.Sprintf(" if version %d", p.Version)
	}
	return s
}

func faultRows(r *stampede.Result) []faultRow {
	rows := make([]faultRow, len(r.Plan.Faults))
	for i, f := range r.Plan.Faults {
		rows[i].Line = f.String()
	}
	for _, s := range r.Spans {
		rows[s.Fault].Happened = append(rows[s.Fault].Happened, spanWords(s.Targets, s.Start, s.End))
	}
	return rows
}

func spanWords(targets string, start, end time.Duration) string {
	if start == end {
		return fmt.Sprintf("%s at %v", targets, start)
	}
	return fmt.Sprintf("%s, %v to %v", targets, start, end)
}
