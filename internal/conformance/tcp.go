package conformance

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// Dial implements [Target].
func (a *apache) Dial(sid int) (Conn, error) { return dial(a.ClientAddress(sid)) }

// dial opens a connection. A server that has enough of them accepts the next one and
// resets it at once: whether that arrives before we have looked at the handshake is
// chance, and a connection that has ended either way.
func dial(address string) (Conn, error) {
	c, err := net.DialTimeout("tcp", address, time.Second)
	switch {
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE): // EPIPE if it closed first
		return endedConn{}, nil
	case err != nil:
		return nil, errors.New("refused")
	}
	return tcpConn{c}, nil
}

// endedConn is a connection that was reset before anything passed over it.
type endedConn struct{}

func (endedConn) Send([]byte)                           {}
func (endedConn) Word(string)                           {}
func (endedConn) Receive(time.Duration) ([]byte, error) { return nil, ErrEnd }
func (endedConn) Rest(time.Duration) (string, error)    { return "", nil }
func (endedConn) Close()                                {}

// tcpConn frames a TCP connection by lengths. A write that fails is noticed by the
// read that follows.
type tcpConn struct{ net.Conn }

// Send implements [Conn].
func (c tcpConn) Send(frame []byte) {
	_, _ = c.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...))
}

// Word implements [Conn].
func (c tcpConn) Word(word string) { _, _ = c.Write([]byte(word)) }

// Receive implements [Conn].
func (c tcpConn) Receive(timeout time.Duration) ([]byte, error) {
	_ = c.SetReadDeadline(time.Now().Add(timeout))
	var length [4]byte
	if _, err := io.ReadFull(c, length[:]); err != nil {
		return nil, ending(err)
	}
	frame := make([]byte, binary.BigEndian.Uint32(length[:]))
	_, err := io.ReadFull(c, frame)
	return frame, ending(err)
}

// Rest implements [Conn].
func (c tcpConn) Rest(timeout time.Duration) (string, error) {
	_ = c.SetReadDeadline(time.Now().Add(timeout))
	text, err := io.ReadAll(c)
	if err = ending(err); err == ErrEnd {
		err = nil
	}
	return string(text), err
}

// Close implements [Conn].
func (c tcpConn) Close() { _ = c.Conn.Close() }

// ending tells silence from an end, however it came.
func ending(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ErrSilent
	}
	return ErrEnd
}
