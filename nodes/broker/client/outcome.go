package client

import (
	"errors"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// Outcome is how an operation ended, as far as the client can know.
type Outcome uint8

const (
	// Succeeded: a broker said so.
	Succeeded Outcome = iota + 1
	// Failed: it did not happen, and will not.
	Failed
	// Unknown: it may have happened, or may happen yet.
	Unknown
)

// String returns the outcome in the words of histories.
func (o Outcome) String() string {
	switch o {
	case Succeeded:
		return "ok"
	case Failed:
		return "failed"
	case Unknown:
		return "unknown"
	}
	return "none"
}

// Why an operation ended that no broker answered.
var (
	// ErrNotSent: the request never left, as its broker could not be reached in time.
	ErrNotSent = errors.New("the request was not sent")
	// ErrUnsupported: the broker does not know the request in any version that the
	// client speaks. It was not sent.
	ErrUnsupported = errors.New("the broker does not know this request")
	// ErrExpired: the time for the operation was over before it could be tried (again).
	ErrExpired = errors.New("the time for the operation is over")
	// ErrSequenceLost: the batch may have been appended, and its partition needs a new
	// epoch of the producer, in which the batch could not be known again.
	ErrSequenceLost = errors.New("the sequences of the partition begin anew")
	// ErrNoMember: the client is in no generation of its group now.
	ErrNoMember = errors.New("not a member of the group")
	// ErrClosed: the client was closed.
	ErrClosed = errors.New("the client is closed")
)

// sent reports whether a request may have reached its broker, given why it was not
// answered.
func sent(err error) bool { return errors.Is(err, wire.ErrDisconnected) }

// Refused is why something ended for which the client may not even know whom to ask: it has
// no right to know of the group.
type Refused struct{ Code wire.ErrorCode }

// Error names the code.
func (r Refused) Error() string { return "refused: " + r.Code.String() }
