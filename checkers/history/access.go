package history

import "time"

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
)

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
