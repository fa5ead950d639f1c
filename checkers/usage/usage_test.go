package usage

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/quota"
	cwire "github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

const (
	produces = "producer_byte_rate"
	shares   = shareOfTime
	changes  = "controller_mutation_rate"
)

// scene is a broker whose clients are measured over two windows of a second, and may change
// what two bring.
type scene struct {
	*Checker
	step uint64
}

func newScene() *scene {
	w := Windows{2, time.Second}
	return &scene{Checker: New(Config{Brokers: []Broker{{1, "b1"}}, Use: w, Changes: w})}
}

// writes commits what is said of a client.
func (s *scene) writes(path string, says settings) {
	data, _ := json.Marshal(map[string]any{"version": 1, "config": says})
	s.step++
	s.Committed(s.step, time.Duration(s.step)*time.Second, &cwire.Txn{Body: &cwire.SetDataTxn{Path: "/config/" + path, Data: data}})
}

func (s *scene) says(kind *node.EventKind, text string, body any, n ...int64) {
	e := node.Event{Kind: kind, Text: text, Body: body}
	copy(e.N[:], n)
	s.Observe(s.step, time.Duration(s.step)*time.Second, 1, e)
}

func (s *scene) takes(path string, says settings) {
	s.says(facts.QuotasTaken, path, facts.Settings(says))
}

// quotas are written, and gone by.
func (s *scene) quotas(path string, says settings) {
	s.writes(path, says)
	s.takes(path, says)
}

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// gives is something that user c1 of application app has, and what is charged for it.
func (s *scene) gives(key string, at, conn, amount int64, account string, limit, wait int64) {
	u := &facts.Usage{At: millis(at), Key: key, User: "c1", Client: "app"}
	s.says(facts.UsagePassed, "c1/app", u, amount, conn)
	if account != "" {
		s.says(facts.UsageCharged, key+" of "+account, u, amount, limit, conn, wait)
	}
}

func (s *scene) changes(at, conn, partitions int64, strict, refused bool, wait int64) {
	u := &facts.Usage{At: millis(at), Key: changes, User: "c1", Client: "app", Strict: strict, Withheld: refused}
	s.says(facts.ChangeCharged, changes+" of c1/", u, partitions, 1000, conn, wait)
}

func (s *scene) takesUp(at, conn int64) {
	s.says(facts.RequestTakenUp, "", &facts.Usage{At: millis(at)}, conn)
}

// tells answers so many milliseconds.
func (s *scene) tells(at time.Duration, conn, wait int64) {
	s.says(facts.ThrottleTold, "", &facts.Usage{At: at}, wait, conn)
}

// TestScenes plays what is right and what is not.
func TestScenes(t *testing.T) {
	rate := func(n string) settings { return settings{produces: n} }
	for _, c := range []struct {
		name, breaks string
		play         func(s *scene)
	}{
		{"what may be had at once", "", func(s *scene) { s.gives(produces, 1000, 1, 1000, "c1/", 1000, 0) }},
		{"too much", "", func(s *scene) { s.gives(produces, 1000, 1, 1500, "c1/", 1000, 500) }},
		{"on two connections", "", func(s *scene) {
			s.gives(produces, 1000, 1, 900, "c1/", 1000, 0)
			s.gives(produces, 1000, 2, 600, "c1/", 1000, 500)
		}},
		{"forgotten with a connection", Measured, func(s *scene) {
			s.gives(produces, 1000, 1, 900, "c1/", 1000, 0)
			s.gives(produces, 1000, 2, 600, "c1/", 1000, 0)
		}},
		{"long ago", "", func(s *scene) {
			s.gives(produces, 1000, 1, 900, "c1/", 1000, 0)
			s.gives(produces, 9000, 1, 900, "c1/", 1000, 0)
		}},
		{"after a crash", "", func(s *scene) {
			s.gives(produces, 1000, 1, 900, "c1/", 1000, 0)
			s.Changed(1, time.Minute)
			s.takes("users/c1", rate("1000"))
			s.gives(produces, 0, 1, 900, "c1/", 1000, 0)
		}},
		{"not charged", Applied, func(s *scene) { s.gives(produces, 1000, 1, 900, "", 0, 0); s.takesUp(1000, 1) }},
		{"charged less", Applied, func(s *scene) {
			u := &facts.Usage{At: time.Second, Key: produces, User: "c1", Client: "app"}
			s.says(facts.UsagePassed, "c1/app", u, 900, 1)
			s.says(facts.UsageCharged, produces+" of c1/", u, 90, 1000, 1, 0)
		}},
		{"charged for nothing", Applied, func(s *scene) {
			s.says(facts.UsageCharged, produces+" of c1/", &facts.Usage{At: time.Second, Key: produces}, 90, 1000, 1, 0)
		}},
		{"nothing said of it", "", func(s *scene) { s.gives("consumer_byte_rate", 1000, 1, 900, "", 0, 0); s.takesUp(1000, 1) }},
		{"the application is less particular", Applied, func(s *scene) {
			s.quotas("clients/app", rate("50"))
			s.gives(produces, 1000, 1, 40, "/app", 50, 0)
		}},
		{"everybody is less particular", Applied, func(s *scene) {
			s.quotas("users/<default>", rate("5000"))
			s.gives(produces, 1000, 1, 40, "c1/", 5000, 0)
		}},
		{"both are more particular", "", func(s *scene) {
			s.quotas("users/c1/clients/app", rate("50"))
			s.gives(produces, 1000, 1, 40, "c1/app", 50, 0)
		}},
		{"any application of the user is more particular", "", func(s *scene) {
			s.quotas("users/c1/clients/<default>", rate("50"))
			s.gives(produces, 1000, 1, 40, "c1/app", 50, 0)
		}},
		{"served too early", Waited, func(s *scene) { s.gives(produces, 1000, 1, 4000, "c1/", 1000, 3000); s.takesUp(3999, 1) }},
		{"served in time, and on another connection", "", func(s *scene) {
			s.gives(produces, 1000, 1, 4000, "c1/", 1000, 3000)
			s.takesUp(1001, 2)
			s.takesUp(4000, 1)
		}},
		{"told, each for itself, what is more of two", "", func(s *scene) {
			s.quotas("users/c1", settings{produces: "1000", shares: "0.01"})
			s.gives(produces, 1000, 1, 1500, "c1/", 1000, 500)
			s.gives(shares, 1000, 1, 180, "c1/", 100, 800)
			s.tells(millis(1000), 2, 0)
			s.tells(millis(1000), 1, 800)
			s.takesUp(1800, 1)
			s.tells(millis(1800), 1, 0)
		}},
		{"told what is left when the answer is ready, rounded up", "", func(s *scene) {
			s.quotas("users/c1", settings{changes: "1"})
			s.changes(1000, 1, 4, false, false, 2000)
			s.tells(millis(2000)+time.Microsecond, 1, 1000)
			s.tells(millis(3000), 1, 0)
		}},
		{"not told", Told, func(s *scene) { s.gives(produces, 1000, 1, 1500, "c1/", 1000, 500); s.tells(millis(1000), 1, 0) }},
		{"told too little", Told, func(s *scene) { s.gives(produces, 1000, 1, 1500, "c1/", 1000, 500); s.tells(millis(1000), 1, 499) }},
		{"told too much", Told, func(s *scene) { s.gives(produces, 1000, 1, 1500, "c1/", 1000, 500); s.tells(millis(1000), 1, 501) }},
		{"told for nothing", Told, func(s *scene) { s.gives(produces, 1000, 1, 900, "c1/", 1000, 0); s.tells(millis(1000), 1, 10) }},
		{"nobody waits longer than a window for time", "", func(s *scene) {
			s.quotas("users/c1", settings{shares: "0.01"})
			s.gives(shares, 1000, 1, 400, "c1/", 100, 1000)
			s.takesUp(2000, 1)
		}},
		{"far too much, and never told to wait", NotExceeded, func(s *scene) {
			w := Windows{2, time.Second}
			a := &account{}
			for i := range int64(30) { // a judge that asks for no waits
				s.weigh(s.members[0], "a", a, given{millis(10 * i), 200, 1}, 1000)
			}
			if a.most(w) != 3203 {
				t.Errorf("at most %d", a.most(w))
			}
		}},
		{"an old version", Copied, func(s *scene) { s.quotas("users/c1", rate("7")); s.takes("users/c1", rate("1000")) }},
		{"what nobody wrote", Copied, func(s *scene) { s.takes("users/c2", rate("7")) }},
		{"versions left out", "", func(s *scene) { s.writes("users/c1", rate("7")); s.quotas("users/c1", rate("8")) }},
		{"acknowledged", "", func(s *scene) {
			s.quotas("users/c1", settings{produces: "7", changes: "2"})
			s.says(facts.QuotasWritten, "users/c1", facts.Settings{produces: "7", changes: "2"}, 1)
			s.quotas("users/c1", settings{changes: "2"})
			s.says(facts.QuotasWritten, "users/c1", facts.Settings{produces: ""}, 2)
		}},
		{"acknowledged, and another change is lost", Acknowledged, func(s *scene) {
			s.quotas("users/c1", settings{changes: "2"})
			s.says(facts.QuotasWritten, "users/c1", facts.Settings{changes: "2"}, 1)
		}},
		{"acknowledged, and not written", Acknowledged, func(s *scene) {
			s.says(facts.QuotasWritten, "users/c1", facts.Settings{changes: "2"}, 1)
		}},
		{"acknowledged, and not gone by", Acknowledged, func(s *scene) {
			s.writes("users/c1", settings{produces: "1000", changes: "2"})
			s.says(facts.QuotasWritten, "users/c1", facts.Settings{changes: "2"}, 1)
		}},
		{"changes", "", func(s *scene) {
			s.quotas("users/c1", settings{changes: "1"})
			s.changes(1000, 1, 4, true, false, 0)
			s.changes(1000, 2, 1, true, true, 2000)
			s.changes(1500, 3, 1, false, false, 2500)
			s.changes(4000, 3, 0, true, false, 0)
		}},
		{"changed though overdrawn", Changes, func(s *scene) {
			s.quotas("users/c1", settings{changes: "1"})
			s.changes(1000, 1, 4, true, false, 0)
			s.changes(1000, 2, 1, true, false, 2000)
		}},
		{"an older client is refused", Changes, func(s *scene) {
			s.quotas("users/c1", settings{changes: "1"})
			s.changes(1000, 1, 4, false, true, 0)
		}},
		{"a change under no quota", Applied, func(s *scene) { s.changes(1000, 1, 4, true, false, 0) }},
		{"refused, and served at once", Waited, func(s *scene) {
			s.quotas("users/c1", settings{changes: "1"})
			s.changes(1000, 1, 4, true, false, 0)
			s.changes(1000, 2, 1, true, true, 2000)
			s.takesUp(1000, 2)
		}},
	} {
		s := newScene()
		s.quotas("users/c1", rate("1000"))
		c.play(s)
		got := ""
		if f := s.Finding(); f != nil {
			got = f.Guarantee
		}
		if got != c.breaks {
			t.Errorf("%s: %q fell, want %q: %v", c.name, got, c.breaks, s.Finding())
		}
	}
}

// In the end everybody goes by what was said last.
func TestPending(t *testing.T) {
	s := newScene()
	s.quotas("users/c1", settings{produces: "5"})
	if got := s.Pending(); got != "" {
		t.Error(got)
	}
	s.writes("users/c1", settings{})
	if got := s.Pending(); got != "b1 goes by version 0 of what is said of users/c1, of which the last is 1" {
		t.Error(got)
	}
	s.takes("users/c1", settings{})
	if got := s.Pending(); got != "" {
		t.Error(got)
	}
}

// wasteful is what wait comes to by going through everything that was ever had.
func wasteful(w Windows, uses []given, perSecond int64) time.Duration {
	now := uses[len(uses)-1].at
	start, oldest, total, sum := time.Duration(-1), time.Duration(-1), int64(0), int64(0)
	flush := func() {
		if start >= 0 && now-start < time.Duration(w.Number)*w.Size {
			if total += sum; oldest < 0 {
				oldest = start
			}
		}
	}
	for _, u := range uses {
		if start < 0 || u.at-start >= w.Size {
			flush()
			start, sum = u.at, 0
		}
		sum += u.amount
	}
	flush()
	window := now - oldest
	for window/w.Size < time.Duration(w.Number-1) {
		window += w.Size
	}
	return max(0, millis(total*1000/perSecond-max(window, w.Size).Milliseconds()))
}

// TestWaits: looking at the last samples only comes to the same as looking at everything.
func TestWaits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := Windows{rapid.IntRange(1, 11).Draw(t, "samples"), time.Duration(rapid.IntRange(1, 3).Draw(t, "seconds")) * time.Second}
		perSecond := rapid.Int64Range(1, 5000).Draw(t, "quota")
		var a account
		var uses []given
		now := time.Duration(0)
		for range rapid.IntRange(1, 40).Draw(t, "uses") {
			now += millis(rapid.Int64Range(0, 5000).Draw(t, "pause"))
			amount := rapid.Int64Range(0, 4000).Draw(t, "amount")
			uses = append(uses, given{at: now, amount: amount})
			if got, want := a.wait(w, now, amount, perSecond), wasteful(w, uses, perSecond); got != want {
				t.Fatalf("after %v: wait %v, want %v", uses, got, want)
			}
		}
	})
}

// TestNobodyWhoWaitsHasTooMuch: however many connections a client has, and whatever it asks
// for on them and when, if each waits for as long as the broker's own measure says then no
// more is given than the judge allows.
func TestNobodyWhoWaitsHasTooMuch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := Windows{rapid.IntRange(2, 11).Draw(t, "samples"), time.Second}
		limit := rapid.Int64Range(1, 5000).Draw(t, "quota")
		longest := rapid.Int64Range(1, 20*limit).Draw(t, "longest")
		until := make([]time.Duration, rapid.IntRange(1, 5).Draw(t, "connections"))
		var rate quota.Rate
		s := &scene{Checker: New(Config{Brokers: []Broker{{1, "b1"}}, Use: w})}
		a := &account{}
		now := time.Duration(0)
		for range rapid.IntRange(1, 120).Draw(t, "requests") {
			conn := rapid.IntRange(0, len(until)-1).Draw(t, "on")
			if rapid.IntRange(0, 3).Draw(t, "next") > 0 { // whoever may ask next, so that they come as fast as they can
				for k := range until {
					if until[k] < until[conn] {
						conn = k
					}
				}
			}
			now = max(now, until[conn])
			if rapid.IntRange(0, 4).Draw(t, "pauses") == 0 {
				now += millis(rapid.Int64Range(0, 3000).Draw(t, "pause"))
			}
			amount := rapid.Int64Range(0, longest).Draw(t, "amount")
			rate.Record(quota.Windows(w), now, amount)
			until[conn] = now + rate.Wait(quota.Windows(w), now, limit)
			if s.weigh(s.members[0], "a", a, given{now, amount, int64(conn)}, limit); s.Finding() != nil {
				t.Fatal(s.Finding())
			}
		}
	})
}

// BenchmarkWait shows that a charge costs the same however many there were before.
func BenchmarkWait(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := Windows{11, time.Second}
			var a account
			for i := range n {
				a.wait(w, millis(int64(i)), 1, 1000)
			}
			for b.Loop() {
				a.wait(w, millis(int64(n)), 1, 1000)
			}
		})
	}
}
