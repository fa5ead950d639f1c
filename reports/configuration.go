package reports

import (
	"fmt"
	"strings"

	"github.com/stampede-sim/stampede/nodes/coordinator/zoocfg"
)

// Configuration shows a ZooKeeper configuration that makes sense: what it says, what of
// it means nothing here, and the knobs that runs on such an ensemble have.
func Configuration(name string, f *zoocfg.File, knobs []string) string {
	var b strings.Builder
	if f.Ensemble() {
		fmt.Fprintf(&b, "%s: server %d of %d\n", name, f.Config.Sid, len(f.Servers))
	} else {
		fmt.Fprintf(&b, "%s: a server that stands alone\n", name)
	}
	section := func(title string, lines []string) {
		if len(lines) == 0 {
			return
		}
		fmt.Fprintf(&b, "%s\n", title)
		for _, line := range lines {
			fmt.Fprintf(&b, "  %s\n", line)
		}
	}
	var ignored []string
	for _, s := range f.Ignored {
		ignored = append(ignored, s.Key+"="+s.Value)
	}
	text := f.String()
	if f.Dynamic != "" {
		text += f.Members()
	}
	section("settings", strings.Split(strings.TrimSuffix(text, "\n"), "\n"))
	section("ignored, as a simulated server has no use for them", ignored)
	section("knobs", knobs)
	return b.String()
}
