// Package wire is how the messages of the Kafka protocol travel: every request and
// response is a type of kmsg, framed and decoded as the protocol's headers say, and
// a [node.Message] of the world.
//
// A request on a connection is answered in order, or not at all; see [Caller] for the
// calling end.
package wire

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/node"
)

// The listeners of a broker. Clients use one, other brokers and the controller the
// other, so that a network can fail for either alone.
const (
	ClientPort  node.Port = 9
	ReplicaPort node.Port = 10
)

// apiVersions is the one request whose response always has the oldest header, so that
// a client can read that its version is unknown (KIP-511).
const apiVersions = 18

// controlledShutdown has another request header in version 0, which no broker of the
// last ten years sends: it is taken for unknown.
const controlledShutdown = 7

// Request is one request on its way.
type Request struct {
	Key, Version int16
	// Correlation comes back in the response.
	Correlation int32
	// ClientID names the application, for quotas and logs.
	ClientID string
	// Body is nil if this build does not know the key or the version: nothing after
	// the header could be read. Frame is then all of what came.
	Body  kmsg.Request
	Frame []byte
}

// Response is one response on its way.
type Response struct {
	Correlation int32
	Body        kmsg.Response
}

// Kind is the name of the API.
func (r *Request) Kind() string { return kmsg.NameForKey(r.Key) }

// Kind is the name of the API and that it is a response.
func (r *Response) Kind() string { return kmsg.NameForKey(r.Body.Key()) + "Response" }

// Fingerprint tells requests of one kind apart.
func (r *Request) Fingerprint() uint64 {
	h := mix(uint64(uint16(r.Key))<<48|uint64(uint16(r.Version))<<32|uint64(uint32(r.Correlation)), uint64(len(r.ClientID)))
	return mix(h, digest(r.Body))
}

// Fingerprint tells responses of one kind apart.
func (r *Response) Fingerprint() uint64 {
	return mix(uint64(uint16(r.Body.Key()))<<32|uint64(uint32(r.Correlation)), digest(r.Body))
}

// AppendWire appends the frame, without its length.
func (r *Request) AppendWire(b []byte) []byte {
	if r.Body == nil {
		return append(b, r.Frame...)
	}
	f := kmsg.NewRequestFormatter(kmsg.FormatterClientID(r.ClientID))
	return append(b, f.AppendRequest(nil, r.Body, r.Correlation)[lengthBytes:]...)
}

// lengthBytes is the size of the length before a frame.
const lengthBytes = 4

// AppendWire appends the frame, without its length.
func (r *Response) AppendWire(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(r.Correlation))
	if r.Body.IsFlexible() && r.Body.Key() != apiVersions {
		b = append(b, 0) // no tagged fields
	}
	return r.Body.AppendTo(b)
}

// errShort is why a frame cannot be read that ends before its header does.
var errShort = errors.New("wire: the frame ends in its header")

// DecodeRequest reads a frame. It fails on one that is damaged, which closes the
// connection; a request that this build does not know comes without a body.
func DecodeRequest(frame []byte) (*Request, error) {
	const fixed = 10 // key, version, correlation, length of the client's ID
	if len(frame) < fixed {
		return nil, errShort
	}
	r := &Request{
		Key:         int16(binary.BigEndian.Uint16(frame)),
		Version:     int16(binary.BigEndian.Uint16(frame[2:])),
		Correlation: int32(binary.BigEndian.Uint32(frame[4:])),
	}
	length, rest := int(int16(binary.BigEndian.Uint16(frame[8:]))), frame[fixed:]
	if length > len(rest) {
		return nil, errShort
	}
	if length > 0 {
		r.ClientID, rest = string(rest[:length]), rest[length:]
	}
	body := kmsg.RequestForKey(r.Key)
	if body == nil || r.Version < 0 || r.Version > body.MaxVersion() || r.Key == controlledShutdown && r.Version == 0 {
		r.Frame = frame
		return r, nil
	}
	body.SetVersion(r.Version)
	if body.IsFlexible() {
		var err error
		if rest, err = skipTags(rest); err != nil {
			return nil, err
		}
	}
	if err := body.ReadFrom(rest); err != nil {
		return nil, fmt.Errorf("wire: %s v%d: %w", r.Kind(), r.Version, err)
	}
	r.Body = body
	return r, nil
}

// DecodeResponse reads the frame that answers a request of this key and version.
func DecodeResponse(frame []byte, key, version int16) (*Response, error) {
	if len(frame) < 4 {
		return nil, errShort
	}
	body := kmsg.ResponseForKey(key)
	if body == nil {
		return nil, fmt.Errorf("wire: nobody knows API %d", key)
	}
	body.SetVersion(version)
	r, rest := &Response{Correlation: int32(binary.BigEndian.Uint32(frame)), Body: body}, frame[4:]
	if body.IsFlexible() && key != apiVersions {
		var err error
		if rest, err = skipTags(rest); err != nil {
			return nil, err
		}
	}
	if err := body.ReadFrom(rest); err != nil {
		return nil, fmt.Errorf("wire: %s v%d: %w", r.Kind(), version, err)
	}
	return r, nil
}

// skipTags skips the tagged fields of a header, which nobody has defined any of yet
// (KIP-482).
func skipTags(b []byte) ([]byte, error) {
	count, n := binary.Uvarint(b)
	if n <= 0 {
		return nil, errShort
	}
	b = b[n:]
	for range count {
		if _, n = binary.Uvarint(b); n <= 0 {
			return nil, errShort
		}
		b = b[n:]
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return nil, errShort
		}
		b = b[n+int(size):]
	}
	return b, nil
}

func mix(a, b uint64) uint64 {
	a ^= b * 0x9e3779b97f4a7c15
	a ^= a >> 29
	return a * 0xbf58476d1ce4e5b9
}
