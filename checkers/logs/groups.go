package logs

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
)

// kept names an offset that a group commits: of a partition, in the coordinator's tree or
// with a broker.
type kept struct {
	group, partition string
	znodes           bool
}

func (k kept) String() string {
	if k.znodes {
		return fmt.Sprintf("%s of group %s, in the tree", k.partition, k.group)
	}
	return fmt.Sprintf("%s of group %s", k.partition, k.group)
}

// register is everything that was done to one such offset.
type register struct {
	commits []committed // those that did not fail, by the time of their invocation
	reads   []int
}

// committed is one commit of one partition.
type committed struct {
	op    int
	value int64
}

// groups judges what members of groups, and those who ask for their offsets, were told.
func (j *judge) groups() {
	registers := j.registers()
	for _, k := range sortedKept(registers) {
		for _, i := range registers[k].reads {
			j.told(k, registers[k], i)
		}
	}
	j.generations()
	j.exclusive()
	j.delivered()
}

func sortedKept(registers map[kept]*register) []kept {
	return slices.SortedFunc(maps.Keys(registers), func(a, b kept) int { return cmp.Compare(a.String(), b.String()) })
}

// registers collects commits and questions by what they are about.
func (j *judge) registers() map[kept]*register {
	all := map[kept]*register{}
	of := func(k kept) *register {
		if all[k] == nil {
			all[k] = &register{}
		}
		return all[k]
	}
	for _, i := range j.byTime() {
		op := &j.h.Ops[i]
		switch {
		case op.F == history.Commit && op.Outcome != history.Fail:
			for _, p := range op.Log.Positions {
				r := of(kept{op.Log.Group, p.Partition, op.Log.Znodes})
				r.commits = append(r.commits, committed{i, p.Offset})
			}
		case op.F == history.Committed && op.Outcome == history.OK:
			r := of(kept{op.Log.Group, op.Path, op.Log.Znodes})
			r.reads = append(r.reads, i)
		}
	}
	return all
}

// told: a question is answered by what somebody committed, and by nothing that is over.
func (j *judge) told(k kept, r *register, i int) {
	read := &j.h.Ops[i]
	value := read.Log.Offset
	j.asked++
	if value != history.Unknown && !slices.ContainsFunc(r.commits, func(c committed) bool {
		return c.value == value && j.h.Ops[c.op].Invoke < read.Return
	}) {
		j.report(CommittedBySome, fmt.Sprintf("But nobody had committed %d as the offset of %v.", value, k), i)
		return
	}
	last := j.lastAcknowledged(r, read)
	if last < 0 || j.forgot(k, r.commits[last].op, i) {
		return
	}
	acked := &j.h.Ops[r.commits[last].op]
	if slices.ContainsFunc(r.commits, func(c committed) bool {
		w := &j.h.Ops[c.op]
		return c.value == value && !(w.Outcome == history.OK && w.Return < acked.Invoke)
	}) {
		return
	}
	j.report(CommittedKept, fmt.Sprintf("But %d is told as the offset of %v, after %d was acknowledged.", value, k, r.commits[last].value), r.commits[last].op, i)
}

// lastAcknowledged is the latest of the commits that a question must know of: those that
// were acknowledged before it was asked, by the broker that answers it, or by any if all
// has settled. It is -1 if there are none.
func (j *judge) lastAcknowledged(r *register, read *history.Op) int {
	last := -1
	for n, c := range r.commits {
		op := &j.h.Ops[c.op]
		same := !op.Log.Znodes && op.Log.Broker > 0 && op.Log.Broker == read.Log.Broker
		if op.Outcome == history.OK && op.Return < read.Invoke && (read.Final || same) {
			last = n
		}
	}
	return last
}

// forgot reports whether something explains that what was committed by one operation is not
// told by another: it was deleted, perhaps by who was told that nobody knows, or the topic of
// offsets lost records.
func (j *judge) forgot(k kept, commit, read int) bool {
	if k.znodes {
		return false
	}
	from, to := j.h.Ops[commit].Invoke, j.h.Ops[read].Return
	return j.lostOffsets(k.group, to) || j.toldInVain(k.group, from, &j.h.Ops[read]) || j.between(from, to, func(e *history.LogEvent) bool {
		return e.Kind == history.OffsetForgotten && e.Group == k.group && e.Partition == k.partition
	}) || slices.ContainsFunc(j.h.Ops, func(op history.Op) bool {
		return k.deletedBy(&op) && op.Invoke <= to && (op.Outcome == history.Info || op.Return >= from)
	})
}

// deletedBy reports whether an operation deletes the offset, perhaps.
func (k kept) deletedBy(op *history.Op) bool {
	if op.F != history.DeleteGroup && op.F != history.DeleteOffsets || op.Outcome == history.Fail {
		return false
	}
	return op.Log.Group == k.group && (op.F == history.DeleteGroup || op.Path == k.partition)
}

// lostOffsets reports whether something took records, until a time, from the partition of
// the topic of offsets in which a group lives. What is lost there after the first loss the
// history does not say.
func (j *judge) lostOffsets(group string, until time.Duration) bool {
	return j.between(0, until, func(e *history.LogEvent) bool {
		return (e.Kind == history.UncleanElection || e.Kind == history.LastReplicaLost) && j.homes.Lives(group, e.Partition)
	})
}

// toldInVain reports whether who answers a question lost, since a time, what a group committed,
// and came to lead the partition in which it lives when it had been deposed already. In the end
// everybody has heard of that.
func (j *judge) toldInVain(group string, since time.Duration, read *history.Op) bool {
	return !read.Final && j.between(since, read.Return, func(e *history.LogEvent) bool {
		return e.Kind == history.LedInVain && e.Broker == read.Log.Broker && j.homes.Lives(group, e.Partition)
	})
}

// between reports whether there was such an event in a time.
func (j *judge) between(from, to time.Duration, such func(*history.LogEvent) bool) bool {
	return slices.ContainsFunc(j.h.Partitions, func(e history.LogEvent) bool { return from <= e.At && e.At <= to && such(&e) })
}

// generations: commits that do not overlap are taken in the order of their generations.
func (j *judge) generations() {
	by := map[string][]int{}
	for i := range j.h.Ops {
		if op := &j.h.Ops[i]; op.F == history.Commit && op.Outcome == history.OK && op.Log.Generation >= 0 && op.Log.Member != "" {
			by[op.Log.Group] = append(by[op.Log.Group], i)
		}
	}
	for _, group := range slices.Sorted(maps.Keys(by)) {
		j.ascending(group, by[group])
	}
}

// ascending goes through the commits of a group in the order of their invocations: none is
// of an older generation than one that was acknowledged before.
func (j *judge) ascending(group string, commits []int) {
	ops, returned := j.h.Ops, slices.Clone(commits)
	slices.SortStableFunc(commits, func(a, b int) int { return cmp.Compare(ops[a].Invoke, ops[b].Invoke) })
	slices.SortStableFunc(returned, func(a, b int) int { return cmp.Compare(ops[a].Return, ops[b].Return) })
	highest, next := -1, 0
	for _, i := range commits {
		for ; next < len(returned) && ops[returned[next]].Return < ops[i].Invoke; next++ {
			if r := returned[next]; highest < 0 || ops[r].Log.Generation > ops[highest].Log.Generation {
				highest = r
			}
		}
		if highest < 0 || ops[highest].Log.Generation <= ops[i].Log.Generation {
			continue
		}
		if j.beganAnew(group, highest, i) {
			highest = -1
			continue
		}
		j.report(GenerationFenced, fmt.Sprintf("But generation %d of group %s commits after generation %d has.", ops[i].Log.Generation, group, ops[highest].Log.Generation), highest, i)
	}
}

// beganAnew reports whether a group was forgotten between two operations, so that its
// generations are counted from the beginning.
func (j *judge) beganAnew(group string, first, second int) bool {
	return j.countsAnew(group, j.h.Ops[first].Invoke, j.h.Ops[second].Return)
}

// countsAnew reports whether a group was forgotten in a time.
func (j *judge) countsAnew(group string, from, to time.Duration) bool {
	return j.lostOffsets(group, to) || j.between(from, to, func(e *history.LogEvent) bool { return e.Kind == history.GroupForgotten && e.Group == group })
}

// share is a partition in one generation of a group.
type share struct {
	group, partition string
	generation       int32
}

// exclusive: what two members read of a partition, they read in different generations. A
// static member that returned goes by another ID. A member may have hung since long before
// it reads, and so have a generation that was forgotten meanwhile and counted again.
func (j *judge) exclusive() {
	readers := map[share]int{}
	for _, i := range j.byTime() {
		op := &j.h.Ops[i]
		if op.F != history.Poll || op.Outcome != history.OK || op.Log.Member == "" || op.Log.Generation < 0 {
			continue
		}
		for _, r := range op.Log.Records {
			key := share{op.Log.Group, r.Partition, op.Log.Generation}
			first, known := readers[key]
			if !known {
				readers[key] = i
				continue
			}
			if other := j.h.Ops[first].Log; identity(other) != identity(op.Log) && !j.countsAnew(op.Log.Group, 0, op.Return) {
				j.report(GroupExclusive, fmt.Sprintf("But %s and %s both read %s in generation %d.", other.Member, op.Log.Member, r.Partition, op.Log.Generation), first, i)
				return
			}
		}
	}
}

// identity is the name of a member that lasts.
func identity(l *history.LogOp) string { return cmp.Or(l.Instance, l.Member) }

// delivered: what a group of members has committed past, it was given.
func (j *judge) delivered() {
	given, alone := map[kept]map[int64]bool{}, map[string]bool{}
	for i := range j.h.Ops {
		op := &j.h.Ops[i]
		switch {
		case op.F == history.Poll && op.Log.Group != "":
			for _, r := range op.Log.Records {
				k := kept{group: op.Log.Group, partition: r.Partition}
				if given[k] == nil {
					given[k] = map[int64]bool{}
				}
				given[k][r.Offset] = true
			}
		case op.F == history.Commit && op.Outcome != history.Fail && op.Log.Member == "":
			alone[op.Log.Group] = true // whoever assigns himself begins where he likes
		}
	}
	for i := range j.h.Ops {
		op := &j.h.Ops[i]
		if op.F == history.Committed && op.Final && op.Outcome == history.OK && !op.Log.Znodes && !alone[op.Log.Group] {
			j.reached(i, given[kept{group: op.Log.Group, partition: op.Path}])
		}
	}
}

// reached checks that a group was given what it has committed past.
func (j *judge) reached(i int, given map[int64]bool) {
	op := &j.h.Ops[i]
	p := j.partition(op.Path)
	for _, offset := range p.offsets {
		if offset >= op.Log.Offset {
			break
		}
		if given[offset] {
			j.given++
		} else if !p.excuses(offset) {
			j.report(GroupDelivery, fmt.Sprintf("But offset %d of %s, %q, was given to nobody in group %s, which has committed %d.", offset, p.name, p.at[offset].Value, op.Log.Group, op.Log.Offset), i)
			return
		}
	}
}
