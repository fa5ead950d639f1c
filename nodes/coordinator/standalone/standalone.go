// Package standalone orders the writes of a server that has no ensemble: one log, no
// epochs, no votes. A write is committed when it is durable here, and everything else
// stands behind the writes that came before it.
package standalone

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Host is what the order needs of its server.
type Host interface {
	// Observe states a fact.
	Observe(e node.Event)
	// Append writes a transaction to the log. When it and all before it are durable
	// the host calls LogDurable.
	Append(txn *wire.Txn)
	// Deliver hands over a committed transaction, in zxid order without gaps.
	Deliver(txn *wire.Txn)
	// AnswerSync is called when everything proposed before a sync is delivered.
	AnswerSync(sid, session int64, cxid int32)
}

// Order is the order of one incarnation's writes.
type Order struct {
	sid  int64
	host Host
	bugs bugs.Set

	last wire.Zxid // the last one proposed
	// outstanding are the proposals that are not durable, oldest first.
	outstanding []proposal
}

// proposal is one transaction on its way to the disk, with what waits behind it.
type proposal struct {
	txn    *wire.Txn
	behind []func()
}

// New continues the order after the last transaction in the log, of whatever epoch.
func New(sid int64, host Host, last wire.Zxid, b bugs.Set) *Order {
	return &Order{sid: sid, host: host, last: last, bugs: b}
}

// NextZxid returns the zxid of the next proposal. The counter may carry: nobody else
// could ever be elected for the epoch that it carries into.
func (o *Order) NextZxid() wire.Zxid { return o.last + 1 }

// MustEnd reports that there is no end to the zxids of a server that is alone.
func (o *Order) MustEnd() bool { return false }

// EndEpoch is never due.
func (o *Order) EndEpoch() { panic("standalone: a server that is alone has no epoch to end") }

// Busy reports whether something is proposed and not delivered: reads wait for it.
func (o *Order) Busy() bool { return len(o.outstanding) > 0 }

// Propose logs a transaction whose zxid is NextZxid.
func (o *Order) Propose(txn *wire.Txn) {
	if txn.Zxid != o.NextZxid() {
		panic(fmt.Sprintf("standalone: proposal %v after %v", txn.Zxid, o.last))
	}
	o.last = txn.Zxid
	o.outstanding = append(o.outstanding, proposal{txn: txn})
	o.host.Observe(node.Event{Kind: facts.Proposed, N: [4]int64{int64(txn.Zxid), txn.Session, int64(txn.Cxid)}, Body: txn})
	o.host.Append(txn)
	if o.bugs.Has(bugs.StandaloneAckBeforeSync) {
		o.LogDurable(txn.Zxid)
	}
}

// Await calls then when everything proposed so far is delivered.
func (o *Order) Await(then func()) {
	n := len(o.outstanding)
	if n == 0 {
		then()
		return
	}
	last := &o.outstanding[n-1]
	last.behind = append(last.behind, then)
}

// Sync has a client's sync answered when everything proposed so far is delivered.
func (o *Order) Sync(sid, session int64, cxid int32) {
	z := o.last
	o.Await(func() {
		o.host.Observe(node.Event{Kind: facts.SyncAnswered, N: [4]int64{session, int64(cxid), int64(z)}})
		o.host.AnswerSync(sid, session, cxid)
	})
}

// LogDurable delivers everything up to z: it is durable.
func (o *Order) LogDurable(z wire.Zxid) {
	if len(o.outstanding) == 0 || o.outstanding[0].txn.Zxid > z {
		return
	}
	o.host.Observe(node.Event{Kind: facts.Acked, N: [4]int64{int64(min(z, o.last))}})
	for len(o.outstanding) > 0 && o.outstanding[0].txn.Zxid <= z {
		p := o.outstanding[0]
		o.outstanding = o.outstanding[1:]
		o.host.Observe(node.Event{Kind: facts.Committed, N: [4]int64{int64(p.txn.Zxid), 1 << o.sid}})
		o.host.Deliver(p.txn)
		for _, then := range p.behind {
			then()
		}
	}
}
