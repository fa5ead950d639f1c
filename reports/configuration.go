package reports

import (
	"fmt"
	"strings"

	"github.com/stampede-sim/stampede/nodes/coordinator/zoocfg"
)

// Configuration shows a ZooKeeper configuration that makes sense: the members, what is
// ignored and why, and the knobs that runs on such an ensemble have.
func Configuration(f *zoocfg.File, knobs []string) string {
	var b strings.Builder
	if f.Ensemble == nil {
		fmt.Fprintf(&b, "%s: a server that stands alone\n", f.Name)
	} else {
		fmt.Fprintf(&b, "%s: server %d of %d\n", f.Name, f.Sid, len(f.Ensemble.Servers))
		for _, s := range f.Ensemble.Servers {
			fmt.Fprintf(&b, "  %s\n", s.Line())
		}
	}
	var rows []string
	for _, s := range f.Ignored {
		rows = append(rows, fmt.Sprintf("  line %d\t%s\t%s", s.Line, s.Key, s.Value))
	}
	if len(rows) > 0 {
		b.WriteString("ignored\n" + table(rows...))
	}
	fmt.Fprintf(&b, "knobs\n")
	for _, k := range knobs {
		fmt.Fprintf(&b, "  %s\n", k)
	}
	return b.String()
}
