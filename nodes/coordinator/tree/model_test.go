package tree_test

import (
	"encoding/binary"
	"hash/crc32"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"pgregory.net/rapid"
)

// dumb is the tree's twin: stats as clients see them in one flat map, and
// everything else found by looking at every node.
type dumb struct {
	nodes    map[string]dumbNode
	sessions map[int64]int32
}

type dumbNode struct {
	data []byte
	stat wire.Stat // DataLength and NumChildren unused
	// container and ttl tell when the ensemble may delete it, used whether it ever had
	// a child.
	container, used bool
	ttl             int64
}

// owner is what the digest holds for the owner.
func (n dumbNode) owner() int64 {
	switch {
	case n.container:
		return -1 << 63
	case n.ttl != 0:
		return -1<<56 + n.ttl
	}
	return n.stat.EphemeralOwner
}

// expired lists the nodes that may go at a time.
func (d *dumb) expired(now int64) []string {
	var paths []string
	for path, n := range d.nodes { //sim:unordered sorted below
		idle := now - n.stat.Mtime
		over := n.ttl > 0 && idle > n.ttl || n.container && (n.used || idle > 20)
		if over && len(d.children(path)) == 0 {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

func newDumb() *dumb {
	return &dumb{
		nodes: map[string]dumbNode{
			"/": {stat: wire.Stat{Cversion: -1}}, "/zookeeper": {stat: wire.Stat{Cversion: -2}},
			"/zookeeper/quota": {}, "/zookeeper/config": {stat: wire.Stat{Aversion: -1}},
		},
		sessions: map[int64]int32{},
	}
}

func (d *dumb) children(path string) []string {
	prefix := strings.TrimSuffix(path, "/") + "/"
	var names []string
	for p := range d.nodes { //sim:unordered sorted below
		if rest, ok := strings.CutPrefix(p, prefix); ok && rest != "" && !strings.Contains(rest, "/") {
			names = append(names, rest)
		}
	}
	slices.Sort(names)
	return names
}

// childChanged counts a create or delete below path's parent.
func (d *dumb) childChanged(path string, zxid wire.Zxid) {
	n := d.nodes[tree.Parent(path)]
	n.stat.Cversion++
	n.stat.Pzxid = zxid
	n.used = true
	d.nodes[tree.Parent(path)] = n
}

func (d *dumb) apply(txn *wire.Txn, body wire.TxnBody) {
	switch b := body.(type) {
	case *wire.CreateTxn:
		d.childChanged(b.Path, txn.Zxid)
		stat := wire.Stat{Czxid: txn.Zxid, Mzxid: txn.Zxid, Pzxid: txn.Zxid, Ctime: txn.Time, Mtime: txn.Time}
		if b.Ephemeral {
			stat.EphemeralOwner = txn.Session
		}
		d.nodes[b.Path] = dumbNode{data: b.Data, stat: stat, container: b.Container, ttl: b.TTL}
	case *wire.DeleteTxn:
		d.childChanged(b.Path, txn.Zxid)
		delete(d.nodes, b.Path)
	case *wire.SetDataTxn:
		n := d.nodes[b.Path]
		n.data, n.stat.Version, n.stat.Mzxid, n.stat.Mtime = b.Data, n.stat.Version+1, txn.Zxid, txn.Time
		d.nodes[b.Path] = n
	case *wire.CreateSessionTxn:
		d.sessions[txn.Session] = b.TimeoutMs
	case *wire.CloseSessionTxn:
		delete(d.sessions, txn.Session)
		for _, path := range d.ephemerals(txn.Session) {
			d.childChanged(path, txn.Zxid)
			delete(d.nodes, path)
		}
	case *wire.MultiTxn:
		for _, part := range b.Parts {
			d.apply(txn, part.Body)
		}
	}
}

func (d *dumb) ephemerals(session int64) []string {
	var paths []string
	for path, n := range d.nodes { //sim:unordered sorted or summed
		if n.stat.EphemeralOwner == session {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// digest adds up the checksums of all nodes, from their definition.
func (d *dumb) digest() uint64 {
	var sum uint64
	for path, n := range d.nodes { //sim:unordered sorted or summed
		if strings.HasPrefix(path+"/", "/zookeeper/") {
			continue
		}
		creates := (n.stat.Cversion + int32(len(d.children(path)))) / 2
		b := append([]byte(path), n.data...)
		for _, v := range []any{n.stat.Czxid, n.stat.Mzxid, n.stat.Pzxid, n.stat.Ctime, n.stat.Mtime,
			n.stat.Version, creates, n.stat.Aversion, n.owner()} {
			b, _ = binary.Append(b, binary.BigEndian, v)
		}
		sum += uint64(crc32.ChecksumIEEE(b))
	}
	return sum
}

// The tree against its twin, over any requests.
func TestTreeMatchesItsDumbTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, d := newLeader(), newDumb()
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			l.step(t)
			txn := l.log[len(l.log)-1]
			d.apply(txn, txn.Body)
			compare(t, l.tree, d)
			if rapid.IntRange(0, 9).Draw(t, "reap") == 0 {
				wait := rapid.Int64Range(1, 40).Draw(t, "wait")
				at := txn.Time + wait
				if got, want := l.reap(wait), d.expired(at); !slices.Equal(got, want) {
					t.Fatalf("at %d: expired are %q, want %q", at, got, want)
				}
				for _, txn := range l.log[len(l.log)-len(d.expired(at)):] {
					d.apply(txn, txn.Body)
				}
				compare(t, l.tree, d)
			}
		}
	})
}

func compare(t *rapid.T, tr *tree.Tree, d *dumb) {
	if tr.Len() != len(d.nodes) {
		t.Fatalf("%d nodes, want %d", tr.Len(), len(d.nodes))
	}
	for _, path := range slices.Sorted(maps.Keys(d.nodes)) {
		n, names := d.nodes[path], d.children(path)
		n.stat.DataLength, n.stat.NumChildren = int32(len(n.data)), int32(len(names))
		data, stat, err := tr.Data(path)
		if err != wire.OK || stat != n.stat || string(data) != string(n.data) {
			t.Fatalf("%s: got %s %q %+v\nwant %q %+v", path, err, data, stat, n.data, n.stat)
		}
		if got, _, _ := tr.Children(path); !slices.Equal(got, names) {
			t.Fatalf("%s: children %q, want %q", path, got, names)
		}
	}
	for _, path := range []string{"/x", "/a/b/c", "a", ""} {
		if _, exists := d.nodes[path]; !exists {
			if _, err := tr.Stat(path); err != wire.ErrNoNode {
				t.Fatalf("%q: got %s", path, err)
			}
		}
	}
	for session := range int64(4) {
		timeout, open := tr.SessionTimeout(session)
		if want, ok := d.sessions[session]; timeout != want || open != ok {
			t.Fatalf("session %d: %d %t, want %d %t", session, timeout, open, want, ok)
		}
		if session > 0 && !slices.Equal(tr.Ephemerals(session), d.ephemerals(session)) {
			t.Fatalf("session %d owns %q, want %q", session, tr.Ephemerals(session), d.ephemerals(session))
		}
	}
	if len(tr.Sessions()) != len(d.sessions) {
		t.Fatalf("sessions %v, want %v", tr.Sessions(), d.sessions)
	}
	if got, want := tr.Digest(), d.digest(); got != want {
		t.Fatalf("digest %#x, recomputed %#x", got, want)
	}
}
