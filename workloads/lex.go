package workloads

import (
	"fmt"
	"strconv"
	"strings"
)

// token is one word of a plan line: a bracket, a bare word, or key=value. Quotes,
// in Go's syntax, may surround a bare word or a value and are resolved.
type token struct {
	bracket    byte // '[', ']' or 0
	key, value string
	hasKey     bool
}

// lex cuts a line into tokens.
func lex(line string) ([]token, error) {
	var tokens []token
	for {
		line = strings.TrimLeft(line, " \t")
		if line == "" {
			return tokens, nil
		}
		if line[0] == '[' || line[0] == ']' {
			tokens = append(tokens, token{bracket: line[0]})
			line = line[1:]
			continue
		}
		t, rest, err := lexWord(line)
		if err != nil {
			return nil, err
		}
		tokens, line = append(tokens, t), rest
	}
}

// lexWord cuts the first word off a line that starts with one.
func lexWord(line string) (token, string, error) {
	var t token
	if key, rest, ok := strings.Cut(line, "="); ok && isKey(key) {
		t.key, t.hasKey, line = key, true, rest
	}
	if strings.HasPrefix(line, `"`) {
		quoted, err := strconv.QuotedPrefix(line)
		if err != nil {
			return token{}, "", fmt.Errorf("unfinished quote at %s", line)
		}
		t.value, _ = strconv.Unquote(quoted) // QuotedPrefix has checked it
		return t, line[len(quoted):], nil
	}
	end := strings.IndexAny(line, " \t[]")
	if end < 0 {
		end = len(line)
	}
	t.value = line[:end]
	return t, line[end:], nil
}

func isKey(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == ""
}

// quote writes a path or value so that lex reads it back as one word.
func quote(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_.:?@-"
	if s != "" && strings.Trim(s, plain) == "" {
		return s
	}
	return strconv.Quote(s)
}
