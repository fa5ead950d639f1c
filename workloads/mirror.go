package workloads

import (
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/client"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// mirror is a step that holds a copy of a tree: of every znode the zxid at which its
// data was written. It reads the tree once, under a recursive watch, and then only
// takes what events tell.
type mirror struct {
	*step
	// session and conn are what the copy was read on. A session that began on a
	// read-only server becomes another one at the first full server, whose connections
	// count from one again.
	session int64
	conn    int
	held    map[string]wire.Zxid
}

// reflect keeps a mirror for a while, and claims what it holds whenever a reply shows
// how far it has come.
func (s *step) reflect() {
	s.until = s.c.env.Now() + s.op.Recipe.Hold
	m := mirror{step: s}
	if _, ok := s.insist(Op{F: history.AddWatch, Path: s.op.Path, Mode: int32(wire.WatchRecursive)}); !ok {
		return
	}
	for m.read() {
		if m.keep() {
			s.ask(Op{F: history.RemoveWatch, Path: s.op.Path, Mode: int32(wire.RecursiveWatches)})
			return
		}
	}
}

// keep follows the events until the time is over. False: the copy is void, as the
// connection is another one or the session is over.
func (m *mirror) keep() (done bool) {
	muted := !m.op.Recipe.Mute
	for {
		now, ok := m.insist(Op{F: history.Exists, Path: m.op.Path})
		if !ok || !m.follow(now) {
			return false
		}
		m.claim(history.Claim{Kind: history.Cached, Values: m.rendered(), Zxid: now.Zxid})
		switch {
		case m.late():
			return true
		case !muted:
			muted = true
			m.c.zk.Hang()
			m.t.Sleep(m.op.Recipe.Hold / 2)
			m.c.zk.Wake()
		default:
			m.wait(func() bool { return len(m.events) > 0 })
		}
	}
}

// read takes the copy: each znode and its list of children, from the root down. All
// must be read on one connection, which has the watch. False: the session is over.
func (m *mirror) read() bool {
	m.session, m.conn, m.held = 0, 0, map[string]wire.Zxid{}
	unread := []string{m.op.Path}
	for len(unread) > 0 {
		path := unread[0]
		unread = unread[1:]
		got, ok := m.insist(Op{F: history.Get, Path: path})
		if !ok {
			return false
		}
		list, ok := m.list(path, false)
		if !ok {
			return false
		}
		if !m.took(got) || !m.took(list) {
			m.session, m.conn, m.held, unread = 0, 0, map[string]wire.Zxid{}, []string{m.op.Path}
			continue
		}
		for _, name := range list.OutChildren {
			unread = append(unread, path+"/"+name)
		}
	}
	return true
}

// took enters a reply, behind the events that came before it.
func (m *mirror) took(got history.Op) bool {
	if m.conn == 0 {
		m.session, m.conn = got.Session, got.Conn
	}
	if !m.follow(got) {
		return false
	}
	switch {
	case got.F == history.Get && got.Err == wire.OK:
		m.held[got.Path] = got.OutStat.Mzxid
	case got.Err == wire.ErrNoNode:
		delete(m.held, got.Path)
	}
	return true
}

// follow takes the events that came before a reply. False: the reply came on another
// connection, and nobody tells what happened between the two. A persistent watch is
// only set again there.
func (m *mirror) follow(upTo history.Op) bool {
	if upTo.Session != m.session || upTo.Conn != m.conn {
		if !m.has(bugs.MirrorNotReadAgain) {
			return false
		}
		m.session, m.conn = upTo.Session, upTo.Conn
	}
	m.events = slices.DeleteFunc(m.events, func(e client.WatchEvent) bool {
		if e.Session != m.session {
			return true
		}
		if e.Conn == m.conn && e.Order < upTo.Order {
			m.event(e)
		}
		return e.Conn < m.conn || e.Order < upTo.Order
	})
	return true
}

// event takes what an event tells.
func (m *mirror) event(e client.WatchEvent) {
	if e.Path != m.op.Path && !strings.HasPrefix(e.Path, m.op.Path+"/") {
		return
	}
	switch e.Type {
	case wire.NodeCreated, wire.NodeDataChanged:
		m.held[e.Path] = e.Zxid
	case wire.NodeDeleted:
		delete(m.held, e.Path)
	}
}

// rendered is the copy as "path=zxid", in order.
func (m *mirror) rendered() []string {
	var out []string
	for path, z := range m.held { //sim:unordered sorted below
		out = append(out, path+"="+z.String())
	}
	slices.Sort(out)
	return out
}
