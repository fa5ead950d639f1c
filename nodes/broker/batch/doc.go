// Package batch is the record batch of Kafka, version 2 (KIP-98): what producers
// send, brokers store and replicate, and consumers fetch, as one sequence of bytes.
//
// A [Batch] is those bytes; its methods read the header in place. [Next] takes one
// batch after the other off a sequence of them, [Builder] makes one, [Batch.Records]
// reads what is in it.
//
// The layout, in bytes from the beginning:
//
//	 0  base offset            8
//	 8  batch length           4   of all that follows it
//	12  partition leader epoch 4
//	16  magic                  1   2
//	17  CRC-32C                4   from the attributes to the end
//	21  attributes             2   0-2 codec, 3 timestamp type, 4 transactional, 5 control, 6 delete horizon
//	23  last offset delta      4
//	27  base timestamp         8
//	35  max timestamp          8
//	43  producer ID            8
//	51  producer epoch         2
//	53  base sequence          4
//	57  record count           4
//	61  records
//
// The base offset and the leader epoch lie before the CRC, so that a leader can stamp
// both without computing it anew.
//
// All codecs of the protocol are known. A batch of another is carried, and its records are
// an error.
package batch
