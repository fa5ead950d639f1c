// Package store is the durable state of a coordinator server besides its log: the
// epoch files and the snapshots, the flows that change several of these, and the
// recovery that reads them all.
//
// Files: acceptedEpoch and currentEpoch hold an epoch in decimal; snapshot.<hex
// zxid> holds a serialized tree in which every transaction up to that zxid is
// reflected, and later ones may be (fuzzy). Both get their content under another
// name, ending in .tmp, and their own name when it is durable. So a file under
// its own name is complete, whatever crashes.
//
// The invariant that recovery rests on, and every flow keeps at each of its
// steps: the newest snapshot holds no transaction that is not in the history, and
// the log, if it goes beyond the snapshot, has every transaction in between.
package store
