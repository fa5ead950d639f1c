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
//
// Package scripttest runs files as tests. [Play] plays one for its own sake.
package script

import "strings"

// Handler executes one command and returns its output; a missing final newline
// is added. It reports misuse with [Command.Fatalf] and [Command.Unknown].
type Handler func(c *Command) string

// Execute plays the text of a file. It returns the text with actual outputs in place, a
// diff for every command whose output differs from what the file expects, and the misuse
// that ended it early, if any.
func Execute(path, source string, do Handler) (rewritten string, diffs []string, err error) {
	blocks, err := parser{path: path, lines: lines(source)}.parse()
	if err != nil {
		return "", nil, err
	}
	return execute(blocks, do)
}

// Part is a part of a file as it is played: a line of the story, "" for an empty one, or a
// command with what it came to.
type Part struct {
	Text    string
	Command *Command
	Output  string
}

// Play plays the text of a file for who wants to read what comes of it, and shows each part
// as soon as it is played. What the file expects is passed over; a command may as well stand
// alone, without the dashes.
func Play(path, source string, do Handler, show func(Part)) error {
	blocks, err := parser{path: path, lines: lines(source), bare: true}.parse()
	if err != nil {
		return err
	}
	for _, b := range blocks {
		if b.command == nil {
			show(Part{Text: strings.TrimSuffix(b.text, "\n")})
			continue
		}
		out, err := call(b.command, do)
		if err != nil {
			return err
		}
		show(Part{Command: b.command, Output: out})
	}
	return nil
}

// execute runs every block. It returns the text of the file with actual outputs
// in place, a diff for every block whose output differs, and the misuse that
// ended the run early, if any.
func execute(blocks []block, run Handler) (rewritten string, diffs []string, err error) {
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
func call(c *Command, run Handler) (out string, err error) {
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
