// Package fetchsession has both ends of a fetch session (KIP-227): who fetches from many
// partitions again and again names only those for which it wants something else than
// before, and is told only of those for which there is something new.
//
// An [Asker] is the end that fetches, one for each broker that it fetches from; a [Cache]
// has the sessions of a broker. A session has an ID, which is drawn and not counted: a
// broker that starts again must not take a session of its former life for one of its own.
// And it has an epoch that each request raises by one, so that neither end goes on from
// what the other does not know: a request that was lost, or comes twice, ends the session.
//
// Nothing here reads or waits. Package broker reads what [Cache.Open] says and hands it to
// [Context.Answer]; nothing in a session decides what may be read.
package fetchsession
