package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/stampede-sim/stampede"
	"github.com/stampede-sim/stampede/reports"
)

func reportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "report DIR",
		Short: "Write the HTML page of a run anew",
		Long: `Runs the plan of a failure directory again and writes report.html (and, after a
failed search, porcupine.html) anew, with this build's idea of a page. The page
stands alone: no scripts, nothing loaded. Exits with 13 if the run did not repeat.`,
		Example: `  stampede report runs/coordinator-register-91-7f3a90c2`,
		Args:    exactly(1, "a failure directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			stored, err := load(args[0])
			if err != nil {
				return err
			}
			if stored.Dir == "" {
				return usagef("%s is a plan; `stampede report` wants the failure directory it lies in", args[0])
			}
			result := stampede.Run(stored.Plan, stampede.RunOptions{Clock: time.Now})
			if err := reports.WritePages(stored.Dir, &result, stored.Record.Recipe); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), filepath.Join(stored.Dir, reports.PageFile))
			if result.Hash != stored.Record.Hash {
				complain(cmd, differs(stored, result))
				return ended(exitNondeterministic)
			}
			return nil
		},
	}
}
