package node

import (
	"fmt"
	"strings"
)

// EventKind declares one kind of fact that nodes state with [Env.Observe]. Kinds
// are package-level values compared by address; their declarations are the
// vocabulary between a protocol and everything that watches it.
type EventKind struct {
	// System is the protocol the fact belongs to ("zk"), Name the fact
	// ("committed"). Together they name a coverage mark: "zk.committed".
	System, Name string
	// Code identifies the kind in fingerprints. Unique within a process.
	Code uint64
	// Fields labels the N values of its events, in order; "" hides one in traces.
	Fields [4]string
	// Doc says in one sentence what the fact means and when it is stated.
	Doc string
	// Path marks a path that a healthy hunt must have walked at least once; a
	// summary lists those never hit.
	Path bool
	// Cases, if there are any, are the rows of a rule: the last of N is the number of
	// the one that applied, and each is a path and a mark of its own.
	Cases []string
}

// Mark returns the name of the kind as a coverage mark, "system.name".
func (k *EventKind) Mark() string { return k.System + "." + k.Name }

// CaseMark returns the name of case i as a coverage mark, "system.name.case".
func (k *EventKind) CaseMark(i int) string { return k.Mark() + "." + k.Cases[i] }

// CaseOf is the number of the case of an event of a kind that has cases.
func (e Event) CaseOf() int { return int(e.N[len(e.N)-1]) }

// Event is one fact: what, and its numbers. Events are plain values and cost no
// allocation unless Body or Text do.
type Event struct {
	Kind *EventKind
	// N holds the numbers that Kind.Fields labels.
	N [4]int64
	// Text is a word or name that belongs to the fact: a role, a file, a reason.
	Text string
	// Body is an immutable protocol value (a transaction), or nil.
	Body any
}

// String renders the fact for traces: "zk.truncated from=… to=… (text)".
func (e Event) String() string {
	var b strings.Builder
	b.WriteString(e.Kind.Mark())
	for i, label := range e.Kind.Fields {
		if label == "" {
			continue
		}
		switch {
		case e.Kind.Cases != nil && i == len(e.N)-1:
			fmt.Fprintf(&b, " %s=%s", label, e.Kind.Cases[e.CaseOf()])
		case label != "zxid" && !strings.HasSuffix(label, "Zxid"):
			fmt.Fprintf(&b, " %s=%d", label, e.N[i])
		case e.N[i] == -1:
			fmt.Fprintf(&b, " %s=none", label)
		default:
			fmt.Fprintf(&b, " %s=%d:%d", label, uint64(e.N[i])>>32, uint32(e.N[i]))
		}
	}
	if e.Text != "" {
		b.WriteString(" " + e.Text)
	}
	if e.Body != nil {
		fmt.Fprintf(&b, " %v", e.Body)
	}
	return b.String()
}

// Role is the one fact every protocol states in the same form, because faults
// select by it ("the leader of group zk"): Text is the role a process takes
// ("leader", "follower", "looking", …), N[0] the term, epoch or round it holds
// it in. Of several live leaders the one of the highest term is the leader.
var Role = &EventKind{
	System: "node", Name: "role", Code: 1, Fields: [4]string{"term"},
	Doc: "the process takes the role named in the text, in this term",
}
