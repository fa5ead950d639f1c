package wire

import "fmt"

// Zxid is a ZooKeeper transaction id: the epoch of the leader that proposed it
// in the high 32 bits, a counter within the epoch in the low 32 bits. Integer
// order is the order of transactions.
type Zxid int64

// NoZxid is the "I have no usable database" value some messages carry.
const NoZxid Zxid = -1

// MakeZxid joins an epoch and a counter.
func MakeZxid(epoch int64, counter uint32) Zxid { return Zxid(epoch<<32 | int64(counter)) }

// Epoch returns the high half.
func (z Zxid) Epoch() int64 { return int64(uint64(z) >> 32) }

// Counter returns the low half.
func (z Zxid) Counter() uint32 { return uint32(z) }

// String renders epoch:counter, "1:17".
func (z Zxid) String() string {
	if z == NoZxid {
		return "none"
	}
	return fmt.Sprintf("%d:%d", z.Epoch(), z.Counter())
}
