// Package tree is the replicated database of a coordinator server: znodes with
// their metadata, the ephemerals of each session, and the session table. It is
// ZooKeeper's DataTree and its snapshot.
//
// A tree changes only by [Tree.Apply], one committed transaction after the
// other; it validates nothing, because a transaction holds results (package prep
// decided them on the leader). Applying is idempotent in the sense recovery
// needs: a snapshot taken while transactions were applied, followed by a replay
// of every transaction after the snapshot's start, gives the same tree.
package tree
