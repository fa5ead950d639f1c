package replication

import (
	"math"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
)

// replica is one copy of a partition.
type replica struct {
	*member
	of  *partition
	log mirror
	// wrote are all batches that it ever had: a crash may bring any of them back.
	wrote map[key]bool
	// agreed is an offset below which the log is known to be what the ledger says.
	agreed int64
	// lost is the offset from which a crash took committed records, -1 for none: until
	// it has them again, that it lacks them is explained. spoils are those of its broker
	// that its log was opened after.
	lost   int64
	spoils int
	// torn is where its log ended when it was opened last after its disk may have lost
	// something, beyond all offsets if it never was.
	torn int64
	// mark is the high watermark as it knows it, peak the furthest that it ever knew, and
	// hid the furthest that its log ever began.
	mark, peak, hid int64
	// noted is where its log begins for its disk, owed where it did when it first began later
	// than that, at owedSince. absent: its broker came back without it; gave: it was deleted,
	// be it that a crash has brought it back since.
	noted, owed  int64
	owedSince    time.Duration
	absent, gave bool
	// furthest is the furthest that its log ever ended, brink the same as of when it was cut or
	// opened last, -1 before. segment is how many bytes were appended by a leader since its
	// last segment began, at least.
	furthest, brink, segment int64
	// waits is min.compaction.lag.ms as of when it began to compact last.
	waits int64
	// rollWaits: what is appended next should begin a segment, and cannot.
	rollWaits bool
	// epoch is the latest leader epoch in which it led or followed in this life, -1 for
	// none; leads says that it takes itself for the leader of that.
	epoch int64
	leads bool

	// What it knows as a leader: who is in sync, whom it is about to write besides, where
	// its log ended when it began to lead, and from where each follower fetched last in
	// this reign.
	isr, proposed int64
	began         int64
	fetched       map[int32]int64
	// via are the connections over which they did.
	via map[int32]int64
	// paces are how they keep up, and quiet is since when the leader has not been about to
	// write who is in sync.
	paces map[int32]*pace
	quiet time.Duration
	// former are the followers that died and have not fetched since, as far as their leader
	// has heard: what they had before, and are counted for, a crash may have taken.
	former map[int32]bool
}

// stops: the process is gone, and with it all that is not in the log.
func (r *replica) stops() {
	r.leads, r.epoch, r.mark, r.isr, r.proposed, r.fetched, r.via, r.paces, r.former = false, -1, 0, 0, 0, nil, nil, nil, nil
	for _, other := range r.of.replicas { //sim:unordered each for itself
		if other.former != nil {
			other.former[r.ID] = true
		}
	}
}

// heard: a follower fetched from behind what it has. Over the connection of before it died,
// that is what it had then: such a request may wait at a leader that hangs, and come when
// the follower is down, or back with less. So may one over another connection, as who hears
// nothing tries again: until it follows in this life, it fetches nothing.
func (r *replica) heard(id int32, end, via int64, now time.Duration) {
	if r.fetched == nil {
		return
	}
	f := r.of.replicas[id]
	if !r.former[id] || via != r.via[id] && (f == nil || f.epoch == r.epoch) {
		delete(r.former, id)
	}
	r.keepsUp(id, end, now)
	r.fetched[id], r.via[id] = end, via
}

// forgotten: a leader counts what a follower fetched before it died, and does not know yet
// what the crash took of that. So what it lacks of a record that is committed now was lost
// then, and explained by that; if it was there. A follower that fetched from behind a record
// which it never wrote has lost nothing:
//
//	b2 fetches at 5, with 4 in flight to its disk; its process dies, and 4 with it
//	b1 commits 4 by that fetch
func (p *partition) forgotten(id int32) {
	r := p.replicas[id]
	if r == nil {
		return
	}
	if want, _, lacks := p.holds(r, p.ledger.end); lacks && want.last >= r.log.end && r.had(&p.ledger, want.first) && (r.lost < 0 || want.first < r.lost) {
		r.lost = want.first
	}
}

// countsTorn: a leader that was replaced, and has not heard of it, commits what a follower
// fetched before it died, and a crash took of that. Whoever was elected meanwhile need not have
// it: what is committed here is lost already.
//
//	b1 hangs; b2, in sync with it, has fetched its 0
//	b2 loses that, leads alone, and commits another 0
//	b1 goes on, hears what b2 fetched, and commits its own
func (p *partition) countsTorn(r *replica, set, from, upTo int64) bool {
	for _, id := range facts.Members(set) {
		f := p.replicas[id]
		if f == nil || !r.former[id] {
			continue
		}
		for b := range r.log.within(from, upTo) {
			if f.wrote[b.key()] && b.last >= f.torn {
				return true
			}
		}
	}
	return false
}

// revived: what comes back after a loss is explained, others may be without, or have
// something else in its place, which they shall cut.
//
//	b2, in sync, loses its disk, is elected, and appends 0
//	b3, in sync and not heard of since, is elected, with its own 0 to 4
func (p *partition) revived() {
	for _, r := range p.replicas { //sim:unordered each for itself
		if want, _, lacks := p.holds(r, p.ledger.end); lacks && (r.lost < 0 || want.first < r.lost) {
			r.lost = want.first
		}
	}
}

// knows: a replica takes everything below a mark for committed.
func (r *replica) knows(mark int64) { r.mark, r.peak = mark, max(r.peak, mark) }

// had reports whether a replica wrote all that is committed from an offset on, be it there
// or not.
func (r *replica) had(ledger *mirror, from int64) bool {
	return !slices.ContainsFunc(ledger.batches[ledger.at(from):], func(b batch) bool { return !r.wrote[b.key()] })
}

// append adds to the log.
func (r *replica) append(b batch) {
	r.log.append(b)
	r.furthest = max(r.furthest, r.log.end)
	r.wrote[b.key()] = true
}

// disturbed: the log is not what it was, and how long its last segment is nobody knows.
func (r *replica) disturbed() { r.brink, r.segment = r.furthest, 0 }

// cut shortens the log.
func (r *replica) cut(to int64) {
	r.log.cut(to)
	r.disturbed()
	r.noted, r.owed = min(r.noted, to), min(r.owed, to)
	r.agreed, r.mark = min(r.agreed, to), min(r.mark, to)
}

// counted are all that a leader has to take for in sync: those that are as far as it
// knows, and those that may be, its write being under way (KIP-497).
func (r *replica) counted() int64 { return r.isr | r.proposed }

// partition is what is known of one partition of one topic. A topic that has the name of
// a deleted one has partitions of its own.
type partition struct {
	name, index string
	topic       *topic
	replicas    map[int32]*replica
	// buried are replicas that said they were deleted: a crash may bring the files back.
	buried map[int32]*replica
	// deceased are the batches that replicas had that were deleted, whatever came after those.
	deceased map[key]bool

	// ledger has every batch that was committed, in the order of offsets; longest is the
	// furthest that it ever went.
	ledger  mirror
	longest int64
	// grew is when a leader appended last. raised are the high watermarks that leaders told
	// of late, and aged is the last of those that all followers should have heard of.
	grew   time.Duration
	raised []raised
	aged   int64
	// once are the batches that were ever committed, be it in vain, or lost since.
	once map[key]bool
	// producers are those with an ID, as of the ledger's end.
	producers map[int64]sequence

	// truth is what the state znode says, past what it said in each version, elected whom
	// it ever named for an epoch.
	truth   state
	past    map[int64]state
	elected map[int64]*election
	// tainted: somebody was elected who was not in sync, and no leader has begun since,
	// so that it is not known yet what was lost.
	tainted bool
	// disputed is the latest epoch whose leader may have begun without committed records,
	// -1 for none. A leader of an earlier one that does not know it is deposed goes on
	// committing, in vain.
	disputed int64
	dispute  history.LogEventKind
	// hidden is how far logs ever began because somebody deleted what was before, who was
	// not told to by his leader.
	hidden int64
	// excused is the lowest offset from which on the history was told that records are lost.
	excused int64
	// assigned are all who had a replica since the leader was last elected, as a bit set,
	// steady those that had one all that time, and neither came nor went;
	// unclean says that since the last version of the state a leader might have been
	// elected who is not in sync, permitted that an operator asked for one.
	assigned           int64
	steady             int64
	unclean, permitted bool
}

// state is one version of a state znode.
type state struct {
	exists          bool
	version         int64
	leader          int32
	epoch           int64
	controllerEpoch int64
	isr             int64
}

// election is how a leader was chosen for an epoch.
type election struct {
	leader int32
	// clean: it was in sync before, and nothing was lost before that is not known.
	clean bool
	// bound is where the ledger ended when the next election was held, -1 before: of what
	// is committed after it the leader need not know.
	bound int64
	// least is the smallest number of replicas that the partition was to have since.
	least int
	// isr is who was in sync when the state znode last named the epoch.
	isr int64
}

// lastInSync is who was in sync when the state znode last named an epoch. Its leader may
// know that from a controller, and lead on after the next election.
func (p *partition) lastInSync(epoch int64) int64 {
	if e := p.elected[epoch]; e != nil {
		return e.isr
	}
	return 0
}

func newPartition(t *topic, name, index string) *partition {
	return &partition{
		name: name, index: index, topic: t, replicas: map[int32]*replica{}, buried: map[int32]*replica{}, deceased: map[key]bool{}, producers: map[int64]sequence{}, once: map[key]bool{},
		past: map[int64]state{}, elected: map[int64]*election{}, disputed: -1, excused: math.MaxInt64,
	}
}

// newReplica begins a copy that nothing is known of.
func (p *partition) newReplica(m *member) *replica {
	r := &replica{member: m, of: p, wrote: map[key]bool{}, lost: -1, spoils: m.spoils, torn: math.MaxInt64, brink: -1, epoch: -1}
	if before := p.buried[m.ID]; before != nil {
		r.peak, r.hid, r.furthest, r.brink = before.peak, before.hid, before.furthest, before.furthest // a crash may bring that back, too
	}
	p.replicas[m.ID] = r
	return r
}

// holds looks for a committed record below an offset that a replica does not have. Each
// record is compared once.
func (p *partition) holds(r *replica, upTo int64) (want batch, got *batch, lacks bool) {
	if upTo = min(upTo, p.ledger.end); r.agreed >= upTo {
		return batch{}, nil, false
	}
	if want, got, lacks = r.log.differs(&p.ledger, r.agreed, upTo); !lacks {
		r.agreed = upTo
	}
	return want, got, lacks
}

// shows is holds without what has been deleted: a follower hears where its leader's log
// begins together with the high watermark, and takes the latter first. What it has below
// may be what was lost, or what was never committed:
//
//	b1, alone in sync, loses 0 and 1, leads on with others there, and deletes them
//	b2 comes back, its log ending at 2, where that of b1 begins
//
// It may have that, and show it to nobody: see served.
func (p *partition) shows(r *replica, upTo int64) (want batch, got *batch, lacks bool) {
	want, got, lacks = p.holds(r, upTo)
	if lacks && want.last < p.ledger.start {
		return r.log.differs(&p.ledger, p.ledger.start, min(upTo, p.ledger.end))
	}
	return want, got, lacks
}

// judged reports whether what is done in a leader epoch says anything. After a loss that
// is explained, leaders and followers of before that have not heard of it go on with
// records that are lost already.
func (p *partition) judged(epoch int64) bool { return epoch >= p.disputed }

// disputes begins an epoch from which on alone what is done says anything, and why.
func (p *partition) disputes(epoch int64, why history.LogEventKind) {
	if epoch > p.disputed {
		p.disputed, p.dispute = epoch, why
	}
}

// inSync reports whether the state znode calls a broker in sync, and that binds it: the
// replicas of a topic that is being deleted go one by one.
func (p *partition) inSync(id int32) bool { return p.truth.isr&(1<<id) != 0 && !p.topic.doomed }
