package live

import (
	"slices"
	"strings"
	"testing"

	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

func z(epoch int64, counter uint32) wire.Zxid { return wire.MakeZxid(epoch, counter) }

func n(epoch int64, counter uint32) int64 { return int64(z(epoch, counter)) }

// opened is a play in which A leads B in epoch 1 and both applied 1:1; C idles.
func opened() *play {
	p := newPlay()
	p.elect(A, 1, 0, B)
	p.write(A, z(1, 1), znode("a"), B)
	return p
}

// scene is something that happens after an opening: sound if want is empty,
// else it breaks exactly the guarantee of that ID.
type scene struct {
	want, story string
	act         func(p *play)
}

// TestInvariants acts every scene: sound ones stay silent, the others break
// exactly the guarantee they are about.
func TestInvariants(t *testing.T) {
	broken := map[string]bool{}
	for _, tc := range slices.Concat(soundScenes, orderScenes, reignScenes, sessionScenes, voteScenes, snapshotScenes, purgeScenes, quorumScenes, localScenes, readOnlyScenes, configScenes, reapingScenes) {
		t.Run(tc.want+" "+tc.story, func(t *testing.T) {
			p := opened()
			if f := p.c.Finding(); f != nil {
				t.Fatalf("the opening broke %v", f)
			}
			tc.act(p)
			got := ""
			if f := p.c.Finding(); f != nil {
				got = f.Guarantee
				checkText(t, p)
			}
			if got != tc.want {
				t.Fatalf("broke %q, want %q\n%v", got, tc.want, p.c.Finding())
			}
		})
		broken[tc.want] = true
	}
	for _, g := range Guarantees {
		if !broken[g.ID] {
			t.Errorf("no scene breaks %s", g.ID)
		}
	}
}

// checkText checks that a finding can stand alone in a report.
func checkText(t *testing.T, p *play) {
	f := p.c.Finding()
	sentence := strings.TrimSuffix(sentences[f.Guarantee], ".")
	if sentence == "" || !strings.HasPrefix(f.Explanation, sentence+"; but ") || !strings.Contains(f.Explanation, "zk") {
		t.Errorf("explanation %q does not go from the sentence to a server", f.Explanation)
	}
	if f.Step != p.step || f.At != p.at || f.Node == "" || len(f.Evidence) == 0 {
		t.Errorf("finding %+v does not say where", f)
	}
	if strings.Contains(f.Explanation+strings.Join(f.Evidence, ""), "%!") {
		t.Errorf("finding %+v is badly formatted", f)
	}
	t.Logf("%v", f)
	for _, e := range f.Evidence {
		t.Log(e)
	}
}

// TestLog checks that the committed log has everything committed in order, with
// the time of the first application.
func TestLog(t *testing.T) {
	p := opened()
	p.propose(A, z(1, 2), znode("b"))
	for _, id := range []node.ID{A, B} {
		p.append(id, z(1, 2))
		p.ack(id, z(1, 2))
	}
	p.propose(A, z(1, 3), znode("c"))
	p.fact(A, facts.Committed, n(1, 2), bit(A, B))
	committed := p.at
	if got := p.c.Log(); len(got) != 2 || got[1].Txn.Zxid != z(1, 2) || got[1].At != committed {
		t.Fatalf("log before application: %+v", got)
	}
	p.apply(B, z(1, 2))
	first := p.at
	p.apply(A, z(1, 2))
	if got := p.c.Log(); len(got) != 2 || got[0].Txn.Zxid != z(1, 1) || got[1].At != first {
		t.Fatalf("log after application: %+v", got)
	}
}

// TestStrangers checks that facts of other processes are nobody's.
func TestStrangers(t *testing.T) {
	p := opened()
	p.fact(17, facts.Committed, n(1, 1), bit(A, B))
	p.fact(17, facts.SessionExpiring, 9, 4000, 0, 0)
	p.c.Booted(17)
	p.c.Crashed(17)
	if f := p.c.Finding(); f != nil {
		t.Fatal(f)
	}
}
