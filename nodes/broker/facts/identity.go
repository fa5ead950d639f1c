package facts

import "fmt"

// Who a client is. The Text is the principal that it shows or claims to be.
var (
	Authenticated        = guarding(115, true, "authenticated", "a client has proved who it is, on one connection", "peer", "connection", "", "mechanism")
	AuthenticationFailed = guarding(116, false, "authentication-failed", "a client has not proved who it is, and is hung up on", "peer", "", "", "why")
)

// CredentialsTaken: the text is the user.
var CredentialsTaken = guarding(127, true, "credentials-taken", "a user can log in by these credentials from now on, which its znode holds in this version, -1 if there is none; the body is *Credentials", "version")

// Credentials is the body of [CredentialsTaken].
type Credentials struct {
	// Secrets are what is kept of passwords, each behind its mechanism, as Kafka writes it.
	Secrets []string
}

// String counts them.
func (c *Credentials) String() string { return fmt.Sprintf("%d credentials", len(c.Secrets)) }

// The cases of the kinds above.
var (
	Mechanisms = []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}
	FailedWhy  = []string{"refused", "mechanism", "out-of-turn"}
)

func init() { Authenticated.Cases, AuthenticationFailed.Cases = Mechanisms, FailedWhy }
