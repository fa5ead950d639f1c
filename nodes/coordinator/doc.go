// Package coordinator is a ZooKeeper server as one deterministic state machine.
//
// A [Server] is always in one of three states. Looking, it elects (package
// election). Leading or learning, it runs one term of the broadcast protocol
// (package zab) and, once synchronised, serves clients. Every doubt ends the term:
// connections close, the log is drained, the memory tree catches up with it, and
// the server looks again.
//
// The life of a write: a client's request arrives at any server (clients.go), is
// forwarded to the leader, which checks the session and prepares a transaction
// against the outstanding changes (requests.go, package prep); zab proposes it,
// every server logs it (package txnlog) and acknowledges it when it is durable;
// at the commit every server applies it to its tree, and the one that holds the
// client's connection replies (deliver.go). A read is answered by the connected
// server from its own tree, behind the session's earlier writes and behind
// nothing else: reads are local, as in ZooKeeper.
//
// Who decides is a majority of the voting members, or what [Config.Groups] says.
// Observers are members that are counted nowhere: they find a leader by what the
// voters say, are synchronised like followers, and are then told what is committed.
//
// Watches are local to the server that a client is connected to (watches.go, package
// watch). They fire when a transaction is applied, before any reply that shows it. A
// client that reconnects brings those that did not fire along (setWatches).
//
// A server that has no ensemble orders its writes itself (alone.go, package
// standalone). One that finds no leader may serve clients read-only that asked for it
// (readonly.go). Who may connect at all is a matter of admission.go.
//
// Access control asks who sent a request (identities.go, package acl). Identities are
// those of a connection: its address, what its transport vouches for, what it proved by
// an auth request. Writes carry them to the leader, which holds them against the lists
// as they will be; reads are held against the tree they are answered from.
//
// Sessions are known to all servers, or, if they are local, to the one that opened
// them (localsessions.go). A local one that wants to own an ephemeral is made known to
// all first, or refused, as the configuration says.
//
// Who is a member can change while the ensemble runs (configuration.go, reconfig.go,
// packages membership and zab): a reconfiguration is a write to /zookeeper/config that
// quorums of the old and of the new configuration acknowledge.
//
// Where this differs from Apache ZooKeeper, on purpose:
//
//   - The newest configuration that a server reckons with is the one its log holds. A
//     file tells of it as well, but is believed only for the version that an operator's
//     configuration gets from its first leader, which is in no log. Upstream believes
//     the file, and may activate what is in no history.
//   - Discovery asks for quorums of both configurations in question; upstream asks for
//     one of the active one (see zab, electorate.go).
//   - NEWLEADER of an established leader brings the active configuration, never one that
//     is still proposed: upstream's learner would activate that at UPTODATE.
//   - Whoever is about to become an observer does not count as synchronised for the
//     next reconfiguration, or that could wait for its acknowledgement for ever.
//   - Addresses in a configuration are looked at for clashes only: the world knows the
//     servers by their ids.
//   - The election runs over one connection a direction, instead of one shared by
//     both and fought over by server id.
//   - A server that finds transactions of a later epoch in its log than its
//     currentEpoch raises currentEpoch to that epoch at boot. Upstream refuses to
//     start in that window (ZOOKEEPER-1653 and its successors). It is safe, since
//     the log is always a prefix of the history of the epoch of its last record,
//     which is just what that currentEpoch would claim.
//   - A SNAP replaces the log files too, so they never contain a hole
//     (ZOOKEEPER-2846), and a TRUNC discards newer snapshots (ZOOKEEPER-4837).
//   - A follower that is told TRUNC where it has only a snapshot, beyond that zxid,
//     reports a second time, without a zxid, and gets a SNAP. Upstream's ends the
//     process, and ends it again at the next attempt.
//   - A leader with local sessions knows those it has closed from those it never
//     heard of. Upstream's takes both for local to another server, so that a write
//     which was on its way when its session ended takes effect.
//   - A read-only server turns everybody away where sessions are not local. Upstream's
//     lets sessions in that it does not know, and so such as it has seen closed; and it
//     answers a client that wants a new one with a reply header, which no client can
//     read as the answer to its connect request.
//   - There is no bound on client connections by default; ZooKeeper's is 60 from one
//     address.
//   - A request behind a setACL in flight is judged by the new list. Upstream's
//     leader looks at the one that is applied.
//   - Certificates and SASL exchanges are not modelled: the configuration says which
//     clients have which identities of schemes x509 and sasl.
//   - An established leader does not move its tree to (epoch,0): the tree's zxid
//     is always that of a transaction.
package coordinator
