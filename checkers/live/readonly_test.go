package live

import (
	"testing"

	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// readOnlyScenes are about C, which idles, or B, which was left by its leader.
var readOnlyScenes = []scene{
	{"", "a server without a leader shows its history, and joins again", func(p *play) {
		p.readOnly(B, z(1, 1))
		p.fact(B, facts.LocalOpened, 9, 4000, 1)
		p.fact(B, facts.ReadOnlyOpened, 9, 4000, n(1, 1))
		p.fact(B, facts.ReadOnlyEnded)
		p.elect(A, 2, z(1, 1), B)
	}},
	{"", "a read-only server does not know a session that was opened behind its back", func(p *play) {
		p.session(func() {
			p.readOnly(C, 0)
			p.fact(C, facts.SessionRejected, 9)
		})
	}},
	{ReadOnlyAlone, "a server takes part in an epoch and is still read-only", func(p *play) {
		p.readOnly(B, z(1, 1))
		p.elect(A, 2, z(1, 1), B)
	}},
	{ReadOnlyAlone, "a server becomes read-only while it follows", func(p *play) {
		p.fact(B, facts.ReadOnlyBegan, n(1, 1), 0, p.digest(B))
	}},
	{ReadOnlyAlone, "a server lets a client in as if it were read-only", func(p *play) {
		p.fact(B, facts.ReadOnlyOpened, 9, 4000, n(1, 1))
	}},
	{ReadOnlySessions, "a read-only server lets a session in that all know", func(p *play) {
		p.session(func() {
			p.readOnly(B, z(1, 2))
			p.fact(B, facts.ReadOnlyOpened, 9, 4000, n(1, 2))
		})
	}},
	{ReadOnlySessions, "a read-only server declares a session over that all know", func(p *play) {
		p.session(func() {
			p.readOnly(B, z(1, 2))
			p.fact(B, facts.SessionRejected, 9)
		})
	}},
	{"", "a read-only server knows that a session is over", func(p *play) {
		p.session(func() {
			p.proposeFor(A, z(1, 3), 9, 2, &wire.CloseSessionTxn{})
			p.replicate(A, z(1, 3), B)
			p.readOnly(B, z(1, 3))
			p.fact(B, facts.SessionRejected, 9)
		})
	}},
	{PrefixConsistency, "a read-only server shows another tree than its history makes", func(p *play) {
		p.fact(B, facts.StepDown, 1)
		p.fact(B, facts.ReadOnlyBegan, n(1, 1), 0, 4711)
	}},
	{ReplayDeterminism, "a read-only server shows less than its log holds", func(p *play) {
		p.propose(A, z(1, 2), znode("b"))
		p.append(B, z(1, 2))
		p.readOnly(B, z(1, 1))
	}},
}

// readOnly makes a server lose its leader and show its tree.
func (p *play) readOnly(id node.ID, z wire.Zxid) {
	p.fact(id, facts.StepDown, 1)
	p.fact(id, facts.ReadOnlyBegan, int64(z), 0, p.digest(id))
}

// TestTails: what was shown and never committed is told apart from the log.
func TestTails(t *testing.T) {
	p := opened()
	p.propose(A, z(1, 2), znode("b"))
	p.append(B, z(1, 2))
	p.trees[B] = append(p.trees[B], p.txns[z(1, 2)])
	p.readOnly(B, z(1, 2))
	got := p.c.Tails()
	if len(got) != 1 || got[0].After != z(1, 1) || len(got[0].Txns) != 1 || got[0].Txns[0].Zxid != z(1, 2) {
		t.Fatalf("tails %+v, %v", got, p.c.Finding())
	}
	p.append(A, z(1, 2))
	p.ack(A, z(1, 2))
	p.ack(B, z(1, 2))
	p.fact(A, facts.Committed, n(1, 2), bit(A, B))
	if got := p.c.Tails(); len(got) != 0 {
		t.Fatalf("tails %+v of what is committed, %v", got, p.c.Finding())
	}
}
