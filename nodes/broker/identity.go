package broker

import (
	"encoding/base64"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/sasl"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// SASLConfig is how clients prove who they are.
type SASLConfig struct {
	// Mechanisms are those that may be used (sasl.enabled.mechanisms), of [sasl.Mechanisms].
	Mechanisms []string
	// Plain are the passwords of PLAIN, by name; Scram the credentials that do without
	// znodes, by mechanism and name, like those of a broker's own login configuration.
	Plain map[string]string
	Scram map[string]map[string]sasl.Credential
}

// proof is an authentication that is going on. Until it is over, a connection takes nothing
// else.
type proof struct {
	mechanism string // once the client has chosen one
	server    *sasl.Server
	// raw: the client shook hands as those did who knew no SaslAuthenticate; its tokens come
	// without headers.
	raw bool
}

// The cases of facts about identities.
const (
	whyRefused = iota
	whyMechanism
	whyOutOfTurn
)

// saslHandshake lists the mechanisms, and begins with the one that the client wants. One
// who is through, or whom nobody asks, is told that it is out of turn.
func (s *Server) saslHandshake(x *exchange) {
	r := x.Body.(*kmsg.SASLHandshakeRequest)
	answer := kmsg.NewPtrSASLHandshakeResponse()
	p := x.channel.proof
	switch {
	case p == nil || p.server != nil:
		answer.ErrorCode = int16(wire.IllegalSASLState)
	case !slices.Contains(s.cfg.SASL.Mechanisms, r.Mechanism):
		answer.ErrorCode, answer.SupportedMechanisms = int16(wire.UnsupportedSASLMechanism), s.cfg.SASL.Mechanisms
		s.rejected(x.channel, r.Mechanism, whyMechanism)
		x.reply(answer)
		s.hangUpOn(x)
		return
	default:
		answer.SupportedMechanisms = s.cfg.SASL.Mechanisms
		p.mechanism, p.raw = r.Mechanism, r.Version == 0
		p.server = sasl.NewServer(r.Mechanism, s.cfg.SASL.Plain, s.credentialOf(r.Mechanism), s.drawNonce(), s.cfg.Bugs)
	}
	x.reply(answer)
}

// saslAuthenticate takes the client's next message.
func (s *Server) saslAuthenticate(x *exchange) {
	r := x.Body.(*kmsg.SASLAuthenticateRequest)
	answer := kmsg.NewPtrSASLAuthenticateResponse()
	p := x.channel.proof
	if p == nil || p.server == nil {
		answer.ErrorCode = int16(wire.IllegalSASLState)
		x.reply(answer)
		if p != nil {
			s.hangUpOn(x)
		}
		return
	}
	reply, err := p.server.Next(r.SASLAuthBytes)
	if err != nil {
		text := err.Error()
		answer.ErrorCode, answer.ErrorMessage = int16(wire.SASLAuthenticationFailed), &text
		s.rejected(x.channel, "User:"+p.server.User(), whyRefused)
		x.reply(answer)
		s.hangUpOn(x)
		return
	}
	answer.SASLAuthBytes = reply
	s.proved(x.channel)
	x.reply(answer)
}

// proved takes a client for who it says it is, if it is through.
func (s *Server) proved(ch *channel) {
	p := ch.proof
	if !p.server.Done() {
		return
	}
	ch.principal, ch.proof = "User:"+p.server.User(), nil
	e := node.Event{Kind: facts.Authenticated, Text: ch.principal}
	e.N[0], e.N[1], e.N[3] = int64(ch.peer), int64(ch.id), int64(slices.Index(facts.Mechanisms, p.mechanism))
	s.env.Observe(e)
}

// tokens reports whether what comes on a connection are tokens without headers.
func (c *channel) tokens() bool { return c != nil && c.proof != nil && c.proof.raw }

// receiveToken takes the next message of a client that shook hands in the oldest way. Who
// is refused is told so by the end of the connection.
func (s *Server) receiveToken(ch *channel, token *wire.Token) {
	reply, err := ch.proof.server.Next(token.Bytes)
	if err != nil {
		s.rejected(ch, "User:"+ch.proof.server.User(), whyRefused)
		s.drop(ch)
		s.env.Close(ch.id)
		return
	}
	s.proved(ch)
	s.env.Send(ch.id, &wire.Token{Bytes: reply})
}

// mayProceed reports whether a connection that is to be authenticated takes a request: to
// find out what is served, and to authenticate. Anything else ends it.
func (s *Server) mayProceed(x *exchange) bool {
	switch kmsg.Key(x.Key) {
	case kmsg.ApiVersions:
		if x.channel.proof.server == nil {
			return true
		}
	case kmsg.SASLHandshake, kmsg.SASLAuthenticate:
		return true
	}
	s.rejected(x.channel, "", whyOutOfTurn)
	x.hangup()
	return false
}

func (s *Server) rejected(ch *channel, who string, why int64) {
	e := node.Event{Kind: facts.AuthenticationFailed, Text: who}
	e.N[0], e.N[3] = int64(ch.peer), why
	s.env.Observe(e)
}

// hangUpOn ends a connection behind the last answer.
func (s *Server) hangUpOn(x *exchange) {
	if x.alive() {
		s.drop(x.channel)
		s.env.Close(x.channel.id)
	}
}

// credentialOf finds what is kept of passwords for a mechanism: by the broker itself, or in
// the configurations of users.
func (s *Server) credentialOf(mechanism string) func(string) (sasl.Credential, bool) {
	return func(user string) (sasl.Credential, bool) {
		if c, known := s.cfg.SASL.Scram[mechanism][user]; known {
			return c, true
		}
		c, err := sasl.ParseCredential(s.clients[clientEntity{user: user}][mechanism])
		return c, err == nil
	}
}

// drawNonce draws what makes an authentication unlike all others.
func (s *Server) drawNonce() string {
	var b [24]byte
	for i := range b {
		b[i] = byte(s.env.Rand().Uint32())
	}
	return base64.RawStdEncoding.EncodeToString(b[:])
}
