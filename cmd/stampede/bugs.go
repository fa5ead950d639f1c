package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/stampede-sim/stampede"
	"github.com/stampede-sim/stampede/reports"
)

// bugsFlags are the flags of `stampede bugs`.
type bugsFlags struct {
	length  time.Duration
	workers int
	json    bool
	page    bool
}

func bugsCommand() *cobra.Command {
	var f bugsFlags
	cmd := &cobra.Command{
		Use:   "bugs [NAME…]",
		Short: "Plant known bugs and see whether they are found",
		Long: `Plants each bug of the zoo, or those named, and hunts it in its scenario from seed 1
on. Prints the detection matrix: seeds and processor seconds to the first catch, the
guarantee that fell, and whether the catalogue expects that. Exits with 12 if a bug
was not found in its time: silence of such a harness would prove nothing.`,
		Example: `  stampede bugs
  stampede bugs ack-before-sync skipped-truncation --for 20s`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	cmd.Flags().DurationVar(&f.length, "for", time.Minute, "how long to hunt each bug")
	cmd.Flags().IntVar(&f.workers, "workers", 0, "runs at a time (default: one a processor)")
	cmd.Flags().BoolVar(&f.page, "markdown", false, "print the section of docs/BUGS.md when all are hunted")
	cmd.Flags().BoolVar(&f.json, "json", false, "print a JSON object a bug")
	return cmd
}

func (f *bugsFlags) run(cmd *cobra.Command, names []string) error {
	if f.json && f.page {
		return usagef("--json and --markdown both print on stdout; choose one")
	}
	if f.length <= 0 || f.workers < 0 {
		return usagef("--for wants a positive duration, and --workers counts up from 0")
	}
	if err := knownBugs(names); err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if !f.json && !f.page {
		fmt.Fprint(out, reports.MatrixHead())
	}
	rows, err := stampede.HuntBugs(cmd.Context(), stampede.MatrixOptions{
		Bugs: names, For: f.length, Workers: f.workers,
		OnResult: func(r stampede.BugResult) { f.row(cmd, r) },
	})
	if err != nil {
		return asUsage(err)
	}
	switch {
	case f.page:
		fmt.Fprint(out, reports.MatrixSection(rows))
	case !f.json:
		fmt.Fprint(out, reports.MatrixFoot(rows))
	}
	if slices.ContainsFunc(rows, func(r stampede.BugResult) bool { return !r.Caught }) {
		return ended(exitUnproven)
	}
	return nil
}

func (f *bugsFlags) row(cmd *cobra.Command, r stampede.BugResult) {
	switch {
	case f.page:
		fmt.Fprint(cmd.ErrOrStderr(), reports.MatrixRow(r)) // progress
		return
	case !f.json:
		fmt.Fprint(cmd.OutOrStdout(), reports.MatrixRow(r))
		return
	}
	line, err := json.Marshal(r)
	complain(cmd, err)
	fmt.Fprintf(cmd.OutOrStdout(), "%s\n", line)
}
