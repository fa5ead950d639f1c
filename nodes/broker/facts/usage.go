package facts

// How much clients have. The Text is the account that it is charged to.
var UsageCharged = guarding(117, true, "charged", "a client had so many bytes under a quota, on this connection, and is told to wait so long, 0 for not at all", "bytes", "perSecond", "connection", "millis")
