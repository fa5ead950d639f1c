package rights

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// need is a right that an operation asks for, on a resource.
type need struct{ operation, on, name string }

func (n need) String() string { return n.operation + " on " + n.on + " " + n.name }

// demand is one thing that an operation asks for: any of some rights will do.
type demand []need

// needs lists what an operation asks for, all of it; nil if it is not judged so.
func needs(op *history.Op) []demand {
	l := op.Log
	topic := func(operation string) need { return need{operation, "Topic", topicOf(op.Path)} }
	group := func(operation string) need { return need{operation, "Group", l.Group} }
	cluster := func(operation string) need { return need{operation, "Cluster", "kafka-cluster"} }
	one := func(any ...need) []demand { return []demand{any} }
	switch op.F {
	case history.Send:
		return one(topic("Write"))
	case history.CreateTopic:
		return one(cluster("Create"), topic("Create"))
	case history.DeleteTopic, history.DeleteRecords:
		return one(topic("Delete"))
	case history.AddPartitions:
		return one(topic("Alter"))
	case history.Elect, history.Reassign:
		return one(cluster("Alter"))
	case history.AskFor:
		switch _, kind, _ := strings.Cut(l.Args, "kind="); kind {
		case "DescribeLogDirs", "ListPartitionReassignments":
			return one(cluster("Describe"))
		case "DescribeClientQuotas":
			return one(cluster("DescribeConfigs"))
		case "DescribeProducers":
			return one(topic("Read"))
		case "DescribeConfigs":
			return one(topic("DescribeConfigs"))
		case "AlterConfigs":
			return one(topic("AlterConfigs"))
		}
		return one(cluster("ClusterAction"))
	case history.SetConfig:
		return one(topic("AlterConfigs"))
	case history.EndOffset:
		return one(topic("Describe"))
	case history.Grant, history.Revoke, history.SetPassword:
		return one(cluster("Alter"))
	case history.SetQuota:
		return one(cluster("AlterConfigs"))
	case history.Entries, history.Passwords:
		return one(cluster("Describe"))
	case history.DescribeGroup:
		return one(group("Describe"))
	case history.DeleteGroup:
		return one(group("Delete"))
	case history.DeleteOffsets:
		return []demand{{group("Delete")}, {topic("Read")}}
	case history.Committed:
		return []demand{{group("Describe")}, {topic("Describe")}}
	case history.Commit:
		all := one(group("Read"))
		for _, p := range l.Positions {
			all = append(all, demand{{"Read", "Topic", topicOf(p.Partition)}})
		}
		return all
	case history.Rights:
		if r, _, _ := ParseArgs(op.Path, l.Args); !strings.HasPrefix(r, "Cluster:") {
			on, name, _ := strings.Cut(r, ":")
			return one(need{"Describe", on, name})
		}
	}
	return nil
}

// op judges one operation.
func (j *judge) op(op *history.Op) {
	l := op.Log
	if op.F == history.LogIn {
		j.login(op)
		return
	}
	if op.Outcome == history.OK {
		j.told(op)
	}
	all := needs(op)
	if all == nil || l.Super {
		if refused(op) && l.Super {
			j.report(Suffices, op, fmt.Sprintf("But op %d of a super user was refused.", op.ID))
		}
		return
	}
	switch {
	case op.Outcome == history.OK || performed(op):
		j.Granted++
		for _, d := range all {
			if !slices.ContainsFunc(d, func(n need) bool { yes, _ := j.answers(op, n); return yes }) {
				j.report(Needed, op, fmt.Sprintf("But op %d of %s succeeded, which needs %s; in force may have been %s.", op.ID, l.As, d, j.inForceOf(op, question(op, d[0]))))
			}
		}
	case refused(op):
		j.Refused++
		j.refusal(op, all)
	}
}

// told judges what an operation was told, if that depends on rights.
func (j *judge) told(op *history.Op) {
	switch op.F {
	case history.ListTopics:
		j.listed(op)
	case history.ListGroups:
		j.groups(op)
	case history.Entries:
		j.shown(op)
	case history.Rights:
		j.rights(op)
	case history.Poll:
		j.member(op)
		j.read(op)
	case history.Passwords:
		j.passwords(op)
	}
}

// String names the rights of which any will do.
func (d demand) String() string {
	var words []string
	for _, n := range d {
		words = append(words, n.String())
	}
	return strings.Join(words, " or ")
}

// performed reports whether an operation that failed was looked into: who has no right to
// the group is not told how it is.
func performed(op *history.Op) bool {
	code := wire.ErrorCode(op.Log.Err)
	return op.Outcome == history.Fail && op.F == history.DeleteGroup && (code == wire.NonEmptyGroup || code == wire.GroupIDNotFound)
}

// refusals are the errors of rights that are lacking, by the type of resource.
var refusals = map[wire.ErrorCode]string{
	wire.TopicAuthorizationFailed: "Topic", wire.GroupAuthorizationFailed: "Group", wire.ClusterAuthorizationFailed: "Cluster",
}

// refused reports whether an operation ended for want of a right, as it was told.
func refused(op *history.Op) bool {
	code := wire.ErrorCode(op.Log.Err)
	return op.Outcome == history.Fail && refusals[code] != "" && (code != wire.ClusterAuthorizationFailed || op.F != history.Send)
}

// refusal: each right that would have sufficed may have been lacking, for one thing that
// was asked for and is of the type that the refusal names; or that to know of the topic or
// of the group, without which nobody finds who is to be asked.
func (j *judge) refusal(op *history.Op, all []demand) {
	named := refusals[wire.ErrorCode(op.Log.Err)]
	lacking, on := false, demand{}
	for _, d := range all {
		if len(all) > 1 && d[0].on != named {
			continue
		}
		on = append(on, d...)
		lacking = lacking || !slices.ContainsFunc(d, func(n need) bool { _, no := j.answers(op, n); return !no })
		for _, n := range d {
			if n.on != "Cluster" {
				_, hidden := j.answers(op, need{"Describe", n.on, n.name})
				lacking = lacking || hidden
			}
		}
	}
	if !lacking {
		j.report(Suffices, op, fmt.Sprintf("But op %d of %s was refused, which needs %s; in force was %s.", op.ID, op.Log.As, on, j.inForceOf(op, question(op, all[0][0]))))
	}
}

// question is that after a right of whom an operation is of.
func question(op *history.Op, n need) asks {
	principal, host, _ := strings.Cut(op.Log.As, "@")
	return asks{principal, host, n.operation, n.on, n.name}
}

func (j *judge) answers(op *history.Op, n need) (yes, no bool) {
	return j.reg.answers(question(op, n), op.Invoke, op.Return)
}
