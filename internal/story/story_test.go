package story_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stampede-sim/stampede/internal/story"
)

func TestStories(t *testing.T) { story.Walk(t, "testdata") }

// TestTheLanguageIsDocumented: the table of commands says what there is, and every story
// has its line.
func TestTheLanguageIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/STORIES.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range story.Commands {
		if row := "| `" + v.Usage + "` | " + v.Doc + " |\n"; !strings.Contains(string(page), row) {
			t.Errorf("docs/STORIES.md lacks the row\n%s", row)
		}
	}
	stories, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stories {
		if name := "`" + strings.TrimSuffix(filepath.Base(path), ".txt") + "`"; !strings.Contains(string(page), name) {
			t.Errorf("docs/STORIES.md does not say what %s tells", path)
		}
	}
}
