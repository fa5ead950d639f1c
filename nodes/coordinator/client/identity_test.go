package client

import (
	"slices"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// auth answers the oldest credential shown.
func (s *script) auth(err wire.ErrorCode) {
	s.c.Receive(s.env.last().id, &wire.Reply{Xid: wire.XidAuth, Err: err, Body: &wire.Empty{}})
}

func TestCredentialsGoFirstOnEveryConnection(t *testing.T) {
	s := begin(t)
	s.c.Authenticate(Credential{"digest", "a:p"})
	s.submit("before", wire.OpGetData)
	s.accept(7, 9*time.Second)
	s.c.Authenticate(Credential{"digest", "b:p"})
	s.submit("write", wire.OpSetData)
	if got := s.requests(); !slices.Equal(got, []int32{wire.XidAuth, 1, wire.XidAuth, 2}) {
		t.Errorf("sent %v", got)
	}
	s.auth(wire.OK)
	s.reply(1, 5, wire.OK)
	s.auth(wire.OK)
	s.expect("digest:a:p shown session=7 conn=1 after=0", "connected session=7 conn=1",
		"digest:b:p shown session=7 conn=1 after=1",
		"digest:a:p answered ok order=1 session=7 conn=1 after=0",
		"before sure ok sent=true xid=1 conn=1",
		"digest:b:p answered ok order=3 session=7 conn=1 after=1")
	s.reset()
	s.accept(7, 9*time.Second)
	if got := s.requests(); !slices.Equal(got, []int32{wire.XidAuth, wire.XidAuth}) {
		t.Errorf("sent %v on the second connection", got)
	}
	s.expect("disconnected session=7 conn=1", "write unsure connection-loss sent=true xid=2 conn=1",
		"digest:a:p shown session=7 conn=2 after=2", "digest:b:p shown session=7 conn=2 after=2", "connected session=7 conn=2")
}

func TestCredentialsGoBeforeWatches(t *testing.T) {
	s := begin(t)
	s.c.Authenticate(Credential{"digest", "a:p"})
	s.accept(7, 9*time.Second)
	s.c.Submit(wire.OpGetData, &wire.PathRequest{Path: "/a", Watch: true}, func(Result) {})
	s.auth(wire.OK)
	s.reply(1, 5, wire.OK)
	s.reset()
	s.accept(7, 9*time.Second)
	if got := s.requests(); !slices.Equal(got, []int32{wire.XidAuth, wire.XidSetWatches}) {
		t.Errorf("sent %v", got)
	}
}

func TestRefusedCredentialEndsTheSession(t *testing.T) {
	s := begin(t)
	s.accept(7, 9*time.Second)
	s.c.Authenticate(Credential{"digest", "a:p"})
	s.c.Authenticate(Credential{"x509", "CN=root"})
	s.submit("write", wire.OpSetData)
	s.submit("read", wire.OpGetData)
	s.auth(wire.OK)
	s.auth(wire.ErrAuthFailed)
	s.expect("connected session=7 conn=1",
		"digest:a:p shown session=7 conn=1 after=0", "x509:CN=root shown session=7 conn=1 after=0",
		"digest:a:p answered ok order=1 session=7 conn=1 after=0", "x509:CN=root answered auth-failed order=2 session=7 conn=1 after=0",
		"auth-failed session=7 conn=1",
		"write unsure auth-failed sent=true xid=1 conn=1", "read sure auth-failed sent=true xid=2 conn=1")
	s.submit("late", wire.OpGetData)
	s.expect("late sure session-expired sent=false xid=0 conn=0")
	s.c.Restart()
	s.accept(8, 9*time.Second)
	s.expect("connected session=8 conn=1") // as nobody in particular
}

func TestMuteClientsShowNothing(t *testing.T) {
	s := begin(t)
	s.accept(7, 9*time.Second)
	s.c.Hang()
	s.c.Authenticate(Credential{"digest", "a:p"})
	if got := s.requests(); len(got) != 0 {
		t.Errorf("a mute client sent %v", got)
	}
	s.c.Wake()
	s.accept(7, 9*time.Second)
	if got := s.requests(); !slices.Equal(got, []int32{wire.XidAuth}) {
		t.Errorf("awake, it sent %v", got)
	}
}

func TestPlantedClientStaysAnonymousAfterAMove(t *testing.T) {
	s := begin(t, func(c *Config) { c.Bugs = bugs.Of(bugs.AuthNotReplayed) })
	s.c.Authenticate(Credential{"digest", "a:p"})
	s.accept(7, 9*time.Second)
	s.reset()
	s.accept(7, 9*time.Second)
	if got := s.requests(); len(got) != 0 {
		t.Errorf("with the bug, it sent %v", got)
	}
}
