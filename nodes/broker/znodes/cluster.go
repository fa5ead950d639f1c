package znodes

import (
	"fmt"
	"strconv"
)

// EncodeController writes the ephemeral znode of the elected controller, version 2;
// timestamp is its wall clock in milliseconds.
func EncodeController(broker int32, timestamp int64) []byte {
	return encode(object{
		{"version", 2}, {"brokerid", broker}, {"timestamp", strconv.FormatInt(timestamp, 10)}, {"kraftControllerEpoch", -1},
	})
}

// DecodeController reads which broker is the controller.
func DecodeController(data []byte) (int32, error) {
	var j struct {
		Broker *int32 `json:"brokerid"`
	}
	if err := decode(Controller, data, &j); err != nil {
		return 0, err
	}
	if j.Broker == nil {
		return 0, missing(Controller, "brokerid", data)
	}
	return *j.Broker, nil
}

// EncodeControllerEpoch writes the epoch of the controller.
func EncodeControllerEpoch(epoch int32) []byte { return strconv.AppendInt(nil, int64(epoch), 10) }

// DecodeControllerEpoch reads the epoch of the controller.
func DecodeControllerEpoch(data []byte) (int32, error) {
	n, err := decimal(ControllerEpoch, data, 32)
	return int32(n), err
}

func decimal(path string, data []byte, bits int) (int64, error) {
	n, err := strconv.ParseInt(string(data), 10, bits)
	if err != nil {
		return 0, fmt.Errorf("znodes: %s holds %q; want a decimal number", path, data)
	}
	return n, nil
}

// EncodeClusterID writes the ID of the cluster, 16 bytes in base64 for URLs.
func EncodeClusterID(id string) []byte { return encode(object{{"version", "1"}, {"id", id}}) }

// DecodeClusterID reads the ID of the cluster.
func DecodeClusterID(data []byte) (string, error) {
	var j struct {
		ID string `json:"id"`
	}
	if err := decode(ClusterID, data, &j); err != nil {
		return "", err
	}
	if j.ID == "" {
		return "", missing(ClusterID, "id", data)
	}
	return j.ID, nil
}

// ProducerBlock is the block of producer IDs that was given out last.
type ProducerBlock struct {
	Broker int32
	// Start and End are the first and the last ID of the block.
	Start, End int64
}

// ProducerBlockSize is how many IDs a broker takes at a time.
const ProducerBlockSize = 1000

// Encode writes the block.
func (b ProducerBlock) Encode() []byte {
	return encode(object{
		{"version", 1}, {"broker", b.Broker},
		{"block_start", strconv.FormatInt(b.Start, 10)}, {"block_end", strconv.FormatInt(b.End, 10)},
	})
}

// DecodeProducerBlock reads the block.
func DecodeProducerBlock(data []byte) (ProducerBlock, error) {
	var j struct {
		Broker int32  `json:"broker"`
		Start  string `json:"block_start"`
		End    string `json:"block_end"`
	}
	if err := decode(LatestProducerBlock, data, &j); err != nil {
		return ProducerBlock{}, err
	}
	start, err := decimal(LatestProducerBlock, []byte(j.Start), 64)
	if err != nil {
		return ProducerBlock{}, err
	}
	end, err := decimal(LatestProducerBlock, []byte(j.End), 64)
	return ProducerBlock{j.Broker, start, end}, err
}

// EncodeFeatures writes the znode of finalized features, version 2, enabled, with none
// finalized (KIP-584).
func EncodeFeatures() []byte {
	return encode(object{{"features", object{}}, {"version", 2}, {"status", 1}})
}

// EncodeConsumerOffset writes an offset that OffsetCommit v0 commits.
func EncodeConsumerOffset(offset int64) []byte { return strconv.AppendInt(nil, offset, 10) }

// DecodeConsumerOffset reads it; path is for errors.
func DecodeConsumerOffset(path string, data []byte) (int64, error) { return decimal(path, data, 64) }
