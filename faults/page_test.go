package faults

import (
	"os"
	"strings"
	"testing"
)

// TestThePageNamesEveryKind keeps docs/FAULTS.md true.
func TestThePageNamesEveryKind(t *testing.T) {
	page, err := os.ReadFile("../docs/FAULTS.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range Kinds {
		if row := "| `" + k.Name + "` | " + k.Doc + " | `" + k.Example + "` |\n"; !strings.Contains(string(page), row) {
			t.Errorf("docs/FAULTS.md lacks the row\n%s", row)
		}
	}
	for _, s := range selectors {
		if !strings.Contains(string(page), "`"+string(s.name)+"(") {
			t.Errorf("docs/FAULTS.md does not say whom %s means", s.name)
		}
	}
}
