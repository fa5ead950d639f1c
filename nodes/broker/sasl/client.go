package sasl

import (
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Login is who a client claims to be.
type Login struct{ Mechanism, User, Password string }

// Client is a client's end of one authentication.
type Client struct {
	login Login
	nonce string
	// salted remembers hashes of the password between authentications.
	salted map[string][]byte

	bare, auth string
	key        []byte // the salted password
	steps      int
}

// NewClient begins an authentication. nonce is drawn anew for each; salted, which may be
// nil, keeps what is slow to find out from one to the next.
func NewClient(login Login, nonce string, salted map[string][]byte) *Client {
	return &Client{login: login, nonce: nonce, salted: salted}
}

// First is the message to begin with.
func (c *Client) First() []byte {
	if c.login.Mechanism == Plain {
		return []byte("\x00" + c.login.User + "\x00" + c.login.Password)
	}
	c.bare = "n=" + escapeName.Replace(c.login.User) + ",r=" + c.nonce
	return []byte("n,," + c.bare)
}

// Next takes a message of the server and returns the answer, nil when there is nothing
// more to say. An error is that the server has not shown that it knows us.
func (c *Client) Next(message []byte) ([]byte, error) {
	c.steps++
	switch {
	case c.login.Mechanism == Plain:
		return nil, nil
	case c.steps == 1:
		return c.serverFirst(string(message))
	}
	return nil, c.serverFinal(string(message))
}

func (c *Client) serverFirst(message string) ([]byte, error) {
	f := fields(message)
	iterations, err := strconv.Atoi(f["i"])
	salt := bytesOf(f["s"])
	if err != nil || iterations < LeastIterations || salt == nil || !strings.HasPrefix(f["r"], c.nonce) || f["r"] == c.nonce {
		return nil, fmt.Errorf("sasl: the server answered %q", message)
	}
	c.key = Salt(c.login, salt, iterations, c.salted)
	without := "c=" + channelBinding + ",r=" + f["r"]
	c.auth = c.bare + "," + message + "," + without
	clientKey := mac(c.login.Mechanism, c.key, "Client Key")
	proof := xor(clientKey, mac(c.login.Mechanism, sum(c.login.Mechanism, clientKey), c.auth))
	return []byte(without + ",p=" + base64.StdEncoding.EncodeToString(proof)), nil
}

// Salt is the hash of a login's password that everything follows from. It is slow to find
// out; known, which may be nil, remembers it.
func Salt(login Login, salt []byte, iterations int, known map[string][]byte) []byte {
	name := fmt.Sprintf("%s %x %d %s", login.Mechanism, salt, iterations, login.Password)
	if key := known[name]; key != nil {
		return key
	}
	key := Salted(login.Mechanism, login.Password, salt, iterations)
	if known != nil {
		known[name] = key
	}
	return key
}

// ErrUnproved is that the server believes the client, and has not shown that it knows the
// password itself.
var ErrUnproved = errors.New("sasl: the server does not know the password")

func (c *Client) serverFinal(message string) error {
	want := mac(c.login.Mechanism, mac(c.login.Mechanism, c.key, "Server Key"), c.auth)
	if !hmac.Equal(bytesOf(fields(message)["v"]), want) {
		return ErrUnproved
	}
	return nil
}
