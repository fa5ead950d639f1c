package main

import (
	"strings"
	"testing"

	"github.com/stampede-sim/stampede/internal/story"
)

// TestStoriesAreWrittenAsTheyStand: a story that is played prints the file that it is, to
// the letter; for who reads along, it prints every line of it, and no two empty ones.
func TestStoriesAreWrittenAsTheyStand(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"leader_dies", "unclean_election"} {
		text, _ := story.Text(name)
		if got := invoke(t, dir, "story", name, "--script"); got.code != exitPass || got.stdout != text {
			t.Errorf("%s: exit %d\n%s%s", name, got.code, got.stdout, got.stderr)
		}
		got := invoke(t, dir, "story", name)
		for line := range strings.Lines(text) {
			if line = strings.Trim(line, "# \n"); line != "----" && !strings.Contains(got.stdout, line+"\n") {
				t.Errorf("%s: %q is not told", name, line)
			}
		}
		if got.code != exitPass || strings.Contains(got.stdout, "\n\n\n") {
			t.Errorf("%s: exit %d\n%s", name, got.code, got.stdout)
		}
	}
}

// TestStoriesAreListed: each by its name.
func TestStoriesAreListed(t *testing.T) {
	got := invoke(t, t.TempDir(), "story")
	for _, name := range story.Names() {
		if !strings.Contains(got.stdout, name+" ") {
			t.Errorf("%s is not listed", name)
		}
	}
}
