package znodes

import "slices"

// Leaders that are none.
const (
	// NoLeader: the partition is offline.
	NoLeader int32 = -1
	// LeaderDuringDelete is what UpdateMetadata says while the topic is being deleted.
	// No znode holds it.
	LeaderDuringDelete int32 = -2
)

// InitialLeaderEpoch is that of a new partition.
const InitialLeaderEpoch int32 = 0

// State is who leads a partition, and its in-sync replicas. The version of its znode
// is the partition's epoch.
type State struct {
	// Leader is a broker, or [NoLeader].
	Leader      int32
	LeaderEpoch int32
	// Isr are the in-sync replicas. Never empty: the last one stays, though it be dead.
	Isr []int32
	// Recovering says that the leader was elected from outside the in-sync replicas and
	// has not said yet that it has recovered (KIP-704).
	Recovering bool
	// ControllerEpoch is that of the controller that last wrote the leader.
	ControllerEpoch int32
}

// Equal compares two states; the order of in-sync replicas does not matter.
func (s *State) Equal(o *State) bool {
	return s.Leader == o.Leader && s.LeaderEpoch == o.LeaderEpoch && s.Recovering == o.Recovering &&
		s.ControllerEpoch == o.ControllerEpoch && slices.Equal(sorted(s.Isr), sorted(o.Isr))
}

func sorted(list []int32) []int32 {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

// Clone is a copy that shares nothing.
func (s *State) Clone() *State {
	c := *s
	c.Isr = slices.Clone(s.Isr)
	return &c
}

// Encode writes the state, version 1.
func (s *State) Encode() []byte {
	o := object{{"controller_epoch", s.ControllerEpoch}, {"leader", s.Leader}, {"version", 1}}
	if s.Recovering {
		o = append(o, field{"leader_recovery_state", 1})
	}
	return encode(append(o, object{{"leader_epoch", s.LeaderEpoch}, {"isr", ids(s.Isr)}}...))
}

// DecodeState reads the state of a partition.
func DecodeState(p TopicPartition, data []byte) (*State, error) {
	path := StatePath(p)
	var j struct {
		Leader          *int32  `json:"leader"`
		LeaderEpoch     *int32  `json:"leader_epoch"`
		ControllerEpoch *int32  `json:"controller_epoch"`
		Isr             []int32 `json:"isr"`
		Recovery        int     `json:"leader_recovery_state"`
	}
	if err := decode(path, data, &j); err != nil {
		return nil, err
	}
	switch {
	case j.Leader == nil:
		return nil, missing(path, "leader", data)
	case j.LeaderEpoch == nil:
		return nil, missing(path, "leader_epoch", data)
	case j.ControllerEpoch == nil:
		return nil, missing(path, "controller_epoch", data)
	case j.Isr == nil:
		return nil, missing(path, "isr", data)
	}
	return &State{*j.Leader, *j.LeaderEpoch, j.Isr, j.Recovery == 1, *j.ControllerEpoch}, nil
}
