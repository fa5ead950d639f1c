package conformance

import (
	"net"
	"testing"
	"time"
)

// A connection that is reset at once has ended, whether or not the reset overtakes the
// dialler; about half of them do.
func TestResetWhileDialling(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	go func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			_ = c.(*net.TCPConn).SetLinger(0) // a reset instead of an orderly end
			_ = c.Close()
		}
	}()
	for range 100 {
		c, err := dial(l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c.Word("ruok")
		if _, err := c.Receive(time.Second); err != ErrEnd {
			t.Fatalf("received %v", err)
		}
		if text, err := c.Rest(time.Second); text != "" || err != nil {
			t.Fatalf("the rest is %q, %v", text, err)
		}
		c.Close()
	}
	l.Close()
	if _, err := dial(l.Addr().String()); err == nil || err.Error() != "refused" {
		t.Errorf("where nobody listens: %v", err)
	}
}
