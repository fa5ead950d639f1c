package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	cwire "github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// producerIDs are those of the block that this broker may give out, and who waits for
// the next block.
type producerIDs struct {
	next, end int64 // end is one beyond the last
	waiting   []*exchange
	fetching  bool
}

// initProducerID gives a producer an ID that nobody has, with epoch 0. Without a
// transactional ID there is nothing by which to know a producer again (KIP-98).
func (s *Server) initProducerID(x *exchange) {
	r := x.Body.(*kmsg.InitProducerIDRequest)
	if r.TransactionalID != nil {
		answer := kmsg.NewPtrInitProducerIDResponse()
		answer.ErrorCode, answer.ProducerID, answer.ProducerEpoch = int16(wire.InvalidRequest), -1, -1
		x.reply(answer)
		return
	}
	s.producerIDs.waiting = append(s.producerIDs.waiting, x)
	s.giveIDs()
}

// giveIDs answers those who wait, as far as the block goes, and has the next one taken.
func (s *Server) giveIDs() {
	p := &s.producerIDs
	for len(p.waiting) > 0 && p.next < p.end {
		x := p.waiting[0]
		p.waiting = p.waiting[1:]
		answer := kmsg.NewPtrInitProducerIDResponse()
		answer.ProducerID, answer.ProducerEpoch = p.next, 0
		p.next++
		x.reply(answer)
	}
	if len(p.waiting) > 0 && !p.fetching {
		p.fetching = true
		s.env.Go("producer IDs", s.takeBlock)
	}
}

// takeBlock takes the block of IDs after the one that was taken last, by anybody.
func (s *Server) takeBlock(t *node.Task) {
	for {
		block, ok := s.tryBlock(t)
		if ok {
			s.producerIDs.fetching = false
			s.producerIDs.next, s.producerIDs.end = block.Start, block.End+1
			s.giveIDs()
			return
		}
		s.awaitSession(t)
	}
}

// tryBlock takes a block, unless the session ends. Somebody else may be faster, time and
// again; a write of ours whose answer was lost is known by its content, since no two
// blocks are the same.
func (s *Server) tryBlock(t *node.Task) (znodes.ProducerBlock, bool) {
	for {
		now := s.zk.One(t, zookeeper.Get(znodes.LatestProducerBlock))
		if !now.OK() {
			return znodes.ProducerBlock{}, false
		}
		block := znodes.ProducerBlock{Broker: s.cfg.ID}
		if len(now.Data) > 0 {
			last, err := znodes.DecodeProducerBlock(now.Data)
			if err != nil {
				panic(err)
			}
			block.Start = last.End + 1
		}
		block.End = block.Start + znodes.ProducerBlockSize - 1
		r := s.zk.Set(t, znodes.LatestProducerBlock, block.Encode(), now.Stat.Version)
		switch {
		case r.OK():
			return block, true
		case r.Err != cwire.ErrBadVersion:
			return block, false
		}
	}
}
