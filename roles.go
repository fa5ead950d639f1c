package stampede

import "math/rand/v2"

// locality draws whether sessions are local, and whether servers without a leader serve
// read-only. Workloads that are not about local sessions know nothing of such as may own
// no ephemerals: there, they are always upgraded.
func (d dice) locality(k *Knobs) {
	if d.chance(1, 8) {
		k.LocalSessions, k.UpgradeSessions = true, true
	}
	if d.chance(1, 8) {
		k.ReadOnlyAfter, k.ReadOnlyClients = max(k.Tick, d.millis(50, 2000)), d.between(1, 6)
	}
}

// admission draws who serves clients, and how many of them.
func (d dice) admission(k *Knobs) {
	k.Standalone = k.Servers == 1 && d.chance(2, 3)
	k.LeaderRefuses = k.Servers > 1 && d.chance(1, 8)
	if d.chance(1, 8) {
		k.MaxClientCnxns = d.between(1, 3)
	}
}

// crowd bounds, in some seeds, how many connections a server has in all: to its share of
// the clients, if all serve, or a little more. An ensemble that changes is left alone,
// as nobody knows how many will be there to share; so are brokers, who need a place each.
func (k *Knobs) crowd(r *rand.Rand, clients int) {
	d := dice{r}
	if k.Reconfig || k.Brokers > 0 || !d.chance(1, 6) {
		return
	}
	serving := k.size()
	if k.leaderRefuses() {
		serving--
	}
	k.MaxCnxns = (clients+serving-1)/serving + d.between(0, 1)
}

// leaveRoom has servers take the questions of operators, each of which comes on a
// connection of its own.
func (k *Knobs) leaveRoom() {
	if k.MaxClientCnxns > 0 {
		k.MaxClientCnxns = max(k.MaxClientCnxns, 2)
	}
	if k.MaxCnxns > 0 {
		k.MaxCnxns++
	}
}

// alone reports whether the only server is no ensemble of one.
func (k Knobs) alone() bool { return k.Standalone && k.size() == 1 }

// leaderRefuses reports whether clients are left to the others.
func (k Knobs) leaderRefuses() bool { return k.LeaderRefuses && k.size() > 1 }
