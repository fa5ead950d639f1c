package faults

import (
	"strings"
	"time"
)

// Fault is one line of a plan. Which fields a kind uses is written in [Kinds];
// the others are zero.
type Fault struct {
	// At is when the fault strikes, or with When the moment its trigger is
	// armed, counted from the start of the safety phase.
	At time.Duration
	// Kind is the name of an entry of [Kinds].
	Kind string
	// Target says whom it hits. One-way faults use From and To instead.
	Target   Target
	From, To Target
	// For is how long the fault lasts; 0 means until everything is healed.
	For time.Duration
	// Keep says what a crash leaves of the data that was not synced.
	Keep Keep
	// Restart is how long after a crash or the end of a stop the process boots again; 0
	// means when everything is healed.
	Restart time.Duration
	// File begins the names of the files whose disk is ill; "" is all.
	File string
	// Port names the service whose connections a network fault affects; "" is all.
	Port string
	// AddMin and AddMax bound the latency that slow adds to every message.
	AddMin, AddMax time.Duration
	// Jump is how far skew moves the wall clock, in either direction.
	Jump time.Duration
	// PPM is how much faster (or, negative, slower) drift runs a clock, in parts
	// per million.
	PPM int64
	// When delays the fault to a moment of the protocol.
	When *Trigger
}

// Trigger ties a fault to a fact that the nodes state, so that it strikes at a
// moment of the protocol and not of the clock. From Fault.At on, facts stated by
// processes the target selects at that moment are counted (for targets that
// select ways to split a group: by any process of the group).
type Trigger struct {
	// Mark is the fact's name, "zk.committed", or that of one of its cases,
	// "kafka.isr-committed.shrink".
	Mark string
	// About is the partition that the fact must be about; "" is any.
	About string
	// After is which occurrence fires, from 1.
	After int
	// Effects is how many effects (sends, writes, syncs, timers, further facts)
	// the process still gets done before it dies. Crashes only.
	Effects int
	// Within disarms the trigger that long after At; 0 means never.
	Within time.Duration
}

// String renders the fault as its plan line; [ParseFault] reads it back.
func (f Fault) String() string {
	var b strings.Builder
	b.WriteString("fault " + f.At.String() + " " + f.Kind)
	if !f.Target.isZero() {
		b.WriteString(" " + f.Target.String())
	}
	for _, a := range args {
		if v := a.format(&f); v != "" {
			b.WriteString(" " + a.name + "=" + v)
		}
	}
	return b.String()
}

// Keep says what a crash leaves of what was written and not synced. What was
// synced is never lost: a disk that loses that is not a fault the protocols
// promise to survive.
type Keep uint8

// The ways to crash, from the mildest.
const (
	// KeepAll: the process dies and the machine lives; the page cache survives.
	KeepAll Keep = iota
	// Torn: a prefix of the unsynced writes survives, the last one cut anywhere.
	Torn
	// Arbitrary: any subset of the unsynced sectors survives.
	Arbitrary
	// Lose: power loss in its purest form, nothing unsynced survives.
	Lose
)

var keepNames = [...]string{"all", "torn", "arbitrary", "lose"}

// String returns the word plans use.
func (k Keep) String() string { return keepNames[k] }
