package conformance

import "strings"

// difference is something that an older ZooKeeper says otherwise, everywhere. Single
// commands that it does not know are marked in the scripts (since=…).
type difference struct {
	since Version
	why   string
	// older turns a line of output into what older versions say.
	older func(line string) string
}

var differences = []difference{{
	since: Version{3, 9, 0},
	why:   "notifications bear the zxid of their transaction in the header since ZOOKEEPER-4655; before that always -1",
	older: func(line string) string {
		if rest, ok := strings.CutPrefix(line, "event "); ok {
			if i := strings.LastIndexByte(rest, ' '); i >= 0 {
				return "event " + rest[:i] + " -1"
			}
		}
		return line
	},
}}

// forgive returns what was expected if an older version says the same in its own way.
func forgive(v Version, expected, actual string) string {
	lines := strings.Split(expected, "\n")
	for _, d := range differences {
		if !v.Before(d.since) {
			continue
		}
		for i := range lines {
			lines[i] = d.older(lines[i])
		}
	}
	if strings.TrimRight(strings.Join(lines, "\n"), "\n") == strings.TrimRight(actual, "\n") {
		return expected
	}
	return actual
}
