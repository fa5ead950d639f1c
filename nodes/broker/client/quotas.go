package client

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// SetQuota says how many bytes a second a user may have, an application, or an application
// of a user, where the other name is "". A rate of 0 lifts the quota (KIP-546).
func (a *Admin) SetQuota(user, application, key string, rate int64, done func(Done)) {
	a.start(&task{
		at: a.anybody,
		make: func() kmsg.Request {
			entry := kmsg.NewAlterClientQuotasRequestEntry()
			if user != "" {
				entry.Entity = append(entry.Entity, kmsg.AlterClientQuotasRequestEntryEntity{Type: "user", Name: &user})
			}
			if application != "" {
				entry.Entity = append(entry.Entity, kmsg.AlterClientQuotasRequestEntryEntity{Type: "client-id", Name: &application})
			}
			entry.Ops = append(entry.Ops, kmsg.AlterClientQuotasRequestEntryOp{Key: key, Value: float64(rate), Remove: rate == 0})
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
