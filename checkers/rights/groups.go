package rights

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
)

// groups judges a list of groups: nothing is in it that its asker may not know of. Who may
// describe the cluster may know of all.
func (j *judge) groups(op *history.Op) {
	if op.Log.Super {
		return
	}
	if yes, _ := j.answers(op, need{"Describe", "Cluster", "kafka-cluster"}); yes {
		return
	}
	for _, name := range op.Log.Names {
		n := need{"Describe", "Group", name}
		if yes, _ := j.answers(op, n); !yes {
			j.report(GroupsHidden, op, fmt.Sprintf("But op %d of %s lists %s; in force may have been %s.", op.ID, op.Log.As, name, j.inForceOf(op, question(op, n))))
		}
	}
}

// member judges what a poll says of a membership: whoever is in a generation was allowed to
// read the group when it joined, at some time since it subscribed; the first time, if it did
// so again: it may still be in the generation of before.
func (j *judge) member(op *history.Op) {
	l := op.Log
	if l.Super || l.Group == "" || l.Generation < 1 {
		return
	}
	since, in := *op, false
	for i := range j.h.Ops {
		o := &j.h.Ops[i]
		if o.Client != op.Client || o.Invoke > op.Invoke || o.F != history.Subscribe && o.F != history.Unsubscribe {
			continue
		}
		again := in
		in = o.F == history.Subscribe && o.Log != nil && o.Log.Group == l.Group
		if in && !again {
			since.Invoke = o.Invoke
		}
	}
	n := need{"Read", "Group", l.Group}
	if yes, _ := j.answers(&since, n); !yes {
		j.report(Needed, op, fmt.Sprintf("But op %d of %s is of a member in generation %d of %s; in force may have been %s.", op.ID, l.As, l.Generation, l.Group, j.inForceOf(&since, question(op, n))))
	}
}

// read judges what a poll brought: whoever gets records was allowed to read their topic at
// some time before. They may have been fetched long before they were asked for.
func (j *judge) read(op *history.Op) {
	l := op.Log
	if l.Super || l.As == "" {
		return
	}
	since := *op
	since.Invoke = 0
	for i, r := range l.Records {
		if i > 0 && r.Partition == l.Records[i-1].Partition {
			continue
		}
		n := need{"Read", "Topic", topicOf(r.Partition)}
		if yes, _ := j.answers(&since, n); !yes {
			j.report(Needed, op, fmt.Sprintf("But op %d of %s brought records of %s; until then may have been in force %s.", op.ID, l.As, r.Partition, j.inForceOf(&since, question(op, n))))
			return
		}
	}
}

// supported lists the operations that there are on resources of a type.
var supported = map[string][]string{
	"Topic":   {"Read", "Write", "Create", "Delete", "Alter", "Describe", "DescribeConfigs", "AlterConfigs"},
	"Group":   {"Read", "Delete", "Describe"},
	"Cluster": {"Create", "Alter", "Describe", "ClusterAction", "DescribeConfigs", "AlterConfigs", "IdempotentWrite"},
}

// rights judges what somebody was told that it may do: each right may have been there that
// is told, and lacking that is not. Who may not describe the cluster is told of none.
func (j *judge) rights(op *history.Op) {
	r, _, _ := ParseArgs(op.Path, op.Log.Args)
	on, name, _ := strings.Cut(r, ":")
	wanted := supported[on]
	if on == "Cluster" && !op.Log.Super {
		_, hidden := j.answers(op, need{"Describe", on, name})
		if hidden && len(op.Log.Names) == 0 {
			return
		}
	}
	for _, operation := range wanted {
		yes, no := j.answers(op, need{operation, on, name})
		yes, no = yes || op.Log.Super, no && !op.Log.Super
		switch told := slices.Contains(op.Log.Names, operation); {
		case told && !yes, !told && !no:
			j.report(RightsTold, op, fmt.Sprintf("But op %d of %s is told that its rights to %s are %v; %s is not to be so by what was in force: %s.", op.ID, op.Log.As, r, op.Log.Names, operation, j.inForceOf(op, question(op, need{operation, on, name}))))
			return
		}
	}
	for _, operation := range op.Log.Names {
		if !slices.Contains(wanted, operation) {
			j.report(RightsTold, op, fmt.Sprintf("But op %d is told of %s on %s, which there is not.", op.ID, operation, r))
		}
	}
}

// uncommitted: an offset that only those wanted to commit who were refused is told to nobody.
func (j *judge) uncommitted() {
	for i := range j.h.Ops {
		read := &j.h.Ops[i]
		if read.F != history.Committed || read.Outcome != history.OK || read.Log == nil || read.Log.Offset < 0 {
			continue
		}
		at, asked := history.Position{Partition: read.Path, Offset: read.Log.Offset}, 0
		for k := range j.h.Ops {
			o := &j.h.Ops[k]
			if o.F != history.Commit || o.Log == nil || o.Log.Group != read.Log.Group || !slices.Contains(o.Log.Positions, at) {
				continue
			}
			if !refused(o) {
				asked = 0
				break
			}
			asked = o.ID
		}
		if asked > 0 {
			j.report(NoEffect, read, fmt.Sprintf("But op %d is told that %s has committed %d of %s, which op %d was refused, as was everybody else.", read.ID, read.Log.Group, at.Offset, at.Partition, asked))
		}
	}
}
