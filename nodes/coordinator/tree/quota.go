package tree

import (
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/quota"
)

// Quotas are counted where transactions are applied, by every server for itself: the
// stats znodes change without a transaction, without a new version and without a
// watch. They are outside the digest, like all that is below /zookeeper.

// OverQuota reports whether a change of a node would take its subtree beyond its
// quota, as the tree stands: the next quota above counts, and no other.
func (t *Tree) OverQuota(path string, count, bytes int64) quota.Excess {
	subject := t.quotaOf(path)
	if subject == "" {
		return quota.Within
	}
	limits, stats := t.nodes[quota.Limits(subject)], t.nodes[quota.Stats(subject)]
	if limits == nil || stats == nil {
		return quota.Within // on its way in or out
	}
	limit, err := quota.Parse(string(limits.data))
	holds, err2 := quota.Parse(string(stats.data))
	if err != nil || err2 != nil {
		return quota.Within
	}
	return quota.Beyond(limit, holds, count, bytes)
}

// quotaOf returns the path with a quota next above a path, or that itself; "" if
// there is none.
func (t *Tree) quotaOf(path string) string {
	if len(t.quotas) == 0 {
		return ""
	}
	for ; path != rootPath; path = Parent(path) {
		if _, ok := t.quotas[path]; ok {
			return path
		}
	}
	return ""
}

// charge counts a change of a node into the stats of its quota.
func (t *Tree) charge(path string, count, bytes int64) {
	subject := t.quotaOf(path)
	if subject == "" || t.bugs.Has(bugs.QuotaOfChildren) && Parent(path) != subject {
		return
	}
	stats := t.nodes[quota.Stats(subject)]
	if stats == nil {
		return
	}
	if holds, err := quota.Parse(string(stats.data)); err == nil {
		holds.Count, holds.Bytes = holds.Count+count, holds.Bytes+bytes
		stats.data = []byte(holds.String())
	}
}

// quotaCreated counts a new node, and enters a quota if that is what it makes.
func (t *Tree) quotaCreated(n *znode) {
	if subject, ok := quota.OfLimits(n.path); ok {
		t.quotas[subject] = struct{}{}
	}
	if subject, ok := quota.OfStats(n.path); ok {
		t.recount(subject)
	}
	t.charge(n.path, 1, int64(len(n.data)))
}

// quotaRemoved counts a node that goes, and forgets a quota if that is what it made.
func (t *Tree) quotaRemoved(n *znode) {
	if subject, ok := quota.OfLimits(n.path); ok {
		delete(t.quotas, subject)
	}
	t.charge(n.path, -1, -int64(len(n.data)))
}

// recount writes what a subtree holds into its stats, whatever they say.
func (t *Tree) recount(subject string) {
	stats := t.nodes[quota.Stats(subject)]
	if stats == nil {
		return
	}
	holds := quota.None
	holds.Count, holds.Bytes = t.holds(subject)
	stats.data = []byte(holds.String())
}

// holds counts a node and all below it, and the bytes in them.
func (t *Tree) holds(path string) (count, bytes int64) {
	n := t.nodes[path]
	if n == nil {
		return 0, 0
	}
	count, bytes = 1, int64(len(n.data))
	for child := range n.children { //sim:unordered sums
		c, b := t.holds(childPath(path, child))
		count, bytes = count+c, bytes+b
	}
	return count, bytes
}

// findQuotas enters the quotas of a tree that was read from a snapshot, and counts
// them anew: the snapshot is fuzzy, and its stats are of another moment than its nodes.
func (t *Tree) findQuotas() {
	for path, n := range t.nodes { //sim:unordered each is its own
		if subject, ok := quota.OfLimits(path); ok && len(n.children) == 0 {
			t.quotas[subject] = struct{}{}
			t.recount(subject)
		}
	}
}
