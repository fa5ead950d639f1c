package znodes

// EncodePartitions writes a list of partitions, version 1: what is in a notification
// of changed in-sync replicas and in [PreferredElection].
func EncodePartitions(list []TopicPartition) []byte {
	if list == nil {
		list = []TopicPartition{}
	}
	return encode(object{{"version", 1}, {"partitions", list}})
}

// DecodePartitions reads a list of partitions; path is for errors.
func DecodePartitions(path string, data []byte) ([]TopicPartition, error) {
	var j struct {
		Partitions []TopicPartition `json:"partitions"`
	}
	if err := decode(path, data, &j); err != nil {
		return nil, err
	}
	if j.Partitions == nil {
		return nil, missing(path, "partitions", data)
	}
	return j.Partitions, nil
}

// Reassignment is one entry of [ReassignPartitions]: where a partition shall go.
type Reassignment struct {
	TopicPartition
	Replicas []int32 `json:"replicas"`
}

// EncodeReassignments writes the legacy trigger of reassignments, version 1.
func EncodeReassignments(list []Reassignment) []byte {
	if list == nil {
		list = []Reassignment{}
	}
	return encode(object{{"version", 1}, {"partitions", list}})
}

// DecodeReassignments reads the trigger.
func DecodeReassignments(data []byte) ([]Reassignment, error) {
	var j struct {
		Partitions []Reassignment `json:"partitions"`
	}
	if err := decode(ReassignPartitions, data, &j); err != nil {
		return nil, err
	}
	if j.Partitions == nil {
		return nil, missing(ReassignPartitions, "partitions", data)
	}
	return j.Partitions, nil
}

// EncodeLogDirEvent writes that a directory of a broker failed.
func EncodeLogDirEvent(broker int32) []byte {
	return encode(object{{"version", 1}, {"broker", broker}, {"event", 1}})
}

// DecodeLogDirEvent reads whose directory failed; path is for errors.
func DecodeLogDirEvent(path string, data []byte) (int32, error) {
	var j struct {
		Broker *int32 `json:"broker"`
	}
	if err := decode(path, data, &j); err != nil {
		return 0, err
	}
	if j.Broker == nil {
		return 0, missing(path, "broker", data)
	}
	return *j.Broker, nil
}
