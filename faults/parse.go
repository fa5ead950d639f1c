package faults

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// arg is one name=value word of a fault line.
type arg struct {
	name   string
	format func(*Fault) string // "" leaves it out
	parse  func(*Fault, string) error
}

// args lists every argument in the order lines write them.
var args = []arg{
	targetArg("from", func(f *Fault) *Target { return &f.From }),
	targetArg("to", func(f *Fault) *Target { return &f.To }),
	{"keep", formatKeep, parseKeep},
	durationArg("restart", func(f *Fault) *time.Duration { return &f.Restart }),
	durationArg("for", func(f *Fault) *time.Duration { return &f.For }),
	{"file", func(f *Fault) string { return f.File }, parseFile},
	{"port", func(f *Fault) string { return f.Port }, parsePort},
	{"add", formatAdd, parseAdd},
	{"jump", formatJump, parseJump},
	{"ppm", formatPPM, parsePPM},
	{"when", formatWhen, parseWhen},
	{"about", formatAbout, parseAbout},
	countArg("after", 1, func(t *Trigger) *int { return &t.After }),
	countArg("effects", 0, func(t *Trigger) *int { return &t.Effects }),
	{"within", formatWithin, parseWithin},
}

// ParseFault reads one line of a plan, as [Fault.String] writes it. Errors say
// which word is wrong and what would be right.
func ParseFault(line string) (Fault, error) {
	f, err := parseFault(strings.Fields(line))
	if err != nil {
		return Fault{}, fmt.Errorf("fault: %w", err)
	}
	return f, nil
}

func parseFault(words []string) (Fault, error) {
	if len(words) < 3 || words[0] != "fault" {
		return Fault{}, errors.New(`want "fault TIME KIND …", for example "fault 1.25s crash leader(zk)"`)
	}
	at, err := parseDuration(words[1])
	if err != nil {
		return Fault{}, fmt.Errorf("time %q: %w", words[1], err)
	}
	kind, ok := LookupKind(words[2])
	if !ok {
		return Fault{}, fmt.Errorf("unknown kind %q; kinds are %s", words[2], kindNames())
	}
	f := Fault{At: at, Kind: kind.Name}
	rest := words[3:]
	if len(rest) > 0 && !strings.Contains(rest[0], "=") {
		if f.Target, err = ParseTarget(rest[0]); err != nil {
			return Fault{}, err
		}
		rest = rest[1:]
	}
	given, err := parseArgs(&f, kind, rest)
	if err != nil {
		return Fault{}, err
	}
	return f, check(f, kind, given)
}

// parseArgs fills f from name=value words and returns the names given.
func parseArgs(f *Fault, kind Kind, words []string) ([]string, error) {
	var given []string
	// The trigger's other arguments need it to exist: when comes first.
	slices.SortStableFunc(words, func(a, b string) int { return whenFirst(a) - whenFirst(b) })
	for _, word := range words {
		name, value, ok := strings.Cut(word, "=")
		i := slices.IndexFunc(args, func(a arg) bool { return a.name == name })
		switch {
		case !ok:
			return nil, fmt.Errorf("unexpected word %q; arguments are name=value", word)
		case i < 0 || !kind.allows(name):
			return nil, fmt.Errorf("%s takes no argument %q; it takes %s", kind.Name, name, strings.Join(kind.argNames(), ", "))
		case slices.Contains(given, name):
			return nil, fmt.Errorf("argument %q is given twice", name)
		}
		if err := args[i].parse(f, value); err != nil {
			return nil, fmt.Errorf("%s=%s: %w", name, value, err)
		}
		given = append(given, name)
	}
	return given, nil
}

func whenFirst(word string) int {
	if strings.HasPrefix(word, "when=") {
		return 0
	}
	return 1
}

func (k Kind) argNames() []string { return slices.Concat(k.needs, k.takes) }

// check holds a parsed fault against what its kind demands as a whole.
func check(f Fault, kind Kind, given []string) error {
	for _, name := range kind.needs {
		if !slices.Contains(given, name) {
			return fmt.Errorf("%s needs the argument %s; for example %q", kind.Name, name, kind.Example)
		}
	}
	hasTarget := kind.processes || kind.splits
	switch {
	case hasTarget && f.Target.isZero():
		return fmt.Errorf("%s needs a target; for example %q", kind.Name, kind.Example)
	case !hasTarget && !f.Target.isZero():
		return fmt.Errorf("%s takes no target but its arguments; for example %q", kind.Name, kind.Example)
	case f.Target.Select.splits() && !kind.splits:
		return fmt.Errorf("%s cannot hit %s, which splits a group; only partition can", kind.Name, f.Target)
	case f.From.Select.splits() || f.To.Select.splits():
		return fmt.Errorf("%s goes from processes to processes, not between splits", kind.Name)
	case f.When == nil && slices.Contains([]Select{f.Target.Select, f.From.Select, f.To.Select}, Actor):
		return fmt.Errorf("actor means the process that states a fact; name the fact with when=MARK")
	case ailment(kind.Name) && f.Target.Select == Client:
		return errors.New("clients have no disk")
	case kind.Name == Stop && f.Target.Select == Client:
		return errors.New("clients cannot stop in order; pause or isolate one")
	}
	return nil
}

func targetArg(name string, field func(*Fault) *Target) arg {
	return arg{
		name: name,
		format: func(f *Fault) string {
			if t := *field(f); !t.isZero() {
				return t.String()
			}
			return ""
		},
		parse: func(f *Fault, s string) (err error) {
			*field(f), err = ParseTarget(s)
			return err
		},
	}
}

func durationArg(name string, field func(*Fault) *time.Duration) arg {
	return arg{
		name:   name,
		format: func(f *Fault) string { return formatDuration(*field(f)) },
		parse: func(f *Fault, s string) (err error) {
			*field(f), err = parseDuration(s)
			return err
		},
	}
}

// countArg is a number of the trigger, left out at its usual value.
func countArg(name string, usual int, field func(*Trigger) *int) arg {
	return arg{
		name: name,
		format: func(f *Fault) string {
			if f.When == nil || *field(f.When) == usual {
				return ""
			}
			return strconv.Itoa(*field(f.When))
		},
		parse: func(f *Fault, s string) (err error) {
			if f.When == nil {
				return errNoTrigger
			}
			*field(f.When), err = parseIndex(s)
			if err != nil || *field(f.When) < usual {
				return fmt.Errorf("want a number from %d", usual)
			}
			return nil
		},
	}
}

var errNoTrigger = errors.New("belongs to a trigger; name its fact with when=MARK")

func formatDuration(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, errors.New("want a duration that is not negative, such as 800ms or 1.25s")
	}
	return d, nil
}

func formatKeep(f *Fault) string {
	if f.Keep == KeepAll {
		return ""
	}
	return f.Keep.String()
}

func parseKeep(f *Fault, s string) error {
	i := slices.Index(keepNames[:], s)
	if i < 0 {
		return fmt.Errorf("want one of %s", strings.Join(keepNames[:], ", "))
	}
	f.Keep = Keep(i)
	return nil
}

func parsePort(f *Fault, s string) error {
	if !isWord(s) {
		return errors.New("want the name of a port, such as client or quorum")
	}
	if s != "all" {
		f.Port = s
	}
	return nil
}

func parseFile(f *Fault, s string) error {
	if !isWord(strings.ReplaceAll(s, "/", "")) { // the files of a partition are below its name
		return errors.New("want the beginning of the names of files, such as log or snapshot")
	}
	f.File = s
	return nil
}

func formatAdd(f *Fault) string {
	if f.AddMax == 0 {
		return ""
	}
	return f.AddMin.String() + ".." + f.AddMax.String()
}

func parseAdd(f *Fault, s string) (err error) {
	low, high, _ := strings.Cut(s, "..")
	if f.AddMin, err = parseDuration(low); err == nil {
		f.AddMax, err = parseDuration(high)
	}
	if err != nil || f.AddMin > f.AddMax || f.AddMax == 0 {
		return errors.New("want two durations LEAST..MOST, such as 50ms..400ms")
	}
	return nil
}

func formatJump(f *Fault) string { return formatDuration(f.Jump) }

func parseJump(f *Fault, s string) (err error) {
	if f.Jump, err = time.ParseDuration(s); err != nil || f.Jump == 0 || f.Jump%time.Millisecond != 0 {
		return errors.New("want a duration of whole milliseconds, negative to go back, such as -5s")
	}
	return nil
}

func formatPPM(f *Fault) string {
	if f.PPM == 0 {
		return ""
	}
	return strconv.FormatInt(f.PPM, 10)
}

func parsePPM(f *Fault, s string) (err error) {
	f.PPM, err = strconv.ParseInt(s, 10, 64)
	if err != nil || f.PPM == 0 || f.PPM < -MaxDrift || f.PPM > MaxDrift {
		return fmt.Errorf("want parts per million, not 0, within ±%d", MaxDrift)
	}
	return nil
}

// MaxDrift is the largest drift a plan may ask for, in parts per million either
// way. Live checkers allow for it when they judge timeouts.
const MaxDrift = 100_000

func formatWhen(f *Fault) string {
	if f.When == nil {
		return ""
	}
	return f.When.Mark
}

func parseWhen(f *Fault, s string) error {
	if !isWord(s) || !strings.Contains(s, ".") {
		return errors.New("want the mark of a fact, such as zk.committed")
	}
	f.When = &Trigger{Mark: s, After: 1}
	return nil
}

func formatAbout(f *Fault) string {
	if f.When == nil {
		return ""
	}
	return f.When.About
}

func parseAbout(f *Fault, s string) error {
	switch {
	case f.When == nil:
		return errNoTrigger
	case !isWord(s):
		return errors.New("want the name of a partition, such as orders-0")
	}
	f.When.About = s
	return nil
}

func formatWithin(f *Fault) string {
	if f.When == nil {
		return ""
	}
	return formatDuration(f.When.Within)
}

func parseWithin(f *Fault, s string) (err error) {
	if f.When == nil {
		return errNoTrigger
	}
	f.When.Within, err = parseDuration(s)
	return err
}
