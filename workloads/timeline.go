package workloads

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/quota"
)

// timeline lays out a plan: every client starts operations at random gaps until
// the duration is over, and draws what each does from invent. Then, whatever faults
// did to it until then, every client says farewell: the least that makes a history
// worth judging, done when the faults have ended.
func timeline(r *rand.Rand, s Shape, invent func(kind string) []Op, farewell func(client int) []Op) []Op {
	plan := inOrder(outline(r, s, invent, farewell))
	number(plan, FirstID)
	return plan
}

// outline lays out the turns of a timeline, client by client.
func outline(r *rand.Rand, s Shape, invent func(kind string) []Op, farewell func(client int) []Op) []turn {
	var turns []turn
	for client := range s.Clients {
		var at time.Duration
		for {
			at += time.Duration(r.Int64N(int64(2 * s.Think)))
			if at >= s.Duration {
				break
			}
			turns = append(turns, turn{at, client, s.turn(r, client, at, invent)})
		}
		last := slices.Clone(farewell(client))
		for i := range last {
			op := &last[i]
			op.Client, op.At, op.Patient = client, s.Duration, true
		}
		turns = append(turns, turn{s.Duration, client, last})
	}
	return turns
}

// turn is what a client does at one time.
type turn struct {
	at     time.Duration
	client int
	ops    []Op
}

// inOrder lists the operations of turns by time, then by client. An operation is long,
// so it is turns that are sorted.
func inOrder(turns []turn) []Op {
	slices.SortStableFunc(turns, func(a, b turn) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.client, b.client))
	})
	n := 0
	for _, t := range turns {
		n += len(t.ops)
	}
	plan := make([]Op, 0, n)
	for _, t := range turns {
		plan = append(plan, t.ops...)
	}
	return plan
}

// turn is what a client does at one time: one operation, or a pipelined burst.
func (s Shape) turn(r *rand.Rand, client int, at time.Duration, invent func(string) []Op) []Op {
	ops := invent(s.pick(r))
	if r.IntN(100) < s.Burst && !pausing(ops) {
		for range s.BurstLen {
			more := invent(s.pick(r))
			if pausing(more) {
				continue
			}
			more[0].Pipelined = true
			ops = append(ops, more...)
		}
	}
	for i := range ops {
		ops[i].Client, ops[i].At = client, at
	}
	return ops
}

// pausing reports whether some operation is about the session rather than on it, or
// many in one: such operations do not make sense in a pipeline.
func pausing(ops []Op) bool {
	for i := range ops {
		if f := ops[i].F; f == Hang || f == Move || f == Stumble || f == Open || f == history.Close || isRecipe(f) || onBrokers(f) && f != history.Send {
			return true
		}
	}
	return false
}

// key draws one of the keys, the first one more often if the shape is hot.
func (s Shape) key(r *rand.Rand) int {
	if r.IntN(100) < s.Hot {
		return 0
	}
	return r.IntN(s.Keys)
}

// number gives operations their IDs in order and every written value its unique
// text: client, operation and, in a multi, part.
func number(ops []Op, first int) {
	for i := range ops {
		o := &ops[i]
		o.ID = first + i
		if o.F == history.Create || o.F == history.Set || o.F == history.Send || o.F == history.SetACL && o.ACL == "" {
			o.Value = unique(o.Path, o.Value, tag(o))
		}
		for j := range o.Parts {
			if p := &o.Parts[j]; p.F == history.Create || p.F == history.Set {
				p.Value = unique(p.Path, p.Value, tag(o)+"."+strconv.Itoa(j))
			}
		}
	}
}

// tag names an operation: client and ID.
func tag(o *Op) string { return "c" + strconv.Itoa(o.Client) + "." + strconv.Itoa(o.ID) }

// unique is the value to write where tag names the operation. What a workload drew is
// its end, except where servers read it.
func unique(path, drawn, tag string) string {
	_, limits := quota.OfLimits(path)
	_, stats := quota.OfStats(path)
	switch {
	case limits || stats:
		return drawn
	case strings.HasSuffix(drawn, "}"): // brokers read it, and pass over a field too many
		return strings.TrimSuffix(drawn, "}") + `,"by":"` + tag + `"}`
	case drawn == "":
		return tag
	}
	return tag + "." + drawn
}

// creates lists the setup that makes a directory and its children 0 … n-1.
func creates(dir string, n int) []Op {
	ops := []Op{{F: history.Create, Path: dir}}
	for k := range n {
		ops = append(ops, Op{F: history.Create, Path: child(dir, k)})
	}
	number(ops, setupID)
	return ops
}

// finals lists one final read of a function for each path, client by client.
func finals(f history.F, s Shape, paths ...string) []Op {
	var ops []Op
	for i, path := range paths {
		ops = append(ops, Op{F: f, Path: path, Client: i % s.Clients})
	}
	number(ops, finalID)
	return ops
}

func child(dir string, k int) string { return dir + "/" + strconv.Itoa(k) }

// children are the paths of the children 0 … n-1 of a directory.
func children(dir string, n int) []string {
	var paths []string
	for k := range n {
		paths = append(paths, child(dir, k))
	}
	return paths
}

// swarm draws a mix: every optional kind is off in one seed of three, and the
// weights of the rest vary, because a kind that is always there drowns others.
func swarm(r *rand.Rand, base []Weight, optional ...string) []Weight {
	mix := slices.Clone(base)
	for i := range mix {
		if slices.Contains(optional, mix[i].Name) && r.IntN(3) == 0 {
			mix[i].Weight = 0
			continue
		}
		mix[i].Weight *= 1 + r.IntN(4)
	}
	return mix
}

// choose draws one of some values.
func choose[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// drawShape draws the knobs that all workloads share.
func drawShape(r *rand.Rand, maxClients, keys int) Shape {
	return Shape{
		Clients:  2 + r.IntN(maxClients-1),
		Keys:     1 + r.IntN(keys),
		Duration: choose(r, 4*time.Second, 8*time.Second, 10*time.Second),
		Think: choose(r, 20*time.Millisecond, 50*time.Millisecond, 50*time.Millisecond,
			100*time.Millisecond, 200*time.Millisecond),
		Hot:      choose(r, 0, 0, 30, 80),
		Burst:    choose(r, 0, 0, 5, 20),
		BurstLen: 1 + r.IntN(6),
	}
}
