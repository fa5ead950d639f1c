package faults

import (
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// Options say how a plan meets a world.
type Options struct {
	// From is the virtual time that the plan's times count from.
	From time.Duration
	// Vocabulary resolves the names of ports.
	Vocabulary Vocabulary
}

// Span is a fault as it happened: to whom, from when, until when.
type Span struct {
	// Fault is the index in the plan, Kind its kind.
	Fault int
	Kind  string
	// Targets names the processes it hit; for splits of a group, the split.
	Targets string
	// Start and End are virtual times; they are equal for instant faults.
	Start, End time.Duration
}

// Count is how often a kind struck, and how often it could not because there was
// nobody to hit or its moment did not come.
type Count struct {
	Kind              string
	Injected, Skipped int
}

// Injector carries out one plan in one world.
type Injector struct {
	world   *sim.World
	plan    []Fault
	options Options

	armed  []*armed
	open   []*opened
	spans  []Span
	counts []Count
	// reboot holds how a process that crashes next comes back.
	reboot map[node.ID]reboot
	// away are those that are down by a fault.
	away   map[node.ID]bool
	healed bool
}

// armed is a fault that waits for its moment.
type armed struct {
	fault int
	// of is the case that is awaited, "" for the fact in any case; about, what it says
	// that of, "" for anything.
	system, name, of, about string
	seen                    int
}

func (a *armed) awaits(e *node.Event) bool {
	k := e.Kind
	return k.Name == a.name && k.System == a.system && (a.about == "" || e.Text == a.about) && (a.of == "" || k.Cases != nil && k.Cases[e.CaseOf()] == a.of)
}

// opened is a fault that lasts, with how to end it.
type opened struct {
	fault, span int
	end         func()
}

// reboot belongs to a process about to crash by a fault.
type reboot struct {
	fault int
	after time.Duration
}

// Apply schedules a plan. Its world must not have run past options.From.
func Apply(w *sim.World, plan []Fault, options Options) *Injector {
	in := &Injector{world: w, plan: plan, options: options, reboot: map[node.ID]reboot{}, away: map[node.ID]bool{}}
	for _, k := range Kinds {
		in.counts = append(in.counts, Count{Kind: k.Name})
	}
	triggers := false
	for i, f := range plan {
		w.At(options.From+f.At, f.String(), func() { in.begin(i) })
		triggers = triggers || f.When != nil
	}
	if triggers {
		w.OnEvent(in.observe)
	}
	w.OnProcess(in.changed)
	return in
}

// begin is called when a fault's time has come.
func (in *Injector) begin(i int) {
	f := in.plan[i]
	switch {
	case in.healed:
		in.count(i).Skipped++
	case f.When == nil:
		in.strike(i, node.Nobody)
	default:
		in.arm(i)
	}
}

func (in *Injector) arm(i int) {
	t := in.plan[i].When
	system, name, _ := strings.Cut(t.Mark, ".")
	name, of, _ := strings.Cut(name, ".")
	a := &armed{fault: i, system: system, name: name, of: of, about: t.About}
	in.armed = append(in.armed, a)
	if t.Within > 0 {
		in.world.At(in.world.Now()+t.Within, "disarm "+t.Mark, func() {
			if in.disarm(a) {
				in.count(i).Skipped++
			}
		})
	}
}

// disarm forgets an armed fault; false if it was not armed any more.
func (in *Injector) disarm(a *armed) bool {
	k := slices.Index(in.armed, a)
	if k < 0 {
		return false
	}
	in.armed = slices.Delete(in.armed, k, k+1)
	return true
}

// observe counts facts for the armed faults and fires those whose moment this is.
func (in *Injector) observe(s sim.Seen) {
	if !slices.ContainsFunc(in.armed, func(a *armed) bool { return a.awaits(&s.Event) }) {
		return
	}
	for _, a := range slices.Clone(in.armed) { // what fires changes the list
		if !a.awaits(&s.Event) || !in.concerns(a.fault, s.Node) {
			continue
		}
		if a.seen++; a.seen < in.plan[a.fault].When.After {
			continue
		}
		in.disarm(a)
		in.fire(a.fault, s.Node)
	}
}

// fire strikes at the actor's moment. A crash, or what is wrong with a disk, must come
// before the actor's next effect; everything else waits for the callback to end.
func (in *Injector) fire(i int, actor node.ID) {
	f := in.plan[i]
	if f.Kind == Crash || f.Kind == Wipe || ailment(f.Kind) {
		in.strike(i, actor)
		return
	}
	in.world.At(in.world.Now(), f.String(), func() {
		if !in.healed {
			in.strike(i, actor)
		}
	})
}

// concerns reports whether a fact stated by a process counts for a fault.
func (in *Injector) concerns(i int, who node.ID) bool {
	t := in.plan[i].subject()
	all := in.world.Processes()
	if t.Select == Actor || t.Select.splits() {
		return all[who].Group == t.Name
	}
	return slices.Contains(in.targets(t, all, who), who)
}

// subject is the target whose processes a trigger listens to.
func (f Fault) subject() Target {
	switch {
	case f.Kind != OneWay:
		return f.Target
	case f.To.Select == Actor:
		return f.To
	}
	return f.From
}

func (in *Injector) count(i int) *Count {
	k := slices.IndexFunc(in.counts, func(c Count) bool { return c.Kind == in.plan[i].Kind })
	return &in.counts[k]
}

// HealAll ends everything: partitions, slow links, pauses and drifts, armed
// triggers and crashes, and boots every process that is down. Faults whose time
// comes later are skipped.
func (in *Injector) HealAll() {
	in.healed = true
	for _, a := range in.armed {
		in.count(a.fault).Skipped++
	}
	in.armed = nil
	for _, o := range slices.Clone(in.open) {
		in.close(o)
	}
	for _, p := range in.world.Processes() {
		in.world.Disarm(p.ID)
		if p.Paused {
			in.world.Resume(p.ID)
		}
		if !p.Up && p.Incarnation > 0 {
			in.world.Start(p.ID)
		}
	}
}

// Counts returns how often each kind struck or was skipped, in the order of [Kinds].
func (in *Injector) Counts() []Count { return slices.Clone(in.counts) }

// Spans returns what happened, in order of start. Faults that still last end now.
func (in *Injector) Spans() []Span {
	spans := slices.Clone(in.spans)
	for _, o := range in.open {
		spans[o.span].End = in.world.Now()
	}
	return spans
}
