package replication

import (
	"encoding/json"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// reign is what the znodes say of the controller.
type reign struct {
	// broker has the znode /controller, 0 for nobody. epoch is /controller_epoch, session
	// the one that raised it last.
	broker  int32
	epoch   int64
	session int64
	raised  bool
	// of says who was the controller in which epoch.
	of map[int64]int32
}

// Committed takes the next transaction of the coordinator's committed log.
func (c *Checker) Committed(step uint64, at time.Duration, txn *wire.Txn) {
	if c.finding != nil {
		return
	}
	c.now = moment{step: step, at: at, txn: txn}
	c.apply(txn.Body)
	if c.controller.raised {
		c.elevated()
	}
}

func (c *Checker) apply(body wire.TxnBody) {
	switch b := body.(type) {
	case *wire.CreateTxn:
		c.wrote(b.Path, b.Data, 0)
	case *wire.SetDataTxn:
		c.wrote(b.Path, b.Data, int64(b.Version))
	case *wire.DeleteTxn:
		c.deleted(b.Path)
	case *wire.CloseSessionTxn:
		for _, path := range b.Paths {
			c.deleted(path)
		}
	case *wire.MultiTxn:
		for _, part := range b.Parts {
			c.apply(part.Body)
		}
	}
}

// parse reads the JSON of a znode; what cannot be read says nothing.
func parse(data []byte, v any) bool { return json.Unmarshal(data, v) == nil }

// below returns the name of the only znode between a prefix and the end of a path.
func below(path, prefix string) (name string, ok bool) {
	name, ok = strings.CutPrefix(path, prefix)
	return name, ok && name != "" && !strings.Contains(name, "/")
}

// wrote follows the znodes that matter.
func (c *Checker) wrote(path string, data []byte, version int64) {
	switch path {
	case "/controller":
		var v struct{ BrokerID int32 }
		if parse(data, &v) {
			c.controller.broker = v.BrokerID
		}
		return
	case "/controller_epoch":
		if n, err := strconv.ParseInt(string(data), 10, 64); err == nil {
			c.controller.epoch, c.controller.raised = n, true
		}
		return
	case "/latest_producer_id_block":
		c.blockTaken(data)
		return
	}
	if isErrand(path) {
		c.errands[path] = true
	}
	if entity, ok := entityOf(path); ok {
		c.said(entity, data)
	}
	if name, ok := below(path, "/brokers/ids/"); ok {
		if id, err := strconv.Atoi(name); err == nil {
			c.registered[int32(id)] = int64(c.now.txn.Zxid)
			c.sessions[c.now.txn.Session] = true
			c.interruptions++
		}
	} else if name, ok := below(path, "/brokers/topics/"); ok {
		c.ruled(name, "writes who has replicas of")
		c.topicWritten(name, data)
	} else if name, ok := below(path, "/config/topics/"); ok {
		c.configured(name, data)
	} else if name, ok := below(path, "/admin/delete_topics/"); ok && c.topics[name] != nil {
		t := c.topics[name]
		t.doomed, t.least = true, min(t.least, t.states())
	} else if parts := strings.Split(path, "/"); len(parts) == 7 && parts[2] == "topics" && parts[6] == "state" {
		c.stateWritten(c.topicNamed(parts[3]).partition(parts[5]), data, version)
	}
}

func (c *Checker) deleted(path string) {
	delete(c.errands, path)
	if entity, ok := entityOf(path); ok {
		delete(c.configs.said, entity)
	}
	if path == "/controller" {
		c.controller.broker = 0
	} else if name, ok := below(path, "/brokers/ids/"); ok {
		if id, err := strconv.Atoi(name); err == nil {
			delete(c.registered, int32(id))
		}
	} else if name, ok := below(path, "/brokers/topics/"); ok {
		c.ruled(name, "deletes")
		c.topicGone(name)
	} else if name, ok := below(path, "/config/topics/"); ok {
		delete(c.settings, name)
	}
}

// ruled: of all brokers only the controller says who has replicas of a topic, or that it is
// gone. Tools of operators may, too.
func (c *Checker) ruled(topic, does string) {
	if r := &c.controller; r.epoch > 0 && r.session != c.now.txn.Session && c.sessions[c.now.txn.Session] {
		c.fail("", ControllerFenced, fmt.Sprintf("session %#x %s %s, while %s rules in epoch %d by session %#x", c.now.txn.Session, does, topic, c.names(1<<r.broker&^1), r.epoch, r.session))
	}
}

// elevated: the controller epoch was raised, in one transaction with the controller's
// znode, whichever of them is written first in it.
func (c *Checker) elevated() {
	r := &c.controller
	r.raised, r.session = false, c.now.txn.Session
	c.interruptions++
	if other, ok := r.of[r.epoch]; ok && other != r.broker {
		c.fail("", OneController, fmt.Sprintf("%s and %s control the cluster in epoch %d", c.names(facts.Set([]int32{other})), c.names(facts.Set([]int32{r.broker})), r.epoch))
	}
	r.of[r.epoch] = r.broker
}

// stateWritten: a controller elected somebody, or a leader changed who is in sync.
func (c *Checker) stateWritten(p *partition, data []byte, version int64) {
	var v struct {
		Leader          int32   `json:"leader"`
		LeaderEpoch     int64   `json:"leader_epoch"`
		ControllerEpoch int64   `json:"controller_epoch"`
		Isr             []int32 `json:"isr"`
	}
	if !parse(data, &v) {
		return
	}
	w := writing{
		p: p, was: p.truth,
		now: state{exists: true, version: version, leader: v.Leader, epoch: v.LeaderEpoch, controllerEpoch: v.ControllerEpoch, isr: facts.Set(v.Isr)},
	}
	p.truth, p.past[version] = w.now, w.now
	if !w.was.exists {
		c.begun(p.topic)
	}
	c.judgeState(&w)
	if w.byController() {
		p.assigned, p.steady = p.topic.assigned[p.index].replicas, p.topic.assigned[p.index].settled()
	}
	p.unclean = c.mayBeUnclean(p)
}

// writing is a new version of a state znode, and the last.
type writing struct {
	p        *partition
	was, now state
}

// byController reports whether the controller wrote it: it never leaves the leader epoch
// as it is, and leaders always do.
func (w *writing) byController() bool {
	return !w.was.exists || w.now.epoch != w.was.epoch || w.now.leader != w.was.leader
}

// added and clean say whom it takes into the in-sync replicas, and whether the leader
// comes from those there were.
func (w *writing) added() int64 { return w.now.isr &^ w.was.isr }
func (w *writing) clean() bool {
	return !w.was.exists || w.now.leader < 0 || w.was.isr&(1<<w.now.leader) != 0
}

// judgeState holds a new version of a state znode against the last.
func (c *Checker) judgeState(w *writing) {
	p, was, now := w.p, w.was, w.now
	switch {
	case was.exists && (now.epoch < was.epoch || now.leader != was.leader && now.epoch == was.epoch):
		c.refuse(w, LeaderEpochGrows, "")
	case now.controllerEpoch < was.controllerEpoch, w.byController() && (now.controllerEpoch < c.controller.epoch || c.controller.session != c.now.txn.Session):
		c.refuse(w, ControllerFenced, fmt.Sprintf(", while %s rules in epoch %d", c.names(1<<c.controller.broker&^1), c.controller.epoch))
	case now.leader >= 0 && now.isr&(1<<now.leader) == 0:
		c.refuse(w, LeaderInSync, "")
	case w.added()&^p.assigned != 0:
		c.refuse(w, IsrOfAssigned, ", of "+c.names(p.assigned)+" assigned")
	case !w.clean() && !p.unclean:
		c.refuse(w, ElectionClean, "")
	case was.exists && w.byController() && w.added() != 0 && (w.clean() || bits.OnesCount64(uint64(now.isr)) > 1):
		c.refuse(w, LeaderExpands, "")
	}
	if w.byController() {
		c.electedBy(w)
	} else {
		c.joined(w)
	}
	if e := p.elected[now.epoch]; e != nil {
		e.isr = now.isr
	}
}

// refuse reports a version of a state znode.
func (c *Checker) refuse(w *writing, id, more string) {
	var before []string
	if w.was.exists {
		before = append(before, c.describe(w.p, w.was))
	}
	c.fail("", id, c.describe(w.p, w.now)+more, before...)
}

func (c *Checker) describe(p *partition, s state) string {
	return fmt.Sprintf("version %d of the state of %s has leader %d, epoch %d, controller epoch %d and %s in sync", s.version, p.name, s.leader, s.epoch, s.controllerEpoch, c.names(s.isr))
}

// electedBy: the controller chose a leader, or none. Whoever led before knows nothing
// from here on: what is committed without it, it need not have.
func (c *Checker) electedBy(w *writing) {
	p := w.p
	for _, e := range p.elected { //sim:unordered each for itself
		if e.bound < 0 {
			e.bound = p.ledger.end
		}
	}
	if !w.clean() {
		p.tainted = true
		p.disputes(w.now.epoch, history.UncleanElection)
	}
	if w.now.leader >= 0 {
		p.elected[w.now.epoch] = &election{leader: w.now.leader, clean: !p.tainted, bound: -1, least: p.topic.assigned[p.index].least()}
	}
}

// joined: who is taken in has all that is committed, or had it and lost it since.
func (c *Checker) joined(w *writing) {
	if w.p.topic.doomed || w.p.tainted {
		return
	}
	for _, id := range facts.Members(w.added()) {
		c.holdsAll(w.p, id, "", func() string { return c.describe(w.p, w.now) + ", while " })
	}
}
