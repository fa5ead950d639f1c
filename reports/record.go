package reports

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/stampede-sim/stampede"
	"github.com/stampede-sim/stampede/sim"
)

// Record is a result as result.json and --json hold it: with the build that made
// it and, in files, the checkpoints by which a later run can be compared.
type Record struct {
	stampede.Result
	Identity
	// Recipe holds the options beside scenario and seed.
	Recipe      Recipe       `json:"recipe,omitzero"`
	Checkpoints []Checkpoint `json:"checkpoints,omitempty"`
}

// Checkpoint is an intermediate hash of a run, after so many steps.
type Checkpoint struct {
	Step uint64 `json:"step"`
	// Hash is 16 hexadecimal digits; as a number it would not survive JavaScript.
	Hash string `json:"hash"`
}

// NewRecord returns the record of a result of this build.
func NewRecord(r stampede.Result) Record {
	record := Record{Result: r, Identity: ThisBuild()}
	for _, c := range r.Checkpoints {
		record.Checkpoints = append(record.Checkpoints, Checkpoint{c.Step, fmt.Sprintf("%016x", c.Hash)})
	}
	return record
}

// Line returns the record as one line of JSON, without checkpoints.
func (r Record) Line() ([]byte, error) {
	r.Checkpoints = nil
	b, err := json.Marshal(r)
	return append(b, '\n'), err
}

// ReadRecord reads what a failure directory holds in result.json. name is what
// errors call it.
func ReadRecord(name string, r io.Reader) (Record, error) {
	var record Record
	if err := json.NewDecoder(r).Decode(&record); err != nil {
		return Record{}, fmt.Errorf("%s: %w; the file is damaged, replay its plan.txt instead", name, err)
	}
	for _, c := range record.Checkpoints {
		hash, err := strconv.ParseUint(c.Hash, 16, 64)
		if err != nil {
			return Record{}, fmt.Errorf("%s: checkpoint hash %q: want 16 hexadecimal digits; replay its plan.txt instead", name, c.Hash)
		}
		record.Result.Checkpoints = append(record.Result.Checkpoints, sim.Checkpoint{Step: c.Step, Hash: hash})
	}
	return record, nil
}
