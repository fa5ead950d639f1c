package reports

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/anishathalye/porcupine"

	"github.com/stampede-sim/stampede"
	"github.com/stampede-sim/stampede/checkers/history"
)

// Names of the files of a failure directory.
const (
	PlanFile       = "plan.txt"
	ShrunkFile     = "plan.shrunk.txt"
	RecordFile     = "result.json"
	HistoryFile    = "history.jsonl"
	EDNFile        = "history.edn"
	TraceFile      = "trace.txt"
	PageFile       = "report.html"
	PorcupineFile  = "porcupine.html"
	ReplayFile     = "replay.sh"
	readable       = 0o644
	executable     = 0o755
	searchable     = 0o755
	replayTemplate = `#!/bin/sh
# Runs this failure again, exactly, and compares the hash.
# STAMPEDE names the program; without it, the one on the PATH runs.
exec "${STAMPEDE:-stampede}" replay "$(dirname "$0")" "$@"
`
)

// DirectoryName is where a result belongs below the directory of all runs. The
// same run always has the same name; another build's run of the seed, whose hash
// differs, does not overwrite it.
func DirectoryName(r *stampede.Result) string {
	name := strings.ReplaceAll(r.Scenario, "/", "-") + fmt.Sprintf("-%d", r.Seed)
	if r.Bugs != "" {
		name += "-" + strings.ReplaceAll(r.Bugs, ",", "+")
	}
	return name + "-" + r.Hash[:min(8, len(r.Hash))]
}

// Prepare proves that files can be written in the directory of all runs, before
// any work is spent whose result would be lost. A directory that was not there is
// gone again afterwards: without failures nothing is left behind.
func Prepare(out string) error {
	_, err := os.Stat(out)
	fresh := errors.Is(err, fs.ErrNotExist)
	if err := os.MkdirAll(out, searchable); err != nil {
		return fmt.Errorf("cannot make the output directory: %w; choose another with --out", err)
	}
	probe, err := os.CreateTemp(out, ".probe-*")
	if err != nil {
		return fmt.Errorf("cannot write in the output directory: %w; choose another with --out", err)
	}
	err = errors.Join(probe.Close(), os.Remove(probe.Name()))
	if fresh {
		err = errors.Join(err, os.Remove(out))
	}
	return err
}

// WriteDirectory writes everything about a failing result into a directory below
// out, runs it again for the trace, and enters the files in the result's
// Artifacts. An error tells which files could not be written; the others are
// there.
func WriteDirectory(out string, r *stampede.Result, recipe Recipe) (dir string, err error) {
	dir = filepath.Join(out, DirectoryName(r))
	if err := os.MkdirAll(dir, searchable); err != nil {
		return "", fmt.Errorf("cannot make the failure directory: %w", err)
	}
	d := directory{path: dir}
	trace := traced(r)
	d.write(PlanFile, readable, func(w io.Writer) error {
		_, err := r.Plan.WriteTo(w)
		return err
	})
	d.write(HistoryFile, readable, func(w io.Writer) error { return history.WriteLines(w, r.History) })
	d.write(EDNFile, readable, func(w io.Writer) error { return history.WriteEDN(w, r.History) })
	d.write(TraceFile, readable, func(w io.Writer) error { return writeTrace(w, r, trace) })
	d.pages(r, recipe, trace)
	d.write(ReplayFile, executable, func(w io.Writer) error {
		_, err := io.WriteString(w, replayTemplate)
		return err
	})
	r.Artifacts = append(d.written, filepath.Join(dir, RecordFile))
	d.write(RecordFile, readable, func(w io.Writer) error { return writeRecord(w, r, recipe) })
	r.Artifacts = d.written
	return dir, errors.Join(d.errs...)
}

// WritePages writes the HTML pages of a result into its directory, without
// touching what is recorded there.
func WritePages(dir string, r *stampede.Result, recipe Recipe) error {
	d := directory{path: dir}
	d.pages(r, recipe, traced(r))
	return errors.Join(d.errs...)
}

// directory writes files and keeps going when one fails: half a report of a
// failure is worth more than none.
type directory struct {
	path    string
	written []string
	errs    []error
}

func (d *directory) pages(r *stampede.Result, recipe Recipe, trace *window) {
	search := r.Report.Linear != nil
	if search {
		d.write(PorcupineFile, readable, func(w io.Writer) error { return writePorcupine(w, r) })
	}
	d.write(PageFile, readable, func(w io.Writer) error { return writePage(w, newPage(d.path, r, recipe, trace)) })
}

func (d *directory) write(name string, mode os.FileMode, fill func(io.Writer) error) {
	path := filepath.Join(d.path, name)
	if err := writeFile(path, mode, fill); err != nil {
		d.errs = append(d.errs, fmt.Errorf("cannot write %s: %w", path, err))
		return
	}
	d.written = append(d.written, path)
}

func writeFile(path string, mode os.FileMode, fill func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(f)
	return errors.Join(fill(b), b.Flush(), f.Close())
}

func writeRecord(w io.Writer, r *stampede.Result, recipe Recipe) error {
	record := NewRecord(*r)
	record.Recipe = recipe
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(record)
}

// writePorcupine draws the search that found no order, under the faults of the
// run.
func writePorcupine(w io.Writer, r *stampede.Result) error {
	info := r.Report.Linear.Info
	var notes []porcupine.Annotation
	for _, s := range r.Spans {
		notes = append(notes, porcupine.Annotation{
			Tag: "faults", Start: int64(s.Start), End: int64(s.End),
			Description: s.Kind + " " + s.Targets, BackgroundColor: "#f3c6c0",
		})
	}
	info.AddAnnotations(notes)
	return porcupine.Visualize(r.Report.Linear.Spec, info, w)
}

// Stored is a failure directory as read back.
type Stored struct {
	Dir    string
	Plan   stampede.Plan
	Record Record
}

// ReadDirectory reads the plan and the record of a failure directory.
func ReadDirectory(dir string) (Stored, error) {
	plan, err := ReadPlan(filepath.Join(dir, PlanFile))
	if err != nil {
		return Stored{}, err
	}
	path := filepath.Join(dir, RecordFile)
	f, err := os.Open(path)
	if err != nil {
		return Stored{}, fmt.Errorf("%w; without it there is no hash to compare with: replay %s instead", err, filepath.Join(dir, PlanFile))
	}
	defer f.Close()
	record, err := ReadRecord(path, f)
	return Stored{dir, plan, record}, err
}

// ReadPlan reads a plan file.
func ReadPlan(path string) (stampede.Plan, error) {
	f, err := os.Open(path)
	if err != nil {
		return stampede.Plan{}, err
	}
	defer f.Close()
	return stampede.ParsePlan(path, f)
}
