package prep

import (
	"github.com/stampede-sim/stampede/nodes/coordinator/acl"
	"github.com/stampede-sim/stampede/nodes/coordinator/tree"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// configVersion is the version of /zookeeper/config, whatever its content: what
// counts is the version of the configuration.
const configVersion = -1

// Configure returns the transaction that makes text the configuration of the ensemble.
// Whether it may be is for the caller to say, who knows the ensemble; who may ask for
// it is checked here like for any other write.
func (p *Prep) Configure(req Request, text string, zxid wire.Zxid, nowMs int64) *wire.Txn {
	txn := &wire.Txn{Session: req.Session, Cxid: req.Cxid, Zxid: zxid, Time: nowMs, Type: wire.OpReconfig}
	p.auth = req.Auth
	n, _ := p.lookup(tree.ConfigPath)
	switch {
	case req.Local == wire.OK && !p.sessionOpen(req.Session):
		txn.Type, txn.Body = wire.OpError, &wire.ErrorTxn{Err: wire.ErrSessionExpired}
		return txn
	case !p.permitted(tree.ConfigPath, n, acl.Write):
		txn.Type, txn.Body = wire.OpError, &wire.ErrorTxn{Err: wire.ErrNoAuth}
		return txn
	}
	n.Version = configVersion
	p.put(zxid, tree.ConfigPath, true, n)
	txn.Body = &wire.SetDataTxn{Path: tree.ConfigPath, Data: []byte(text), Version: configVersion}
	return txn
}
