package tidy

import (
	"go/ast"
	"slices"
	"strconv"
	"strings"
)

// room says what the packages below a directory may import of this module:
// the packages in the directories listed, and, where inside is set, each other.
// The longest matching directory decides. This table is the picture of the house
// in code; a change here is a change of design.
type room struct {
	dir    string
	inside bool
	allows []string
}

var rooms = []room{
	{dir: "cmd", inside: true, allows: []string{"", "sim", "nodes", "faults", "workloads", "checkers", "reports", "internal"}},
	{dir: "reports", inside: true, allows: []string{"", "sim", "nodes", "faults", "workloads", "checkers", "internal"}},
	{dir: "", allows: []string{"sim", "nodes", "faults", "workloads", "checkers", "internal"}},

	{dir: "workloads", inside: true, allows: []string{"checkers", "nodes", "sim", "internal"}},
	// Faults select by facts that every protocol states, or they would have to
	// be written again for every protocol.
	{dir: "faults", inside: true, allows: []string{"nodes/node", "sim", "internal"}},
	// Judges know the specification, not the program: message shapes and facts.
	{dir: "checkers", inside: true, allows: shapes},

	{dir: "nodes", inside: true, allows: []string{"internal"}},
	{dir: "nodes/node"},
	{dir: "nodes/bugs"},
	{dir: "nodes/quorum"},
	{dir: "nodes/coordinator/wire", allows: []string{"nodes/node"}},
	{dir: "nodes/coordinator/facts", allows: []string{"nodes/node"}},
	{dir: "sim", inside: true, allows: []string{"nodes/node"}},
	{dir: "internal", inside: true},
	// It plays scripts against a whole server in a whole world.
	{dir: "internal/conformance", allows: []string{"internal", "nodes", "sim"}},
	// It plays scripts against a whole cluster, with faults and judges.
	{dir: "internal/story", allows: []string{"internal", "nodes", "sim", "faults", "checkers"}},
}

// shapes are the packages that describe what protocols say, and decide nothing.
var shapes = []string{
	"nodes/node", "nodes/coordinator/wire", "nodes/coordinator/facts", "nodes/broker/wire", "nodes/broker/facts",
}

// roomOf returns the room of a package.
func roomOf(path string) *room {
	var best *room
	for i := range rooms {
		r := &rooms[i]
		if (r.dir == "" && path == "" || r.dir != "" && within(path, r.dir)) && (best == nil || len(r.dir) > len(best.dir)) {
			best = r
		}
	}
	return best
}

// admits reports whether packages of the room may import a package. "" in allows
// is the root package alone.
func (r *room) admits(imported string) bool {
	if r.inside && within(imported, r.dir) {
		return true
	}
	return slices.ContainsFunc(r.allows, func(dir string) bool {
		return imported == dir || dir != "" && within(imported, dir)
	})
}

// checkImports keeps imports pointing down.
func checkImports(u *unit, report reporter) {
	r := roomOf(u.path)
	if r == nil {
		report(u.files[0].Package, "%s is no room of this house; add it to the table in internal/tidy/imports.go", u.path)
		return
	}
	for _, spec := range u.imports() {
		path := importPath(spec)
		inner, ours := strings.CutPrefix(path, module)
		if !ours || r.admits(strings.TrimPrefix(inner, "/")) {
			continue
		}
		report(spec.Pos(), "%s must not import %s; it may import: %s. Hand in what is needed from above, or move what is shared below",
			orRoot(u.path), orRoot(strings.TrimPrefix(inner, "/")), r)
	}
}

// String lists what the room may import.
func (r *room) String() string {
	var dirs []string
	if r.inside {
		dirs = append(dirs, orRoot(r.dir))
	}
	for _, dir := range r.allows {
		dirs = append(dirs, orRoot(dir))
	}
	if dirs == nil {
		return "nothing of this module"
	}
	return strings.Join(dirs, ", ")
}

func orRoot(path string) string {
	if path == "" {
		return "the root package"
	}
	return path
}

func (u *unit) imports() []*ast.ImportSpec {
	var specs []*ast.ImportSpec
	for _, f := range u.files {
		specs = append(specs, f.Imports...)
	}
	return specs
}

// importPath returns the path of an import; the parser has checked the quotes.
func importPath(spec *ast.ImportSpec) string {
	path, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		panic("tidy: parsed import " + spec.Path.Value + " has no quotes")
	}
	return path
}
