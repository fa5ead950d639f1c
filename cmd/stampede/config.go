package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stampede-sim/stampede"
	"github.com/stampede-sim/stampede/nodes/coordinator/zoocfg"
	"github.com/stampede-sim/stampede/reports"
)

func configCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "config FILE",
		Short: "Check a ZooKeeper configuration, and show what runs make of it",
		Long: `Reads a zoo.cfg with the dynamic file that it names and the myid of its dataDir, and
says what is wrong with file and line. Keys that a simulated server has no use for are
listed with the reason. The knobs are those of ` + "`run --zoo-cfg FILE`" + `.`,
		Example: `  stampede config /etc/zookeeper/conf/zoo.cfg
  stampede hunt coordinator/register --zoo-cfg zoo.cfg --for 20s`,
		Args: exactly(1, "the file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := zoocfg.Parse(args[0], readText)
			if err != nil {
				return asUsage(err)
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), reports.Configuration(args[0], file, stampede.KnobsOf(file)))
			return err
		},
	}
}
