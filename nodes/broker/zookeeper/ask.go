package zookeeper

import (
	"bytes"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/nodes/coordinator/client"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Submit asks and calls done once, perhaps before it returns. It is for callbacks;
// tasks use [Session.Do].
func (s *Session) Submit(op Op, done func(Reply)) { s.submit(op, s.term, done) }

// submit asks on behalf of a session. What surely had no effect and was not the
// operation's own fault is asked again, as long as that session lasts.
func (s *Session) submit(op Op, term int, done func(Reply)) {
	s.zk.Submit(op.Type, s.body(&op), func(r client.Result) {
		reply := Reply{Err: r.Err, Unknown: !r.Sure, Zxid: r.Zxid}
		switch {
		case reply.Unknown:
		case r.Err == wire.ErrConnectionLoss, r.Err == wire.ErrSessionMoved:
			if term == s.term && !s.zk.Over() {
				s.submit(op, term, done)
				return
			}
			reply.Err = wire.ErrSessionExpired
		case r.Body != nil:
			reply.take(r.Body)
			slices.Sort(reply.Children)
		}
		done(reply)
	})
}

// Do asks several things at once, in order, and awaits all answers. Each stands for
// itself. It is an error in none of them that another failed.
func (s *Session) Do(t *node.Task, ops ...Op) []Reply {
	replies := make([]Reply, len(ops))
	left, term := len(ops), s.term
	var all node.Signal
	for i, op := range ops {
		s.submit(op, term, func(r Reply) {
			replies[i] = r
			if left--; left == 0 {
				all.Set(nil)
			}
		})
	}
	if len(ops) > 0 {
		t.Await(&all)
	}
	return replies
}

// One asks one thing and awaits the answer.
func (s *Session) One(t *node.Task, op Op) Reply { return s.Do(t, op)[0] }

// settle makes sure that no write of an earlier connection is still on its way, and
// reads what is there.
func (s *Session) settle(t *node.Task, path string) Reply {
	return s.Do(t, Sync(path), Get(path))[1]
}

// Set replaces a znode's data if it has that version, and finds out if the answer is
// lost. What it then finds is one of these:
//
//	the version as it was      the write has not happened and is sent again
//	the next version, our data it has happened, or somebody wrote just the same
//	anything else              somebody else wrote: ErrBadVersion, and Data and Stat say what
//
// Taking the second for a conflict left leaders with a version that never matched again
// (KAFKA-1382, KAFKA-2729).
func (s *Session) Set(t *node.Task, path string, data []byte, version int32) Reply {
	return s.SetWhile(t, path, data, version, func() bool { return true })
}

// SetWhile is Set for who may not want it any more by the time that it would be sent again;
// the reply is Unknown then. A version does not tell a znode from another that took its
// place: a topic is deleted, and the state of the next one of its name comes to the version
// that a leader of the former one waits to replace.
func (s *Session) SetWhile(t *node.Task, path string, data []byte, version int32, wanted func() bool) Reply {
	term := s.term
	for {
		r := s.One(t, Set(path, data, version))
		if !r.Unknown || term != s.term || s.Over() {
			return r
		}
		now := s.settle(t, path)
		switch {
		case term != s.term || now.Over():
			return r
		case !now.OK():
			return now
		case now.Stat.Version == version && !wanted():
			return r
		case now.Stat.Version == version:
		case now.Stat.Version == version+1 && bytes.Equal(now.Data, data):
			now.Adopted = true
			return now
		default:
			now.Err = wire.ErrBadVersion
			return now
		}
	}
}

// CreateEphemeral makes a znode that lives as long as the session. One that an earlier
// session of this broker has left is deleted first (KAFKA-7165); one of anybody else
// is ErrNodeExists, with whose it is.
func (s *Session) CreateEphemeral(t *node.Task, path string, data []byte) Reply {
	term, lost := s.term, false
	for {
		r := s.One(t, CreateEphemeral(path, data))
		lost = lost || r.Unknown
		switch {
		case term != s.term || s.Over():
			return Reply{Err: wire.ErrSessionExpired, Unknown: r.Unknown}
		case r.Unknown:
			continue // the second try tells
		case r.Err != wire.ErrNodeExists:
			return r
		}
		there := s.settle(t, path)
		switch {
		case there.Err == wire.ErrNoNode:
		case !there.OK():
			return there
		case there.Stat.EphemeralOwner == s.ID():
			there.Adopted = lost
			return there
		case s.former[there.Stat.EphemeralOwner]:
			s.One(t, Delete(path, AnyVersion))
		default:
			there.Err = wire.ErrNodeExists
			return there
		}
	}
}

// Ensure makes a persistent znode without data, and its parents, where there are none.
// Doing so twice is as good as once.
func (s *Session) Ensure(t *node.Task, path string) Reply {
	term := s.term
	for {
		r := s.One(t, Create(path, nil))
		switch {
		case r.OK() || r.Err == wire.ErrNodeExists:
			return Reply{Zxid: r.Zxid}
		case r.Over() || term != s.term:
			return Reply{Err: wire.ErrSessionExpired}
		case r.Unknown:
		case r.Err != wire.ErrNoNode:
			return r
		default:
			if up := s.Ensure(t, parent(path)); !up.OK() {
				return up
			}
		}
	}
}

// parent is the path above one that is not the root's child's.
func parent(path string) string { return path[:max(strings.LastIndexByte(path, '/'), 1)] }
