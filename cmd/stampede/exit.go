package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stampede-sim/stampede"
	"github.com/stampede-sim/stampede/checkers"
	"github.com/stampede-sim/stampede/internal/near"
)

// Exit codes. Verdicts begin at 10, out of the way of what the Go runtime and
// `go run` use for their own failures.
const (
	exitPass             = 0
	exitHarness          = 1
	exitUsage            = 2
	exitSafety           = 10
	exitLiveness         = 11
	exitUnproven         = 12
	exitNondeterministic = 13
)

// severity lists the exit codes of verdicts from harmless to worst. A harness
// that is not deterministic makes every other verdict worthless.
var severity = []int{exitPass, exitUnproven, exitLiveness, exitSafety, exitNondeterministic}

// worse returns the more severe of two exit codes of verdicts.
func worse(a, b int) int {
	return severity[max(slices.Index(severity, a), slices.Index(severity, b))]
}

// codeOf is the exit code of a verdict and, for violations, the guarantee that
// names it.
func codeOf(v checkers.Verdict, guarantee string) int {
	switch {
	case v == checkers.Pass:
		return exitPass
	case v == stampede.Nondeterministic:
		return exitNondeterministic
	case v == checkers.Violation && guarantee == stampede.Liveness:
		return exitLiveness
	case v == checkers.Violation:
		return exitSafety
	}
	return exitUnproven
}

// ended is how a command ends with a verdict that it has already printed.
type ended int

func (e ended) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// endWith returns the error that makes the program exit with the code.
func endWith(code int) error {
	if code == exitPass {
		return nil
	}
	return ended(code)
}

// usage marks an error that the caller can mend: a flag, an argument, the
// contents of a file that was handed in.
type usage struct{ error }

func (u usage) Unwrap() error { return u.error }

func usagef(format string, args ...any) error { return usage{fmt.Errorf(format, args...)} }

// asUsage marks an error as the caller's, unless there is none.
func asUsage(err error) error {
	if err == nil {
		return nil
	}
	return usage{err}
}

// unknown reports a name that means nothing, with those of known that come close
// or else where to look.
func unknown(what, name string, known []string, otherwise string) error {
	if close := near.Names(name, known); len(close) > 0 {
		return usagef("unknown %s %q; did you mean %s?", what, name, strings.Join(close, " or "))
	}
	return usagef("unknown %s %q; %s", what, name, otherwise)
}

// finish prints the error of a command, one line, and returns the exit code.
func finish(w io.Writer, err error) int {
	var code ended
	if err == nil {
		return exitPass
	}
	if errors.As(err, &code) {
		return int(code)
	}
	fmt.Fprintln(w, "stampede:", oneLine(err))
	if errors.As(err, &usage{}) {
		return exitUsage
	}
	return exitHarness
}

// oneLine joins the lines of joined errors.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' }), "; ")
}

// exactly accepts so many arguments, which what names.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return usagef("%s wants %s, not %d arguments; see `%s --help`", cmd.Name(), what, len(args), cmd.CommandPath())
		}
		return nil
	}
}
