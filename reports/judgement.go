package reports

import (
	"fmt"
	"strings"

	"github.com/stampede-sim/stampede/checkers"
)

// Judgement renders what the judges say about a recorded history.
func Judgement(file, model string, report checkers.Report) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s  %s as %s\n", strings.ToUpper(string(report.Verdict)), file, model)
	for i, f := range report.Findings {
		if i == maxListed {
			fmt.Fprintf(&s, "      … and %d findings more\n", len(report.Findings)-i)
			break
		}
		fmt.Fprintf(&s, "why   %s\n", Hang(f.Guarantee+": "+f.Explanation, 6))
		for k, line := range f.Evidence {
			if k == maxEvidence {
				fmt.Fprintf(&s, "      … and %d lines more\n", len(f.Evidence)-k)
				break
			}
			fmt.Fprintf(&s, "      %s\n", Hang(line, 8))
		}
	}
	for _, note := range report.Notes {
		fmt.Fprintf(&s, "note  %s\n", Hang(note, 6))
	}
	var counted []string
	for _, c := range report.Counted {
		counted = append(counted, fmt.Sprintf("%d %s", c.N, c.Name))
	}
	fmt.Fprintf(&s, "stats %s\n", Hang(strings.Join(counted, ", "), 6))
	return s.String()
}

// Models lists what `stampede check` can hold a history against.
func Models() string {
	var rows []string
	for _, m := range checkers.Models {
		rows = append(rows, "  "+m.Name+"\t"+m.Doc)
	}
	return table(rows...)
}
