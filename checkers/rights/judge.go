package rights

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/checkers/history"
)

// findingsPerGuarantee bounds the findings under one guarantee: the first few tell the
// story.
const findingsPerGuarantee = 5

// Verdict is what a history comes to: what broke, and how much was judged.
type Verdict struct {
	Findings         []guarantee.Finding
	Granted, Refused int
}

// Judge holds what clients were allowed and refused against the entries that may have been
// in force. A history without such entries passes.
func Judge(h *history.History) Verdict {
	if len(h.Access) == 0 {
		return Verdict{}
	}
	j := &judge{h: h, reg: newRegister(h), counts: map[string]int{}, opened: map[string]bool{}}
	for i := range h.Ops {
		if op := &h.Ops[i]; op.Log != nil && op.Log.As != "" {
			j.op(op)
		}
	}
	j.unasked()
	j.uncommitted()
	return j.Verdict
}

type judge struct {
	Verdict
	h      *history.History
	reg    *register
	counts map[string]int
	// opened remembers which password opens what, which is slow to find out.
	opened map[string]bool
}

// topicOf is the topic of "orders-0" or "orders".
func topicOf(path string) string {
	i := strings.LastIndexByte(path, '-')
	if i > 0 {
		if _, err := strconv.Atoi(path[i+1:]); err == nil {
			return path[:i]
		}
	}
	return path
}

// listed judges a list of all topics: nothing is in it that its asker may not know of. In
// the end, when all brokers know all topics, everything is that was set up before and stays.
func (j *judge) listed(op *history.Op) {
	for _, name := range op.Log.Names {
		if op.Log.Super {
			j.undone(op, name)
			continue
		}
		if yes, _ := j.reg.answers(j.describing(op, name), op.Invoke, op.Return); !yes {
			j.report(Hidden, op, fmt.Sprintf("But op %d of %s lists %s; in force may have been %s.", op.ID, op.Log.As, name, j.inForceOf(op, j.describing(op, name))))
		}
	}
	if !op.Final {
		return
	}
	for _, name := range j.lasting() {
		_, no := j.reg.answers(j.describing(op, name), op.Invoke, op.Return)
		if (op.Log.Super || !no) && !slices.Contains(op.Log.Names, name) {
			j.report(Hidden, op, fmt.Sprintf("But op %d of %s does not list %s; in force was %s.", op.ID, op.Log.As, name, j.inForceOf(op, j.describing(op, name))))
		}
	}
}

func (j *judge) describing(op *history.Op, topic string) asks {
	return question(op, need{"Describe", "Topic", topic})
}

// lasting lists the topics that had been created when the end began and nobody wanted to
// delete. One client's end may begin while another still waits for a topic.
func (j *judge) lasting() (names []string) {
	end := j.h.End()
	for i := range j.h.Ops {
		if op := &j.h.Ops[i]; op.F == history.CreateTopic && op.Outcome == history.OK && op.Return < end && !slices.Contains(names, op.Path) &&
			!slices.ContainsFunc(j.h.Ops, func(o history.Op) bool { return o.F == history.DeleteTopic && o.Path == op.Path }) {
			names = append(names, op.Path)
		}
	}
	return names
}

// undone: a topic that nobody was allowed to create is not there.
func (j *judge) undone(op *history.Op, name string) {
	asked := 0
	for i := range j.h.Ops {
		if o := &j.h.Ops[i]; o.F == history.CreateTopic && o.Path == name {
			if !refused(o) {
				return
			}
			asked = o.ID
		}
	}
	if asked > 0 {
		j.report(NoEffect, op, fmt.Sprintf("But op %d lists %s, which op %d was refused to create, as was everybody else.", op.ID, name, asked))
	}
}

// shown judges a list of entries: it is what one version held.
func (j *judge) shown(op *history.Op) {
	r, _, ok := ParseArgs(op.Path, op.Log.Args)
	l := j.reg.lines[r]
	if !ok {
		return
	}
	got := slices.Sorted(slices.Values(op.Log.Names))
	var versions []string
	if l == nil {
		l = &timeline{}
	}
	for _, entries := range l.between(op.Invoke, op.Return) {
		want := describe(entries)
		if want == "["+strings.Join(got, ", ")+"]" {
			return
		}
		versions = append(versions, want)
	}
	j.report(Shown, op, fmt.Sprintf("But op %d is told that the entries of %s are %v; in force may have been %s.", op.ID, r, got, strings.Join(versions, " or ")))
}

// unasked: an entry that only those asked for who were refused is in no version.
func (j *judge) unasked() {
	refusedOnly := map[string]int{}
	for pass := range 2 {
		for i := range j.h.Ops {
			op := &j.h.Ops[i]
			if op.F != history.Grant || op.Log == nil {
				continue
			}
			r, e, ok := ParseArgs(op.Path, op.Log.Args)
			key := r + " " + e.String()
			switch {
			case !ok:
			case pass == 0 && refused(op):
				refusedOnly[key] = i
			case pass == 1 && !refused(op):
				delete(refusedOnly, key)
			}
		}
	}
	for _, e := range j.h.Access {
		for _, entry := range e.Entries {
			if i, bad := refusedOnly[e.Resource+" "+entry.String()]; bad {
				op := &j.h.Ops[i]
				j.report(NoEffect, op, fmt.Sprintf("But version %d of the entries of %s has %v, which op %d was refused to make, as was everybody else.", e.Version, e.Resource, entry, op.ID))
				delete(refusedOnly, e.Resource+" "+entry.String())
			}
		}
	}
}

// ParseArgs reads the resource and the entry of a grant, a revoke or a list of entries:
// its path is the name, its arguments on=Topic kind=prefixed who=User:c1 op=Write host=*
// deny=1.
func ParseArgs(path, args string) (resource string, e history.AccessEntry, ok bool) {
	on, kind := "", "literal"
	e.Host = "*"
	for _, word := range strings.Fields(args) {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "on":
			on = value
		case "kind":
			kind = value
		case "who":
			e.Principal = value
		case "op":
			e.Operation = value
		case "host":
			e.Host = value
		case "deny":
			e.Deny = value == "1"
		}
	}
	resource = on + ":" + path
	switch kind {
	case "prefixed":
		resource += "..."
	case "all":
		resource = on + ":*"
	}
	return resource, e, on != ""
}

// inForceOf lists what may have been in force that is about a resource.
func (j *judge) inForceOf(op *history.Op, q asks) string {
	var words []string
	for _, name := range j.reg.names {
		if !covers(name, q.on, q.name) {
			continue
		}
		for _, entries := range j.reg.lines[name].between(op.Invoke, op.Return) {
			words = append(words, name+" "+describe(entries))
		}
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, "; ")
}

// report enters a finding about an operation.
func (j *judge) report(id string, op *history.Op, detail string) {
	if j.counts[id]++; j.counts[id] > findingsPerGuarantee {
		return
	}
	j.Findings = append(j.Findings, guarantee.Finding{
		Guarantee: id, Explanation: sentence(id) + " " + detail, Ops: []int{op.ID}, At: op.Invoke,
		Evidence: []string{fmt.Sprintf("op %d c%d %s %s %s: %v from %v to %v", op.ID, op.Client, op.F, op.Path, op.Log.Args, op.Outcome, op.Invoke, op.Return)},
	})
}
