package history

import (
	"strings"
	"time"
)

// Functions about who may do what.
const (
	// Grant makes an access control entry about a resource, Revoke takes those away that
	// match; Args say what it is. Entries lists those of a resource, ListTopics all topics
	// that the client may see; both in Names. SetQuota says how much one may have.
	Grant      F = "grant"
	Revoke     F = "revoke"
	Entries    F = "entries"
	SetQuota   F = "set-quota"
	ListTopics F = "topics"
	// ListGroups lists the groups that one broker coordinates, as far as the client may see
	// them, in Names. DescribeGroup asks what becomes of one.
	ListGroups    F = "groups"
	DescribeGroup F = "describe-group"
	// Rights asks what the client may do with the resource that Path and Args name; the
	// operations are in Names.
	Rights F = "rights"
	// AskFor has a broker asked for what else there is: Args have kind=DescribeLogDirs, and
	// Path is the partition that it is about.
	AskFor F = "ask-for"
	// LogIn tries to log in as the user in Path, on a connection for nothing else; or, with
	// [Unproved] for a mechanism, whether anything is performed without;
	// SetPassword changes what that user logs in with, or removes it: see [PasswordIn]. The
	// mechanism is in Names. Passwords lists the mechanisms by which a user can, in Names.
	LogIn       F = "log-in"
	SetPassword F = "set-password"
	Passwords   F = "passwords"
)

// Unproved is the mechanism of who asks for something else first.
const Unproved = "NONE"

// AccessEventKind says what became of a version of the entries of a resource.
type AccessEventKind string

// The kinds of AccessEvent.
const (
	// EntriesWritten: the version is committed, with these entries. It may be in force.
	EntriesWritten AccessEventKind = "written"
	// EntriesInForce: no broker that serves decides by an earlier version. That may go
	// back: a broker that starts may be served by who has not heard everything.
	EntriesInForce AccessEventKind = "in-force"
)

// AccessEvent is a version of the entries of a resource. Version NoEntries is that before
// there were any.
type AccessEvent struct {
	At       time.Duration   `json:"at"`
	Kind     AccessEventKind `json:"kind"`
	Resource string          `json:"resource"`
	Version  int64           `json:"version"`
	Entries  []AccessEntry   `json:"entries,omitempty"`
	// Secrets are, of a user that can log in ("Login:u1"), what brokers keep of its
	// passwords, each behind its mechanism.
	Secrets []string `json:"secrets,omitempty"`
	// Open: what has no entries is for everybody, in this cluster.
	Open bool `json:"open,omitempty"`
}

// NoEntries is the version of what has no znode.
const NoEntries int64 = -1

// AccessEntry is one entry: whether it allows or denies somebody, or "User:*", from an
// address, or "*", an operation, or "All".
type AccessEntry struct {
	Principal string `json:"principal"`
	Host      string `json:"host"`
	Operation string `json:"operation"`
	Deny      bool   `json:"deny,omitempty"`
}

// String is the entry for people, and for the Names of an [Entries].
func (e AccessEntry) String() string {
	may := " may "
	if e.Deny {
		may = " may not "
	}
	return e.Principal + " from " + e.Host + may + e.Operation
}

// accessLine is an AccessEvent as a line of JSON.
type accessLine struct {
	Type string `json:"type"`
	AccessEvent
}

// Access writes what became of some entries.
func (e *Encoder) Access(a *AccessEvent) error { return e.write(accessLine{"access", *a}) }

// PasswordIn is the password that a LogIn or a SetPassword has for a user. Args have
// password=right for that which the user has from the beginning, password=none for an empty
// one, or the number of one of its others; remove is that a SetPassword removes it.
func PasswordIn(user, args string) (password string, remove bool) {
	for _, word := range strings.Fields(args) {
		switch name, value, _ := strings.Cut(word, "="); {
		case name != "password":
		case value == "right":
			return "pw-" + user, false
		case value == "none":
			return "", false
		case value == "remove":
			return "", true
		default:
			return "pw-" + user + "-" + value, false
		}
	}
	return "", false
}
