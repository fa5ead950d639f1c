package logs

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/checkers/history"
)

// findingsPerGuarantee bounds the findings under one guarantee: the first few tell the
// story.
const findingsPerGuarantee = 5

// Count is one line of a report's table.
type Count struct {
	Name string
	N    int
}

// Verdict is what a history comes to.
type Verdict struct {
	// Findings are the broken guarantees. Counts say how much was judged, Missing what
	// did not happen without which nothing could be judged.
	Findings []guarantee.Finding
	Counts   []Count
	Missing  []string
}

// Judge holds a history against every guarantee of this package.
func Judge(h *history.History) Verdict {
	j := &judge{h: h, homes: h.Homes(), partitions: map[string]*partition{}, senders: map[string]int{}, counts: map[string]int{}}
	j.index()
	if len(j.missing) == 0 {
		j.learn()
		j.read()
		j.acknowledged()
		j.copies()
		j.sendOrder()
		j.producerOrder()
		j.pollOrder()
		j.groups()
		j.retired()
		j.times()
		j.limits()
	}
	v := Verdict{Findings: j.findings, Missing: j.missing, Counts: []Count{
		{"records sent", len(j.senders)}, {"records read at the end", j.final}, {"records polled", j.polled},
	}}
	if j.asked > 0 {
		v.Counts = append(v.Counts, Count{"answers about committed offsets", j.asked}, Count{"records that reached a group", j.given})
	}
	if j.excused > 0 {
		v.Counts = append(v.Counts, Count{"losses that are explained", j.excused})
	}
	return v
}

// judge is the work on one history.
type judge struct {
	h          *history.History
	homes      history.Homes
	partitions map[string]*partition
	// senders finds the operation that sent a value. Values are unique.
	senders map[string]int

	final, polled, excused int
	// asked counts the answers about offsets of groups, given the records that reached a
	// group that has committed past them.
	asked, given int

	missing  []string
	findings []guarantee.Finding
	counts   map[string]int
}

// partition is what a partition came to.
type partition struct {
	name string
	// at is the record of each offset, by the final reads.
	at map[int64]history.Record
	// offsets are those of at, ascending; copies how often a value is there.
	offsets []int64
	copies  map[string][]int64
	// end is the end of the log. What lies below start was deleted, below compacted it
	// may have been; from lossy on acknowledged records may be lost, -1 for nowhere.
	end, start, compacted, lossy int64
	// events are what happened to the log, in order; known is what is known of its keys.
	events []history.LogEvent
	known  knowledge
	// deleted: the whole topic was, and perhaps made again.
	deleted bool
	// read says that there was a final read, which began at asked.
	read  bool
	asked time.Duration
}

func (j *judge) partition(name string) *partition {
	p := j.partitions[name]
	if p == nil {
		p = &partition{name: name, at: map[int64]history.Record{}, copies: map[string][]int64{}, lossy: history.Unknown}
		p.known = knowledge{at: map[int64]keyed{}, keys: map[string][]int64{}, doubts: map[string][]doubt{}}
		j.partitions[name] = p
	}
	return p
}

// excuses reports whether something explains that a record at an offset is not there,
// or another is. What compaction took is looked at more closely, see blames.
func (p *partition) excuses(offset int64) bool {
	return p.deleted || offset < p.start || p.lossy >= 0 && offset >= p.lossy
}

// later reports whether an operation may have seen what came behind the final read.
func (p *partition) later(op *history.Op, offset int64) bool {
	return offset >= p.end && op.Return > p.asked
}

// index reads the senders, the events and the final reads.
func (j *judge) index() {
	for i := range j.h.Ops {
		if op := &j.h.Ops[i]; op.F == history.Send {
			j.senders[op.Value] = i
		}
	}
	for _, e := range j.h.Partitions {
		if e.Group == "" {
			j.partition(e.Partition).happened(e)
		}
	}
	asked := 0
	for i := range j.h.Ops {
		op := &j.h.Ops[i]
		if op.F != history.Poll || !op.Final {
			continue
		}
		asked++
		if op.Outcome != history.OK {
			j.missing = append(j.missing, fmt.Sprintf("final read op %d of %s was not answered", op.ID, op.Path))
			continue
		}
		j.finalRead(i)
	}
	if asked == 0 {
		j.missing = append(j.missing, "nothing was read after healing")
	}
}

// happened takes what explains a loss.
func (p *partition) happened(e history.LogEvent) {
	p.events = append(p.events, e)
	switch e.Kind {
	case history.UncleanElection, history.LastReplicaLost:
		if p.lossy < 0 || e.Offset < p.lossy {
			p.lossy = e.Offset
		}
	case history.StartMoved:
		p.start = max(p.start, e.Offset)
	case history.CompactedTo:
		p.compacted = max(p.compacted, e.Offset)
	case history.TopicDeleted:
		p.deleted = true
	}
}

// finalRead enters what a partition came to.
func (j *judge) finalRead(i int) {
	op := &j.h.Ops[i]
	p := j.partition(op.Path)
	p.read, p.end, p.asked = true, op.Log.Offset, op.Invoke
	for _, r := range op.Log.Records {
		if _, twice := p.at[r.Offset]; !twice {
			p.offsets = append(p.offsets, r.Offset)
			p.copies[r.Value] = append(p.copies[r.Value], r.Offset)
		}
		p.at[r.Offset] = r
		j.final++
	}
	slices.Sort(p.offsets)
}

// sorted lists the partitions by name.
func (j *judge) sorted() []*partition {
	var all []*partition
	for _, name := range slices.Sorted(maps.Keys(j.partitions)) {
		all = append(all, j.partitions[name])
	}
	return all
}

// report enters a finding about some operations.
func (j *judge) report(id, explanation string, ops ...int) {
	if j.counts[id]++; j.counts[id] > findingsPerGuarantee {
		return
	}
	f := guarantee.Finding{Guarantee: id, Explanation: sentence(id) + " " + explanation}
	for _, i := range ops {
		op := &j.h.Ops[i]
		f.Ops = append(f.Ops, op.ID)
		f.Evidence = append(f.Evidence, describe(op))
		if f.At == 0 {
			f.At = op.Invoke
		}
	}
	j.findings = append(j.findings, f)
}

// sentence is the text of a guarantee.
func sentence(id string) string {
	i := slices.IndexFunc(Guarantees, func(g guarantee.Guarantee) bool { return g.ID == id })
	return Guarantees[i].Sentence
}

// describe is one line about an operation.
func describe(op *history.Op) string {
	text := fmt.Sprintf("op %d of c%d: %s %s", op.ID, op.Client, op.F, op.Path)
	if op.F == history.Send {
		text += fmt.Sprintf(" %q acks=%d", op.Value, op.Log.Acks)
	}
	text += fmt.Sprintf(" from %v", op.Invoke)
	if op.Return != history.Never {
		text += fmt.Sprintf(" to %v", op.Return)
	}
	text += ": " + op.Outcome.String()
	if op.Log.Offset != history.Unknown {
		text += fmt.Sprintf(", offset %d", op.Log.Offset)
	}
	return text
}
