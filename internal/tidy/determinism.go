package tidy

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"regexp"
	"strings"
)

// bannedImports maps packages that reach outside a simulation to what to do
// instead.
var bannedImports = map[string]string{
	"context":       "nothing is cancelled from outside; return a value",
	"crypto/rand":   "draw from the *rand.Rand handed in",
	"hash/maphash":  "its seed differs between processes; use hash/fnv or the world's hash",
	"io/ioutil":     "files belong to node.Disk, or to cmd and reports",
	"log":           "state a fact with Env.Observe, or return an error",
	"log/slog":      "state a fact with Env.Observe, or return an error",
	"math/rand":     "draw from the *rand.Rand of math/rand/v2 handed in",
	"net":           "messages travel on node.Conn",
	"net/http":      "messages travel on node.Conn",
	"os":            "files belong to node.Disk; flags and the environment to cmd",
	"os/exec":       "processes belong to the simulated world",
	"os/signal":     "signals belong to cmd",
	"os/user":       "the machine must not show through",
	"reflect":       "what it says may depend on the program, not the run; use a type switch",
	"runtime":       "the machine must not show through",
	"runtime/trace": "the machine must not show through",
	"sync":          "everything here runs on one thread",
	"sync/atomic":   "everything here runs on one thread",
	"syscall":       "the machine must not show through",
	"testing":       "only tests import it",
	"time/tzdata":   "time zones belong to the machine",
	"unique":        "its handles compare by address; use the value",
	"unsafe":        "addresses differ from run to run",
	"weak":          "the garbage collector must not show through",
}

// bannedTime are the functions of package time that read or wait for the wall
// clock or the machine's time zone. Durations and formatting are welcome.
var bannedTime = map[string]bool{
	"Now": true, "Since": true, "Until": true, "Sleep": true, "After": true, "AfterFunc": true,
	"Tick": true, "NewTimer": true, "NewTicker": true, "Local": true, "LoadLocation": true,
}

// allowedRand are the functions of math/rand/v2 that draw nothing.
var allowedRand = map[string]bool{
	"New": true, "NewPCG": true, "NewChaCha8": true, "NewZipf": true,
	"Rand": true, "Source": true, "PCG": true, "ChaCha8": true, "Zipf": true,
}

// checkAmbient keeps out whatever a run could learn from outside itself.
func checkAmbient(u *unit, report reporter) {
	for _, spec := range u.imports() {
		path := importPath(spec)
		if instead, banned := bannedImports[path]; banned {
			report(spec.Pos(), "%s is out of bounds here: %s", path, instead)
		}
		if spec.Name != nil && spec.Name.Name == "." {
			report(spec.Pos(), "a dot import hides where names come from; import %s by name", path)
		}
	}
	u.inspect(func(n ast.Node) {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return
		}
		switch path, name, _ := u.imported(sel); {
		case path == "time" && bannedTime[name]:
			report(sel.Pos(), "time.%s depends on the machine; take the time from Env.Now or as an argument", name)
		case path == "math/rand/v2" && !allowedRand[name]:
			report(sel.Pos(), "rand.%s draws from a source all share; draw from the *rand.Rand handed in", name)
		}
	})
}

// checkConcurrency keeps everything on one thread.
func checkConcurrency(u *unit, report reporter) {
	u.inspect(func(n ast.Node) {
		switch n := n.(type) {
		case *ast.GoStmt:
			report(n.Pos(), "the scheduler would decide what happens first; write a callback, or a node.Task")
		case *ast.SelectStmt:
			report(n.Pos(), "select picks at random; write a callback, or await a node.Signal")
		case *ast.ChanType:
			report(n.Pos(), "nothing here runs concurrently, so a channel has nobody to talk to; use a slice")
		case *ast.SendStmt:
			report(n.Pos(), "sending on a channel blocks the only thread; use a slice")
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				report(n.Pos(), "receiving from a channel blocks the only thread; use a slice")
			}
		}
	})
}

var pointerVerb = regexp.MustCompile(`%[-+#0-9.]*p`)

// checkAddresses keeps addresses, which differ from run to run, out of texts.
func checkAddresses(u *unit, report reporter) {
	u.inspect(func(n ast.Node) {
		lit, ok := n.(*ast.BasicLit)
		if ok && lit.Kind == token.STRING && pointerVerb.MatchString(strings.ReplaceAll(lit.Value, "%%", "")) {
			report(lit.Pos(), "%%p prints an address, which differs from run to run; print an id")
		}
	})
}

// searchTimeouts are porcupine's entry points that take a timeout, with its
// position among the arguments.
var searchTimeouts = map[string]int{
	"CheckOperationsTimeout": 2, "CheckEventsTimeout": 2, "CheckOperationsVerbose": 2, "CheckEventsVerbose": 2,
}

// checkSearchBudget keeps the wall clock from deciding a verdict: a loaded
// machine would turn a violation into an unknown.
func checkSearchBudget(u *unit, report reporter) {
	u.inspect(func(n ast.Node) {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return
		}
		path, name, _ := u.imported(call.Fun)
		arg, timed := searchTimeouts[name]
		if path != "github.com/anishathalye/porcupine" || !timed || len(call.Args) <= arg {
			return
		}
		if !isZero(u.info.Types[call.Args[arg]]) {
			report(call.Pos(), "%s with a timeout makes the verdict depend on the machine; pass 0 and bound the history instead", name)
		}
	})
}

// isZero reports whether an expression is the constant 0.
func isZero(tv types.TypeAndValue) bool {
	return tv.Value != nil && tv.Value.Kind() == constant.Int && constant.Sign(tv.Value) == 0
}
