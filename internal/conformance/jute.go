package conformance

import (
	"encoding/binary"
	"errors"
)

// Encoding is by append, decoding by a reader that remembers its first failure.

func appendInt(b []byte, v int32) []byte { return binary.BigEndian.AppendUint32(b, uint32(v)) }

func appendLong(b []byte, v int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(v)) }

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

// appendBytes appends a buffer; nil is null.
func appendBytes(b, v []byte) []byte {
	if v == nil {
		return appendInt(b, -1)
	}
	return append(appendInt(b, int32(len(v))), v...)
}

func appendText(b []byte, v string) []byte { return append(appendInt(b, int32(len(v))), v...) }

func appendTexts(b []byte, v []string) []byte {
	b = appendInt(b, int32(len(v)))
	for _, text := range v {
		b = appendText(b, text)
	}
	return b
}

// permission is one entry of an access control list.
type permission struct {
	perms      int32
	scheme, id string
}

func appendACL(b []byte, v []permission) []byte {
	b = appendInt(b, int32(len(v)))
	for _, p := range v {
		b = appendText(appendText(appendInt(b, p.perms), p.scheme), p.id)
	}
	return b
}

// reader takes fields off a frame. After a failure everything reads as zero.
type reader struct {
	b   []byte
	err error
}

var errShort = errors.New("the frame is too short")

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.err, r.b = errShort, nil
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) int() int32 {
	if b := r.take(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (r *reader) long() int64 {
	if b := r.take(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

func (r *reader) bool() bool {
	b := r.take(1)
	return b != nil && b[0] != 0
}

// bytes reads a buffer; null is nil.
func (r *reader) bytes() []byte {
	n := r.int()
	if n == -1 || r.err != nil {
		return nil
	}
	return append([]byte{}, r.take(int(n))...)
}

func (r *reader) text() string { return string(r.bytes()) }

// count reads the length of a vector; null counts as 0.
func (r *reader) count() int {
	n := int(r.int())
	if n > len(r.b) {
		r.err, r.b = errShort, nil
		return 0
	}
	return max(n, 0)
}

func (r *reader) texts() []string {
	out := []string{}
	for range r.count() {
		out = append(out, r.text())
	}
	return out
}

func (r *reader) acl() []permission {
	out := []permission{}
	for range r.count() {
		out = append(out, permission{r.int(), r.text(), r.text()})
	}
	return out
}
