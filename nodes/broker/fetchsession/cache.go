package fetchsession

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Env is what a cache asks of its world; every [node.Env] is one.
type Env interface {
	Now() time.Duration
	Rand() *rand.Rand
	Observe(node.Event)
}

// Config is what a cache has to be told.
type Config struct {
	// Slots is how many sessions a broker keeps (max.incremental.fetch.session.cache.slots).
	Slots int
	// Idle is after how long unused a session gives its slot to anybody, and after how
	// long one gives it to a larger.
	Idle time.Duration
	Bugs bugs.Set
}

// Cache has the sessions of one broker.
type Cache struct {
	cfg      Config
	env      Env
	sessions map[int32]*session
}

// NewCache makes an empty cache.
func NewCache(env Env, cfg Config) *Cache {
	return &Cache{cfg: cfg, env: env, sessions: map[int32]*session{}}
}

// session is what the broker knows of one asker.
type session struct {
	id int32
	// epoch is the one that the next request must have.
	epoch int32
	// follower says that a replica asks, and no consumer.
	follower    bool
	began, used time.Duration
	// parts are what is wanted, in the order in which it is read: who was given records
	// goes behind the others, or a busy partition could fill every answer.
	parts []*cached
	at    map[key]*cached
	given []*cached // those that are about to go behind the others
}

// cached is a part, and what the asker was told of it last: the high watermark, -1 for
// what it has to be told again, and where the log begins.
type cached struct {
	Part
	mark, start int64
}

// Open takes a request, which is from a follower or from a consumer, up to the point
// where what it wants is known.
func (c *Cache) Open(r *kmsg.FetchRequest) Context {
	x := Context{cache: c, follower: r.ReplicaID >= 0}
	if r.SessionEpoch == initialEpoch || r.SessionEpoch == finalEpoch {
		x.parts = partsOf(r)
		x.wantsSession = r.SessionEpoch == initialEpoch
		if old := c.sessions[r.SessionID]; old != nil {
			c.remove(old)
			c.observe(facts.FetchSessionEnded, int64(len(old.parts)), 0, 0, endReplaced)
		}
		return x
	}
	s := c.sessions[r.SessionID]
	if s == nil {
		x.err = wire.FetchSessionIDNotFound
		c.observe(facts.FetchSessionRefused, int64(r.SessionEpoch), -1)
		return x
	}
	if s.epoch != r.SessionEpoch {
		x.err = wire.InvalidFetchSessionEpoch
		c.observe(facts.FetchSessionRefused, int64(r.SessionEpoch), int64(s.epoch))
		return x
	}
	s.update(r, c.cfg.Bugs)
	if len(s.parts) == 0 {
		c.remove(s)
		return x
	}
	s.used, s.epoch = c.env.Now(), nextEpoch(r.SessionEpoch)
	x.session, x.epoch = s, s.epoch
	x.parts = make([]Part, len(s.parts))
	for i, p := range s.parts {
		x.parts[i] = p.Part
	}
	return x
}

// partsOf are the parts that a request names.
func partsOf(r *kmsg.FetchRequest) []Part {
	n := 0
	for i := range r.Topics {
		n += len(r.Topics[i].Partitions)
	}
	all := make([]Part, 0, n)
	for i := range r.Topics {
		t := &r.Topics[i]
		for j := range t.Partitions {
			all = append(all, partOf(t.Topic, &t.Partitions[j]))
		}
	}
	return all
}

// update takes what a request of the session says of the parts that it names. One in
// another leader epoch is told the high watermark again, even if it is the same: the
// asker may have thrown away what came in the epoch before.
func (s *session) update(r *kmsg.FetchRequest, b bugs.Set) {
	for i := range r.Topics {
		t := &r.Topics[i]
		for j := range t.Partitions {
			s.want(partOf(t.Topic, &t.Partitions[j]))
		}
	}
	if b.Has(bugs.SessionForgetsNothing) {
		return
	}
	for i := range r.ForgottenTopics {
		t := &r.ForgottenTopics[i]
		for _, number := range t.Partitions {
			delete(s.at, key{t.Topic, number})
		}
	}
	if len(s.at) < len(s.parts) {
		s.parts = slices.DeleteFunc(s.parts, func(p *cached) bool { return s.at[p.key()] != p })
	}
}

// want takes what a request says of one part.
func (s *session) want(p Part) {
	known := s.at[p.key()]
	if known == nil {
		known = &cached{mark: -1, start: -1}
		s.parts, s.at[p.key()] = append(s.parts, known), known
	} else if known.Epoch != p.Epoch {
		known.mark = -1
	}
	known.Part = p
}

// begin makes a session, if there is room for it or somebody who must make room. Who
// names a partition twice gets none.
func (c *Cache) begin(parts []Part, follower bool) *session {
	now := c.env.Now()
	s := &session{epoch: nextEpoch(initialEpoch), follower: follower, began: now, used: now, at: map[key]*cached{}}
	for _, p := range parts {
		known := &cached{Part: p, mark: -1, start: -1}
		s.parts, s.at[p.key()] = append(s.parts, known), known
	}
	if len(s.at) < len(parts) || len(c.sessions) >= c.cfg.Slots && !c.evict(follower, len(parts)) {
		return nil
	}
	s.id = c.freshID()
	c.sessions[s.id] = s
	c.observe(facts.FetchSessionBegun, int64(len(s.parts)), number(follower))
	return s
}

// freshID draws an ID that no session has.
func (c *Cache) freshID() int32 {
	for {
		if id := c.env.Rand().Int32N(math.MaxInt32-1) + 1; c.sessions[id] == nil {
			return id
		}
	}
}

// evict makes room for a session of so many parts: by the one that was used the longest
// ago, if that is long ago; or else by the least of those that are worth less. Followers
// are worth more than consumers, and many partitions more than few; nobody loses its
// slot soon after it got it, but consumers to followers.
func (c *Cache) evict(follower bool, parts int) bool {
	now := c.env.Now()
	var stale, least *session
	for _, s := range c.sessions { //sim:unordered the first of an order in which no two are equal
		if now-s.used > c.cfg.Idle && (stale == nil || before(s.used, s.id, stale.used, stale.id)) {
			stale = s
		}
		if (follower && !s.follower || now-s.began > c.cfg.Idle) && (least == nil || s.worth(least.follower, len(least.parts), least.id) < 0) {
			least = s
		}
	}
	victim := stale
	if victim == nil && least != nil && least.worth(follower, parts, 0) < 0 {
		victim = least
	}
	if victim == nil {
		return false
	}
	c.remove(victim)
	c.observe(facts.FetchSessionEnded, int64(len(victim.parts)), 0, 0, endEvicted)
	return true
}

func before(a time.Duration, idA int32, b time.Duration, idB int32) bool {
	return a < b || a == b && idA < idB
}

// worth compares a session with another: below 0 if it is worth less.
func (s *session) worth(follower bool, parts int, id int32) int {
	switch {
	case s.follower != follower:
		return int(2*number(s.follower) - 1)
	case len(s.parts) != parts:
		return len(s.parts) - parts
	}
	return int(s.id) - int(id)
}

func (c *Cache) remove(s *session) { delete(c.sessions, s.id) }

// The indexes into facts.FetchSessionEnds.
const (
	endEvicted = iota
	endReplaced
)

func (c *Cache) observe(k *node.EventKind, n ...int64) {
	e := node.Event{Kind: k}
	copy(e.N[:], n)
	c.env.Observe(e)
}

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
