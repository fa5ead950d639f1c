package zoocfg

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/internal/near"
	"github.com/stampede-sim/stampede/nodes/coordinator/membership"
)

// parser reads one configuration.
type parser struct {
	file *File
	read Reader
	// seen holds the line of every key met.
	seen map[string]int
	// members are the lines server.N, group.N and weight.N as they will be read
	// together; memberLine is that of the first of them.
	members    []string
	memberFile string
	memberLine int
	peerType   string
	dynamic    string // dynamicConfigFile
	inDynamic  bool
}

// text reads the lines of one file. They are those of a Java properties file as far
// as configurations use it: # and ! begin comments, key and value are parted by = or
// a colon, and a backslash at the end joins the next line.
func (p *parser) text(name, text string) error {
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		number, line := i+1, strings.TrimSpace(lines[i])
		for strings.HasSuffix(line, "\\") && i+1 < len(lines) {
			i++
			line = strings.TrimSuffix(line, "\\") + strings.TrimSpace(lines[i])
		}
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		at := strings.IndexAny(line, "=:")
		if at <= 0 {
			return fmt.Errorf("%s:%d: %q: want key=value", name, number, line)
		}
		key, value := strings.TrimSpace(line[:at]), strings.TrimSpace(line[at+1:])
		if err := p.setting(name, number, key, value); err != nil {
			return fmt.Errorf("%s:%d: %s: %w", name, number, key, err)
		}
	}
	return nil
}

// setting takes one key.
func (p *parser) setting(name string, line int, key, value string) error {
	if before, again := p.seen[key]; again {
		return fmt.Errorf("is set in line %d already", before)
	}
	p.seen[key] = line
	p.file.Settings = append(p.file.Settings, Setting{key, value, line})
	kind, _, numbered := strings.Cut(key, ".")
	if numbered && (kind == "server" || kind == "group" || kind == "weight") {
		return p.member(name, line, kind, key, value)
	}
	if p.inDynamic && key != "version" {
		return errors.New("a dynamic file holds lines server.N, group.N, weight.N and version only")
	}
	if k, known := keys[strings.TrimPrefix(key, "zookeeper.")]; known {
		return k(p, value)
	}
	for prefix, why := range ignoredPrefixes { //sim:unordered no key has two of the prefixes
		if strings.HasPrefix(key, prefix) {
			p.ignore(key, line, why)
			return nil
		}
	}
	if why, known := ignored[strings.TrimPrefix(key, "zookeeper.")]; known {
		p.ignore(key, line, why)
		return nil
	}
	if close := near.Names(key, knownKeys()); len(close) > 0 {
		return fmt.Errorf("unknown key; did you mean %s?", strings.Join(close, " or "))
	}
	return errors.New("unknown key; ZooKeeper would take it for a system property and go on")
}

func (p *parser) ignore(key string, line int, why string) {
	p.file.Ignored = append(p.file.Ignored, Setting{key, why, line})
}

// member keeps a line about members until all are there. Lines of the old kind lack
// the client port; it is that of the file.
func (p *parser) member(name string, line int, kind, key, value string) error {
	if p.inDynamic == (p.dynamic == "") {
		return errors.New("members are listed in the dynamic file, so not here, too")
	}
	if len(p.members) == 0 {
		p.memberFile, p.memberLine = name, line
	}
	_, number, _ := strings.Cut(key, ".")
	if _, err := strconv.ParseUint(number, 10, 63); err != nil {
		return fmt.Errorf("%q is no number", number)
	}
	if kind == "server" {
		check := value
		if !strings.Contains(value, ";") {
			check += ";2181"
		}
		if _, err := membership.ParseServer(1, check); err != nil {
			return err
		}
	}
	p.members = append(p.members, key+"="+value)
	return nil
}

// finish puts together what needs more than one line.
func (p *parser) finish() error {
	f := p.file
	if f.DataDir == "" {
		return fmt.Errorf("%s: dataDir is missing; it names the directory of snapshots and myid", f.Name)
	}
	if f.DataLogDir == "" {
		f.DataLogDir = f.DataDir
	}
	if p.seen["tickTime"] == 0 {
		f.Server.Tick = 3 * time.Second // ZooKeeper's default; the example file says 2000
	}
	if len(p.members) == 0 {
		return p.alone()
	}
	for _, limit := range []string{"initLimit", "syncLimit"} {
		if p.seen[limit] == 0 {
			return fmt.Errorf("%s: %s is missing; an ensemble needs it, in ticks", f.Name, limit)
		}
	}
	if err := p.ensemble(); err != nil {
		return err
	}
	return p.myid()
}

// alone checks a server without members.
func (p *parser) alone() error {
	f := p.file
	switch {
	case !f.Standalone:
		return fmt.Errorf("%s:%d: standaloneEnabled=false, and no line server.N says who the members are", f.Name, p.seen["standaloneEnabled"])
	case p.peerType == "observer":
		return fmt.Errorf("%s:%d: peerType=observer, and no line server.N says whom to observe", f.Name, p.seen["peerType"])
	case f.ClientPort == 0:
		return fmt.Errorf("%s: clientPort is missing; it is where clients connect, usually 2181", f.Name)
	}
	return nil
}

// ensemble reads the lines of the members together.
func (p *parser) ensemble() error {
	f := p.file
	lines := make([]string, len(p.members))
	for i, line := range p.members {
		if lines[i] = line; strings.HasPrefix(line, "server.") && !strings.Contains(line, ";") {
			if f.ClientPort == 0 {
				return fmt.Errorf("%s:%d: neither clientPort nor the line %s says where clients connect", p.memberFile, p.memberLine, line)
			}
			lines[i] += ";" + strconv.Itoa(f.ClientPort)
		}
	}
	ensemble, err := membership.Parse(strings.Join(lines, "\n"))
	if err != nil {
		return fmt.Errorf("%s:%d: %s", p.memberFile, p.memberLine, strings.TrimPrefix(err.Error(), "membership: "))
	}
	f.Ensemble = ensemble
	return nil
}
