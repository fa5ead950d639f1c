// Package txnlog is the transaction log of a coordinator server: every proposal
// in zxid order, in the file format of ZooKeeper 3.9, on a disk whose writes
// become durable only when asked and some time later.
//
// # Files
//
// A file log.<hex zxid> is named after its first record. It begins with a
// 16-byte header (magic ZKLG, version 2, database id) and holds records: 8 bytes
// of Adler-32 over the transaction's bytes, a 4-byte length, those bytes, and
// one byte 0x42. Length zero means end of file.
//
// # What a crash may leave
//
// The log rests on one invariant: a file is started, and a record written behind
// a cut, only when everything before it is durable. Hence
//
//   - only the last file can be damaged by a crash, and only at its end;
//   - bytes that were never written read as zeros, never as an older record;
//   - what remains after any crash is a prefix of what was appended, and contains
//     all that was durable.
//
// To keep it, the log has chores: steps that must be durable before the next
// record may reach the disk. While chores are pending, appended records are held
// in memory, and [Log.Sync] does chores, held records and the file in that order.
//
// Anything a crash cannot have done is corruption, and is reported instead of
// repaired: cutting it away would silently forget acknowledged transactions.
package txnlog
