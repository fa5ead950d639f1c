package checkers

import (
	"fmt"
	"slices"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// A leader judges a request by the quotas of the tree that it has applied, while
// transactions before the request may still be in flight. So the log does not say which
// of several states a verdict rests on, only that it is one of them: not older than
// what was applied when the client sent the request, and older than its transaction.

// books are the quotas from a transaction (by index in the log) on.
type books struct {
	from   int
	quotas []reference.Quota
}

// keepBooks notes the quotas after transaction t, if they are others than before.
func (r *replayer) keepBooks(t int) {
	now := r.tree.Quotas()
	if len(now) == 0 && len(r.books) == 0 {
		return
	}
	if last := len(r.books) - 1; last < 0 || !slices.Equal(r.books[last].quotas, now) {
		r.books = append(r.books, books{t, now})
	}
}

// growth is what a part of a request adds to a subtree.
type growth struct {
	path         string
	count, bytes int64
}

// quota checks the verdict on the parts of a request that became a transaction: that
// those before failing were let pass and the one there was refused. Without a refusal,
// failing is the number of parts, or of those before one that failed for another reason.
func (r *replayer) quota(who int, op *history.Op, parts []growth, failing int, refused bool) {
	t := int(r.txnOf[who])
	if !r.h.Rules.EnforceQuota {
		if refused {
			r.report(QuotaKept, who, fmt.Sprintf("But op %d was refused at %v, where quotas are not enforced.", op.ID, r.h.Log[t].Txn.Zxid))
		}
		return
	}
	if len(r.books) == 0 && !refused {
		return
	}
	for i := len(r.books) - 1; i >= 0; i-- {
		if r.books[i].explains(parts, failing, refused) {
			return
		}
		if r.books[i].from < t && r.h.Log[r.books[i].from].At < op.Invoke {
			break // older ones had been replaced when the request was sent
		}
		if i == 0 && !refused {
			return // there was no quota at all
		}
	}
	verdict := "let pass"
	if refused {
		verdict = "refused"
	}
	r.report(QuotaKept, who, fmt.Sprintf("But op %d was %s at %v; %s.", op.ID, verdict, r.h.Log[t].Txn.Zxid, r.describeQuotas()))
}

// explains reports whether these quotas lead to the verdict.
func (b *books) explains(parts []growth, failing int, refused bool) bool {
	for i := range parts[:min(failing+1, len(parts))] {
		q, settled := b.over(parts[i].path)
		if !settled {
			return true // nobody can tell
		}
		refuses := q != nil && q.Refuses(parts[i].count, parts[i].bytes)
		if i < failing && refuses || i == failing && refuses != refused && refused {
			return false
		}
	}
	return true
}

// over finds the quota next above a path, nil if there is none.
func (b *books) over(path string) (found *reference.Quota, settled bool) {
	for ; path != "/"; path = reference.Parent(path) {
		for i := range b.quotas {
			if b.quotas[i].Path == path {
				return &b.quotas[i], b.quotas[i].Settled
			}
		}
	}
	return nil, true
}

func (r *replayer) describeQuotas() string {
	quotas := r.tree.Quotas()
	if len(quotas) == 0 {
		return "there was no quota"
	}
	s := ""
	for i, q := range quotas {
		if i > 0 {
			s += ", "
		}
		s += fmt.Sprintf("%s held %d znodes of %d and %d bytes of %d", q.Path, q.Count, q.CountLimit, q.Bytes, q.BytesLimit)
	}
	return s
}

// growths lists what the parts of a request would add, each on top of those before;
// nothing while there is no quota that could refuse them.
func (r *replayer) growths(parts []history.Part, trial *reference.Trial) []growth {
	if !r.h.Rules.EnforceQuota || len(r.books) == 0 {
		return nil
	}
	sizes := map[string]int{}
	out := make([]growth, len(parts))
	for i := range parts {
		p := &parts[i]
		path, size := p.Path, int64(len(p.Value))
		switch p.F {
		case history.Create:
			path = trial.CreatedPath(p)
			out[i] = growth{path, 1, size}
		case history.Set:
			had, known := sizes[path]
			if !known {
				had = r.tree.Size(path)
			}
			out[i] = growth{path, 0, size - int64(had)}
		}
		sizes[path] = len(p.Value)
	}
	return out
}

// quotaStats checks a read of the stats of a quota.
func (r *replayer) quotaStats(i int, op *history.Op) {
	q, ok := r.tree.StatsOf(op.Path)
	if !ok || !q.Settled || op.Outcome != history.OK || op.F != history.Get && op.F != history.SyncGet {
		return
	}
	if want := q.Stats(); op.OutValue != want {
		r.report(QuotaStats, i, fmt.Sprintf("But op %d read %q at %v of %s, which holds %q.", op.ID, op.OutValue, op.Zxid, q.Path, want))
	}
}

// refusedFor reports whether an error is that of a quota.
func refusedFor(err wire.ErrorCode) bool { return err == wire.ErrQuotaExceeded }
