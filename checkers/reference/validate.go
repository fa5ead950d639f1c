package reference

import (
	"fmt"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Trial asks what the specification says about requests, without changing the
// tree: the parts of a multi see the effects of those before.
type Trial struct {
	tree *Tree
	over map[string]sketch // what earlier parts of a multi changed
	who  []wire.Identity   // who asks
}

// sketch is what validity depends on, of one znode.
type sketch struct {
	exists           bool
	version, creates int32
	children         int
	owner            int64
	aversion         int32
	acl              []wire.ACL
	unset            bool // its data is that of its creation
}

// Try begins a trial at the present tree.
func (t *Tree) Try() Trial { return Trial{tree: t} }

// look returns a znode as the trial sees it.
func (tr *Trial) look(path string) sketch {
	if s, ok := tr.over[path]; ok {
		return s
	}
	n := tr.tree.nodes[path]
	if n == nil {
		return sketch{}
	}
	return sketch{true, n.version, n.creates, len(n.children), n.owner, n.aversion, n.acl, n.unset()}
}

// put changes a znode for the later parts.
func (tr *Trial) put(path string, s sketch) {
	if tr.over == nil {
		tr.over = map[string]sketch{}
	}
	tr.over[path] = s
}

// Objections lists every error that would be a truthful answer to one operation
// of a session; none means that the operation must succeed. Which of several
// errors a server names is its own affair.
func (tr *Trial) Objections(session int64, p *history.Part) []wire.ErrorCode {
	switch p.F {
	case history.Create:
		return tr.againstCreate(session, p)
	case history.Delete:
		return tr.againstDelete(p)
	case history.Set:
		return tr.againstVersion(p, tr.look(p.Path).version, MayWrite)
	case history.Check:
		return tr.againstVersion(p, tr.look(p.Path).version, MayRead)
	case history.SetACL:
		out := tr.againstVersion(p, tr.look(p.Path).aversion, MayAdmin)
		if _, ok := tr.Stored(p); !ok {
			out = append(out, wire.ErrInvalidACL)
		}
		return out
	}
	return nil
}

func (tr *Trial) againstCreate(session int64, p *history.Part) []wire.ErrorCode {
	var out []wire.ErrorCode
	path := tr.CreatedPath(p)
	if !ValidPath(path) || path == "/" {
		out = append(out, wire.ErrBadArguments)
	}
	if _, ok := tr.Stored(p); !ok {
		out = append(out, wire.ErrInvalidACL)
	}
	parent := tr.look(Parent(path))
	if !parent.exists {
		out = append(out, wire.ErrNoNode)
	}
	if tr.lacks(&parent, MayCreate) {
		out = append(out, wire.ErrNoAuth)
	}
	if parent.owner != 0 {
		out = append(out, wire.ErrNoChildrenForEph)
	}
	if tr.look(path).exists {
		out = append(out, wire.ErrNodeExists)
	}
	if Ephemeral(p.Mode) && !tr.tree.SessionOpen(session) {
		out = append(out, wire.ErrSessionExpired)
	}
	return out
}

func (tr *Trial) againstDelete(p *history.Part) []wire.ErrorCode {
	out := tr.againstVersion(p, tr.look(p.Path).version, 0)
	if parent := tr.look(Parent(p.Path)); tr.lacks(&parent, MayDelete) {
		out = append(out, wire.ErrNoAuth)
	}
	if tr.look(p.Path).children > 0 {
		out = append(out, wire.ErrNotEmpty)
	}
	for _, system := range systemPaths {
		if p.Path == system {
			out = append(out, wire.ErrBadArguments)
		}
	}
	return out
}

// againstVersion: a znode must exist, permit one of perms, if any, and have the
// version asked for, if any.
func (tr *Trial) againstVersion(p *history.Part, have, perms int32) (out []wire.ErrorCode) {
	s := tr.look(p.Path)
	switch {
	case !s.exists && !ValidPath(p.Path):
		return []wire.ErrorCode{wire.ErrBadArguments, wire.ErrNoNode}
	case !s.exists:
		return []wire.ErrorCode{wire.ErrNoNode}
	}
	if perms != 0 && tr.lacks(&s, perms) {
		out = append(out, wire.ErrNoAuth)
	}
	if p.Version != -1 && p.Version != have {
		out = append(out, wire.ErrBadVersion)
	}
	return out
}

// Do takes an operation without objections as done, for those after it.
func (tr *Trial) Do(session int64, p *history.Part) {
	switch p.F {
	case history.Create:
		path := tr.CreatedPath(p)
		parent := tr.look(Parent(path))
		parent.children++
		parent.creates = tr.tree.afterCreate(parent.creates)
		tr.put(Parent(path), parent)
		made := sketch{unset: true, exists: true}
		made.acl, _ = tr.Stored(p)
		if Ephemeral(p.Mode) {
			made.owner = session
		}
		tr.put(path, made)
	case history.Delete:
		parent := tr.look(Parent(p.Path))
		parent.children--
		tr.put(Parent(p.Path), parent)
		tr.put(p.Path, sketch{})
	case history.Set:
		s := tr.look(p.Path)
		s.version, s.unset = tr.tree.after(s.version, s.unset), false
		tr.put(p.Path, s)
	}
}

// CreatedPath is the path a create makes: for sequential modes the one asked for
// and ten digits of the parent's count of creates, sign included once it wraps.
func (tr *Trial) CreatedPath(p *history.Part) string {
	if !Sequential(p.Mode) {
		return p.Path
	}
	return p.Path + fmt.Sprintf("%010d", tr.look(Parent(p.Path)).creates)
}

// Sequential reports whether a create mode appends a number.
func Sequential(mode int32) bool {
	return mode == wire.ModePersistentSequential || mode == wire.ModeEphemeralSequential || mode == wire.ModeSequentialTTL
}

// Ephemeral reports whether a create mode ties the znode to its session.
func Ephemeral(mode int32) bool {
	return mode == wire.ModeEphemeral || mode == wire.ModeEphemeralSequential
}

// Lasting reports whether only clients delete what a create mode makes.
func Lasting(mode int32) bool {
	return mode == wire.ModePersistent || mode == wire.ModePersistentSequential
}

// NextVersion is the version after v. It skips -1, which requests use for "any"
// (ZOOKEEPER-4743).
func NextVersion(v int32) int32 {
	if v++; v == -1 {
		return 0
	}
	return v
}

// ValidPath reports whether a path obeys the rules for names of znodes.
func ValidPath(path string) bool {
	if path == "/" {
		return true
	}
	if path == "" || path[0] != '/' || strings.HasSuffix(path, "/") {
		return false
	}
	for _, part := range strings.Split(path[1:], "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return !strings.ContainsFunc(path, forbidden)
}

// forbidden lists the characters that no path may contain.
func forbidden(r rune) bool {
	return r <= 0x1f || r >= 0x7f && r <= 0x9f || r >= 0xd800 && r <= 0xf8ff || r >= 0xfff0 && r <= 0xffff
}
