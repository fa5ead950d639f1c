package rights

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	cwire "github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// scene is a cluster of two brokers, b1 and b2, and a resource, Topic:orders.
type scene struct {
	*Checker
	step uint64
	zxid cwire.Zxid
	next int32
}

const orders = "Topic:orders"

func newScene() *scene {
	return &scene{Checker: New(Config{Brokers: []Broker{{1, "b1"}, {2, "b2"}}, Super: []string{"User:root"}})}
}

// the numbers of the protocol
const (
	opRead, opWrite, opDescribe = 3, 4, 8
	typeTopic                   = 2
	allows                      = 3
)

func entry(op, permission int8) facts.Entry {
	return facts.Entry{Principal: "User:a", Host: "*", Operation: op, Permission: permission}
}

// commit writes the next version of the entries.
func (s *scene) commit(entries ...facts.Entry) {
	var words []string
	for _, e := range stated(entries) {
		words = append(words, fmt.Sprintf(`{"principal":%q,"permissionType":%q,"operation":%q,"host":%q}`, e.Principal, map[bool]string{true: "Deny", false: "Allow"}[e.Deny], e.Operation, e.Host))
	}
	data := []byte(`{"version":1,"acls":[` + strings.Join(words, ",") + `]}`)
	s.step++
	s.zxid++
	var body cwire.TxnBody = &cwire.CreateTxn{Path: "/kafka-acl/Topic/orders", Data: data}
	if s.next > 0 {
		body = &cwire.SetDataTxn{Path: "/kafka-acl/Topic/orders", Data: data, Version: s.next}
	}
	s.next++
	s.Committed(s.step, time.Duration(s.step)*time.Second, &cwire.Txn{Zxid: s.zxid, Body: body})
}

func (s *scene) says(b node.ID, kind *node.EventKind, text string, body any, n ...int64) {
	e := node.Event{Kind: kind, Text: text, Body: body}
	copy(e.N[:], n)
	s.Observe(s.step, time.Duration(s.step)*time.Second, b, e)
}

func (s *scene) caches(b node.ID, version int64, entries ...facts.Entry) {
	s.says(b, facts.EntriesCached, orders, &facts.Entries{Type: typeTopic, Name: "orders", Entries: entries}, version)
}

func (s *scene) decides(b node.ID, principal string, op, answer int64) {
	s.says(b, facts.AccessDecided, "orders", &facts.Asker{Principal: principal, Host: "10.0.0.7"}, op, typeTopic, 0, answer)
}

// may has the super user found to have a right to read.
func (s *scene) may(on, name string) {
	s.says(1, facts.AccessDecided, name, &facts.Asker{Principal: "User:root", Host: "10.0.0.7"}, opRead, int64(slices.Index(types, on)), 0, 1)
}

// performs has the first broker perform a request about a group, on the fifth connection.
func (s *scene) performs(key kmsg.Key, principal string, peer node.ID, port node.Port) {
	s.says(1, facts.RequestPerformed, principal, &facts.Performed{Groups: []string{"g"}}, int64(key), int64(peer), int64(port), 5)
}

// logins has clients prove who they are.
func (s *scene) logins() { s.cfg.Mechanism = "PLAIN" }

// commits has a coordinator take an offset.
func (s *scene) commits(b node.ID) {
	s.says(b, facts.CommitTaken, "g", &facts.GroupCommit{Offsets: []facts.GroupOffset{{Partition: "orders-0", Offset: 3}}}, -1)
}

// TestScenes plays what is right and what is not.
func TestScenes(t *testing.T) {
	write, deny := entry(opWrite, allows), entry(opWrite, denies)
	for _, c := range []struct {
		name, breaks string
		play         func(*scene)
	}{
		{"nothing is kept", "", func(s *scene) { s.decides(1, "User:a", opWrite, 0); s.decides(1, "User:root", opWrite, 1) }},
		{"a right and what it implies", "", func(s *scene) {
			s.commit(write)
			s.caches(1, 0, write)
			s.decides(1, "User:a", opWrite, 1)
			s.decides(1, "User:a", opDescribe, 1)
			s.decides(1, "User:a", opRead, 0)
			s.decides(2, "User:a", opWrite, 0)
		}},
		{"a deny outweighs", "", func(s *scene) {
			s.commit(write, deny)
			s.caches(1, 0, write, deny)
			s.decides(1, "User:a", opWrite, 0)
			s.decides(1, "User:a", opDescribe, 1)
		}},
		{"a deny is ignored", Decision, func(s *scene) {
			s.commit(write, deny)
			s.caches(1, 0, write, deny)
			s.decides(1, "User:a", opWrite, 1)
		}},
		{"a right is ignored", Decision, func(s *scene) { s.commit(write); s.caches(1, 0, write); s.decides(1, "User:a", opWrite, 0) }},
		{"a super user is refused", Decision, func(s *scene) { s.decides(1, "User:root", opWrite, 0) }},
		{"entries that nobody wrote", Copied, func(s *scene) { s.caches(1, 0, write) }},
		{"other entries than were written", Copied, func(s *scene) { s.commit(write); s.caches(1, 0, deny) }},
		{"an earlier version", Copied, func(s *scene) {
			s.commit(write)
			s.commit()
			s.caches(1, 1)
			s.caches(1, 0, write)
		}},
		{"a znode that was made anew", Copied, func(s *scene) { s.commit(write); s.next = 0; s.commit(deny) }},
		{"everything was read", "", func(s *scene) {
			s.commit(write)
			s.caches(1, 0, write)
			s.says(1, facts.EntriesLoaded, "", nil, 1)
			s.commit()
			s.says(1, facts.EntriesLoaded, "", nil, 1)
		}},
		{"something was not read", Loaded, func(s *scene) { s.commit(write); s.says(1, facts.EntriesLoaded, "", nil, 1) }},
		{"a change is acknowledged", "", func(s *scene) {
			s.commit(write)
			s.caches(1, 0, write)
			s.says(1, facts.EntriesWritten, orders, nil, 0)
		}},
		{"a change is acknowledged that its broker does not know", Acknowledged, func(s *scene) { s.commit(write); s.says(1, facts.EntriesWritten, orders, nil, 0) }},
		{"records of somebody who may", "", func(s *scene) {
			s.decides(1, "User:root", opWrite, 1)
			s.says(1, facts.LeaderAppended, "orders-0", nil, 0, 0)
			s.says(2, facts.LeaderAppended, "__consumer_offsets-0", nil, 0, 0)
		}},
		{"records of somebody who may not", Appended, func(s *scene) {
			s.decides(1, "User:a", opWrite, 0)
			s.says(1, facts.LeaderAppended, "orders-0", nil, 0, 0)
		}},
		{"records of a request long ago", Appended, func(s *scene) {
			s.decides(1, "User:root", opWrite, 1)
			s.step++
			s.says(1, facts.LeaderAppended, "orders-0", nil, 0, 0)
		}},
		{"a request of somebody who may", "", func(s *scene) { s.may("Group", "g"); s.performs(kmsg.LeaveGroup, "User:root", 7, wire.ClientPort) }},
		{"a request of somebody whose right nobody looked at", Performed, func(s *scene) {
			s.may("Topic", "g")
			s.performs(kmsg.LeaveGroup, "User:root", 7, wire.ClientPort)
		}},
		{"a request of somebody else than who may", Performed, func(s *scene) { s.may("Group", "g"); s.performs(kmsg.LeaveGroup, "User:a", 7, wire.ClientPort) }},
		{"a request of long after", Performed, func(s *scene) {
			s.may("Group", "g")
			s.step++
			s.performs(kmsg.LeaveGroup, "User:root", 7, wire.ClientPort)
		}},
		{"a request that needs another right", Performed, func(s *scene) { s.may("Group", "g"); s.performs(kmsg.DeleteGroups, "User:root", 7, wire.ClientPort) }},
		{"a request of another broker", "", func(s *scene) { s.performs(kmsg.StopReplica, "User:broker", 2, wire.ReplicaPort) }},
		{"a request of who says that he is a broker", Performed, func(s *scene) { s.performs(kmsg.StopReplica, "User:broker", 7, wire.ReplicaPort) }},
		{"a request that needs one of two rights", "", func(s *scene) {
			s.says(1, facts.AccessDecided, "", &facts.Asker{Principal: "User:root", AnyResource: true}, opWrite, typeTopic, 0, 1)
			s.performs(kmsg.InitProducerID, "User:root", 7, wire.ClientPort)
		}},
		{"a request before its sender has said who it is", ProvedFirst, func(s *scene) { s.logins(); s.performs(kmsg.Metadata, "User:ANONYMOUS", 7, wire.ClientPort) }},
		{"a request of who has proved to be somebody else", ProvedFirst, func(s *scene) {
			s.logins()
			s.says(1, facts.Authenticated, "User:a", nil, 7, 5)
			s.performs(kmsg.Metadata, "User:root", 7, wire.ClientPort)
		}},
		{"a request of who has proved who it is", "", func(s *scene) {
			s.logins()
			s.performs(kmsg.ApiVersions, "User:ANONYMOUS", 7, wire.ClientPort)
			s.says(1, facts.Authenticated, "User:a", nil, 7, 5)
			s.performs(kmsg.Metadata, "User:a", 7, wire.ClientPort)
		}},
		{"offsets of somebody who may", "", func(s *scene) { s.may("Group", "g"); s.may("Topic", "orders"); s.commits(1) }},
		{"offsets of who may not read the topic", Committed, func(s *scene) { s.may("Group", "g"); s.commits(1) }},
		{"offsets of who may not read the group", Committed, func(s *scene) { s.may("Topic", "orders"); s.commits(1) }},
		{"offsets of who was told that it may", Committed, func(s *scene) {
			s.may("Group", "g")
			s.says(1, facts.AccessDecided, "orders", &facts.Asker{Principal: "User:root", Host: "10.0.0.7", Asks: true}, opRead, typeTopic, 0, 1)
			s.commits(1)
		}},
	} {
		s := newScene()
		s.step = 1
		c.play(s)
		got := ""
		if f := s.Finding(); f != nil {
			got = f.Guarantee
		}
		if got != c.breaks {
			t.Errorf("%s: %q fell, want %q: %v", c.name, got, c.breaks, s.Finding())
		}
	}
}

// TestInForce follows which versions are in force while brokers hear, die and come back.
func TestInForce(t *testing.T) {
	s := newScene()
	write := entry(opWrite, allows)
	s.says(1, facts.Registered, "", nil)
	s.says(2, facts.Registered, "", nil)
	s.commit(write)
	s.caches(1, 0, write)
	if got := s.Pending(); !strings.Contains(got, "b2 decides by version -1") {
		t.Errorf("pending is %q", got)
	}
	s.step++
	s.Changed(2, 2*time.Second) // who is gone does not decide
	s.commit()
	s.says(2, facts.Registered, "", nil)
	s.caches(2, 1)
	s.caches(1, 1)
	var got []string
	for _, e := range s.Events() {
		if e.Resource == orders {
			got = append(got, fmt.Sprintf("%s %d at %v", e.Kind, e.Version, e.At))
		}
	}
	want := []string{"written 0 at 1s", "in-force 0 at 2s", "written 1 at 3s", "in-force -1 at 3s", "in-force 0 at 3s", "in-force 1 at 3s"}
	if !slices.Equal(got, want) {
		t.Errorf("the history has %q, want %q", got, want)
	}
	if s.Pending() != "" || s.Finding() != nil {
		t.Errorf("pending %q, finding %v", s.Pending(), s.Finding())
	}
}

// TestJudge holds operations against entries that were in force from 10 s to 20 s for sure,
// and perhaps from 8 s to 23 s.
func TestJudge(t *testing.T) {
	may := []history.AccessEntry{{Principal: "User:a", Host: "*", Operation: "Write"}}
	granted := []history.AccessEvent{
		{At: 8 * time.Second, Kind: history.EntriesWritten, Resource: orders, Version: 0, Entries: may},
		{At: 10 * time.Second, Kind: history.EntriesInForce, Resource: orders, Version: 0},
		{At: 20 * time.Second, Kind: history.EntriesWritten, Resource: orders, Version: 1},
		{At: 23 * time.Second, Kind: history.EntriesInForce, Resource: orders, Version: 1},
	}
	op := func(f history.F, at int, ok bool) history.Op {
		o := history.Op{ID: 7, F: f, Path: "orders-0", Invoke: time.Duration(at) * time.Second, Return: time.Duration(at)*time.Second + 1, Outcome: history.OK, Log: &history.LogOp{As: "User:a@10.0.0.7"}}
		if !ok {
			o.Outcome, o.Log.Err = history.Fail, int16(wire.TopicAuthorizationFailed)
		}
		return o
	}
	listed := func(at int, super bool, names ...string) history.Op {
		o := op(history.ListTopics, at, true)
		o.Log.Names, o.Log.Super, o.Final = names, super, true
		return o
	}
	created := op(history.CreateTopic, 1, false)
	created.Path = "own"
	kept := op(history.CreateTopic, 1, true)
	kept.Path, kept.Log.Super = "orders", true
	late := kept
	late.Return = 100 * time.Second
	shown := func(at int, names ...string) history.Op {
		o := op(history.Entries, at, true)
		o.Path, o.Log.Args, o.Log.Names, o.Log.Super = "orders", "on=Topic", names, true
		return o
	}
	asked := op(history.Grant, 1, false)
	asked.Path, asked.Log.Args, asked.Log.Err = "orders", "on=Topic who=User:a op=Write", int16(wire.ClusterAuthorizationFailed)
	for _, c := range []struct {
		name, breaks string
		ops          []history.Op
	}{
		{"before it was granted", Needed, []history.Op{op(history.Send, 5, true)}},
		{"refused before it was granted", "", []history.Op{op(history.Send, 5, false)}},
		{"while some brokers know", "", []history.Op{op(history.Send, 9, true), op(history.Send, 9, false)}},
		{"granted", "", []history.Op{op(history.Send, 15, true), op(history.EndOffset, 15, true)}},
		{"refused though it was granted", Suffices, []history.Op{op(history.Send, 15, false)}},
		{"while some brokers know of the end", "", []history.Op{op(history.Send, 21, true), op(history.Send, 21, false)}},
		{"after it was revoked", Needed, []history.Op{op(history.Send, 25, true)}},
		{"another right", Needed, []history.Op{op(history.DeleteRecords, 15, true)}},
		{"a topic that is hidden", Hidden, []history.Op{listed(5, false, "orders")}},
		{"a topic that is shown", "", []history.Op{kept, listed(15, false, "orders")}},
		{"a topic that is missing", Hidden, []history.Op{kept, listed(15, false)}},
		{"a topic that was on its way as the end began", "", []history.Op{late, listed(15, false)}},
		{"a topic that was refused", NoEffect, []history.Op{created, listed(25, true, "own")}},
		{"a topic that was refused is not there", "", []history.Op{created, listed(25, true)}},
		{"entries as they are", "", []history.Op{shown(15, "User:a from * may Write"), shown(21)}},
		{"entries as they were", Shown, []history.Op{shown(25, "User:a from * may Write")}},
		{"an entry that was refused", NoEffect, []history.Op{asked}},
	} {
		v := Judge(&history.History{Ops: c.ops, Access: granted})
		got := ""
		if len(v.Findings) > 0 {
			got = v.Findings[0].Guarantee
		}
		if got != c.breaks {
			t.Errorf("%s: %q fell, want %q: %v", c.name, got, c.breaks, v.Findings)
		}
	}
}
