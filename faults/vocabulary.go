package faults

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/nodes/node"
)

// Port is a service of a process that faults may name.
type Port struct {
	Name   string
	Number node.Port
}

// Vocabulary is what the faults of one world may speak of. A plan that names
// anything else would quietly do nothing, so it is refused before it runs.
type Vocabulary struct {
	// Processes and Groups are the names that targets may use.
	Processes, Groups []string
	// Partitions are the names that the selectors of partitions may use, Replicas the
	// live processes that such a selector means now, in order.
	Partitions []string
	Replicas   func(s Select, partition string) []node.ID
	// Ports are the services, Marks the facts of triggers.
	Ports []Port
	Marks []string
	// Files are the beginnings of file names that faults of disks may use. Reach says
	// how much of a file may rot; nil leaves all files alone.
	Files []string
	Reach func(name string, content []byte) int
	// ClientsCrash: clients may crash. Of what they had in flight nobody knows then, and
	// judges must not ask for more.
	ClientsCrash bool
	// Voters are the processes of which a minority may be lost; nil for all of a
	// group.
	Voters []string
}

// Check reports the first name in a fault that the vocabulary does not have.
func (f Fault) Check(v Vocabulary) error {
	for _, t := range []Target{f.Target, f.From, f.To} {
		if err := t.check(v); err != nil {
			return err
		}
	}
	if f.Kind == Crash && f.Target.Select == Client && !v.ClientsCrash {
		return errors.New("clients of a coordinator cannot crash, their history would lose what they had in flight; pause or isolate one")
	}
	if _, ok := v.port(f.Port); !ok {
		return fmt.Errorf("unknown port %q; ports are %s, all", f.Port, strings.Join(v.portNames(), ", "))
	}
	if f.File != "" && !slices.Contains(v.Files, f.File) {
		return fmt.Errorf("unknown files %q; there are %s", f.File, strings.Join(v.Files, ", "))
	}
	if f.When != nil && !slices.Contains(v.Marks, f.When.Mark) {
		return fmt.Errorf("nobody states the fact %q; facts are %s", f.When.Mark, strings.Join(v.Marks, ", "))
	}
	if f.When != nil && f.When.About != "" && !slices.Contains(v.Partitions, f.When.About) {
		return fmt.Errorf("unknown partition %q; partitions are %s", f.When.About, strings.Join(v.Partitions, ", "))
	}
	return nil
}

func (t Target) check(v Vocabulary) error {
	switch {
	case t.isZero() || t.Select == Client:
		return nil
	case t.Select == Named && !slices.Contains(v.Processes, t.Name):
		return fmt.Errorf("no process is called %q; processes are %s", t.Name, strings.Join(v.Processes, ", "))
	case t.ofPartition() && slices.Contains(v.Partitions, t.Name):
		return nil
	case t.Select == Controller && t.Name == "" && len(v.Partitions) > 0:
		return nil
	case t.Select == Controller && t.Name == "":
		return errors.New("there is no controller, as there are no brokers")
	case t.Select == InSync:
		return fmt.Errorf("no partition is called %q; partitions are %s", t.Name, strings.Join(v.Partitions, ", "))
	case t.Select != Named && !slices.Contains(v.Groups, t.Name):
		return fmt.Errorf("no group is called %q; groups are %s", t.Name, strings.Join(v.Groups, ", "))
	}
	return nil
}

// port finds a port by name; "" is found and means all.
func (v Vocabulary) port(name string) (Port, bool) {
	if name == "" {
		return Port{}, true
	}
	for _, p := range v.Ports {
		if p.Name == name {
			return p, true
		}
	}
	return Port{}, false
}

func (v Vocabulary) portNames() []string {
	names := make([]string, len(v.Ports))
	for i, p := range v.Ports {
		names[i] = p.Name
	}
	return names
}
