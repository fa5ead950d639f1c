package story

import (
	"regexp"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/internal/script"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// again plays all commands so far once more, by servers with a planted bug, up to the one
// at which a judge objects.
func (p *Player) again(c *script.Command) string {
	bug, ok := bugs.Lookup(c.Text("bug"))
	if !ok {
		c.Fatalf("no bug is called %s", c.Text("bug"))
	}
	q := New(bugs.Of(bug.ID))
	defer q.Close()
	for _, past := range p.past {
		once, err := script.ParseLine(past.Pos, past.Line)
		if err != nil {
			c.Fatalf("%v", err)
		}
		q.do(once)
		f := q.finding()
		if f == nil {
			continue
		}
		if !slices.Contains(bug.Breaks, f.Guarantee) {
			c.Fatalf("%s breaks %s, which its page in the catalogue does not say: %s", bug.Name, f.Guarantee, f.Explanation)
		}
		return "at: " + past.Line + "\n" + fill(drawn.ReplaceAllString(f.Guarantee+": "+f.Explanation, ""), width)
	}
	c.Fatalf("nobody notices %s", bug.Name)
	return ""
}

// drawn is what tells batches apart, which hangs on the time at which they were made, and
// what tells members of one client apart, which is random.
var drawn = regexp.MustCompile(", checksum [0-9a-f]+|-[0-9a-f]{32}")

// width is how long a line of a story may be.
const width = 110

// fill breaks a text into lines of at most some letters, where words allow for it.
func fill(text string, most int) string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > most:
			lines, line = append(lines, line), "  "+word
		default:
			line += " " + word
		}
	}
	return strings.Join(append(lines, line), "\n")
}
