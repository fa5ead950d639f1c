package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/stampede-sim/stampede"
	"github.com/stampede-sim/stampede/reports"
)

// huntFlags are the flags of `stampede hunt`.
type huntFlags struct {
	planFlags
	seeds, out, junit    string
	length               time.Duration
	workers, maxFailures int
	json                 bool
}

func huntCommand() *cobra.Command {
	var f huntFlags
	cmd := &cobra.Command{
		Use:   "hunt [SCENARIO…]",
		Short: "Run many seeds on all processors and sum up what they found",
		Long: `Runs seeds of one, several or all scenarios until the seeds, the time or the
allowed failures are used up. Without --seeds it starts at a random seed; without
either bound it hunts for 30 seconds. Every failing run is run again to prove that
it repeats, and everything about it goes into a directory below --out.

Ctrl-C lets the running seeds finish and prints the summary. The exit code is that
of the worst run; runs that prove nothing count if they are more than one in a
hundred.`,
		Example: `  stampede hunt coordinator/register --for 20s
  stampede hunt --seeds 1-500 --junit hunt.xml
  stampede hunt coordinator/register --bug quorum-off-by-one --max-failures 1`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.seeds, "seeds", "", "which `SEEDS`: 1-500, 91 or 1,5,9-12")
	flags.DurationVar(&f.length, "for", 0, "how long to hunt, as in 60s")
	flags.IntVar(&f.workers, "workers", 0, "runs at a time (default: one a processor)")
	flags.IntVar(&f.maxFailures, "max-failures", 10, "stop after so many failing runs; 0 never stops")
	flags.StringVar(&f.out, "out", defaultOut, "where the directories of failures go, a `DIR`")
	flags.StringVar(&f.junit, "junit", "", "write the runs as JUnit XML into this `FILE`")
	flags.BoolVar(&f.json, "json", false, "print a JSON object a run, and the summary as the last one")
	return cmd
}

func (f *huntFlags) run(cmd *cobra.Command, scenarios []string) error {
	seeds, options, err := f.options(cmd, scenarios)
	if err != nil {
		return err
	}
	if err := f.prepare(); err != nil {
		return err
	}
	h := newHunt(cmd, f, options, seeds)
	if !f.json {
		fmt.Fprintf(cmd.OutOrStdout(), "hunting %s, seeds %s, %s\n", names(options.Scenarios), seeds, reports.ThisBuild())
	}
	options.OnResult = h.result
	summary, err := stampede.Hunt(cmd.Context(), options)
	h.progress.done()
	if err != nil {
		return asUsage(err)
	}
	return h.finish(summary)
}

// options turns flags and arguments into those of the hunt.
func (f *huntFlags) options(cmd *cobra.Command, scenarios []string) (seedSet, stampede.HuntOptions, error) {
	o := stampede.HuntOptions{Scenarios: scenarios, For: f.length, Workers: f.workers, Failures: f.maxFailures}
	if len(scenarios) == 0 {
		for _, s := range stampede.Scenarios() {
			o.Scenarios = append(o.Scenarios, s.Name)
		}
	}
	if f.workers < 0 || f.maxFailures < 0 || f.length < 0 {
		return nil, o, usagef("--workers, --max-failures and --for count up from 0")
	}
	seeds := from(uint64(rand.Uint32()))
	if cmd.Flags().Changed("seeds") {
		var err error
		if seeds, err = parseSeeds(f.seeds); err != nil {
			return nil, o, err
		}
	} else if f.length == 0 {
		o.For = 30 * time.Second
	}
	var err error
	o.Seeds, o.First = seeds.all(), seeds[0].first
	o.Plan, err = f.planFlags.options()
	if err != nil {
		return nil, o, err
	}
	for _, name := range o.Scenarios {
		if _, err := stampede.PlanFor(name, o.First, o.Plan); err != nil {
			return nil, o, asUsage(err)
		}
	}
	return seeds, o, nil
}

// prepare finds out now whether everything the hunt will write can be written.
func (f *huntFlags) prepare() error {
	if err := reports.Prepare(f.out); err != nil {
		return err
	}
	if f.junit == "" {
		return nil
	}
	file, err := os.OpenFile(f.junit, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("cannot write the JUnit file: %w; choose another with --junit", err)
	}
	return file.Close()
}

func names(scenarios []string) string {
	if len(scenarios) == 1 {
		return scenarios[0]
	}
	return fmt.Sprintf("%d scenarios", len(scenarios))
}

// hunt collects the results of a hunt as they come.
type hunt struct {
	cmd      *cobra.Command
	flags    *huntFlags
	progress *progress
	summary  reports.Summary
	junit    reports.JUnit
	code     int
}

func newHunt(cmd *cobra.Command, f *huntFlags, o stampede.HuntOptions, seeds seedSet) *hunt {
	return &hunt{
		cmd: cmd, flags: f,
		progress: newProgress(cmd.ErrOrStderr(), uint64(len(o.Scenarios))*seeds.count(), o.For),
		summary:  reports.Summary{Recipe: f.recipe(), Seeds: seeds.String(), Dirs: map[reports.Seed]string{}},
		junit:    reports.JUnit{Recipe: f.recipe()},
	}
}

// result is called for every run, one at a time.
func (h *hunt) result(r stampede.Result) {
	if code := codeOf(r.Verdict, r.Guarantee); code == exitUnproven {
		h.summary.Unproven = append(h.summary.Unproven, reports.Unproven{
			Scenario: r.Scenario, Seed: r.Seed, Verdict: r.Verdict, Why: r.Explanation,
		})
	} else {
		h.code = worse(h.code, code)
	}
	h.summary.Walls = append(h.summary.Walls, r.WallSeconds)
	dir := ""
	if r.Failed() {
		dir = h.keep(&r)
	}
	if h.flags.junit != "" {
		h.junit.Add(&r, dir)
	}
	if h.flags.json {
		line, err := reports.NewRecord(r).Line()
		if err == nil {
			_, err = h.cmd.OutOrStdout().Write(line)
		}
		complain(h.cmd, err)
	}
	h.progress.result(&r)
}

// keep writes the directory of a failing run.
func (h *hunt) keep(r *stampede.Result) string {
	dir, err := reports.WriteDirectory(h.flags.out, r, h.flags.recipe())
	if err != nil {
		h.progress.clear()
		complain(h.cmd, err)
	}
	if dir != "" {
		h.summary.Dirs[reports.Seed{Scenario: r.Scenario, Seed: r.Seed}] = dir
	}
	return dir
}

// finish prints the summary, writes the JUnit file and ends the program.
func (h *hunt) finish(s stampede.HuntSummary) error {
	h.summary.HuntSummary = s
	if h.summary.ProvesTooLittle() {
		h.code = worse(h.code, exitUnproven)
	}
	if err := h.print(h.cmd.OutOrStdout()); err != nil {
		return err
	}
	complain(h.cmd, h.writeJUnit())
	return endWith(h.code)
}

func (h *hunt) print(w io.Writer) error {
	if !h.flags.json {
		_, err := h.summary.WriteTo(w)
		return err
	}
	line, err := h.summary.Line()
	if err != nil {
		return err
	}
	_, err = w.Write(line)
	return err
}

func (h *hunt) writeJUnit() error {
	if h.flags.junit == "" {
		return nil
	}
	file, err := os.Create(h.flags.junit)
	if err != nil {
		return fmt.Errorf("cannot write the JUnit file: %w", err)
	}
	_, err = h.junit.WriteTo(file)
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fmt.Errorf("cannot write the JUnit file %s: %w", h.flags.junit, err)
	}
	return nil
}
