package wire

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// digest is a cheap hash over what tells two bodies of one kind apart. Records are
// told apart by the checksum that their batch bears.
//
// Partitions are visited where they are: they are large to copy.
func digest(body any) uint64 {
	var h uint64
	switch b := body.(type) {
	case *kmsg.ProduceRequest:
		h = uint64(uint16(b.Acks))
		for i := range b.Topics {
			for j := range b.Topics[i].Partitions {
				p := &b.Topics[i].Partitions[j]
				h = mix(h, uint64(uint32(p.Partition))<<32^checksum(p.Records))
			}
		}
	case *kmsg.ProduceResponse:
		for i := range b.Topics {
			for j := range b.Topics[i].Partitions {
				p := &b.Topics[i].Partitions[j]
				h = mix(h, uint64(p.BaseOffset)<<16^uint64(uint16(p.ErrorCode)))
			}
		}
	case *kmsg.FetchRequest:
		h = uint64(uint32(b.SessionID))<<32 | uint64(uint32(b.SessionEpoch))
		for i := range b.Topics {
			for j := range b.Topics[i].Partitions {
				p := &b.Topics[i].Partitions[j]
				h = mix(h, uint64(uint32(p.Partition))<<48^uint64(p.FetchOffset)^uint64(uint32(p.CurrentLeaderEpoch))<<24)
			}
		}
	case *kmsg.FetchResponse:
		h = uint64(uint16(b.ErrorCode))
		for i := range b.Topics {
			for j := range b.Topics[i].Partitions {
				p := &b.Topics[i].Partitions[j]
				h = mix(h, uint64(p.HighWatermark)<<16^uint64(uint16(p.ErrorCode))^checksum(p.RecordBatches)<<20)
			}
		}
	}
	return h
}

// checksum is the CRC of the first batch of some records, and how long they are.
func checksum(records []byte) uint64 {
	const at = 17 // of the CRC in a batch
	if len(records) < at+4 {
		return uint64(len(records))
	}
	return uint64(binary.BigEndian.Uint32(records[at:]))<<16 ^ uint64(len(records))
}

// String describes the request in one line.
func (r *Request) String() string {
	return fmt.Sprintf("%s v%d #%d%s", r.Kind(), r.Version, r.Correlation, brief(r.Body))
}

// String describes the response in one line.
func (r *Response) String() string {
	return fmt.Sprintf("%s #%d%s", r.Kind(), r.Correlation, brief(r.Body))
}

// brief says what matters of the bodies that traces are full of.
func brief(body any) string {
	var b strings.Builder
	switch m := body.(type) {
	case *kmsg.ProduceRequest:
		fmt.Fprintf(&b, " acks=%d", m.Acks)
		for _, t := range m.Topics {
			for _, p := range t.Partitions {
				fmt.Fprintf(&b, " %s-%d[%d bytes]", t.Topic, p.Partition, len(p.Records))
			}
		}
	case *kmsg.ProduceResponse:
		for _, t := range m.Topics {
			for _, p := range t.Partitions {
				fmt.Fprintf(&b, " %s-%d@%d", t.Topic, p.Partition, p.BaseOffset)
				failure(&b, p.ErrorCode)
			}
		}
	case *kmsg.FetchRequest:
		if m.ReplicaID >= 0 {
			fmt.Fprintf(&b, " replica=%d", m.ReplicaID)
		}
		for _, t := range m.Topics {
			for _, p := range t.Partitions {
				fmt.Fprintf(&b, " %s-%d@%d e%d", t.Topic, p.Partition, p.FetchOffset, p.CurrentLeaderEpoch)
			}
		}
	case *kmsg.FetchResponse:
		failure(&b, m.ErrorCode)
		for _, t := range m.Topics {
			for _, p := range t.Partitions {
				fmt.Fprintf(&b, " %s-%d[%d bytes] hw=%d", t.Topic, p.Partition, len(p.RecordBatches), p.HighWatermark)
				if d := p.DivergingEpoch; d.Epoch >= 0 {
					fmt.Fprintf(&b, " diverges after e%d@%d", d.Epoch, d.EndOffset)
				}
				failure(&b, p.ErrorCode)
			}
		}
	case *kmsg.LeaderAndISRRequest:
		fmt.Fprintf(&b, " controller=%d/%d", m.ControllerID, m.ControllerEpoch)
		for _, t := range m.TopicStates {
			for _, p := range t.PartitionStates {
				fmt.Fprintf(&b, " %s-%d leader=%d e%d isr=%v", t.Topic, p.Partition, p.Leader, p.LeaderEpoch, p.ISR)
			}
		}
	}
	return b.String()
}

func failure(b *strings.Builder, code int16) {
	if code != 0 {
		fmt.Fprintf(b, " %v", ErrorCode(code))
	}
}
