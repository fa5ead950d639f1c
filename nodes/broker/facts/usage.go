package facts

import "time"

// How much clients have, where anything is said of what they may have. The Text is the
// account that it is charged to. Amounts are of bytes, of microseconds of handling, or of
// partitions, and rates the same a second, but for thousandths of partitions.
var (
	UsageCharged = guarding(117, true, "charged", "a client asked for so much under a quota, on this connection, and is told to wait so long, 0 for not at all; the body is *Usage", "amount", "perSecond", "connection", "millis")
	// UsagePassed comes before the charge, if there is one, and does not depend on how
	// quotas are found.
	UsagePassed    = guarding(118, true, "passed", "a client has so much of the broker, of what the body *Usage says, unless it is withheld by a charge; the text is who", "amount", "connection")
	ChangeCharged  = guarding(119, true, "change-charged", "a client wants to create or delete so many partitions, under a quota, and has to wait so long if that is too much; the body is *Usage", "partitions", "perSecond", "connection", "millis")
	RequestTakenUp = guarding(120, true, "taken-up", "a request is taken up from a connection whose client was charged before; the body is *Usage", "connection")
	// ThrottleTold is read from the answer itself.
	ThrottleTold  = guarding(123, false, "throttle-told", "an answer to a client that was charged on this connection before says that it has to wait so long; the body is *Usage", "millis", "connection")
	QuotasTaken   = guarding(121, true, "quotas-taken", "the broker goes by this of the client in the text, as its path below /config, from now on; the body is Settings", "settings")
	QuotasWritten = guarding(122, true, "quotas-written", "the broker has changed what is said of the client in the text, for somebody, in this version of the znode; the body is Settings, with nothing for what is removed", "version")
)

// Usage is the body of facts about what clients have: when, by the clock of the broker, of
// what, and who they are. Withheld: it was not given, and does not count; of a change, that
// it was refused. Strict: the client knows the error that refuses it.
type Usage struct {
	At                time.Duration
	Withheld, Strict  bool
	Key, User, Client string
}
