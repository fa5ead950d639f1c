package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/stampede-sim/stampede"
	"github.com/stampede-sim/stampede/faults"
	"github.com/stampede-sim/stampede/nodes/broker/config"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/zoocfg"
	"github.com/stampede-sim/stampede/reports"
	"github.com/stampede-sim/stampede/sim"
)

// defaultOut is where failure directories go unless --out says otherwise.
const defaultOut = "runs"

// planFlags change what a seed is turned into.
type planFlags struct {
	bugs, faults string
	knobs        []string
	zooCfg       string
	properties   string
}

func (f *planFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.bugs, "bug", "", "plant bugs of the zoo: `NAMES`, comma-separated, of 'stampede list bugs'")
	cmd.Flags().StringVar(&f.faults, "faults", "", "how much goes wrong, a `PROFILE`: none, light, swarm or heavy (default: the scenario's own)")
	cmd.Flags().StringVar(&f.zooCfg, "zoo-cfg", "", "run an ensemble configured like a ZooKeeper `FILE`; --knob overrides it")
	cmd.Flags().StringVar(&f.properties, "server-properties", "", "run brokers configured like a Kafka `FILE`; --knob overrides it")
	cmd.Flags().StringArrayVar(&f.knobs, "knob", nil, "turn a knob, `NAME=VALUE`; may be repeated")
}

func (f *planFlags) options() (stampede.PlanOptions, error) {
	if err := f.configure(); err != nil {
		return stampede.PlanOptions{}, err
	}
	o := stampede.PlanOptions{Knobs: f.knobs}
	var err error
	if o.Bugs, err = bugSet(f.bugs); err != nil {
		return o, err
	}
	if f.faults != "" {
		if o.Profile, err = faults.ParseProfile(f.faults); err != nil {
			return o, usagef("--faults: %w", err)
		}
	}
	return o, nil
}

// configure puts the knobs of --zoo-cfg and --server-properties before those of --knob,
// once.
func (f *planFlags) configure() error {
	var words []string
	if f.zooCfg != "" {
		file, err := zoocfg.Parse(f.zooCfg, readText)
		if err != nil {
			return usagef("--zoo-cfg: %w", err)
		}
		words = stampede.KnobsOf(file)
	}
	if f.properties != "" {
		file, err := config.Parse(f.properties, readText)
		if err != nil {
			return usagef("--server-properties: %w", err)
		}
		words = append(words, stampede.BrokerKnobsOf(file)...)
	}
	f.knobs, f.zooCfg, f.properties = append(words, f.knobs...), "", ""
	return nil
}

// readText reads a file.
func readText(name string) (string, error) {
	text, err := os.ReadFile(name)
	return string(text), err
}

// knownBugs checks names of planted bugs.
func knownBugs(names []string) error {
	var zoo []string
	for _, b := range bugs.Catalogue {
		zoo = append(zoo, b.Name)
	}
	for _, name := range names {
		if !slices.Contains(zoo, name) {
			return unknown("bug", name, zoo, "`stampede list bugs` names them all")
		}
	}
	return nil
}

func (f *planFlags) recipe() reports.Recipe {
	return reports.Recipe{Faults: f.faults, Knobs: f.knobs}
}

// traceFlags say where the trace of a run goes.
type traceFlags struct {
	print bool
	file  string
}

func (f *traceFlags) register(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.print, "trace", false, "print the trace (columns are explained in docs/TRACE.md)")
	cmd.Flags().StringVar(&f.file, "trace-file", "", "write the trace into this `FILE`")
}

// tracer writes the lines of a trace. Its first error is kept for close: a run
// does not stop because nobody can watch it.
type tracer struct {
	out  *bufio.Writer
	file *os.File
	err  error
}

// open returns the tracer that the flags ask for, nil for none.
func (f *traceFlags) open(stdout io.Writer) (*tracer, error) {
	switch {
	case f.print && f.file != "":
		return nil, usagef("--trace prints the trace and --trace-file writes it into a file; choose one")
	case f.print:
		return &tracer{out: bufio.NewWriter(stdout)}, nil
	case f.file != "":
		file, err := os.Create(f.file)
		if err != nil {
			return nil, fmt.Errorf("cannot write the trace: %w; choose another --trace-file", err)
		}
		return &tracer{out: bufio.NewWriter(file), file: file}, nil
	}
	return nil, nil
}

// sink is what RunOptions.Trace takes; nil for a nil tracer.
func (t *tracer) sink() func(sim.Line) {
	if t == nil {
		return nil
	}
	return func(l sim.Line) {
		if _, err := fmt.Fprintln(t.out, l); err != nil && t.err == nil {
			t.err = err
		}
	}
}

func (t *tracer) close() error {
	if t == nil {
		return nil
	}
	err := errors.Join(t.err, t.out.Flush())
	if t.file != nil {
		err = errors.Join(err, t.file.Close())
	}
	if err != nil {
		return fmt.Errorf("the trace is incomplete: %w", err)
	}
	return nil
}

// complain tells on stderr about something that went wrong beside the verdict.
func complain(cmd *cobra.Command, err error) {
	if err != nil {
		fmt.Fprintln(cmd.ErrOrStderr(), "stampede:", oneLine(err))
	}
}
