package tidy

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stampede-sim/stampede/internal/script"
	"github.com/stampede-sim/stampede/internal/script/scripttest"
)

// TestModuleIsTidy holds the whole module to the rules.
func TestModuleIsTidy(t *testing.T) {
	problems, err := Check("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
}

// TestRulesFire shows each rule a file it must object to, and one it must not.
//
//	check FILE [test]    the rules' opinion of the input, as that file of the module
//	pad lines=N          the opinion of a function, and a file, of so many lines
func TestRulesFire(t *testing.T) {
	scripttest.Walk(t, "testdata", func(t *testing.T, file string) {
		scripttest.Run(t, file, func(t *testing.T, c *script.Command) string {
			switch c.Name {
			case "check":
				return opinion(t, c.Word("file"), c.Input, c.Flag("test"))
			case "pad":
				lines := strings.Repeat("\n", int(c.Int("lines"))-2)
				return opinion(t, "sim/pad.go", "// Package sim pads.\npackage sim\n\nfunc f() {"+lines+"\n}\n", false)
			}
			return c.Unknown()
		})
	})
}

// emptyImports makes every imported package an empty one. The rules ask only for
// the paths of imports and the types of this module, so they must do without.
type emptyImports struct{}

func (emptyImports) Import(imported string) (*types.Package, error) {
	name := path.Base(strings.TrimSuffix(imported, "/v2"))
	pkg := types.NewPackage(imported, name)
	pkg.MarkComplete()
	return pkg, nil
}

// opinion checks one source file on its own.
func opinion(t *testing.T, file, source string, tests bool) string {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	u := &unit{path: strings.TrimPrefix(path.Dir(file), "."), name: f.Name.Name, fset: fset, files: []*ast.File{f}, tests: tests}
	u.info = newInfo()
	conf := types.Config{Importer: emptyImports{}, Error: func(error) {}}
	if _, err := conf.Check(u.path, fset, u.files, u.info); err != nil && len(f.Imports) == 0 {
		t.Fatal(err) // nothing is missing that could excuse it
	}
	var b strings.Builder
	for _, p := range check(u) {
		fmt.Fprintln(&b, p)
	}
	return b.String()
}

// TestCheckReadsAModule: types from other packages arrive, tests are read, and
// what does not compile is a problem rather than a gap.
func TestCheckReadsAModule(t *testing.T) {
	dir := t.TempDir()
	for name, source := range map[string]string{
		"go.mod":            "module " + module + "\n\ngo 1.26\n",
		"sim/sim.go":        "// Package sim ranges.\npackage sim\n\nimport \"net/url\"\n\nfunc f(v url.Values) {\n\tfor k := range v {\n\t\tdelete(v, k)\n\t}\n}\n",
		"sim/sim_test.go":   "package sim\n\n// TO" + "DO\n",
		"faults/faults.go":  "// Package faults is broken.\npackage faults\n\nvar x int = \"one\"\n",
		"sim/testdata/a.go": "package unfinished // TO" + "DO\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(source), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	problems, err := Check(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%s:%d %s", p.Pos.Filename, p.Pos.Line, p.Rule))
	}
	want := []string{"sim/sim.go:7 map-order", "sim/sim_test.go:3 unfinished", "faults/faults.go:4 compile"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestCheckSaysWhyItCannotRead(t *testing.T) {
	if _, err := Check(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a missing directory was found tidy")
	}
}

func TestEveryRoomIsReachedByItsOwnName(t *testing.T) {
	for _, r := range rooms {
		if got := roomOf(r.dir); got == nil || got.dir != r.dir {
			t.Errorf("the table lists %q twice", r.dir)
		}
	}
}

func TestUnknownDirectoryIsNoRoom(t *testing.T) {
	got := opinion(t, "attic/box.go", "// Package box is lost.\npackage box\n", false)
	if want := "attic is no room of this house"; !strings.Contains(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
