package broker_test

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// epochs are the broker epochs under which a broker registered, in order.
func (c *cluster) epochs(broker int64) (all []int64) {
	for _, s := range c.facts {
		if s.Event.Kind == facts.Registered && s.Event.N[0] == broker {
			all = append(all, s.Event.N[1])
		}
	}
	return all
}

func TestBrokersRegister(t *testing.T) {
	c := newCluster(t, 3)
	c.run(3 * time.Second)
	for id := range int64(3) {
		if len(c.epochs(id+1)) != 1 {
			t.Errorf("broker %d registered under %v", id+1, c.epochs(id+1))
		}
	}
}

// A broker that comes back before its old session ends waits for it to end: two znodes
// of one broker there cannot be, and whose the old one is it cannot know.
func TestARestartedBrokerRegistersUnderALaterEpoch(t *testing.T) {
	c := newCluster(t, 1)
	c.run(3 * time.Second)
	c.world.Crash(c.brokers[0], sim.KeepAll)
	c.world.Start(c.brokers[0])
	c.run(5 * time.Second)
	if e := c.epochs(1); len(e) != 2 || e[1] <= e[0] {
		t.Errorf("registered under %v", e)
	}
}

// A broker whose session expires registers in the next one, without a restart.
func TestABrokerRegistersAgainWhenItsSessionExpires(t *testing.T) {
	c := newCluster(t, 1)
	c.run(3 * time.Second)
	c.world.Pause(c.brokers[0])
	c.run(5 * time.Second)
	c.world.Resume(c.brokers[0])
	c.run(5 * time.Second)
	if e := c.epochs(1); len(e) != 2 || e[1] <= e[0] || c.seen[facts.SessionLost] != 1 {
		t.Errorf("registered under %v, lost %d sessions", e, c.seen[facts.SessionLost])
	}
}

func TestVersionsAreNegotiated(t *testing.T) {
	c := newCluster(t, 1)
	c.run(3 * time.Second)
	s := c.client(func(s *script, task *node.Task) {
		r := kmsg.NewPtrApiVersionsRequest()
		r.Version = 4
		answer := s.ask(task, c.brokers[0], r).(*kmsg.ApiVersionsResponse)
		if answer.ErrorCode != 0 || len(answer.ApiKeys) == 0 {
			s.t.Errorf("version 4 was answered with %+v", answer)
		}
	})
	c.run(time.Second)
	if !s.done {
		t.Error("the client did not finish")
	}
}

// A client that is younger than the broker gets an answer that it can read, in the oldest
// form (KIP-511).
func TestAnUnknownVersionIsAnsweredInTheOldestForm(t *testing.T) {
	c := newCluster(t, 1)
	c.run(3 * time.Second)
	s := &young{to: c.brokers[0]}
	c.world.Start(c.world.Add("young", "client", func() node.Node { return s }))
	c.run(time.Second)
	if s.answer == nil || wire.ErrorCode(s.answer.ErrorCode) != wire.UnsupportedVersion {
		t.Fatalf("the answer was %+v", s.answer)
	}
	for _, k := range s.answer.ApiKeys {
		if k.ApiKey == kmsg.ApiVersions.Int16() && k.MaxVersion == 4 {
			return
		}
	}
	t.Errorf("the answer does not say which versions may be asked for: %+v", s.answer)
}

// young is a client that asks in a version of the future.
type young struct {
	node.Base
	to     node.ID
	answer *kmsg.ApiVersionsResponse
}

func (y *young) Boot(env node.Env) {
	env.Send(env.Dial(y.to, wire.ClientPort), future{})
}

func (y *young) Receive(_ node.ConnID, m node.Message) {
	y.answer = m.(*wire.Response).Body.(*kmsg.ApiVersionsResponse)
}

func (y *young) Decode(_ node.ConnID, frame []byte) (node.Message, error) {
	return wire.DecodeResponse(frame, kmsg.ApiVersions.Int16(), 0)
}

// future is an ApiVersions request of version 99.
type future struct{}

func (future) Kind() string        { return "ApiVersions" }
func (future) Fingerprint() uint64 { return 99 }
func (future) String() string      { return "ApiVersions v99" }
func (future) AppendWire(b []byte) []byte {
	return append(b, 0, 18, 0, 99, 0, 0, 0, 7, 0xff, 0xff, 1, 2, 3)
}

// Before it is registered a broker takes no requests: the controller may have orders on
// their way that were for its last life.
func TestNothingIsServedBeforeRegistration(t *testing.T) {
	c := newCluster(t, 1)
	c.run(3 * time.Second)
	c.world.Crash(c.brokers[0], sim.KeepAll)
	c.world.Start(c.brokers[0])
	s := c.client(func(s *script, task *node.Task) {
		for {
			r := kmsg.NewPtrApiVersionsRequest()
			r.Version = 4
			if s.ask(task, c.brokers[0], r) != nil {
				break
			}
			task.Sleep(patience)
		}
		if len(c.epochs(1)) != 2 {
			s.t.Errorf("served at %v, registered under %v", c.world.Now(), c.epochs(1))
		}
	})
	c.converge(s, 20*time.Second)
}
