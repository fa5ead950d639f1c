package client

import (
	"math"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// identity is what a broker knows an idempotent producer by.
type identity struct {
	id    int64
	epoch int16
}

// nobody is the identity of a producer that has none.
var nobody = identity{id: -1, epoch: -1}

func (i identity) known() bool { return i.id >= 0 }

// raised is the identity in its next epoch, nobody if there are no more: then the
// producer needs another ID (KIP-360).
func (i identity) raised() identity {
	if i.epoch == math.MaxInt16 {
		return nobody
	}
	return identity{i.id, i.epoch + 1}
}

// mend sees to it that sequences of the partition have no gap ahead, and reports
// whether batches may be given new ones.
//
// In a new epoch a batch cannot be recognised that was sent in the old one. So what may
// have been appended ends here as unknown; what was surely not begins again at 0. Kafka's
// producer renumbers both, and may so write records twice.
func (q *queue) mend() bool {
	if q.gap {
		if slices.ContainsFunc(q.batches, func(b *parcel) bool { return b.inFlight }) {
			return false // its answer may still come, under the old sequence
		}
		for _, b := range slices.Clone(q.batches) {
			if b.ambiguous && !q.p.c.cfg.Bugs.Has(bugs.AmbiguousRenumbered) {
				q.end(b, ending{base: -1, err: ErrSequenceLost})
			} else {
				b.identity, b.sequence = nobody, -1
			}
		}
		q.gap = false
		if q.identity == q.p.identity {
			q.p.identity = q.p.identity.raised()
		}
		q.identity = nobody
	}
	if !q.identity.known() {
		q.identity, q.next, q.introduced = q.p.identity, 0, false
	}
	return q.identity.known()
}

// identify asks any broker for an ID.
func (p *Producer) identify() {
	ids := p.c.metadata.ids
	if p.asking || !p.pending() {
		return
	}
	if len(ids) == 0 {
		p.c.refresh()
		return
	}
	p.asking = true
	ask := kmsg.NewPtrInitProducerIDRequest()
	ask.TransactionTimeoutMillis = math.MaxInt32
	broker := ids[p.c.env.Rand().IntN(len(ids))]
	p.c.call(p.lane, broker, ask, func(r kmsg.Response, err error) {
		p.asking = false
		switch {
		case p.closed:
		case err == ErrUnsupported:
			p.nameless(ending{base: -1, err: err})
		case err != nil:
			p.identifyLater()
		default:
			p.identified(r.(*kmsg.InitProducerIDResponse))
		}
	})
}

func (p *Producer) identified(r *kmsg.InitProducerIDResponse) {
	code := wire.ErrorCode(r.ErrorCode)
	switch {
	case code == wire.OK:
		p.failures = 0
		p.identity = identity{r.ProducerID, r.ProducerEpoch}
		p.soon()
	case code.Retriable() || code == wire.Unknown || code == wire.BrokerNotAvailable:
		p.identifyLater()
	default:
		p.nameless(ending{base: -1, code: code})
	}
}

// identifyLater asks again after a pause.
func (p *Producer) identifyLater() {
	p.failures++
	p.c.refresh()
	p.asking = true
	p.c.clock.After(p.c.backoff(p.failures), func() {
		p.asking = false
		p.soon()
	})
}

// nameless ends all that waits: there will be no ID. Nothing of it was sent.
func (p *Producer) nameless(e ending) {
	for _, q := range p.order {
		for _, b := range slices.Clone(q.batches) {
			if !b.inFlight {
				q.end(b, e)
			}
		}
	}
}

// pending reports whether there is anything to be sent.
func (p *Producer) pending() bool {
	return slices.ContainsFunc(p.order, func(q *queue) bool { return len(q.batches) > 0 })
}
