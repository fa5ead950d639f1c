package wire

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/node"
)

// Token is a message of SASL that travels without the headers of Kafka: behind a
// SaslHandshake of version 0, until the client is through, frames are tokens both ways, and
// whoever is refused is hung up on (before KIP-152).
type Token struct{ Bytes []byte }

// Kind tells tokens from requests and responses.
func (t *Token) Kind() string { return "SASLToken" }

// Fingerprint tells tokens apart.
func (t *Token) Fingerprint() uint64 {
	h := uint64(len(t.Bytes))
	for _, b := range t.Bytes {
		h = mix(h, uint64(b))
	}
	return h
}

// AppendWire appends the token; its length goes with the frame.
func (t *Token) AppendWire(b []byte) []byte { return append(b, t.Bytes...) }

// String says how long the token is. What is in it may be a password.
func (t *Token) String() string { return fmt.Sprintf("SASLToken of %d bytes", len(t.Bytes)) }

var _ node.Message = (*Token)(nil)

// CallToken sends a token and calls done once, with that which answers it or with
// [ErrDisconnected]; never before CallToken returns. The caller has shaken hands before.
func (c *Caller) CallToken(token []byte, done func([]byte, error)) {
	if c.conn == 0 {
		panic("wire: a token without a handshake before it")
	}
	c.pending = append(c.pending, call{token: done})
	c.env.Send(c.conn, &Token{token})
}
