package conformance

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/internal/script"
)

// body encodes the request that a command describes. What it leaves out is what a
// client would send by default: no data, the open list, any version, no watch.
func (p *player) body(c *script.Command, o operation) []byte {
	var b []byte
	for _, f := range o.request {
		b = p.appendField(b, c, f)
	}
	return b
}

func (p *player) appendField(b []byte, c *script.Command, f field) []byte {
	switch f.kind {
	case kindText:
		return p.appendTextField(b, c, f)
	case kindBytes:
		return appendBytes(b, data(c, f.name))
	case kindACL:
		if c.TextIs(f.name, "null") {
			return appendInt(b, -1)
		}
		return appendACL(b, p.accessList(c, f.name))
	case kindBool:
		return appendBool(b, c.Flag(f.name))
	case kindInt:
		return appendInt(b, int32(number(c, f.name)))
	case kindLong:
		return appendLong(b, number(c, f.name))
	case kindZxid:
		return appendLong(b, p.zxidOf(c, c.Text(f.name)))
	case kindTexts:
		return appendTexts(b, paths(c, f.name))
	case kindMulti:
		return p.appendMulti(b, c)
	}
	c.Fatalf("%s: fields of kind %s are not for requests", f.name, f.kind)
	return nil
}

// appendTextField takes a path from the next bare word, other texts by their key;
// one that is not given is null.
func (p *player) appendTextField(b []byte, c *script.Command, f field) []byte {
	if f.name == "path" {
		return appendText(b, unescape(c, c.Word("a path")))
	}
	if !c.Has(f.name) {
		return appendInt(b, -1)
	}
	return appendText(b, p.fill(strings.Join(c.Values(f.name), ",")))
}

// unescape reads %XX in a path: spaces, control characters, parentheses, bytes that
// are no UTF-8.
func unescape(c *script.Command, text string) string {
	out, err := url.PathUnescape(text)
	if err != nil {
		c.Fatalf("%v", err)
	}
	if out == "empty" {
		return ""
	}
	return out
}

func paths(c *script.Command, key string) []string {
	out := []string{}
	for _, v := range c.Values(key) {
		out = append(out, unescape(c, v))
	}
	return out
}

// data reads data=text, data=null, or size=n for so many bytes.
func data(c *script.Command, key string) []byte {
	if c.Has("size") {
		return []byte(strings.Repeat("x", int(c.Int("size"))))
	}
	switch text := unescape(c, c.TextOr(key, "")); text {
	case "null":
		return nil
	default:
		return []byte(text)
	}
}

// number reads a number or its name.
func number(c *script.Command, name string) int64 {
	key := name
	if name == "flags" {
		key = "mode"
	}
	absent := "0"
	switch name {
	case "version", "config":
		absent = "-1"
	case "type":
		absent = "any"
	}
	if c.Name == "auth" {
		absent = "0"
	}
	text := c.TextOr(key, absent)
	if n, ok := numberNames[name][text]; ok {
		return n
	}
	n, err := strconv.ParseInt(text, 0, 64)
	if err != nil {
		c.Fatalf("%s: %q is neither a number nor a name", key, text)
	}
	return n
}

var permissionLetters = []struct {
	letter byte
	bit    int32
}{{'c', 4}, {'d', 8}, {'r', 1}, {'w', 2}, {'a', 16}}

// accessList reads acl=(world:anyone:cdrwa,…); without it, the open list. $me is our own
// address.
func (p *player) accessList(c *script.Command, key string) []permission {
	if !c.Has(key) {
		return []permission{{31, "world", "anyone"}}
	}
	out := []permission{}
	for _, entry := range c.Values(key) {
		scheme, rest, ok := strings.Cut(entry, ":")
		i := strings.LastIndexByte(rest, ':')
		if !ok || i < 0 {
			c.Fatalf("acl entry %q: want scheme:id:perms", entry)
		}
		out = append(out, permission{perms(c, rest[i+1:]), scheme, strings.ReplaceAll(rest[:i], "$me", p.target.Client())})
	}
	return out
}

func perms(c *script.Command, text string) int32 {
	var bits int32
	for i := range len(text) {
		known := false
		for _, l := range permissionLetters {
			if l.letter == text[i] {
				bits, known = bits|l.bit, true
			}
		}
		if !known {
			c.Fatalf("permissions are letters of cdrwa, not %q", text)
		}
	}
	return bits
}

// appendMulti reads one operation a line of the command's input. A line "end" closes
// the list early, "raw N" is an operation of type N with no body.
func (p *player) appendMulti(b []byte, c *script.Command) []byte {
	for line := range strings.Lines(c.Input) {
		sub, err := script.ParseLine(c.Pos, strings.TrimSuffix(line, "\n"))
		if err != nil {
			c.Fatalf("%v", err)
		}
		o, ok := operationNamed(sub.Name)
		if !ok {
			c.Fatalf("%q is no operation", sub.Name)
		}
		b = appendInt(appendBool(appendInt(b, o.code), false), -1)
		b = append(b, p.body(sub, o)...)
		sub.Done()
	}
	return appendInt(appendBool(appendInt(b, -1), true), -1)
}

// fill replaces $1, $2 … by the addresses of the target's servers, as they stand in a
// configuration ("localhost:2888:3888"), and $1c, $2c … by those for clients.
func (p *player) fill(text string) string {
	for sid := range p.target.Servers() {
		text = strings.ReplaceAll(text, fmt.Sprintf("$%dc", sid+1), p.target.ClientAddress(sid+1))
		text = strings.ReplaceAll(text, fmt.Sprintf("$%d", sid+1), p.target.Address(sid+1))
	}
	return text
}
