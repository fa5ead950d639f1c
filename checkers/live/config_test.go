package live

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// configText is the text of a configuration of participants.
func configText(version wire.Zxid, sids ...int) string {
	text := ""
	for _, sid := range sids {
		text += fmt.Sprintf("server.%d=zk%d:2888:3888:participant;0.0.0.0:2181\n", sid, sid)
	}
	return fmt.Sprintf("%sversion=%x", text, int64(version))
}

// changing makes the ensemble one that changes, as if it always had been.
func (p *play) changing() {
	g, err := parseConfig(configText(0, 1, 2, 3))
	if err != nil {
		panic(err)
	}
	p.c.cfg.Initial, p.c.operator, p.c.initial = g.text(), g, g
	p.c.named(1)
	for _, s := range p.c.servers {
		s.config = p.c.initial
		p.keepConfig(s.ID, z(1, 0), configText(z(1, 0), 1, 2, 3))
	}
}

// keepConfig writes the file of an active configuration, durably.
func (p *play) keepConfig(id node.ID, version wire.Zxid, text string) {
	p.disks[id].cached[fmt.Sprintf("zoo.cfg.dynamic.%x", int64(version))] = []byte(text)
	p.disks[id].sync()
}

// seeConfig writes the file of a configuration that may come to be active, durably.
func (p *play) seeConfig(id node.ID, text string) {
	p.disks[id].cached[nextConfig] = []byte(text)
	p.disks[id].sync()
}

// reconfig issues a reconfiguration.
func (p *play) reconfig(leader node.ID, at wire.Zxid, text string) {
	p.txns[at] = &wire.Txn{Session: 7, Cxid: 1, Zxid: at, Time: int64(at.Counter()), Type: wire.OpReconfig,
		Body: &wire.SetDataTxn{Path: "/zookeeper/config", Data: []byte(text), Version: -1}}
	p.clock = p.txns[at].Time
	p.say(leader, facts.Proposed, "", p.txns[at], int64(at), 7, 1)
}

// seen carries a reconfiguration to the disks of some, who acknowledge it.
func (p *play) seen(at wire.Zxid, text string, ids ...node.ID) {
	for _, id := range ids {
		p.seeConfig(id, text)
		p.append(id, at)
		p.ack(id, at)
	}
}

// activate makes a server go by a configuration.
func (p *play) activate(id node.ID, version wire.Zxid, text string) {
	p.keepConfig(id, version, text)
	p.say(id, facts.ConfigActivated, text, nil, int64(version))
}

// removed is an ensemble whose leader A is removed by 1:2, and has 1:3 behind it.
func (p *play) removed() {
	p.changing()
	text := configText(z(1, 2), 2, 3)
	p.reconfig(A, z(1, 2), text)
	p.propose(A, z(1, 3), znode("b"))
	p.c.servers[C].log = p.c.servers[B].log // C is a follower like B
	p.disks[C].cached[logFile] = p.disks[B].cached[logFile]
	p.disks[C].sync()
	p.seen(z(1, 2), text, A, B, C)
	p.fact(A, facts.Committed, n(1, 2), bit(A, B, C))
}

// replaceTwice is an ensemble in which 1:2 is active and 1:3 is on its way, which B
// acknowledges, with or without having noted that 1:2 is active.
func (p *play) replaceTwice(noted bool) {
	p.changing()
	two, three := configText(z(1, 2), 1, 2), configText(z(1, 3), 1, 2, 3)
	p.reconfig(A, z(1, 2), two)
	p.seen(z(1, 2), two, A, B)
	p.fact(A, facts.Committed, n(1, 2), bit(A, B))
	p.activate(A, z(1, 2), two)
	if noted {
		p.activate(B, z(1, 2), two)
	}
	p.reconfig(A, z(1, 3), three)
	p.seen(z(1, 3), three, B)
}

// demote is an ensemble whose follower B is made an observer by 1:2, and has 1:3 behind it.
func (p *play) demote() {
	p.changing()
	text := strings.Replace(configText(z(1, 2), 1, 2), "zk2:2888:3888:participant", "zk2:2888:3888:observer", 1)
	p.reconfig(A, z(1, 2), text)
	p.propose(A, z(1, 3), znode("b"))
	p.seen(z(1, 2), text, A, B)
	p.fact(A, facts.Committed, n(1, 2), bit(A, B))
	p.activate(A, z(1, 2), text)
	p.activate(B, z(1, 2), text)
	p.append(A, z(1, 3))
	p.ack(A, z(1, 3))
}

// configScenes are about an ensemble that changes.
var configScenes = []scene{
	{"", "a server leaves", func(p *play) {
		p.changing()
		text := configText(z(1, 2), 1, 2)
		p.reconfig(A, z(1, 2), text)
		p.seen(z(1, 2), text, A, B)
		p.fact(A, facts.Committed, n(1, 2), bit(A, B))
		p.activate(A, z(1, 2), text)
		p.activate(B, z(1, 2), text)
		p.apply(A, z(1, 2))
		p.apply(B, z(1, 2))
		p.write(A, z(1, 3), znode("b"), B)
	}},
	{"", "a server leaves and comes back", func(p *play) {
		p.replaceTwice(true)
	}},
	{"", "the leader is removed and stays silent", func(p *play) {
		p.removed()
		p.activate(A, z(1, 2), configText(z(1, 2), 2, 3))
	}},
	{"", "a removed server decides by what it knows", func(p *play) {
		p.changing()
		p.fact(C, facts.VotesCounted, 2, bit(B, C), n(1, 0), n(1, 0))
	}},
	{"", "what is still to come counts as well", func(p *play) {
		p.changing()
		text := configText(z(1, 2), 1)
		p.reconfig(A, z(1, 2), text)
		p.seen(z(1, 2), text, B)
		p.fact(B, facts.VotesCounted, 2, bit(A, B), n(1, 0), n(1, 2))
		p.fact(B, facts.ElectionDecided, 2, 2)
	}},
	{"", "who joins others need not wait for what is still to come", func(p *play) {
		p.changing()
		text := configText(z(1, 2), 1, 4, 5)
		p.reconfig(A, z(1, 2), text)
		p.seen(z(1, 2), text, A)
		p.fact(A, facts.VotesCounted, 2, bit(B, C), n(1, 0), n(1, 2))
		p.fact(A, facts.ElectionDecided, 2, 3)
	}},
	{"", "what a follower logged counts when it is an observer", func(p *play) {
		p.demote()
		p.append(B, z(1, 3))
		p.disks[B].sync()
		p.fact(A, facts.Committed, n(1, 3), bit(A, B))
	}},
	{"", "what a follower logged counts when it is an observer about to be promoted by that", func(p *play) {
		p.changing()
		two := strings.Replace(configText(z(1, 2), 1, 2), "zk2:2888:3888:participant", "zk2:2888:3888:observer", 1)
		p.reconfig(A, z(1, 2), two)
		p.seen(z(1, 2), two, A, B)
		p.fact(A, facts.Committed, n(1, 2), bit(A, B))
		p.activate(A, z(1, 2), two)
		three := configText(z(1, 3), 1, 2)
		p.reconfig(A, z(1, 3), three)
		p.seen(z(1, 3), three, A)
		p.seeConfig(B, three)
		p.append(B, z(1, 3))
		p.disks[B].sync()
		p.activate(B, z(1, 2), two)
		p.fact(A, facts.Committed, n(1, 3), bit(A, B))
	}},
	{QuorumEvidence, "what an observer did not log does not", func(p *play) {
		p.demote()
		p.fact(A, facts.Committed, n(1, 3), bit(A, B))
	}},
	{QuorumEvidence, "a reconfiguration lacks a quorum of the new", func(p *play) {
		p.changing()
		text := configText(z(1, 2), 3)
		p.reconfig(A, z(1, 2), text)
		p.seen(z(1, 2), text, A, B)
		p.fact(A, facts.Committed, n(1, 2), bit(A, B))
	}},
	{QuorumEvidence, "a reconfiguration lacks a quorum of the old", func(p *play) {
		p.changing()
		text := configText(z(1, 2), 1)
		p.reconfig(A, z(1, 2), text)
		p.seen(z(1, 2), text, A)
		p.fact(A, facts.Committed, n(1, 2), bit(A))
	}},
	{QuorumEvidence, "so does what is proposed behind it", func(p *play) {
		p.changing()
		text := configText(z(1, 2), 1, 2)
		p.reconfig(A, z(1, 2), text)
		p.propose(A, z(1, 3), znode("b"))
		p.seen(z(1, 2), text, A, B)
		p.fact(A, facts.Committed, n(1, 2), bit(A, B))
		p.append(A, z(1, 3))
		p.ack(A, z(1, 3))
		p.fact(A, facts.Committed, n(1, 3), bit(A))
	}},
	{ConfigVersion, "the version is that of another zxid", func(p *play) {
		p.changing()
		p.reconfig(A, z(1, 2), configText(z(1, 5), 1, 2))
	}},
	{ConfigVersion, "nobody is left to vote", func(p *play) {
		p.changing()
		p.reconfig(A, z(1, 2), configText(z(1, 2)))
	}},
	{ConfigOneAtATime, "two are under way", func(p *play) {
		p.changing()
		p.reconfig(A, z(1, 2), configText(z(1, 2), 1, 2))
		p.reconfig(A, z(1, 3), configText(z(1, 3), 1, 3))
	}},
	{ConfigActive, "a follower does not wait for the commit", func(p *play) {
		p.changing()
		p.reconfig(A, z(1, 2), configText(z(1, 2), 1, 2))
		p.activate(B, z(1, 2), configText(z(1, 2), 1, 2))
	}},
	{ConfigActive, "a server goes by another text", func(p *play) {
		p.removed()
		p.activate(B, z(1, 2), configText(z(1, 2), 1, 2, 3))
	}},
	{ConfigActive, "a server goes back", func(p *play) {
		p.removed()
		p.activate(B, z(1, 2), configText(z(1, 2), 2, 3))
		p.say(B, facts.ConfigActivated, configText(z(1, 0), 1, 2, 3), nil, n(1, 0))
	}},
	{ConfigDurable, "a reconfiguration is acknowledged without its file", func(p *play) {
		p.changing()
		p.reconfig(A, z(1, 2), configText(z(1, 2), 1, 2))
		p.append(B, z(1, 2))
		p.ack(B, z(1, 2))
	}},
	{ConfigDurable, "a reconfiguration is acknowledged without the file of what it replaces", func(p *play) {
		p.replaceTwice(false)
	}},
	{ConfigElection, "a stranger is counted", func(p *play) {
		p.removed()
		p.activate(B, z(1, 2), configText(z(1, 2), 2, 3))
		p.fact(B, facts.VotesCounted, 2, bit(A, B), n(1, 2), n(1, 2))
	}},
	{ConfigElection, "what is still to come has no quorum for who leads", func(p *play) {
		p.changing()
		text := configText(z(1, 2), 1)
		p.reconfig(A, z(1, 2), text)
		p.seen(z(1, 2), text, B)
		p.fact(B, facts.VotesCounted, 2, bit(B, C), n(1, 0), n(1, 2))
		p.fact(B, facts.ElectionDecided, 2, 2)
	}},
	{ConfigElection, "a server joins without a quorum", func(p *play) {
		p.changing()
		p.fact(B, facts.VotesCounted, 2, bit(C), n(1, 0), n(1, 0))
	}},
	{ConfigElection, "a server claims to go by what its disk has not", func(p *play) {
		p.removed()
		p.fact(B, facts.VotesCounted, 2, bit(B, C), n(1, 2), n(1, 2))
	}},
	{ConfigLeader, "the leader is removed and commits", func(p *play) {
		p.removed()
		for _, id := range []node.ID{A, B, C} {
			p.append(id, z(1, 3))
			p.ack(id, z(1, 3))
		}
		p.fact(A, facts.Committed, n(1, 3), bit(A, B, C))
	}},
}

func TestParseConfig(t *testing.T) {
	g, err := parseConfig("server.1=a:1:2:participant;3\nserver.2=b:1:2;3\nserver.3=c:1:2:observer;3\n" +
		"group.1=1\ngroup.2=2\nweight.1=0\nversion=100000002")
	if err != nil {
		t.Fatal(err)
	}
	if g.version != z(1, 2) || g.participants != 0b110 || g.observers != 0b1000 || g.voters != 0b100 {
		t.Errorf("read as %+v", g)
	}
	if g.short(0b100) != "" || g.short(0b10) == "" {
		t.Error("server 2 alone decides")
	}
	for _, text := range []string{"server.x=a", "server.99=a", "version=g", "who.1=me", "group.1=a", "weight.1=b"} {
		if _, err := parseConfig(text); err == nil {
			t.Errorf("%q makes sense", text)
		}
	}
}
