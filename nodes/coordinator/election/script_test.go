package election

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stampede-sim/stampede/internal/script"
	"github.com/stampede-sim/stampede/internal/script/scripttest"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/quorum"
)

// TestScripts plays the stories in testdata. A trace line is "server <- sender"
// for a delivery, "server -> recipients" for what it sends, "**" for a fact it
// states, and ".." for a timeout it sets or cancels.
//
//	ensemble voters=(1,2,3) [observers=(4)] [ignoring-zxids]   everybody up, at rest
//	view SID active=(1,2,3) [next=(1,4,5)]                what it knows of an ensemble that changes
//	start SID zxid=E:C epoch=E                            begin an election
//	deliver [from=(…)] [to=(…)] [first]                   until nothing (or the first) that matches is under way
//	drop [from=(…)] [to=(…)]                              lose what matches
//	timeout SID retry|finalize                            a timeout comes due
//	tell SID from=… state=… leader=… zxid=… epoch=… round=…   a notification out of the past
//	settle SID epoch=E                                    synchronised: the leader's epoch is E
//	connect SID peer                                      a connection is up again
//	crash SID / boot SID                                  gone / back without memory
//	status                                                what everybody thinks
func TestScripts(t *testing.T) {
	scripttest.Walk(t, "testdata", func(t *testing.T, path string) {
		p := &play{}
		scripttest.Run(t, path, func(t *testing.T, c *script.Command) string { return p.run(c) })
	})
}

// play is a script under way.
type play struct {
	*arena
	voters quorum.Verifier
	bugs   bugs.Set
}

func (p *play) run(c *script.Command) string {
	if c.Name == "ensemble" {
		return p.ensemble(c)
	}
	if p.arena == nil {
		c.Fatalf("a script begins with ensemble")
	}
	switch c.Name {
	case "view":
		p.server(c).SetView(changingView(c.Ints("active"), c.Ints("next")))
	case "start":
		el := p.server(c)
		el.Start(Vote{el.cfg.Sid, zxid(c), c.Int("epoch")})
	case "deliver":
		p.deliverAll(c)
	case "drop":
		match := matching(c)
		p.mail = slices.DeleteFunc(p.mail, match)
	case "timeout":
		p.timeout(c)
	case "tell":
		p.tell(c)
	case "settle":
		el := p.server(c)
		el.Settle(el.State(), el.Vote(), c.Int("epoch"))
	case "connect":
		p.server(c).Connected(c.IntWord("peer"))
	case "crash":
		p.crash(c.IntWord("sid"))
	case "boot":
		p.boot(c.IntWord("sid"), p.voters, p.bugs)
	case "status":
		return p.status()
	default:
		return c.Unknown()
	}
	return p.takeTrace()
}

func (p *play) ensemble(c *script.Command) string {
	voters := c.Ints("voters")
	if c.Flag("ignoring-zxids") {
		p.bugs = bugs.Of(bugs.ElectionIgnoresZxid)
	}
	p.voters = quorum.Majority(voters...)
	p.arena = newArena(p.voters, append(voters, c.Ints("observers")...), p.bugs)
	return ""
}

// changingView is what a server goes by that knows of these voters.
func changingView(active, next []int64) View {
	v := View{Voters: quorum.Majority(active...), Members: active, Follows: true, Config: fmt.Sprint(active)}
	if next != nil {
		v.Next = quorum.Majority(next...)
		v.Members = (v.Voters.Members() | v.Next.Members()).Members()
	}
	return v
}

// server reads the sid of a server that is up.
func (p *play) server(c *script.Command) *elector {
	sid := c.IntWord("sid")
	if sid < 0 || sid >= int64(len(p.electors)) || p.electors[sid] == nil {
		c.Fatalf("server %d is not up", sid)
	}
	return p.electors[sid]
}

func (p *play) timeout(c *script.Command) {
	el, name := p.server(c), c.Word("retry or finalize")
	for kind := range el.pending {
		if kind := TimeoutKind(kind); kind.String() == name && el.pending[kind] > 0 {
			el.fire(kind)
			return
		}
	}
	c.Fatalf("server %d awaits no %s timeout", el.cfg.Sid, name)
}

// deliverAll bounds the deliveries, because servers that answer each other for
// ever are one of the bugs to look for.
func (p *play) deliverAll(c *script.Command) {
	match, limit := matching(c), 200
	if c.Flag("first") {
		limit = 1
	}
	for i := range limit {
		l, ok := p.take(match)
		if !ok {
			return
		}
		p.deliver(l)
		if i == 199 {
			c.Fatalf("notifications do not come to rest")
		}
	}
}

// matching reads from=(…) and to=(…); an absent one matches everybody.
func matching(c *script.Command) func(letter) bool {
	from, to := c.Ints("from"), c.Ints("to")
	return func(l letter) bool {
		return (from == nil || slices.Contains(from, l.from)) && (to == nil || slices.Contains(to, l.to))
	}
}

func (p *play) tell(c *script.Command) {
	states := []wire.PeerState{wire.Looking, wire.Following, wire.Leading, wire.Observing}
	name := c.Text("state")
	i := slices.IndexFunc(states, func(s wire.PeerState) bool { return s.String() == name })
	if i < 0 {
		c.Fatalf("state: no server is %q", name)
	}
	el := p.server(c)
	p.deliver(letter{from: c.Int("from"), to: el.cfg.Sid, n: wire.Notification{
		From: c.Int("from"), State: states[i], Leader: c.Int("leader"), Zxid: zxid(c),
		PeerEpoch: c.Int("epoch"), ElectionEpoch: c.Int("round"),
	}})
}

// zxid reads zxid=epoch:counter or zxid=none.
func zxid(c *script.Command) wire.Zxid {
	text := c.Text("zxid")
	if text == "none" {
		return wire.NoZxid
	}
	var epoch int64
	var counter uint32
	if _, err := fmt.Sscanf(text, "%d:%d", &epoch, &counter); err != nil {
		c.Fatalf("zxid: %q is not epoch:counter", text)
	}
	return wire.MakeZxid(epoch, counter)
}

func (p *play) status() string {
	var b strings.Builder
	for _, el := range p.up() {
		fmt.Fprintf(&b, "%d %v %v round=%d\n", el.cfg.Sid, el.State(), el.Vote(), el.Round())
	}
	return b.String()
}
