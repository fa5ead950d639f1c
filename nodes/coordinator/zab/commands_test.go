package zab

import (
	"fmt"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/internal/script"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

func parseRequest(c *script.Command) act {
	sid := c.IntWord("sid")
	names, from := c.Words(), c.IntOr("from", sid)
	return func(l *lab) error {
		for _, name := range append(names, "sync")[:max(1, len(names))] {
			s := l.servers[sid]
			if s.leader == nil || !s.leader.Established() {
				return fmt.Errorf("%d is not an established leader", sid)
			}
			switch c.Name {
			case "spend":
				s.leader.lastProposed = wire.MakeZxid(s.leader.epoch, 0xfffffffe)
			case "sync":
				s.leader.Sync(from, 0x100, 1)
			default:
				s.propose(name)
			}
		}
		return nil
	}
}

func parseFault(c *script.Command) act {
	sid := c.IntWord("sid")
	switch c.Name {
	case "cut":
		leader := c.IntWord("leader")
		return func(l *lab) error {
			k := l.servers[leader].links[sid]
			if k == nil {
				return fmt.Errorf("%d has no connection to %d", sid, leader)
			}
			l.cut(k)
			return nil
		}
	case "boot":
		return func(l *lab) error {
			if l.servers[sid].up {
				return fmt.Errorf("%d is up", sid)
			}
			l.servers[sid].boot()
			return nil
		}
	}
	writes, mail := c.Flag("writes-survive"), c.Flag("mail-survives")
	return func(l *lab) error {
		s := l.servers[sid]
		if !s.up {
			return fmt.Errorf("%d is down", sid)
		}
		if !mail {
			l.lose(func(m letter) bool { return m.from() == sid })
		}
		keep := 0
		if writes {
			keep = len(s.disk.log)
		}
		s.crash(keep)
		return nil
	}
}

func parseWait(c *script.Command) act {
	d, err := time.ParseDuration(c.Word("duration"))
	if err != nil {
		c.Fatalf("%v", err)
	}
	if !c.Has("among") {
		return func(l *lab) error { l.advance(d, func() {}); l.judge.quorumLost(); return nil }
	}
	flow := parseFlow(c)
	return func(l *lab) (err error) {
		l.advance(d, func() { err = flow(l) })
		l.judge.quorumLost()
		return err
	}
}

// status traces what everybody is and has.
func (l *lab) status() {
	for _, s := range l.everybody() {
		d := &s.disk
		var log []string
		for i, t := range d.log {
			mark := ""
			if i >= d.durable {
				mark = "?"
			}
			log = append(log, describeTxn(t)+mark)
		}
		l.tracef("%d %s accepted=%d current=%d log=[%s] tree=%v", s.sid, s.state(), d.accepted, d.current,
			strings.Join(log, ", "), lastOf(s.tree))
	}
}
