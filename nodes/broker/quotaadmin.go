package broker

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/config"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	"github.com/stampede-sim/stampede/nodes/bugs"
	cwire "github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// The types of entities that have quotas, and the keys of quotas.
const (
	quotaUser   = "user"
	quotaClient = "client-id"
)

// quotaKeys are by name. Those with decimals may have three places behind the point.
var (
	quotaKeys   = []string{consumerRate, mutationRate, producerRate, handlingShare}
	decimalKeys = []string{mutationRate, handlingShare}
)

// The ways to ask for entities.
const (
	matchExact   = kmsg.QuotasMatchTypeExact
	matchDefault = kmsg.QuotasMatchTypeDefault
	matchAny     = kmsg.QuotasMatchTypeAny
)

// describeQuotas lists the quotas that this broker goes by (KIP-546).
func (s *Server) describeQuotas(x *exchange) {
	r := x.Body.(*kmsg.DescribeClientQuotasRequest)
	answer := kmsg.NewPtrDescribeClientQuotasResponse()
	for _, c := range r.Components {
		if c.EntityType != quotaUser && c.EntityType != quotaClient || !s.followsClients() {
			answer.ErrorCode = int16(wire.InvalidRequest)
			x.reply(answer)
			return
		}
	}
	for _, e := range slices.SortedFunc(maps.Keys(s.clients), clientEntity.compare) {
		entry := kmsg.NewDescribeClientQuotasResponseEntry()
		entry.Entity = entityAnswer(e)
		for _, key := range quotaKeys {
			if n, ok := config.Permille(s.clients[e][key]); ok {
				entry.Values = append(entry.Values, kmsg.DescribeClientQuotasResponseEntryValue{Key: key, Value: float64(n) / decimalPlacesOfQuotas})
			}
		}
		if len(entry.Values) > 0 && chosen(e, r) {
			answer.Entries = append(answer.Entries, entry)
		}
	}
	x.reply(answer)
}

// chosen reports whether all components of a question meet an entity; strictly, if it has
// no others.
func chosen(e clientEntity, r *kmsg.DescribeClientQuotasRequest) bool {
	named := map[string]string{quotaUser: e.user, quotaClient: e.client}
	for _, c := range r.Components {
		name := named[c.EntityType]
		switch {
		case name == "",
			c.MatchType == matchExact && (c.Match == nil || *c.Match != name || name == znodes.DefaultEntity),
			c.MatchType == matchDefault && name != znodes.DefaultEntity:
			return false
		}
		delete(named, c.EntityType)
	}
	return !r.Strict || named[quotaUser] == "" && named[quotaClient] == ""
}

// entityAnswer names an entity; what applies to all has no name.
func entityAnswer(e clientEntity) (out []kmsg.DescribeClientQuotasResponseEntryEntity) {
	add := func(kind, name string) {
		one := kmsg.DescribeClientQuotasResponseEntryEntity{Type: kind}
		if name != znodes.DefaultEntity {
			one.Name = &name
		}
		if name != "" {
			out = append(out, one)
		}
	}
	add(quotaUser, e.user)
	add(quotaClient, e.client)
	return out
}

// alterQuotas changes quotas, each entity for itself.
func (s *Server) alterQuotas(x *exchange) {
	r := x.Body.(*kmsg.AlterClientQuotasRequest)
	s.env.Go("alter quotas", func(t *node.Task) {
		answer := kmsg.NewPtrAlterClientQuotasResponse()
		for i := range r.Entries {
			in, out := &r.Entries[i], kmsg.NewAlterClientQuotasResponseEntry()
			for _, e := range in.Entity {
				out.Entity = append(out.Entity, kmsg.AlterClientQuotasResponseEntryEntity{Type: e.Type, Name: e.Name})
			}
			e, ops, wrong := quotaChange(in)
			switch {
			case !s.followsClients():
				wrong = "this broker keeps no quotas"
				fallthrough
			case wrong != "":
				out.ErrorCode, out.ErrorMessage = int16(wire.InvalidRequest), &wrong
			case !r.ValidateOnly:
				out.ErrorCode = int16(s.changeClient(t, e, ops))
			}
			answer.Entries = append(answer.Entries, out)
		}
		x.reply(answer)
	})
}

// quotaChange reads what is to change, "" for what is removed, and says what is wrong.
func quotaChange(in *kmsg.AlterClientQuotasRequestEntry) (e clientEntity, ops map[string]string, wrong string) {
	for _, part := range in.Entity {
		name := znodes.DefaultEntity
		if part.Name != nil {
			name = *part.Name
		}
		switch {
		case part.Type == quotaUser && e.user == "":
			e.user = name
		case part.Type == quotaClient && e.client == "":
			e.client = name
		default:
			return e, nil, "entities are users and client-ids, each once"
		}
	}
	ops = map[string]string{}
	for _, op := range in.Ops {
		value, ok := quotaValue(op.Key, op.Value)
		switch {
		case !slices.Contains(quotaKeys, op.Key):
			return e, nil, "quotas are " + strings.Join(quotaKeys, ", ")
		case op.Remove:
			ops[op.Key] = ""
		case !ok && slices.Contains(decimalKeys, op.Key):
			return e, nil, op.Key + " is a number above 0 with at most three places behind the point"
		case !ok:
			return e, nil, op.Key + " is a whole number of bytes, from 1"
		default:
			ops[op.Key] = value
		}
	}
	if e == (clientEntity{}) {
		wrong = "no entity is named"
	}
	return e, ops, wrong
}

// quotaValue is a quota as configurations have it; ok is whether it makes sense. Nothing
// is counted in more than thousandths, and what is longer is refused, not cut off.
func quotaValue(key string, value float64) (text string, ok bool) {
	if slices.Contains(decimalKeys, key) {
		n := int64(value*decimalPlacesOfQuotas + 0.5)
		return thousandths(n), n >= 1 && n < 1e12 && float64(n)/decimalPlacesOfQuotas == value
	}
	n := int64(value)
	return strconv.FormatInt(n, 10), n >= 1 && float64(n) == value
}

// changeClient changes what is said of a client, with the notification of it in the same
// transaction. Whoever does so at the same time is not overwritten.
func (s *Server) changeClient(t *node.Task, e clientEntity, ops map[string]string) wire.ErrorCode {
	path := znodes.Config + "/" + e.path()
	if r := s.zk.Ensure(t, path); !r.OK() {
		return wire.Unknown
	}
	for range changeTries {
		now := s.zk.One(t, zookeeper.Get(path))
		if !now.OK() {
			return wire.Unknown
		}
		says, err := znodes.DecodeConfig(path, now.Data)
		if err != nil {
			says = map[string]string{}
		}
		for key, value := range ops { //sim:unordered each key for itself
			if says[key] = value; value == "" {
				delete(says, key)
			}
		}
		over := now.Stat.Version
		if s.cfg.Bugs.Has(bugs.QuotasWithoutVersion) {
			over = zookeeper.AnyVersion
		}
		r := s.zk.One(t, zookeeper.Multi(
			zookeeper.Set(path, znodes.EncodeConfig(says), over),
			zookeeper.CreateSequential(znodes.ConfigChangePath(), znodes.EncodeConfigPath(e.path())),
		))
		switch {
		case r.Over():
			return wire.Unknown
		case r.OK():
			s.takeClient(e, says, r.Results[0].Stat.Version)
			s.stateQuotas(facts.QuotasWritten, e, ops, int64(r.Results[0].Stat.Version))
			return wire.OK
		case !r.Unknown && r.Err != cwire.ErrBadVersion:
			return wire.Unknown
		}
		t.Sleep(s.cfg.ReplicaFetchBackoff) // to say the same twice does no harm
	}
	return wire.Unknown
}
