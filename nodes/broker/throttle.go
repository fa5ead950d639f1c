package broker

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/config"
	"github.com/stampede-sim/stampede/nodes/broker/controller"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/quota"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/node"
)

// The quotas of a client that are enforced, by the keys that they have in configurations:
// bytes a second, percent of the time of one thread (KIP-124), and partitions created and
// deleted a second (KIP-599).
const (
	producerRate  = "producer_byte_rate"
	consumerRate  = "consumer_byte_rate"
	handlingShare = "request_percentage"
	mutationRate  = "controller_mutation_rate"
)

// A simulated broker handles a request in no time. What it would take is a price, the same
// for all requests and more for those with records, in microseconds; it is charged where
// Kafka charges what it has measured, and delays nothing by itself.
const (
	handlingPrice         = 100
	bytesPerMicrosecond   = 100
	microsecondsPerMille  = 10 // of a percent: one percent of a second is 10 ms
	decimalPlacesOfQuotas = 1000
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
	of := [...]struct {
		entity  clientEntity
		account account
	}{
		{clientEntity{user, client}, account{key, user, client}}, {clientEntity{user, all}, account{key, user, client}}, {clientEntity{user: user}, account{key, user, ""}},
		{clientEntity{all, client}, account{key, user, client}}, {clientEntity{all, all}, account{key, user, client}}, {clientEntity{user: all}, account{key, user, ""}},
		{clientEntity{client: client}, account{key, "", client}}, {clientEntity{client: all}, account{key, "", client}},
	}
	if s.cfg.Bugs.Has(bugs.DefaultQuotaFirst) {
		of[2], of[5] = of[5], of[2]
	}
	for _, of := range of {
		if limit := limitFrom(key, s.clients[of.entity][key]); limit > 0 {
			return of.account, limit
		}
	}
	return account{}, 0
}

// limitFrom reads a quota in the unit in which use of it is counted a second: bytes,
// microseconds, or thousandths of a partition. It is 0 where nothing is said.
func limitFrom(key, value string) int64 {
	switch key {
	case handlingShare:
		n, _ := config.Permille(value)
		return n * microsecondsPerMille
	case mutationRate:
		n, _ := config.Permille(value)
		return n
	}
	n, _ := strconv.ParseInt(value, 10, 64)
	return n
}

// chargeable is who has to pay for a request. Other brokers never have to, or copies would
// fall behind, nor has who has not proved yet who he is.
func (s *Server) chargeable(x *exchange, key string) (user, client string, ok bool) {
	if s.limits[key] == 0 || x.channel.principal == brokerPrincipal || x.channel.proof != nil {
		return "", "", false
	}
	return strings.TrimPrefix(x.channel.principal, "User:"), x.ClientID, true
}

// mostAtOnce bounds what a fetch brings: an answer that is more than the quota of all
// windows would be withheld for ever.
func (s *Server) mostAtOnce(x *exchange) int {
	if user, client, ok := s.chargeable(x, consumerRate); ok {
		if _, limit := s.limitOf(consumerRate, user, client); limit > 0 {
			return int(min(s.cfg.QuotaWindows.Most(limit), math.MaxInt32))
		}
	}
	return math.MaxInt32
}

// charge counts what the sender of a request has, and says how long it has to wait. What
// is withheld, because of this quota or another, does not count.
func (s *Server) charge(x *exchange, key string, amount int64, withheld bool) time.Duration {
	user, client, ok := s.chargeable(x, key)
	if !ok {
		return 0
	}
	now := s.env.Now()
	s.statePassed(x, key, user, client, amount, now)
	of, limit := s.limitOf(key, user, client)
	if limit == 0 {
		return 0
	}
	rate := s.usage[of]
	if rate == nil {
		rate = &quota.Rate{Bugs: s.cfg.Bugs}
		s.usage[of] = rate
	}
	rate.Record(s.cfg.QuotaWindows, now, amount)
	wait := rate.Wait(s.cfg.QuotaWindows, now, limit)
	if key == handlingShare {
		wait = min(wait, s.cfg.QuotaWindows.Size) // see ClientRequestQuotaManager: a request cannot be taken back
	}
	if withheld = withheld || key == consumerRate && wait > 0; withheld && !s.cfg.Bugs.Has(bugs.WithheldCounted) {
		rate.Unrecord(amount)
	}
	x.channel.account, x.channel.charged = of, true
	s.env.Observe(node.Event{
		Kind: facts.UsageCharged, Text: of.String(), Body: &facts.Usage{At: now, Withheld: withheld, Key: key, User: user, Client: client},
		N: [4]int64{amount, limit, int64(x.channel.id), wait.Milliseconds()},
	})
	return wait
}

// chargeHandling counts the time that a request takes, once, with so many bytes of records.
func (s *Server) chargeHandling(x *exchange, bytes int) time.Duration {
	if x.handled {
		return 0
	}
	x.handled = true
	wait := s.charge(x, handlingShare, handlingPrice+int64(bytes)/bytesPerMicrosecond, false)
	x.throttle = max(x.throttle, wait)
	return wait
}

// admitter holds the sender of a request to its quota of changes. From the version on that
// knows the error, a change is refused while the bucket is overdrawn; an older client is
// let, and waits.
func (s *Server) admitter(x *exchange, strictSince int16) controller.Admit {
	return func(partitions int) bool {
		user, client, ok := s.chargeable(x, mutationRate)
		if !ok {
			return true
		}
		of, limit := s.limitOf(mutationRate, user, client)
		if limit == 0 {
			return true
		}
		bucket := s.buckets[of]
		if bucket == nil {
			bucket = &quota.Bucket{}
			s.buckets[of] = bucket
		}
		now, strict := s.env.Now(), x.Version >= strictSince
		wait, admitted := bucket.Overdrawn(s.cfg.ControllerQuotaWindows, now, limit)
		if admitted = admitted || !strict || s.cfg.Bugs.Has(bugs.OverdrawnAdmitted); admitted {
			bucket.Take(s.cfg.ControllerQuotaWindows, now, limit, partitions)
		}
		if !strict {
			wait, _ = bucket.Overdrawn(s.cfg.ControllerQuotaWindows, now, limit)
		}
		x.overdrawn, x.channel.charged = max(x.overdrawn, now+wait), true
		s.env.Observe(node.Event{
			Kind: facts.ChangeCharged, Text: of.String(), Body: &facts.Usage{At: now, Withheld: !admitted, Key: mutationRate, User: user, Client: client, Strict: strict},
			N: [4]int64{int64(partitions), limit, int64(x.channel.id), wait.Milliseconds()},
		})
		return admitted
	}
}

// throttled is how long the sender of a request has to wait.
func (x *exchange) throttled() time.Duration {
	left := x.overdrawn - x.s.env.Now()
	return max(x.throttle, (left + time.Millisecond - 1).Truncate(time.Millisecond))
}

// tellThrottle writes into an answer how long its receiver has to wait.
func (s *Server) tellThrottle(body kmsg.Response, wait time.Duration) {
	if s.cfg.Bugs.Has(bugs.MutedUntold) {
		return
	}
	if to, ok := body.(kmsg.SetThrottleResponse); ok && wait > 0 {
		to.SetThrottle(int32(wait / time.Millisecond))
	}
}

// mute has nothing read from a connection for so long, behind the answer (KIP-219).
func (s *Server) mute(ch *channel, wait time.Duration) {
	if wait <= 0 || s.channels[ch.id] != ch {
		return
	}
	if s.cfg.Bugs.Has(bugs.ToldButNotMuted) {
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

// statePassed states what a client has of a broker, whether there is a quota of it or not.
func (s *Server) statePassed(x *exchange, key, user, client string, amount int64, now time.Duration) {
	s.env.Observe(node.Event{
		Kind: facts.UsagePassed, Text: user + "/" + client, Body: &facts.Usage{At: now, Key: key, User: user, Client: client},
		N: [4]int64{amount, int64(x.channel.id)},
	})
}

// stateTold states how long an answer says that its receiver has to wait, if it has a place
// for that.
func (s *Server) stateTold(ch *channel, body kmsg.Response) {
	if says, ok := body.(kmsg.ThrottleResponse); ok && ch.charged {
		millis, _ := says.Throttle()
		s.env.Observe(node.Event{Kind: facts.ThrottleTold, Body: &facts.Usage{At: s.env.Now()}, N: [4]int64{int64(millis), int64(ch.id)}})
	}
}

// stateTakenUp states that a request of a connection is taken up whose client was charged
// before, be it told to wait or not.
func (s *Server) stateTakenUp(ch *channel) {
	if ch.charged {
		s.env.Observe(node.Event{Kind: facts.RequestTakenUp, Body: &facts.Usage{At: s.env.Now()}, N: [4]int64{int64(ch.id)}})
	}
}
