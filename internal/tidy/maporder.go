package tidy

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// excuse is the comment that says why the order of a map does not matter.
const excuse = "//sim:unordered"

// checkMapOrder finds iterations over maps that nobody has argued for. The order
// of a map differs from run to run; it must be sorted away or be shown not to
// matter.
func checkMapOrder(u *unit, report reporter) {
	excuses := u.excuses()
	sorted := u.sortedCalls()
	u.inspect(func(n ast.Node) {
		what := u.mapOrder(n, sorted)
		if what == "" {
			return
		}
		e := excuses[u.line(n.Pos())]
		if e == nil {
			report(n.Pos(), "the order of %s differs from run to run; range over slices.Sorted(maps.Keys(m)), or end the line with %s and why it cannot matter", what, excuse)
			return
		}
		e.used = true
	})
	for _, e := range excuses {
		switch {
		case !e.used:
			report(e.pos, "nothing on this line iterates over a map; drop %s", excuse)
		case e.reason == "":
			report(e.pos, "%s needs a reason: why can the order not matter?", excuse)
		}
	}
}

// mapOrder names the map whose order a node brings in, "" if none.
func (u *unit) mapOrder(n ast.Node, sorted map[*ast.CallExpr]bool) string {
	switch n := n.(type) {
	case *ast.RangeStmt:
		if n.Key != nil && isMap(u.info.TypeOf(n.X)) { // without a key every round is the same
			return "this map"
		}
	case *ast.CallExpr:
		if path, name, _ := u.imported(n.Fun); path == "maps" && yieldsMapOrder[name] && !sorted[n] {
			return "maps." + name
		}
	}
	return ""
}

// yieldsMapOrder are the functions of package maps whose result has the map's
// order.
var yieldsMapOrder = map[string]bool{"Keys": true, "Values": true, "All": true}

// sortedCalls returns the calls that are the argument of a sorting function.
func (u *unit) sortedCalls() map[*ast.CallExpr]bool {
	calls := map[*ast.CallExpr]bool{}
	u.inspect(func(n ast.Node) {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return
		}
		path, name, _ := u.imported(call.Fun)
		if inner, ok := call.Args[0].(*ast.CallExpr); ok && path == "slices" && strings.HasPrefix(name, "Sorted") {
			calls[inner] = true
		}
	})
	return calls
}

// isMap reports whether a type is a map, or a type parameter that may be one.
func isMap(t types.Type) bool {
	if t == nil {
		return false
	}
	if p, ok := types.Unalias(t).(*types.TypeParam); ok {
		return constrainedToMap(p)
	}
	_, ok := t.Underlying().(*types.Map)
	return ok
}

func constrainedToMap(p *types.TypeParam) bool {
	constraint, ok := p.Constraint().Underlying().(*types.Interface)
	if !ok {
		return false
	}
	for e := range constraint.EmbeddedTypes() {
		union, ok := e.(*types.Union)
		if !ok {
			continue
		}
		for term := range union.Terms() {
			if _, ok := term.Type().Underlying().(*types.Map); ok {
				return true
			}
		}
	}
	return false
}

// sourceLine is a line of a file.
type sourceLine struct {
	file string
	line int
}

func (u *unit) line(pos token.Pos) sourceLine {
	p := u.fset.Position(pos)
	return sourceLine{p.Filename, p.Line}
}

// excused is one excuse comment.
type excused struct {
	pos    token.Pos
	reason string
	used   bool
}

// excuses returns the excuse comments by line.
func (u *unit) excuses() map[sourceLine]*excused {
	found := map[sourceLine]*excused{}
	for _, c := range u.comments() {
		if reason, ok := strings.CutPrefix(c.Text, excuse); ok {
			found[u.line(c.Pos())] = &excused{pos: c.Pos(), reason: strings.TrimSpace(reason)}
		}
	}
	return found
}
