package usage

import (
	"fmt"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/node"
)

// account is what one client had, by the clock of its broker.
type account struct {
	// samples are all that there ever were, since when and how much.
	samples []given
	// recent is what it was given within all windows but one, sum of that, since its quota
	// was limit.
	recent []given
	sum    int64
	limit  int64
}

// given is an amount, from or at a time, on a connection.
type given struct {
	at     time.Duration
	amount int64
	conn   int64
}

// shareOfTime is the key of the quota that is capped: nobody waits for longer than a window,
// since what a request took cannot be had back.
const shareOfTime = "request_percentage"

// passed looks up what is to be charged for something that a client has.
func (c *Checker) passed(m *member, e node.Event) {
	u := e.Body.(*facts.Usage)
	if account, limit := m.quotaOf(u.Key, u.User, u.Client); limit > 0 {
		m.due = &charge{account, limit, e.N[0], e.N[1]}
	}
}

// charged holds a charge against what is due, and how long its client is told to wait
// against everything that the account had.
func (c *Checker) charged(m *member, e node.Event) {
	u, wait := e.Body.(*facts.Usage), time.Duration(e.N[3])*time.Millisecond
	got := charge{e.Text, e.N[1], e.N[0], e.N[2]}
	if m.due == nil || *m.due != got {
		want := "nothing"
		if m.due != nil {
			want = m.due.String()
		}
		c.fail(m, Applied, fmt.Sprintf("%s charges %v where %s is due", m.Name, got, want))
		return
	}
	m.due = nil
	a := m.accounts[got.account]
	if a == nil {
		a = &account{}
		m.accounts[got.account] = a
	}
	want := a.wait(c.cfg.Use, u.At, got.amount, got.limit)
	if u.Key == shareOfTime {
		want = min(want, c.cfg.Use.Size)
	}
	if want != wait {
		c.fail(m, Measured, fmt.Sprintf("%s has %s wait %v after %d, and what it had of %d a second calls for %v", m.Name, e.Text, wait, got.amount, got.limit, want))
		return
	}
	m.muted[got.on] = max(m.muted[got.on], u.At+wait)
	if u.Withheld {
		a.samples[len(a.samples)-1].amount -= got.amount
		return
	}
	if u.Key != shareOfTime {
		c.weigh(m, got.account, a, given{u.At, got.amount, got.on}, got.limit)
	}
}

// wait adds to the samples, each of which begins with the first use a window after the
// beginning of the last, and works out how long it takes until what those hold that are not
// too old is what the quota brings. All others stay in the list, and are not looked at.
func (a *account) wait(w Windows, now time.Duration, amount, perSecond int64) time.Duration {
	if n := len(a.samples); n == 0 || now-a.samples[n-1].at >= w.Size {
		a.samples = append(a.samples, given{at: now})
	}
	a.samples[len(a.samples)-1].amount += amount
	total, window := int64(0), time.Duration(0)
	for i := len(a.samples) - 1; i >= 0 && now-a.samples[i].at < time.Duration(w.Number)*w.Size; i-- {
		total += a.samples[i].amount
		window = now - a.samples[i].at
	}
	for window/w.Size < time.Duration(w.Number-1) {
		window += w.Size
	}
	return time.Duration(max(0, total*1000/perSecond-max(window, w.Size).Milliseconds())) * time.Millisecond
}

// weigh holds what an account was given lately against what it can have been given.
func (c *Checker) weigh(m *member, name string, a *account, g given, limit int64) {
	if a.limit != limit {
		a.limit, a.recent, a.sum = limit, nil, 0
	}
	a.recent = append(a.recent, g)
	a.sum += g.amount
	span := time.Duration(c.cfg.Use.Number-1) * c.cfg.Use.Size
	for g.at-a.recent[0].at >= span && len(a.recent) > 1 {
		a.sum -= a.recent[0].amount
		a.recent = a.recent[1:]
	}
	if most := a.most(c.cfg.Use); a.sum > most {
		c.fail(m, NotExceeded, fmt.Sprintf("%s has given %s %d within %v, of %d a second; with one request on each connection that is at most %d", m.Name, name, a.sum, span, limit, most))
	}
}

// rounding is what a wait may lack, in milliseconds: both the time that is called for and
// the time that has passed are cut off at milliseconds.
const rounding = 2

// most is what an account can have been given, see the comment of the package. Connections
// are asked for only where it matters.
func (a *account) most(w Windows) int64 {
	most := a.limit*((time.Duration(2*w.Number-1)*w.Size).Milliseconds()+rounding)/1000 + 1
	if a.sum <= most {
		return most
	}
	longest := map[int64]int64{}
	for _, g := range a.recent {
		if g.amount > longest[g.conn] {
			most += g.amount - longest[g.conn]
			longest[g.conn] = g.amount
		}
	}
	return most
}

// String is a charge in the text of a finding.
func (c charge) String() string {
	return fmt.Sprintf("%d to %s, under a quota of %d a second, on connection %d", c.amount, c.account, c.limit, c.on)
}
