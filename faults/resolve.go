package faults

import (
	"slices"

	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// resolve turns a target that selects processes into their IDs, ascending, as
// things stand now. actor is who stated the trigger's fact, voters are of whom a
// minority is one, nil for the whole group. An empty result comes with the reason.
func resolve(t Target, all []sim.ProcessInfo, actor node.ID, voters []string) (ids []node.ID, reason string) {
	switch t.Select {
	case Named:
		return pick(all, func(p sim.ProcessInfo) bool { return p.Name == t.Name }), "no such process"
	case Actor:
		return []node.ID{actor}, ""
	case Leader:
		return leader(all, t.Name, "leader"), "no leader"
	case Controller:
		return leader(all, t.Name, "controller"), "no controller"
	case Follower:
		followers := pick(all, func(p sim.ProcessInfo) bool { return p.Group == t.Name && p.Up && p.Role == "follower" })
		return nth(followers, t.Index), "no follower"
	case Observer:
		observers := pick(all, func(p sim.ProcessInfo) bool { return p.Group == t.Name && p.Up && p.Role == "observer" })
		return nth(observers, t.Index), "no observer"
	case Any:
		return nth(pick(all, func(p sim.ProcessInfo) bool { return p.Group == t.Name && p.Up }), t.Index), "nobody is up"
	case Client:
		clients := members(all, ClientGroup)
		if t.Index >= len(clients) {
			return nil, "no such client"
		}
		return clients[t.Index : t.Index+1], ""
	case Minority:
		group := permute(electors(all, t.Name, voters), t.Index)
		few := group[:max(0, (len(group)-1)/2)]
		slices.Sort(few)
		return few, "no minority"
	case All:
		return members(all, t.Name), "empty group"
	}
	panic("faults: " + t.String() + " does not select processes")
}

func pick(all []sim.ProcessInfo, want func(sim.ProcessInfo) bool) []node.ID {
	var ids []node.ID
	for _, p := range all {
		if want(p) {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

func members(all []sim.ProcessInfo, group string) []node.ID {
	return pick(all, func(p sim.ProcessInfo) bool { return p.Group == group })
}

// electors are the members of a group that vote: those named, or all.
func electors(all []sim.ProcessInfo, group string, voters []string) []node.ID {
	return pick(all, func(p sim.ProcessInfo) bool {
		return p.Group == group && (voters == nil || slices.Contains(voters, p.Name))
	})
}

// leader finds the live process of the highest term in a role, of a group or, if it has no
// name, of all: a deposed one that has not noticed yet holds a lower term.
func leader(all []sim.ProcessInfo, group, role string) []node.ID {
	var best *sim.ProcessInfo
	for i := range all {
		p := &all[i]
		if (p.Group == group || group == "") && p.Up && p.Role == role && (best == nil || p.Term > best.Term) {
			best = p
		}
	}
	if best == nil {
		return nil
	}
	return []node.ID{best.ID}
}

// nth is the k-th element alone, modulo their number.
func nth(ids []node.ID, k int) []node.ID {
	if len(ids) == 0 {
		return nil
	}
	k %= len(ids)
	return ids[k : k+1]
}

// permute returns the k-th permutation of ids, modulo their number, by the digits
// of k in the factorial number system. Permutation 0 is the identity.
func permute(ids []node.ID, k int) []node.ID {
	rest := slices.Clone(ids)
	out := make([]node.ID, 0, len(ids))
	for len(rest) > 0 {
		i := k % len(rest)
		k /= len(rest)
		out = append(out, rest[i])
		rest = slices.Delete(rest, i, i+1)
	}
	return out
}

// links is a set of directed pairs of processes.
type links map[[2]node.ID]bool

// deafen lets nobody of b hear anybody of a.
func (l links) deafen(a, b []node.ID) {
	for _, from := range a {
		for _, to := range b {
			l[[2]node.ID{from, to}] = true
		}
	}
}

// separate lets neither side hear the other.
func (l links) separate(a, b []node.ID) {
	l.deafen(a, b)
	l.deafen(b, a)
}

// split cuts a group as the target says.
func split(t Target, group []node.ID) links {
	order, cut := permute(group, t.Index), links{}
	n := len(order)
	switch t.Select {
	case Halves:
		cut.separate(order[:n/2], order[n/2:])
	case Bridge:
		cut.separate(order[:n/2], order[min(n, n/2+1):])
	case MajoritiesRing:
		for i := range order {
			cut.deafen(beyondMajority(order, i), order[i:i+1])
		}
	default:
		panic("faults: " + t.String() + " does not split a group")
	}
	return cut
}

// beyondMajority lists whom the i-th of a ring does not hear: all but the
// majority that it is in the middle of. With an even number of others to hear the
// ring is symmetric; three processes each hear one neighbour only.
func beyondMajority(ring []node.ID, i int) []node.ID {
	n := len(ring)
	heard := n / 2
	first := i - heard/2
	var out []node.ID
	for step := heard + 1; step < n; step++ {
		out = append(out, ring[((first+step)%n+n)%n])
	}
	return out
}
