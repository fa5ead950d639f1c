package zab

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stampede-sim/stampede/internal/script"
	"github.com/stampede-sim/stampede/internal/script/scripttest"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// TestScripts plays the stories in testdata. In their traces
//
//	2 <- 3 LEADERINFO 1:0     2 receives from 3
//	3 -> 1,2 PROPOSAL 1:1 a   3 sends to 1 and 2
//	2 ** newleader-acked …    2 states a fact
//	2 .. logs 1:1 a           2 has written it, not durably
//	2 == log durable to 1:1   2's disk has completed an operation
//	2 ++ delivers 1:1 a       2 hands over to its database, or serves
//	2 -- follows 3            what is done to 2 from outside
//	!! …                      the judge convicts: a property of the protocol is broken
//
// The commands are
//
//	ensemble voters=(1,2,3) [observers=(4)] [weightless=(5)] [cache=N] [disk-sync] [bug=NAME]
//	given SID [accepted=E] [current=E] [log=(1:1/a,1:2/b)] [snapshot=(…)]   what is on its disk
//	elect SID…                      the best of them leads, the others follow
//	lead SID / follow SID LEADER    what an election, perhaps a wrong one, may say
//	deliver [from=(…)] [to=(…)] [first] [before=TYPE]
//	disk SID [first] [log|acceptedEpoch|currentEpoch|truncate|snapshot]   operations complete
//	run [among=(…)] [slow=(…)] [before=TYPE]   deliver and complete, until nothing is left
//	propose SID NAME…               the leader broadcasts
//	spend SID                       the leader's counter is at its last usable value
//	sync SID from=SID               the leader is asked to answer a client's sync
//	cut SID LEADER                  their connection breaks, what is under way is lost
//	crash SID [writes-survive] [mail-survives] / boot SID
//	wait DURATION [among=(…)]       time passes; those named talk meanwhile, as in run
//	status
//
// Every command takes the word quietly, which hides its trace unless the judge
// convicts. A script with a bug is also played on the correct build, which must
// go another way and not be convicted.
func TestScripts(t *testing.T) {
	scripttest.Walk(t, "testdata", func(t *testing.T, path string) {
		p := &play{}
		scripttest.Run(t, path, func(t *testing.T, c *script.Command) string { return p.run(c) })
		if p.lab == nil {
			t.Fatal("the script has no ensemble")
		}
		p.judge(t)
	})
}

// play is a script under way.
type play struct {
	lab *lab
	// twin is the same ensemble without the bug, differs whether it went another
	// way. Nil on the correct build.
	twin    *lab
	differs bool
}

// act is a command after parsing. Its error says why it cannot be done.
type act func(l *lab) error

func (p *play) run(c *script.Command) string {
	if c.Name == "ensemble" {
		p.ensemble(c)
		return ""
	}
	if p.lab == nil {
		c.Fatalf("a script begins with ensemble")
	}
	quietly := c.Flag("quietly")
	do := parse(c)
	if err := do(p.lab); err != nil {
		c.Fatalf("%v", err)
	}
	out := p.lab.takeTrace()
	if p.twin != nil {
		err := do(p.twin)
		p.differs = p.differs || err != nil || p.twin.takeTrace() != out
	}
	if quietly && !strings.Contains(out, "!!") {
		return ""
	}
	return out
}

// judge holds the end of a story against what it is about.
func (p *play) judge(t *testing.T) {
	switch {
	case p.twin == nil && p.lab.judge.verdict != "":
		t.Errorf("the correct build is convicted: %s", p.lab.judge.verdict)
	case p.twin == nil:
	case p.lab.judge.verdict == "":
		t.Error("the bug is not convicted")
	case p.twin.judge.verdict != "":
		t.Errorf("the correct build is convicted in a bug's story: %s", p.twin.judge.verdict)
	case !p.differs:
		t.Error("the correct build goes the same way")
	}
}

func (p *play) ensemble(c *script.Command) {
	voters, observers, weightless := c.Ints("voters"), c.Ints("observers"), c.Ints("weightless")
	cache, diskSync := c.IntOr("cache", 500), c.Flag("disk-sync")
	fresh := func(b bugs.Set) *lab {
		l := newLab(voters, slices.Concat(observers, weightless), b)
		l.observers = observers
		l.cache, l.diskSync = int(cache), diskSync
		return l
	}
	p.lab, p.twin = fresh(bugs.Set{}), nil
	if !c.Has("bug") {
		return
	}
	b, err := bugs.Parse(c.Text("bug"))
	if err != nil {
		c.Fatalf("%v", err)
	}
	p.lab, p.twin = fresh(b), fresh(bugs.Set{})
}

func parse(c *script.Command) act {
	switch c.Name {
	case "given":
		return parseGiven(c)
	case "elect", "lead", "follow":
		return parseElection(c)
	case "deliver":
		return parseDeliver(c)
	case "disk":
		return parseDisk(c)
	case "run":
		flow := parseFlow(c)
		return func(l *lab) error { return flow(l) }
	case "propose", "sync", "spend":
		return parseRequest(c)
	case "cut", "crash", "boot":
		return parseFault(c)
	case "wait":
		return parseWait(c)
	case "status":
		return func(l *lab) error { l.status(); return nil }
	}
	c.Unknown()
	return nil
}

func parseGiven(c *script.Command) act {
	sid := c.IntWord("sid")
	snapshot, log := parseHistory(c, "snapshot"), parseHistory(c, "log")
	accepted, current := c.IntOr("accepted", 0), c.IntOr("current", 0)
	return func(l *lab) error {
		s := l.servers[sid]
		s.disk = disk{accepted: accepted, current: current, log: append(snapshot, log...), inSnapshot: len(snapshot)}
		s.disk.durable = len(s.disk.log)
		s.tree = nil
		s.rest()
		return nil
	}
}

// parseHistory reads (1:1/a,1:2/b); names may be left out.
func parseHistory(c *script.Command, key string) (history []*wire.Txn) {
	for _, text := range c.Values(key) {
		var epoch int64
		var counter uint32
		zxid, name, _ := strings.Cut(text, "/")
		if _, err := fmt.Sscanf(zxid, "%d:%d", &epoch, &counter); err != nil {
			c.Fatalf("%s: %q is not epoch:counter", key, zxid)
		}
		history = append(history, newTxn(wire.MakeZxid(epoch, counter), name))
	}
	return history
}

func parseElection(c *script.Command) act {
	var sids []int64
	for _, w := range c.Words() {
		var sid int64
		if _, err := fmt.Sscan(w, &sid); err != nil {
			c.Fatalf("%q is not a sid", w)
		}
		sids = append(sids, sid)
	}
	switch c.Name {
	case "lead":
		return func(l *lab) error { return l.tryLead(l.servers[sids[0]]) }
	case "follow":
		return func(l *lab) error { return l.tryJoin(l.servers[sids[0]], l.servers[sids[1]]) }
	}
	return func(l *lab) error {
		var among []*server
		for _, sid := range sids {
			among = append(among, l.servers[sid])
		}
		leader := best(among)
		if err := l.tryLead(leader); err != nil {
			return err
		}
		for _, s := range among {
			if s != leader {
				if err := l.tryJoin(s, leader); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

func (l *lab) tryLead(s *server) error {
	if s.state() != "looking" {
		return fmt.Errorf("%d is %s", s.sid, s.state())
	}
	l.lead(s)
	return nil
}

func (l *lab) tryJoin(s, leader *server) error {
	if s.state() != "looking" || leader.leader == nil {
		return fmt.Errorf("%d is %s, %d is %s", s.sid, s.state(), leader.sid, leader.state())
	}
	l.join(s, leader)
	return nil
}

// parseMatch reads from=(…), to=(…) and among=(…); an absent one matches everybody.
// With before=TYPE a packet of that type stays, and what is behind it.
func parseMatch(c *script.Command) func(mail []letter) int {
	from, to, among, before := c.Ints("from"), c.Ints("to"), c.Ints("among"), c.TextOr("before", "none")
	in := func(set []int64, sid int64) bool { return set == nil || slices.Contains(set, sid) }
	return func(mail []letter) int {
		held := map[letter]bool{}
		for i, m := range mail {
			stream := letter{link: m.link, toward: m.toward}
			if m.p != nil && m.p.Type.String() == before {
				held[stream] = true
			}
			if !held[stream] && in(from, m.from()) && in(to, m.toward) && in(among, m.from()) && in(among, m.toward) {
				return i
			}
		}
		return -1
	}
}

// deliverAll bounds the deliveries: packets that answer each other for ever are a bug.
func (l *lab) deliverAll(match func([]letter) int) (delivered int, err error) {
	for ; delivered < 2000; delivered++ {
		i := match(l.mail)
		if i < 0 {
			return delivered, nil
		}
		l.deliver(i)
	}
	return delivered, fmt.Errorf("packets do not come to rest")
}

func parseDeliver(c *script.Command) act {
	match, first := parseMatch(c), c.Flag("first")
	return func(l *lab) error {
		if !first {
			_, err := l.deliverAll(match)
			return err
		}
		i := match(l.mail)
		if i < 0 {
			return fmt.Errorf("no such packet is under way")
		}
		l.deliver(i)
		return nil
	}
}

func parseDisk(c *script.Command) act {
	sid, first, kinds := c.IntWord("sid"), c.Flag("first"), c.Words()
	return func(l *lab) error {
		n := l.servers[sid].completeAll(kinds, first)
		if n == 0 {
			return fmt.Errorf("the disk of %d has nothing like that to complete", sid)
		}
		return nil
	}
}

// completeAll completes the operations of some kinds, or of all.
func (s *server) completeAll(kinds []string, first bool) (completed int) {
	for {
		i := slices.IndexFunc(s.disk.ops, func(o *op) bool { return len(kinds) == 0 || slices.Contains(kinds, o.kind) })
		if i < 0 || first && completed > 0 {
			return completed
		}
		s.complete(i)
		completed++
	}
}

// parseFlow reads what run and wait let happen.
func parseFlow(c *script.Command) act {
	slow, among, match := c.Ints("slow"), c.Ints("among"), parseMatch(c)
	return func(l *lab) error {
		for {
			done, err := l.deliverAll(match)
			if err != nil {
				return err
			}
			for _, s := range l.everybody() {
				if !slices.Contains(slow, s.sid) && (among == nil || slices.Contains(among, s.sid)) {
					done += s.completeAll(nil, true)
				}
			}
			if done == 0 {
				return nil
			}
		}
	}
}
