package config

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestProperties(t *testing.T) {
	list, errs := Properties("# a comment \\\n! another\na=1\n  b : two words \nc\td\n\ne = x\\\n    y\nf\\ g\\=h = \\u0041\\n\\\\\nempty\n=nameless\nlast=\\")
	if errs != nil {
		t.Fatal(errs)
	}
	want := []Property{
		{"a", "1", 3}, {"b", "two words ", 4}, {"c", "d", 5}, {"e", "xy", 7}, {"f g=h", "A\n\\", 9}, {"empty", "", 10}, {"", "nameless", 11}, {"last", "", 12},
	}
	if !slices.Equal(list, want) {
		t.Errorf("got  %+v\nwant %+v", list, want)
	}
	if _, errs = Properties("a=1\nb=\\u00g1\n"); len(errs) != 1 || errs[0].Error() != `2: \u00g1: want four hexadecimal digits after \u` {
		t.Errorf("%v", errs)
	}
	if list, _ = Properties(`a=\ud83d\ude00`); len(list) != 1 || list[0].Value != "😀" {
		t.Errorf("%+v", list)
	}
}

// naive is the twin of [Properties]: it first joins lines, one character after the other,
// marking what was escaped, and then looks for separators. It knows no numbers of lines.
func naive(text string) (names, values []string) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	var lines [][]string // of characters; an escaped one has its backslash
	var line []string
	fresh, comment, front := true, false, true
	for i := 0; i < len(text); i++ {
		c := text[i : i+1]
		switch {
		case comment:
			comment = c != "\n"
		case front && (c == " " || c == "\t" || c == "\f"):
		case fresh && (c == "#" || c == "!"):
			comment = true
		case c == "\n":
			lines, line, fresh, front = append(lines, line), nil, true, true
		case c == `\` && i+1 < len(text) && text[i+1] == '\n':
			i++
			fresh, front = false, true
		case c == `\`:
			i++
			fresh, front = false, false
			if i < len(text) {
				line = append(line, `\`+text[i:i+1])
			}
		default:
			line, fresh, front = append(line, c), false, false
		}
	}
	for _, l := range append(lines, line) {
		if len(l) == 0 {
			continue
		}
		i := 0
		for i < len(l) && !strings.Contains("=: \t\f", l[i]) {
			i++
		}
		j := i
		for j < len(l) && strings.Contains(" \t\f", l[j]) {
			j++
		}
		if j < len(l) && (l[j] == "=" || l[j] == ":") {
			for j++; j < len(l) && strings.Contains(" \t\f", l[j]); {
				j++
			}
		}
		names, values = append(names, plain(l[:i])), append(values, plain(l[j:]))
	}
	return names, values
}

func plain(l []string) string {
	var b strings.Builder
	for _, c := range l {
		if len(c) == 2 {
			if k := strings.Index("tnfr", c[1:]); k >= 0 {
				c = "\t\n\f\r"[k : k+1]
			} else {
				c = c[1:]
			}
		}
		b.WriteString(c)
	}
	return b.String()
}

func TestPropertiesAgreeWithTheirTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.SliceOf(rapid.SampledFrom([]string{"a", "b", "n", "=", ":", " ", "\t", "\f", `\`, "\n", "\r", "\r\n", "#", "!"})).Draw(t, "text")
		text := strings.Join(letters, "")
		list, errs := Properties(text)
		names, values := naive(text)
		if errs != nil || len(list) != len(names) {
			t.Fatalf("%q: %+v, %v; the twin has %q", text, list, errs, names)
		}
		for i := range list {
			if list[i].Name != names[i] || list[i].Value != values[i] {
				t.Fatalf("%q: %+v; the twin has %q=%q", text, list[i], names[i], values[i])
			}
		}
	})
}

func TestPrintedPropertiesReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []Property
		for i := range rapid.IntRange(0, 5).Draw(t, "entries") {
			word := rapid.StringOf(rapid.SampledFrom([]rune("ab=: \t\f\\\n\r#!é😀")))
			list = append(list, Property{"k" + word.Draw(t, "name"), word.Draw(t, "value"), i + 1})
		}
		again, errs := Properties(Print(list))
		if errs != nil || !slices.Equal(list, again) {
			t.Fatalf("%+v was printed as %q and read as %+v, %v", list, Print(list), again, errs)
		}
	})
}
