// Package rights holds brokers to who may do what: while they run, to what they decide by
// and what they decide; afterwards, to what their clients were allowed and refused.
//
// # What it trusts
//
// The entries of a resource are those of the committed versions of its znode. A broker says
// which version it decides by; the judge holds that against the log, and decides anew,
// by a list that it reads from end to end.
//
// # When a change is in force
//
// A change is acknowledged when it is committed and the broker that was asked decides by
// it. The others hear of it, each in its own time: one that hangs, or has lost its session
// and goes on, decides by old entries for as long as that lasts. So a change may be in force
// from when it is committed, and is in force when no broker that serves holds an earlier
// version. What happens in between may go either way. A broker that starts serves only when
// it has read everything that was committed before.
//
// Histories say both times of every version ([history.AccessEvent]). An operation is judged
// by all versions that were in force anywhere between its invocation and its return: it
// may succeed if some of them let it, and may be refused if some of them do.
//
// That all hear in the end is asked when the cluster has come to rest.
package rights

import "github.com/stampede-sim/stampede/checkers/guarantee"

// IDs of the guarantees.
const (
	Copied            = "acl-copied"
	Loaded            = "acl-loaded"
	Acknowledged      = "acl-acknowledged"
	Decision          = "acl-decision"
	Appended          = "acl-appended"
	Needed            = "acl-right-needed"
	Suffices          = "acl-right-suffices"
	Hidden            = "acl-topics-hidden"
	GroupsHidden      = "acl-groups-hidden"
	Committed         = "acl-committed"
	RightsTold        = "acl-rights-told"
	Shown             = "acl-entries-shown"
	CredentialsCopied = "login-credentials-copied"
	PasswordNeeded    = "login-password-needed"
	PasswordSuffices  = "login-password-suffices"
	PasswordsShown    = "login-mechanisms-shown"
	Performed         = "acl-performed"
	ProvedFirst       = "login-first"
	NoEffect          = "acl-refusal-without-effect"
)

const manual = "Kafka documentation: Authorization and ACLs"

// Guarantees lists what this package checks.
var Guarantees = []guarantee.Guarantee{
	{ID: Copied, Sentence: "A broker decides by entries that a znode held in the version it names, and never by an earlier version than before.", Source: "KIP-11"},
	{ID: Loaded, Sentence: "A broker that begins a session has read, before it registers, all entries that were committed until then.", Source: "KIP-11; KIP-504, Authorizer.start"},
	{ID: Acknowledged, Sentence: "A change of entries is acknowledged when it is committed and the broker that was asked decides by it.", Source: "KIP-504, createAcls and deleteAcls"},
	{ID: Decision, Sentence: "A broker allows what its entries allow and refuses what they do not, and an entry that denies outweighs all that allow.", Source: manual + "; KIP-290"},
	{ID: Appended, Sentence: "A leader appends records of a client only when it has just decided that the client may write to their topic.", Source: manual + ", Operations and Resources on Protocols"},
	{ID: Needed, Sentence: "Nobody succeeds with what no entries allow him that a serving broker may still hold.", Source: manual},
	{ID: Suffices, Sentence: "Nobody is refused for want of a right that the entries of all serving brokers grant.", Source: manual},
	{ID: Hidden, Sentence: "A list of all topics has those that the asker may describe, and no others.", Source: manual + ", Operations and Resources on Protocols: Metadata"},
	{ID: GroupsHidden, Sentence: "A list of groups has none that the asker may not describe.", Source: manual + ", Operations and Resources on Protocols: ListGroups"},
	{ID: Committed, Sentence: "A coordinator takes offsets of a client only when it has just decided that the client may read the group and each topic.", Source: manual + ", Operations and Resources on Protocols: OffsetCommit"},
	{ID: RightsTold, Sentence: "Who asks what it may do with a topic, a group or the cluster is told the operations that the entries in force allow it, and no others.", Source: "KIP-430"},
	{ID: Shown, Sentence: "What is shown as the entries of a resource is what one version of its znode held that may be in force.", Source: "KIP-140"},
	{ID: CredentialsCopied, Sentence: "A broker lets a user log in by what the znode of the user held in the version it names, and never by an earlier version than before.", Source: "KIP-84; KIP-554"},
	{ID: PasswordNeeded, Sentence: "Who has logged in knew a password of the user that a serving broker may have held between the beginning and the end of the login.", Source: "RFC 4616; RFC 5802; KIP-84"},
	{ID: PasswordSuffices, Sentence: "Who shows the password of a user that all serving brokers hold is not refused.", Source: "RFC 4616; RFC 5802; KIP-84"},
	{ID: PasswordsShown, Sentence: "What is told of the credentials of a user is what one version of its znode held that may be in force.", Source: "KIP-554"},
	{ID: Performed, Sentence: "A broker performs what a client asks for, in any kind of request, only when it has just decided that the client has the rights which that kind needs.", Source: manual + ", Operations and Resources on Protocols"},
	{ID: ProvedFirst, Sentence: "Where clients prove who they are, a broker performs nothing before on a connection but what that takes, and after it everything for who was proved.", Source: "KIP-43; KIP-152"},
	{ID: NoEffect, Sentence: "A request that was refused for want of a right has no effect.", Source: manual},
}

// sentence is the text of a guarantee.
func sentence(id string) string {
	for _, g := range Guarantees {
		if g.ID == id {
			return g.Sentence
		}
	}
	panic("rights: no guarantee is called " + id)
}
