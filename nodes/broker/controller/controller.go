package controller

import (
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Controller is a broker's controller: the controller of the cluster, or one that would
// be.
type Controller struct {
	env node.Env
	zk  *zookeeper.Session
	cfg Config

	// queue are the events to come; wake is what the task awaits if there are none.
	queue []event
	wake  *node.Signal
	task  *node.Task
	// at is the name of the event in process, "" between events.
	at string
	// abandoning: the event in process is being abandoned, for the reason in why.
	abandoning bool
	why        string
	// term is that of the session in which the broker is registered, -1 if it is not.
	term int

	// active is who the controller is, as far as this one knows.
	active int32
	// epoch is the controller epoch of our last election, epochVersion the version of
	// its znode, which every write of ours checks.
	epoch, epochVersion int32
	// reign counts elections and resignations, so that a timer or a response can tell
	// whether it is of the present one.
	reign int
	// cluster is what the controller knows; nil unless active.
	cluster *cluster
	batch   batch
	timers  timers
}

// event is something to be dealt with. Its name is for people. Somebody may wait for its
// end: refuse tells him that it was not, or not wholly, dealt with.
type event struct {
	name   string
	run    func()
	refuse func()
}

// New makes a controller that does nothing until [Controller.Registered].
func New(env node.Env, session *zookeeper.Session, cfg Config) *Controller {
	c := &Controller{env: env, zk: session, cfg: cfg.withDefaults(), active: Nobody, term: -1}
	c.timers.init()
	c.env.Go("controller", c.loop)
	return c
}

// Registered tells that the broker's znode exists in the present session: from now on
// the controller stands for election.
func (c *Controller) Registered() {
	c.term = c.zk.Term()
	c.put("registered", c.standForElection)
}

// Expired tells that the session has expired. What was queued is void. The event in
// process will find out at its next question to the coordinators.
func (c *Controller) Expired() {
	c.term = -1
	void := c.queue
	c.queue = nil
	for _, e := range void {
		if e.refuse != nil {
			e.refuse()
		}
	}
	c.put("expired", func() {
		c.zk.OnNode(controllerPath, nil)
		c.learn(Nobody)
		c.resign("its session expired")
	})
}

// Active reports whether this is the controller, as far as it knows, and in which epoch.
func (c *Controller) Active() (epoch int32, active bool) { return c.epoch, c.isActive() }

func (c *Controller) isActive() bool { return c.active == c.cfg.Broker && c.cluster != nil }

// put queues an event.
func (c *Controller) put(name string, run func()) { c.enqueue(event{name: name, run: run}) }

func (c *Controller) enqueue(e event) {
	c.queue = append(c.queue, e)
	if w := c.wake; w != nil {
		c.wake = nil
		w.Set(nil)
	}
}

// putActive queues an event that concerns only the controller of the present reign.
func (c *Controller) putActive(name string, run func()) {
	reign := c.reign
	c.put(name, func() {
		if c.isActive() && c.reign == reign {
			run()
		}
	})
}

// loop is the task.
func (c *Controller) loop(t *node.Task) {
	c.task = t
	for {
		for len(c.queue) == 0 {
			c.wake = &node.Signal{}
			t.Await(c.wake)
		}
		next := c.queue[0]
		c.queue = c.queue[1:]
		c.at = next.name
		if !c.finishes(next) {
			c.afterAbandoning()
			if next.refuse != nil {
				next.refuse()
			}
		}
		c.at = ""
	}
}

// abandoned unwinds the event in process.
type abandoned struct{}

// abandon gives up the event in process, wherever in it we are: this controller has
// been replaced, or can no longer know that it has not.
func (c *Controller) abandon(why string) {
	c.abandoning, c.why = true, why
	panic(abandoned{})
}

// finishes runs an event, and reports whether it came to its end. Only an abandoned
// event is recovered; the panic of a bug goes on its way untouched.
func (c *Controller) finishes(e event) (finished bool) {
	defer func() {
		if c.abandoning {
			c.abandoning = false
			recover()
		}
	}()
	e.run()
	return true
}

// afterAbandoning resigns, and looks who the controller is now. In a session that is over
// nothing can be found out; Expired is on its way.
func (c *Controller) afterAbandoning() {
	c.resign(c.why)
	if c.term == c.zk.Term() && !c.zk.Over() {
		c.put("look again", c.lookAgain)
	}
}

// Owns reports whether a connection is the controller's, to some broker.
func (c *Controller) Owns(conn node.ConnID) bool { return c.channelOf(conn) != nil }

// Receive forwards [node.Node.Receive] for a connection that it owns.
func (c *Controller) Receive(conn node.ConnID, m node.Message) {
	c.channelOf(conn).caller.Receive(conn, m)
}

// Closed forwards [node.Node.Closed] for a connection that it owns.
func (c *Controller) Closed(conn node.ConnID) { c.channelOf(conn).caller.Closed(conn) }

// Decode forwards [node.Node.Decode] for a connection that it owns.
func (c *Controller) Decode(conn node.ConnID, frame []byte) (node.Message, error) {
	return c.channelOf(conn).caller.Decode(frame)
}

func (c *Controller) channelOf(conn node.ConnID) *channel {
	if c.cluster == nil {
		return nil
	}
	for _, id := range c.cluster.brokerIDs() {
		if ch := c.cluster.brokers[id].channel; ch.caller != nil && ch.caller.Owns(conn) {
			return ch
		}
	}
	return nil
}
