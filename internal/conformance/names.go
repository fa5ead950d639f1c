package conformance

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/internal/script"
)

// names are what a script calls zxids, times and sessions.
type names struct {
	// base is the zxid before the script's first session; known once there is one.
	base      int64
	based     bool
	started   int64           // wall clock, ms
	times     map[int64]int64 // of the transaction with this zxid
	sessions  []int64
	passwords map[int64][]byte
	// addressed: the data just shown names addresses, so that their length says nothing.
	addressed bool
}

const counterBits = 32

// zxid names a zxid by its distance.
func (p *player) zxid(z int64) string {
	switch {
	case z == 0:
		return "0"
	case z < 0:
		return strconv.FormatInt(z, 10)
	}
	epochs := z>>counterBits - p.base>>counterBits
	if epochs != 0 {
		return fmt.Sprintf("e%d.%d", epochs, z&(1<<counterBits-1))
	}
	return fmt.Sprintf("z%d", z-p.base)
}

// zxidOf reads what zxid writes.
func (p *player) zxidOf(c *script.Command, text string) int64 {
	if rest, ok := strings.CutPrefix(text, "e"); ok {
		var epochs, counter int64
		if _, err := fmt.Sscanf(rest, "%d.%d", &epochs, &counter); err != nil {
			c.Fatalf("zxid %q: want e1.3", text)
		}
		return (p.base>>counterBits+epochs)<<counterBits + counter
	}
	rest, relative := strings.CutPrefix(text, "z")
	n, err := strconv.ParseInt(rest, 10, 64)
	if err != nil {
		c.Fatalf("zxid %q: want z3 or a number", text)
	}
	if relative {
		n += p.base
	}
	return n
}

// clockSlack is how far a transaction's time may be from the test's own clock.
const clockSlack = 2000

// time names a time by the transaction it must belong to.
func (p *player) time(z, ms int64) string {
	if z == 0 && ms == 0 {
		return "0"
	}
	known, seen := p.times[z]
	switch {
	case seen && known != ms:
		return fmt.Sprintf("%+dms-off", ms-known)
	case z > p.base && (ms < p.started-clockSlack || ms > p.target.Millis()+clockSlack):
		return fmt.Sprintf("%d-is-no-present-time", ms)
	}
	p.times[z] = ms
	return strings.Replace(p.zxid(z), "z", "t", 1)
}

// session names a session.
func (p *player) session(id int64) string {
	if id == 0 {
		return "0"
	}
	for i, known := range p.sessions {
		if known == id {
			return "s" + strconv.Itoa(i+1)
		}
	}
	return fmt.Sprintf("%#x", uint64(id))
}

// sessionOf reads what session writes, or a number.
func (p *player) sessionOf(c *script.Command, text string) int64 {
	for _, id := range p.sessions {
		if p.session(id) == text {
			return id
		}
	}
	id, err := strconv.ParseInt(text, 0, 64)
	if err != nil {
		c.Fatalf("session %q: want s1 or a number", text)
	}
	return id
}
