package groups

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// register is a znode with an offset: everything that it has held, in order. The first
// is that it is not there.
type register struct{ held []version }

// version is what a znode held, and the session that wrote it.
type version struct {
	offset  int64
	session int64
}

// apply follows the znodes of offsets.
func (c *Checker) apply(body wire.TxnBody, session int64) {
	switch b := body.(type) {
	case *wire.CreateTxn:
		c.stored(b.Path, b.Data, session)
	case *wire.SetDataTxn:
		c.stored(b.Path, b.Data, session)
	case *wire.DeleteTxn:
		if r := c.znodes[b.Path]; r != nil {
			r.held = append(r.held, version{-1, session})
		}
	case *wire.MultiTxn:
		for _, part := range b.Parts {
			c.apply(part.Body, session)
		}
	}
}

// stored notes what is written to /consumers/G/offsets/T/P. A znode is made before it is
// written.
func (c *Checker) stored(path string, data []byte, session int64) {
	parts := strings.Split(path, "/")
	if len(parts) != 6 || parts[1] != "consumers" || parts[3] != "offsets" {
		return
	}
	at, err := strconv.ParseInt(string(data), 10, 64)
	if err != nil {
		at = -1
	}
	r := c.register(path)
	r.held = append(r.held, version{at, session})
}

func (c *Checker) register(path string) *register {
	if c.znodes[path] == nil {
		c.znodes[path] = &register{held: []version{{offset: -1}}}
	}
	return c.znodes[path]
}

// znodeOf is where the offset of a partition is.
func znodeOf(group, partition string) string {
	topic := topicOf(partition)
	return fmt.Sprintf("/consumers/%s/offsets/%s/%s", group, topic, strings.TrimPrefix(partition, topic+"-"))
}

// storedTold: a client is told that its offset is stored, which it is, since its broker
// was last heard of that znode.
func (c *Checker) storedTold(b *broker, group, partition string, offset int64) {
	c.sees(b, group, partition, offset, "tells that %d of %s is stored for group %s, which was never")
}

// storedRead: a client is told what is stored.
func (c *Checker) storedRead(b *broker, group, partition string, offset int64) {
	c.sees(b, group, partition, offset, "tells that %d of %s is stored for group %s, which is not, or no more")
}

// sees: what a broker says of a znode it held some time, and no earlier than what the
// broker has seen there: a session does not go back in time.
func (c *Checker) sees(b *broker, group, partition string, offset int64, how string) {
	path := znodeOf(group, partition)
	r := c.register(path)
	for i := b.seen[path]; i < len(r.held); i++ {
		if r.held[i].offset == offset {
			b.seen[path] = i
			return
		}
	}
	c.fail(b.Name, StoredOffset, fmt.Sprintf("%s "+how, b.Name, offset, partition, group))
}
