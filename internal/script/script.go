// Package script runs tests written as readable files: a story, commands, and
// the output each command must produce. It follows cockroachdb/datadriven in
// spirit and is small enough to read in one sitting.
//
// A file starts with its story, a paragraph of # lines, and goes on with blocks
// separated by blank lines:
//
//	# A longer log wins over a higher server id.
//
//	start 1 zxid=1:9 peers=(2,3)
//	optional input, up to the four dashes
//	----
//	the expected output, up to a blank line
//
// The first word of a command line is the command's name. The others are bare
// words, key=value, or key=(value,value,...). Output that contains blank lines
// is written between doubled dashes:
//
//	show
//	----
//	----
//	first
//
//	second
//	----
//	----
//
// A file is strict: a command the handler does not know, a word or key it did
// not read, a value it cannot parse, and a missing file all end the test with
// file:line. Mismatching output is shown as a diff, and the rest of the file
// still runs. With -rewrite the expected output is replaced by the actual one:
//
//	go test ./nodes/quorum -rewrite
package script

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "replace the expected output of test scripts by the actual output")

// Handler executes one command and returns its output; a missing final newline
// is added. It reports misuse with [Command.Fatalf] and [Command.Unknown].
type Handler func(t *testing.T, c *Command) string

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
	blocks, err := parse(path, string(source))
	if err != nil {
		t.Fatal(err)
	}
	rewritten, diffs, err := execute(blocks, func(c *Command) string { return h(t, c) })
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

// execute runs every block. It returns the text of the file with actual outputs
// in place, a diff for every block whose output differs, and the misuse that
// ended the run early, if any.
func execute(blocks []block, run func(*Command) string) (rewritten string, diffs []string, err error) {
	var b strings.Builder
	for i := range blocks {
		bl := &blocks[i]
		b.WriteString(bl.text)
		if bl.command == nil {
			continue
		}
		actual, err := call(bl.command, run)
		if err != nil {
			return "", nil, err
		}
		if actual != bl.expected {
			diffs = append(diffs, describeMismatch(bl, actual))
		}
		b.WriteString(formatOutput(actual))
	}
	return b.String(), diffs, nil
}

// call runs one command and turns its misuse into an error.
func call(c *Command, run func(*Command) string) (out string, err error) {
	defer func() {
		if r := recover(); r != nil {
			m, ok := r.(misuse)
			if !ok {
				panic(r)
			}
			err = m
		}
	}()
	out = run(c)
	c.finish()
	if out != "" && !strings.HasSuffix(out, "\n") {
		out += "\n"
	}
	if strings.Contains("\n"+out, "\n"+separator+"\n") {
		c.Fatalf("output holds a line %s, which means something else in a script", separator)
	}
	return out, nil
}
