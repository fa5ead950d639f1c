// Package usage holds brokers to what clients may have of them: bytes, shares of their time,
// and changes of topics.
//
// # What it trusts
//
// What is said of clients is in znodes, of which the judge sees every version. A broker
// states which of that it goes by; the judge holds it against the log, looks up by itself
// what applies to a client, and counts what the client is given before anybody looks for a
// quota. What is charged must come to the same.
//
// # How much more than its quota a client may have
//
// A client is told to wait after it was given something, for as long as it takes until what
// its account had in the live samples is what its quota brings in the time since the oldest
// of them began. Let there be N samples of length S, a quota of L, and k connections, each
// of which has at most one request in process.
//
// Take any stretch of (N-1)S, and in it the last charge that was not the last of its
// connection. What was charged since is one request on each connection at most. What was
// charged until then, in this stretch, is all in live samples: a sample goes when it began
// NS ago, with what is up to S younger. It has been waited for until the connection asked
// again, within the stretch, and the time that is measured was no more than NS then.
//
//	in any (N-1)S, an account is given no more than L(2N-1)S and the longest request
//	on each of its connections
//
// It is not L(N+1)S, as one might think who looks at one connection that always waits: a
// test that draws histories of several finds some beyond that.
//
// That is all that Kafka promises, since what is charged has been given already. What is
// more than that was not waited for, not counted, or held to a quota of somebody else. What
// a request takes of a broker's time is not judged by this: who has taken far too much waits
// for one window only.
//
// A quota that changes begins anew, as connections wait for as long as the former one called
// for.
package usage

import "github.com/stampede-sim/stampede/checkers/guarantee"

// IDs of the guarantees.
const (
	Copied       = "quota-copied"
	Acknowledged = "quota-acknowledged"
	Applied      = "quota-applied"
	Measured     = "quota-measured"
	Told         = "quota-told"
	Waited       = "quota-waited"
	NotExceeded  = "quota-not-exceeded"
	Changes      = "quota-changes"
)

// Guarantees lists what this package checks.
var Guarantees = []guarantee.Guarantee{
	{ID: Copied, Sentence: "What a broker goes by as the quotas of a client is what the client's znode held, and never an earlier version than before.", Source: "KIP-546"},
	{ID: Acknowledged, Sentence: "A change of quotas that is acknowledged is in the znode, on top of what others have changed before, and the broker that was asked goes by it.", Source: "KIP-546"},
	{ID: Applied, Sentence: "What a client has is charged, once and in full, to the most particular quota that its broker goes by, and to none where there is none.", Source: "KIP-55; KIP-124"},
	{ID: Measured, Sentence: "A client is told to wait for as long as what its account had in the last windows calls for, whichever connections it came by.", Source: "KIP-13; KIP-55; KIP-124"},
	{ID: Told, Sentence: "An answer says for how long nothing more is read from its client.", Source: "KIP-13; KIP-219"},
	{ID: Waited, Sentence: "A client that is told to wait is not served on that connection before.", Source: "KIP-219"},
	{ID: NotExceeded, Sentence: "Within all windows but one, an account is given no more bytes than its quota brings in twice as many windows less one, and one request on each of its connections.",
		Source: "KIP-13; KIP-219", Not: "that a client has no more than its rate in every second: what it did not use before, and what it asks for at once, it may have"},
	{ID: Changes, Sentence: "A change of topics is refused if and only if the bucket of its account is overdrawn and its client knows that error; otherwise it is counted, and who has overdrawn waits.", Source: "KIP-599"},
}

// sentence is the text of a guarantee.
func sentence(id string) string {
	for _, g := range Guarantees {
		if g.ID == id {
			return g.Sentence
		}
	}
	panic("usage: no guarantee is called " + id)
}
