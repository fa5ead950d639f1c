// Package prep validates requests on the leader and turns them into
// transactions. It is ZooKeeper's PrepRequestProcessor.
//
// The leader proposes faster than it commits, so a request must be judged
// against the tree as it will be once everything proposed before it has been
// applied. Prep keeps one record for each path that such transactions touch and
// looks there before it looks into the tree. A request that fails still becomes
// a transaction, an error, so that its answer has a place in the order too.
package prep
