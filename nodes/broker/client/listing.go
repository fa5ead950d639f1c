package client

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// ListTopics asks for the names of all topics that the client may see, sorted.
func (a *Admin) ListTopics(done func([]string, Done)) {
	a.start(&task{
		at: a.anybody, reads: true,
		make: func() kmsg.Request {
			ask := kmsg.NewPtrMetadataRequest()
			ask.Topics = nil // all
			return ask
		},
		code: func(kmsg.Response) wire.ErrorCode { return wire.OK },
		done: func(r kmsg.Response, d Done) {
			var names []string
			if d.Outcome == Succeeded {
				for _, t := range r.(*kmsg.MetadataResponse).Topics {
					if t.Topic != nil {
						names = append(names, *t.Topic)
					}
				}
			}
			slices.Sort(names)
			done(names, d)
		},
	})
}
