package stampede

import (
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// CrashPoint is a window of the protocol in which the death of a process has its own
// consequences. Hunts strike it by faults that wait for the fact which opens it, or by
// chance.
type CrashPoint struct {
	// Mark is the coverage mark that counts the deaths, Doc what the window is.
	Mark, Doc string
	// opens begin the window and closes end it, stated by the same process.
	opens, closes []moment
	// at is the window of a single step: that of the fact which opens it.
	at bool
	// exits counts processes that end themselves, as after an error of their disk.
	exits bool
	// role is who can be in it: a server on its way to lead, one that follows, or any.
	role role
}

// moment is a fact, of those with one text if text is not empty.
type moment struct {
	kind *node.EventKind
	text string
}

type role uint8

const (
	anyone role = iota
	leading
	following
)

func of(kinds ...*node.EventKind) (all []moment) {
	for _, k := range kinds {
		all = append(all, moment{kind: k})
	}
	return all
}

const (
	acceptedFile = "acceptedEpoch"
	currentFile  = "currentEpoch"
)

// CrashPoints lists the windows in the order of the protocol.
var CrashPoints = []CrashPoint{
	{Mark: "crash.epoch-chosen", Doc: "a leader chose an epoch, and has written nothing", role: leading,
		opens: of(facts.EpochChosen), closes: []moment{{facts.EpochWritten, acceptedFile}}},
	{Mark: "crash.accepted-written", Doc: "acceptedEpoch is in a temporary file",
		opens: []moment{{facts.EpochWritten, acceptedFile}}, closes: of(facts.EpochSynced)},
	{Mark: "crash.accepted-synced", Doc: "acceptedEpoch is durable under the temporary name",
		opens: []moment{{facts.EpochSynced, acceptedFile}}, closes: of(facts.EpochRenamed)},
	{Mark: "crash.accepted-renamed", Doc: "acceptedEpoch has its name, not durably",
		opens: []moment{{facts.EpochRenamed, acceptedFile}}, closes: of(facts.EpochSaved)},
	{Mark: "crash.accepted-saved", Doc: "acceptedEpoch is durable, and nobody was told",
		opens: []moment{{facts.EpochSaved, acceptedFile}}, closes: of(facts.EpochProposed, facts.AckEpochSent)},
	{Mark: "crash.leaderinfo", Doc: "LEADERINFO went to some", at: true, opens: of(facts.EpochProposed)},
	{Mark: "crash.ackepoch-leader", Doc: "a leader waits for a quorum's ACKEPOCH", role: leading,
		opens: of(facts.EpochProposed), closes: of(facts.Synchronizing)},
	{Mark: "crash.ackepoch-learner", Doc: "a learner sent ACKEPOCH, and was told nothing",
		opens: of(facts.AckEpochSent), closes: of(facts.SyncBegun)},
	{Mark: "crash.current-before", Doc: "a leader synchronises others, its currentEpoch not durable", role: leading,
		opens: of(facts.Synchronizing), closes: []moment{{facts.EpochSaved, currentFile}, {facts.Established, ""}}},
	{Mark: "crash.current-after", Doc: "a leader has its currentEpoch, and is not established", role: leading,
		opens: []moment{{facts.EpochSaved, currentFile}}, closes: of(facts.Established)},
	{Mark: "crash.entry-snapshot", Doc: "a leader writes the snapshot of entering leadership",
		opens: []moment{{facts.SnapshotBegun, "leading"}}, closes: of(facts.SnapshotTaken)},
	{Mark: "crash.sync-cut", Doc: "a leader decided how to synchronise a learner; not all of it is sent, nor is it registered", at: true,
		opens: of(facts.SyncEmptyDiff, facts.SyncDiff, facts.SyncDiffFromDisk, facts.SyncTrunc, facts.SyncTruncDiff, facts.SyncSnap)},
	{Mark: "crash.sync-header", Doc: "a learner has the header of its synchronisation, and has done nothing",
		opens: of(facts.SyncBegun), closes: of(facts.Truncated, facts.SnapshotLoaded, facts.HistoryLogged)},
	{Mark: "crash.snap-stream", Doc: "a learner has a part of a snapshot, or installs it",
		opens: []moment{{facts.SyncBegun, "SNAP"}}, closes: of(facts.SnapshotLoaded)},
	{Mark: "crash.snap-loaded", Doc: "a learner has the leader's snapshot, and did not acknowledge it",
		opens: of(facts.SnapshotLoaded), closes: of(facts.HistoryDurable)},
	{Mark: "crash.truncating", Doc: "a learner cuts its log",
		opens: of(facts.Truncating), closes: of(facts.Truncated)},
	{Mark: "crash.truncated", Doc: "a learner has cut its log, and did not acknowledge what is left",
		opens: of(facts.Truncated), closes: of(facts.HistoryDurable)},
	{Mark: "crash.history-logged", Doc: "the history that came is written, not durable", role: following,
		opens: of(facts.HistoryLogged), closes: of(facts.HistoryDurable)},
	{Mark: "crash.history-durable", Doc: "the history that came is durable, currentEpoch is not", role: following,
		opens: of(facts.HistoryDurable), closes: []moment{{facts.EpochSaved, currentFile}}},
	{Mark: "crash.history-epoch", Doc: "currentEpoch is durable, the ACK of NEWLEADER is not sent", role: following,
		opens: []moment{{facts.EpochSaved, currentFile}}, closes: of(facts.NewLeaderAcked)},
	{Mark: "crash.newleader-acked", Doc: "the ACK of NEWLEADER may have left", at: true, opens: of(facts.NewLeaderAcked)},
	{Mark: "crash.established", Doc: "a leader is established, and not all were told", at: true, opens: of(facts.Established)},
	{Mark: "crash.before-uptodate", Doc: "a learner acknowledged NEWLEADER, and does not serve yet", role: following,
		opens: of(facts.NewLeaderAcked), closes: of(facts.UpToDate)},
	{Mark: "crash.proposed", Doc: "a leader has proposals that nobody committed", role: leading,
		opens: of(facts.Proposed), closes: of(facts.PipelineDrained)},
	{Mark: "crash.logged", Doc: "a follower logged a proposal, and did not acknowledge it", role: following,
		opens: of(facts.Logged), closes: of(facts.Acked)},
	{Mark: "crash.committed", Doc: "a leader committed, and COMMIT went to some", at: true, opens: of(facts.Committed)},
	{Mark: "crash.applied", Doc: "a transaction is applied, and not all that follows from it is done", at: true, opens: of(facts.Applied)},
	{Mark: "crash.log-rolled", Doc: "a log file has begun, and is not durable",
		opens: of(facts.LogRolled), closes: of(facts.Acked, facts.NewLeaderAcked, facts.ElectionStarted)},
	{Mark: "crash.snapshot", Doc: "a snapshot is being written",
		opens: of(facts.SnapshotBegun), closes: of(facts.SnapshotWritten)},
	{Mark: "crash.snapshot-written", Doc: "a snapshot is durable under a temporary name",
		opens: of(facts.SnapshotWritten), closes: of(facts.SnapshotNamed)},
	{Mark: "crash.snapshot-named", Doc: "a snapshot has its name, not durably",
		opens: of(facts.SnapshotNamed), closes: of(facts.SnapshotTaken)},
	{Mark: "crash.purged", Doc: "old snapshots and log files are deleted, perhaps not durably", at: true, opens: of(facts.Purged)},
	{Mark: "crash.stepping-down", Doc: "a term is over, and what it began on the disk is not",
		opens: of(facts.StepDown), closes: of(facts.ElectionStarted)},
	{Mark: "crash.fast-forwarded", Doc: "logged transactions are in the tree, and the election is not over",
		opens: of(facts.FastForwarded), closes: of(facts.ElectionDecided, facts.ElectionJoined)},
	{Mark: "crash.electing", Doc: "a server looks for a leader",
		opens: of(facts.ElectionStarted), closes: of(facts.ElectionDecided, facts.ElectionJoined)},
	{Mark: "crash.expiring", Doc: "a leader decided that a session expires, and its close is not committed", role: leading,
		opens: of(facts.SessionExpiring), closes: of(facts.PipelineDrained)},
	{Mark: "crash.revalidating", Doc: "a learner asked for a session, and has no answer", role: following,
		opens: of(facts.RevalidationAsked), closes: of(facts.SessionOpened, facts.SessionRejected)},
	{Mark: "exit.saving-epoch", Doc: "an error of the disk while an epoch file was saved", exits: true,
		opens: of(facts.EpochWritten), closes: of(facts.EpochSaved)},
	{Mark: "exit.truncating", Doc: "an error of the disk while the log was cut", exits: true,
		opens: of(facts.Truncating), closes: of(facts.Truncated)},
	{Mark: "exit.snapshot", Doc: "an error of the disk while a snapshot was written", exits: true,
		opens: of(facts.SnapshotBegun), closes: of(facts.SnapshotTaken)},
	{Mark: "exit.logged", Doc: "an error of the disk while proposals were logged", exits: true,
		opens: of(facts.Logged), closes: of(facts.Acked)},
}

// windows follows which crash points each server is in.
type windows struct {
	open  [][]bool   // by server and point
	step  [][]uint64 // of the fact that opened it
	leads []bool     // on its way to lead, or leading
	hits  []uint64   // by point
}

func newWindows(servers int) windows {
	w := windows{leads: make([]bool, servers), hits: make([]uint64, len(CrashPoints))}
	for range servers {
		w.open = append(w.open, make([]bool, len(CrashPoints)))
		w.step = append(w.step, make([]uint64, len(CrashPoints)))
	}
	return w
}

// effect is what a fact does to a crash point: it opens or closes it.
type effect struct {
	point int
	opens bool
	text  string
}

// effects lists those of each fact by its code, for facts are many; of one point, the
// opening ones first.
var effects = func() (all [][]effect) {
	for i, p := range CrashPoints {
		for j, m := range append(append([]moment(nil), p.opens...), p.closes...) {
			code := int(m.kind.Code)
			all = append(all, make([][]effect, max(0, code+1-len(all)))...)
			all[code] = append(all[code], effect{point: i, opens: j < len(p.opens), text: m.text})
		}
	}
	return all
}()

func (w *windows) observe(s *sim.Seen) {
	switch s.Event.Kind {
	case facts.EpochChosen:
		w.leads[s.Node] = true
	case facts.ElectionStarted:
		w.leads[s.Node] = false
	}
	if s.Event.Kind.Code >= uint64(len(effects)) {
		return
	}
	opened := -1
	for _, e := range effects[s.Event.Kind.Code] {
		switch {
		case e.text != "" && e.text != s.Event.Text:
		case !e.opens:
			w.open[s.Node][e.point] = e.point == opened
		case CrashPoints[e.point].mayBe(w.leads[s.Node]):
			opened = e.point
			w.open[s.Node][opened], w.step[s.Node][opened] = true, s.Step
		}
	}
}

func (p *CrashPoint) mayBe(leads bool) bool {
	return p.role == anyone || leads == (p.role == leading)
}

// died counts the windows that a server was in, and closes them.
func (w *windows) died(c sim.ProcessChange) {
	for i := range CrashPoints {
		p := &CrashPoints[i]
		if w.open[c.Node][i] && p.exits == (c.Kind == sim.Exited) && (!p.at || w.step[c.Node][i] == c.Step) {
			w.hits[i]++
		}
		w.open[c.Node][i] = false
	}
	w.leads[c.Node] = false
}

// marks adds the counts to those of a run.
func (w *windows) marks(to map[string]uint64) {
	for i, n := range w.hits {
		if n > 0 {
			to[CrashPoints[i].Mark] = n
		}
	}
}
