package live

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// TestFoldsTwin asks for digests of a random tree of histories in random order
// and compares each with a replay of that history alone.
func TestFoldsTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root := &entry{committed: true}
		f := folds{root: root}
		all := []*entry{root}
		for range rapid.IntRange(1, 60).Draw(t, "asks") {
			if rapid.Bool().Draw(t, "grow") {
				prev := all[rapid.IntRange(max(0, len(all)-4), len(all)-1).Draw(t, "on")]
				zxid := wire.Zxid(len(all))
				all = append(all, &entry{zxid: zxid, prev: prev,
					txn: &wire.Txn{Zxid: zxid, Type: wire.OpCreate, Body: znode(fmt.Sprint(len(all) % 7))}})
				continue
			}
			e := rapid.SampledFrom(all).Draw(t, "ask")
			if got, want := f.digest(e), replay(e); got != want {
				t.Fatalf("digest of %v is %x, replay says %x", e, got, want)
			}
		}
	})
}

// replay is the dumb twin of folds.
func replay(e *entry) uint64 {
	var path []*entry
	for ; e.prev != nil; e = e.prev {
		path = append(path, e)
	}
	tree := reference.New()
	for i := len(path) - 1; i >= 0; i-- {
		tree.Apply(path[i].txn)
	}
	return tree.Digest()
}

// TestHolds compares the walk with membership in the list of all prefixes.
func TestHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := []*entry{{committed: true}}
		for i := range rapid.IntRange(1, 20).Draw(t, "entries") {
			all = append(all, &entry{zxid: wire.Zxid(i + 1), prev: rapid.SampledFrom(all).Draw(t, "on")})
		}
		e, a := rapid.SampledFrom(all).Draw(t, "e"), rapid.SampledFrom(all).Draw(t, "a")
		want := false
		for p := e; p != nil; p = p.prev {
			want = want || p == a
		}
		if got := e.holds(a); got != want {
			t.Fatalf("%v holds %v: %v, want %v", e, a, got, want)
		}
	})
}

// TestRecords cuts a log file anywhere, damages a byte anywhere, and pads it:
// what is read is always the records before the damage.
func TestRecords(t *testing.T) {
	file := append([]byte{}, logHeader...)
	var ends []int
	for i := range uint32(4) {
		file = append(file, logRecord(&wire.Txn{Zxid: z(1, i+1), Type: wire.OpCreate, Body: znode("some-name")})...)
		ends = append(ends, len(file))
	}
	whole := func(b []byte) int {
		n := 0
		for _, r := range records(b, 0) {
			n++
			if zxidIn(r) != z(1, uint32(n)) {
				t.Fatalf("record %d has zxid %v", n, zxidIn(r))
			}
		}
		return n
	}
	for at := range len(file) + 1 {
		want := 0
		for want < len(ends) && ends[want] <= at {
			want++
		}
		if got := whole(file[:at]); got != want {
			t.Errorf("cut at %d: %d records, want %d", at, got, want)
		}
		if at == len(file) || at >= len(logMagic) && at < logHeaderSize {
			continue // version and database id are the server's business
		}
		damaged := append([]byte{}, file...)
		damaged[at] ^= 0x10
		if got := whole(damaged); got != want {
			t.Errorf("damage at %d: %d records, want %d", at, got, want)
		}
	}
	if got := whole(append(file, make([]byte, 100)...)); got != 4 {
		t.Errorf("padded: %d records, want 4", got)
	}
}

// TestScanTwin appends, rolls, syncs, snapshots and purges at random. Reading on
// from where the last reading ended finds what reading everything finds.
func TestScanTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := opened()
		s, d := p.c.server(A), p.disks[A]
		last, file := z(1, 1), logFile
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 6).Draw(t, "do") {
			case 0:
				d.sync()
			case 1:
				file = fmt.Sprintf("log.%x", int64(last)+1)
			case 2:
				d.cached[fmt.Sprintf("snapshot.%x", int64(last))] = []byte("snapshot")
				if rapid.Bool().Draw(t, "purge") && file != logFile {
					d.sync() // a server purges what a durable snapshot covers
					delete(d.cached, logFile)
				}
			default:
				last++
				p.propose(A, last, znode(fmt.Sprint(int64(last))))
				p.appendTo(A, file, last)
			}
			for _, v := range []view{cached, durable} {
				got, problem := p.c.diskHistory(s, v)
				s.scanned[v] = scan{}
				want, wantProblem := p.c.diskHistory(s, v)
				if got != want || problem != wantProblem {
					t.Fatalf("view %d: read on to %v %q, afresh to %v %q", v, got, problem, want, wantProblem)
				}
				if v == cached && got.zxid != last {
					t.Fatalf("the log ends at %v, read %v", last, got)
				}
			}
		}
	})
}

// TestStretchTwin appends, rolls, snapshots and deletes files at random. Where a log
// leads according to what earlier purges read of it is where reading it anew leads.
func TestStretchTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := opened()
		s, d := p.c.server(A), p.disks[A]
		last, files := z(1, 1), []string{logFile}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 6).Draw(t, "do") {
			case 0:
				if name := fmt.Sprintf("log.%x", int64(last)+1); name != files[len(files)-1] {
					files = append(files, name)
				}
			case 1, 2:
				if len(files) > 1 {
					i := rapid.IntRange(0, len(files)-2).Draw(t, "gone")
					delete(d.cached, files[i])
					files = slices.Delete(files, i, i+1)
				}
			default:
				last++
				p.propose(A, last, znode(fmt.Sprint(int64(last))))
				p.appendTo(A, files[len(files)-1], last)
			}
			counter := rapid.Uint32Range(1, last.Counter()).Draw(t, "snapshot")
			got := p.c.replayable(s, z(1, counter), last)
			kept := s.read
			s.read = nil
			if want := p.c.replayable(s, z(1, counter), last); got != want {
				t.Fatalf("from %d, read on: %q, afresh: %q", counter, got, want)
			}
			if rapid.Bool().Draw(t, "remember") {
				s.read = kept
			}
		}
	})
}

// TestZxidOf checks which names are snapshots and logs.
func TestZxidOf(t *testing.T) {
	for _, tc := range []struct {
		file, prefix string
		want         wire.Zxid
		ok           bool
	}{
		{"log.100000001", "log.", z(1, 1), true},
		{"snapshot.0", "snapshot.", 0, true},
		{"snapshot.2000000ff", "snapshot.", z(2, 255), true},
		{"snapshot.100000001.tmp", "snapshot.", 0, false},
		{"snapshot.100000001", "log.", 0, false},
		{"currentEpoch", "log.", 0, false},
	} {
		if got, ok := zxidOf(tc.file, tc.prefix); ok != tc.ok || ok && got != tc.want {
			t.Errorf("zxidOf(%q, %q) = %v, %v; want %v, %v", tc.file, tc.prefix, got, ok, tc.want, tc.ok)
		}
	}
}

// boundless is a ghost whose disks hold everything at once, for the benchmark.
type boundless struct{ *play }

func (boundless) DurableSize(node.ID, string) int64 { return 1 << 62 }

// BenchmarkWrite measures the checks of one write on three servers: one
// proposal, three appends, acknowledgements and applications, one commit. The
// share of the reference tree is in it.
func BenchmarkWrite(b *testing.B) {
	p := opened()
	p.c.ghost = boundless{p}
	tree := reference.New()
	tree.Apply(p.txns[z(1, 1)])
	txns := make([]*wire.Txn, b.N)
	digests := make([]int64, b.N)
	for i := range txns {
		txns[i] = &wire.Txn{Zxid: z(1, uint32(i+2)), Cxid: 1, Type: wire.OpSetData,
			Body: &wire.SetDataTxn{Path: "/a", Data: []byte("value"), Version: int32(i)}}
		tree.Apply(txns[i])
		digests[i] = int64(tree.Digest())
	}
	p.append(C, z(1, 1))
	p.apply(C, z(1, 1))
	all := []node.ID{A, B, C}
	b.ReportAllocs()
	b.ResetTimer()
	for i, txn := range txns {
		zxid := int64(txn.Zxid)
		p.say(A, facts.Proposed, "", txn, zxid)
		for _, id := range all {
			p.say(id, facts.Logged, logFile, txn, zxid, int64(i))
			p.fact(id, facts.Acked, zxid)
		}
		p.fact(A, facts.Committed, zxid, bit(A, B, C))
		for _, id := range all {
			p.say(id, facts.Applied, "", txn, zxid, 0, digests[i])
		}
	}
	b.ReportMetric(float64(11*b.N)/b.Elapsed().Seconds(), "facts/s")
	if f := p.c.Finding(); f != nil {
		b.Fatal(f)
	}
}
