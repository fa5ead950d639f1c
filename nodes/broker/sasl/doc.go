// Package sasl is how a client of a broker proves who it is: PLAIN, and SCRAM with SHA-256
// and SHA-512. Both ends are state machines that turn one message into the next; random
// bytes are handed in, and nothing here knows how messages travel.
//
// With SCRAM the broker keeps no password, and not even what would let somebody who reads
// it log in: a salt, a hash of a key by which it checks the client, and another key by which
// it shows that it has the first. The client has to find out the password's salted hash,
// which takes thousands of steps on purpose.
//
// Sources: RFC 4616 (PLAIN), RFC 5802 and RFC 7677 (SCRAM), KIP-12, KIP-84, KIP-152.
package sasl
