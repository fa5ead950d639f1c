package reports

import (
	"fmt"
	"strings"

	"github.com/stampede-sim/stampede"
)

// matrixRow lays out the detection matrix: bug, caught, seeds, CPU seconds,
// guarantee, intended.
const matrixRow = "%-32s %-6s %6s %8s  %-28s %s\n"

// MatrixHead is the header of the detection matrix.
func MatrixHead() string {
	return fmt.Sprintf(matrixRow, "bug", "caught", "seeds", "CPU s", "guarantee", "intended")
}

// MatrixRow is one line of the detection matrix.
func MatrixRow(r stampede.BugResult) string {
	caught, fell, intended := "NO", "-", "-"
	if r.Caught {
		caught, fell, intended = "yes", r.Guarantee, "no"
		if r.Intended {
			intended = "yes"
		}
	}
	return fmt.Sprintf(matrixRow, r.Bug, caught, fmt.Sprint(r.Runs), fmt.Sprintf("%.2f", r.CPUSeconds), fell, intended)
}

// MatrixHeading begins the section of docs/BUGS.md that [MatrixSection] writes.
const MatrixHeading = "## Detection matrix\n"

// MatrixSection is the detection matrix as the last section of the page on bugs.
func MatrixSection(rows []stampede.BugResult) string {
	var b strings.Builder
	b.WriteString("\n" + MatrixHeading + "\nWritten by `make matrix`: each bug hunted in its scenario from seed 1 on, with two workers.\n\n" +
		"| bug | scenario | seeds | CPU s | what fell | intended |\n|---|---|---|---|---|---|\n")
	for _, r := range rows {
		fell, intended := "nothing", "-"
		if r.Caught {
			if fell, intended = "`"+r.Guarantee+"`", "no"; r.Intended {
				intended = "yes"
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %d | %.1f | %s | %s |\n", r.Bug, r.Scenario, r.Runs, r.CPUSeconds, fell, intended)
	}
	return b.String()
}

// MatrixFoot sums the matrix up, with a command that shows a catch.
func MatrixFoot(rows []stampede.BugResult) string {
	var b strings.Builder
	caught, cpu := 0, 0.0
	for _, r := range rows {
		cpu += r.CPUSeconds
		if r.Caught {
			caught++
		}
	}
	fmt.Fprintf(&b, "%d of %s caught in %.1f CPU s", caught, plural(len(rows), "bug"), cpu)
	for _, r := range rows {
		if r.Caught {
			fmt.Fprintf(&b, "; see one: stampede run %s --seed %d --bug %s", r.Scenario, r.Seed, r.Bug)
			break
		}
	}
	b.WriteByte('\n')
	return b.String()
}
