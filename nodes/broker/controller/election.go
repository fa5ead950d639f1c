package controller

import (
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

const controllerPath = znodes.Controller

// standForElection begins when the broker is registered: watch who is the controller,
// and be it if nobody is.
func (c *Controller) standForElection() {
	c.state(node.Event{Kind: node.Role, Text: "broker"})
	c.zk.OnNode(controllerPath, func(zookeeper.Event) { c.put("controller changed", c.lookAgain) })
	c.elect()
}

// lookAgain finds out who the controller is, resigns if it is another, and stands for
// election if nobody is. It does so whatever the event: one that tells of another controller
// may be told when that has gone again. Of its going nothing more is told, since the watch
// was used up and the next one set behind it:
//
//	b2 makes /controller          the watches of b1 and b3 fire
//	/controller is deleted        nobody watches it
//	b1 and b3 look                it is not there, and a watch for its creation is left
//
// Kafka stands for election only when it is told of a deletion, so there nobody would.
func (c *Controller) lookAgain() {
	c.resignIfReplaced()
	c.elect()
}

// resignIfReplaced finds out who the controller is.
func (c *Controller) resignIfReplaced() {
	if c.term != c.zk.Term() {
		return // not registered in this session
	}
	if c.learn(c.whoControls()); c.active != c.cfg.Broker {
		c.resign("another broker is the controller")
	}
}

// whoControls reads who the controller is, and watches for changes.
func (c *Controller) whoControls() int32 {
	replies := c.read(zookeeper.Exists(controllerPath), zookeeper.Get(controllerPath))
	if !replies[1].OK() {
		return Nobody
	}
	id, err := znodes.DecodeController(replies[1].Data)
	if err != nil {
		panic(err)
	}
	return id
}

// learn notes who the controller is, and passes it on if it is news.
func (c *Controller) learn(id int32) {
	if id == c.active {
		return
	}
	c.active = id
	epoch := int32(0)
	if id == c.cfg.Broker {
		epoch = c.epoch
	}
	c.cfg.Elected(id, epoch)
}

// elect makes this broker the controller, if there is none. It may take itself for one
// still, its znode having gone only now: then it is none any more.
func (c *Controller) elect() {
	if c.term != c.zk.Term() {
		return
	}
	if at := c.whoControls(); at != Nobody {
		c.learn(at)
		return
	}
	c.resign("the znode of the controller is gone")
	epoch, version, won := c.seize()
	if !won {
		c.resignIfReplaced()
		if c.active == Nobody {
			c.put("nobody controls", c.elect) // who won is gone already, and of its going nobody is told
		}
		return
	}
	c.epoch, c.epochVersion = epoch, version
	c.reign++
	c.state(node.Event{Kind: facts.ControllerElected, N: [4]int64{int64(c.cfg.Broker), int64(epoch), int64(version)}})
	c.state(node.Event{Kind: node.Role, N: [4]int64{int64(epoch)}, Text: "controller"})
	c.failOver()
}

// seize creates /controller and raises /controller_epoch, both or neither (KAFKA-6082).
// A try whose answer is lost is repeated, and the second may then fail because of the
// first:
//
//	multi: create /controller, epoch 6 at version 5     it happens, the answer is lost
//	multi: the same                                     NODEEXISTS
//
// So whoever fails looks: it has won if /controller is its own and the epoch is the one
// it tried, since any other election would have raised it further.
func (c *Controller) seize() (epoch, version int32, won bool) {
	was, version := c.readEpoch()
	epoch = was + 1
	c.state(node.Event{Kind: facts.ElectionTried, N: [4]int64{int64(c.cfg.Broker), int64(epoch)}})
	var r zookeeper.Reply
	for again := true; again; again = r.Unknown {
		r = c.zk.One(c.task, zookeeper.Multi(
			zookeeper.CreateEphemeral(controllerPath, znodes.EncodeController(c.cfg.Broker, c.env.WallMillis())),
			zookeeper.Set(znodes.ControllerEpoch, znodes.EncodeControllerEpoch(epoch), version)))
		c.demandSession(&r)
	}
	switch r.Err {
	case wire.OK:
		return epoch, r.Results[1].Stat.Version, true
	case wire.ErrNodeExists, wire.ErrBadVersion:
		version, won = c.wonUnknowingly(epoch)
		return epoch, version, won
	}
	panic("controller: the election failed for no reason that is known: " + r.String())
}

// readEpoch reads the controller epoch, which begins as 0.
func (c *Controller) readEpoch() (epoch, version int32) {
	for {
		r := c.read(zookeeper.Get(znodes.ControllerEpoch))[0]
		if r.OK() {
			epoch, err := znodes.DecodeControllerEpoch(r.Data)
			if err != nil {
				panic(err)
			}
			return epoch, r.Stat.Version
		}
		made := c.zk.One(c.task, zookeeper.Create(znodes.ControllerEpoch, znodes.EncodeControllerEpoch(0)))
		c.demandSession(&made) // whoever made it: it is there
	}
}

// wonUnknowingly reports whether the election was won by a try that was not answered.
// That /controller bears our ID is not enough: an earlier life of this broker may have
// left it, and with its session it will go.
func (c *Controller) wonUnknowingly(epoch int32) (version int32, won bool) {
	replies := c.read(zookeeper.Get(controllerPath), zookeeper.Get(znodes.ControllerEpoch))
	at, now := replies[0], replies[1]
	if !at.OK() || !now.OK() || at.Stat.EphemeralOwner != c.zk.ID() && !c.cfg.Bugs.Has(bugs.WonByAnyZnode) || c.cfg.Bugs.Has(bugs.ElectionNotAdopted) {
		return 0, false
	}
	found, err := znodes.DecodeControllerEpoch(now.Data)
	if err != nil {
		panic(err)
	}
	if found != epoch {
		return 0, false
	}
	c.state(node.Event{Kind: facts.ElectionAdopted, N: [4]int64{int64(epoch), int64(now.Stat.Version)}})
	return now.Stat.Version, true
}

// resign stops being the controller. Whatever was queued for brokers is not sent any
// more; what is under way bears our epoch.
func (c *Controller) resign(why string) {
	if c.cluster == nil {
		return
	}
	c.state(node.Event{Kind: facts.ControllerResigned, N: [4]int64{int64(c.cfg.Broker), int64(c.epoch)}, Text: why})
	c.state(node.Event{Kind: node.Role, Text: "broker"})
	c.reign++
	c.unwatch()
	for _, id := range c.cluster.brokerIDs() {
		c.cluster.brokers[id].channel.close()
	}
	c.cluster, c.batch = nil, batch{}
	if c.active == c.cfg.Broker {
		c.learn(Nobody)
	}
}

// state states a fact.
func (c *Controller) state(e node.Event) { c.env.Observe(e) }
