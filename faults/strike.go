package faults

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// strike carries out one fault now, or counts why it cannot.
func (in *Injector) strike(i int, actor node.ID) {
	f := &in.plan[i]
	all := in.world.Processes()
	struck := false
	switch f.Kind {
	case Crash, Wipe:
		struck = in.crash(i, in.targets(f.Target, all, actor))
	case Stop:
		struck = in.stop(i, in.targets(f.Target, all, actor))
	case Pause:
		struck = in.pause(i, in.targets(f.Target, all, actor))
	case Partition:
		struck = in.partition(i, all, actor)
	case Isolate:
		struck = in.isolate(i, in.targets(f.Target, all, actor))
	case OneWay:
		struck = in.oneWay(i, in.targets(f.From, all, actor), in.targets(f.To, all, actor))
	case Cut:
		struck = in.cut(i, in.targets(f.Target, all, actor))
	case Slow:
		struck = in.slow(i, in.targets(f.Target, all, actor))
	case Skew:
		struck = in.skew(i, in.targets(f.Target, all, actor))
	case Drift:
		struck = in.drift(i, in.targets(f.Target, all, actor))
	case FailSync, FullDisk, SlowDisk, Rot:
		struck = in.ailing(i, in.targets(f.Target, all, actor))
	default:
		panic("faults: no such kind " + f.Kind)
	}
	if struck {
		in.count(i).Injected++
	} else {
		in.count(i).Skipped++
	}
}

func (in *Injector) targets(t Target, all []sim.ProcessInfo, actor node.ID) []node.ID {
	v := in.options.Vocabulary
	if t.ofPartition() && slices.Contains(v.Partitions, t.Name) {
		ids := v.Replicas(t.Select, t.Name)
		if t.Select == Follower {
			ids = nth(ids, t.Index)
		}
		return ids
	}
	ids, _ := resolve(t, all, actor, v.Voters)
	return ids
}

// crash kills those that are up. A death put off by effects is counted now and
// becomes a span when it happens.
func (in *Injector) crash(i int, ids []node.ID) bool {
	f := in.plan[i]
	mode := [...]sim.CrashMode{KeepAll: sim.KeepAll, Torn: sim.Torn, Arbitrary: sim.Arbitrary, Lose: sim.LoseAll}[f.Keep]
	struck := false
	for _, id := range ids {
		if !in.world.Processes()[id].Up {
			continue
		}
		struck = true
		in.reboot[id] = reboot{fault: i, after: f.Restart}
		switch {
		case f.Kind == Wipe:
			in.world.Wipe(id)
		case f.When != nil && f.When.Effects > 0:
			in.world.CrashAfter(id, f.When.Effects, mode)
		default:
			in.world.Crash(id, mode)
		}
	}
	return struck
}

// stop asks those that are up to end. When they do is their affair.
func (in *Injector) stop(i int, ids []node.ID) bool {
	struck := false
	for _, id := range ids {
		if in.world.Processes()[id].Up {
			struck = true
			in.reboot[id] = reboot{fault: i, after: in.plan[i].Restart}
			in.world.Terminate(id)
		}
	}
	return struck
}

// changed follows ends of processes to their spans and reboots, however they came about.
// A process may exit for a reason of its own while a crash is still put off; that crash
// comes to its next life. Who was asked to end may take until after the healing.
func (in *Injector) changed(c sim.ProcessChange) {
	r, ours := in.reboot[c.Node]
	if !ours || c.Kind != sim.Crashed && (c.Kind != sim.Exited || in.plan[r.fault].Kind != Stop) {
		return
	}
	delete(in.reboot, c.Node)
	if in.healed {
		in.world.Start(c.Node)
		return
	}
	in.away[c.Node] = true
	boot := func() {
		delete(in.away, c.Node)
		if !in.world.Processes()[c.Node].Up {
			in.world.Start(c.Node)
		}
	}
	in.last(r.fault, r.after, []node.ID{c.Node}, boot)
}

// Away reports whether a fault has ended a process and will have it boot again, so that a
// supervisor must not.
func (in *Injector) Away(id node.ID) bool { return in.away[id] }

func (in *Injector) pause(i int, ids []node.ID) bool {
	all := in.world.Processes()
	ids = slices.DeleteFunc(slices.Clone(ids), func(id node.ID) bool { return !all[id].Up || all[id].Paused })
	for _, id := range ids {
		in.world.Pause(id)
	}
	resume := func() {
		for _, id := range ids {
			if in.world.Processes()[id].Paused {
				in.world.Resume(id)
			}
		}
	}
	return in.last(i, in.plan[i].For, ids, resume)
}

// partition splits a group, or cuts the target off the rest of its group.
func (in *Injector) partition(i int, all []sim.ProcessInfo, actor node.ID) bool {
	t := in.plan[i].Target
	if t.Select.splits() {
		return in.block(i, t.String(), split(t, members(all, t.Name)))
	}
	ids := in.targets(t, all, actor)
	if len(ids) == 0 {
		return false
	}
	cut := links{}
	rest := slices.DeleteFunc(members(all, all[ids[0]].Group), func(id node.ID) bool { return slices.Contains(ids, id) })
	cut.separate(ids, rest)
	return in.block(i, in.names(ids), cut)
}

func (in *Injector) isolate(i int, ids []node.ID) bool {
	cut := links{}
	for _, p := range in.world.Processes() {
		if !slices.Contains(ids, p.ID) {
			cut.separate(ids, []node.ID{p.ID})
		}
	}
	return in.block(i, in.names(ids), cut)
}

func (in *Injector) oneWay(i int, from, to []node.ID) bool {
	cut := links{}
	cut.deafen(from, slices.DeleteFunc(slices.Clone(to), func(id node.ID) bool { return slices.Contains(from, id) }))
	return in.block(i, in.names(from)+">"+in.names(to), cut)
}

// block stops what travels on the links until the fault ends.
func (in *Injector) block(i int, targets string, cut links) bool {
	if len(cut) == 0 {
		return false
	}
	name := fmt.Sprintf("fault-%d", i)
	onPort := in.onPort(in.plan[i].Port)
	in.world.Block(name, func(from, to node.ID, port node.Port) bool {
		return onPort(port) && cut[[2]node.ID{from, to}]
	})
	in.remember(i, targets, in.plan[i].For, func() { in.world.Unblock(name) })
	return true
}

func (in *Injector) cut(i int, ids []node.ID) bool {
	if len(ids) == 0 || in.world.Cut(in.touching(i, ids)) == 0 {
		return false
	}
	in.instant(i, ids)
	return true
}

func (in *Injector) slow(i int, ids []node.ID) bool {
	if len(ids) == 0 {
		return false
	}
	f := in.plan[i]
	name := fmt.Sprintf("fault-%d", i)
	extra := sim.Latency{Min: f.AddMin, Mean: (f.AddMin + f.AddMax) / 2, Max: f.AddMax}
	in.world.Slow(name, in.touching(i, ids), extra)
	return in.last(i, f.For, ids, func() { in.world.Unslow(name) })
}

func (in *Injector) skew(i int, ids []node.ID) bool {
	if len(ids) == 0 {
		return false
	}
	for _, id := range ids {
		in.world.JumpWall(id, in.plan[i].Jump.Milliseconds())
	}
	in.instant(i, ids)
	return true
}

func (in *Injector) drift(i int, ids []node.ID) bool {
	for _, id := range ids {
		in.world.SetDrift(id, in.plan[i].PPM)
	}
	return in.last(i, in.plan[i].For, ids, func() {
		for _, id := range ids {
			in.world.SetDrift(id, 0)
		}
	})
}

// touching matches links to and from the processes on the fault's port.
func (in *Injector) touching(i int, ids []node.ID) sim.LinkMatch {
	onPort := in.onPort(in.plan[i].Port)
	return func(from, to node.ID, port node.Port) bool {
		return onPort(port) && (slices.Contains(ids, from) || slices.Contains(ids, to))
	}
}

// onPort matches the port of that name, or all. Names were checked against the
// vocabulary before the run; an unknown one is a bug of the composer.
func (in *Injector) onPort(name string) func(node.Port) bool {
	p, ok := in.options.Vocabulary.port(name)
	if !ok {
		panic("faults: no port is called " + name)
	}
	return func(port node.Port) bool { return name == "" || port == p.Number }
}

// last makes a fault that has begun last for a time, 0 meaning until healing.
// It reports whether there was anybody to hit.
func (in *Injector) last(i int, length time.Duration, ids []node.ID, end func()) bool {
	if len(ids) == 0 {
		return false
	}
	in.remember(i, in.names(ids), length, end)
	return true
}

func (in *Injector) remember(i int, targets string, length time.Duration, end func()) {
	now := in.world.Now()
	o := &opened{fault: i, span: len(in.spans), end: end}
	in.spans = append(in.spans, Span{Fault: i, Kind: in.plan[i].Kind, Targets: targets, Start: now, End: now})
	in.open = append(in.open, o)
	if length > 0 {
		in.world.At(now+length, "end of "+in.plan[i].Kind+" "+targets, func() { in.close(o) })
	}
}

// instant remembers a fault that is over as soon as it struck.
func (in *Injector) instant(i int, ids []node.ID) {
	now := in.world.Now()
	in.spans = append(in.spans, Span{Fault: i, Kind: in.plan[i].Kind, Targets: in.names(ids), Start: now, End: now})
}

// close ends a lasting fault once.
func (in *Injector) close(o *opened) {
	k := slices.Index(in.open, o)
	if k < 0 {
		return
	}
	in.open = slices.Delete(in.open, k, k+1)
	in.spans[o.span].End = in.world.Now()
	o.end()
}

func (in *Injector) names(ids []node.ID) string {
	all := in.world.Processes()
	names := make([]string, len(ids))
	for k, id := range ids {
		names[k] = all[id].Name
	}
	return strings.Join(names, ",")
}
