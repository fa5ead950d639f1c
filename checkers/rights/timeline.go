package rights

import (
	"maps"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
)

// timeline is what a history says of the entries of one resource: when each version was
// committed, by number, and which was the least in force from when on.
type timeline struct {
	name    string
	written []history.AccessEvent
	inForce []history.AccessEvent
}

// between lists the versions that brokers may have decided by in a time.
func (l *timeline) between(from, to time.Duration) (entries [][]history.AccessEntry) {
	for _, e := range l.versions(from, to) {
		entries = append(entries, e.Entries)
	}
	return entries
}

// versions lists them, what was before there was any as one without anything.
func (l *timeline) versions(from, to time.Duration) (all []history.AccessEvent) {
	least := history.NoEntries
	for _, e := range l.inForce {
		switch {
		case e.At <= from:
			least = e.Version
		case e.At <= to:
			least = min(least, e.Version)
		}
	}
	if least == history.NoEntries {
		all = append(all, history.AccessEvent{})
	}
	for _, e := range l.written {
		if e.Version >= least && e.At <= to {
			all = append(all, e)
		}
	}
	return all
}

// register is all timelines of a history.
type register struct {
	open  bool
	lines map[string]*timeline
	names []string
}

func newRegister(h *history.History) *register {
	r := &register{lines: map[string]*timeline{}}
	for _, e := range h.Access {
		l := r.lines[e.Resource]
		if l == nil {
			l = &timeline{name: e.Resource}
			r.lines[e.Resource] = l
		}
		if e.Kind == history.EntriesWritten {
			l.written = append(l.written, e)
		} else {
			l.inForce = append(l.inForce, e)
		}
		r.open = r.open || e.Open
	}
	r.names = slices.Sorted(maps.Keys(r.lines))
	return r
}

// answers says whether a question may have been answered with yes, and whether with no,
// in a time. Each resource may have been in any of its versions, whatever the others were
// in: a broker copies them one by one.
func (r *register) answers(q asks, from, to time.Duration) (yes, no bool) {
	possible := []opinion{{}}
	for _, name := range r.names {
		if !covers(name, q.on, q.name) {
			continue
		}
		var more []opinion
		for _, entries := range r.lines[name].between(from, to) {
			o := opinionOf(entries, q)
			for _, p := range possible {
				if joined := p.with(o); !slices.Contains(more, joined) {
					more = append(more, joined)
				}
			}
		}
		possible = more
	}
	for _, o := range possible {
		if o.decides(r.open) {
			yes = true
		} else {
			no = true
		}
	}
	return yes, no
}
