package stampede

import (
	"slices"

	brokerfacts "github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// allFacts lists every kind of fact that the nodes of this repository state.
func allFacts() []*node.EventKind { return slices.Concat(facts.All, brokerfacts.All) }

func marks(kinds []*node.EventKind) []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.Mark()
	}
	return names
}

// triggers lists what faults can wait for: facts, and those of one case.
func triggers() []string {
	all := append(marks(allFacts()), node.Role.Mark())
	for _, k := range allFacts() {
		for i := range k.Cases {
			all = append(all, k.CaseMark(i))
		}
	}
	return all
}

// byTests are cases of paths that take so much that no hunt can be asked to hit them, with
// the test that does.
var byTests = map[string]string{
	// A follower that has thrown its log away has no epoch to ask with; before it has one
	// record, somebody must lead who was out of sync, and ends before.
	"kafka.truncated.beyond-leader": "TestOutOfRangeAtTheFollower",
}

// Paths lists the marks that a healthy hunt must have hit at least once, sorted.
func Paths() []string {
	var paths []string
	for _, k := range allFacts() {
		if !k.Path {
			continue
		}
		paths = append(paths, k.Mark())
		for i := range k.Cases {
			if byTests[k.CaseMark(i)] == "" {
				paths = append(paths, k.CaseMark(i))
			}
		}
	}
	for _, p := range CrashPoints {
		paths = append(paths, p.Mark)
	}
	for _, z := range ZombieMarks {
		paths = append(paths, z.Mark)
	}
	slices.Sort(paths)
	return paths
}

// moments lists the marks at which triggered faults strike: the steps of
// election, synchronisation and broadcast between which a crash matters.
func moments() []string {
	return marks([]*node.EventKind{
		facts.ElectionDecided, facts.EpochProposed, facts.AckEpochSent, facts.Synchronizing,
		facts.SyncDiff, facts.SyncTrunc, facts.SyncTruncDiff, facts.SyncSnap,
		facts.Truncated, facts.SnapshotLoaded, facts.NewLeaderAcked, facts.Established, facts.UpToDate,
		facts.Proposed, facts.Logged, facts.Acked, facts.Committed, facts.Applied,
		facts.SnapshotTaken, facts.SessionExpiring, facts.StepDown,
		facts.EpochChosen, facts.EpochWritten, facts.EpochSynced, facts.EpochRenamed, facts.EpochSaved,
		facts.SyncBegun, facts.Truncating, facts.HistoryLogged, facts.HistoryDurable,
		facts.SnapshotBegun, facts.SnapshotWritten, facts.SnapshotNamed, facts.Purged, facts.LogRolled,
		facts.FastForwarded, facts.RevalidationAsked,
	})
}

// brief lists the moments that begin a short window: see [CrashPoints].
func brief() []string {
	return marks([]*node.EventKind{
		facts.EpochChosen, facts.EpochWritten, facts.EpochSynced, facts.EpochRenamed, facts.EpochSaved,
		facts.SyncBegun, facts.Truncating, facts.Truncated, facts.SnapshotLoaded, facts.HistoryLogged, facts.HistoryDurable,
		facts.EpochProposed, facts.SyncEmptyDiff, facts.SyncDiff, facts.SyncSnap, facts.Established, facts.Applied, facts.Truncating, facts.Truncated,
		facts.NewLeaderAcked, facts.SnapshotWritten, facts.SnapshotNamed, facts.Purged, facts.StepDown, facts.FastForwarded,
	})
}

// rare lists those at which hardly anybody dies by chance.
func rare() []string {
	return marks([]*node.EventKind{
		facts.EpochWritten, facts.EpochWritten, facts.EpochSynced, facts.EpochSaved, facts.Truncating, facts.Purged,
	})
}

// reconfigMoments lists those between which a crash matters to an ensemble that changes.
func reconfigMoments() []string {
	return marks([]*node.EventKind{
		facts.JointProposal, facts.ConfigSeen, facts.ReconfigCommitted, facts.ConfigActivated, facts.LeaderHandedOver,
	})
}

// joins lists the marks by which a learner shows that it is being synchronised.
func joins() []string {
	return marks([]*node.EventKind{facts.AckEpochSent, facts.EpochSaved, facts.HistoryLogged, facts.SyncBegun, facts.Truncating, facts.Truncated, facts.SnapshotLoaded, facts.NewLeaderAcked})
}

// rises lists the marks by which a server shows that it is about to lead.
func rises() []string {
	return marks([]*node.EventKind{facts.EpochProposed, facts.Synchronizing})
}
