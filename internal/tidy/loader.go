package tidy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Check holds the module in a directory to the rules and returns what breaks
// them, package by package. A package that does not compile is a problem, too.
// An error means that the module could not be read at all.
func Check(dir string) ([]Problem, error) {
	root, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	var problems []Problem
	units, broken, err := load(root)
	if err != nil {
		return nil, err
	}
	tests, err := loadTests(root)
	if err != nil {
		return nil, err
	}
	for _, u := range append(units, tests...) {
		problems = append(problems, check(u)...)
	}
	problems = append(problems, broken...)
	for i := range problems {
		problems[i].Pos.Filename = strings.TrimPrefix(problems[i].Pos.Filename, root+"/")
	}
	return problems, nil
}

// listed is what `go list` says of a package.
type listed struct {
	ImportPath, Name, Dir string
	GoFiles               []string
	Export                string // file with the compiled package's types
	DepOnly               bool   // not of this module, only imported by it
	Error                 *struct{ Err string }
}

// list asks the go command for the module's packages and all they import, and
// has it compile what is not in its cache.
func list(root string) ([]listed, error) {
	cmd := exec.Command("go", "list", "-e", "-export", "-deps", "-json=ImportPath,Name,Dir,GoFiles,Export,DepOnly,Error", "./...")
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("listing the module's packages with %v: %w\n%s", cmd, err, &stderr)
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		switch err := dec.Decode(&p); err {
		case nil:
			all = append(all, p)
		case io.EOF:
			return all, nil
		default:
			return nil, fmt.Errorf("reading the output of %v: %w", cmd, err)
		}
	}
}

// load reads all packages of the module with their types. What they import is
// taken from compiled export data, which is an order of magnitude faster than
// reading its source.
func load(root string) (units []*unit, broken []Problem, err error) {
	all, err := list(root)
	if err != nil {
		return nil, nil, err
	}
	exports := map[string]string{}
	for _, p := range all {
		exports[p.ImportPath] = p.Export
	}
	fset := token.NewFileSet()
	compiled := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})
	for _, p := range all {
		if p.DepOnly {
			continue
		}
		u, problems, err := read(fset, compiled, p)
		if err != nil {
			return nil, nil, err
		}
		if p.Error != nil && problems == nil {
			problems = []Problem{{Pos: token.Position{Filename: p.Dir}, Rule: "compile", Text: p.Error.Err}}
		}
		broken = append(broken, problems...)
		if len(u.files) > 0 {
			units = append(units, u)
		}
	}
	return units, broken, nil
}

// read parses one package and resolves its names and types.
func read(fset *token.FileSet, imports types.Importer, p listed) (*unit, []Problem, error) {
	path := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
	u := &unit{path: path, name: p.Name, fset: fset, info: newInfo()}
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments)
		if err != nil {
			return nil, nil, fmt.Errorf("parsing %s: %w", p.ImportPath, err)
		}
		u.files = append(u.files, f)
	}
	var broken []Problem
	conf := types.Config{Importer: imports, Error: func(err error) {
		p := Problem{Rule: "compile", Text: err.Error()}
		if e, ok := err.(types.Error); ok {
			p.Pos, p.Text = e.Fset.Position(e.Pos), e.Msg
		}
		broken = append(broken, p)
	}}
	if _, err := conf.Check(p.ImportPath, fset, u.files, u.info); err != nil && broken == nil {
		return nil, nil, fmt.Errorf("resolving %s: %w", p.ImportPath, err)
	}
	return u, broken, nil
}

// newInfo returns the tables that the rules look into.
func newInfo() *types.Info {
	return &types.Info{
		Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{},
	}
}

// loadTests parses all _test.go files, one unit a directory. It also visits every
// directory of source in this process, which lets `go test` notice new files.
func loadTests(root string) ([]*unit, error) {
	var units []*unit
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if name := entry.Name(); path != root && (strings.HasPrefix(name, ".") || name == "testdata") {
			return fs.SkipDir
		}
		u, err := parseTests(root, path)
		if u != nil {
			units = append(units, u)
		}
		return err
	})
	return units, err
}

// parseTests parses the tests of one directory; no tests are no unit.
func parseTests(root, dir string) (*unit, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil || len(names) == 0 {
		return nil, err
	}
	rel, err := filepath.Rel(root, dir)
	if err != nil {
		return nil, err
	}
	u := &unit{path: filepath.ToSlash(rel), fset: token.NewFileSet(), tests: true}
	for _, name := range names {
		f, err := parser.ParseFile(u.fset, name, nil, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("a test does not parse: %w", err)
		}
		u.files = append(u.files, f)
	}
	return u, nil
}
