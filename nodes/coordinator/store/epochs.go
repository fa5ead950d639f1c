package store

import (
	"fmt"
	"strconv"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Names of the epoch files.
const (
	AcceptedEpoch = "acceptedEpoch" // the highest epoch proposed to us that we agreed to
	CurrentEpoch  = "currentEpoch"  // the epoch whose initial history we hold
)

// temporary ends the name of a file whose content is not complete.
const temporary = ".tmp"

// LoadEpochs reads the epoch files. A missing one counts as epoch 0.
func LoadEpochs(d node.Disk) (accepted, current int64, err error) {
	if accepted, err = loadEpoch(d, AcceptedEpoch); err != nil {
		return 0, 0, err
	}
	if current, err = loadEpoch(d, CurrentEpoch); err != nil {
		return 0, 0, err
	}
	if accepted < current {
		return 0, 0, fmt.Errorf("store: %s is %d, below %s %d: a file was lost or replaced", AcceptedEpoch, accepted, CurrentEpoch, current)
	}
	return accepted, current, nil
}

func loadEpoch(d node.Disk, name string) (int64, error) {
	text, ok := d.Read(name)
	if !ok {
		return 0, nil
	}
	epoch, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("store: %s: %w", name, err)
	}
	return epoch, nil
}

// SaveEpoch makes an epoch file durable. When it returns nil no crash can bring
// back the old epoch; before, either may be found. It states each step in between.
func SaveEpoch(t *node.Task, d node.Disk, name string, epoch int64, b bugs.Set, observe func(node.Event)) error {
	state := func(k *node.EventKind) { observe(node.Event{Kind: k, N: [4]int64{epoch}, Text: name}) }
	target := name + temporary
	if b.Has(bugs.EpochInPlace) {
		target = name
	}
	err := d.WriteFile(target, strconv.AppendInt(nil, epoch, 10))
	if err == nil {
		state(facts.EpochWritten)
		err = t.Sync(target)
	}
	if err == nil {
		state(facts.EpochSynced)
		err = rename(d, target, name)
	}
	if err == nil {
		state(facts.EpochRenamed)
		err = syncNames(t, b)
	}
	if err != nil {
		return fmt.Errorf("store: save %s: %w", name, err)
	}
	state(facts.EpochSaved)
	return nil
}

// rename gives a file its name, unless it has it already.
func rename(d node.Disk, from, to string) error {
	if from == to {
		return nil
	}
	return d.Rename(from, to)
}

// syncNames makes renames durable. Without it a power failure brings the old file
// back under the name.
func syncNames(t *node.Task, b bugs.Set) error {
	if b.Has(bugs.RenameNotSynced) {
		return nil
	}
	return t.SyncDir()
}

// publish gives the finished file name.tmp its name, durably: the content before
// the name, or a crash could show the name on half a file.
func publish(t *node.Task, d node.Disk, name string) error {
	err := t.Sync(name + temporary)
	if err == nil {
		err = d.Rename(name+temporary, name)
	}
	if err == nil {
		err = t.SyncDir()
	}
	if err != nil {
		return fmt.Errorf("store: save %s: %w", name, err)
	}
	return nil
}
