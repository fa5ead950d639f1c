package tidy

import (
	"go/ast"
	"go/token"
	"regexp"
)

// Limits beyond which nobody sees a thing whole.
const (
	maxFunctionLines = 70
	maxFileLines     = 600
)

// checkSize bounds functions and files.
func checkSize(u *unit, report reporter) {
	for _, f := range u.files {
		if lines := u.fset.File(f.Package).LineCount(); lines > maxFileLines {
			report(f.Package, "the file has %d lines, more than %d; give each noun its own file", lines, maxFileLines)
		}
		for _, decl := range f.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if lines := u.fset.Position(fn.End()).Line - u.fset.Position(fn.Pos()).Line + 1; lines > maxFunctionLines {
				report(fn.Pos(), "%s has %d lines, more than %d; name its steps as functions", fn.Name.Name, lines, maxFunctionLines)
			}
		}
	}
}

// checkDocs wants every package and everything exported at the top level
// explained. A group may share one comment.
func checkDocs(u *unit, report reporter) {
	explained := false
	for _, f := range u.files {
		explained = explained || f.Doc != nil
		for _, decl := range f.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Doc == nil && decl.Name.IsExported() && exportedReceiver(decl) {
					report(decl.Pos(), "%s is exported without a doc comment; say what it means, its units and its failures", decl.Name.Name)
				}
			case *ast.GenDecl:
				checkGroupDocs(decl, report)
			}
		}
	}
	if !explained {
		report(u.files[0].Package, "package %s has no doc comment; say what it is for and what it does not do", u.name)
	}
}

// exportedReceiver reports whether a function is no method, or one of an exported
// type.
func exportedReceiver(fn *ast.FuncDecl) bool {
	if fn.Recv == nil {
		return true
	}
	for t := fn.Recv.List[0].Type; ; {
		switch inner := t.(type) {
		case *ast.StarExpr:
			t = inner.X
		case *ast.IndexExpr:
			t = inner.X
		case *ast.IndexListExpr:
			t = inner.X
		case *ast.Ident:
			return inner.IsExported()
		default:
			return true
		}
	}
}

// checkGroupDocs looks at types, constants and variables.
func checkGroupDocs(group *ast.GenDecl, report reporter) {
	for _, spec := range group.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if group.Doc == nil && spec.Doc == nil && spec.Name.IsExported() {
				report(spec.Pos(), "type %s is exported without a doc comment; say what it means and what always holds", spec.Name.Name)
			}
		case *ast.ValueSpec:
			if group.Doc != nil || spec.Doc != nil || spec.Comment != nil {
				continue
			}
			for _, name := range spec.Names {
				if name.IsExported() {
					report(name.Pos(), "%s is exported without a doc comment; say what it means, with its unit", name.Name)
				}
			}
		}
	}
}

// unfinished matches the words that mark work left for later. They are split
// here, or this file would break its own rule.
var unfinished = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)

// checkUnfinished keeps promises out of the source: finish it, or drop it.
func checkUnfinished(u *unit, report reporter) {
	for _, c := range u.comments() {
		for _, at := range unfinished.FindAllStringIndex(c.Text, -1) {
			report(c.Pos()+token.Pos(at[0]), "%s: finish it now, or leave it out and say in the documentation what is missing", c.Text[at[0]:at[1]])
		}
	}
}

// comments returns every comment of a unit.
func (u *unit) comments() []*ast.Comment {
	var all []*ast.Comment
	for _, f := range u.files {
		for _, group := range f.Comments {
			all = append(all, group.List...)
		}
	}
	return all
}
