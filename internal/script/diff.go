package script

import (
	"fmt"
	"slices"
	"strings"
)

// describeMismatch renders the difference between expected and actual output.
func describeMismatch(bl *block, actual string) string {
	return fmt.Sprintf("%s: output of %q differs (- expected, + actual; -rewrite accepts it)\n%s",
		bl.command.Pos, bl.command.Name, diff(bl.expected, actual))
}

// diff lists the lines of two texts, marked "-" for only in a, "+" for only in b
// and " " for common to both, keeping as many common lines as possible.
func diff(a, b string) string {
	from, to := splitLines(a), splitLines(b)
	common := commonLengths(from, to)
	var out strings.Builder
	i, j := 0, 0
	for i < len(from) || j < len(to) {
		switch {
		case i < len(from) && j < len(to) && from[i] == to[j]:
			out.WriteString("  " + from[i] + "\n")
			i, j = i+1, j+1
		case j == len(to) || i < len(from) && common[i+1][j] >= common[i][j+1]:
			out.WriteString("- " + from[i] + "\n")
			i++
		default:
			out.WriteString("+ " + to[j] + "\n")
			j++
		}
	}
	return out.String()
}

// commonLengths returns, for all i and j, the length of the longest common
// subsequence of a[i:] and b[j:]. Quadratic, which outputs of a script allow.
func commonLengths(a, b []string) [][]int {
	n := make([][]int, len(a)+1)
	for i := range n {
		n[i] = make([]int, len(b)+1)
	}
	for i := range slices.Backward(a) {
		for j := range slices.Backward(b) {
			if a[i] == b[j] {
				n[i][j] = n[i+1][j+1] + 1
			} else {
				n[i][j] = max(n[i+1][j], n[i][j+1])
			}
		}
	}
	return n
}

func splitLines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}
