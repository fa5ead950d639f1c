package fetchsession

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// Asker is the end of a session that fetches. There is one request of it under way at a
// time. The zero value wants a session.
type Asker struct {
	// Sessionless has every request name all that it wants, for ever.
	Sessionless bool
	// id and epoch are those of the next request. An epoch of 0 asks for a session, and
	// ends the one of the ID, if that is not 0.
	id, epoch int32
	// had is what the broker takes for wanted, once the request under way has arrived.
	had []Part
	// changed are the parts that the request names, while it is prepared.
	changed []Part
}

// Prepare makes a request ask for these partitions, each named once, in the session.
func (a *Asker) Prepare(r *kmsg.FetchRequest, want []Part) {
	if a.Sessionless {
		r.SessionID, r.SessionEpoch = 0, finalEpoch
		name(r, want)
		return
	}
	r.SessionID, r.SessionEpoch = a.id, a.epoch
	if a.epoch == initialEpoch {
		name(r, want)
	} else {
		changed, dropped := differences(a.changed[:0], a.had, want)
		name(r, changed)
		forget(r, dropped)
		a.changed = changed
	}
	a.had = append(a.had[:0], want...)
}

// differences are the parts that the broker does not know, or knows otherwise, appended
// to changed, and those that are not wanted any more.
func differences(changed, had, want []Part) (_, dropped []Part) {
	same := 0 // mostly it is all the same partitions, in the same order
	for same < len(want) && same < len(had) {
		was, is := &had[same], &want[same]
		if was.Number != is.Number || was.Topic != is.Topic {
			break
		}
		if *was != *is {
			changed = append(changed, *is)
		}
		same++
	}
	had, want = had[same:], want[same:]
	if len(had)+len(want) == 0 {
		return changed, nil
	}
	known := make(map[key]Part, len(had))
	for _, p := range had {
		known[p.key()] = p
	}
	for _, p := range want {
		if was, has := known[p.key()]; !has || was != p {
			changed = append(changed, p)
		}
		delete(known, p.key())
	}
	for _, p := range had {
		if _, left := known[p.key()]; left {
			dropped = append(dropped, p)
		}
	}
	return changed, dropped
}

// NewRequest makes a request to fetch that is in one piece with the room for what it mostly
// names: one or two partitions of a topic that have moved.
func NewRequest() *kmsg.FetchRequest {
	r := &struct {
		kmsg.FetchRequest
		topics [1]kmsg.FetchRequestTopic
		parts  [2]kmsg.FetchRequestTopicPartition
	}{}
	r.Default()
	r.topics[0].Partitions = r.parts[:0]
	r.Topics = r.topics[:0]
	return &r.FetchRequest
}

// name has a request name parts, those of a topic together.
func name(r *kmsg.FetchRequest, parts []Part) {
	for i := range parts {
		p := &parts[i]
		at := len(r.Topics) - 1 // mostly they follow each other
		for at >= 0 && r.Topics[at].Topic != p.Topic {
			at--
		}
		if at < 0 {
			at = len(r.Topics)
			t := kmsg.NewFetchRequestTopic()
			t.Topic = p.Topic
			if at < cap(r.Topics) {
				t.Partitions = r.Topics[:at+1][at].Partitions // the room of a new request
			}
			r.Topics = append(r.Topics, t)
		}
		r.Topics[at].Partitions = append(r.Topics[at].Partitions, p.inRequest())
	}
}

// forget has a request say that parts are not wanted any more.
func forget(r *kmsg.FetchRequest, parts []Part) {
	for _, p := range parts {
		if n := len(r.ForgottenTopics); n == 0 || r.ForgottenTopics[n-1].Topic != p.Topic {
			t := kmsg.NewFetchRequestForgottenTopic()
			t.Topic = p.Topic
			r.ForgottenTopics = append(r.ForgottenTopics, t)
		}
		t := &r.ForgottenTopics[len(r.ForgottenTopics)-1]
		t.Partitions = append(t.Partitions, p.Number)
	}
}

// Answered takes the answer to the request under way, and reports whether it says
// anything of partitions. If not, the next request begins anew. A broker that has no
// room for a session answers without the ID of one, and ends one in the same way.
func (a *Asker) Answered(r *kmsg.FetchResponse) bool {
	switch {
	case wire.ErrorCode(r.ErrorCode) == wire.FetchSessionIDNotFound:
		a.id, a.epoch = 0, initialEpoch
	case r.ErrorCode != 0:
		a.epoch = initialEpoch
	case r.SessionID == 0:
		a.id, a.epoch = 0, initialEpoch
	default:
		a.id, a.epoch = r.SessionID, nextEpoch(a.epoch)
	}
	return r.ErrorCode == 0
}

// Lost tells that there will be no answer. The broker may have counted the request or
// not, so the next one ends the session, if there is one, and asks for another.
func (a *Asker) Lost() { a.epoch = initialEpoch }
