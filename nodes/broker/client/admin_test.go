package client

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// newAdminRig has a controller that answers creations by the codes of a script, one
// after the other.
func newAdminRig(t *testing.T, codes ...wire.ErrorCode) (*rig, *Admin) {
	r := newRig(t)
	r.answer = func(b *fakeBroker, _ node.ConnID, req *wire.Request) kmsg.Response {
		create, ok := req.Body.(*kmsg.CreateTopicsRequest)
		if !ok {
			t.Fatalf("the admin asks %v", req)
		}
		topic := kmsg.NewCreateTopicsResponseTopic()
		topic.Topic, topic.ErrorCode = create.Topics[0].Topic, int16(codes[0])
		codes = codes[1:]
		answer := kmsg.NewPtrCreateTopicsResponse()
		answer.Topics = append(answer.Topics, topic)
		return answer
	}
	return r, r.c.NewAdmin()
}

func TestAdminTellsWhatItKnows(t *testing.T) {
	for _, c := range []struct {
		codes []wire.ErrorCode
		after verdict
		want  string
	}{
		{[]wire.ErrorCode{wire.OK}, verdict{}, "ok NONE"},
		{[]wire.ErrorCode{wire.NotController, wire.OK}, verdict{}, "ok NONE"},
		{[]wire.ErrorCode{wire.TopicAlreadyExists}, verdict{}, "failed TOPIC_ALREADY_EXISTS"},
		{[]wire.ErrorCode{wire.RequestTimedOut}, verdict{}, "unknown REQUEST_TIMED_OUT"},
		{[]wire.ErrorCode{wire.OK}, verdict{hangUp: true}, "unknown NONE"},
	} {
		r, a := newAdminRig(t, c.codes...)
		r.after = func(_ int32, req kmsg.Request) verdict {
			if _, ok := req.(*kmsg.CreateTopicsRequest); ok {
				return c.after
			}
			return verdict{}
		}
		got := ""
		a.CreateTopic(NewTopic{Name: "n", Partitions: 1, Replication: 3}, func(d Done) {
			got = fmt.Sprint(d.Outcome, " ", d.Code)
		})
		r.run(time.Minute)
		if got != c.want {
			t.Errorf("%v, %+v: the creation is %q, want %q", c.codes, c.after, got, c.want)
		}
	}
}

// A question has no effect: it is asked again whatever happened.
func TestListOffsetsIsAskedAgain(t *testing.T) {
	r := newRig(t)
	a := r.c.NewAdmin()
	r.write("a", "b")
	lost := false
	r.after = func(_ int32, req kmsg.Request) verdict {
		if _, ok := req.(*kmsg.ListOffsetsRequest); ok && !lost {
			lost = true
			return verdict{hangUp: true}
		}
		return verdict{}
	}
	var got Place
	a.ListOffsets(t0, LogEnd, func(p Place, d Done) { got = p })
	r.run(time.Minute)
	if got != (Place{2, 3}) {
		t.Errorf("the log ends at %+v", got)
	}
}

func TestAdminOfAClosedCluster(t *testing.T) {
	r, a := newAdminRig(t, wire.OK)
	var ends []Outcome
	note := func(d Done) { ends = append(ends, d.Outcome) }
	a.DeleteTopic("t", note)
	r.c.Close()
	a.DeleteTopic("t", note)
	r.run(time.Minute)
	if len(ends) != 2 || ends[0] != Failed || ends[1] != Failed {
		t.Errorf("the deletions ended %v", ends)
	}
}

// Who is told that its quota of changes is used up asks again when it may.
func TestAdminWaitsForItsQuota(t *testing.T) {
	r, a := newAdminRig(t, wire.ThrottlingQuotaExceeded, wire.OK)
	script := r.answer
	var asked []time.Duration
	r.answer = func(b *fakeBroker, conn node.ConnID, req *wire.Request) kmsg.Response {
		asked = append(asked, r.w.Now())
		answer := script(b, conn, req).(*kmsg.CreateTopicsResponse)
		if answer.Topics[0].ErrorCode != 0 {
			answer.ThrottleMillis = 1500
		}
		return answer
	}
	got := ""
	a.CreateTopic(NewTopic{Name: "n", Partitions: 1, Replication: 3}, func(d Done) { got = fmt.Sprint(d.Outcome, " ", d.Code) })
	r.run(time.Minute)
	if got != "ok NONE" || len(asked) != 2 || asked[1]-asked[0] < 1500*time.Millisecond || asked[1]-asked[0] > 1600*time.Millisecond {
		t.Errorf("the creation is %q, asked for at %v", got, asked)
	}
}

// A client that heeds a throttle sends that broker nothing meanwhile, and one that does not
// does.
func TestThrottlesAreHeeded(t *testing.T) {
	for _, heeds := range []bool{false, true} {
		r := newRig(t, func(c *Config) { c.HeedsThrottle = heeds })
		var asked []time.Duration
		r.answer = func(_ *fakeBroker, _ node.ConnID, req *wire.Request) kmsg.Response {
			asked = append(asked, r.w.Now())
			create := req.Body.(*kmsg.CreateTopicsRequest)
			topic := kmsg.NewCreateTopicsResponseTopic()
			topic.Topic = create.Topics[0].Topic
			answer := kmsg.NewPtrCreateTopicsResponse()
			answer.Topics, answer.ThrottleMillis = append(answer.Topics, topic), 2000
			return answer
		}
		a := r.c.NewAdmin()
		ended := 0
		var next func(Done)
		next = func(Done) {
			if ended++; ended < 3 {
				a.CreateTopic(NewTopic{Name: "n", Partitions: 1, Replication: 3}, next)
			}
		}
		a.CreateTopic(NewTopic{Name: "n", Partitions: 1, Replication: 3}, next)
		r.run(time.Minute)
		if len(asked) != 3 || (asked[2]-asked[0] >= 4*time.Second) != heeds {
			t.Errorf("a client that heeds throttles (%v) asks at %v", heeds, asked)
		}
	}
}
