package reference

import (
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"pgregory.net/rapid"
)

// txn makes a transaction with zxid 1:c at c*10 ms.
func txn(c uint32, session int64, body wire.TxnBody) *wire.Txn {
	return &wire.Txn{Session: session, Zxid: wire.MakeZxid(1, c), Time: int64(c) * 10, Body: body}
}

func TestFreshTree(t *testing.T) {
	tree := New()
	got, code := tree.Stat("/")
	if want := (wire.Stat{Cversion: -1, NumChildren: 1}); got != want || code != wire.OK {
		t.Errorf("a fresh root has %+v (%v), want %+v", got, code, want)
	}
	names, _, _ := tree.Children("/zookeeper")
	if want := []string{"config", "quota"}; !slices.Equal(names, want) {
		t.Errorf("/zookeeper holds %v, want %v", names, want)
	}
	zero := uint64(crc32.ChecksumIEEE([]byte("/" + strings.Repeat("\x00", 5*8+3*4+8))))
	if tree.Digest() != zero {
		t.Errorf("digest %x counts more than the root, which is %x", tree.Digest(), zero)
	}
}

// TestCountsOfCreatesGoRound: after 2^31-1 comes -2^31, in the tree and in a trial, and a
// replay of what was before it does not bring it back.
func TestCountsOfCreatesGoRound(t *testing.T) {
	tree := New()
	tree.SetStarts(history.Rules{SequenceStart: 1<<31 - 2})
	tree.Apply(txn(1, 7, &wire.CreateTxn{Path: "/q", ParentCversion: 1}))
	child := &history.Part{F: history.Create, Path: "/q/n", Mode: wire.ModePersistentSequential}
	for i, want := range []string{"/q/n0000000000", "/q/n2147483646", "/q/n2147483647", "/q/n-2147483648", "/q/n-2147483647"} {
		trial := tree.Try()
		if got := trial.CreatedPath(child); got != want {
			t.Errorf("create %d makes %s, want %s", i, got, want)
		}
		next := tree.NextCreates("/q")
		if trial.Do(7, child); trial.look("/q").creates != next {
			t.Errorf("create %d: a trial counts %d, the tree %d", i, trial.look("/q").creates, next)
		}
		if code := tree.Apply(txn(uint32(i+2), 7, &wire.CreateTxn{Path: want, ParentCversion: next})); code != wire.OK || tree.Creates("/q") != next {
			t.Errorf("create %d: %v, the count is %d, want %d", i, code, tree.Creates("/q"), next)
		}
	}
	if st, _ := tree.Stat("/q"); st.Cversion != -1 || st.NumChildren != 5 {
		t.Errorf("at a count of -2^31+2 with five children, cversion is %d", st.Cversion)
	}
	before := tree.Creates("/q")
	tree.Apply(txn(4, 7, &wire.CreateTxn{Path: "/q/n2147483647", ParentCversion: 1<<31 - 1}))
	if tree.Creates("/q") != before {
		t.Errorf("a replay moved the count from %d to %d", before, tree.Creates("/q"))
	}
}

func TestStatFollowsTheSpecification(t *testing.T) {
	z := func(c uint32) wire.Zxid { return wire.MakeZxid(1, c) }
	tree := New()
	for i, body := range []wire.TxnBody{
		&wire.CreateSessionTxn{TimeoutMs: 4000},
		&wire.CreateTxn{Path: "/a", Data: []byte("one"), ParentCversion: 1},
		&wire.CreateTxn{Path: "/a/e", Ephemeral: true, ParentCversion: 1},
		&wire.CreateTxn{Path: "/a/p", ParentCversion: 2},
		&wire.SetDataTxn{Path: "/a", Data: []byte("longer"), Version: 1},
		&wire.ErrorTxn{Err: wire.ErrBadVersion},
		&wire.DeleteTxn{Path: "/a/p"},
	} {
		if code := tree.Apply(txn(uint32(i+1), 7, body)); code != wire.OK {
			t.Fatalf("transaction %d: %v", i+1, code)
		}
	}
	steps := []struct {
		path string
		want wire.Stat
	}{
		{"/", wire.Stat{Pzxid: z(2), Cversion: 0, NumChildren: 2}},
		{"/a", wire.Stat{Czxid: z(2), Mzxid: z(5), Pzxid: z(7), Ctime: 20, Mtime: 50, Version: 1, Cversion: 3, DataLength: 6, NumChildren: 1}},
		{"/a/e", wire.Stat{Czxid: z(3), Mzxid: z(3), Pzxid: z(3), Ctime: 30, Mtime: 30, EphemeralOwner: 7}},
	}
	for _, s := range steps {
		if got, _ := tree.Stat(s.path); got != s.want {
			t.Errorf("%s: got  %+v\nwant %+v", s.path, got, s.want)
		}
	}
	tree.Apply(txn(8, 7, &wire.CloseSessionTxn{}))
	if _, code := tree.Stat("/a/e"); code != wire.ErrNoNode || tree.SessionOpen(7) {
		t.Errorf("the session's end left its ephemeral (%v) or itself", code)
	}
	if got, _ := tree.Stat("/a"); got.Pzxid != z(8) || got.Cversion != 4 {
		t.Errorf("the end of an ephemeral counts as a change of children, got %+v", got)
	}
}

func TestObjections(t *testing.T) {
	tree := New()
	tree.Apply(txn(1, 7, &wire.CreateSessionTxn{}))
	tree.Apply(txn(2, 7, &wire.CreateTxn{Path: "/a", ParentCversion: 1}))
	tree.Apply(txn(3, 7, &wire.CreateTxn{Path: "/a/b", ParentCversion: 1}))
	tree.Apply(txn(4, 7, &wire.CreateTxn{Path: "/e", Ephemeral: true, ParentCversion: 2}))
	type P = history.Part
	tests := []struct {
		session int64
		p       P
		want    []wire.ErrorCode
	}{
		{7, P{F: history.Create, Path: "/c"}, nil},
		{7, P{F: history.Create, Path: "/a"}, []wire.ErrorCode{wire.ErrNodeExists}},
		{7, P{F: history.Create, Path: "/a", Mode: wire.ModePersistentSequential}, nil},
		{7, P{F: history.Create, Path: "/x/y"}, []wire.ErrorCode{wire.ErrNoNode}},
		{7, P{F: history.Create, Path: "/e/y"}, []wire.ErrorCode{wire.ErrNoChildrenForEph}},
		{7, P{F: history.Create, Path: "c"}, []wire.ErrorCode{wire.ErrBadArguments}},
		{8, P{F: history.Create, Path: "/c", Mode: wire.ModeEphemeral}, []wire.ErrorCode{wire.ErrSessionExpired}},
		{7, P{F: history.Delete, Path: "/a", Version: 2}, []wire.ErrorCode{wire.ErrBadVersion, wire.ErrNotEmpty}},
		{7, P{F: history.Delete, Path: "/a/b", Version: 0}, nil},
		{7, P{F: history.Delete, Path: "/zookeeper/quota", Version: -1}, []wire.ErrorCode{wire.ErrBadArguments}},
		{7, P{F: history.Set, Path: "/x", Version: -1}, []wire.ErrorCode{wire.ErrNoNode}},
		{7, P{F: history.Set, Path: "/a", Version: -1}, nil},
		{7, P{F: history.Check, Path: "/a", Version: 1}, []wire.ErrorCode{wire.ErrBadVersion}},
	}
	for _, tc := range tests {
		tr := tree.Try()
		if got := tr.Objections(tc.session, &tc.p); !slices.Equal(got, tc.want) {
			t.Errorf("%+v: got %v, want %v", tc.p, got, tc.want)
		}
	}
}

func TestValidPath(t *testing.T) {
	for path, want := range map[string]bool{ //sim:unordered independent cases
		"/": true, "/a": true, "/a/b-0000000001": true, "/é": true,
		"": false, "a": false, "/a/": false, "//": false, "/a//b": false, "/.": false, "/a/../b": false,
		"/a\x00": false, "/a\x1f": false, "/a\x7f": false, "/\ue000": false, "/\ufff0": false,
	} {
		if got := ValidPath(path); got != want {
			t.Errorf("ValidPath(%q) = %v", path, got)
		}
	}
}

// draw makes a log of valid and invalid requests, by asking the trial.
func draw(t *rapid.T) []*wire.Txn {
	tree, paths := New(), []string{"/a", "/b", "/a/x", "/a/y", "/b/z"}
	var log []*wire.Txn
	add := func(session int64, body wire.TxnBody) {
		log = append(log, txn(uint32(len(log)+1), session, body))
		if code := tree.Apply(log[len(log)-1]); code != wire.OK {
			t.Fatalf("the trial allowed %+v, the tree says %v", body, code)
		}
	}
	for range rapid.IntRange(1, 60).Draw(t, "requests") {
		session := rapid.Int64Range(1, 3).Draw(t, "session")
		if !tree.SessionOpen(session) {
			add(session, &wire.CreateSessionTxn{TimeoutMs: 1000})
			continue
		}
		p := history.Part{Path: rapid.SampledFrom(paths).Draw(t, "path"), Version: rapid.Int32Range(-1, 1).Draw(t, "version")}
		p.F = rapid.SampledFrom([]history.F{history.Create, history.Delete, history.Set, history.Close}).Draw(t, "f")
		p.Mode = rapid.Int32Range(0, 3).Draw(t, "mode")
		tr := tree.Try()
		if codes := tr.Objections(session, &p); len(codes) > 0 {
			add(session, &wire.ErrorTxn{Err: codes[0]})
			continue
		}
		switch p.F {
		case history.Create:
			path := tr.CreatedPath(&p)
			add(session, &wire.CreateTxn{Path: path, Data: []byte(path), Ephemeral: Ephemeral(p.Mode), ParentCversion: tree.Creates(Parent(path)) + 1})
		case history.Delete:
			add(session, &wire.DeleteTxn{Path: p.Path})
		case history.Set:
			st, _ := tree.Stat(p.Path)
			add(session, &wire.SetDataTxn{Path: p.Path, Data: fmt.Append(nil, len(log)), Version: NextVersion(st.Version)})
		case history.Close:
			add(session, &wire.CloseSessionTxn{Paths: tree.Owned(session)})
		}
	}
	return log
}

// TestDigestIsTheSumOfAllNodes compares the incremental digest with one computed
// at once, however often it was asked for on the way.
func TestDigestIsTheSumOfAllNodes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tree := New()
		for _, txn := range draw(t) {
			tree.Apply(txn)
			if rapid.Bool().Draw(t, "ask") {
				tree.Digest()
			}
		}
		var want uint64
		for path, n := range tree.nodes { //sim:unordered a sum
			if !System(path) {
				want += n.hash()
			}
		}
		if got := tree.Digest(); got != want {
			t.Fatalf("digest %x, all nodes sum to %x", got, want)
		}
	})
}

// TestTreeIsConsistent checks what must hold of any tree: parents exist, child
// lists and ephemeral lists mirror the nodes.
func TestTreeIsConsistent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tree := New()
		for _, txn := range draw(t) {
			tree.Apply(txn)
		}
		children := map[string]int{}
		for path, n := range tree.nodes { //sim:unordered asserts one by one
			if path == "/" {
				continue
			}
			children[Parent(path)]++
			names, _, code := tree.Children(Parent(path))
			if code != wire.OK || !slices.Contains(names, Base(path)) || !slices.IsSorted(names) {
				t.Fatalf("%s is not among its parent's children %v (%v)", path, names, code)
			}
			if n.owner != 0 && (!tree.SessionOpen(n.owner) || !slices.Contains(tree.Owned(n.owner), path)) {
				t.Fatalf("%s outlives its session %d", path, n.owner)
			}
		}
		for path := range tree.nodes { //sim:unordered asserts one by one
			if st, _ := tree.Stat(path); int(st.NumChildren) != children[path] {
				t.Fatalf("%s counts %d children, has %d", path, st.NumChildren, children[path])
			}
		}
	})
}

// TestReplayKeepsCountersUp applies a log to a tree that already holds it.
func TestReplayKeepsCountersUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := draw(t)
		tree := New()
		for _, txn := range log {
			tree.Apply(txn)
		}
		before, _ := tree.Stat("/a")
		for _, txn := range log {
			tree.Apply(txn)
		}
		after, _ := tree.Stat("/a")
		if after.Pzxid < before.Pzxid || tree.Last() != log[len(log)-1].Zxid {
			t.Fatalf("a replay took back %+v to %+v, or last to %v", before, after, tree.Last())
		}
	})
}

func TestDeleteTakesWhatIsBelow(t *testing.T) {
	tree := New()
	before := tree.Digest()
	for i, body := range []wire.TxnBody{
		&wire.CreateTxn{Path: "/a", ParentCversion: 1},
		&wire.CreateTxn{Path: "/a/b", ParentCversion: 1},
		&wire.CreateTxn{Path: "/a/b/c", ParentCversion: 1},
	} {
		tree.Apply(txn(uint32(i+1), 7, body))
	}
	if code := tree.Apply(txn(4, 7, &wire.DeleteTxn{Path: "/a"})); code != wire.OK {
		t.Fatal(code)
	}
	for _, path := range []string{"/a", "/a/b", "/a/b/c"} {
		if _, code := tree.Stat(path); code != wire.ErrNoNode {
			t.Errorf("%s: %v", path, code)
		}
	}
	root := New()
	root.Apply(txn(1, 7, &wire.CreateTxn{Path: "/a", ParentCversion: 1}))
	root.Apply(txn(4, 7, &wire.DeleteTxn{Path: "/a"}))
	if tree.Digest() != root.Digest() || tree.Digest() == before {
		t.Errorf("digest %x, that of a leaf come and gone is %x", tree.Digest(), root.Digest())
	}
}
