package sasl

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"strings"
)

// The mechanisms, as the protocol names them.
const (
	Plain       = "PLAIN"
	ScramSHA256 = "SCRAM-SHA-256"
	ScramSHA512 = "SCRAM-SHA-512"
)

// Mechanisms lists those that there are.
var Mechanisms = []string{Plain, ScramSHA256, ScramSHA512}

// LeastIterations is how often a password is hashed at least.
const LeastIterations = 4096

func hashOf(mechanism string) func() hash.Hash {
	if mechanism == ScramSHA512 {
		return sha512.New
	}
	return sha256.New
}

// Credential is what a broker keeps of a password.
type Credential struct {
	Salt, StoredKey, ServerKey []byte
	Iterations                 int
}

// Salted is the hash of a password that everything else follows from. It is slow.
func Salted(mechanism, password string, salt []byte, iterations int) []byte {
	h := hashOf(mechanism)
	key, err := pbkdf2.Key(h, password, salt, iterations, h().Size())
	if err != nil {
		panic("sasl: " + err.Error()) // lengths that no caller has
	}
	return key
}

// Derive makes the credential of a salted password.
func Derive(mechanism string, salted, salt []byte, iterations int) Credential {
	return Credential{
		Salt: salt, StoredKey: sum(mechanism, mac(mechanism, salted, "Client Key")),
		ServerKey: mac(mechanism, salted, "Server Key"), Iterations: iterations,
	}
}

func mac(mechanism string, key []byte, text string) []byte {
	m := hmac.New(hashOf(mechanism), key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

func sum(mechanism string, b []byte) []byte {
	h := hashOf(mechanism)()
	h.Write(b)
	return h.Sum(nil)
}

func xor(a, b []byte) []byte {
	out := slices.Clone(a)
	for i := range out {
		out[i] ^= b[i]
	}
	return out
}

// String is the credential as Kafka keeps it in a configuration.
func (c Credential) String() string {
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("salt=%s,stored_key=%s,server_key=%s,iterations=%d", b64(c.Salt), b64(c.StoredKey), b64(c.ServerKey), c.Iterations)
}

// ParseCredential reads what String writes.
func ParseCredential(text string) (Credential, error) {
	f := fields(text)
	c := Credential{Salt: bytesOf(f["salt"]), StoredKey: bytesOf(f["stored_key"]), ServerKey: bytesOf(f["server_key"])}
	n, err := strconv.Atoi(f["iterations"])
	if c.Iterations = n; err != nil || n < LeastIterations || len(c.Salt)*len(c.StoredKey)*len(c.ServerKey) == 0 {
		return c, fmt.Errorf("sasl: %q is no credential; want salt=,stored_key=,server_key=,iterations= of at least %d", text, LeastIterations)
	}
	return c, nil
}

// fields reads "a=b,c=d". Values may have the sign in them.
func fields(text string) map[string]string {
	f := map[string]string{}
	for _, part := range strings.Split(text, ",") {
		if name, value, ok := strings.Cut(part, "="); ok {
			f[name] = value
		}
	}
	return f
}

// bytesOf reads base64; nil of what is none.
func bytesOf(text string) []byte {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return b
}

// channelBinding is that of a client without one: base64 of "n,,".
const channelBinding = "biws"

var (
	escapeName   = strings.NewReplacer("=", "=3D", ",", "=2C")
	unescapeName = strings.NewReplacer("=2C", ",", "=3D", "=")
)
