package fetchsession

import (
	"math"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Part is what is asked for of one partition.
type Part struct {
	Topic  string
	Number int32
	// Epoch is the leader epoch that the asker knows of, LastEpoch that of the last record
	// it has, -1 if it does not say.
	Epoch, LastEpoch int32
	// Offset is where to read, Start where the asker's own log begins, -1 if it has none.
	Offset, Start int64
	MaxBytes      int32
}

// key names a partition.
type key struct {
	topic  string
	number int32
}

func (p *Part) key() key { return key{p.Topic, p.Number} }

// partOf is a part of a request.
func partOf(topic string, p *kmsg.FetchRequestTopicPartition) Part {
	return Part{
		Topic: topic, Number: p.Partition, Epoch: p.CurrentLeaderEpoch, LastEpoch: p.LastFetchedEpoch,
		Offset: p.FetchOffset, Start: p.LogStartOffset, MaxBytes: p.PartitionMaxBytes,
	}
}

// inRequest is a part as a request has it.
func (p *Part) inRequest() kmsg.FetchRequestTopicPartition {
	out := kmsg.NewFetchRequestTopicPartition()
	out.Partition, out.CurrentLeaderEpoch, out.LastFetchedEpoch = p.Number, p.Epoch, p.LastEpoch
	out.FetchOffset, out.LogStartOffset, out.PartitionMaxBytes = p.Offset, p.Start, p.MaxBytes
	return out
}

// The epochs of a request that names all that it wants: one that asks for a session, and
// one that wants none. Either ends the session that it names.
const (
	initialEpoch int32 = 0
	finalEpoch   int32 = -1
)

// nextEpoch is that of the next request of a session.
func nextEpoch(epoch int32) int32 {
	if epoch == math.MaxInt32 {
		return 1
	}
	return epoch + 1
}
