package groups

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/checkers/replication"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// stage plays scenes: scripts of what brokers b1 to b3 state about the group g, one line
// for each. The topic of offsets has one partition, and topic t two. Offsets are
// partition=offset, shares member:partition,partition or member:nothing; *3 behind the
// first of them is its leader's note that t has three partitions.
//
//	elect b1 3                  b1 leads in epoch 3; what was not committed is cut off
//	elect b1 3 keeping          … or not
//	commit                      all that is in the log is committed
//	lose                        the last batch is lost, in a way that is explained
//	wait 5s                     time passes
//	b1 loads 3 [but t-0=7]      begins to coordinate, with what the log says, or not quite
//	b1 begins 2 a,b             generation 2 begins
//	b1 starts 2 a,b             … and a is told that it leads
//	b1 writes 2 a:t-0 b:t-1     a record of the group is about to be appended
//	b1 assigns 2 a:t-0 b:t-1    the assignment is in the log, it says
//	b1 shares 2 a:t-0 b:t-1     both, the record being committed in between
//	b1 joins 2 a                a is told its generation
//	b1 tells 2 a:t-0            a is told its share
//	b1 takes 2 a t-0=5          offsets are taken from a and about to be appended
//	b1 acks a                   a is told that those it gave last are committed
//	b1 says t-0=5               tells offsets
//	a owns 2 t-0                a client takes itself for the owner
//	put t-0=5 by b1             the coordinator commits a write of a znode
//
// and so on; see below. A name x/one is that of a static member of the name one.
type stage struct {
	t    *testing.T
	c    *Checker
	step uint64
	at   time.Duration

	// log is the partition, of which the first committed are; lost are from which epoch on
	// something can be said after a loss.
	log       []facts.GroupRecord
	epochs    []int64
	committed int
	judged    int64
	leaders   map[int64]int32
	doomed    bool
	// commits are those that were taken last, by who gave them.
	commits map[string]*facts.GroupCommit
}

func newStage(t *testing.T) *stage {
	s := &stage{t: t, leaders: map[int64]int32{}, commits: map[string]*facts.GroupCommit{}}
	cfg := Config{Logs: s, Retention: time.Minute, Wall: func(node.ID) int64 { return int64(s.at / time.Millisecond) }}
	for id := int32(1); id <= 3; id++ {
		cfg.Brokers = append(cfg.Brokers, replication.Broker{ID: id, Node: node.ID(10 + id), Name: fmt.Sprintf("b%d", id)})
	}
	s.c = New(cfg)
	return s
}

// The stage is what the judge of replication knows, in the dumbest way.

func (s *stage) Partitions(topic string) (now, least int) {
	return map[string]int{Topic: 1, "t": 2}[topic], map[string]int{Topic: 1, "t": 2}[topic]
}

func (s *stage) TopicEnded(string) bool { return s.doomed }

func (s *stage) Named(_ string, epoch int64) int32 { return s.leaders[epoch] }

func (s *stage) Leads(string) (broker int32, epoch int64) {
	for e, leader := range s.leaders { //sim:unordered takes the greatest
		if e > epoch {
			broker, epoch = leader, e
		}
	}
	return broker, epoch
}

func (s *stage) HasCommitted(_ string, b replication.Held) (committed, judged bool) {
	return int(b.First) < s.committed && s.epochs[b.First] == b.Epoch, b.Epoch >= s.judged
}

func (s *stage) Holds(string, int32) (all []replication.Held, ok bool) {
	for i, epoch := range s.epochs {
		all = append(all, replication.Held{First: int64(i), Epoch: epoch})
	}
	return all, true
}

// play runs a scene.
func (s *stage) play(scene string) {
	for _, line := range strings.Split(scene, "\n") {
		if line, _, _ = strings.Cut(line, "#"); strings.TrimSpace(line) != "" {
			s.line(strings.Fields(line))
		}
	}
}

func (s *stage) line(w []string) {
	switch w[0] {
	case "elect":
		s.leaders[number(w[2])] = int32(number(w[1][1:]))
		if len(w) == 3 {
			s.log, s.epochs = s.log[:s.committed], s.epochs[:s.committed]
		}
	case "commit":
		s.committed = len(s.log)
	case "lose":
		s.committed--
		s.log, s.epochs = s.log[:s.committed], s.epochs[:s.committed]
		_, epoch := s.Leads("")
		s.judged = epoch + 1
	case "delete":
		s.doomed = true
	case "wait":
		d, err := time.ParseDuration(w[1])
		if err != nil {
			s.t.Fatal(err)
		}
		s.at += d
	case "put":
		partition, at := pair(w[1])
		s.c.Committed(&wire.Txn{Session: 100, Body: &wire.SetDataTxn{Path: "/consumers/g/offsets/t/" + partition[2:], Data: fmt.Append(nil, at)}})
	case "rest":
		if why := s.c.Pending(); why != "" {
			s.t.Fatalf("the scene does not come to rest: %s", why)
		}
	default:
		if w[1] == "reads" && w[2] == "on" { // a reads on t-0 told 5 at 5
			begins := []facts.Beginning{{Partition: w[3], Told: number(w[5]), At: number(w[7])}}
			s.state(0, facts.MemberReads, &facts.Ownership{Member: w[0], Begins: begins}, 1)
			return
		}
		if w[1] == "beats" { // a beats at b1 and hears after 1s
			after, err := time.ParseDuration(w[7])
			if err != nil {
				s.t.Fatal(err)
			}
			s.state(0, facts.MemberBeats, w[0], 1, number(w[3][1:]), int64(after))
			return
		}
		if w[1] == "owns" {
			s.state(0, facts.MemberOwns, &facts.Ownership{Member: w[0], Partitions: w[3:]}, number(w[2]))
			return
		}
		s.act(int32(number(w[0][1:])), w[1], w[2:])
	}
}

// act plays what a coordinator does.
func (s *stage) act(id int32, verb string, w []string) {
	switch verb {
	case "crashes":
		s.c.Crashed(node.ID(10 + id))
	case "loading":
		s.state(id, facts.GroupsLoading, nil, 0, number(w[0]))
	case "loaded":
		s.state(id, facts.GroupsLoaded, s.served(w[1:]), 0, number(w[0]))
	case "loads":
		s.act(id, "loading", w)
		s.act(id, "loaded", w)
	case "unloads":
		s.state(id, facts.GroupsUnloaded, nil, 0, number(w[0]))
	case "damaged":
		s.state(id, facts.GroupsDamaged, nil, 0)
	case "rebalances":
		s.state(id, facts.Rebalancing, nil)
	case "starts": // a generation, and its members are told so, the first that it leads
		s.act(id, "begins", w)
		if len(w) > 1 {
			first, rest, _ := strings.Cut(w[1], ",")
			s.act(id, "joins", []string{w[0], first, "leads"})
			for _, other := range strings.FieldsFunc(rest, func(c rune) bool { return c == ',' }) {
				s.act(id, "joins", []string{w[0], other})
			}
		}
	case "begins":
		var ids []string
		if len(w) > 1 {
			ids = strings.Split(w[1], ",")
		}
		s.state(id, facts.Generation, ids, number(w[0]), int64(len(ids)))
	case "writes":
		s.appends(id, []facts.GroupRecord{groupRecord(number(w[0]), w[1:])})
	case "assigns":
		s.state(id, facts.GroupAssigned, shares(w[1:]), number(w[0]))
	case "shares":
		s.act(id, "writes", w)
		s.line([]string{"commit"})
		s.act(id, "assigns", w)
	case "again": // a says what it said, or that it has t-1: a +t-1
		said := kmsg.NewConsumerMemberMetadata()
		said.Version, said.Topics = 1, []string{"t"}
		if len(w) > 1 {
			said.OwnedPartitions = []kmsg.ConsumerMemberMetadataOwnedPartition{{Topic: "t", Partitions: []int32{int32(number(w[1][3:]))}}}
		}
		s.state(id, facts.MemberSays, &facts.Saying{Member: w[0], Metadata: said.AppendTo(nil)})
	case "joins": // 2 a [leads]
		s.state(id, facts.JoinTold, w[1], number(w[0]), 10_000, int64(len(w)-2))
	case "tells":
		s.state(id, facts.ShareTold, shares(w[1:])[0], number(w[0]), number(w[0]))
	case "answers": // the share of generation 2 to who has asked for 1: 2 1 a:t-0
		s.state(id, facts.ShareTold, shares(w[2:])[0], number(w[0]), number(w[1]))
	case "nods": // 1 a, to the heartbeat of a
		s.state(id, facts.BeatTold, w[1], number(w[0]))
	case "leaves":
		s.state(id, facts.LeaveTold, w[0])
	case "hears":
		s.state(id, facts.MemberHeard, w[0], 0)
	case "drops": // a expired
		s.state(id, facts.MemberGone, w[0], 0, 0, 0, int64(slices.Index(facts.GoneHow, w[1])))
	case "renames": // a to b
		s.state(id, facts.MemberReplaced, facts.Replacement{Instance: "one", Old: w[0], New: w[2]}, 0)
	default:
		s.offsets(id, verb, w)
	}
}

// offsets plays what a coordinator does with offsets.
func (s *stage) offsets(id int32, verb string, w []string) {
	switch verb {
	case "takes", "predates": // nobody is in no group
		c, now := &facts.GroupCommit{Member: strings.TrimPrefix(w[1], "nobody"), Offsets: offsets(w[2:])}, int64(s.at/time.Millisecond)
		s.commits[w[1]] = c
		s.state(id, facts.CommitTaken, c, number(w[0]))
		if verb == "predates" {
			now--
		}
		s.appends(id, offsetRecords(c.Offsets, now))
	case "acks":
		s.state(id, facts.CommitTold, s.commits[w[0]], 0)
	case "commits": // takes, commit and acks
		s.offsets(id, "takes", w)
		s.line([]string{"commit"})
		s.offsets(id, "acks", w[1:])
	case "says":
		s.state(id, facts.OffsetsTold, offsets(w))
	case "forgets": // t-0 expired
		s.state(id, facts.OffsetGone, w[0], 0, 0, 0, int64(slices.Index(facts.OffsetGoneHow, w[1])))
	case "dies":
		s.state(id, facts.GroupDead, nil, 0)
	case "erases": // its tombstone
		s.appends(id, []facts.GroupRecord{{Key: offsetKey(w[0])}})
	case "deleted": // tells that the group is, or an offset
		s.state(id, facts.GroupGoneTold, append([]string(nil), w...), 0)
	case "describes": // Stable a:t-0 b:t-1
		s.state(id, facts.GroupTold, &facts.GroupDescription{State: w[0], Members: shares(w[1:])})
	case "lists": // as Stable, or not
		var all []facts.GroupListed
		for _, in := range w {
			all = append(all, facts.GroupListed{Name: "g", State: in})
		}
		s.state(id, facts.GroupsTold, all)
	case "buries": // tombstones
		s.appends(id, []facts.GroupRecord{{Key: groupKey()}, {Key: offsetKey("t-0")}, {Key: offsetKey("t-1")}})
	case "stored":
		p, at := pair(w[0])
		s.state(id, facts.StoredTold, p, at)
	case "reads":
		p, at := pair(w[0])
		s.state(id, facts.StoredRead, p, at)
	case "expires": // its session with the coordinator
		s.state(id, facts.SessionLost, nil)
	default:
		s.t.Fatalf("no such verb: %s", verb)
	}
}

// state states a fact about the group, which a broker does, or a client.
func (s *stage) state(id int32, k *node.EventKind, body any, n ...int64) {
	e := node.Event{Kind: k, Text: "g", Body: body}
	copy(e.N[:], n)
	s.step++
	s.c.Observe(s.step, s.at, node.ID(10+id), e)
}

// appends adds records to the log, each a batch, behind the fact that says so.
func (s *stage) appends(id int32, records []facts.GroupRecord) {
	epoch := int64(0)
	for e, leader := range s.leaders { //sim:unordered takes the greatest
		if leader == id {
			epoch = max(epoch, e)
		}
	}
	for _, r := range records {
		s.step++
		s.c.Observe(s.step, s.at, node.ID(10+id), node.Event{Kind: facts.GroupsWriting, Text: Topic + "-0", Body: []facts.GroupRecord{r}, N: [4]int64{int64(len(s.log)), epoch}})
		s.log, s.epochs = append(s.log, r), append(s.epochs, epoch)
	}
}

// served is what the log says, as a coordinator would: w may say what it has otherwise,
// as "but t-0=7", "but generation=7" or "but nothing".
func (s *stage) served(w []string) *facts.GroupsImage {
	g, offsets := facts.GroupImage{Name: "g"}, map[string]int64{}
	for _, r := range s.log {
		one, _ := read(r, replication.Held{})
		switch {
		case one.partition != "" && one.gone:
			delete(offsets, one.partition)
		case one.partition != "":
			offsets[one.partition] = one.offset.offset
		case one.gone:
			g = facts.GroupImage{Name: "g"}
		default:
			g.Generation, g.Members = int32(one.value.generation), nil
			for _, m := range one.value.members {
				g.Members = append(g.Members, facts.GroupMember{ID: m.id, Instance: m.instance, SessionMillis: m.session.Milliseconds(), Share: m.share})
			}
		}
	}
	if len(w) == 2 {
		if w[1] == "nothing" {
			return &facts.GroupsImage{}
		}
		key, n, _ := strings.Cut(w[1], "=")
		switch {
		case key == "generation":
			g.Generation = int32(number(n))
		case n == "-1":
			delete(offsets, key)
		default:
			offsets[key] = number(n)
		}
	}
	for _, p := range []string{"t-0", "t-1"} {
		if at, ok := offsets[p]; ok {
			g.Offsets = append(g.Offsets, facts.GroupOffset{Partition: p, Offset: at})
		}
	}
	if g.Generation == 0 && len(g.Offsets) == 0 {
		return &facts.GroupsImage{}
	}
	return &facts.GroupsImage{Groups: []facts.GroupImage{g}}
}

// Words, read and made into bytes.

func number(word string) int64 {
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		panic("not a number: " + word)
	}
	return n
}

func pair(word string) (string, int64) {
	p, at, _ := strings.Cut(word, "=")
	return p, number(at)
}

func offsets(w []string) (all []facts.GroupOffset) {
	for _, word := range w {
		p, at := pair(word)
		all = append(all, facts.GroupOffset{Partition: p, Offset: at})
	}
	return all
}

func shares(w []string) (all []facts.GroupShare) {
	for _, word := range w {
		who, parts, _ := strings.Cut(word, ":")
		id, instance, _ := strings.Cut(who, "/")
		parts, _, _ = strings.Cut(parts, "+")
		parts, count, noted := strings.Cut(parts, "*")
		v := kmsg.NewConsumerMemberAssignment()
		if noted {
			v.UserData = []byte{0x53, 0x01, 0, 0, 1, 't', 0, 0, 0, byte(number(count))}
		}
		for _, p := range strings.Split(parts, ",") {
			if p != "nothing" {
				v.Topics = append(v.Topics, kmsg.ConsumerMemberAssignmentTopic{Topic: "t", Partitions: []int32{int32(number(p[2:]))}})
			}
		}
		all = append(all, facts.GroupShare{Member: id, Instance: instance, Assignment: v.AppendTo(nil)})
	}
	return all
}

// groupRecord is the record of a group whose members read t. What a member still has is
// behind its share, as +t-1.
func groupRecord(generation int64, w []string) facts.GroupRecord {
	v := kmsg.NewGroupMetadataValue()
	v.Version, v.ProtocolType, v.Generation, v.Protocol = 3, "consumer", int32(generation), kmsg.StringPtr(cooperative)
	for i, s := range shares(w) {
		m := kmsg.NewGroupMetadataValueMember()
		m.MemberID, m.Assignment, m.SessionTimeoutMillis = s.Member, s.Assignment, 10_000
		m.RebalanceTimeoutMillis = 20_000
		if s.Instance != "" {
			m.InstanceID = kmsg.StringPtr(s.Instance)
		}
		said := kmsg.NewConsumerMemberMetadata()
		said.Version, said.Topics = 1, []string{"t"}
		if _, has, ok := strings.Cut(w[i], "+"); ok {
			said.OwnedPartitions = []kmsg.ConsumerMemberMetadataOwnedPartition{{Topic: "t", Partitions: []int32{int32(number(has[2:]))}}}
		}
		m.Subscription = said.AppendTo(nil)
		v.Members = append(v.Members, m)
	}
	return facts.GroupRecord{Key: groupKey(), Value: v.AppendTo(nil)}
}

func groupKey() []byte {
	k := kmsg.NewGroupMetadataKey()
	k.Version, k.Group = 2, "g"
	return k.AppendTo(nil)
}

func offsetKey(partition string) []byte {
	k := kmsg.NewOffsetCommitKey()
	k.Version, k.Group, k.Topic, k.Partition = 1, "g", "t", int32(number(partition[2:]))
	return k.AppendTo(nil)
}

func offsetRecords(of []facts.GroupOffset, millis int64) (all []facts.GroupRecord) {
	for _, o := range of {
		v := kmsg.NewOffsetCommitValue()
		v.Version, v.Offset, v.CommitTimestamp = 3, o.Offset, millis
		all = append(all, facts.GroupRecord{Key: offsetKey(o.Partition), Value: v.AppendTo(nil)})
	}
	return all
}
