package checkers

import (
	"fmt"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

func memberLine(sid int) string {
	return fmt.Sprintf("server.%d=zk%d:2888:3888:participant;0.0.0.0:2181", sid, sid)
}

// withMembers is the text of a configuration.
func withMembers(version string, sids ...int) string {
	text := ""
	for _, sid := range sids {
		text += memberLine(sid) + "\n"
	}
	return text + "version=" + version
}

// reconfigStory removes a server, reads the configuration, and asks for two changes that
// cannot be: ops 0 to 3, transactions 2 to 4.
func reconfigStory(e *ensemble, a, b *client) {
	e.h.Config = withMembers("100000000", 1, 2)
	e.reconfig(a, history.Change{Leaving: "2", From: -1}, withMembers("100000003", 1), wire.OK)
	e.catchUp(b.server, len(e.h.Log))
	shown := e.read(b, get(configPath))
	shown.OutStat.Version = -1
	e.reconfig(a, history.Change{Leaving: "1,2", From: -1}, "", wire.ErrBadArguments)
	e.reconfig(b, history.Change{Joining: memberLine(3), From: int64(wire.MakeZxid(1, 0))}, "", wire.ErrBadVersion)
}

// reconfig asks for another configuration and gets a text or an error.
func (e *ensemble) reconfig(c *client, ch history.Change, text string, err wire.ErrorCode) {
	o := e.start(c, history.Op{F: history.Reconfig, Change: &ch})
	if err != wire.OK {
		txn := e.commit(c.session, c.xid, wire.OpError, &wire.ErrorTxn{Err: err})
		e.catchUp(c.server, len(e.h.Log))
		o.Outcome, o.Err = history.Fail, err
		e.finish(c, o, txn.Zxid)
		return
	}
	txn := e.commit(c.session, c.xid, wire.OpReconfig, &wire.SetDataTxn{Path: configPath, Data: []byte(text), Version: -1})
	e.catchUp(c.server, len(e.h.Log))
	stat, _ := e.leader.Stat(configPath)
	o.Outcome, o.OutValue, o.OutStat = history.OK, text, &stat
	e.finish(c, o, txn.Zxid)
}
