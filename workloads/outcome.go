package workloads

import (
	"slices"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/client"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// ended records the end of an operation; sync is the result of the sync before
// it, if it had one.
func (c *Client) ended(id int, r client.Result, sync *client.Result) {
	c.rec.Return(id, func(h *history.Op) {
		witness(h, r)
		if sync != nil && sync.Sent {
			h.SyncXid, h.SyncZxid = sync.Xid, sync.Zxid
		}
		results(h, r.Body)
		h.Outcome = outcome(h, r)
	})
	h := c.rec.op(id)
	c.learn(h)
	if h.Outcome == history.Info {
		c.rec.NewProcess(c.cfg.Index)
	}
	c.landed()
}

// witness copies how the request travelled.
func witness(h *history.Op, r client.Result) {
	h.Session, h.Conn, h.Xid, h.Server = r.Session, r.Conn, r.Xid, int(r.Server)
	h.Zxid, h.Err, h.Order = r.Zxid, r.Err, r.Order
}

// outcome is what the client may claim. Err must be final in h.
func outcome(h *history.Op, r client.Result) history.Outcome {
	switch {
	case !r.Sure:
		return history.Info
	case h.Err == wire.OK:
		return history.OK
	}
	return history.Fail
}

// results copies what a reply brought. A multi that failed says so in its parts
// only: the failing one has the error, those after it are told of it.
func results(h *history.Op, body wire.Record) {
	switch b := body.(type) {
	case *wire.CreateReply:
		h.OutPath = b.Path
	case *wire.Create2Reply:
		h.OutPath, h.OutStat = b.Path, &b.Stat
	case *wire.StatReply:
		h.OutStat = &b.Stat
	case *wire.DataReply:
		h.OutValue, h.OutStat = string(b.Data), &b.Stat
	case *wire.Children2Reply:
		h.OutChildren, h.OutStat = b.Children, &b.Stat
	case *wire.ACLReply:
		h.OutValue, h.OutStat = wire.FormatACL(b.ACL), &b.Stat
	case *wire.CountAllReply:
		h.OutValue = strconv.Itoa(int(b.Total))
	case *wire.EphemeralsReply:
		h.OutChildren = b.Paths
	case *wire.WhoAmIReply:
		for _, c := range b.Clients {
			h.OutChildren = append(h.OutChildren, c.Scheme+":"+c.User)
		}
		slices.Sort(h.OutChildren)
	case *wire.SyncReply:
		h.OutPath = b.Path
	case *wire.MultiReply:
		h.OutParts = b.Results
		if h.F == history.MultiRead {
			return // no part speaks for another
		}
		for _, part := range b.Results {
			if h.Err == wire.OK || h.Err == wire.ErrRuntimeInconsistency {
				h.Err = part.Err
			}
		}
	}
}

// learn keeps what later operations of the plan refer to.
func (c *Client) learn(h history.Op) {
	if h.Outcome != history.OK {
		return
	}
	if h.F == history.Create {
		c.learnCreated(h.Path, h.OutPath, h.Mode)
		c.versions[h.OutPath] = 0
		return
	}
	if h.F == history.Reconfig || h.Path == configPath {
		c.learnConfig(h.OutValue)
		return
	}
	if h.OutStat != nil {
		c.versions[h.Path] = h.OutStat.Version
	}
	for i, part := range h.OutParts {
		switch b := part.Body.(type) {
		case *wire.StatReply:
			c.versions[h.Parts[i].Path] = b.Stat.Version
		case *wire.Create2Reply:
			c.versions[b.Path] = b.Stat.Version
			c.learnCreated(h.Parts[i].Path, b.Path, h.Parts[i].Mode)
		}
	}
}

func (c *Client) learnCreated(asked, got string, mode int32) {
	if mode != wire.ModePersistentSequential && mode != wire.ModeEphemeralSequential && mode != wire.ModeSequentialTTL {
		return
	}
	dir := asked[:strings.LastIndexByte(asked, '/')]
	c.created[dir] = append(c.created[dir], got)
}
