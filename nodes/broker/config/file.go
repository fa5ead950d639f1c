package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/stampede-sim/stampede/internal/near"
)

// File is what a broker was started with, server.properties.
type File struct {
	// Set are the keys that set something, in order of the file, with their values as
	// brokers show them.
	Set []Property
	// Ignored are those that mean nothing here, Warnings what looks wrong and is not.
	Ignored  []Ignored
	Warnings []string
}

// Ignored is a setting that changes nothing, and why.
type Ignored struct {
	Property
	Why string
}

// Parse reads a file. The error lists everything that is wrong, each with its line.
func Parse(name string, read func(name string) (string, error)) (*File, error) {
	text, err := read(name)
	if err != nil {
		return nil, err
	}
	p := &parser{name: name, file: &File{}, lines: map[string]int{}}
	list, errs := Properties(text)
	for _, err := range errs {
		p.errs = append(p.errs, fmt.Errorf("%s:%w", name, err))
	}
	for _, one := range list {
		p.take(one)
	}
	if len(p.errs) == 0 {
		p.check()
	}
	if err := errors.Join(p.errs...); err != nil {
		return nil, err
	}
	return p.file, nil
}

// IsBrokers reports whether a text looks like the configuration of a broker: it has keys
// that no coordinator has.
func IsBrokers(text string) bool {
	list, _ := Properties(text)
	for _, one := range list {
		switch one.Name {
		case "zookeeper.connect", "broker.id", "process.roles", "listeners", "log.dirs":
			return true
		}
	}
	return false
}

// Values are the keys that set something.
func (f *File) Values() map[string]string {
	values := map[string]string{}
	for _, one := range f.Set {
		values[one.Name] = one.Value
	}
	return values
}

// String is the file as [Parse] reads it, without what is ignored.
func (f *File) String() string { return Print(f.Set) }

// parser collects a file and what is wrong with it.
type parser struct {
	name  string
	file  *File
	lines map[string]int // where a key was set
	errs  []error
}

func (p *parser) at(line int) string { return fmt.Sprintf("%s:%d", p.name, line) }

func (p *parser) fail(line int, format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("%s: %s", p.at(line), fmt.Sprintf(format, args...)))
}

func (p *parser) warn(line int, format string, args ...any) {
	p.file.Warnings = append(p.file.Warnings, fmt.Sprintf("%s: %s", p.at(line), fmt.Sprintf(format, args...)))
}

// take files one entry. Java would take the last of two that are equal, which hardly
// anybody means; what nobody knows it would leave to plugins, and so it is no error.
func (p *parser) take(one Property) {
	if before, twice := p.lines[one.Name]; twice {
		p.fail(one.Line, "%s is set twice, before at %s", one.Name, p.at(before))
		return
	}
	p.lines[one.Name] = one.Line
	k := Brokers.Lookup(one.Name)
	if k == nil {
		p.takeOther(one)
		return
	}
	if err := k.Check(one.Value); err != nil {
		p.fail(one.Line, "%s: %v", one.Name, err)
		return
	}
	one.Value = k.Canonical(one.Value)
	if k.Use == Works {
		p.file.Set = append(p.file.Set, one)
		return
	}
	p.file.Ignored = append(p.file.Ignored, Ignored{one, k.Why})
}

// takeOther files what is not in the table.
func (p *parser) takeOther(one Property) {
	for _, f := range families {
		switch {
		case !strings.HasPrefix(one.Name, f.prefix):
		case f.use == Absent:
			p.fail(one.Line, "%s: may not be set: %s", one.Name, f.why)
			return
		default:
			p.file.Ignored = append(p.file.Ignored, Ignored{one, f.why})
			return
		}
	}
	if names := near.Names(one.Name, Brokers.Names()); len(names) > 0 {
		p.warn(one.Line, "%s is unknown and ignored; did you mean %s?", one.Name, names[0])
		return
	}
	p.warn(one.Line, "%s is unknown and ignored", one.Name)
}
