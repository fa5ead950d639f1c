package replication

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// topic is what the coordinator's tree says of a topic.
type topic struct {
	id string
	// assigned are the replicas of each partition, settings its own configuration.
	assigned map[string][]int32
	settings map[string]string
	// fewest is the lowest number of replicas that each partition ever had. A leader may
	// not have heard yet that it has more.
	fewest map[string]int
	// least is the lowest min.insync.replicas that the topic ever had, 0 if it never had
	// one: a leader may not have heard yet of what came after.
	least int
}

// state is what a state znode says, in all its versions.
type state struct {
	exists          bool
	version         int64
	leader          int32
	epoch           int64
	controllerEpoch int64
	isr             int64
	past            map[int64]pastState
}

// pastState is one version.
type pastState struct{ isr, epoch int64 }

// Committed takes the next transaction of the coordinator's committed log.
func (c *Checker) Committed(step uint64, at time.Duration, txn *wire.Txn) {
	if c.finding == nil {
		c.now = moment{step: step, at: at, what: fmt.Sprintf("the coordinator committed %v of session %#x", txn.Zxid, txn.Session)}
		c.apply(txn.Body)
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

// wrote follows the znodes that matter.
func (c *Checker) wrote(path string, data []byte, version int64) {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	switch {
	case path == "/controller":
		var v struct{ BrokerID int32 }
		if json.Unmarshal(data, &v) == nil {
			c.controller = v.BrokerID
		}
	case path == "/controller_epoch":
		if n, err := strconv.ParseInt(string(data), 10, 64); err == nil {
			c.epoch = n
			c.reigns(n)
		}
	case strings.HasPrefix(path, "/brokers/ids/"):
		if id, err := strconv.Atoi(parts[2]); err == nil {
			c.registered[int32(id)] = true
		}
	case strings.HasPrefix(path, "/brokers/topics/") && len(parts) == 3:
		c.assigned(parts[2], data)
	case strings.HasPrefix(path, "/brokers/topics/") && len(parts) == 6 && parts[5] == "state":
		c.stateWritten(parts[2]+"-"+parts[4], data, version)
	case strings.HasPrefix(path, "/config/topics/") && len(parts) == 3:
		c.configured(parts[2], data)
	}
}

// reigns: the controller epoch was raised, in one transaction with the controller's
// znode.
func (c *Checker) reigns(epoch int64) {
	if other, ok := c.controllers[epoch]; ok && other != c.controller {
		c.fail("", OneController, fmt.Sprintf("%s and %s control the cluster in epoch %d", c.names(1<<other), c.names(1<<c.controller), epoch))
	}
	c.controllers[epoch] = c.controller
}

func (c *Checker) deleted(path string) {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	switch {
	case path == "/controller":
		c.controller = 0
	case strings.HasPrefix(path, "/brokers/ids/"):
		if id, err := strconv.Atoi(parts[2]); err == nil {
			delete(c.registered, int32(id))
		}
	case strings.HasPrefix(path, "/brokers/topics/") && len(parts) == 3:
		c.topicGone(parts[2])
	}
}

// topicGone: whatever has the name from now on is something else.
func (c *Checker) topicGone(name string) {
	t := c.topics[name]
	if t == nil {
		return
	}
	for _, of := range slices.Sorted(maps.Keys(t.assigned)) {
		p := c.partition(name + "-" + of)
		c.explain(history.TopicDeleted, p, p.ledger.end)
		p.forget()
	}
	delete(c.topics, name)
}

// assigned follows who has the replicas of a topic.
func (c *Checker) assigned(name string, data []byte) {
	var v struct {
		TopicID    string             `json:"topic_id"`
		Partitions map[string][]int32 `json:"partitions"`
		Removing   map[string][]int32 `json:"removing_replicas"`
	}
	if json.Unmarshal(data, &v) != nil {
		return
	}
	t := c.topics[name]
	if t == nil {
		t = &topic{}
		c.topics[name] = t
	}
	t.id, t.assigned = v.TopicID, v.Partitions
	if t.fewest == nil {
		t.fewest = map[string]int{}
	}
	for index, replicas := range v.Partitions { //sim:unordered each for itself
		now := len(replicas) - len(v.Removing[index]) // of which the leader hears before it is so
		if n, ok := t.fewest[index]; !ok || now < n {
			t.fewest[index] = now
		}
	}
}

func (c *Checker) configured(name string, data []byte) {
	var v struct {
		Config map[string]string `json:"config"`
	}
	if json.Unmarshal(data, &v) != nil {
		return
	}
	if c.topics[name] == nil {
		c.topics[name] = &topic{}
	}
	t := c.topics[name]
	t.settings = v.Config
	n, err := strconv.Atoi(v.Config["min.insync.replicas"])
	if err != nil {
		n = c.cfg.MinInsync
	}
	if t.least == 0 || n < t.least {
		t.least = n
	}
}

// stateWritten: a controller elected somebody, or a leader changed who is in sync.
func (c *Checker) stateWritten(name string, data []byte, version int64) {
	var v struct {
		Leader          int32   `json:"leader"`
		LeaderEpoch     int64   `json:"leader_epoch"`
		ControllerEpoch int64   `json:"controller_epoch"`
		Isr             []int32 `json:"isr"`
	}
	if json.Unmarshal(data, &v) != nil {
		return
	}
	p := c.partition(name)
	was := p.truth
	now := state{exists: true, version: version, leader: v.Leader, epoch: v.LeaderEpoch, controllerEpoch: v.ControllerEpoch, isr: facts.Set(v.Isr), past: was.past}
	if now.past == nil {
		now.past = map[int64]pastState{}
	}
	now.past[version] = pastState{now.isr, now.epoch}
	c.judgeState(p, was, now)
	p.truth = now
}

// judgeState holds a new version of a state znode against the last.
func (c *Checker) judgeState(p *partition, was, now state) {
	text := fmt.Sprintf("version %d of the state of %s has leader %d, epoch %d, controller epoch %d and %s in sync", now.version, p.name, now.leader, now.epoch, now.controllerEpoch, c.names(now.isr))
	var before []string
	if was.exists {
		before = append(before, fmt.Sprintf("version %d had leader %d, epoch %d, controller epoch %d and %s in sync", was.version, was.leader, was.epoch, was.controllerEpoch, c.names(was.isr)))
	}
	ofController := !was.exists || now.epoch != was.epoch || now.leader != was.leader
	switch {
	case was.exists && (now.epoch < was.epoch || now.leader != was.leader && now.epoch == was.epoch):
		c.fail("", LeaderEpochGrows, text, before...)
	case ofController && now.controllerEpoch < c.epoch, was.exists && now.controllerEpoch < was.controllerEpoch:
		c.fail("", ControllerFenced, fmt.Sprintf("%s, while epoch %d rules", text, c.epoch), before...)
	case now.leader >= 0 && now.isr&(1<<now.leader) == 0:
		c.fail("", LeaderInSync, text, before...)
	case now.isr&^c.replicasOf(p.name) != 0:
		c.fail("", IsrOfAssigned, fmt.Sprintf("%s, of %s assigned", text, c.names(c.replicasOf(p.name))), before...)
	}
	if ofController && now.leader >= 0 {
		c.electedBy(p, was, now, text, before)
	}
	if !ofController {
		c.joined(p, now.isr&^was.isr, text)
	}
}

// electedBy: the controller chose a leader.
func (c *Checker) electedBy(p *partition, was, now state, text string, before []string) {
	clean := !was.exists || was.isr&(1<<now.leader) != 0
	p.elected[now.epoch] = election{leader: now.leader, clean: clean}
	if !clean && !c.unclean(p.name) {
		c.fail("", ElectionClean, text, before...)
	}
}

// joined: who is taken in has all that is committed.
func (c *Checker) joined(p *partition, set int64, text string) {
	for _, id := range facts.Members(set) {
		r := p.replicas[id]
		if r == nil || r.lost >= 0 {
			continue
		}
		if want, got, lacks := r.log.missing(&p.ledger, 0, p.ledger.end); lacks {
			c.fail("", StrongIsr, fmt.Sprintf("%s, while %s lacks %v%s", text, r.Name, want, instead(got)))
		}
	}
}

// replicasOf are the brokers that a partition is assigned to, as a bit set.
func (c *Checker) replicasOf(partition string) int64 {
	name, index := split(partition)
	if t := c.topics[name]; t != nil {
		return facts.Set(t.assigned[index])
	}
	return 0
}

// split parts the name of a partition into topic and index.
func split(partition string) (topic, index string) {
	i := strings.LastIndexByte(partition, '-')
	return partition[:i], partition[i+1:]
}

// setting is what a topic says for itself, "" for nothing.
func (c *Checker) setting(partition, name string) string {
	of, _ := split(partition)
	if t := c.topics[of]; t != nil {
		return t.settings[name]
	}
	return ""
}

func (c *Checker) unclean(partition string) bool {
	if v := c.setting(partition, "unclean.leader.election.enable"); v != "" {
		return v == "true"
	}
	return c.cfg.Unclean
}

// minInsync is the least that a leader may go by. A topic whose configuration was written
// after it was created was led by the cluster's until then; and no partition needs more
// replicas than it has.
func (c *Checker) minInsync(partition string) int {
	of, index := split(partition)
	least := c.cfg.MinInsync
	if t := c.topics[of]; t != nil {
		least = min(least, t.fewest[index])
		if t.least > 0 {
			least = min(least, t.least)
		}
	}
	return least
}
