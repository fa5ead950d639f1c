package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stampede-sim/stampede"
	"github.com/stampede-sim/stampede/nodes/broker/config"
	"github.com/stampede-sim/stampede/nodes/coordinator/zoocfg"
	"github.com/stampede-sim/stampede/reports"
)

func configCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "config FILE",
		Short: "Check a configuration of ZooKeeper or Kafka, and show what runs make of it",
		Long: `Reads a zoo.cfg with the dynamic file that it names and the myid of its dataDir, or a
server.properties, and says what is wrong with file and line. Keys that a simulated
server has no use for are listed with the reason. The knobs are those of
` + "`run --zoo-cfg FILE`" + ` and ` + "`run --server-properties FILE`" + `.`,
		Example: `  stampede config /etc/zookeeper/conf/zoo.cfg
  stampede config config/server.properties
  stampede hunt coordinator/register --zoo-cfg zoo.cfg --for 20s`,
		Args: exactly(1, "the file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := configuration(args[0])
			if err != nil {
				return asUsage(err)
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), text)
			return err
		},
	}
}

// configuration describes a file, of whichever system it is.
func configuration(name string) (string, error) {
	if text, err := readText(name); err == nil && config.IsBrokers(text) {
		file, err := config.Parse(name, readText)
		if err != nil {
			return "", err
		}
		return reports.BrokerConfiguration(name, file, stampede.BrokerKnobsOf(file), stampede.DecidedByRun), nil
	}
	file, err := zoocfg.Parse(name, readText)
	if err != nil {
		return "", err
	}
	return reports.Configuration(name, file, stampede.KnobsOf(file)), nil
}
