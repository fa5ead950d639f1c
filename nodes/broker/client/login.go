package client

import (
	"encoding/base64"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/sasl"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// prove has the client say who it is, if it has a login, and goes on when the broker
// believes it. One that does not is as good as unreachable: who is asked next may have
// heard of the password.
func (l *link) prove(then func()) {
	login := l.login
	if l.unproved != nil {
		l.ask(l.unproved, func(kmsg.Response) { then() })
		return
	}
	if login.Mechanism == "" {
		then()
		return
	}
	shake := kmsg.NewPtrSASLHandshakeRequest()
	shake.SetVersion(1)
	if l.c.cfg.RawLogin {
		shake.SetVersion(0)
	}
	shake.Mechanism = login.Mechanism
	l.ask(shake, func(r kmsg.Response) {
		if code := wire.ErrorCode(r.(*kmsg.SASLHandshakeResponse).ErrorCode); code != wire.OK {
			l.disbelieved(code, nil)
			return
		}
		end := sasl.NewClient(login, l.c.drawNonce(), l.c.salted)
		l.converse(end, end.First(), then)
	})
}

// converse sends one message of a login, and what follows from its answer.
func (l *link) converse(end *sasl.Client, message []byte, then func()) {
	l.say(message, func(reply []byte, code wire.ErrorCode) {
		next, err := end.Next(reply)
		switch {
		case code != wire.OK:
			l.disbelieved(code, nil)
		case err != nil:
			l.disbelieved(code, err)
		case next == nil:
			then()
		default:
			l.converse(end, next, then)
		}
	})
}

// say sends one message of a login and takes the answer: with headers, or, as clients did
// that knew no SaslAuthenticate, without.
func (l *link) say(message []byte, then func(reply []byte, code wire.ErrorCode)) {
	if l.c.cfg.RawLogin {
		l.opening = true
		limit := l.c.clock.After(l.c.cfg.RequestTimeout, l.hangUp)
		l.caller.CallToken(message, func(reply []byte, err error) {
			l.c.clock.Stop(&limit)
			l.opening = false
			if err != nil {
				l.unreachable()
				return
			}
			then(reply, wire.OK)
		})
		return
	}
	ask := kmsg.NewPtrSASLAuthenticateRequest()
	ask.SetVersion(2)
	ask.SASLAuthBytes = message
	l.ask(ask, func(r kmsg.Response) {
		answer := r.(*kmsg.SASLAuthenticateResponse)
		then(answer.SASLAuthBytes, wire.ErrorCode(answer.ErrorCode))
	})
}

// ask sends a request while the link is being opened.
func (l *link) ask(r kmsg.Request, then func(kmsg.Response)) {
	l.opening = true
	limit := l.c.clock.After(l.c.cfg.RequestTimeout, l.hangUp)
	l.caller.Call(r, func(answer kmsg.Response, err error) {
		l.c.clock.Stop(&limit)
		l.opening = false
		if err != nil {
			l.unreachable()
			return
		}
		then(answer)
	})
}

// disbelieved ends a connection whose broker does not believe us, or whom we do not.
func (l *link) disbelieved(code wire.ErrorCode, err error) {
	if l.try(notBelieved(code, err)) {
		return
	}
	l.unreachable()
	l.hangUp()
}

// drawNonce draws what makes a login unlike all others.
func (c *Cluster) drawNonce() string {
	var b [24]byte
	for i := range b {
		b[i] = byte(c.env.Rand().Uint32())
	}
	return base64.RawStdEncoding.EncodeToString(b[:])
}
