// Command stampede runs, hunts, replays, shrinks and explains. It knows flags and
// files; what they mean is in package stampede, how it looks in package reports.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
)

// gcPercent trades memory, of which a run needs little, for a tenth of the time.
const gcPercent = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks to finish what runs; the second one kills.
	context.AfterFunc(ctx, stop)
	os.Exit(finish(os.Stderr, rootCommand().ExecuteContext(ctx)))
}

const rootHelp = `Stampede runs distributed systems in a simulated world, breaks that world as a
seed says, and judges what clients saw. One seed reproduces any run exactly.

Exit codes:
   0  every guarantee that was checked holds
  10  a safety guarantee is broken
  11  the system did not recover within its bound (guarantee "liveness")
  12  nothing proven: a search ran out of budget, or too little happened (in a
      hunt: in more than one run of a hundred)
  13  the same plan gave two hashes
   2  the command line or an input makes no sense
   1  the harness itself failed`

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "stampede",
		Short: "Deterministic simulation and chaos testing",
		Long:  rootHelp,
		Example: `  stampede hunt coordinator/register --for 20s
  stampede run coordinator/register --seed 91
  stampede list scenarios`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			var commands []string
			for _, c := range cmd.Commands() {
				commands = append(commands, c.Name())
			}
			return unknown("command", args[0], commands, "`stampede --help` lists them")
		},
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w; `%s --help` lists its flags", err, cmd.CommandPath())
	})
	root.AddCommand(
		runCommand(), huntCommand(), replayCommand(), shrinkCommand(),
		checkCommand(), reportCommand(), bugsCommand(), listCommand(), configCommand(), storyCommand(),
	)
	return root
}
