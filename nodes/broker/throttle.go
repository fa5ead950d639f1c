package broker

import (
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/quota"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// The quotas of a client that are enforced, by the keys that they have in configurations.
const (
	producerRate = "producer_byte_rate"
	consumerRate = "consumer_byte_rate"
)

// account is whose use is counted together: that of one quota, of the client it applies to.
// A quota of all users has an account for each of them.
type account struct {
	key          string
	user, client string
}

// String is the account in facts, "producer_byte_rate of c1/app".
func (a account) String() string { return a.key + " of " + a.user + "/" + a.client }

// limitOf finds the quota of a client, the most particular of those there are, and the
// account that it is charged to; 0 for none.
func (s *Server) limitOf(key, user, client string) (account, int64) {
	const all = znodes.DefaultEntity
	for _, of := range [...]struct {
		entity  clientEntity
		account account
	}{
		{clientEntity{user, client}, account{key, user, client}}, {clientEntity{user, all}, account{key, user, client}}, {clientEntity{user: user}, account{key, user, ""}},
		{clientEntity{all, client}, account{key, user, client}}, {clientEntity{all, all}, account{key, user, client}}, {clientEntity{user: all}, account{key, user, ""}},
		{clientEntity{client: client}, account{key, "", client}}, {clientEntity{client: all}, account{key, "", client}},
	} {
		if limit, err := strconv.ParseInt(s.clients[of.entity][key], 10, 64); err == nil && limit > 0 {
			return of.account, limit
		}
	}
	return account{}, 0
}

// charge counts what the sender of a request has, and says how long it has to wait. Nobody
// is charged where no quota is said; other brokers never are, or copies would fall behind.
func (s *Server) charge(x *exchange, key string, bytes int) time.Duration {
	if len(s.clients) == 0 || x.channel.principal == brokerPrincipal {
		return 0
	}
	of, limit := s.limitOf(key, strings.TrimPrefix(x.channel.principal, "User:"), x.ClientID)
	if limit == 0 {
		return 0
	}
	rate := s.usage[of]
	if rate == nil {
		rate = &quota.Rate{}
		s.usage[of] = rate
	}
	now := s.env.Now()
	rate.Record(s.cfg.QuotaWindows, now, int64(bytes))
	wait := rate.Wait(s.cfg.QuotaWindows, now, limit)
	withheld := key == consumerRate && wait > 0
	if withheld {
		rate.Unrecord(int64(bytes))
	}
	x.channel.account = of
	s.env.Observe(node.Event{
		Kind: facts.UsageCharged, Text: of.String(), Body: &facts.Usage{At: now, Withheld: withheld},
		N: [4]int64{int64(bytes), limit, int64(x.channel.id), wait.Milliseconds()},
	})
	return wait
}

// mute has nothing read from a connection for so long, behind the answer (KIP-219).
func (s *Server) mute(ch *channel, wait time.Duration) {
	if wait <= 0 || s.channels[ch.id] != ch || s.cfg.Bugs.Has(bugs.ToldButNotMuted) {
		return
	}
	ch.muted = true
	s.env.SetTimer(wait, node.Tag{Kind: tagUnmute, Arg: uint64(ch.id)})
}

// unmute takes up the next request of a connection that has waited.
func (s *Server) unmute(id node.ConnID) {
	if ch := s.channels[id]; ch != nil {
		ch.muted = false
		s.ready(ch)
	}
}

// throttleMillis is a wait as answers tell it.
func throttleMillis(wait time.Duration) int32 { return int32(wait / time.Millisecond) }
