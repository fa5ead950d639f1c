package rights

import (
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
)

// asks is a question: may somebody do something to a resource.
type asks struct {
	principal, host     string
	operation, on, name string
}

// covers reports whether entries under a pattern, "Topic:orders", "Topic:ord..." or
// "Topic:*", are about a resource.
func covers(pattern, on, name string) bool {
	kind, named, _ := strings.Cut(pattern, ":")
	if kind != on {
		return false
	}
	if prefix, ok := strings.CutSuffix(named, "..."); ok {
		return strings.HasPrefix(name, prefix)
	}
	return named == name || named == "*"
}

// opinion is what the entries under one pattern say to a question.
type opinion struct{ any, allow, deny bool }

// with joins the opinions of two patterns.
func (o opinion) with(p opinion) opinion {
	return opinion{o.any || p.any, o.allow || p.allow, o.deny || p.deny}
}

// decides is the answer to a question by all opinions on it.
func (o opinion) decides(open bool) bool { return o.allow && !o.deny || !o.any && open }

// enough lists the operations of which the right to any implies the right to one.
func enough(operation string) []string {
	switch operation {
	case "Describe":
		return []string{"Describe", "Read", "Write", "Delete", "Alter"}
	case "DescribeConfigs":
		return []string{"DescribeConfigs", "AlterConfigs"}
	}
	return []string{operation}
}

// opinionOf reads entries from end to end.
func opinionOf(entries []history.AccessEntry, q asks) opinion {
	o := opinion{any: len(entries) > 0}
	for _, e := range entries {
		if e.Principal != q.principal && e.Principal != "User:*" || e.Host != q.host && e.Host != "*" {
			continue
		}
		if e.Deny {
			o.deny = o.deny || e.Operation == q.operation || e.Operation == "All"
			continue
		}
		for _, op := range enough(q.operation) {
			o.allow = o.allow || e.Operation == op || e.Operation == "All"
		}
	}
	return o
}
