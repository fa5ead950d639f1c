package rights

import (
	"testing"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// TestJudgeOfGroups holds what is done with groups against entries that were in force all
// the time: somebody may read one group, and one topic.
func TestJudgeOfGroups(t *testing.T) {
	entries := func(resource, operation string) []history.AccessEvent {
		e := history.AccessEvent{Kind: history.EntriesWritten, Resource: resource, Entries: []history.AccessEntry{{Principal: "User:a", Host: "*", Operation: operation}}}
		f := history.AccessEvent{Kind: history.EntriesInForce, Resource: resource}
		return []history.AccessEvent{e, f}
	}
	var access []history.AccessEvent
	access = append(append(access, entries("Group:g", "Read")...), entries("Topic:orders", "Read")...)
	access = append(append(access, entries("Group:revoked", "Read")...), entries("Topic:closed", "Read")...)
	access = append(access,
		history.AccessEvent{At: time.Second, Kind: history.EntriesWritten, Resource: "Topic:closed", Version: 1},
		history.AccessEvent{At: time.Second, Kind: history.EntriesInForce, Resource: "Topic:closed", Version: 1},
		history.AccessEvent{At: 10 * time.Second, Kind: history.EntriesWritten, Resource: "Group:revoked", Version: 1},
		history.AccessEvent{At: 10 * time.Second, Kind: history.EntriesInForce, Resource: "Group:revoked", Version: 1})
	op := func(id int, f history.F, group, topic string, code wire.ErrorCode) history.Op {
		o := history.Op{ID: id, F: f, Path: topic + "-0", Invoke: time.Duration(id) * time.Second, Return: time.Duration(id)*time.Second + 1, Outcome: history.OK}
		o.Log = &history.LogOp{As: "User:a@10.0.0.7", Group: group, Offset: 3, Err: int16(code)}
		if f == history.Commit {
			o.Path, o.Log.Positions = "", []history.Position{{Partition: topic + "-0", Offset: 3}}
		}
		if code != wire.OK {
			o.Outcome = history.Fail
		}
		return o
	}
	by := func(o history.Op, super bool) history.Op { o.Log.Super = super; return o }
	list := func(names ...string) history.Op {
		o := op(1, history.ListGroups, "", "", wire.OK)
		o.Log.Names = names
		return o
	}
	told := func(args, name string, names ...string) history.Op {
		o := op(1, history.Rights, "", "", wire.OK)
		o.Path, o.Log.Args, o.Log.Names = name, args, names
		return o
	}
	polled := op(2, history.Poll, "h", "", wire.OK)
	polled.Log.Generation = 4
	read := func(partition string) history.Op {
		o := op(3, history.Poll, "", "", wire.OK)
		o.Log.Records = []history.Record{{Partition: partition}}
		return o
	}
	member := func(id int) history.Op {
		o := op(id, history.Poll, "revoked", "", wire.OK)
		o.Log.Generation = 4
		return o
	}
	subscribed := func(id int, f history.F) history.Op { return op(id, f, "revoked", "orders", wire.OK) }
	const noTopic, noGroup = wire.TopicAuthorizationFailed, wire.GroupAuthorizationFailed
	for _, c := range []struct {
		name, breaks string
		ops          []history.Op
	}{
		{"a commit", "", []history.Op{op(1, history.Commit, "g", "orders", wire.OK)}},
		{"of another topic", Needed, []history.Op{op(1, history.Commit, "g", "secrets", wire.OK)}},
		{"of another topic, refused", "", []history.Op{op(1, history.Commit, "g", "secrets", noTopic)}},
		{"refused for the group that is granted", Suffices, []history.Op{op(1, history.Commit, "g", "secrets", noGroup)}},
		{"in the name of another group", Needed, []history.Op{op(1, history.Commit, "h", "orders", wire.OK)}},
		{"refused what is granted", Suffices, []history.Op{op(1, history.Commit, "g", "orders", noTopic)}},
		{"what was refused is told", NoEffect, []history.Op{op(1, history.Commit, "g", "secrets", noTopic), by(op(2, history.Committed, "g", "secrets", wire.OK), true)}},
		{"what was refused is told, and was committed by another", "", []history.Op{
			op(1, history.Commit, "g", "secrets", noTopic), by(op(2, history.Commit, "g", "secrets", wire.OK), true), by(op(3, history.Committed, "g", "secrets", wire.OK), true),
		}},
		{"a question that the right implies", "", []history.Op{op(1, history.Committed, "g", "orders", wire.OK), op(2, history.DescribeGroup, "g", "", wire.OK)}},
		{"a question about what is hidden", Needed, []history.Op{op(1, history.Committed, "g", "secrets", wire.OK)}},
		{"a deletion", Needed, []history.Op{op(1, history.DeleteGroup, "g", "", wire.OK)}},
		{"a deletion that was looked into", Needed, []history.Op{op(1, history.DeleteGroup, "g", "", wire.NonEmptyGroup)}},
		{"a deletion that was refused", "", []history.Op{op(1, history.DeleteGroup, "g", "", noGroup)}},
		{"a list", "", []history.Op{list("g")}},
		{"a list of what is hidden", GroupsHidden, []history.Op{list("g", "h")}},
		{"a list for a super user", "", []history.Op{by(list("g", "h"), true)}},
		{"rights", "", []history.Op{told("on=Group", "g", "Read", "Describe"), told("on=Topic", "orders", "Read", "Describe"), told("on=Cluster", "kafka-cluster")}},
		{"rights that one has not", RightsTold, []history.Op{told("on=Group", "g", "Read", "Describe", "Delete")}},
		{"rights that one is not told of", RightsTold, []history.Op{told("on=Topic", "orders", "Read")}},
		{"rights that there are not", RightsTold, []history.Op{told("on=Group", "g", "Read", "Describe", "Write")}},
		{"rights to the cluster of who may not describe it", RightsTold, []history.Op{told("on=Cluster", "kafka-cluster", "Alter")}},
		{"a member of a group that is not granted", Needed, []history.Op{op(1, history.Subscribe, "h", "orders", wire.OK), polled}},
		{"a member that was let in before that was revoked, and subscribes again", "", []history.Op{
			subscribed(1, history.Subscribe), member(2), subscribed(20, history.Subscribe), member(21),
		}},
		{"a member that left, and is let in again though that was revoked", Needed, []history.Op{
			subscribed(1, history.Subscribe), member(2), subscribed(15, history.Unsubscribe), subscribed(20, history.Subscribe), member(21),
		}},
		{"records", "", []history.Op{read("orders-0")}},
		{"records of another topic", Needed, []history.Op{read("secrets-0")}},
		{"records of another topic, for a super user", "", []history.Op{by(read("secrets-0"), true)}},
		{"records that may have been fetched while that was allowed", "", []history.Op{read("closed-0")}},
	} {
		v := Judge(&history.History{Ops: c.ops, Access: access})
		got := ""
		if len(v.Findings) > 0 {
			got = v.Findings[0].Guarantee
		}
		if got != c.breaks {
			t.Errorf("%s: %q fell, want %q: %v", c.name, got, c.breaks, v.Findings)
		}
	}
}
