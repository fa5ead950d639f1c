package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/stampede-sim/stampede"
	"github.com/stampede-sim/stampede/reports"
)

// replayFlags are the flags of `stampede replay`.
type replayFlags struct {
	traceFlags
	json bool
}

func replayCommand() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay DIR|plan.txt",
		Short: "Run a plan again, exactly, and compare the hash",
		Long: `Runs the plan of a failure directory again and compares the hash with the recorded
one; if they differ it says where the runs part and exits with 13. A plan file alone
is run and judged: edit one to try what matters.`,
		Example: `  stampede replay runs/coordinator-register-91-7f3a90c2
  stampede replay runs/coordinator-register-91-7f3a90c2 --trace | less
  stampede replay plan.txt`,
		Args: exactly(1, "a failure directory or a plan file"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "print the result as one JSON object")
	return cmd
}

func (f *replayFlags) run(cmd *cobra.Command, path string) error {
	if f.json && f.print {
		return usagef("--json and --trace both print on stdout; use --trace-file with --json")
	}
	stored, err := load(path)
	if err != nil {
		return err
	}
	trace, err := f.open(cmd.OutOrStdout())
	if err != nil {
		return err
	}
	result := stampede.Run(stored.Plan, stampede.RunOptions{Clock: time.Now, Trace: trace.sink()})
	complain(cmd, trace.close())
	block := reports.Block{Result: result, Recipe: stored.Record.Recipe, Runs: 1, Dir: stored.Dir}
	if stored.Record.Hash == result.Hash {
		block.Runs = 2
		block.Result.Artifacts = stored.Record.Artifacts
	}
	if err := print(cmd, block, f.json); err != nil {
		return err
	}
	if stored.Dir != "" && stored.Record.Hash != result.Hash {
		complain(cmd, differs(stored, result))
		return ended(exitNondeterministic)
	}
	return endWith(codeOf(result.Verdict, result.Guarantee))
}

// differs tells that a replay did not repeat what is recorded, and where.
func differs(stored reports.Stored, now stampede.Result) error {
	then := stored.Record.Result
	err := fmt.Errorf("the hash is %s, recorded is %s; %s", now.Hash, then.Hash, stampede.Divergence(then, now))
	if build := reports.ThisBuild(); build != stored.Record.Identity {
		return fmt.Errorf("%w; recorded by %s, this is %s", err, stored.Record.Identity, build)
	}
	return fmt.Errorf("%w; if plan.txt was edited, replay that file instead of the directory", err)
}

// load reads a failure directory, or a plan file alone; Dir is empty then.
func load(path string) (reports.Stored, error) {
	info, err := os.Stat(path)
	if err != nil {
		return reports.Stored{}, fmt.Errorf("%w; name a failure directory or a plan file", err)
	}
	if info.IsDir() {
		stored, err := reports.ReadDirectory(filepath.Clean(path))
		return stored, badInput(err)
	}
	plan, err := reports.ReadPlan(path)
	return reports.Stored{Plan: plan}, badInput(err)
}
