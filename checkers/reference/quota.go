package reference

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

const (
	quotaRoot  = "/zookeeper/quota"
	limitsNode = "/zookeeper_limits"
	statsNode  = "/zookeeper_stats"
)

// Quota is what is set for a subtree, and what it holds. A limit of -1 is none.
type Quota struct {
	Path                   string
	CountLimit, BytesLimit int64 // hard ones
	Count, Bytes           int64
	// Settled: the stats say what the subtree holds. They do not while they are
	// missing, when a client wrote them, when they are older than the quota, and where
	// quotas are nested, for then it depends on when a server last started.
	Settled bool
}

// Quotas lists the quotas there are, by path.
func (t *Tree) Quotas() []Quota {
	if len(t.limited) == 0 {
		return nil // as after nearly every transaction
	}
	var out []Quota
	for path := range t.limited { //sim:unordered sorted below
		out = append(out, t.quota(path))
	}
	slices.SortFunc(out, func(a, b Quota) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// Quota returns the quota next above a path, or of it; false if there is none.
func (t *Tree) Quota(path string) (Quota, bool) {
	for ; path != "/"; path = Parent(path) {
		if t.limited[path] {
			return t.quota(path), true
		}
	}
	return Quota{}, false
}

// quota counts what a subtree with a quota holds.
func (t *Tree) quota(path string) Quota {
	q := Quota{Path: path, CountLimit: -1, BytesLimit: -1}
	limits, stats := t.nodes[quotaRoot+path+limitsNode], t.nodes[quotaRoot+path+statsNode]
	q.Settled = stats != nil && stats.version == 0 && stats.czxid >= limits.czxid
	for other, n := range t.nodes { //sim:unordered sums
		if other == path || strings.HasPrefix(other, path+"/") {
			q.Count, q.Bytes = q.Count+1, q.Bytes+int64(len(n.data))
		}
	}
	for other := range t.limited { //sim:unordered any will do
		if other != path && (strings.HasPrefix(other, path+"/") || strings.HasPrefix(path, other+"/")) {
			q.Settled = false
		}
	}
	for _, pair := range strings.FieldsFunc(string(limits.data), func(r rune) bool { return r == ',' || r == ';' }) {
		key, text, _ := strings.Cut(pair, "=")
		n, err := strconv.ParseInt(strings.Trim(text, "="), 10, 64)
		switch {
		case err != nil:
			q.Settled = false
		case key == "countHardLimit":
			q.CountLimit = n
		case key == "byteHardLimit":
			q.BytesLimit = n
		}
	}
	return q
}

// Refuses reports whether a change by so many znodes and bytes goes beyond a hard
// limit. What a change leaves alone is not asked.
func (q *Quota) Refuses(count, bytes int64) bool {
	over := func(limit, holds, change int64) bool { return change != 0 && limit >= 0 && holds+change > limit }
	return over(q.CountLimit, q.Count, count) || over(q.BytesLimit, q.Bytes, bytes)
}

// Stats is the text of the stats of a settled quota.
func (q *Quota) Stats() string { return fmt.Sprintf("count=%d,bytes=%d", q.Count, q.Bytes) }

// StatsOf returns the quota whose stats a path is, false if it is none's.
func (t *Tree) StatsOf(path string) (Quota, bool) {
	subject, ok := QuotaNode(path, statsNode)
	if !ok || !t.limited[subject] || t.nodes[path] == nil {
		return Quota{}, false
	}
	return t.quota(subject), true
}

// IsStats reports whether a path is that of the stats of a quota, whose data changes
// without a transaction.
func IsStats(path string) bool { _, ok := QuotaNode(path, statsNode); return ok }

// QuotaNode returns the path that a znode below /zookeeper/quota with such a name is
// about, false if it is another znode.
func QuotaNode(path, name string) (subject string, ok bool) {
	rest, below := strings.CutPrefix(path, quotaRoot)
	subject, named := strings.CutSuffix(rest, name)
	return subject, below && named && len(subject) > 1
}

// limit follows the limits that come and go.
func (t *Tree) limit(path string, set bool) {
	subject, ok := QuotaNode(path, limitsNode)
	switch {
	case !ok:
	case set:
		t.limited[subject] = true
	default:
		delete(t.limited, subject)
	}
}

// Size is the number of bytes in a znode, 0 if there is none.
func (t *Tree) Size(path string) int {
	data, _, code := t.Data(path)
	if code != wire.OK {
		return 0
	}
	return len(data)
}
