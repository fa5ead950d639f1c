package zoocfg

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/nodes/coordinator"
	"github.com/stampede-sim/stampede/nodes/coordinator/membership"
	"github.com/stampede-sim/stampede/nodes/node"
)

// File is a configuration that was read and makes sense.
type File struct {
	// Name is the file it was read from.
	Name string
	// Sid is this server's id: that of myid, or 0 of a server that stands alone.
	Sid int64
	// Ensemble are the members, nil for a server that stands alone.
	Ensemble *membership.Config
	// DataDir holds snapshots and myid, DataLogDir the transaction log.
	DataDir, DataLogDir string
	// ClientPort is where clients connect, 0 if the members' lines say it.
	ClientPort int
	// Standalone allows an ensemble of one to be no ensemble (standaloneEnabled).
	Standalone bool
	// Server has everything that a coordinator needs besides Sid and Members.
	Server coordinator.Config
	// Settings are the keys in the order of the file, Ignored those of them that mean
	// nothing to a simulated server, with the reason.
	Settings []Setting
	Ignored  []Setting
}

// Setting is a key with its value, and where it stands; in [File.Ignored] Value is
// why it is ignored.
type Setting struct {
	Key, Value string
	Line       int
}

// Reader returns the content of a file, as os.ReadFile does.
type Reader func(name string) ([]byte, error)

// Load reads a zoo.cfg with what it refers to: dynamicConfigFile, and myid in its
// dataDir. Errors name file and line.
func Load(name string, read Reader) (*File, error) {
	text, err := read(name)
	if err != nil {
		return nil, err
	}
	p := parser{file: &File{Name: name, Standalone: true}, read: read, seen: map[string]int{}}
	if err := p.text(name, string(text)); err != nil {
		return nil, err
	}
	if p.dynamic != "" {
		text, err := read(p.dynamic)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: dynamicConfigFile: %w", name, p.seen["dynamicConfigFile"], err)
		}
		p.inDynamic = true
		if err := p.text(p.dynamic, string(text)); err != nil {
			return nil, err
		}
	}
	if err := p.finish(); err != nil {
		return nil, err
	}
	return p.file, p.file.validate()
}

// validate asks the server whether it could run like this.
func (f *File) validate() error {
	err := f.Coordinator(func(sid int64) node.ID { return node.ID(sid) }).Validate()
	if err != nil {
		return fmt.Errorf("%s: %s", f.Name, strings.TrimPrefix(err.Error(), "coordinator: "))
	}
	return nil
}

// Coordinator is the configuration of the server whose file this is; nodeOf says
// which process runs a member. A server that stands alone is member 1.
func (f *File) Coordinator(nodeOf func(sid int64) node.ID) coordinator.Config {
	c := f.Server
	if f.Ensemble == nil {
		c.Sid, c.Members = 1, []coordinator.Member{{Sid: 1, Node: nodeOf(1)}}
		return c
	}
	c.Sid, c.Groups = f.Sid, f.Ensemble.Groups
	for _, s := range f.Ensemble.Servers {
		c.Members = append(c.Members, coordinator.Member{Sid: s.Sid, Node: nodeOf(s.Sid), Observer: s.Observer})
	}
	return c
}

// myid reads the file of that name in the data directory. A server that is told its
// members must know which of them it is.
func (p *parser) myid() error {
	name := path.Join(p.file.DataDir, "myid")
	text, err := p.read(name)
	if err != nil {
		return fmt.Errorf("%s: the members are listed, so %s must hold the id of this one: %w", p.file.Name, name, err)
	}
	word := strings.TrimSpace(string(text))
	if p.file.Sid, err = strconv.ParseInt(word, 10, 64); err != nil {
		return fmt.Errorf("%s:1: %q is no server id; write the N of this server's line server.N", name, word)
	}
	if _, member := p.file.Ensemble.Member(p.file.Sid); !member {
		return fmt.Errorf("%s:1: there is no line server.%d in %s", name, p.file.Sid, p.file.Name)
	}
	return nil
}
