package facts

import "time"

// How much clients have. The Text is the account that it is charged to.
var UsageCharged = guarding(117, true, "charged", "a client asked for so many bytes under a quota, on this connection, and is told to wait so long, 0 for not at all; the body is *Usage", "bytes", "perSecond", "connection", "millis")

// Usage is the body of [UsageCharged]: when, by the clock of the broker, and whether the
// bytes were withheld, so that they do not count.
type Usage struct {
	At       time.Duration
	Withheld bool
}
