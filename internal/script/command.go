package script

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Command is one command of a script. Its accessors remember what was read: when
// the handler returns with a word or key unread, the script is wrong, because a
// misspelt option must not pass as an absent one.
type Command struct {
	// Line is the command line, Name its first word.
	Line, Name string
	// Input is the text between the command line and the dashes.
	Input string
	// Pos is "file:line" of the command line.
	Pos string
	// Expected is the output that the file expects, for handlers that forgive known
	// differences: what they return is compared with it all the same.
	Expected string

	args []arg
}

// ParseLine reads one command line, for handlers whose input is lines of commands.
// What goes wrong with it is reported at the position given.
func ParseLine(pos, line string) (*Command, error) {
	if strings.TrimSpace(line) == "" {
		return nil, errors.New("an empty line is no command")
	}
	c, err := parseCommand(line)
	if err != nil {
		return nil, err
	}
	c.Pos = pos
	return c, nil
}

// Skip is for commands that do not concern a handler: it counts everything as read
// and returns the expected output.
func (c *Command) Skip() string {
	for i := range c.args {
		c.args[i].read = true
	}
	return c.Expected
}

// Done ends the test if anything of the command line was not read. Commands of a file
// need no call; those of [ParseLine] do.
func (c *Command) Done() { c.finish() }

// arg is a bare word (no key, one value) or key=values.
type arg struct {
	key    string
	values []string
	read   bool
}

// misuse is the panic that carries a script's error out of a handler.
type misuse string

func (m misuse) Error() string { return string(m) }

// Fatalf ends the test with the command's position and the message.
func (c *Command) Fatalf(format string, args ...any) {
	panic(misuse(c.Pos + ": " + fmt.Sprintf(format, args...)))
}

// Unknown ends the test because the handler does not know the command. It
// returns a string only so that a handler's default case can return it.
func (c *Command) Unknown() string {
	c.Fatalf("unknown command %q", c.Name)
	return ""
}

// Word returns the next unread bare word; what names it in the error if there
// is none.
func (c *Command) Word(what string) string {
	for i := range c.args {
		if a := &c.args[i]; a.key == "" && !a.read {
			a.read = true
			return a.values[0]
		}
	}
	c.Fatalf("%s needs a word: %s", c.Name, what)
	return ""
}

// IntWord is [Command.Word] for an integer.
func (c *Command) IntWord(what string) int64 { return c.parseInt(what, c.Word(what)) }

// Words returns all unread bare words.
func (c *Command) Words() []string {
	var words []string
	for i := range c.args {
		if a := &c.args[i]; a.key == "" && !a.read {
			a.read = true
			words = append(words, a.values[0])
		}
	}
	return words
}

// Flag reports whether the bare word is present and unread, and reads it.
func (c *Command) Flag(word string) bool {
	for i := range c.args {
		if a := &c.args[i]; a.key == "" && !a.read && a.values[0] == word {
			a.read = true
			return true
		}
	}
	return false
}

// HasWord reports whether the bare word is present. It does not count as reading it.
func (c *Command) HasWord(word string) bool {
	return slices.ContainsFunc(c.args, func(a arg) bool { return a.key == "" && a.values[0] == word })
}

// Has reports whether the key is present. It does not count as reading it.
func (c *Command) Has(key string) bool { return c.find(key) != nil }

// Values returns the values of a key, nil if it is absent.
func (c *Command) Values(key string) []string {
	a := c.find(key)
	if a == nil {
		return nil
	}
	a.read = true
	return slices.Clone(a.values)
}

// Ints returns the values of a key as integers, nil if it is absent.
func (c *Command) Ints(key string) []int64 {
	var ints []int64
	for _, v := range c.Values(key) {
		ints = append(ints, c.parseInt(key, v))
	}
	return ints
}

// Text returns the one value of a key that must be present.
func (c *Command) Text(key string) string {
	if !c.Has(key) {
		c.Fatalf("%s needs %s=…", c.Name, key)
	}
	values := c.Values(key)
	if len(values) != 1 {
		c.Fatalf("%s takes one value, not %d", key, len(values))
	}
	return values[0]
}

// TextOr is [Command.Text] with a default for an absent key.
func (c *Command) TextOr(key, absent string) string {
	if !c.Has(key) {
		return absent
	}
	return c.Text(key)
}

// TextIs reports whether the key is present with this one value. Only then it counts
// as read.
func (c *Command) TextIs(key, value string) bool {
	a := c.find(key)
	if a == nil || len(a.values) != 1 || a.values[0] != value {
		return false
	}
	a.read = true
	return true
}

// Int returns the integer value of a key that must be present.
func (c *Command) Int(key string) int64 { return c.parseInt(key, c.Text(key)) }

// IntOr is [Command.Int] with a default for an absent key.
func (c *Command) IntOr(key string, absent int64) int64 {
	if !c.Has(key) {
		return absent
	}
	return c.Int(key)
}

// Duration returns the value of a key that must be present, as in "200ms".
func (c *Command) Duration(key string) time.Duration {
	d, err := time.ParseDuration(c.Text(key))
	if err != nil {
		c.Fatalf("%s: %v", key, err)
	}
	return d
}

// DurationOr is [Command.Duration] with a default for an absent key.
func (c *Command) DurationOr(key string, absent time.Duration) time.Duration {
	if !c.Has(key) {
		return absent
	}
	return c.Duration(key)
}

func (c *Command) parseInt(what, s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		c.Fatalf("%s: %q is not an integer", what, s)
	}
	return n
}

// find returns the argument with this key, or nil.
func (c *Command) find(key string) *arg {
	for i := range c.args {
		if c.args[i].key == key {
			return &c.args[i]
		}
	}
	return nil
}

// finish ends the test if anything of the command line was not read.
func (c *Command) finish() {
	for _, a := range c.args {
		switch {
		case a.read:
		case a.key == "":
			c.Fatalf("%s does not take the word %q", c.Name, a.values[0])
		default:
			c.Fatalf("%s does not take the key %q", c.Name, a.key)
		}
	}
}
