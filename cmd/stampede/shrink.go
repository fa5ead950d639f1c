package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/stampede-sim/stampede"
	"github.com/stampede-sim/stampede/checkers"
	"github.com/stampede-sim/stampede/reports"
)

// shrinkFlags are the flags of `stampede shrink`.
type shrinkFlags struct {
	guarantee, out string
	attempts       int
}

func shrinkCommand() *cobra.Command {
	var f shrinkFlags
	cmd := &cobra.Command{
		Use:   "shrink DIR|plan.txt",
		Short: "Find the smallest plan that still breaks the same guarantee",
		Long: `Deletes faults, operations, clients and servers from a plan and calms its knobs as
long as the same guarantee still breaks, and writes what is left to plan.shrunk.txt
beside the plan. Ctrl-C keeps the smallest so far.`,
		Example: `  stampede shrink runs/coordinator-register-91-7f3a90c2
  stampede shrink plan.txt --guarantee durability --out small.txt`,
		Args: exactly(1, "a failure directory or a plan file"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	cmd.Flags().StringVar(&f.guarantee, "guarantee", "", "what must stay broken, an `ID` (default: what the plan breaks)")
	cmd.Flags().StringVar(&f.out, "out", "", "the `FILE` for the shrunk plan (default: plan.shrunk.txt beside the plan)")
	cmd.Flags().IntVar(&f.attempts, "attempts", stampede.DefaultAttempts, "how many runs to spend at most")
	return cmd
}

func (f *shrinkFlags) run(cmd *cobra.Command, path string) error {
	stored, err := load(path)
	if err != nil {
		return err
	}
	if f.attempts < 1 {
		return usagef("--attempts counts up from 1")
	}
	if err := f.target(stored.Plan); err != nil {
		return err
	}
	out, err := f.open(stored, path)
	if err != nil {
		return err
	}
	meter := newMeter(cmd.ErrOrStderr())
	small, stats, err := stampede.Shrink(cmd.Context(), stored.Plan, f.guarantee, stampede.ShrinkOptions{Attempts: f.attempts, Progress: meter.show})
	meter.clear()
	if stats.Faults+stats.Ops == 0 && err != nil {
		out.Close()
		return asUsage(err)
	}
	complain(cmd, err)
	fmt.Fprintf(cmd.OutOrStdout(), "%s\n", small)
	fmt.Fprintf(cmd.OutOrStdout(), "# %d of %d faults and %d of %d operations break %s, found in %d runs\n# repro: %s\n",
		len(small.Faults), len(stored.Plan.Faults), len(small.Ops), len(stored.Plan.Ops), f.guarantee, stats.Attempts, reports.Replay(out.Name()))
	return save(out, small)
}

// target finds out what the plan breaks, unless the caller said it.
func (f *shrinkFlags) target(p stampede.Plan) error {
	if f.guarantee != "" {
		var all []string
		for _, g := range stampede.Guarantees() {
			all = append(all, g.ID)
		}
		if slices.Contains(all, f.guarantee) {
			return nil
		}
		return unknown("guarantee", f.guarantee, all, "`stampede list guarantees` names them all")
	}
	r := stampede.Run(p, stampede.RunOptions{})
	if r.Verdict != checkers.Violation {
		return usagef("the plan breaks nothing (verdict %s), so there is nothing to shrink", r.Verdict)
	}
	f.guarantee = r.Guarantee
	return nil
}

// open makes the file for the shrunk plan before any work is spent on it.
func (f *shrinkFlags) open(stored reports.Stored, path string) (*os.File, error) {
	name := f.out
	switch {
	case name != "":
	case stored.Dir != "":
		name = filepath.Join(stored.Dir, reports.ShrunkFile)
	default:
		name = filepath.Join(filepath.Dir(path), reports.ShrunkFile)
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("cannot write the shrunk plan: %w; choose another file with --out", err)
	}
	return file, nil
}

func save(file *os.File, p stampede.Plan) error {
	err := file.Truncate(0)
	if err == nil {
		_, err = p.WriteTo(file)
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fmt.Errorf("cannot write %s: %w; the plan is printed above", file.Name(), err)
	}
	return nil
}
