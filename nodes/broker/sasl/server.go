package sasl

import (
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/stampede-sim/stampede/nodes/bugs"
)

// Server is the broker's end of one authentication.
type Server struct {
	mechanism string
	// plain are the passwords of PLAIN; stored finds a credential of SCRAM.
	plain  map[string]string
	stored func(user string) (Credential, bool)
	nonce  string
	bugs   bugs.Set

	user  string
	cred  Credential
	first string // client-first-message-bare, and server-first-message behind a comma
	steps int
	done  bool
}

// NewServer begins an authentication. nonce is drawn anew for each; planted are the
// switched-on bugs.
func NewServer(mechanism string, plain map[string]string, stored func(user string) (Credential, bool), nonce string, planted bugs.Set) *Server {
	return &Server{mechanism: mechanism, plain: plain, stored: stored, nonce: nonce, bugs: planted}
}

// errRefused says no more than that: which of the two is wrong is nobody's business.
var errRefused = errors.New("the name or the password is wrong")

// Done reports whether the client has proved that it is User.
func (s *Server) Done() bool { return s.done }

// User is who the client is, once it is Done.
func (s *Server) User() string { return s.user }

// Next takes a message and returns the answer. After an error the authentication is over.
func (s *Server) Next(message []byte) ([]byte, error) {
	s.steps++
	switch {
	case s.done:
		return nil, errors.New("the authentication is complete")
	case s.mechanism == Plain:
		return s.nextPlain(string(message))
	case s.steps == 1:
		return s.clientFirst(string(message))
	case s.steps == 2:
		return s.clientFinal(string(message))
	}
	return nil, errRefused
}

// nextPlain: [who to act for] NUL who NUL password. Nobody acts for another.
func (s *Server) nextPlain(message string) ([]byte, error) {
	parts := strings.Split(message, "\x00")
	if len(parts) != 3 || parts[1] == "" || parts[0] != "" && parts[0] != parts[1] {
		return nil, errRefused
	}
	want, known := s.plain[parts[1]]
	known = known && parts[2] != "" || s.bugs.Has(bugs.EmptyPasswordTaken)
	if !known || !hmac.Equal([]byte(want), []byte(parts[2])) {
		return nil, errRefused
	}
	s.user, s.done = parts[1], true
	return nil, nil
}

// clientFirst: n,,n=user,r=nonce.
func (s *Server) clientFirst(message string) ([]byte, error) {
	header, bare, ok := strings.Cut(message, ",,")
	f := fields(bare)
	if !ok || header != "n" || f["n"] == "" || f["r"] == "" {
		return nil, errors.New("the first message is not of SCRAM without a channel binding")
	}
	s.user = unescapeName.Replace(f["n"])
	cred, known := s.stored(s.user)
	if !known {
		return nil, errRefused
	}
	s.cred, s.nonce = cred, f["r"]+s.nonce
	answer := fmt.Sprintf("r=%s,s=%s,i=%d", s.nonce, base64.StdEncoding.EncodeToString(cred.Salt), cred.Iterations)
	s.first = bare + "," + answer
	return []byte(answer), nil
}

// clientFinal: c=biws,r=nonces,p=proof. The proof is the client's key, which we do not have,
// hidden by a signature that we can make: what is left must hash to what we keep.
func (s *Server) clientFinal(message string) ([]byte, error) {
	without, proof, ok := cutProof(message)
	f := fields(without)
	if !ok || f["c"] != channelBinding || f["r"] != s.nonce {
		return nil, errRefused
	}
	auth := s.first + "," + without
	signature := mac(s.mechanism, s.cred.StoredKey, auth)
	proved := len(proof) == len(signature) && hmac.Equal(sum(s.mechanism, xor(proof, signature)), s.cred.StoredKey)
	if !proved && !s.bugs.Has(bugs.ScramProofUnchecked) {
		return nil, errRefused
	}
	s.done = true
	return []byte("v=" + base64.StdEncoding.EncodeToString(mac(s.mechanism, s.cred.ServerKey, auth))), nil
}

// cutProof takes the proof off a client's last message.
func cutProof(message string) (without string, proof []byte, ok bool) {
	i := strings.LastIndex(message, ",p=")
	if i < 0 {
		return "", nil, false
	}
	proof = bytesOf(message[i+len(",p="):])
	return message[:i], proof, proof != nil
}
