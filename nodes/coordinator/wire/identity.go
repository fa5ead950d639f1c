package wire

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/node"
)

// Identity is somebody that a connection may act as: a scheme of authentication and
// a name in it. Lists of ACL name those that are permitted something.
type Identity struct{ Scheme, ID string }

// Address is the network address of a process, as the identity of scheme ip that
// every connection from it has. It stands for what a socket tells of its peer.
func Address(id node.ID) string {
	return fmt.Sprintf("10.0.%d.%d", uint32(id)>>8&0xff, uint32(id)&0xff)
}

// AuthRequest asks to be known by one more identity on this connection. It uses
// XidAuth, is answered at once and has no part in the order of the session.
type AuthRequest struct {
	Scheme      string
	Credentials []byte
}

// ClientInfo is one identity of a connection as whoAmI tells it: without a hash.
type ClientInfo struct{ Scheme, User string }

// WhoAmIReply answers whoAmI.
type WhoAmIReply struct{ Clients []ClientInfo }

func (*AuthRequest) isRecord() {}
func (*WhoAmIReply) isRecord() {}

func (r *AuthRequest) visit(c *coder) {
	c.constant("type", 0)
	c.str("scheme", &r.Scheme)
	c.buf("auth", &r.Credentials)
}

func (r *WhoAmIReply) visit(c *coder) {
	vector(c, "clientInfo", &r.Clients, 8)
	for i := range r.Clients {
		c.str("clientInfo.authScheme", &r.Clients[i].Scheme)
		c.str("clientInfo.user", &r.Clients[i].User)
	}
}

// identities codes the authinfo of a packet.
func (c *coder) identities(v *[]Identity) {
	vector(c, "authinfo", v, 8)
	for i := range *v {
		c.str("authinfo.scheme", &(*v)[i].Scheme)
		c.str("authinfo.id", &(*v)[i].ID)
	}
}

func (r *WhoAmIReply) brief() string {
	return list(len(r.Clients), func(i int) string { return r.Clients[i].Scheme + ":" + r.Clients[i].User })
}

func (h hash) identities(ids []Identity) hash {
	for i := range ids {
		h = h.text(ids[i].Scheme).text(ids[i].ID)
	}
	return h.add(uint64(len(ids)))
}

func (h hash) clients(list []ClientInfo) hash {
	for i := range list {
		h = h.text(list[i].Scheme).text(list[i].User)
	}
	return h.add(uint64(len(list)))
}
