package client

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// Everybody, as a user or an application, is all of whom nothing particular is said.
const Everybody = "*"

// Quota is what somebody may have: a user, an application, or an application of a user,
// where the other name is "". Thousandths is how much a second; 0 lifts the quota.
type Quota struct {
	User, Application string
	Key               string
	Thousandths       int64
}

// SetQuotas says what some may have, all in one request (KIP-546). They are of the same
// user and application.
func (a *Admin) SetQuotas(all []Quota, done func(Done)) {
	a.start(&task{
		at: a.anybody,
		make: func() kmsg.Request {
			entry := kmsg.NewAlterClientQuotasRequestEntry()
			entity := func(kind, name string) {
				e := kmsg.AlterClientQuotasRequestEntryEntity{Type: kind}
				if name != Everybody {
					e.Name = &name
				}
				if name != "" {
					entry.Entity = append(entry.Entity, e)
				}
			}
			entity("user", all[0].User)
			entity("client-id", all[0].Application)
			for _, q := range all {
				entry.Ops = append(entry.Ops, kmsg.AlterClientQuotasRequestEntryOp{Key: q.Key, Value: float64(q.Thousandths) / 1000, Remove: q.Thousandths == 0})
			}
			ask := kmsg.NewPtrAlterClientQuotasRequest()
			ask.Entries = append(ask.Entries, entry)
			return ask
		},
		code: func(r kmsg.Response) wire.ErrorCode {
			return wire.ErrorCode(r.(*kmsg.AlterClientQuotasResponse).Entries[0].ErrorCode)
		},
		done: func(_ kmsg.Response, d Done) { done(d) },
	})
}
