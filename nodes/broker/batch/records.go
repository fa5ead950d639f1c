package batch

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Record is one record. Its slices are parts of the batch, or of what was unpacked
// from it, and nobody may change them.
type Record struct {
	Offset int64
	// Timestamp is in milliseconds.
	Timestamp int64
	// Key and Value are nil where there is none, which is not the same as empty.
	Key, Value []byte
	Headers    []kmsg.Header
}

// Records reads the records of a batch, one after the other.
//
//	for r := b.Records(); r.Next(&record); {
//		use(record)
//	}
//	if r.Err() != nil …
type Records struct {
	rest    []byte
	left    int
	base    int64
	after   int64 // the next record's offset is above this,
	last    int64 // and at most this
	millis  int64
	stamped bool // with the time of the append, millis
	err     error
}

var (
	errShort  = errors.New("batch: a record ends before it should")
	errRecord = errors.New("batch: the length of a record, or of a part of it, is wrong")
)

// Records returns a reader of the records.
func (b Batch) Records() Records {
	r := Records{left: b.Count(), base: b.BaseOffset(), after: b.BaseOffset() - 1, last: b.LastOffset(), millis: b.BaseTimestamp()}
	if r.stamped = b.Has(LogAppendTime); r.stamped {
		r.millis = b.MaxTimestamp()
	}
	r.rest, r.err = b.unpacked()
	return r
}

// Err is why Next ended before all records were read, nil if it did not.
func (r *Records) Err() error { return r.err }

// Next reads one record. False after the last, or at an error.
func (r *Records) Next(to *Record) bool {
	if r.err != nil {
		return false
	}
	if r.left == 0 {
		if len(r.rest) > 0 {
			r.err = fmt.Errorf("batch: %d bytes follow the last record", len(r.rest))
		}
		return false
	}
	r.left--
	r.err = r.read(to)
	return r.err == nil
}

// read takes one record off the rest.
func (r *Records) read(to *Record) error {
	length, n := binary.Varint(r.rest)
	if n <= 0 || length < 1 || length > int64(len(r.rest)-n) {
		return errShort
	}
	c := cursor{b: r.rest[n : n+int(length)]}
	r.rest = r.rest[n+int(length):]
	c.b = c.b[1:] // attributes, of which none is defined
	to.Timestamp = r.millis
	if delta := c.varint(); !r.stamped {
		to.Timestamp += delta
	}
	to.Offset = r.base + c.varint()
	to.Key = c.bytes()
	to.Value = c.bytes()
	to.Headers = c.headers()
	if c.bad || len(c.b) > 0 {
		return errRecord
	}
	if to.Offset <= r.after || to.Offset > r.last {
		return fmt.Errorf("batch: a record at offset %d after %d in a batch up to %d", to.Offset, r.after, r.last)
	}
	r.after = to.Offset
	return nil
}

// cursor reads the parts of one record.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) varint() int64 {
	v, n := binary.Varint(c.b)
	if n <= 0 {
		c.bad = true
		return 0
	}
	c.b = c.b[n:]
	return v
}

// bytes reads a length and so many bytes, nil for the length -1.
func (c *cursor) bytes() []byte {
	n := c.varint()
	if c.bad || n == -1 {
		return nil
	}
	if n < 0 || n > int64(len(c.b)) {
		c.bad = true
		return nil
	}
	v := c.b[:n:n]
	c.b = c.b[n:]
	return v
}

func (c *cursor) headers() []kmsg.Header {
	n := c.varint()
	// A header has two lengths of at least a byte each; a count beyond that is no
	// reason to allocate.
	if c.bad || n < 0 || 2*n > int64(len(c.b)) {
		c.bad = true
		return nil
	}
	if n == 0 {
		return nil
	}
	all := make([]kmsg.Header, n)
	for i := range all {
		key := c.bytes()
		if key == nil {
			c.bad = true // the key of a header is never null
			return nil
		}
		all[i] = kmsg.Header{Key: string(key), Value: c.bytes()}
	}
	return all
}
