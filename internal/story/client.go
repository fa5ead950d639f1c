package story

import (
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/internal/script"
	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/batch"
	"github.com/stampede-sim/stampede/nodes/broker/client"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/node"
)

// application is a client's process. What a story says to whom goes over a connection of
// its own to that broker, once and without retries: who tells of errors wants to see them.
// The rest goes through the client that applications use.
type application struct {
	node.Base
	*client.Cluster

	env     node.Env
	cfg     client.Config
	callers []*wire.Caller
	member  *client.Member
}

// Boot implements [node.Node].
func (a *application) Boot(env node.Env) { a.env, a.Cluster = env, client.New(env, a.cfg) }

// callerOf finds the connection to one broker that a message belongs to.
func (a *application) callerOf(conn node.ConnID) *wire.Caller {
	for _, c := range a.callers {
		if c.Owns(conn) {
			return c
		}
	}
	return nil
}

// Receive implements [node.Node].
func (a *application) Receive(conn node.ConnID, m node.Message) {
	if c := a.callerOf(conn); c != nil {
		c.Receive(conn, m)
		return
	}
	a.Cluster.Receive(conn, m)
}

// Closed implements [node.Node].
func (a *application) Closed(conn node.ConnID, why node.CloseReason) {
	if c := a.callerOf(conn); c != nil {
		c.Closed(conn)
		return
	}
	a.Cluster.Closed(conn, why)
}

// Timer implements [node.Node].
func (a *application) Timer(tag node.Tag) { a.Cluster.Timer(tag) }

// Decode implements [node.Node].
func (a *application) Decode(conn node.ConnID, frame []byte) (node.Message, error) {
	if c := a.callerOf(conn); c != nil {
		return c.Decode(frame)
	}
	return a.Cluster.Decode(conn, frame)
}

// ask sends a request to one broker.
func (a *application) ask(to node.ID, body kmsg.Request, done func(kmsg.Response, error)) {
	c := wire.NewCaller(a.env, to, wire.ClientPort, "story")
	a.callers = append(a.callers, c)
	c.Call(body, done)
}

// application finds a client's process, or starts it.
func (k *cluster) application(name string) *application {
	if a := k.clients[name]; a != nil {
		return a
	}
	a := &application{cfg: client.Config{Hosts: k.hosts, ClientID: name, RequestTimeout: time.Second, Bugs: k.bugs}}
	for i := range k.brokers {
		a.cfg.Bootstrap = append(a.cfg.Bootstrap, broker.HostOf(int32(i+1)))
	}
	k.clients[name] = a
	k.world.Start(k.world.Add(name, clientGroup, func() node.Node { return a }))
	k.run(0)
	return a
}

// patience is how long a command waits for an answer that it is not told to wait for.
const patience = 2 * time.Second

// produce sends values.
func (p *Player) produce(c *script.Command) {
	who, of := c.Word("a client"), partitionOf(c, c.Word("a partition"))
	values, acks, wait := c.Words(), acksOf(c), c.DurationOr("wait", patience)
	to, a := p.leader(c, "to", of), p.cluster.application(who)
	open := len(values)
	for _, value := range values {
		done := func(r kmsg.Response, err error) {
			open--
			p.tell(fmt.Sprintf("%s: %s %s", who, value, stored(r, err)))
		}
		if acks == 0 {
			done = nil
			open--
		}
		a.ask(to, a.produceRequest(of, value, acks), done)
	}
	if !p.cluster.await(wait, func() bool { return open == 0 }) && wait > 0 {
		p.tell(who + " waits for an answer")
	}
}

// acksOf reads whose acknowledgements a producer wants.
func acksOf(c *script.Command) int16 {
	switch c.TextOr("acks", "all") {
	case "all":
		return -1
	case "1":
		return 1
	case "0":
		return 0
	}
	c.Fatalf("acks is all, 1 or 0")
	return 0
}

// brokerPatience is how long a leader may wait until records are committed.
const brokerPatience = 1500 * time.Millisecond

func (a *application) produceRequest(of znodes.TopicPartition, value string, acks int16) kmsg.Request {
	b := batch.NewBuilder(batch.Plain())
	b.Add(batch.Record{Value: []byte(value), Timestamp: a.env.WallMillis()})
	r := kmsg.NewPtrProduceRequest()
	r.Version, r.Acks, r.TimeoutMillis = 9, acks, int32(brokerPatience.Milliseconds())
	t, part := kmsg.NewProduceRequestTopic(), kmsg.NewProduceRequestTopicPartition()
	t.Topic, part.Partition, part.Records = of.Topic, of.Partition, b.Build()
	t.Partitions = append(t.Partitions, part)
	r.Topics = append(r.Topics, t)
	return r
}

// stored says how a send ended.
func stored(r kmsg.Response, err error) string {
	if err != nil {
		return "has no answer, the connection broke"
	}
	got := r.(*kmsg.ProduceResponse).Topics[0].Partitions[0]
	if got.ErrorCode != 0 {
		return wire.ErrorCode(got.ErrorCode).String()
	}
	return fmt.Sprintf("is at %d", got.BaseOffset)
}

// read fetches what is committed from an offset on.
func (p *Player) read(c *script.Command) {
	who, of := c.Word("a client"), partitionOf(c, c.Word("a partition"))
	from, a := p.leader(c, "from", of), p.cluster.application(who)
	r := kmsg.NewPtrFetchRequest()
	r.Version, r.ReplicaID, r.MaxWaitMillis, r.MinBytes, r.MaxBytes, r.SessionEpoch = 11, -1, 0, 1, 1<<20, -1
	t, part := kmsg.NewFetchRequestTopic(), kmsg.NewFetchRequestTopicPartition()
	t.Topic, part.Partition, part.PartitionMaxBytes = of.Topic, of.Partition, 1<<20
	part.FetchOffset, part.CurrentLeaderEpoch = c.IntOr("offset", 0), int32(c.IntOr("epoch", -1))
	t.Partitions = append(t.Partitions, part)
	r.Topics = append(r.Topics, t)
	answered := false
	a.ask(from, r, func(r kmsg.Response, err error) {
		answered = true
		p.tell(who + ": " + fetched(r, err))
	})
	if !p.cluster.await(patience, func() bool { return answered }) {
		p.tell(who + " waits for an answer")
	}
}

// fetched says what a fetch has brought.
func fetched(r kmsg.Response, err error) string {
	if err != nil {
		return "no answer, the connection broke"
	}
	got := &r.(*kmsg.FetchResponse).Topics[0].Partitions[0]
	if got.ErrorCode != 0 {
		return wire.ErrorCode(got.ErrorCode).String()
	}
	var words []string
	for each := batch.Read(got.RecordBatches); each.Next(); {
		var rec batch.Record
		for records := each.Batch.Records(); records.Next(&rec); {
			words = append(words, fmt.Sprintf("%d:%s", rec.Offset, rec.Value))
		}
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, " ")
}
