package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stampede-sim/stampede"
	"github.com/stampede-sim/stampede/reports"
)

// runFlags are the flags of `stampede run`.
type runFlags struct {
	planFlags
	traceFlags
	seed        uint64
	out         string
	json, twice bool
	ask         []string
}

func runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run SCENARIO",
		Short: "Run one seed: verdict, hash, statistics",
		Long: `Runs one seed of a scenario and judges it. A failing run is run again to prove
that it repeats, and everything about it goes into a directory below --out.`,
		Example: `  stampede run coordinator/register --seed 91
  stampede run coordinator/register --seed 1 --bug ack-before-sync
  stampede run coordinator/session --seed 7 --faults none --trace
  stampede run coordinator/register --seed 1 --ask srvr,mntr,zabstate`,
		Args: exactly(1, "the name of one scenario"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	f.planFlags.register(cmd)
	f.traceFlags.register(cmd)
	cmd.Flags().Uint64Var(&f.seed, "seed", 0, "the seed (default: a random one, printed first)")
	cmd.Flags().StringVar(&f.out, "out", defaultOut, "where the directory of a failure goes, a `DIR`")
	cmd.Flags().BoolVar(&f.json, "json", false, "print the result as one JSON object")
	cmd.Flags().StringSliceVar(&f.ask, "ask", nil, "ask every server at the end: four-letter `WORDS` and admin commands, comma-separated")
	cmd.Flags().BoolVar(&f.twice, "twice", false, "run a passing seed twice, too, and compare the hashes")
	return cmd
}

func (f *runFlags) run(cmd *cobra.Command, scenario string) error {
	if f.json && f.print {
		return usagef("--json and --trace both print on stdout; use --trace-file with --json")
	}
	if err := stampede.CheckQuestions(f.ask); err != nil {
		return usagef("--ask: %v", err)
	}
	plan, err := f.plan(cmd, scenario)
	if err != nil {
		return err
	}
	if cmd.Flags().Changed("out") {
		if err := reports.Prepare(f.out); err != nil {
			return err
		}
	}
	trace, err := f.open(cmd.OutOrStdout())
	if err != nil {
		return err
	}
	if !f.json {
		introduce(cmd, plan)
	}
	result := stampede.Run(plan, stampede.RunOptions{Clock: time.Now, Trace: trace.sink(), Ask: f.ask})
	if !f.json {
		tell(cmd, result.Answers)
	}
	complain(cmd, trace.close())
	block := reports.Block{Recipe: f.recipe(), Runs: 1}
	if f.twice || result.Failed() {
		result = stampede.Confirm(result)
		block.Runs = 2
	}
	if result.Failed() {
		block.Dir, err = reports.WriteDirectory(f.out, &result, f.recipe())
		complain(cmd, err)
	}
	block.Result = result
	return f.show(cmd, block)
}

// plan turns the seed into a plan. The default seed is short, to be typed.
func (f *runFlags) plan(cmd *cobra.Command, scenario string) (stampede.Plan, error) {
	if !cmd.Flags().Changed("seed") {
		f.seed = uint64(rand.Uint32())
	}
	options, err := f.options()
	if err != nil {
		return stampede.Plan{}, err
	}
	plan, err := stampede.PlanFor(scenario, f.seed, options)
	return plan, asUsage(err)
}

// introduce prints what is about to run.
func introduce(cmd *cobra.Command, p stampede.Plan) {
	var knobs []string
	for _, s := range p.Knobs.Settings() {
		knobs = append(knobs, s.Name+"="+s.Value)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s seed %d, %s\nknobs %s\n\n", p.Scenario, p.Seed, reports.ThisBuild(), reports.Hang(strings.Join(knobs, " "), 6))
}

// tell prints what the servers answered.
func tell(cmd *cobra.Command, answers []stampede.Answer) {
	for _, a := range answers {
		fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n%s\n\n", a.Server, a.Question, strings.TrimRight(a.Text, "\n"))
	}
}

// show prints the outcome of a run and ends the program accordingly.
func (f *runFlags) show(cmd *cobra.Command, b reports.Block) error {
	if err := print(cmd, b, f.json); err != nil {
		return err
	}
	return endWith(codeOf(b.Result.Verdict, b.Result.Guarantee))
}

// print writes a block for people or a record for programs.
func print(cmd *cobra.Command, b reports.Block, json bool) error {
	if !json {
		_, err := b.WriteTo(cmd.OutOrStdout())
		return err
	}
	line, err := reports.NewRecord(b.Result).Line()
	if err != nil {
		return err
	}
	_, err = cmd.OutOrStdout().Write(line)
	return err
}
