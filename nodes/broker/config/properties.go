package config

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Property is an entry of a file of Java properties.
type Property struct {
	Name, Value string
	// Line is where it begins, from 1.
	Line int
}

// Properties reads a text in the format of java.util.Properties: a key and a value, which
// "=", ":" or white space separates; lines that begin with # or ! are comments; a line
// that ends in an odd number of backslashes goes on in the next, whose white space at the
// front does not count; \t, \n, \f, \r and \uXXXX stand for characters, and a backslash
// before anything else for nothing. All that can be wrong is a \u without four digits.
func Properties(text string) (list []Property, errs []error) {
	rest, number := text, 0
	for rest != "" {
		at := number + 1
		line, lines := "", 0
		line, rest, lines = logicalLine(rest)
		number += lines
		if line == "" {
			continue
		}
		name, value := split(line)
		p := Property{Line: at}
		var err error
		if p.Name, err = unescape(name); err == nil {
			p.Value, err = unescape(value)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%d: %w", at, err))
			continue
		}
		list = append(list, p)
	}
	return list, errs
}

// logicalLine cuts off what stands on one line or is continued, "" for a comment or
// nothing, and says how many lines that were. A comment is never continued.
func logicalLine(text string) (line, rest string, lines int) {
	for rest = text; rest != ""; {
		var natural string
		natural, rest = naturalLine(rest)
		natural = strings.TrimLeft(natural, " \t\f")
		lines++
		if line == "" && lines == 1 && (natural == "" || natural[0] == '#' || natural[0] == '!') {
			return "", rest, lines
		}
		body := strings.TrimRight(natural, `\`)
		odd := (len(natural)-len(body))%2 == 1
		if !odd {
			return line + natural, rest, lines
		}
		line += natural[:len(natural)-1]
	}
	return line, rest, lines
}

// naturalLine cuts off what stands before \n, \r or \r\n.
func naturalLine(text string) (line, rest string) {
	i := strings.IndexAny(text, "\r\n")
	if i < 0 {
		return text, ""
	}
	line, rest = text[:i], text[i+1:]
	if text[i] == '\r' && strings.HasPrefix(rest, "\n") {
		rest = rest[1:]
	}
	return line, rest
}

// split parts a line at the first separator that no backslash protects. White space
// around it belongs to neither side, that at the end to the value.
func split(line string) (name, value string) {
	end := len(line)
	for i := 0; i < len(line); i++ {
		if line[i] == '\\' {
			i++
			continue
		}
		if strings.IndexByte("=: \t\f", line[i]) >= 0 {
			end = i
			break
		}
	}
	name, value = line[:end], strings.TrimLeft(line[end:], " \t\f")
	if value != "" && (value[0] == '=' || value[0] == ':') {
		value = strings.TrimLeft(value[1:], " \t\f")
	}
	return name, value
}

// unescape takes the backslashes out. Characters beyond the first plane are two units of
// UTF-16, each with its own \u.
func unescape(s string) (string, error) {
	if strings.IndexByte(s, '\\') < 0 {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		if i++; i == len(s) {
			break
		}
		switch s[i] {
		case 't':
			b.WriteByte('\t')
		case 'n':
			b.WriteByte('\n')
		case 'f':
			b.WriteByte('\f')
		case 'r':
			b.WriteByte('\r')
		case 'u':
			unit, err := hex4(s[i+1:])
			if err != nil {
				return "", err
			}
			i += 4
			if utf16.IsSurrogate(unit) && strings.HasPrefix(s[i+1:], `\u`) {
				low, err := hex4(s[i+3:])
				if pair := utf16.DecodeRune(unit, low); err == nil && pair != 0xfffd {
					unit = pair
					i += 6
				}
			}
			b.WriteRune(unit)
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), nil
}

func hex4(s string) (rune, error) {
	n, err := strconv.ParseUint(s[:min(4, len(s))], 16, 16)
	if err != nil || len(s) < 4 {
		return 0, fmt.Errorf(`\u%s: want four hexadecimal digits after \u`, s[:min(4, len(s))])
	}
	return rune(n), nil
}

// Print writes properties such that [Properties] reads them back.
func Print(list []Property) string {
	var b strings.Builder
	for _, p := range list {
		b.WriteString(escape(p.Name, true) + "=" + escape(p.Value, false) + "\n")
	}
	return b.String()
}

// escape protects what would be read as something else: in a key every separator, in a
// value the white space at its front. It goes by bytes, since a file may be in another
// encoding than UTF-8, and what is protected is one byte in all of them.
func escape(s string, isKey bool) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\t':
			b.WriteString(`\t`)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\f':
			b.WriteString(`\f`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\\', c == ' ' && (isKey || i == 0), isKey && strings.IndexByte("=:#!", c) >= 0:
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
