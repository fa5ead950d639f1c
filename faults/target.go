package faults

import (
	"fmt"
	"strconv"
	"strings"
)

// Select is a way to choose processes.
type Select string

// Selectors of processes, then of ways to split a group.
const (
	// Named is one process by its name.
	Named Select = ""
	// Leader is the live process of the group in role "leader" with the highest term.
	Leader Select = "leader"
	// Follower is the Index-th live process in role "follower", modulo their number.
	Follower Select = "follower"
	// Observer is the Index-th live process in role "observer", modulo their number.
	Observer Select = "observer"
	// Any is the Index-th live process of the group, modulo their number.
	Any Select = "any"
	// Minority is as many processes as fall short of half the group, the first
	// of its Index-th permutation.
	Minority Select = "minority"
	// All is every process of the group.
	All Select = "all"
	// Actor is the process of the group that states the trigger's fact.
	Actor Select = "actor"
	// Controller is the live process of the group in role "controller" with the highest
	// term; without a group, of all processes.
	Controller Select = "controller"
	// InSync is every live replica of a partition that is in sync.
	InSync Select = "isr"
	// Client is the Index-th process of the group "client".
	Client Select = "client"

	// Halves splits the Index-th permutation of the group down the middle.
	Halves Select = "halves"
	// Bridge splits it into two halves that only the process between them sees.
	Bridge Select = "bridge"
	// MajoritiesRing lets every process see a majority, no two the same one.
	MajoritiesRing Select = "majorities-ring"
)

// Target says whom a fault hits. The zero Target is nobody.
type Target struct {
	Select Select
	// Name is the process of Named, or the group of the other selectors. With Leader,
	// Follower and InSync it may be a partition, "orders-0".
	Name string
	// Index decides what the selector leaves open.
	Index int
}

// ClientGroup is the group that the selector client(k) counts in.
const ClientGroup = "client"

func (t Target) isZero() bool { return t == Target{} }

// ofPartition reports whether the selector may choose among the replicas of a
// partition.
func (t Target) ofPartition() bool {
	return t.Select == Leader || t.Select == Follower || t.Select == InSync
}

// splits reports whether the selector chooses ways to split a group.
func (s Select) splits() bool { return s == Halves || s == Bridge || s == MajoritiesRing }

// String renders the target as plans write it: "zk1", "leader(zk)", "any(zk,2)",
// "leader(orders-0)", "controller", "client(3)".
func (t Target) String() string {
	switch {
	case t.Select == Named:
		return t.Name
	case t.Select == Client:
		return fmt.Sprintf("client(%d)", t.Index)
	case t.Select == Controller && t.Name == "":
		return string(Controller)
	case t.Index == 0:
		return fmt.Sprintf("%s(%s)", t.Select, t.Name)
	}
	return fmt.Sprintf("%s(%s,%d)", t.Select, t.Name, t.Index)
}

// selectors lists every selector that takes a group, with whether an index means
// anything to it.
var selectors = []struct {
	name    Select
	indexed bool
}{
	{Leader, false}, {Follower, true}, {Observer, true}, {Any, true}, {Minority, true}, {All, false}, {Actor, false},
	{Controller, false}, {InSync, false}, {Halves, true}, {Bridge, true}, {MajoritiesRing, true},
}

// ParseTarget reads what [Target.String] writes.
func ParseTarget(s string) (Target, error) {
	sel, inside, call := strings.Cut(s, "(")
	if !call {
		if s == string(Controller) {
			return Target{Select: Controller}, nil
		}
		if !isWord(s) {
			return Target{}, fmt.Errorf("target %q: want a process name or selector(group)", s)
		}
		return Target{Name: s}, nil
	}
	inside, closed := strings.CutSuffix(inside, ")")
	if !closed {
		return Target{}, fmt.Errorf("target %q: missing )", s)
	}
	if Select(sel) == Client {
		k, err := parseIndex(inside)
		if err != nil {
			return Target{}, fmt.Errorf("target %q: client takes a number from 0", s)
		}
		return Target{Select: Client, Index: k}, nil
	}
	return parseSelector(s, sel, inside)
}

func parseSelector(s, sel, inside string) (Target, error) {
	for _, known := range selectors {
		if string(known.name) != sel {
			continue
		}
		group, index, given := strings.Cut(inside, ",")
		if !isWord(group) {
			return Target{}, fmt.Errorf("target %q: want a group name in the parentheses", s)
		}
		t := Target{Select: known.name, Name: group}
		if !given {
			return t, nil
		}
		k, err := parseIndex(index)
		if err != nil || !known.indexed {
			return Target{}, fmt.Errorf("target %q: %s takes %s", s, sel, indexUse(known.indexed))
		}
		t.Index = k
		return t, nil
	}
	return Target{}, fmt.Errorf("target %q: unknown selector %q; selectors are %s, client", s, sel, selectorNames())
}

func indexUse(indexed bool) string {
	if indexed {
		return "a number from 0 as its second argument"
	}
	return "a group and nothing else"
}

func selectorNames() string {
	names := make([]string, len(selectors))
	for i, s := range selectors {
		names[i] = string(s.name)
	}
	return strings.Join(names, ", ")
}

// parseIndex reads a small non-negative decimal number.
func parseIndex(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	return int(n), err
}

// isWord reports whether s can name a process, group, port or mark.
func isWord(s string) bool {
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '.', r == '_':
		default:
			return false
		}
	}
	return s != ""
}
