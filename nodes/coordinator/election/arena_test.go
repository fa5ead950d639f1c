package election

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/nodes/quorum"
)

// arena is a set of electors and the notifications between them, moved by hand.
type arena struct {
	electors []*elector // indexed by sid, nil where nobody is up
	all      []int64
	mail     []letter
	onSend   func(letter) // nil, or watches what is sent
	trace    strings.Builder
	// sends are the recipients of the notification sent last, not yet traced.
	sends []string
	sent  letter
}

// letter is a notification under way.
type letter struct {
	from, to int64
	n        wire.Notification
}

// elector is one server; it is the host of its own election.
type elector struct {
	*Election
	a       *arena
	pending [FinalizeTimeout + 1]time.Duration // by TimeoutKind, 0 is none
	// onTimeout watches SetTimeout, if not nil; generation counts its calls.
	onTimeout  func(time.Duration, TimeoutKind)
	generation [FinalizeTimeout + 1]int
	events     []node.Event
}

func newArena(voters quorum.Verifier, all []int64, b bugs.Set) *arena {
	a := &arena{electors: make([]*elector, slices.Max(all)+1), all: all}
	for _, sid := range all {
		a.boot(sid, voters, b)
	}
	return a
}

func (a *arena) boot(sid int64, voters quorum.Verifier, b bugs.Set) {
	el := &elector{a: a}
	el.Election = New(Config{Sid: sid, View: View{Voters: voters, Members: a.all}, Bugs: b}, el)
	a.electors[sid] = el
}

// up returns the servers that are not crashed.
func (a *arena) up() []*elector {
	return slices.DeleteFunc(slices.Clone(a.electors), func(el *elector) bool { return el == nil })
}

func (el *elector) Notify(to int64, n wire.Notification) {
	l := letter{from: el.cfg.Sid, to: to, n: n}
	el.a.mail = append(el.a.mail, l)
	if el.a.onSend != nil {
		el.a.onSend(l)
	}
	el.a.traceSend(l)
}

func (el *elector) SetTimeout(d time.Duration, kind TimeoutKind) {
	if d > 0 {
		el.a.tracef("%d .. %v in %v", el.cfg.Sid, kind, d)
	} else if el.pending[kind] > 0 {
		el.a.tracef("%d .. no %v", el.cfg.Sid, kind)
	}
	el.pending[kind] = d
	if el.onTimeout != nil {
		el.onTimeout(d, kind)
	}
}

func (el *elector) Observe(e node.Event) {
	el.events = append(el.events, e)
	el.a.tracef("%d ** %s", el.cfg.Sid, strings.TrimPrefix(e.String(), "zk."))
}

// fire delivers a timeout, which must be pending.
func (el *elector) fire(kind TimeoutKind) {
	if el.pending[kind] == 0 {
		panic(fmt.Sprintf("server %d awaits no %v timeout", el.cfg.Sid, kind))
	}
	el.pending[kind] = 0
	el.Timeout(kind)
}

// take removes and returns the first letter that matches.
func (a *arena) take(match func(letter) bool) (letter, bool) {
	i := slices.IndexFunc(a.mail, match)
	if i < 0 {
		return letter{}, false
	}
	l := a.mail[i]
	a.mail = slices.Delete(a.mail, i, i+1)
	return l, true
}

// deliver hands a letter over, if its recipient is up.
func (a *arena) deliver(l letter) {
	el := a.electors[l.to]
	if el == nil {
		a.tracef("%d <- %d lost, nobody there", l.to, l.from)
		return
	}
	a.tracef("%d <- %d %s", l.to, l.from, describe(l.n))
	el.Receive(l.n)
}

// crash ends a server with everything under way to it.
func (a *arena) crash(sid int64) {
	a.electors[sid] = nil
	a.mail = slices.DeleteFunc(a.mail, func(l letter) bool { return l.to == sid })
}

// describe renders a notification: "LOOKING 3 zxid=1:9 epoch=1 round=1".
func describe(n wire.Notification) string {
	return fmt.Sprintf("%v %v round=%d", n.State, ballotOf(n).vote, n.ElectionEpoch)
}

func (a *arena) tracef(format string, args ...any) {
	a.flushSends()
	fmt.Fprintf(&a.trace, format+"\n", args...)
}

// traceSend collects equal notifications into one line.
func (a *arena) traceSend(l letter) {
	if l.n != a.sent.n {
		a.flushSends()
	}
	a.sent = l
	a.sends = append(a.sends, fmt.Sprint(l.to))
}

func (a *arena) flushSends() {
	if len(a.sends) > 0 {
		to := strings.Join(a.sends, ",")
		a.sends = nil
		fmt.Fprintf(&a.trace, "%d -> %s %s\n", a.sent.from, to, describe(a.sent.n))
	}
}

// takeTrace returns what happened since the last call.
func (a *arena) takeTrace() string {
	a.flushSends()
	defer a.trace.Reset()
	return a.trace.String()
}

// silentHost hears nothing.
type silentHost struct{}

func (silentHost) Notify(int64, wire.Notification)       {}
func (silentHost) SetTimeout(time.Duration, TimeoutKind) {}
func (silentHost) Observe(node.Event)                    {}
