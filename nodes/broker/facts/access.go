package facts

import (
	"fmt"
	"strings"

	"github.com/stampede-sim/stampede/nodes/node"
)

// guarding is a kind about who may do what.
func guarding(code uint64, path bool, name, doc string, fields ...string) *node.EventKind {
	k := kind(code, path, name, doc, fields...)
	k.System = "access"
	return k
}

// Who may do what. The Text of a fact about entries is their resource, as *Entries names it.
var (
	EntriesCached  = guarding(110, true, "entries-cached", "the broker decides by these entries from now on, which their znode holds in this version; the body is *Entries", "version", "zxid")
	EntriesLoaded  = guarding(111, true, "entries-loaded", "the broker has read all entries that were there at this zxid, in its present session", "zxid", "resources")
	EntriesWritten = guarding(112, true, "entries-written", "the broker has changed entries for a client; the znode has this version", "version", "zxid")
	EntriesRaced   = guarding(113, true, "entries-raced", "a change of entries found that somebody else had changed them", "version")
	AccessDecided  = guarding(114, true, "decided", "a request needs this operation on the resource in the text, of this type; the body is *Asker", "operation", "type", "", "decision")
	// RequestPerformed comes behind what was decided about the request.
	RequestPerformed = guarding(152, true, "request-performed", "a request of this kind is performed for the principal in the text; the body is *Performed", "request", "peer", "port", "connection")
)

// Decisions are the cases of [AccessDecided].
var Decisions = []string{"denied", "allowed"}

// NoticePurged: notifications of changes, of any kind, are deleted when they are old.
var NoticePurged = kind(126, false, "notice-purged", "a notification that everybody must have read is deleted; the text is its path")

func init() { AccessDecided.Cases = Decisions }

// Entries is the body of [EntriesCached]: what is kept under one pattern.
type Entries struct {
	Type     int8
	Name     string
	Prefixed bool
	Entries  []Entry
}

// Entry is one access control entry, by the numbers of the protocol.
type Entry struct {
	Principal, Host       string
	Operation, Permission int8
}

// String counts the entries.
func (e *Entries) String() string { return fmt.Sprintf("%d entries", len(e.Entries)) }

// Asker is who a request is of. AnyResource asks whether there can be a resource of the
// type, and not of one.
type Asker struct {
	Principal, Host string
	AnyResource     bool
	// Asks: nothing is done by this right, somebody wants to know whether it has it.
	Asks bool
}

// Performed is what a request is about, as it is performed: what its sender may not do has
// been taken out of it. Brokers: it is about settings of brokers, too.
type Performed struct {
	Topics, Groups []string
	Brokers        bool
}

// String names the topics and the groups.
func (p *Performed) String() string {
	return strings.Join(append(append([]string{}, p.Topics...), p.Groups...), " ")
}

// String names the principal.
func (a *Asker) String() string { return strings.TrimPrefix(a.Principal, "User:") + "@" + a.Host }
