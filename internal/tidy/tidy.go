// Package tidy holds the source of this module to the rules that no compiler
// knows: who may import whom, what would make a run differ from the next one, and
// how large and how well explained things are. Its test is part of the ordinary
// tests, so a broken rule fails like any other bug; testdata shows each rule
// firing.
package tidy

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// module is the path all imports within this module start with.
const module = "github.com/stampede-sim/stampede"

// Problem is one broken rule at one place.
type Problem struct {
	Pos  token.Position
	Rule string
	// Text says what is wrong and what to do instead.
	Text string
}

// String renders the problem as "file:line: [rule] text".
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d: [%s] %s", p.Pos.Filename, p.Pos.Line, p.Rule, p.Text)
}

// unit is what rules look at: a package, or the tests that lie beside one.
type unit struct {
	// path is the package's directory below the module, "" for the root.
	path  string
	name  string
	fset  *token.FileSet
	files []*ast.File
	// info resolves names and types. For tests it is nil.
	info *types.Info
	// tests says that the files are _test.go files. Only the rules that say so
	// look at those.
	tests bool
}

// reporter notes a broken rule at a position.
type reporter func(pos token.Pos, format string, args ...any)

// rule is one house rule.
type rule struct {
	name string
	// applies selects the packages by path.
	applies func(path string) bool
	// tests says that the rule holds for _test.go files, too.
	tests bool
	check func(u *unit, report reporter)
}

var rules = []rule{
	{name: "import", applies: everywhere, check: checkImports},
	{name: "ambient", applies: deterministic, check: checkAmbient},
	{name: "concurrency", applies: deterministic, check: checkConcurrency},
	{name: "map-order", applies: deterministic, check: checkMapOrder},
	{name: "address", applies: deterministic, check: checkAddresses},
	{name: "search-budget", applies: deterministic, check: checkSearchBudget},
	{name: "size", applies: everywhere, check: checkSize},
	{name: "doc", applies: everywhere, check: checkDocs},
	{name: "unfinished", applies: everywhere, tests: true, check: checkUnfinished},
}

func everywhere(string) bool { return true }

// deterministic reports whether the code of a package runs inside a simulation
// or judges one, so that the same seed must give the same result.
func deterministic(path string) bool {
	if within(path, "nodes/host") {
		return false // real clocks, sockets and files are its purpose
	}
	return slices.ContainsFunc([]string{"sim", "nodes", "faults", "workloads", "checkers"},
		func(room string) bool { return within(path, room) })
}

// within reports whether a path is the directory or below it.
func within(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

// check holds one unit against all rules that apply.
func check(u *unit) []Problem {
	var problems []Problem
	for _, r := range rules {
		if !r.applies(u.path) || u.tests && !r.tests {
			continue
		}
		r.check(u, func(pos token.Pos, format string, args ...any) {
			problems = append(problems, Problem{u.fset.Position(pos), r.name, fmt.Sprintf(format, args...)})
		})
	}
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.Pos.Filename, b.Pos.Filename), cmp.Compare(a.Pos.Line, b.Pos.Line))
	})
	return problems
}

// inspect walks all files of a unit.
func (u *unit) inspect(visit func(ast.Node)) {
	for _, f := range u.files {
		ast.Inspect(f, func(n ast.Node) bool {
			if n != nil {
				visit(n)
			}
			return true
		})
	}
}

// imported resolves "pkg.Name" to the import path of pkg and Name; ok is false
// for anything else that has a dot in it.
func (u *unit) imported(e ast.Expr) (path, name string, ok bool) {
	sel, isSel := e.(*ast.SelectorExpr)
	if !isSel {
		return "", "", false
	}
	id, isIdent := sel.X.(*ast.Ident)
	if !isIdent {
		return "", "", false
	}
	pkg, isPkg := u.info.Uses[id].(*types.PkgName)
	if !isPkg {
		return "", "", false
	}
	return pkg.Imported().Path(), sel.Sel.Name, true
}
