package stampede

import (
	"slices"

	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// CrashPoint is a window of the protocol in which the death of a process, or another blow
// to it, has its own consequences. Hunts strike it by faults that wait for the fact which
// opens it, or by chance.
type CrashPoint struct {
	// Mark is the coverage mark that counts the blows, Doc what the window is.
	Mark, Doc string
	// opens begin the window and closes end it, stated by the same process; if about, of
	// the same thing, as their texts have it.
	opens, closes []moment
	about         bool
	// at is the window of a single step: that of the fact which opens it.
	at bool
	// by is what is counted.
	by blow
	// role is who can be in it: a server on its way to lead, one that follows, or any.
	role role
}

// blow is what may strike a process in a window.
type blow uint8

const (
	// byCrash is a death, byExit the end that a process puts to itself, as after an error
	// of its disk.
	byCrash blow = iota
	byExit
	// byExpiry is the end of the session that a broker holds an office by, byDeposal that
	// somebody else deletes its znode, byCut the loss of the connection to the coordinator.
	byExpiry
	byDeposal
	byCut
)

// moment is a fact, of those with one text if text is not empty, and of those of one case
// if row counts it, from 1.
type moment struct {
	kind *node.EventKind
	text string
	row  int
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

// CrashPoints lists the windows, each protocol's in its order.
var CrashPoints = slices.Concat(coordinatorPoints, failoverPoints(), brokerPoints)

var coordinatorPoints = []CrashPoint{
	{Mark: "crash.epoch-chosen", Doc: "a leader chose an epoch, and has written nothing", role: leading,
		opens: of(facts.EpochChosen), closes: []moment{{kind: facts.EpochWritten, text: acceptedFile}}},
	{Mark: "crash.accepted-written", Doc: "acceptedEpoch is in a temporary file",
		opens: []moment{{kind: facts.EpochWritten, text: acceptedFile}}, closes: of(facts.EpochSynced)},
	{Mark: "crash.accepted-synced", Doc: "acceptedEpoch is durable under the temporary name",
		opens: []moment{{kind: facts.EpochSynced, text: acceptedFile}}, closes: of(facts.EpochRenamed)},
	{Mark: "crash.accepted-renamed", Doc: "acceptedEpoch has its name, not durably",
		opens: []moment{{kind: facts.EpochRenamed, text: acceptedFile}}, closes: of(facts.EpochSaved)},
	{Mark: "crash.accepted-saved", Doc: "acceptedEpoch is durable, and nobody was told",
		opens: []moment{{kind: facts.EpochSaved, text: acceptedFile}}, closes: of(facts.EpochProposed, facts.AckEpochSent)},
	{Mark: "crash.leaderinfo", Doc: "LEADERINFO went to some", at: true, opens: of(facts.EpochProposed)},
	{Mark: "crash.ackepoch-leader", Doc: "a leader waits for a quorum's ACKEPOCH", role: leading,
		opens: of(facts.EpochProposed), closes: of(facts.Synchronizing)},
	{Mark: "crash.ackepoch-learner", Doc: "a learner sent ACKEPOCH, and was told nothing",
		opens: of(facts.AckEpochSent), closes: of(facts.SyncBegun)},
	{Mark: "crash.current-before", Doc: "a leader synchronises others, its currentEpoch not durable", role: leading,
		opens: of(facts.Synchronizing), closes: []moment{{kind: facts.EpochSaved, text: currentFile}, {kind: facts.Established}}},
	{Mark: "crash.current-after", Doc: "a leader has its currentEpoch, and is not established", role: leading,
		opens: []moment{{kind: facts.EpochSaved, text: currentFile}}, closes: of(facts.Established)},
	{Mark: "crash.entry-snapshot", Doc: "a leader writes the snapshot of entering leadership",
		opens: []moment{{kind: facts.SnapshotBegun, text: "leading"}}, closes: of(facts.SnapshotTaken)},
	{Mark: "crash.sync-cut", Doc: "a leader decided how to synchronise a learner; not all of it is sent, nor is it registered", at: true,
		opens: of(facts.SyncEmptyDiff, facts.SyncDiff, facts.SyncDiffFromDisk, facts.SyncTrunc, facts.SyncTruncDiff, facts.SyncSnap)},
	{Mark: "crash.sync-header", Doc: "a learner has the header of its synchronisation, and has done nothing",
		opens: of(facts.SyncBegun), closes: of(facts.Truncated, facts.SnapshotLoaded, facts.HistoryLogged)},
	{Mark: "crash.snap-stream", Doc: "a learner has a part of a snapshot, or installs it",
		opens: []moment{{kind: facts.SyncBegun, text: "SNAP"}}, closes: of(facts.SnapshotLoaded)},
	{Mark: "crash.snap-loaded", Doc: "a learner has the leader's snapshot, and did not acknowledge it",
		opens: of(facts.SnapshotLoaded), closes: of(facts.HistoryDurable)},
	{Mark: "crash.truncating", Doc: "a learner cuts its log",
		opens: of(facts.Truncating), closes: of(facts.Truncated)},
	{Mark: "crash.truncated", Doc: "a learner has cut its log, and did not acknowledge what is left",
		opens: of(facts.Truncated), closes: of(facts.HistoryDurable)},
	{Mark: "crash.history-logged", Doc: "the history that came is written, not durable", role: following,
		opens: of(facts.HistoryLogged), closes: of(facts.HistoryDurable)},
	{Mark: "crash.history-durable", Doc: "the history that came is durable, currentEpoch is not", role: following,
		opens: of(facts.HistoryDurable), closes: []moment{{kind: facts.EpochSaved, text: currentFile}}},
	{Mark: "crash.history-epoch", Doc: "currentEpoch is durable, the ACK of NEWLEADER is not sent", role: following,
		opens: []moment{{kind: facts.EpochSaved, text: currentFile}}, closes: of(facts.NewLeaderAcked)},
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
	{Mark: "exit.saving-epoch", Doc: "an error of the disk while an epoch file was saved", by: byExit,
		opens: of(facts.EpochWritten), closes: of(facts.EpochSaved)},
	{Mark: "exit.truncating", Doc: "an error of the disk while the log was cut", by: byExit,
		opens: of(facts.Truncating), closes: of(facts.Truncated)},
	{Mark: "exit.snapshot", Doc: "an error of the disk while a snapshot was written", by: byExit,
		opens: of(facts.SnapshotBegun), closes: of(facts.SnapshotTaken)},
	{Mark: "exit.logged", Doc: "an error of the disk while proposals were logged", by: byExit,
		opens: of(facts.Logged), closes: of(facts.Acked)},
}

// windows follows which crash points each process is in.
type windows struct {
	open  [][]opening // by process and point
	leads []bool      // on its way to lead, or leading
	hits  []uint64    // by point
}

// opening is whether a process is in a window, since which step, and with what: of several
// things at a time the last.
type opening struct {
	is   bool
	step uint64
	what string
}

func newWindows(processes int) windows {
	w := windows{leads: make([]bool, processes), hits: make([]uint64, len(CrashPoints))}
	for range processes {
		w.open = append(w.open, make([]opening, len(CrashPoints)))
	}
	return w
}

// effect is what a fact does to a crash point: it opens or closes it.
type effect struct {
	moment
	point int
	opens bool
}

// effects lists those of each fact by its code, for facts are many; of one point, the
// opening ones first.
var effects = func() (all [][]effect) {
	for i, p := range CrashPoints {
		for j, m := range append(append([]moment(nil), p.opens...), p.closes...) {
			code := int(m.kind.Code)
			all = append(all, make([][]effect, max(0, code+1-len(all)))...)
			all[code] = append(all[code], effect{moment: m, point: i, opens: j < len(p.opens)})
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
		p, o := &CrashPoints[e.point], &w.open[s.Node][e.point]
		switch {
		case !e.is(&s.Event):
		case !e.opens:
			o.is = e.point == opened || o.is && p.about && o.what != s.Event.Text
		case p.mayBe(w.leads[s.Node]):
			opened = e.point
			*o = opening{true, s.Step, s.Event.Text}
		}
	}
}

// is reports whether an event is the moment, given that its kind is.
func (m moment) is(e *node.Event) bool {
	return (m.text == "" || m.text == e.Text) && (m.row == 0 || m.row == e.CaseOf()+1)
}

func (p *CrashPoint) mayBe(leads bool) bool {
	return p.role == anyone || leads == (p.role == leading)
}

// died counts the windows that a process was in, and closes them.
func (w *windows) died(c sim.ProcessChange) {
	by := byCrash
	if c.Kind == sim.Exited {
		by = byExit
	}
	w.struck(c.Node, by, c.Step)
	clear(w.open[c.Node])
	w.leads[c.Node] = false
}

// struck counts the windows that a process is in when something happens to it.
func (w *windows) struck(id node.ID, by blow, step uint64) {
	for i, o := range w.open[id] {
		if p := &CrashPoints[i]; o.is && p.by == by && (!p.at || o.step == step) {
			w.hits[i]++
		}
	}
}

// marks adds the counts to those of a run.
func (w *windows) marks(to map[string]uint64) {
	for i, n := range w.hits {
		if n > 0 {
			to[CrashPoints[i].Mark] = n
		}
	}
}
