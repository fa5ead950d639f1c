package workloads

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/client"
	"github.com/stampede-sim/stampede/nodes/broker/sasl"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// BrokerClientConfig is what a client of brokers has to be told. StartAt, StopAt and
// FinalAt are in the world's virtual time.
type BrokerClientConfig struct {
	// Index is the client's index among the clients of the workload, from 0.
	Index int
	// Hosts are the processes of the brokers by host name, Bootstrap those to ask first.
	Hosts     map[string]node.ID
	Bootstrap []string
	// RequestTimeout, DeliveryTimeout and Linger are those of package client, Retries
	// and Idempotent what its producers do. PollWait is how long a poll waits, FetchWait a
	// fetch that finds nothing, 0 for as long.
	RequestTimeout, DeliveryTimeout, Linger, PollWait, FetchWait time.Duration
	Retries, Idempotent                                          bool
	// Codec is what its producers compress with.
	Codec batch.Codec
	// BatchBytes is how long a batch may get, 0 for what is usual.
	BatchBytes int
	// As is under whose name and from which address the client asks, "" where nobody cares.
	// Super: nothing is refused it.
	As    string
	Super bool
	// Sessions has consumers fetch in sessions; Rack is where the client says it stands.
	// Final reads do not say: who reads from the leader is the measure of all others.
	Sessions bool
	Rack     string
	// Login is how it proves that.
	Login    sasl.Login
	RawLogin bool
	// HeedsThrottle has it wait by itself for as long as brokers tell it to.
	HeedsThrottle bool
	// AutoCreate has topics created by asking for them.
	AutoCreate bool
	// Groups is how the client is a member of a group.
	Groups GroupConfig
	// Setup is performed at once, in order, each until it succeeds; give it to
	// client 0 only.
	Setup []Op
	// Ops is the client's part of the plan, Final its final reads.
	Ops, Final []Op
	// StartAt is the time that Op.At counts from. From StopAt on no operation of Ops
	// starts. Final reads are made from FinalAt on, once Settled: before, who answers
	// may have been deposed without knowing it, and be behind.
	StartAt, StopAt, FinalAt time.Duration
	Settled                  func() bool
	// Finals is how many final reads all clients make. Until they are done, members read
	// on and commit: what they have read is what is asked for.
	Finals int
	// Bugs are those planted.
	Bugs   bugs.Set
	Record *Recorder
}

// Validate reports what is missing or nonsense.
func (c BrokerClientConfig) Validate() error {
	switch {
	case c.Record == nil || c.Settled == nil:
		return errors.New("workloads: a client of brokers without a recorder, or without a word on when the cluster has settled")
	case c.Index < 0 || c.Index >= len(c.Record.clients):
		return fmt.Errorf("workloads: client %d, but the recorder has %d clients", c.Index, len(c.Record.clients))
	case c.StopAt < c.StartAt || c.FinalAt < c.StopAt:
		return fmt.Errorf("workloads: start %v, stop %v, final reads %v; they must come in this order", c.StartAt, c.StopAt, c.FinalAt)
	}
	for _, list := range [...][]Op{c.Setup, c.Ops, c.Final} {
		for i := range list {
			if list[i].Client != c.Index || !onBrokers(list[i].F) {
				return fmt.Errorf("workloads: client %d of brokers was given `%v`", c.Index, list[i])
			}
		}
	}
	return nil
}

// BrokerClient is the node that runs one client's list of operations on brokers.
type BrokerClient struct {
	node.Base
	cfg BrokerClientConfig
	env node.Env
	pace

	cluster *client.Cluster
	admin   *client.Admin
	// producers are those of each way to be acknowledged, made when first needed.
	producers [3]*client.Producer
	consumer  *client.Consumer
	// member is the client's part in a group, nil if it has none. offsets are those of
	// groups that it asked for without being a member.
	member  *enrolment
	offsets []storedOffsets
	// sentAt is the timestamp of the record that it sent last, 0 if it has sent none.
	sentAt int64
}

// NewBrokerClient makes a client node. A config that [BrokerClientConfig.Validate]
// rejects is a bug and panics.
func NewBrokerClient(cfg BrokerClientConfig) *BrokerClient {
	if err := cfg.Validate(); err != nil {
		panic(err.Error())
	}
	if cfg.FetchWait == 0 {
		cfg.FetchWait = cfg.PollWait
	}
	return &BrokerClient{cfg: cfg, pace: pace{rec: cfg.Record}}
}

// Boot starts the list. After a crash, the list goes on after the operation in which
// the client died, as another process.
func (c *BrokerClient) Boot(env node.Env) {
	c.env, c.sentAt = env, 0
	c.cluster = client.New(env, client.Config{
		Bootstrap: c.cfg.Bootstrap, Hosts: c.cfg.Hosts, ClientID: fmt.Sprintf("c%d", c.cfg.Index),
		RequestTimeout: c.cfg.RequestTimeout, RetryBackoff: brokerBackoff, RetryBackoffMax: 10 * brokerBackoff,
		MetadataMaxAge: c.cfg.DeliveryTimeout, Login: c.cfg.Login, RawLogin: c.cfg.RawLogin, Salted: c.rec.salted, Bugs: c.cfg.Bugs, AutoCreate: c.cfg.AutoCreate, HeedsThrottle: c.cfg.HeedsThrottle,
	})
	c.admin = c.cluster.NewAdmin()
	c.rec.boot(c.cfg.Index)
	if op := c.rec.clients[c.cfg.Index].subscribed; op != nil {
		c.enroll(*op)
	}
	env.Go("workload", c.run)
}

// brokerBackoff is how long a client of brokers waits after a first failure.
const brokerBackoff = 20 * time.Millisecond

// State says in a few words what the client is doing, for people.
func (c *BrokerClient) State() string { return fmt.Sprintf("%d in flight", c.inFlight) }

// run is the client's life, straight down.
func (c *BrokerClient) run(t *node.Task) {
	c.setup(t)
	c.sleepUntil(t, c.cfg.StartAt)
	for i := c.rec.begin(c.cfg.Index, len(c.cfg.Ops)); i >= 0; i = c.rec.begin(c.cfg.Index, len(c.cfg.Ops)) {
		op := c.cfg.Ops[i]
		if !op.Pipelined {
			c.drain(t)
		}
		c.sleepUntil(t, c.cfg.StartAt+op.At)
		if op.Patient || c.rec.Now() < c.cfg.StopAt {
			c.submit(op)
		}
	}
	c.drain(t)
	c.sleepUntil(t, c.cfg.FinalAt)
	for !c.cfg.Settled() {
		t.Sleep(retryPause)
	}
	c.final(t)
}

// setup performs the setup, each operation until it is done.
func (c *BrokerClient) setup(t *node.Task) {
	if c.rec.Ready() {
		return
	}
	for _, op := range c.cfg.Setup {
		for !c.trySetup(t, op) {
			t.Sleep(retryPause)
		}
	}
	c.rec.clients[c.cfg.Index].setup = true
}

func (c *BrokerClient) trySetup(t *node.Task, op Op) bool {
	op.ID = c.rec.freshID(op.ID)
	c.submit(op)
	c.drain(t)
	got := c.rec.op(op.ID)
	return got.Outcome == history.OK || alreadyThere(got)
}

// submit records the start of an operation and begins it.
func (c *BrokerClient) submit(op Op) {
	c.rec.Invoke(history.Op{
		ID: op.ID, Client: c.cfg.Index, F: op.F, Path: op.Path, Value: op.Value, Server: int(node.Nobody),
		Log: &history.LogOp{
			Key: op.Log.Key, Tombstone: op.Log.Tombstone, Keyless: op.F == history.Send && op.Log.Key == "", Acks: wireAcks(op), From: op.Log.From, Group: op.Log.Group,
			Znodes: op.Log.Znodes, Args: op.Log.Args, Offset: history.Unknown, As: c.cfg.As, Super: c.cfg.Super,
		},
	})
	c.inFlight++
	c.cluster.Do(func() { c.begin(op) })
}

// begin begins an operation as its kind demands.
func (c *BrokerClient) begin(op Op) {
	switch op.F {
	case history.Send:
		c.send(op)
	case history.Poll:
		c.poll(op)
	case history.Scan:
		c.scan(op)
	case history.Assign:
		c.assign(op)
	case history.Subscribe:
		c.subscribe(op)
	case history.Unsubscribe:
		c.unsubscribe(op)
	case history.Commit:
		c.commitOp(op)
	case history.Committed:
		c.committedOp(op)
	case history.Grant, history.Revoke, history.Entries, history.ListTopics, history.SetQuota, history.ListGroups, history.DescribeGroup, history.Rights,
		history.LogIn, history.SetPassword, history.Passwords:
		c.secure(op)
	default:
		c.administer(op)
	}
}

// wireAcks is what a send asks for; others ask for nothing.
func wireAcks(op Op) int16 {
	if op.F != history.Send {
		return 0
	}
	return op.Log.Acks.Wire()
}

// ended records the end of an operation.
func (c *BrokerClient) ended(id int, outcome history.Outcome, fill func(*history.LogOp)) {
	c.rec.Return(id, func(h *history.Op) {
		h.Outcome = outcome
		l := *h.Log // results are added to a copy: the record of the invocation may be shown already
		fill(&l)
		h.Log = &l
	})
	if outcome == history.Info {
		c.rec.NewProcess(c.cfg.Index)
	}
	c.landed()
}

// outcomes are those of package client in the words of histories.
func outcomeOf(o client.Outcome) history.Outcome {
	switch o {
	case client.Succeeded:
		return history.OK
	case client.Failed:
		return history.Fail
	}
	return history.Info
}

// partitionOf parses "orders-0". A name without a number is a topic, of which any
// partition will do.
func partitionOf(name string) client.TopicPartition {
	i := strings.LastIndexByte(name, '-')
	if n, err := strconv.ParseInt(name[i+1:], 10, 32); i > 0 && err == nil {
		return client.TopicPartition{Topic: name[:i], Partition: int32(n)}
	}
	return client.TopicPartition{Topic: name, Partition: client.AnyPartition}
}

func partitionName(tp client.TopicPartition) string {
	return partition(tp.Topic, int(tp.Partition))
}

// Opened does nothing: what is sent before is kept.
func (c *BrokerClient) Opened(node.ConnID) {}

// Receive forwards to the client.
func (c *BrokerClient) Receive(conn node.ConnID, m node.Message) { c.cluster.Receive(conn, m) }

// Closed forwards to the client.
func (c *BrokerClient) Closed(conn node.ConnID, why node.CloseReason) { c.cluster.Closed(conn, why) }

// Timer forwards to the client.
func (c *BrokerClient) Timer(tag node.Tag) { c.cluster.Timer(tag) }

// Decode forwards to the client.
func (c *BrokerClient) Decode(conn node.ConnID, frame []byte) (node.Message, error) {
	return c.cluster.Decode(conn, frame)
}
