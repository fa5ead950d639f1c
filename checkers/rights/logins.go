package rights

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// scrams are the mechanisms whose credentials are in znodes, with their hashes.
var scrams = map[string]func() hash.Hash{"SCRAM-SHA-256": sha256.New, "SCRAM-SHA-512": sha512.New}

// loginOf names what is kept of the passwords of a user.
func loginOf(user string) string { return "Login:" + user }

// users lists the users that can log in, by name.
func (c *Checker) users() (all []*resource) {
	for _, name := range slices.Sorted(maps.Keys(c.logins)) {
		all = append(all, c.logins[name])
	}
	return all
}

// kept follows the znodes that hold what is said of users.
func (c *Checker) kept(path string, data []byte, number int64) {
	escaped, ok := strings.CutPrefix(path, "/config/users/")
	user, err := url.PathUnescape(escaped)
	if _, static := c.cfg.Passwords[user]; !ok || err != nil || strings.Contains(escaped, "/") || static || c.cfg.Mechanism == "" {
		return
	}
	name := loginOf(user)
	if c.logins[name] == nil {
		c.logins[name] = &resource{name: name, login: true, inForce: history.NoEntries}
	}
	r := c.logins[name]
	r.versions = append(r.versions, version{secrets: secretsIn(data)})
	if got := int64(len(r.versions)) - 1; got != number {
		c.fail("", CredentialsCopied, "the credentials of "+user+" have two histories: their znode was deleted, and another made")
	}
	c.events = append(c.events, history.AccessEvent{At: c.at, Kind: history.EntriesWritten, Resource: name, Version: number, Secrets: r.last().secrets})
}

// secretsIn reads the JSON of a znode.
func secretsIn(data []byte) (all []string) {
	var j struct{ Config map[string]string }
	if json.Unmarshal(data, &j) != nil {
		return nil
	}
	for _, mechanism := range slices.Sorted(maps.Keys(scrams)) {
		if text := j.Config[mechanism]; text != "" {
			all = append(all, mechanism+" "+text)
		}
	}
	return all
}

// credentials: what a broker lets somebody log in by is what the znode held.
func (c *Checker) credentials(m *member, e node.Event) {
	name, number := loginOf(e.Text), e.N[0]
	r := c.logins[name]
	if r == nil {
		if number >= 0 && c.cfg.Passwords[e.Text] == "" {
			c.fail(m.Name, CredentialsCopied, fmt.Sprintf("%s takes version %d of the credentials of %s, which nobody has written", m.Name, number, e.Text))
		}
		return
	}
	got, want := e.Body.(*facts.Credentials).Secrets, []string(nil)
	if number >= 0 && number < int64(len(r.versions)) {
		want = r.versions[number].secrets
	}
	switch {
	case number >= int64(len(r.versions)) || number < m.held(name):
		c.fail(m.Name, CredentialsCopied, fmt.Sprintf("%s goes from version %d of the credentials of %s to %d, of %d", m.Name, m.held(name), e.Text, number, len(r.versions)))
	case !slices.Equal(got, want):
		c.fail(m.Name, CredentialsCopied, fmt.Sprintf("%s takes %v for version %d of the credentials of %s, which are %v", m.Name, got, number, e.Text, want))
	}
	m.holds[name] = number
	c.weigh()
}

// login judges an attempt to log in: by what was in force of the user anywhere between its
// beginning and its end.
func (j *judge) login(op *history.Op) {
	refused := wire.ErrorCode(op.Log.Err) == wire.SASLAuthenticationFailed
	if len(op.Log.Names) != 1 || op.Outcome != history.OK && !refused {
		return
	}
	if op.Log.Names[0] == history.Unproved {
		if op.Outcome == history.OK {
			j.report(ProvedFirst, op, fmt.Sprintf("But op %d was answered at broker %d, of somebody who had not said who it is.", op.ID, op.Log.Broker))
		}
		return
	}
	password, _ := history.PasswordIn(op.Path, op.Log.Args)
	l := j.reg.lines[loginOf(op.Path)]
	if l == nil {
		l = &timeline{}
	}
	yes, no := false, false
	for _, v := range l.versions(op.Invoke, op.Return) {
		if j.opens(v.Secrets, op.Log.Names[0], password) {
			yes = true
		} else {
			no = true
		}
	}
	switch {
	case !refused && !yes:
		j.report(PasswordNeeded, op, fmt.Sprintf("But op %d logged in as %s by %s with %q at broker %d.", op.ID, op.Path, op.Log.Names[0], password, op.Log.Broker))
	case refused && !no:
		j.report(PasswordSuffices, op, fmt.Sprintf("But op %d was refused as %s by %s with %q at broker %d.", op.ID, op.Path, op.Log.Names[0], password, op.Log.Broker))
	}
	if refused {
		j.Refused++
	} else {
		j.Granted++
	}
}

// passwords judges what somebody was told of the credentials of a user.
func (j *judge) passwords(op *history.Op) {
	l := j.reg.lines[loginOf(op.Path)]
	if l == nil {
		return // nobody logs in here, or nothing was ever written
	}
	var versions []string
	for _, v := range l.versions(op.Invoke, op.Return) {
		var want []string
		for _, secret := range v.Secrets {
			mechanism, text, _ := strings.Cut(secret, " ")
			want = append(want, mechanism+" "+field(text, "iterations"))
		}
		if slices.Equal(want, op.Log.Names) {
			return
		}
		versions = append(versions, fmt.Sprint(want))
	}
	j.report(PasswordsShown, op, fmt.Sprintf("But op %d is told that %s has %v; in force may have been %s.", op.ID, op.Path, op.Log.Names, strings.Join(versions, " or ")))
}

// opens reports whether a password is that of which something is kept under a mechanism.
func (j *judge) opens(secrets []string, mechanism, password string) bool {
	for _, secret := range secrets {
		text, ok := strings.CutPrefix(secret, mechanism+" ")
		if !ok {
			continue
		}
		if want, plain := strings.CutPrefix(text, "password="); plain {
			return want == password
		}
		key := mechanism + " " + password + " " + text
		opens, known := j.opened[key]
		if !known {
			opens = opensScram(scrams[mechanism], text, password)
			j.opened[key] = opens
		}
		return opens
	}
	return false
}

// opensScram is what RFC 5802 says of a stored key: the hash of a key that follows from the
// salted password.
func opensScram(h func() hash.Hash, text, password string) bool {
	salt, bad := base64.StdEncoding.DecodeString(field(text, "salt"))
	stored, worse := base64.StdEncoding.DecodeString(field(text, "stored_key"))
	n, worst := strconv.Atoi(field(text, "iterations"))
	if bad != nil || worse != nil || worst != nil || h == nil {
		return false
	}
	salted, err := pbkdf2.Key(h, password, salt, n, h().Size())
	if err != nil {
		return false
	}
	key := hmac.New(h, salted)
	key.Write([]byte("Client Key"))
	sum := h()
	sum.Write(key.Sum(nil))
	return bytes.Equal(sum.Sum(nil), stored)
}

// field takes a word out of "salt=…,iterations=4096".
func field(text, name string) string {
	for _, part := range strings.Split(text, ",") {
		if value, ok := strings.CutPrefix(part, name+"="); ok {
			return value
		}
	}
	return ""
}
