package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/stampede-sim/stampede/checkers"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/reports"
)

func checkCommand() *cobra.Command {
	model := ""
	cmd := &cobra.Command{
		Use:   "check FILE --model NAME",
		Short: "Judge a recorded history, Stampede's own or Jepsen's",
		Long:  "Judges a history in Stampede's JSON lines, Jepsen's EDN or Jepsen's log, against a model:\n\n" + reports.Models(),
		Example: `  stampede check runs/coordinator-register-91-7f3a90c2/history.jsonl --model witness
  stampede check store/latest/history.edn --model cas-register`,
		Args: exactly(1, "one history file"),
		RunE: func(cmd *cobra.Command, args []string) error { return check(cmd, args[0], model) },
	}
	cmd.Flags().StringVar(&model, "model", "", "`NAME` of what to hold the history against (required)")
	return cmd
}

func check(cmd *cobra.Command, path, model string) error {
	if model == "" {
		return usagef("check wants --model NAME; `stampede check --help` lists the models")
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	h, err := history.ReadAny(file, path)
	if err != nil {
		return badInput(err)
	}
	report, err := checkers.CheckHistory(h, model)
	if err != nil {
		return asUsage(err)
	}
	if _, err := fmt.Fprint(cmd.OutOrStdout(), reports.Judgement(path, model, report)); err != nil {
		return err
	}
	fell := ""
	if len(report.Findings) > 0 {
		fell = report.Findings[0].Guarantee
	}
	return endWith(codeOf(report.Verdict, fell))
}

// badInput marks an error about the contents of a file as the caller's; that a
// file cannot be read is the machine's.
func badInput(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return err
	}
	return asUsage(err)
}
