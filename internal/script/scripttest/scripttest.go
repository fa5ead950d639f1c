// Package scripttest runs files of package script as tests.
package scripttest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stampede-sim/stampede/internal/script"
)

var rewrite = flag.Bool("rewrite", false, "replace the expected output of test scripts by the actual output")

// Handler executes one command of a test, as [script.Handler] does.
type Handler func(t *testing.T, c *script.Command) string

// Walk calls fn in a subtest for every .txt file of a directory, in the order of
// their names. A directory without any is fatal: a script that silently stopped
// running is worse than none.
func Walk(t *testing.T, dir string, fn func(t *testing.T, path string)) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatalf("%s: no .txt scripts here", dir)
	}
	for _, path := range paths { // Glob sorts
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		t.Run(name, func(t *testing.T) { fn(t, path) })
	}
}

// Run executes the commands of one file in order and compares their output with
// what the file expects, or rewrites the file under -rewrite.
func Run(t *testing.T, path string, h Handler) {
	t.Helper()
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rewritten, diffs, err := script.Execute(path, string(source), func(c *script.Command) string { return h(t, c) })
	if err != nil {
		t.Fatal(err)
	}
	if *rewrite {
		if err := os.WriteFile(path, []byte(rewritten), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, diff := range diffs {
		t.Error(diff)
	}
}
