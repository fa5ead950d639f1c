package facts

import "fmt"

// What brokers are told by controllers to tell clients.
var (
	MetadataTaken = kind(150, false, "metadata-taken", "tells clients from now on who leads a partition, -2 that it is gone; the body is its *Told", "leader", "leaderEpoch", "set", "version")
	PeersTaken    = kind(151, false, "peers-taken", "tells clients from now on that these brokers are alive", "set")
)

// Told is the body of [MetadataTaken].
type Told struct {
	// Topic is the ID of the topic, Replicas who is assigned, as a bit set.
	Topic    TopicID
	Replicas int64
}

// String is for traces.
func (t *Told) String() string { return fmt.Sprintf("replicas=%d topic=%x", t.Replicas, t.Topic[:4]) }
