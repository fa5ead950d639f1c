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
	// had is what the broker takes for wanted, once the request under way has arrived, and
	// at where in had it is.
	had []Part
	at  map[key]int
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
		name(r, a.changed(want))
		forget(r, a.dropped(want))
	}
	a.had = append(a.had[:0], want...)
	a.at = make(map[key]int, len(want))
	for i := range a.had {
		a.at[a.had[i].key()] = i
	}
}

// changed are the parts that the broker does not know, or knows otherwise.
func (a *Asker) changed(want []Part) []Part {
	var all []Part
	for _, p := range want {
		if i, has := a.at[p.key()]; !has || a.had[i] != p {
			all = append(all, p)
		}
	}
	return all
}

// dropped are the parts that are not wanted any more.
func (a *Asker) dropped(want []Part) []Part {
	wanted := make(map[key]bool, len(want))
	for i := range want {
		wanted[want[i].key()] = true
	}
	var all []Part
	for _, p := range a.had {
		if !wanted[p.key()] {
			all = append(all, p)
		}
	}
	return all
}

// name has a request name parts, those of a topic together.
func name(r *kmsg.FetchRequest, parts []Part) {
	for i := range parts {
		p := &parts[i]
		at := len(r.Topics) - 1
		for at >= 0 && r.Topics[at].Topic != p.Topic {
			at--
		}
		if at < 0 {
			at = len(r.Topics)
			t := kmsg.NewFetchRequestTopic()
			t.Topic = p.Topic
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
