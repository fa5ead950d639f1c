package zoocfg

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/internal/near"
	"github.com/stampede-sim/stampede/nodes/coordinator"
	"github.com/stampede-sim/stampede/nodes/coordinator/membership"
)

// File is the configuration of one server.
type File struct {
	// Config is what it means for a coordinator. The Nodes of its Members count the
	// servers in order of sid, from 0.
	Config coordinator.Config
	// Servers are the members of the ensemble, in order of sid; a server that stands
	// alone has none.
	Servers []membership.Line
	Groups  []Group
	Weights []Weight

	DataDir, DataLogDir string
	// Client is where clients connect (clientPortAddress, clientPort).
	Client membership.Endpoint
	// Alone says that one server is no ensemble (standaloneEnabled, on by default).
	Alone bool
	// Dynamic is the file that lists the servers, if it is another (dynamicConfigFile).
	Dynamic string
	// Ignored are the settings that mean nothing here, in order of the file.
	Ignored []Setting
}

// Setting is a key with its value.
type Setting struct{ Key, Value string }

// Parse reads the configuration in a file, and what that names: the dynamic file, and
// myid in the data directory. The error lists everything that is wrong.
func Parse(name string, read func(name string) (string, error)) (*File, error) {
	p := &parser{file: &File{Alone: true}, read: read, seen: map[string]string{}}
	p.file.Config.DiskSync = true
	p.readFile(name)
	if p.file.Dynamic != "" {
		p.readFile(p.file.Dynamic)
	}
	p.require(name)
	if len(p.errs) == 0 {
		p.compose(name)
	}
	if err := errors.Join(p.errs...); err != nil {
		return nil, err
	}
	return p.file, nil
}

// parser collects a file and what is wrong with it.
type parser struct {
	file *File
	read func(string) (string, error)
	seen map[string]string // where a key was set
	errs []error
}

func (p *parser) fail(at, format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("%s: %s", at, fmt.Sprintf(format, args...)))
}

func (p *parser) readFile(name string) {
	text, err := p.read(name)
	if err != nil {
		p.errs = append(p.errs, err)
		return
	}
	carried := ""
	for i, line := range strings.Split(text, "\n") {
		line = carried + strings.TrimSpace(line)
		if carried = ""; strings.HasSuffix(line, "\\") {
			carried = strings.TrimSuffix(line, "\\")
			continue
		}
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		p.line(fmt.Sprintf("%s:%d", name, i+1), line)
	}
}

// line takes a key and its value, which = or : or a space separates.
func (p *parser) line(at, line string) {
	i := strings.IndexAny(line, "=: \t")
	if i < 0 {
		p.fail(at, "%q has no value", line)
		return
	}
	key, value := line[:i], strings.TrimSpace(strings.TrimLeft(line[i:], "=: \t"))
	if before, twice := p.seen[key]; twice {
		p.fail(at, "%s is set twice, before at %s", key, before)
		return
	}
	p.seen[key] = at
	if err := p.set(key, value); err != nil {
		p.fail(at, "%s: %v", key, err)
	}
}

func (p *parser) set(key, value string) error {
	if kind, number, ok := strings.Cut(key, "."); ok {
		if set := numbered[kind]; set != nil {
			n, err := strconv.ParseInt(number, 10, 64)
			if err != nil {
				return fmt.Errorf("%q is no number of a server or group", number)
			}
			return set(p.file, n, value)
		}
	}
	for _, k := range keys {
		if k.name == key {
			return k.set(p.file, value)
		}
	}
	if ignorable(key) {
		p.file.Ignored = append(p.file.Ignored, Setting{key, value})
		return nil
	}
	if names := near.Names(key, allKeys()); len(names) > 0 {
		return fmt.Errorf("unknown key; did you mean %s?", names[0])
	}
	return errors.New("unknown key")
}

// require wants what a server cannot do without.
func (p *parser) require(name string) {
	needed := []string{"tickTime", "dataDir"}
	if p.seen["secureClientPort"] == "" {
		needed = append(needed, "clientPort")
	}
	if len(p.file.Servers) > 0 {
		needed = append(needed, "initLimit", "syncLimit")
	}
	for _, key := range needed {
		if p.seen[key] == "" && !(key == "clientPort" && p.clientPortOfAll()) {
			p.fail(name, "%s is not set", key)
		}
	}
}

// clientPortOfAll reports whether every server's line names its client port.
func (p *parser) clientPortOfAll() bool {
	for _, s := range p.file.Servers {
		if s.Client.Port == 0 {
			return false
		}
	}
	return len(p.file.Servers) > 0
}

// compose derives the coordinator's configuration. A server that stands alone needs no
// id.
func (p *parser) compose(name string) {
	f := p.file
	f.Config.Sid = 1
	if f.Ensemble() {
		f.Config.Sid = p.myid()
	}
	f.Config.Members = f.members()
	f.Config.Groups = f.hierarchy()
	if len(p.errs) > 0 {
		return
	}
	if err := f.Config.Validate(); err != nil {
		p.fail(name, "%v", err)
	}
}

// Ensemble reports whether the server is one of an ensemble.
func (f *File) Ensemble() bool {
	return len(f.Servers) > 1 || len(f.Servers) == 1 && !f.Alone
}

// myid reads the server's own id.
func (p *parser) myid() int64 {
	name := path.Join(p.file.DataDir, "myid")
	text, err := p.read(name)
	if err != nil {
		p.errs = append(p.errs, err)
		return 0
	}
	sid, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		p.fail(name+":1", "%q is no server id", strings.TrimSpace(text))
		return 0
	}
	for _, s := range p.file.Servers {
		if s.Sid == sid {
			return sid
		}
	}
	p.fail(name+":1", "there is no line server.%d", sid)
	return 0
}
