package wire

import (
	"encoding/binary"
	"fmt"
)

// coder walks a record field by field in one of two directions: it appends the
// jute encoding of the fields to b, or it reads the fields from b. Each record
// has one method that visits its fields, so the two directions cannot disagree.
//
// A coder is used as a local value and never stored, so that coding allocates
// nothing but what it decodes.
type coder struct {
	b        []byte
	off, end int // decoding: the next byte, and the limit of the enclosing buffer
	decoding bool
	null     bool  // decoding: a string was null
	err      error // the first error; everything after it does nothing
}

func decoder(b []byte) coder { return coder{b: b, end: len(b), decoding: true} }

// fail keeps the first error, naming the place and the field.
func (c *coder) fail(field, format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("wire: offset %d, field %s: %s", c.off, field, fmt.Sprintf(format, args...))
	}
}

// take returns the next n bytes of the input, or nil after failing.
func (c *coder) take(field string, n int) []byte {
	if c.err != nil {
		return nil
	}
	if left := c.end - c.off; n > left {
		c.fail(field, "needs %d bytes, %d are left", n, left)
		return nil
	}
	b := c.b[c.off : c.off+n]
	c.off += n
	return b
}

func (c *coder) int32(field string, v *int32) {
	if !c.decoding {
		c.b = binary.BigEndian.AppendUint32(c.b, uint32(*v))
	} else if b := c.take(field, 4); b != nil {
		*v = int32(binary.BigEndian.Uint32(b))
	}
}

func (c *coder) int64(field string, v *int64) {
	if !c.decoding {
		c.b = binary.BigEndian.AppendUint64(c.b, uint64(*v))
	} else if b := c.take(field, 8); b != nil {
		*v = int64(binary.BigEndian.Uint64(b))
	}
}

func (c *coder) zxid(field string, v *Zxid) { c.int64(field, (*int64)(v)) }

func (c *coder) bool(field string, v *bool) {
	if !c.decoding {
		n := byte(0)
		if *v {
			n = 1
		}
		c.b = append(c.b, n)
		return
	}
	b := c.take(field, 1)
	if b == nil {
		return
	}
	if b[0] > 1 {
		c.fail(field, "%d is not a boolean", b[0])
	}
	*v = b[0] == 1
}

// constant codes a field whose value is fixed. A different value in the input is
// an error, because nothing here would know what it means.
func (c *coder) constant(field string, want int32) {
	v := want
	c.int32(field, &v)
	if v != want {
		c.fail(field, "is %d, only %d is understood", v, want)
	}
}

// length codes a length or count; -1 says null. Each unit counted takes at least
// size bytes, so a count the input cannot hold fails before anything is allocated.
func (c *coder) length(field string, n, size int) int {
	v := int32(n)
	c.int32(field, &v)
	if !c.decoding {
		return n
	}
	if c.err != nil {
		return -1
	}
	if left := c.end - c.off; v < -1 || int64(v)*int64(size) > int64(left) {
		c.fail(field, "length %d is impossible with %d bytes left", v, left)
		return -1
	}
	return int(v)
}

// str codes a ustring. A null string reads as the empty one.
func (c *coder) str(field string, v *string) {
	n := c.length(field, len(*v), 1)
	if !c.decoding {
		c.b = append(c.b, *v...)
	} else if n >= 0 {
		*v = string(c.take(field, n))
	} else {
		c.null = true
	}
}

// buf codes a buffer, keeping null (nil) and empty apart. What is read is a
// copy: the input belongs to the caller.
func (c *coder) buf(field string, v *[]byte) {
	n := c.length(field, sliceLength(*v), 1)
	if !c.decoding {
		c.b = append(c.b, *v...)
	} else if n >= 0 {
		*v = append(make([]byte, 0, n), c.take(field, n)...)
	}
}

// sliceLength is the length jute writes: -1 for a nil slice.
func sliceLength[T any](s []T) int {
	if s == nil {
		return -1
	}
	return len(s)
}

// vector codes the count of a vector and, decoding, makes room for the items,
// each at least size bytes. The caller then visits the items.
func vector[T any](c *coder, field string, v *[]T, size int) {
	n := c.length(field, sliceLength(*v), size)
	if c.decoding && n >= 0 {
		*v = make([]T, n)
	}
}

func (c *coder) strs(field string, v *[]string) {
	vector(c, field, v, 4)
	for i := range *v {
		c.str(field, &(*v)[i])
	}
}

// open starts a buffer whose content is itself fields; shut ends it, given what
// open returned. Reading, the content must fill the buffer exactly.
func (c *coder) open(field string) (mark int) {
	if !c.decoding {
		c.b = append(c.b, 0, 0, 0, 0)
		return len(c.b)
	}
	mark = c.end
	if n := c.length(field, 0, 1); n >= 0 {
		c.end = c.off + n
	} else {
		c.fail(field, "is null")
	}
	return mark
}

func (c *coder) shut(field string, mark int) {
	if !c.decoding {
		binary.BigEndian.PutUint32(c.b[mark-4:], uint32(len(c.b)-mark))
		return
	}
	c.exhausted(field)
	c.end = mark
}

// rest codes everything up to the end of the enclosing buffer.
func (c *coder) rest(field string, v *[]byte) {
	if !c.decoding {
		c.b = append(c.b, *v...)
		return
	}
	if n := c.end - c.off; n > 0 && c.err == nil {
		*v = append(make([]byte, 0, n), c.take(field, n)...)
	}
}

// text codes everything up to the end of the enclosing buffer, as a string.
func (c *coder) text(field string, v *string) {
	if !c.decoding {
		c.b = append(c.b, *v...)
		return
	}
	if *v = string(c.take(field, c.end-c.off)); *v == "" {
		c.fail(field, "is empty")
	}
}

// nullable codes a ustring that is null where it is empty: what a request leaves out.
func (c *coder) nullable(field string, v *string) {
	if c.decoding || *v != "" {
		null := c.null
		c.str(field, v)
		c.null = null // here it means what the empty one does
		return
	}
	null := int32(-1)
	c.int32(field, &null)
}

// exhausted fails if the enclosing buffer has bytes left.
func (c *coder) exhausted(field string) {
	if c.err == nil && c.off != c.end {
		c.fail(field, "%d bytes are left over", c.end-c.off)
	}
}

// finish ends decoding a frame.
func (c *coder) finish() error {
	c.exhausted("end of frame")
	return c.err
}
