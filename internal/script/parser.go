package script

import (
	"fmt"
	"strings"
)

const separator = "----"

// block is a stretch of a file: comments and blank lines alone, or a command
// together with its input and expected output.
type block struct {
	// text is the source up to and including the separator, which a rewrite
	// keeps to the byte.
	text     string
	command  *Command // nil for comments and blank lines
	expected string   // with a final newline unless empty
}

// parser walks the lines of a file.
type parser struct {
	path  string
	lines []string
	next  int // index of the next unread line
	// bare: commands take no input, and their expected output may be missing.
	bare bool
}

func lines(source string) []string { return strings.Split(strings.TrimSuffix(source, "\n"), "\n") }

// parse cuts a file into blocks.
func (p parser) parse() ([]block, error) {
	if !p.bare && !strings.HasPrefix(p.lines[0], "#") {
		return nil, p.errorf(1, "a script starts with its story, a paragraph of # lines")
	}
	var blocks []block
	for p.next < len(p.lines) {
		bl, err := p.block()
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, bl)
	}
	return blocks, nil
}

func (p *parser) errorf(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", p.path, line, fmt.Sprintf(format, args...))
}

func (p *parser) block() (block, error) {
	line := p.lines[p.next]
	if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
		p.next++
		return block{text: line + "\n"}, nil
	}
	first := p.next
	c, err := parseCommand(line)
	if err != nil {
		return block{}, p.errorf(first+1, "%v", err)
	}
	c.Pos = fmt.Sprintf("%s:%d", p.path, first+1)
	p.next++
	if p.bare && (p.next == len(p.lines) || p.lines[p.next] != separator) {
		return block{text: line + "\n", command: c}, nil
	}
	for ; ; p.next++ {
		if p.next == len(p.lines) {
			return block{}, p.errorf(first+1, "command %q has no %s line", c.Name, separator)
		}
		if p.lines[p.next] == separator {
			break
		}
	}
	c.Input = joinLines(p.lines[first+1 : p.next])
	p.next++
	text := joinLines(p.lines[first:p.next])
	expected, err := p.output()
	c.Expected = expected
	return block{text: text, command: c, expected: expected}, err
}

// output reads the expected output after a separator.
func (p *parser) output() (string, error) {
	first := p.next
	if first < len(p.lines) && p.lines[first] == separator {
		return p.fencedOutput()
	}
	for p.next < len(p.lines) && p.lines[p.next] != "" {
		p.next++
	}
	return joinLines(p.lines[first:p.next]), nil
}

// fencedOutput reads output that may hold blank lines, up to doubled dashes.
func (p *parser) fencedOutput() (string, error) {
	first := p.next
	for i := first + 1; i+1 < len(p.lines); i++ {
		if p.lines[i] == separator && p.lines[i+1] == separator {
			p.next = i + 2
			return joinLines(p.lines[first+1 : i]), nil
		}
	}
	return "", p.errorf(first+1, "output opened by doubled %s is never closed by doubled %s", separator, separator)
}

// formatOutput renders output the way [parser.output] reads it.
func formatOutput(out string) string {
	if strings.HasPrefix(out, "\n") || strings.Contains(out, "\n\n") {
		fence := separator + "\n"
		return fence + out + fence + fence
	}
	return out
}

// joinLines ends every line with a newline; no lines are the empty text.
func joinLines(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// parseCommand reads "name word key=value key=(a,b)".
func parseCommand(line string) (*Command, error) {
	tokens, err := splitTokens(line)
	if err != nil {
		return nil, err
	}
	c := &Command{Line: line, Name: tokens[0]}
	for _, tok := range tokens[1:] {
		key, value, keyed := strings.Cut(tok, "=")
		if !keyed {
			c.args = append(c.args, arg{values: []string{tok}})
			continue
		}
		if key == "" {
			return nil, fmt.Errorf("%q has no key before the =", tok)
		}
		if c.find(key) != nil {
			return nil, fmt.Errorf("key %q is given twice", key)
		}
		c.args = append(c.args, arg{key: key, values: splitValues(value)})
	}
	return c, nil
}

// splitTokens cuts a line at spaces outside parentheses.
func splitTokens(line string) ([]string, error) {
	var tokens []string
	depth, start := 0, -1
	for i, r := range line + " " {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		}
		switch blank := r == ' ' && depth <= 0; {
		case !blank && start < 0:
			start = i
		case blank && start >= 0:
			tokens, start = append(tokens, line[start:i]), -1
		}
	}
	if depth != 0 {
		return nil, fmt.Errorf("parentheses do not balance in %q", line)
	}
	return tokens, nil
}

// splitValues reads "a" or "(a,b)"; "()" holds no value.
func splitValues(s string) []string {
	inner, ok := strings.CutPrefix(s, "(")
	if !ok || !strings.HasSuffix(inner, ")") {
		return []string{s}
	}
	inner = strings.TrimSuffix(inner, ")")
	if strings.TrimSpace(inner) == "" {
		return nil
	}
	values := strings.Split(inner, ",")
	for i := range values {
		values[i] = strings.TrimSpace(values[i])
	}
	return values
}
