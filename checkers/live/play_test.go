package live

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/adler32"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// play acts out an ensemble of three: its verbs write the fake disks and state
// the facts that a server would. Wrong behaviour is a verb left out, or fact.
type play struct {
	c     *Checker
	disks [3]*disk
	trees [3][]*wire.Txn // what each server's tree holds
	txns  map[wire.Zxid]*wire.Txn
	step  uint64
	at    time.Duration
	clock int64
	// rotten is a file that nobody can read, on any disk.
	rotten string
	// healed is since when nothing is wrong with the world.
	healed time.Duration
	// clients are at the other ends of the connections of any server.
	clients []node.ID
}

// The servers of a play, zk1 to zk3.
const (
	A node.ID = iota
	B
	C
)

// disk is a fake disk: the page cache's view and what is durable.
type disk struct{ cached, durable map[string][]byte }

func (d *disk) sync() { d.durable = maps.Clone(d.cached) }

func (p *play) Files(id node.ID) []string {
	return slices.Sorted(maps.Keys(p.disks[id].cached))
}

func (p *play) Read(id node.ID, file string) ([]byte, bool) {
	b, ok := p.disks[id].cached[file]
	return b, ok
}

func (p *play) Durable(id node.ID, file string) ([]byte, bool) {
	b, ok := p.disks[id].durable[file]
	return b, ok
}

func (p *play) DurableSize(id node.ID, file string) int64 {
	return int64(len(p.disks[id].durable[file]))
}

func (p *play) Clients(node.ID) []node.ID { return p.clients }

func (p *play) Rotten(id node.ID, file string) bool { return p.rotten == file }

func newPlay() *play { return newPlayOf(3) }

// newPlayOf acts out an ensemble of at most three.
func newPlayOf(n int) *play {
	p := &play{txns: map[wire.Zxid]*wire.Txn{}}
	var servers []Server
	for i := range n {
		p.disks[i] = &disk{cached: map[string][]byte{}}
		servers = append(servers, Server{ID: node.ID(i), Sid: int64(i + 1), Name: fmt.Sprint("zk", i+1)})
	}
	p.c = New(servers, p, Config{Tick: 2 * time.Second, DriftPPM: 500, Wall: p.wall})
	for i := range n {
		p.boot(node.ID(i))
	}
	return p
}

func bit(ids ...node.ID) int64 {
	var set int64
	for _, id := range ids {
		set |= 1 << (int64(id) + 1)
	}
	return set
}

// wall is the wall clock of every server, in ms: as late as the proposal is.
func (p *play) wall(node.ID) int64 { return p.clock }

// fact states one fact, a millisecond after the one before.
func (p *play) fact(id node.ID, k *node.EventKind, n ...int64) { p.say(id, k, "", nil, n...) }

func (p *play) say(id node.ID, k *node.EventKind, text string, body any, n ...int64) {
	p.step++
	p.at += time.Millisecond
	e := node.Event{Kind: k, Text: text, Body: body}
	copy(e.N[:], n)
	p.c.Observe(p.step, p.at, id, e)
}

const logFile = "log.100000001"

// boot starts a server, which recovers all that its log holds.
func (p *play) boot(id node.ID) {
	p.c.Booted(id)
	p.trees[id] = nil
	var last wire.Zxid
	for _, r := range records(p.disks[id].cached[logFile], 0) {
		last = zxidIn(r)
		p.trees[id] = append(p.trees[id], p.txns[last])
	}
	p.fact(id, facts.Recovered, int64(last), 0, p.digest(id))
}

// crash takes all that is not durable.
func (p *play) crash(id node.ID) {
	p.c.Crashed(id)
	p.disks[id].cached = maps.Clone(p.disks[id].durable)
}

// digest is that of a server's tree, by replaying all of it.
func (p *play) digest(id node.ID) int64 {
	t := reference.New()
	for _, txn := range p.trees[id] {
		t.Apply(txn)
	}
	return int64(t.Digest())
}

// epoch writes an epoch file, durably.
func (p *play) epoch(id node.ID, file string, n int64) {
	p.disks[id].cached[file] = []byte(strconv.FormatInt(n, 10))
	p.disks[id].sync()
}

func (p *play) accept(id node.ID, n int64) {
	p.epoch(id, acceptedEpoch, n)
	p.fact(id, facts.AckEpochSent, n, n-1, 0)
}

// discover brings a leader to the beginning of synchronisation.
func (p *play) discover(leader node.ID, n int64, z wire.Zxid, follower node.ID) {
	p.epoch(leader, acceptedEpoch, n)
	p.fact(leader, facts.EpochProposed, n)
	p.accept(follower, n)
	p.fact(leader, facts.Synchronizing, n, int64(z), bit(leader, follower))
	p.epoch(leader, currentEpoch, n)
}

// join makes a synchronised learner acknowledge NEWLEADER.
func (p *play) join(id node.ID, n int64, z wire.Zxid) {
	p.epoch(id, currentEpoch, n)
	p.fact(id, facts.NewLeaderAcked, n, int64(z))
}

// elect walks a leader and one follower through all phases; all have logs up to z.
func (p *play) elect(leader node.ID, n int64, z wire.Zxid, follower node.ID) {
	p.discover(leader, n, z, follower)
	p.join(follower, n, z)
	p.fact(leader, facts.Established, n, int64(z), bit(leader, follower))
	p.fact(follower, facts.UpToDate, n, int64(z))
}

// loseOnA has A log a transaction that nobody else gets, and crash.
func (p *play) loseOnA() {
	p.propose(A, z(1, 2), znode("lost"))
	p.append(A, z(1, 2))
	p.disks[A].sync()
	p.crash(A)
}

// joinB synchronises C with B, which leads epoch 2 and is not established yet.
func (p *play) joinB() {
	p.discover(B, 2, z(1, 1), C)
	p.append(C, z(1, 1))
	p.disks[C].sync()
	p.join(C, 2, z(1, 1))
}

// leadByB establishes B and has it propose the first transaction of epoch 2.
func (p *play) leadByB() {
	p.joinB()
	p.fact(B, facts.Established, 2, n(1, 1), bit(B, C))
	p.propose(B, z(2, 1), znode("new"))
}

// propose issues a transaction.
func (p *play) propose(leader node.ID, z wire.Zxid, body wire.TxnBody) {
	p.proposeFor(leader, z, 7, 1, body)
}

func (p *play) proposeFor(leader node.ID, z wire.Zxid, session int64, cxid int32, body wire.TxnBody) {
	p.txns[z] = &wire.Txn{Session: session, Cxid: cxid, Zxid: z, Time: int64(z.Counter()), Type: typeOf(body), Body: body}
	p.clock = p.txns[z].Time
	p.say(leader, facts.Proposed, "", p.txns[z], int64(z), session, int64(cxid))
}

func typeOf(body wire.TxnBody) wire.OpCode {
	switch body.(type) {
	case *wire.CreateSessionTxn:
		return wire.OpCreateSession
	case *wire.CloseSessionTxn:
		return wire.OpCloseSession
	case *wire.DeleteTxn:
		return wire.OpDelete
	}
	return wire.OpCreate
}

// node is the body of a transaction like any other.
func znode(name string) *wire.CreateTxn {
	return &wire.CreateTxn{Path: "/" + name, Data: []byte("x"), ACL: wire.OpenACL, ParentCversion: 1}
}

// logRecord is a transaction as log files hold it.
func logRecord(txn *wire.Txn) []byte {
	b := wire.EncodeTxn(nil, txn)
	r := binary.BigEndian.AppendUint64(nil, uint64(adler32.Checksum(b)))
	r = binary.BigEndian.AppendUint32(r, uint32(len(b)))
	return append(append(r, b...), recordEnd)
}

var logHeader = append([]byte(logMagic), 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0)

// append logs transactions in the page cache.
func (p *play) append(id node.ID, zxids ...wire.Zxid) {
	for _, z := range zxids {
		p.appendTo(id, logFile, z)
	}
}

func (p *play) appendTo(id node.ID, file string, z wire.Zxid) {
	d := p.disks[id]
	if d.cached[file] == nil {
		d.cached[file] = logHeader
	}
	d.cached[file] = append(bytes.Clone(d.cached[file]), logRecord(p.txns[z])...)
	p.say(id, facts.Logged, file, p.txns[z], int64(z), int64(len(d.cached[file])))
}

// ack makes the log durable and says so.
func (p *play) ack(id node.ID, z wire.Zxid) {
	p.disks[id].sync()
	p.fact(id, facts.Acked, int64(z))
}

// apply applies transactions to a server's tree.
func (p *play) apply(id node.ID, zxids ...wire.Zxid) {
	for _, z := range zxids {
		p.trees[id] = append(p.trees[id], p.txns[z])
		p.say(id, facts.Applied, "", p.txns[z], int64(z), 0, p.digest(id))
	}
}

// write carries one transaction from proposal to everybody's tree.
func (p *play) write(leader node.ID, z wire.Zxid, body wire.TxnBody, followers ...node.ID) {
	p.propose(leader, z, body)
	p.replicate(leader, z, followers...)
}

func (p *play) replicate(leader node.ID, z wire.Zxid, followers ...node.ID) {
	all := append([]node.ID{leader}, followers...)
	for _, id := range all {
		p.append(id, z)
		p.ack(id, z)
	}
	p.fact(leader, facts.Committed, int64(z), bit(all...))
	for _, id := range all {
		p.apply(id, z)
	}
}

// truncate cuts a log in the page cache and says so.
func (p *play) truncate(id node.ID, z wire.Zxid) {
	p.cut(id, z)
	p.fact(id, facts.Truncated, int64(z), 0)
}

// cut cuts a log in the page cache.
func (p *play) cut(id node.ID, z wire.Zxid) {
	kept := bytes.Clone(logHeader)
	p.trees[id] = nil
	for _, r := range records(p.disks[id].cached[logFile], 0) {
		if at := zxidIn(r); at <= z {
			kept = append(kept, logRecord(p.txns[at])...)
			p.trees[id] = append(p.trees[id], p.txns[at])
		}
	}
	p.disks[id].cached[logFile] = kept
}

// load replaces a server's database by a snapshot of another's tree.
func (p *play) load(id, from node.ID, z wire.Zxid) {
	p.trees[id] = slices.Clone(p.trees[from])
	delete(p.disks[id].cached, logFile)
	p.disks[id].cached[fmt.Sprintf("snapshot.%x", int64(z))] = []byte("snapshot")
	p.fact(id, facts.SnapshotLoaded, int64(z), 0, p.digest(id))
}
