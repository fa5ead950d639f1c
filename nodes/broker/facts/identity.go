package facts

// Who a client is. The Text is the principal that it shows or claims to be.
var (
	Authenticated        = guarding(115, true, "authenticated", "a client has proved who it is, on one connection", "peer", "", "", "mechanism")
	AuthenticationFailed = guarding(116, false, "authentication-failed", "a client has not proved who it is, and is hung up on", "peer", "", "", "why")
)

// The cases of the kinds above.
var (
	Mechanisms = []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}
	FailedWhy  = []string{"refused", "mechanism", "out-of-turn"}
)

func init() { Authenticated.Cases, AuthenticationFailed.Cases = Mechanisms, FailedWhy }
