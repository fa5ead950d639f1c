package zoocfg

import (
	"fmt"
	"strings"
)

// String is the file as [Parse] reads it, in one order and without defaults. If it names
// a dynamic file, the servers are in that, see [File.Members].
func (f *File) String() string {
	var b strings.Builder
	for _, k := range keys {
		if value := k.get(f); value != "" {
			fmt.Fprintf(&b, "%s=%s\n", k.name, value)
		}
	}
	for _, s := range f.Ignored {
		fmt.Fprintf(&b, "%s=%s\n", s.Key, s.Value)
	}
	if f.Dynamic == "" {
		b.WriteString(f.Members())
	}
	return b.String()
}

// Members are the lines of servers, groups and weights.
func (f *File) Members() string {
	var b strings.Builder
	for _, s := range f.Servers {
		fmt.Fprintf(&b, "server.%d=%s\n", s.Sid, s)
	}
	for _, g := range f.Groups {
		fmt.Fprintf(&b, "group.%d=%s\n", g.Number, strings.ReplaceAll(strings.Trim(fmt.Sprint(g.Sids), "[]"), " ", ":"))
	}
	for _, w := range f.Weights {
		fmt.Fprintf(&b, "weight.%d=%d\n", w.Sid, w.Weight)
	}
	return b.String()
}
