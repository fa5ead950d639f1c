package live

import (
	"testing"

	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// TestWhatDecides holds the arithmetic of votes against decisions counted by hand.
func TestWhatDecides(t *testing.T) {
	pairs := []Group{{{1, 1}, {2, 1}}, {{3, 1}, {4, 1}}, {{5, 1}}}
	for _, c := range []struct {
		name    string
		groups  []Group
		counted []int64
		want    string
	}{
		{"a majority", nil, []int64{1, 2, 3}, ""},
		{"two of five", nil, []int64{1, 2}, "2 of 5"},
		{"one of each group is most servers and one group", pairs, []int64{1, 3, 5}, "1 of 3 groups"},
		{"one whole pair and the single", pairs, []int64{1, 2, 5}, ""},
		{"both pairs", pairs, []int64{1, 2, 3, 4}, ""},
		{"one whole pair", pairs, []int64{3, 4}, "1 of 3 groups"},
		{"half of the weight is not more than half", []Group{{{1, 2}, {2, 1}, {3, 1}}}, []int64{1}, "0 of 1 groups"},
		{"the heavy one and another", []Group{{{1, 2}, {2, 1}, {3, 1}}}, []int64{1, 3}, ""},
		{"a group without weight is none", []Group{{{1, 1}}, {{2, 0}}, {{3, 1}}}, []int64{1, 3}, ""},
		{"a server without weight adds none", []Group{{{1, 1}, {2, 1}, {3, 0}}}, []int64{1, 3}, "0 of 1 groups"},
	} {
		var servers []Server
		for sid := int64(1); sid <= 5; sid++ {
			servers = append(servers, Server{ID: node.ID(sid - 1), Sid: sid, Name: "zk"})
		}
		checker := New(servers, nil, Config{Groups: c.groups})
		var counted uint64
		for _, sid := range c.counted {
			counted |= 1 << sid
		}
		if got := checker.initial.short(counted); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// quorumScenes are about who counts.
var quorumScenes = []scene{
	{LeaderServesNone, "a leader that is kept for leading lets a client in", func(p *play) {
		p.session(func() {
			p.c.cfg.LeaderRefuses = true
			p.fact(B, facts.SessionOpened, 9, 4000) // a follower may
			p.fact(A, facts.SessionOpened, 9, 4000)
		})
	}},
	{ConnectionLimits, "a third connection from an address that may have two", func(p *play) {
		p.c.cfg.MaxClientCnxns = 2
		p.comes(7, 8, 7, 8, 8)
	}},
	{ConnectionLimits, "a fourth connection to a server that may have three", func(p *play) {
		p.c.cfg.MaxCnxns = 3
		p.comes(5, 6, 7, 8)
	}},
	{"", "as many connections as may be", func(p *play) {
		p.c.cfg.MaxClientCnxns, p.c.cfg.MaxCnxns = 2, 4
		p.comes(7, 8, 7, 8)
	}},
	{"", "connections without a limit", func(p *play) { p.comes(7, 7, 7, 7, 7, 7) }},
	{QuorumEvidence, "a commit counts a server without weight", func(p *play) {
		p.ballot(Group{{1, 1}, {2, 0}, {3, 1}})
		p.replicateOnce(z(1, 2), A, B)
	}},
	{QuorumEvidence, "most servers acknowledge, and half of the groups", func(p *play) {
		p.ballot(Group{{1, 1}, {2, 1}}, Group{{3, 1}})
		p.replicateOnce(z(1, 2), A, B)
	}},
	{QuorumEvidence, "a commit counts an observer", func(p *play) {
		p.observes(B)
		p.propose(A, z(1, 2), znode("b"))
		p.append(A, z(1, 2))
		p.ack(A, z(1, 2))
		p.c.epochOf(1).acked[1] = z(1, 2)
		p.fact(A, facts.Committed, n(1, 2), bit(A, B))
	}},
	{QuorumEvidence, "an observer acknowledges a proposal", func(p *play) {
		p.observes(B)
		p.propose(A, z(1, 2), znode("b"))
		p.append(B, z(1, 2))
		p.ack(B, z(1, 2))
	}},
	{QuorumEvidence, "a follower is informed", func(p *play) {
		p.fact(B, facts.Informed, n(1, 1))
	}},
	{CommittedLog, "an observer is informed before the commit", func(p *play) {
		p.observes(B)
		p.propose(A, z(1, 2), znode("b"))
		p.fact(B, facts.Informed, n(1, 2))
	}},
	{Integrity, "an observer is informed of what nobody proposed", func(p *play) {
		p.observes(B)
		p.fact(B, facts.Informed, n(1, 9))
	}},
	{"", "an observer is informed, logs and applies", func(p *play) {
		p.observes(C)
		p.replicateOnce(z(1, 2), A, B)
		p.append(C, z(1, 1))
		for _, at := range []wire.Zxid{z(1, 1), z(1, 2)} {
			p.fact(C, facts.Informed, int64(at))
			p.apply(C, at)
		}
		p.append(C, z(1, 2))
	}},
	{"", "one heavy server decides", func(p *play) {
		p.ballot(Group{{1, 3}, {2, 1}, {3, 1}})
		p.replicateOnce(z(1, 2), A)
	}},
	{"", "a server without weight votes for whom it hears of", func(p *play) {
		p.ballot(Group{{1, 1}, {2, 0}, {3, 1}})
		p.fact(C, facts.ElectionStarted, 2, 0, 0)
		p.fact(B, facts.ElectionStarted, 2, n(1, 1), 1)
		p.fact(B, facts.BetterVote, 2, 3)
	}},
}

// comes has clients open connections to A, one after the other.
func (p *play) comes(from ...node.ID) {
	for i, client := range from {
		p.clients = from[:i+1]
		p.fact(A, facts.ClientAdmitted, int64(client))
	}
}

// ballot changes who votes, from here on.
func (p *play) ballot(groups ...Group) {
	p.configure(groups)
}

// configure makes the ensemble's configuration anew from who its servers are.
func (p *play) configure(groups []Group) {
	p.c.operator = p.c.written(groups)
	p.c.initial = p.c.operator
	for _, s := range p.c.servers {
		s.config = p.c.operator
	}
}

// replicateOnce has A propose and commit on the word of some, itself first.
func (p *play) replicateOnce(at wire.Zxid, who ...node.ID) {
	p.propose(A, at, znode("b"))
	for _, id := range who {
		p.append(id, at)
		p.ack(id, at)
	}
	p.fact(A, facts.Committed, int64(at), bit(who...))
}

// observes makes a server an observer, from here on.
func (p *play) observes(id node.ID) {
	p.c.server(id).Observer = true
	p.configure(nil)
}
