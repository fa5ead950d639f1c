package stampede

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/coordinator"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// clientID is the process of a client: clients come behind the servers and brokers.
func (k Knobs) clientID(client int) node.ID { return node.ID(k.size() + k.Brokers + client) }

// certificates are the identities that the transport of a client vouches for, apart
// from its address.
func (k Knobs) certificates(client int) []wire.Identity {
	switch {
	case !k.Certificates:
	case client%3 == 1:
		return []wire.Identity{{Scheme: "x509", ID: fmt.Sprintf("CN=c%d", client)}}
	case client%3 == 2:
		return []wire.Identity{{Scheme: "sasl", ID: fmt.Sprintf("c%d", client)}}
	}
	return nil
}

// vouched lists them for the servers.
func (p Plan) vouched() []coordinator.Vouched {
	var out []coordinator.Vouched
	for i := range p.Shape.Clients {
		for _, id := range p.Knobs.certificates(i) {
			out = append(out, coordinator.Vouched{Client: p.Knobs.clientID(i), Identity: id})
		}
	}
	return out
}
