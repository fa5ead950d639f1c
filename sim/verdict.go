package sim

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
)

// LinkMatch selects directed links by sender, receiver and port. Both directions
// of a connection carry the port that was dialled. It must be a pure function of
// its arguments: the world asks when a fault or a connection begins, and
// remembers the answer.
type LinkMatch func(from, to node.ID, port node.Port) bool

// RuleFunc judges one message as it is sent. It may keep state of its own (to
// drop the second of its kind, say), but must not call the world.
type RuleFunc func(from, to node.ID, port node.Port, m node.Message) Verdict

// Verdict is what a rule does to a message; the first rule that does not pass
// decides. Positive values are delays, see [Delay].
type Verdict int64

// Verdicts without a number.
const (
	// Pass leaves the message alone.
	Pass Verdict = 0
	// Drop loses a datagram. On a connection, which never loses a message in the
	// middle, it cuts the connection there: what was sent before arrives, then
	// both ends see a reset.
	Drop Verdict = -1
	// Duplicate delivers a datagram twice; on a connection it means Pass.
	Duplicate Verdict = -2
)

// Delay makes a message travel longer by d, and on a connection all later ones
// behind it too. A non-positive d is Pass.
func Delay(d time.Duration) Verdict { return Verdict(max(d, 0)) }
