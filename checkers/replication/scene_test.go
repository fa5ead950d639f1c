package replication

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// stage plays scenes: scripts of what brokers state and the coordinator commits, one
// line for each, about the partition orders-0 of brokers b1 to b4. A line begins with who
// does it. Batches are [first..last], in the epoch and with the checksum behind; a
// missing epoch is that of the state znode.
//
//	topic b1,b2,b3             the topic's znode says who has the replicas
//	topic b4,b1 adding b4 removing b1
//	config min.insync.replicas=2
//	doomed                     its deletion is asked for; gone: its znode is deleted
//	controller b1              b1 is elected the controller, in the next epoch
//	elect b1 epoch 3 isr b1,b2 the controller writes the state; nobody for none
//	isr b1                     the leader does, with the next version
//	b1 opens 0..5              with what it wrote last at each offset; what it told nobody
//	                           of is as b2 wrote it: like b2. Or with what b2 wrote before
//	                           its own: instead b2. Or with what it wrote first: former.
//	                           A batch is left out: without 3; or comes a second time, in
//	                           the end: again 3
//	b1 crashes                 and its disk loses something; dies: it loses nothing
//	b1 cuts 3                  and so on; see the verbs below
//	says topics/orders a.b=1   the configuration of an entity; b1 takes topics/orders a.b=1
//	wait                       a second; unrest, rest: the cluster has not come to rest, has
//	all open, all copy …       whoever is assigned and up
type stage struct {
	t *testing.T
	c *Checker
	// zxid counts transactions, step facts; version is that of the state znode.
	zxid, step uint64
	version    int32
	truth      state
	assigned   []int32
	controller int32
	lives      int
	unclean    bool
	wait       time.Duration
	// died counts how often each broker did.
	died map[int32]int64
	// wrote is what each broker said it wrote, in order.
	wrote map[int32][]facts.Batch
	// deaf are the brokers that hear no more of what they have to tell clients.
	deaf map[int32]bool
}

const scenePartition = "orders-0"

func newStage(t *testing.T, unclean bool) *stage {
	s := &stage{t: t, unclean: unclean, wrote: map[int32][]facts.Batch{}, deaf: map[int32]bool{}, died: map[int32]int64{}}
	cfg := Config{Unclean: unclean, MinInsync: 1, Deletes: true, RetentionBytes: 100, DeleteRetentionMillis: 50, CompactionLagMillis: 10, Patience: 2 * time.Second, Lag: 1500 * time.Millisecond,
		Limits: &Limits{MessageBytes: 1000, SegmentBytes: 2000, SegmentMillis: 5000, MinInsync: 1, Compression: "producer", Deletes: true, Compacts: true}}
	cfg.Points = time.Second
	for id := int32(1); id <= 4; id++ {
		cfg.Brokers = append(cfg.Brokers, Broker{ID: id, Node: node.ID(10 + id), Name: fmt.Sprintf("b%d", id)})
	}
	s.c = New(cfg)
	for _, b := range cfg.Brokers {
		s.c.Booted(b.Node, false)
		s.register(b.ID)
	}
	return s
}

// pairs are words key=value as JSON.
func pairs(words []string) []byte {
	says := map[string]string{}
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		says[key] = value
	}
	text, _ := json.Marshal(says)
	return text
}

// play runs a scene.
func (s *stage) play(scene string) {
	for _, line := range strings.Split(scene, "\n") {
		if line, _, _ = strings.Cut(line, "#"); strings.TrimSpace(line) != "" {
			s.line(strings.Fields(line))
		}
	}
}

// usual is a cluster whose partition b1 leads in epoch 1, with everybody in sync.
const usual = `
	topic b1,b2,b3
	controller b1
	elect b1 epoch 1 isr b1,b2,b3
	all open
	b1 leads epoch 1
	b2 follows epoch 1
	b3 follows epoch 1
`

func (s *stage) line(w []string) {
	switch w[0] {
	case "topic":
		s.topic(w)
	case "config":
		key, value, _ := strings.Cut(w[1], "=")
		s.commit(0, &wire.SetDataTxn{Path: "/config/topics/orders", Data: fmt.Appendf(nil, `{"version":1,"config":{%q:%q}}`, key, value)})
	case "block": // of producer IDs: 0..999
		first, last := span(w[1])
		s.commit(0, &wire.SetDataTxn{Path: "/latest_producer_id_block", Data: fmt.Appendf(nil, `{"version":1,"broker":1,"block_start":"%d","block_end":"%d"}`, first, last)})
	case "says": // of an entity, or nothing any more
		s.commit(0, &wire.SetDataTxn{Path: "/config/" + w[1], Data: fmt.Appendf(nil, `{"version":1,"config":%s}`, pairs(w[2:]))})
	case "wait":
		s.wait += time.Second
		s.c.Observe(s.step, s.wait, node.ID(11), node.Event{Kind: facts.EndOffsetTold, Text: "nothing-0"})
	case "doomed":
		s.commit(0, &wire.CreateTxn{Path: "/admin/delete_topics/orders"})
	case "gone":
		s.commit(session(s.by(w)), &wire.DeleteTxn{Path: "/brokers/topics/orders"})
		s.commit(0, &wire.DeleteTxn{Path: "/admin/delete_topics/orders"})
		s.version, s.truth, s.lives = 0, state{}, s.lives+1
	case "errand", "errand-done":
		body := wire.TxnBody(&wire.CreateTxn{Path: "/admin/" + w[1]})
		if w[0] == "errand-done" {
			body = &wire.DeleteTxn{Path: "/admin/" + w[1]}
		}
		s.commit(0, body)
	case "permit":
		s.c.Permit(scenePartition)
	case "controller":
		s.rule(broker(w[1]), s.c.controller.epoch+1)
	case "elect":
		s.elect(w)
	case "isr":
		s.write(s.truth.leader, s.truth.epoch, ids(w[1]), session(s.truth.leader))
	case "all":
		for _, id := range s.assigned {
			s.fact(id, append([]string{fmt.Sprintf("b%d", id)}, w[1:]...))
		}
	case "commit":
		s.commits(w)
	case "unrest":
		s.inform()
		if s.c.Pending() == "" {
			s.t.Fatal("the scene comes to rest")
		}
	case "rest":
		s.inform()
		if why := s.c.Pending(); why != "" && s.c.Finding() == nil {
			s.t.Fatalf("the scene does not come to rest: %s", why)
		}
	default:
		s.fact(broker(w[0]), w)
	}
}

func (s *stage) topic(w []string) {
	s.assigned = ids(w[1])
	id := facts.TopicID{byte(number(option(w, "id", fmt.Sprint(s.lives+1))))}
	list := func(of []int32) string { return strings.ReplaceAll(fmt.Sprint(of), " ", ",") }
	data := fmt.Sprintf(`{"partitions":{"0":%s},"topic_id":%q,"adding_replicas":{"0":%s},"removing_replicas":{"0":%s},"version":3}`,
		list(s.assigned), base64.RawURLEncoding.EncodeToString(id[:]), list(ids(option(w, "adding", ""))), list(ids(option(w, "removing", ""))))
	s.commit(session(s.by(w)), &wire.CreateTxn{Path: "/brokers/topics/orders", Data: []byte(data)})
}

// by is who does what only a controller may: that, or somebody else.
func (s *stage) by(w []string) int32 {
	if other := option(w, "by", ""); other != "" {
		return broker(other)
	}
	return s.controller
}

// rule makes a broker the controller.
func (s *stage) rule(id int32, epoch int64) {
	s.controller = id
	s.commit(session(id), &wire.MultiTxn{Parts: []wire.SubTxn{
		{Body: &wire.CreateTxn{Path: "/controller", Data: fmt.Appendf(nil, `{"version":1,"brokerid":%d,"timestamp":"1"}`, id)}},
		{Body: &wire.SetDataTxn{Path: "/controller_epoch", Data: []byte(strconv.FormatInt(epoch, 10)), Version: int32(epoch)}},
	}})
}

func (s *stage) elect(w []string) {
	leader := int32(-1)
	if w[1] != "nobody" {
		leader = broker(w[1])
	}
	s.write(leader, number(option(w, "epoch", "")), ids(option(w, "isr", "")), session(s.by(w)))
}

// write writes the state znode.
func (s *stage) write(leader int32, epoch int64, isr []int32, by int64) {
	s.truth = state{leader: leader, epoch: epoch, isr: facts.Set(isr)}
	data := fmt.Appendf(nil, `{"leader":%d,"leader_epoch":%d,"controller_epoch":%d,"isr":%s,"version":1}`,
		leader, epoch, s.c.controller.epoch, strings.ReplaceAll(fmt.Sprint(isr), " ", ","))
	s.commit(by, &wire.SetDataTxn{Path: "/brokers/topics/orders/partitions/0/state", Data: data, Version: s.version})
	s.version++
}

func (s *stage) commit(session int64, body wire.TxnBody) {
	s.zxid++
	s.c.Committed(s.zxid, 0, &wire.Txn{Session: session, Zxid: wire.Zxid(s.zxid), Body: body})
}

// commits has the leader append a batch, everybody in sync copy it, and the high
// watermark and the followers' pass it.
func (s *stage) commits(w []string) {
	leader := s.truth.leader
	first, last := span(w[1])
	s.line(append([]string{fmt.Sprintf("b%d", leader), "appends"}, w[1:]...))
	for _, id := range facts.Members(s.truth.isr &^ (1 << leader)) {
		s.line(append([]string{fmt.Sprintf("b%d", id), "copies"}, w[1:]...))
		s.line([]string{fmt.Sprintf("b%d", leader), "hears", fmt.Sprintf("b%d", id), "at", fmt.Sprint(last + 1)})
	}
	s.line([]string{fmt.Sprintf("b%d", leader), "marks", fmt.Sprint(last + 1)})
	for _, id := range facts.Members(s.truth.isr &^ (1 << leader)) {
		s.line([]string{fmt.Sprintf("b%d", id), "believes", fmt.Sprint(last + 1)})
	}
	_ = first
}

// fact plays what a broker does.
func (s *stage) fact(id int32, w []string) {
	epoch := s.truth.epoch
	if at := option(w, "epoch", ""); at != "" {
		epoch = number(at)
	}
	r := s.c.byID[id].open[scenePartition]
	switch w[1] {
	case "crashes":
		s.died[id]++
		s.c.Crashed(node.ID(10 + id))
		s.c.Booted(node.ID(10+id), true)
	case "dies": // and the machine stays up: nothing is lost
		s.died[id]++
		s.c.Crashed(node.ID(10 + id))
		s.c.Booted(node.ID(10+id), false)
	case "open", "opens":
		first, end := int64(0), int64(0)
		if len(w) > 2 {
			first, end = span(w[2])
		}
		life := s.lives + 1 - int(number(option(w, "of", "0")))
		body := &facts.Opened{Topic: facts.TopicID{byte(life)}, Batches: s.found(first, end, s.sources(id, w))}
		body.Producers = known(readBatches(body), w)
		if hole := option(w, "without", ""); hole != "" {
			body.Batches = slices.DeleteFunc(body.Batches, func(b facts.Batch) bool { return b.First == number(hole) })
		}
		if again := option(w, "again", ""); again != "" {
			body.Batches = append(body.Batches, body.Batches[number(again)])
		}
		if from := option(w, "start", ""); from != "" {
			first = number(from)
		}
		s.state(id, facts.ReplicaOpened, body, first, end, number(option(w, "mark", "0")))
	case "deletes":
		s.state(id, facts.ReplicaDeleted, nil)
	case "closes": // all its logs
		s.state(id, facts.LogsClosed, nil)
	case "finds": // logs, as it closed them or torn
		s.state(id, facts.LogsFound, nil, map[string]int64{"closed": 1, "torn": 0}[w[2]])
	case "peers": // as the broker knows of them
		s.state(id, facts.PeersTaken, nil, facts.Set(ids(w[2])))
	case "deaf":
		s.deaf[id] = true
	case "hears-again": // of the coordinator, and registers if it has not
		delete(s.deaf, id)
	case "informed": // leader b1 version 0 isr b1,b2
		s.state(id, facts.MetadataTaken, &facts.Told{Topic: s.c.topics["orders"].id, Replicas: facts.Set(s.assigned)},
			int64(broker(option(w, "leader", ""))), epoch, facts.Set(ids(option(w, "isr", ""))), number(option(w, "version", "")))
	case "takes":
		says := facts.Settings{}
		for _, word := range w[3:] {
			key, value, _ := strings.Cut(word, "=")
			says[key] = value
		}
		s.c.Observe(s.step, s.wait, node.ID(10+id), node.Event{Kind: facts.ConfigTaken, Text: w[2], Body: says})
	case "leads":
		if option(w, "unnoted", "") == "" {
			s.state(id, facts.EpochStarted, nil, epoch, r.log.end)
		}
		version, isr := s.chosen(r.of, epoch)
		if of := option(w, "isr", ""); of != "" {
			isr = facts.Set(ids(of))
		}
		s.state(id, facts.BecameLeader, &facts.Reign{Isr: isr, Producers: known(r.log.batches, w)}, epoch, number(option(w, "version", fmt.Sprint(version))), r.log.end, number(option(w, "with", fmt.Sprint(r.mark))))
	case "follows":
		leader := s.truth.leader
		if named := r.of.elected[epoch]; named != nil {
			leader = named.leader
		}
		if whom := option(w, "whom", ""); whom != "" {
			leader = broker(whom)
		}
		s.state(id, facts.BecameFollower, nil, epoch, int64(leader), r.log.end, r.mark)
	default:
		s.act(id, r, epoch, w)
	}
}

// chosen is the version of the state in which the leader of an epoch was chosen, and who
// was in sync then.
func (s *stage) chosen(p *partition, epoch int64) (version, isr int64) {
	version, isr = int64(s.version), s.truth.isr
	for v, was := range p.past { //sim:unordered the least of all
		if was.epoch == epoch && v <= version {
			version, isr = v, was.isr
		}
	}
	return version, isr
}

// register has a broker make its znode.
func (s *stage) register(id int32) {
	s.commit(session(id), &wire.CreateTxn{Path: fmt.Sprintf("/brokers/ids/%d", id)})
	s.state(id, facts.Registered, nil, int64(id), int64(s.zxid))
}

// inform has all brokers that hear of it register, and tell clients what the znodes say.
func (s *stage) inform() {
	for _, b := range s.c.cfg.Brokers {
		if s.deaf[b.ID] {
			continue
		}
		if s.c.byID[b.ID].life == 0 {
			s.register(b.ID)
		}
		s.state(b.ID, facts.PeersTaken, nil, facts.Set(slices.Sorted(maps.Keys(s.c.registered))))
		if t := s.c.topics["orders"]; t != nil && t.partition("0").truth.exists {
			now := t.partition("0").truth
			s.state(b.ID, facts.MetadataTaken, &facts.Told{Topic: t.id, Replicas: t.assigned["0"].replicas}, int64(now.leader), now.epoch, now.isr, now.version)
		}
	}
}

// sources are the batches that a broker may find in a log, the likelier ones last.
func (s *stage) sources(id int32, w []string) []facts.Batch {
	own := slices.Clone(s.wrote[id])
	if w[len(w)-1] == "former" {
		slices.Reverse(own)
	}
	if like := option(w, "like", ""); like != "" {
		return append(slices.Clone(s.wrote[broker(like)]), own...)
	}
	if instead := option(w, "instead", ""); instead != "" {
		return append(own, s.wrote[broker(instead)]...)
	}
	return own
}

// found makes a log of the last of some batches that fit, and where none does of one that
// nobody knows.
func (s *stage) found(first, end int64, of []facts.Batch) (all []facts.Batch) {
	for at := first; at < end; at = all[len(all)-1].Last + 1 {
		next := facts.Batch{First: at, Last: end - 1, Epoch: s.truth.epoch}
		for _, b := range of {
			if b.First == at && b.Last < end {
				next = b
			}
		}
		all = append(all, next)
	}
	return all
}

// act plays what a replica that is open does.
func (s *stage) act(id int32, r *replica, epoch int64, w []string) {
	switch w[1] {
	case "appends", "copies":
		k, body := facts.LeaderAppended, any(nil)
		if w[1] == "copies" {
			k = facts.FollowerAppended
		}
		first, last := span(w[2])
		if of := option(w, "producer", ""); of != "" {
			body = producer(of, int32(last-first+1))
		}
		sum := int64(0)
		for _, c := range option(w, "sum", fmt.Sprint("s", first, epoch)) {
			sum = sum*31 + int64(c)
		}
		by, _ := body.(*facts.Producer)
		s.wrote[id] = append(s.wrote[id], facts.Batch{First: first, Last: last, Epoch: epoch, Checksum: sum, Producer: by})
		if k == facts.LeaderAppended {
			codec := option(w, "codec", "gzip")
			body = &facts.Sent{
				Acks: int16(number(option(w, "acks", "1"))), Producer: by,
				Bytes: int(number(option(w, "bytes", "0"))), Codec: codec, Was: option(w, "was", codec),
			}
		}
		s.state(id, k, body, first, last, epoch, sum)
	case "refuses": // 2 producer 7/0/2: so many records
		s.state(id, facts.OutOfSequence, producer(option(w, "producer", ""), int32(number(w[2]))))
	case "cuts":
		to := number(w[2])
		s.state(id, facts.Truncated, known(r.log.batches[:r.log.at(to)], w), to, r.log.end, min(r.mark, to))
	case "starts-over":
		s.state(id, facts.StartedOver, nil, number(w[2]), r.log.end)
	case "forgets": // below an offset
		body := any(nil) // for their age or the length of the log: age 99
		if age := option(w, "age", ""); age != "" {
			body = facts.Age(number(age))
		}
		s.state(id, facts.StartAdvanced, body, number(w[2]), r.mark, number(option(w, "left", "0")), int64(slices.Index(facts.StartReasons, option(w, "why", "leader"))))
	case "notes": // that its log begins at 4
		s.state(id, facts.StartsNoted, facts.Starts{{Partition: scenePartition, Offset: number(w[2])}})
	case "stops": // as controller 3 says, epoch 2 life 7
		s.state(id, facts.ReplicaStopped, nil, number(w[3]), number(option(w, "life", "-1")), epoch)
	case "compacts": // 4 now 100 from k0@0,k1@1^90 to k1@1
		s.state(id, facts.Compacting, nil, number(w[2]))
		body := &facts.Compaction{Now: number(option(w, "now", "0")), From: number(option(w, "behind", "0")), Before: keyed(option(w, "from", "")), After: keyed(option(w, "to", ""))}
		s.state(id, facts.Compacted, body, number(w[2]), 1)
	case "begins-compacting":
		s.state(id, facts.Compacting, nil, number(w[2]))
	case "rolls": // 4 long 100, or old 100, or asked 0
		why := slices.Index(facts.RollReasons, w[3])
		s.state(id, facts.SegmentRolled, nil, number(w[2]), number(w[4]), number(w[4]), int64(why))
	case "too-long": // 100 codec gzip
		s.state(id, facts.TooLong, nil, number(w[2]), 0, 0, int64(slices.Index(codecs, option(w, "codec", "gzip"))))
	case "too-few": // b1,b2
		s.state(id, facts.MinIsrRefused, nil, facts.Set(ids(w[2])), 2)
	case "too-few-after": // b1,b2
		s.state(id, facts.MinIsrAfter, nil, 0, facts.Set(ids(w[2])))
	case "hears": // b2 at 5, life 0 if it sent that before it died
		of := broker(w[2])
		s.state(id, facts.FollowerFetched, nil, int64(of), number(w[4]), number(option(w, "epoch", fmt.Sprint(epoch))), number(option(w, "life", fmt.Sprint(s.died[of]))))
	case "diverges": // b2 epoch 3 end 5
		s.state(id, facts.Diverged, nil, int64(broker(w[2])), epoch, number(option(w, "end", "")))
	case "marks":
		set := r.counted()
		if of := option(w, "counting", ""); of != "" {
			set = facts.Set(ids(of))
		}
		s.state(id, facts.HighWatermark, nil, number(w[2]), epoch, set, r.log.end)
	case "believes":
		s.state(id, facts.FollowedMark, nil, number(w[2]), epoch)
	case "serves": // 0..3
		first, last := span(w[2])
		s.state(id, facts.ConsumerServed, nil, first, last+1, epoch)
	case "sends": // a consumer to b2 at 3
		s.state(id, facts.PreferredNamed, nil, int64(broker(w[2])), number(w[4]), epoch)
	case "reports": // low 4 asked 4 below 4: what was deleted
		s.state(id, facts.DeletionTold, nil, number(option(w, "low", "")), number(option(w, "asked", "-1")), epoch, number(option(w, "below", option(w, "low", ""))))
	case "tells": // the end
		s.state(id, facts.EndOffsetTold, nil, number(w[2]), epoch)
	case "seeks": // 50 finds 3 among 0@10,3@50 end 4
		var all facts.Times
		for _, word := range strings.Split(option(w, "among", ""), ",") {
			offset, time, _ := strings.Cut(word, "@")
			all = append(all, facts.Timed{Offset: number(offset), Timestamp: number(time)})
		}
		s.state(id, facts.OffsetSought, all, number(w[2]), number(w[4]), number(option(w, "end", fmt.Sprint(r.mark))))
	case "acks":
		s.state(id, facts.Acknowledged, nil, number(w[2]), -1, epoch)
	case "proposes": // after some time; or early
		if w[len(w)-1] != "early" {
			s.wait += s.c.cfg.Lag
		}
		s.state(id, facts.IsrProposed, nil, facts.Set(ids(w[2])), number(option(w, "version", fmt.Sprint(s.version-1))), epoch)
	case "knows", "adopts", "loses": // b1,b2 version 3
		k := map[string]*node.EventKind{"knows": facts.IsrCommitted, "adopts": facts.IsrAdopted, "loses": facts.IsrRefused}[w[1]]
		s.state(id, k, nil, facts.Set(ids(w[2])), number(option(w, "version", "")), epoch)
	case "wrote": // b1,b2 version 3 leader b1
		s.state(id, facts.StateWritten, nil, facts.Set(ids(w[2])), number(option(w, "version", "")), epoch, int64(broker(option(w, "leader", ""))))
	case "registers":
		s.state(id, facts.Registered, nil, int64(id), number(w[2]))
	case "lists": // b1,b3 as alive
		s.state(id, facts.PeersTaken, nil, facts.Set(ids(w[2])))
	case "obeys": // 3 life 7 number 5
		s.state(id, facts.ControllerObeyed, nil, number(w[2]), number(option(w, "life", "-1")), number(option(w, "number", "0")))
	case "elects-nobody": // of b1,b2
		s.state(id, facts.NoLeaderFound, nil, facts.Set(ids(option(w, "of", ""))), epoch)
	case "told": // done alive b1,b2 unclean 1
		s.state(id, facts.ElectionTold, nil, facts.Set(ids(option(w, "alive", "b1,b2,b3"))), number(option(w, "unclean", "0")), 0, int64(slices.Index(facts.ElectionResults, w[2])))
	case "rules":
		s.state(id, facts.ControllerElected, nil, int64(id), epoch)
	default:
		s.t.Fatalf("no such verb: %v", w)
	}
}

func (s *stage) state(id int32, k *node.EventKind, body any, n ...int64) {
	e := node.Event{Kind: k, Text: scenePartition, Body: body}
	copy(e.N[:], n)
	s.step++
	s.c.Observe(s.step, s.wait, node.ID(10+id), e)
}

// broker, ids, number, span and option read words.
func broker(word string) int32 { return int32(number(strings.TrimPrefix(word, "b"))) }

func ids(list string) []int32 {
	all := []int32{}
	for _, word := range strings.Split(list, ",") {
		if word != "" {
			all = append(all, broker(word))
		}
	}
	return all
}

func number(word string) int64 {
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		panic("not a number: " + word)
	}
	return n
}

func span(word string) (first, last int64) {
	a, b, _ := strings.Cut(word, "..")
	return number(a), number(b)
}

func option(w []string, name, otherwise string) string {
	for i := range w[:len(w)-1] {
		if w[i] == name {
			return w[i+1]
		}
	}
	return otherwise
}

// producer is who sent a batch, and what is its first sequence number: ID/epoch/sequence.
func producer(of string, records int32) *facts.Producer {
	n := strings.Split(of, "/")
	return &facts.Producer{ID: number(n[0]), Epoch: int16(number(n[1])), FirstSequence: int32(number(n[2])), Records: records}
}

// known is what a broker knows of producers by what is in its log; or, behind "producers", as
// ID/epoch/sequence@offset*batches, or nothing.
func known(in []batch, w []string) facts.ProducersKnown {
	by := map[int64]facts.ProducerKnown{}
	for _, b := range in {
		if b.producer == nil {
			continue
		}
		k := facts.ProducerKnown{ID: b.producer.ID, Epoch: b.producer.Epoch, LastSequence: after(b.producer.FirstSequence, int32(b.last-b.first)), LastOffset: b.last, Batches: 1}
		if was, is := by[k.ID]; is && was.Epoch == k.Epoch {
			k.Batches = min(recognised, was.Batches+1)
		}
		by[k.ID] = k
	}
	all := facts.ProducersKnown(slices.Collect(maps.Values(by)))
	if says := option(w, "producers", ""); says != "" {
		all = nil
		for _, word := range strings.FieldsFunc(strings.TrimPrefix(says, "nothing"), func(c rune) bool { return c == ',' }) {
			n := strings.FieldsFunc(word, func(c rune) bool { return strings.ContainsRune("/@*", c) })
			all = append(all, facts.ProducerKnown{ID: number(n[0]), Epoch: int16(number(n[1])), LastSequence: int32(number(n[2])), LastOffset: number(n[3]), Batches: int(number(n[4]))})
		}
	}
	return all
}

// keyed reads records: key@offset, with ! before it if it deletes the key, =value behind it
// if that matters, and ~horizon if it has one.
func keyed(list string) (all []facts.Keyed) {
	for _, word := range strings.FieldsFunc(list, func(c rune) bool { return c == ',' }) {
		k := facts.Keyed{Tombstone: word[0] == '!', Horizon: -1, Time: -1000} // long ago
		rest, horizon, has := strings.Cut(strings.TrimPrefix(word, "!"), "~")
		rest, value, _ := strings.Cut(rest, "=")
		rest, time, dated := strings.Cut(rest, "^")
		if dated {
			k.Time = number(time)
		}
		for _, c := range value {
			k.Sum = k.Sum*31 + uint32(c)
		}
		if has {
			k.Horizon = number(horizon)
		}
		key, offset, _ := strings.Cut(rest, "@")
		k.Key, k.Offset, k.Keyless = key, number(offset), key == ""
		all = append(all, k)
	}
	return all
}

// session is that of a broker.
func session(id int32) int64 { return 100 + int64(id) }
