package stampede

import (
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// zombies follows which broker holds what by which session, as the coordinator's tree has
// it, and what brokers do whose session is over and who do not know.
type zombies struct {
	knobs     Knobs
	processes func() []sim.ProcessInfo
	windows   *windows
	// sessions are those by which brokers are registered, ruler that of /controller, 0 for
	// none, and office whose it is, in which life.
	sessions map[int32]int64
	ruler    int64
	office   int32
	life     int
	// lives are those of brokers, by broker.
	lives map[int32]*afterlife
	hits  map[string]uint64
	// unclean says in which partitions the last election was; inSync are who is in sync
	// in each, as bits.
	unclean map[string]bool
	inSync  map[string]int64
}

// afterlife is what a broker does, and does not know of itself.
type afterlife struct {
	leads map[string]bool
	rules bool
	// led are the partitions that it led until it was told to follow in them.
	led map[string]bool
	// asleep: its session ended while it stood still, and nobody has told it.
	asleep bool
}

// The marks of zombies, and those of logs that were cut.
const (
	leaderExpired      = "zombie.leader-expired"
	leaderAppends      = "zombie.leader-appends"
	controllerExpired  = "zombie.controller-expired"
	controllerProposes = "zombie.controller-proposes"
	cutAfterUnclean    = "truncated.after-unclean-election"
	cutInSync          = "truncated.led-in-sync"
)

// ZombieMarks lists the marks that count what brokers do whose session ended while they
// stood still, with what each means, and what unclean elections come to.
var ZombieMarks = []struct{ Mark, Doc string }{
	{leaderExpired, "the session of a broker that leads ended while it stood still"},
	{leaderAppends, "it woke up and took records before it heard of that"},
	{controllerExpired, "the session of a controller ended while it stood still"},
	{controllerProposes, "it woke up and would write a state before it heard of that"},
	{cutAfterUnclean, "a log was cut to what a leader has that was elected though it was not in sync"},
	{cutInSync, "a leader that was replaced had its log cut, and was in sync all the while"},
}

func newZombies(k Knobs, processes func() []sim.ProcessInfo, w *windows) *zombies {
	z := &zombies{
		knobs: k, processes: processes, windows: w, sessions: map[int32]int64{},
		lives: map[int32]*afterlife{}, hits: map[string]uint64{}, unclean: map[string]bool{}, inSync: map[string]int64{},
	}
	for n := range int32(k.Brokers) {
		z.died(n + 1)
	}
	return z
}

// committed takes the next transaction of the coordinator.
func (z *zombies) committed(step uint64, txn *wire.Txn) {
	z.apply(step, txn.Session, txn.Body)
	if _, ended := txn.Body.(*wire.CloseSessionTxn); !ended {
		return
	}
	for n := range int32(z.knobs.Brokers) {
		if z.sessions[n+1] == txn.Session {
			z.expired(n + 1)
		}
	}
	if z.ruler == txn.Session {
		z.vacate(byExpiry, step)
	}
}

func (z *zombies) apply(step uint64, session int64, body wire.TxnBody) {
	switch b := body.(type) {
	case *wire.CreateTxn:
		z.created(step, session, b)
		z.state(b.Path, b.Data)
	case *wire.SetDataTxn:
		z.state(b.Path, b.Data)
	case *wire.DeleteTxn:
		if b.Path == znodes.Controller {
			z.vacate(byDeposal, step)
		}
	case *wire.MultiTxn:
		for _, part := range b.Parts {
			z.apply(step, session, part.Body)
		}
	}
}

// created notes by which session a broker is there, or the controller. Whoever else has
// tried to be that has failed.
func (z *zombies) created(step uint64, session int64, b *wire.CreateTxn) {
	if name, ok := strings.CutPrefix(b.Path, znodes.BrokerIDs+"/"); ok {
		if id, err := strconv.ParseInt(name, 10, 32); err == nil {
			z.sessions[int32(id)] = session
		}
		return
	}
	id, err := znodes.DecodeController(b.Data)
	if b.Path != znodes.Controller || err != nil || z.lives[id] == nil {
		return
	}
	z.office, z.ruler, z.life = id, session, z.process(id).Incarnation
	for n := range int32(z.knobs.Brokers) {
		if n+1 != id {
			z.windows.observe(&sim.Seen{Step: step, Node: z.knobs.brokerID(n + 1), Event: node.Event{Kind: outrun}})
		}
	}
}

// state notes who is in sync, if that is what a znode says.
func (z *zombies) state(path string, data []byte) {
	name, ok := strings.CutPrefix(path, znodes.Topics+"/")
	if name, isState := strings.CutSuffix(name, "/state"); ok && isState {
		topic, number, _ := strings.Cut(name, "/partitions/")
		if s, err := znodes.DecodeState(znodes.TopicPartition{Topic: topic}, data); err == nil {
			z.inSync[topic+"-"+number] = facts.Set(s.Isr)
		}
	}
}

// vacate: nobody is the controller any more. A broker that was it in an earlier life has
// nothing to lose by that.
func (z *zombies) vacate(by blow, step uint64) {
	if z.office > 0 && z.process(z.office).Incarnation == z.life {
		z.windows.struck(z.knobs.brokerID(z.office), by, step)
	}
	z.office, z.ruler = 0, 0
}

func (z *zombies) process(id int32) sim.ProcessInfo {
	return z.processes()[z.knobs.brokerID(id)]
}

// expired: the session is over by which a broker is registered.
func (z *zombies) expired(id int32) {
	delete(z.sessions, id)
	life, process := z.lives[id], z.process(id)
	if !process.Up || !process.Paused {
		return
	}
	life.asleep = true
	if len(life.leads) > 0 {
		z.hits[leaderExpired]++
	}
	if life.rules {
		z.hits[controllerExpired]++
	}
}

// observe takes a fact that a broker states.
func (z *zombies) observe(id int32, e *node.Event) {
	life := z.lives[id]
	switch e.Kind {
	case facts.BecameLeader:
		life.leads[e.Text] = true
	case facts.BecameFollower, facts.ReplicaDeleted:
		life.led[e.Text] = life.leads[e.Text]
		delete(life.leads, e.Text)
	case facts.ControllerElected:
		life.rules = true
	case facts.ControllerResigned:
		life.rules = false
	case facts.SessionLost, facts.Registered:
		life.asleep = false
	case facts.LeaderAppended:
		z.count(life.asleep, leaderAppends)
	case facts.StateProposed:
		z.count(life.asleep, controllerProposes)
	case facts.LeaderElected:
		z.unclean[e.Text] = e.CaseOf() == facts.ElectedUnclean
	case facts.Truncated, facts.StartedOver:
		z.count(z.unclean[e.Text], cutAfterUnclean)
		z.count(life.led[e.Text] && z.inSync[e.Text]&(1<<id) != 0, cutInSync)
	case facts.Disconnected:
		z.windows.struck(z.knobs.brokerID(id), byCut, 0)
	}
}

func (z *zombies) count(is bool, mark string) {
	if is {
		z.hits[mark]++
	}
}

// died: nothing of what a broker was is left.
func (z *zombies) died(id int32) {
	z.lives[id] = &afterlife{leads: map[string]bool{}, led: map[string]bool{}}
}
