package story

import (
	"embed"
	"strings"
)

// library is the stories that come with the program.
//
//go:embed testdata/*.txt
var library embed.FS

const (
	shelf  = "testdata"
	suffix = ".txt"
)

// Names lists the stories that come with the program, sorted.
func Names() []string {
	entries, err := library.ReadDir(shelf)
	if err != nil {
		panic(err) // it was there when this was built
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), suffix)
	}
	return names
}

// Text is that of a story that comes with the program.
func Text(name string) (text string, ok bool) {
	source, err := library.ReadFile(shelf + "/" + name + suffix)
	return string(source), err == nil
}

// Title is the first line of a story, which says what it is about.
func Title(text string) string {
	first, _, _ := strings.Cut(text, "\n")
	return strings.TrimSpace(strings.TrimLeft(first, "#"))
}
