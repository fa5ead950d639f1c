package live

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Ghost shows disks and connections as only a simulator can. Slices it returns are read,
// never kept or changed.
type Ghost interface {
	// Files lists the names in the page cache's view of a disk, sorted.
	Files(id node.ID) []string
	// Read returns a file as its owner would read it now.
	Read(id node.ID, file string) ([]byte, bool)
	// Durable returns what of a file no crash can take any more; false if the
	// file's name itself may vanish.
	Durable(id node.ID, file string) ([]byte, bool)
	// DurableSize is len(Durable), cheaply; 0 if the name may vanish.
	DurableSize(id node.ID, file string) int64
	// Clients lists who is at the other ends of the client connections that a server has
	// taken and that are open, one for each.
	Clients(id node.ID) []node.ID
	// Rotten reports whether a file reads otherwise than it was written.
	Rotten(id node.ID, file string) bool
}

// Server is one member of the ensemble.
type Server struct {
	ID node.ID
	// Sid is the server id, 1 to 63: the bit it has in quorum bit sets.
	Sid int64
	// Name is for people.
	Name string
	// Observer: it has no vote, and acknowledges no proposal. Spare: it is no member.
	// Both are so at first, and change with the configuration.
	Observer, Spare bool
}

// Config is the ensemble's own configuration, as far as it is judged by it.
type Config struct {
	// Groups are the hierarchical quorum, empty if a majority decides. A server in
	// no group has no weight.
	Groups []Group
	// LeaderRefuses: clients are to be served by followers and observers only.
	LeaderRefuses bool
	// MaxClientCnxns bounds the client connections of a server from one address,
	// MaxCnxns those from all, 0 for no bound.
	MaxClientCnxns, MaxCnxns int
	// PreparedDisks: a server with a bare disk has lost the one that it had.
	PreparedDisks bool
	// Reaping is how znodes go that the ensemble deletes by itself.
	Reaping Reaping
	// Initial is the text of the configuration that an operator wrote for an ensemble
	// that changes; "" if it does not.
	Initial string
	// Tick is the ensemble's tickTime: servers grant no session less than two.
	Tick time.Duration
	// DriftPPM bounds how much faster than virtual time a server's clock may run,
	// in parts per million.
	DriftPPM int64
	// Committed, if set, is told every transaction when it is committed, in order.
	Committed func(step uint64, at time.Duration, txn *wire.Txn)
	// Wall is what a server's wall clock shows now, in ms.
	Wall func(id node.ID) int64
}

// Checker watches one ensemble. It is told every fact, boot and crash in order,
// and keeps the first violation.
type Checker struct {
	cfg     Config
	ghost   Ghost
	servers []*server
	byID    []*server // sparse, by node ID
	// operator is the configuration that the operator wrote; initial is the same with
	// the version that it got when first a leader was established.
	operator, initial *config

	root     *entry
	frontier *entry // end of the committed log
	epochs   map[int64]*epoch
	recent   *epoch // the epoch last looked up
	folds    folds
	// timeouts and created have every session ever proposed, granted what the clients
	// were told that were let into one, ended those that were closed or that a leader
	// decided to expire.
	timeouts, granted map[int64]time.Duration
	created           map[int64]wire.Zxid
	ended             map[int64]bool
	locals            []history.LocalSession
	shown             []*entry // by read-only servers

	now     moment
	finding *guarantee.Finding
	// encoded and other are scratch for comparing transactions.
	encoded, other []byte
}

// moment is the fact being checked and where it came from.
type moment struct {
	step  uint64
	at    time.Duration
	event node.Event
}

// New returns a checker of an ensemble that has not started yet.
func New(servers []Server, g Ghost, cfg Config) *Checker {
	root := &entry{committed: true}
	c := &Checker{
		cfg: cfg, ghost: g,
		root: root, frontier: root,
		epochs:   map[int64]*epoch{},
		folds:    folds{root: root},
		timeouts: map[int64]time.Duration{},
		created:  map[int64]wire.Zxid{},
		granted:  map[int64]time.Duration{},
		ended:    map[int64]bool{},
	}
	for i, m := range servers {
		if m.Sid < 1 || m.Sid > 63 {
			panic(fmt.Sprintf("live: sid %d of %s is outside 1..63", m.Sid, m.Name))
		}
		s := &server{
			Server: m, index: i, bit: 1 << m.Sid, promised: root,
			touched: map[int64]time.Duration{}, owners: map[int64]int64{}, locals: map[int64]bool{}, gone: map[int64]bool{},
		}
		c.servers = append(c.servers, s)
		for int(m.ID) >= len(c.byID) {
			c.byID = append(c.byID, nil)
		}
		c.byID[m.ID] = s
	}
	c.operator = c.written(cfg.Groups)
	if cfg.Initial != "" {
		g, err := parseConfig(cfg.Initial)
		if err != nil {
			panic("live: " + err.Error())
		}
		c.operator = g
	}
	c.initial = c.operator
	for _, s := range c.servers {
		s.config = c.operator
	}
	return c
}

// server returns the member that runs as a process, nil for other processes.
func (c *Checker) server(id node.ID) *server {
	if id < 0 || int(id) >= len(c.byID) {
		return nil
	}
	return c.byID[id]
}

// Observe takes one fact, as it is stated. After the first violation it does
// nothing: what follows from a broken state proves nothing.
func (c *Checker) Observe(step uint64, at time.Duration, id node.ID, e node.Event) {
	s := c.server(id)
	if s == nil || c.finding != nil {
		return
	}
	c.now = moment{step: step, at: at, event: e}
	zxid := wire.Zxid(e.N[0])
	switch e.Kind {
	case facts.Logged:
		c.logged(s, zxid, e)
	case facts.Acked:
		c.ackedUpTo(s, zxid)
	case facts.Applied:
		c.applied(s, zxid, e)
	case facts.Committed:
		c.committed(s, zxid, uint64(e.N[1]))
	case facts.Proposed:
		c.proposed(s, zxid, e)
	case facts.Purged:
		c.purgeDone(s, int(e.N[1]))
	case facts.SessionTouched:
		s.touched[e.N[0]] = at
	case facts.SyncAnswered:
		c.syncAnswered(s, e.N[0], int32(e.N[1]))
	case facts.SessionExpiring:
		c.expiring(s, e.N[0], time.Duration(e.N[1])*time.Millisecond)
	default:
		c.observeRare(s, e)
	}
}

// observeRare takes the facts of boots, elections and synchronisations.
func (c *Checker) observeRare(s *server, e node.Event) {
	first, second := wire.Zxid(e.N[0]), wire.Zxid(e.N[1])
	switch e.Kind {
	case facts.Recovered:
		c.recovered(s, first, second, uint64(e.N[2]))
	case facts.FastForwarded:
		c.fastForwarded(s, first)
	case facts.Truncated:
		c.truncated(s, first)
	case facts.SnapshotLoaded:
		c.snapshotLoaded(s, first, uint64(e.N[2]))
	case facts.SnapshotTaken:
		c.snapshotTaken(s, first)
	case facts.EpochProposed:
		c.epochProposed(s, e.N[0])
	case facts.AckEpochSent:
		c.ackEpochSent(s, e.N[0], e.N[1])
	case facts.Synchronizing:
		c.synchronizing(s, e.N[0], second, uint64(e.N[2]))
	case facts.NewLeaderAcked:
		c.newLeaderAcked(s, e.N[0], second)
	case facts.Established:
		c.established(s, e.N[0], second, uint64(e.N[2]))
	case facts.UpToDate:
		c.upToDate(s, e.N[0])
	case facts.Informed:
		c.informed(s, first)
	case facts.SyncTrunc, facts.SyncTruncDiff, facts.SyncSnap:
		c.release(e.N[0])
	case facts.SessionRevalidated:
		s.touched[e.N[0]], s.owners[e.N[0]] = c.now.at, e.N[1]
	case facts.SessionMoved:
		c.moved(s, e.N[0], e.N[1])
	case facts.LocalExpired:
		c.localExpired(s, e.N[0], time.Duration(e.N[1])*time.Millisecond)
	case facts.LocalClosed, facts.SessionUpgraded:
		delete(s.locals, e.N[0])
	case facts.StandsAlone:
		c.standsAlone(s, first, uint64(e.N[2]))
	case facts.ReadOnlyBegan:
		c.readOnlyBegan(s, first, uint64(e.N[2]))
	case facts.ReadOnlyEnded:
		s.readOnly = nil
	case facts.SessionRejected:
		c.rejected(s, e.N[0], s.serves)
	case facts.SessionUnknown:
		c.denied(s, e.N[0])
	case facts.ElectionStarted:
		c.rereadConfig(s)
		s.idle()
		c.reread(s)
		c.electionStarted(s, second, e.N[2])
	case facts.ElectionDecided:
		c.electionDecided(s, e.N[1])
	case facts.LeaderHandedOver, facts.VotesCounted, facts.ConfigActivated:
		c.observeConfig(s, e)
	case facts.ClientAdmitted, facts.SessionOpened, facts.LocalOpened, facts.ReadOnlyOpened:
		c.observeArrival(s, e)
	case facts.BetterVote:
		c.voted(s, e.N[1])
	case facts.StepDown:
		s.idle()
	case facts.WatchesDropped:
		s.gone[e.N[0]] = true
	case facts.WatchSet, facts.WatchRearmed:
		c.watchSet(s, e.N[0], e.N[1])
	}
}

// rereadConfig follows an activation that ended with its term, before the server said
// so.
func (c *Checker) rereadConfig(s *server) {
	if c.cfg.Initial == "" {
		return
	}
	if g := c.diskConfig(s, cached, false); g.version > s.config.version {
		c.activated(s, g.version, g.text())
	}
}

// observeConfig takes the facts of an ensemble that changes.
func (c *Checker) observeConfig(s *server, e node.Event) {
	switch e.Kind {
	case facts.LeaderHandedOver:
		c.rereadConfig(s)
		s.idle()
		c.reread(s)
	case facts.VotesCounted:
		c.votesCounted(s, uint64(e.N[1]), wire.Zxid(e.N[2]))
	case facts.ConfigActivated:
		c.activated(s, wire.Zxid(e.N[0]), e.Text)
	}
}

// observeArrival takes the facts of clients that are let in.
func (c *Checker) observeArrival(s *server, e node.Event) {
	switch e.Kind {
	case facts.ClientAdmitted:
		c.admitted(s, node.ID(e.N[0]))
	case facts.SessionOpened:
		c.letIn(s, e.N[0], time.Duration(e.N[1])*time.Millisecond)
	case facts.LocalOpened:
		c.localOpened(s, e)
	case facts.ReadOnlyOpened:
		c.letInReadOnly(s, e.N[0])
	}
}

// Booted tells that a server's process starts. An empty disk then is a new
// machine's: nothing that the old one promised binds it.
func (c *Checker) Booted(id node.ID) {
	s := c.server(id)
	if s == nil {
		return
	}
	s.down()
	if len(c.ghost.Files(id)) == 0 {
		s.promised, s.released, s.accepted, s.current = c.root, false, 0, 0
		s.lostDisk = c.cfg.PreparedDisks
	}
}

// Crashed tells that a server's process is gone, for whatever reason.
func (c *Checker) Crashed(id node.ID) {
	if s := c.server(id); s != nil {
		s.down()
	}
}

// Finding returns the first violation, nil if there is none.
func (c *Checker) Finding() *guarantee.Finding { return c.finding }

// Log returns the committed transactions in zxid order, with the time when a
// server first applied each; one that entered every tree by recovery or snapshot
// bears the time of its commit.
func (c *Checker) Log() []history.Applied {
	var log []history.Applied
	for e := c.frontier; e.prev != nil; e = e.prev {
		log = append(log, history.Applied{At: e.at, Txn: e.txn})
	}
	slices.Reverse(log)
	return log
}

// InitialConfig is the text of the configuration that a changing ensemble began with,
// in the version that its first leader gave it; "" if there was none.
func (c *Checker) InitialConfig() string {
	if c.initial.version == 0 {
		return ""
	}
	return c.initial.text()
}

// fail reports that a guarantee broke at the present fact. detail goes on where
// the guarantee's sentence ends; entries lend their origins to the evidence.
func (c *Checker) fail(s *server, id, detail string, entries ...*entry) {
	if c.finding != nil {
		return
	}
	f := &guarantee.Finding{
		Guarantee:   id,
		Explanation: strings.TrimSuffix(sentences[id], ".") + "; but " + detail,
		Step:        c.now.step, At: c.now.at, Node: s.Name,
	}
	for i, e := range entries {
		if e != nil && e.prev != nil && !slices.Contains(entries[:i], e) {
			f.Evidence = append(f.Evidence, e.origin())
		}
	}
	f.Evidence = append(f.Evidence, fmt.Sprintf("step %d: %s stated %v at %v", c.now.step, s.Name, c.now.event, c.now.at))
	c.finding = f
}

// names renders a bit set of sids for people.
func (c *Checker) names(bits uint64) string {
	var out []string
	for _, s := range c.servers {
		if bits&s.bit != 0 {
			out = append(out, s.Name)
			bits &^= s.bit
		}
	}
	if bits != 0 {
		out = append(out, fmt.Sprintf("strangers %#b", bits))
	}
	if len(out) == 0 {
		return "nobody"
	}
	return strings.Join(out, ", ")
}
