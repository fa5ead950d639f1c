package client

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// Admin asks for changes and questions that are nobody's daily work. Make it with
// [Cluster.NewAdmin].
type Admin struct {
	c      *Cluster
	lane   int
	tasks  []*task // that have not ended
	closed bool
}

// Done is how a task of an [Admin] ended.
type Done struct {
	Outcome Outcome
	// Code is what a broker answered last, Err why none did.
	Code wire.ErrorCode
	Err  error
}

// task is one request, until it is performed or nobody can tell whether it was.
type task struct {
	a *Admin
	// at finds who is to be asked, make the request, code the error of an answer.
	at   func() (broker int32, ok bool)
	make func() kmsg.Request
	code func(kmsg.Response) wire.ErrorCode
	// reads: there is no effect, so that it may be asked again whatever happened.
	reads bool
	// group, if it is set, is whose coordinator is to be asked.
	group    string
	deadline time.Duration
	failures int
	last     Done
	// perhaps: it may have been performed.
	perhaps bool
	ended   bool
	done    func(kmsg.Response, Done)
}

// NewAdmin makes an administrator.
func (c *Cluster) NewAdmin() *Admin {
	a := &Admin{c: c}
	a.lane = c.join(a)
	return a
}

func (a *Admin) metadataChanged() {}

func (a *Admin) shutDown() {
	a.closed = true
	for len(a.tasks) > 0 {
		t := a.tasks[0]
		t.last.Err = ErrClosed
		t.giveUp()
	}
}

// start begins a task.
func (a *Admin) start(t *task) {
	t.a, t.deadline = a, a.c.env.Now()+a.c.cfg.RequestTimeout
	a.tasks = append(a.tasks, t)
	if a.closed {
		t.last.Err = ErrClosed
		t.giveUp()
		return
	}
	a.c.clock.After(0, t.try)
}

// try asks once.
func (t *task) try() {
	if t.ended {
		return
	}
	if t.group != "" {
		t.a.c.findCoordinator(t.a.lane, t.group, func(broker int32, code wire.ErrorCode, err error) {
			switch {
			case err == nil && code == wire.GroupAuthorizationFailed:
				t.last = Done{Code: code}
				t.giveUp()
			case err != nil || code != wire.OK:
				t.again(Done{Code: code, Err: err})
			default:
				t.ask(broker)
			}
		})
		return
	}
	broker, ok := t.at()
	if !ok {
		t.again(Done{Code: wire.LeaderNotAvailable})
		return
	}
	t.ask(broker)
}

func (t *task) ask(broker int32) {
	t.a.c.call(t.a.lane, broker, t.make(), func(r kmsg.Response, err error) {
		switch {
		case t.ended:
		case sent(err) && !t.reads:
			t.perhaps = true
			t.last = Done{Err: err}
			t.giveUp()
		case err == ErrUnsupported || err == ErrClosed:
			t.last = Done{Err: err}
			t.giveUp()
		case err != nil:
			t.again(Done{Err: err})
		default:
			t.answered(r, t.code(r))
		}
	})
}

// answered takes what a broker said.
func (t *task) answered(r kmsg.Response, code wire.ErrorCode) {
	switch code {
	case wire.OK:
		t.end(r, Done{Outcome: Succeeded})
	case wire.ThrottlingQuotaExceeded: // there is more to come, at a time that the broker names (KIP-599)
		wait, _ := r.(kmsg.ThrottleResponse).Throttle()
		t.rest(Done{Code: code}, time.Duration(wait)*time.Millisecond)
	case wire.NotCoordinator, wire.CoordinatorNotAvailable: // said also of what was written, by who was deposed before he knew
		t.perhaps = t.perhaps || !t.reads
		t.again(Done{Code: code})
	case wire.NotController, wire.CoordinatorLoadInProgress,
		wire.LeaderNotAvailable, wire.FencedLeaderEpoch, wire.UnknownLeaderEpoch, wire.OffsetNotAvailable, wire.ReplicaNotAvailable:
		t.again(Done{Code: code})
	case wire.NotLeaderOrFollower, wire.KafkaStorageError:
		t.perhaps = !t.reads
		t.again(Done{Code: code})
	case wire.RequestTimedOut, wire.Unknown, wire.NetworkException:
		t.perhaps = !t.reads
		t.last = Done{Code: code}
		t.giveUp()
	default:
		t.last = Done{Code: code}
		t.giveUp()
	}
}

// again tries later, if there is time.
func (t *task) again(why Done) {
	t.last = why
	t.failures++
	wait := t.a.c.backoff(t.failures)
	if t.a.c.env.Now()+wait >= t.deadline {
		t.giveUp()
		return
	}
	t.a.c.refresh()
	t.a.c.clock.After(wait, t.try)
}

// rest tries again when a broker has said, if there is time.
func (t *task) rest(why Done, wait time.Duration) {
	if t.last = why; t.a.c.env.Now()+wait >= t.deadline {
		t.giveUp()
		return
	}
	t.a.c.clock.After(wait, t.try)
}

func (t *task) giveUp() {
	t.last.Outcome = Failed
	if t.perhaps {
		t.last.Outcome = Unknown
	}
	t.end(nil, t.last)
}

func (t *task) end(r kmsg.Response, d Done) {
	if t.ended {
		return
	}
	t.ended = true
	for i, other := range t.a.tasks {
		if other == t {
			t.a.tasks = append(t.a.tasks[:i:i], t.a.tasks[i+1:]...)
			break
		}
	}
	t.a.c.tell(func() { t.done(r, d) })
}

// controller finds the controller, as far as is known.
func (a *Admin) controller() (int32, bool) {
	_, ok := a.c.metadata.hosts[a.c.metadata.controller]
	return a.c.metadata.controller, ok
}

// anybody finds a broker.
func (a *Admin) anybody() (int32, bool) {
	ids := a.c.metadata.ids
	if len(ids) == 0 {
		return 0, false
	}
	return ids[a.c.env.Rand().IntN(len(ids))], true
}

// leaderOf finds the leader of a partition.
func (a *Admin) leaderOf(tp TopicPartition) func() (int32, bool) {
	a.c.Want(tp.Topic)
	return func() (int32, bool) {
		p, ok := a.c.leader(tp)
		return p.Leader, ok
	}
}

// timeout is what requests to the controller say they can wait.
func (a *Admin) timeout() int32 { return int32(a.c.cfg.RequestTimeout / 2 / time.Millisecond) }
