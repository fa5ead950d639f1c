package checkers

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/checkers/reference"
)

// queueRule judges one queue, with priorities or without.
type queueRule struct {
	judge    *recipeJudge
	path     string
	priority bool
	offers   map[int]string // the element of each step that offered
	elements map[string]*element
	order    []string // of elements, as they came
}

// element is one element that ever was in the queue.
type element struct {
	value string
	gone  *effect // what took it out, nil while it is in
	takes []*history.Claim
}

func newQueueRule(j *recipeJudge, c *history.Claim) *queueRule {
	return &queueRule{
		judge: j, path: c.Path, priority: c.Recipe == takePriorityRecipe || c.Recipe == offerPriorityRecipe,
		offers: map[int]string{}, elements: map[string]*element{},
	}
}

func (r *queueRule) happened(e *effect) {
	if e.path == r.path {
		return
	}
	if e.kind == created {
		r.offered(e)
		return
	}
	if el := r.elements[e.path]; e.kind == deleted && el != nil {
		el.gone = e
		r.first(e)
	}
}

// offered: an offer adds one element at most.
func (r *queueRule) offered(e *effect) {
	step := r.judge.step(e)
	if first, again := r.offers[step]; again && step != 0 {
		r.judge.charge(QueueOfferOnce, nil, fmt.Sprintf("But step %d added %s and %s.", step, first, e.path), e.because()...)
	}
	r.offers[step] = e.path
	r.elements[e.path] = &element{value: e.value}
	r.order = append(r.order, e.path)
}

// first: what is taken out of a plain queue was the first then: whoever lists a queue
// and tries one after the other passes over nothing but what is gone, and what comes
// later comes behind.
func (r *queueRule) first(e *effect) {
	if r.priority {
		return
	}
	names, _, _ := r.judge.tree.Children(r.path)
	own := lineNumber(e.path)
	if i := slices.IndexFunc(names, func(name string) bool { return lineNumber(name) < own }); i >= 0 {
		r.judge.charge(QueueOrder, nil, fmt.Sprintf("But %s was taken out while %s/%s was in the queue.", e.path, r.path, names[i]), e.because()...)
	}
}

// claimed: what is taken out of a queue with priorities was the first in the list that
// the consumer read.
func (r *queueRule) claimed(c *history.Claim) {
	if c.Kind != history.Took {
		return
	}
	if el := r.elements[c.Node]; el != nil {
		el.takes = append(el.takes, c)
	}
	if !r.priority {
		return
	}
	names, _, _ := r.judge.tree.Children(r.path)
	own := reference.Base(c.Node)
	i := slices.IndexFunc(names, func(name string) bool { return comesFirst(name, own) < 0 })
	if i >= 0 {
		r.judge.charge(PriorityOrder, c, fmt.Sprintf("But as of %v %s/%s came before %s.", c.Zxid, r.path, names[i], c.Node))
	}
}

// comesFirst orders elements whose names end in two digits of priority, a dash, and
// the sequence number.
func comesFirst(a, b string) int {
	const tail = len("NN-0000000000")
	rank := func(name string) string { return name[max(0, len(name)-tail):] }
	return cmp.Compare(rank(a), rank(b))
}

// ended: every element that was taken out went to the one who took it out, and to
// nobody else.
func (r *queueRule) ended() {
	for _, path := range r.order {
		el := r.elements[path]
		for _, c := range el.takes {
			switch {
			case el.gone == nil:
				r.judge.charge(QueueOnce, c, fmt.Sprintf("But %s is in the queue.", path))
			case r.judge.step(el.gone) != c.Step:
				r.judge.charge(QueueOnce, c, fmt.Sprintf("But step %d took %s out, and step %d claims it.", r.judge.step(el.gone), path, c.Step), el.gone.because()...)
			case len(c.Values) != 1 || c.Values[0] != el.value:
				r.judge.charge(QueueOnce, c, fmt.Sprintf("But %s holds %q.", path, el.value), el.gone.because()...)
			}
		}
		if e := el.gone; e != nil && e.op != none && len(el.takes) == 0 && r.judge.h.Ops[e.op].Outcome == history.OK {
			r.judge.charge(QueueLoss, nil, fmt.Sprintf("But step %d took %s out, and its element %q went to nobody.", r.judge.step(e), path, el.value), e.because()...)
		}
	}
}
