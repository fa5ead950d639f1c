package story_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stampede-sim/stampede/internal/script"
	"github.com/stampede-sim/stampede/internal/script/scripttest"
	"github.com/stampede-sim/stampede/internal/story"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

func TestStories(t *testing.T) {
	scripttest.Walk(t, "testdata", func(t *testing.T, path string) {
		p := story.New(bugs.Set{})
		defer p.Close()
		scripttest.Run(t, path, func(_ *testing.T, c *script.Command) string { return p.Play(c) })
	})
}

// TestStoriesComeWithTheProgram: each can be read by its name, and says in a sentence what
// it is about.
func TestStoriesComeWithTheProgram(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		names = append(names, name)
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text, ok := story.Text(name)
		if title := story.Title(text); !ok || text != string(want) || !strings.HasPrefix(text, "# "+title+"\n") || !strings.HasSuffix(title, ".") {
			t.Errorf("%s is called %q", name, title)
		}
	}
	if !slices.Equal(story.Names(), names) {
		t.Errorf("there are %v, want %v", story.Names(), names)
	}
	if _, ok := story.Text("nothing"); ok {
		t.Error("there is a story that nobody wrote")
	}
}

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
