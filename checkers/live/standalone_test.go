package live

import (
	"fmt"
	"testing"

	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// lonely is a play of one server without an ensemble.
func lonely() *play {
	p := newPlayOf(1)
	p.standAlone()
	return p
}

func (p *play) standAlone() {
	last := wire.Zxid(0)
	if n := len(p.trees[A]); n > 0 {
		last = p.trees[A][n-1].Zxid
	}
	p.disks[A].sync()
	p.fact(A, facts.StandsAlone, int64(last), 0, p.digest(A))
}

// TestStandalone: a server without an ensemble is held to its own word.
func TestStandalone(t *testing.T) {
	for _, tc := range []scene{
		{"", "it writes, and gives out again the zxid of what a crash took", func(p *play) {
			p.write(A, z(0, 1), znode("a"))
			p.propose(A, z(0, 2), znode("b"))
			p.append(A, z(0, 2))
			p.crash(A)
			p.boot(A)
			p.standAlone()
			p.write(A, z(0, 2), znode("c"))
		}},
		{AckDurability, "it answers what is not durable", func(p *play) {
			p.propose(A, z(0, 1), znode("a"))
			p.append(A, z(0, 1))
			p.fact(A, facts.Acked, n(0, 1))
		}},
		{LocalPrimaryOrder, "it leaves a zxid out", func(p *play) {
			p.write(A, z(0, 1), znode("a"))
			p.propose(A, z(0, 3), znode("c"))
		}},
		{ReplayDeterminism, "it goes on from another tree", func(p *play) {
			p.write(A, z(0, 1), znode("a"))
			p.fact(A, facts.StandsAlone, n(0, 1), 0, 4711)
		}},
		{ExpiryNotEarly, "it expires a session that was heard of", func(p *play) {
			p.proposeFor(A, z(0, 1), 9, 0, &wire.CreateSessionTxn{TimeoutMs: 4000})
			p.replicate(A, z(0, 1))
			p.fact(A, facts.SessionExpiring, 9, 4000, 1, 0)
		}},
	} {
		t.Run(fmt.Sprint(tc.want, " ", tc.story), func(t *testing.T) {
			p := lonely()
			tc.act(p)
			got := ""
			if f := p.c.Finding(); f != nil {
				got = f.Guarantee
			}
			if got != tc.want {
				t.Fatalf("broke %q, want %q\n%v", got, tc.want, p.c.Finding())
			}
		})
	}
}
