package script

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestCalculator runs a little calculator over a file that uses all there is.
func TestCalculator(t *testing.T) {
	source, err := os.ReadFile("testdata/calculator.txt")
	if err != nil {
		t.Fatal(err)
	}
	again, diffs, err := Execute("calculator.txt", string(source), calculate)
	if err != nil || len(diffs) > 0 || again != string(source) {
		t.Errorf("%v\n%s\nrewritten as\n%s", err, strings.Join(diffs, "\n"), again)
	}
}

// TestPlayShowsWhatComesOfCommands: what is expected is passed over, and dashes may be
// missing, as may the story.
func TestPlayShowsWhatComesOfCommands(t *testing.T) {
	var shown []string
	err := Play("f.txt", "# Sums.\nsum of=(1,2)\n\nsum of=(2,2)\n----\n5\n\nsum of=1\nsum loudly", calculate, func(p Part) {
		if p.Command == nil {
			shown = append(shown, p.Text)
			return
		}
		shown = append(shown, p.Command.Line+" is "+strings.TrimSpace(p.Output))
	})
	want := []string{"# Sums.", "sum of=(1,2) is 3", "", "sum of=(2,2) is 4", "", "sum of=1 is 1"}
	if !slices.Equal(shown, want) || err == nil || !strings.Contains(err.Error(), "f.txt:9: sum does not take the word \"loudly\"") {
		t.Errorf("shown %q, %v; want %q", shown, err, want)
	}
}

func calculate(c *Command) string {
	switch c.Name {
	case "sum":
		total := c.IntOr("start", 0)
		for _, n := range c.Ints("of") {
			total += n
		}
		if c.Flag("loud") {
			return fmt.Sprintf("%d!", total)
		}
		return fmt.Sprint(total)
	case "echo":
		return c.Input
	case "join":
		return strings.Join(append([]string{c.Word("a first word")}, c.Words()...), c.TextOr("with", " "))
	case "double":
		return (2 * c.DurationOr("time", 0)).String()
	}
	return c.Unknown()
}

// do parses and runs a source with the calculator.
func do(source string) (rewritten string, diffs []string, err error) {
	return Execute("f.txt", source, calculate)
}

func TestMisuseIsFatalWithPosition(t *testing.T) {
	const story = "# Story.\n\n"
	for _, tc := range []struct{ name, source, want string }{
		{"no story", "sum of=1\n----\n1\n", "f.txt:1: a script starts with its story"},
		{"empty file", "", "f.txt:1: a script starts with its story"},
		{"no dashes", story + "sum of=1\n1\n", `f.txt:3: command "sum" has no ---- line`},
		{"unknown command", story + "sun of=1\n----\n", `f.txt:3: unknown command "sun"`},
		{"unknown key", story + "sum off=1\n----\n", `f.txt:3: sum does not take the key "off"`},
		{"unknown word", story + "sum quietly\n----\n", `f.txt:3: sum does not take the word "quietly"`},
		{"key twice", story + "sum of=1 of=2\n----\n", `f.txt:3: key "of" is given twice`},
		{"no key", story + "sum =1\n----\n", `f.txt:3: "=1" has no key`},
		{"open parenthesis", story + "sum of=(1,2\n----\n", "f.txt:3: parentheses do not balance"},
		{"not an integer", story + "sum of=x\n----\n", `f.txt:3: of: "x" is not an integer`},
		{"two values for one", story + "sum start=(1,2)\n----\n", "f.txt:3: start takes one value, not 2"},
		{"missing word", story + "join\n----\n", "f.txt:3: join needs a word: a first word"},
		{"not a duration", story + "double time=5\n----\n", "f.txt:3: time: time: missing unit"},
		{"open fence", story + "echo\n----\n----\nx\n", "f.txt:5: output opened by doubled ----"},
		{"second block", story + "sum\n----\n0\n\nsun\n----\n", `f.txt:7: unknown command "sun"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := do(tc.source)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want one containing %q", err, tc.want)
			}
		})
	}
}

func TestMismatchShowsDiff(t *testing.T) {
	_, diffs, err := do("# Story.\n\necho\na\nb\nc\n----\na\nx\nc\n\nsum of=(1,2)\n----\n3\n")
	if err != nil {
		t.Fatal(err)
	}
	want := "f.txt:3: output of \"echo\" differs (- expected, + actual; -rewrite accepts it)\n  a\n- x\n+ b\n  c\n"
	if len(diffs) != 1 || diffs[0] != want {
		t.Errorf("got %q\nwant one: %q", diffs, want)
	}
}

func TestRewriteKeepsEverythingButOutput(t *testing.T) {
	got, _, err := do("# Story.\n\n# note\nsum  of=( 1, 2 )\n----\nstale\nlines\n\necho\na\n\nb\n----\nstale\n")
	if err != nil {
		t.Fatal(err)
	}
	want := "# Story.\n\n# note\nsum  of=( 1, 2 )\n----\n3\n\necho\na\n\nb\n----\n----\na\n\nb\n----\n----\n"
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestRewrittenFilePasses: whatever a command prints, the rewritten file holds
// it in a form that is read back the same.
func TestRewrittenFilePasses(t *testing.T) {
	line := rapid.SampledFrom([]string{"", "x", "# y", "----", " ", "sum of=1"})
	rapid.Check(t, func(t *rapid.T) {
		outputs := rapid.SliceOfN(rapid.SliceOfN(line, 0, 5), 1, 4).Draw(t, "outputs")
		source := "# Story.\n" + strings.Repeat("\nnext\n----\n", len(outputs))
		replay := func(source string) (string, []string, error) {
			blocks, err := parser{path: "f.txt", lines: lines(source)}.parse()
			if err != nil {
				t.Fatalf("%v in:\n%s", err, source)
			}
			i := -1
			return execute(blocks, func(*Command) string { i++; return joinLines(outputs[i]) })
		}
		rewritten, _, err := replay(source)
		if err != nil {
			return // refused: dashes inside the output
		}
		again, diffs, err := replay(rewritten)
		if err != nil || len(diffs) > 0 || again != rewritten {
			t.Fatalf("%v %v\nrewritten:\n%s\nagain:\n%s", err, diffs, rewritten, again)
		}
	})
}

// TestDiff holds the diff to its meaning: minus lines and common lines are the
// first text, plus lines and common lines the second, and no more is marked than
// a brute-force search for common lines needs.
func TestDiff(t *testing.T) {
	line := rapid.SampledFrom([]string{"a", "b", "c"})
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.SliceOfN(line, 0, 7).Draw(t, "from")
		to := rapid.SliceOfN(line, 0, 7).Draw(t, "to")
		var first, second, common []string
		for _, l := range splitLines(diff(joinLines(from), joinLines(to))) {
			mark, text := l[:2], l[2:]
			if mark != "+ " {
				first = append(first, text)
			}
			if mark != "- " {
				second = append(second, text)
			}
			if mark == "  " {
				common = append(common, text)
			}
		}
		if joinLines(first) != joinLines(from) || joinLines(second) != joinLines(to) {
			t.Fatalf("the diff of %v and %v tells of %v and %v", from, to, first, second)
		}
		if best := longestCommon(from, to); len(common) != best {
			t.Fatalf("%d lines in common, %d possible", len(common), best)
		}
	})
}

// longestCommon is the dumb twin: try every choice.
func longestCommon(a, b []string) int {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	if a[0] == b[0] {
		return 1 + longestCommon(a[1:], b[1:])
	}
	return max(longestCommon(a[1:], b), longestCommon(a, b[1:]))
}

// A handler that skips a command leaves its words unread, and gets what the file expects.
func TestSkippedCommandsKeepTheirOutput(t *testing.T) {
	source := "# Story.\n\nsum of=1 loudly\n----\nsomething\nelse\n"
	_, diffs, err := Execute("f.txt", source, func(c *Command) string { return c.Skip() })
	if err != nil || len(diffs) > 0 {
		t.Errorf("%v %v", diffs, err)
	}
}

func TestParsedLinesAreCommands(t *testing.T) {
	c, err := ParseLine("f.txt:7", "sum of=(1,2) quietly")
	if err != nil {
		t.Fatal(err)
	}
	if !c.HasWord("quietly") || c.HasWord("of") || c.TextIs("of", "1") || c.TextIs("by", "") {
		t.Error("words and keys are mixed up")
	}
	if got := c.Ints("of"); len(got) != 2 {
		t.Errorf("of is %v", got)
	}
	if _, err := call(c, func(c *Command) string { c.Done(); return "" }); err == nil || !strings.Contains(err.Error(), `f.txt:7: sum does not take the word "quietly"`) {
		t.Errorf("the unread word was reported as %v", err)
	}
	if _, err := ParseLine("f.txt:8", "  "); err == nil {
		t.Error("an empty line passed")
	}
}
