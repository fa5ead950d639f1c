package acl

import (
	"crypto/sha1"
	"encoding/base64"
	"regexp"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// Digest is the identity of scheme digest that "user:password" proves: the user, and
// the hash of both.
func Digest(credentials string) string {
	user, _, _ := strings.Cut(credentials, ":")
	sum := sha1.Sum([]byte(credentials))
	return user + ":" + base64.StdEncoding.EncodeToString(sum[:])
}

// Authenticate returns the identities that credentials prove, to a server that sees
// the other end at address; false if they prove none. Certificates and principals
// are not proved by a request.
func (r Rules) Authenticate(scheme, credentials, address string) ([]wire.Identity, bool) {
	switch scheme {
	case digest:
		me := wire.Identity{Scheme: digest, ID: Digest(credentials)}
		if r.Super != "" && me.ID == r.Super {
			return []wire.Identity{Superuser, me}, true
		}
		return []wire.Identity{me}, true
	case ip:
		return []wire.Identity{{Scheme: ip, ID: address}}, true
	}
	return nil, false
}

// Merge adds identities to those that a connection has, each once. The old list may
// be on its way with requests and stays as it is.
func Merge(have, more []wire.Identity) []wire.Identity {
	out := slices.Clone(have)
	for _, id := range more {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// HasScheme reports whether one of the identities is of one of the schemes.
func HasScheme(ids []wire.Identity, schemes []string) bool {
	return slices.ContainsFunc(ids, func(id wire.Identity) bool { return slices.Contains(schemes, id.Scheme) })
}

// Masked is a list as those see it who may not change it: without the hashes of
// passwords, which could be guessed at in peace.
func Masked(list []wire.ACL) []wire.ACL {
	out := slices.Clone(list)
	for i := range out {
		if user, _, hashed := strings.Cut(out[i].ID, ":"); hashed && out[i].Scheme == digest {
			out[i].ID = user + ":x"
		}
	}
	return out
}

// Clients tells who a connection is, without hashes.
func Clients(ids []wire.Identity) []wire.ClientInfo {
	out := make([]wire.ClientInfo, 0, len(ids))
	for _, id := range ids {
		user := id.ID
		if id.Scheme == digest {
			user, _, _ = strings.Cut(user, ":")
		}
		if id.Scheme == super {
			user = ""
		}
		out = append(out, wire.ClientInfo{Scheme: id.Scheme, User: user})
	}
	return out
}

// validDigest wants "user:hash": two parts between colons, not counting empty ones at
// the end, so that "a:b:" is as good as "a:b" and "a:" is not.
func validDigest(id string) bool {
	return strings.Count(strings.TrimRight(id, ":"), ":") == 1
}

// validName wants a distinguished name: attributes with values, or nothing at all.
func validName(id string) bool {
	if strings.TrimSpace(id) == "" {
		return true
	}
	for _, part := range strings.FieldsFunc(id+" ", func(r rune) bool { return r == ',' || r == ';' || r == '+' }) {
		if key, _, ok := strings.Cut(part, "="); !ok || strings.TrimSpace(key) == "" {
			return false
		}
	}
	return true
}

// principal is service/host@realm as Kerberos writes it.
var principal = regexp.MustCompile(`^([^/@]*)(/([^/@]*))?@([^/@]*)$`)

// validPrincipal wants a name without a realm or a well-formed one with it.
func validPrincipal(id string) bool {
	return !strings.Contains(id, "@") || principal.MatchString(id)
}
