package rights

import (
	"fmt"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	kafka "github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// pencil is what RFC 7677 says is kept of the password "pencil"; no other is known to
// open it.
const pencil = "SCRAM-SHA-256 salt=W22ZaJ0SNY7soEsUEjb6gQ==,stored_key=WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,server_key=wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=,iterations=4096"

// TestPencil: the judge agrees with the RFC on who knows the password.
func TestPencil(t *testing.T) {
	j := &judge{opened: map[string]bool{}}
	for _, c := range []struct {
		mechanism, password string
		want                bool
	}{{"SCRAM-SHA-256", "pencil", true}, {"SCRAM-SHA-256", "pen", false}, {"SCRAM-SHA-256", "", false}, {"SCRAM-SHA-512", "pencil", false}, {"PLAIN", "pencil", false}} {
		if got := j.opens([]string{pencil}, c.mechanism, c.password); got != c.want {
			t.Errorf("%q by %s: %t", c.password, c.mechanism, got)
		}
	}
	if !j.opens([]string{"PLAIN password=p"}, "PLAIN", "p") || j.opens([]string{"PLAIN password=p"}, "PLAIN", "") {
		t.Error("PLAIN is judged wrongly")
	}
}

// TestJudgeOfLogins holds logins against a password that was written at 10 s, was in force
// everywhere at 12 s, and was removed at 20 s, which all had heard at 22 s.
func TestJudgeOfLogins(t *testing.T) {
	word := func(seconds int, kind history.AccessEventKind, number int64, secrets ...string) history.AccessEvent {
		return history.AccessEvent{At: time.Duration(seconds) * time.Second, Kind: kind, Resource: "Login:u", Version: number, Secrets: secrets}
	}
	const secret = "PLAIN password=pw-u-1"
	access := []history.AccessEvent{
		word(10, history.EntriesWritten, 0, secret), word(12, history.EntriesInForce, 0), word(20, history.EntriesWritten, 1), word(22, history.EntriesInForce, 1),
		{Kind: history.EntriesWritten, Resource: "Login:c", Secrets: []string{"PLAIN password=pw-c"}}, {Kind: history.EntriesInForce, Resource: "Login:c"},
	}
	login := func(at int, user, password string, ok bool) history.Op {
		o := history.Op{ID: 1, F: history.LogIn, Path: user, Invoke: time.Duration(at) * time.Second, Return: time.Duration(at)*time.Second + 1, Outcome: history.OK}
		o.Log = &history.LogOp{As: "User:a@10.0.0.7", Args: "password=" + password, Names: []string{"PLAIN"}}
		if !ok {
			o.Outcome, o.Log.Err = history.Fail, int16(kafka.SASLAuthenticationFailed)
		}
		return o
	}
	unheard := login(15, "u", "1", false)
	unheard.Log.Err = 0
	long := login(5, "u", "1", true)
	long.Return = 11 * time.Second
	told := func(at int, names ...string) history.Op {
		o := login(at, "u", "1", true)
		o.F, o.Log.Names, o.Log.Super = history.Passwords, names, true
		return o
	}
	unproved := func(answered bool) history.Op {
		o := login(15, "u", "none", answered)
		o.Log.Names = []string{history.Unproved}
		return o
	}
	for _, c := range []struct {
		name, breaks string
		op           history.Op
	}{
		{"before there was one", PasswordNeeded, login(5, "u", "1", true)},
		{"refused before there was one", "", login(5, "u", "1", false)},
		{"while it was written", "", long},
		{"while some brokers know", "", login(11, "u", "1", true)},
		{"in force", "", login(15, "u", "1", true)},
		{"in force, and refused", PasswordSuffices, login(15, "u", "1", false)},
		{"in force, and nobody answered", "", unheard},
		{"a wrong one", PasswordNeeded, login(15, "u", "2", true)},
		{"an empty one", PasswordNeeded, login(15, "u", "none", true)},
		{"while some brokers know of the end", "", login(21, "u", "1", true)},
		{"refused then", "", login(21, "u", "1", false)},
		{"removed", PasswordNeeded, login(25, "u", "1", true)},
		{"of somebody whom nobody knows", PasswordNeeded, login(15, "x", "1", true)},
		{"that of the beginning", "", login(1, "c", "right", true)},
		{"that of the beginning, refused", PasswordSuffices, login(1, "c", "right", false)},
		{"none, and answered", ProvedFirst, unproved(true)},
		{"none, and hung up on", "", unproved(false)},
		{"told of one", "", told(15, "PLAIN ")},
		{"told of none", PasswordsShown, told(15)},
		{"told of one that was removed", PasswordsShown, told(25, "PLAIN ")},
	} {
		v := Judge(&history.History{Ops: []history.Op{c.op}, Access: access})
		got := ""
		if len(v.Findings) > 0 {
			got = v.Findings[0].Guarantee
		}
		if got != c.breaks {
			t.Errorf("%s: %q fell, want %q: %v", c.name, got, c.breaks, v.Findings)
		}
	}
}

// TestCredentialsAreCopied plays what brokers may take for the credentials of a user.
func TestCredentialsAreCopied(t *testing.T) {
	write := func(s *scene, number int32, password string) {
		data := fmt.Appendf(nil, `{"version":1,"config":{"producer_byte_rate":"5","SCRAM-SHA-256":%q}}`, password)
		var body wire.TxnBody = &wire.CreateTxn{Path: "/config/users/u%2F", Data: data}
		if number > 0 {
			body = &wire.SetDataTxn{Path: "/config/users/u%2F", Data: data, Version: number}
		}
		s.zxid++
		s.Committed(s.step, time.Duration(s.step)*time.Second, &wire.Txn{Zxid: s.zxid, Body: body})
	}
	takes := func(s *scene, number int64, secrets ...string) {
		s.says(1, facts.CredentialsTaken, "u/", &facts.Credentials{Secrets: secrets}, number)
	}
	for _, c := range []struct {
		name, breaks string
		play         func(*scene)
	}{
		{"as they are", "", func(s *scene) { write(s, 0, "a"); takes(s, 0, "SCRAM-SHA-256 a") }},
		{"as they are now", "", func(s *scene) { write(s, 0, "a"); write(s, 1, "b"); takes(s, 1, "SCRAM-SHA-256 b") }},
		{"what nobody wrote", CredentialsCopied, func(s *scene) { takes(s, 0, "SCRAM-SHA-256 a") }},
		{"none, where nobody wrote", "", func(s *scene) { takes(s, -1) }},
		{"other ones", CredentialsCopied, func(s *scene) { write(s, 0, "a"); takes(s, 0, "SCRAM-SHA-256 b") }},
		{"too many", CredentialsCopied, func(s *scene) { write(s, 0, "a"); takes(s, 0, "SCRAM-SHA-256 a", "SCRAM-SHA-512 a") }},
		{"earlier ones", CredentialsCopied, func(s *scene) {
			write(s, 0, "a")
			write(s, 1, "b")
			takes(s, 1, "SCRAM-SHA-256 b")
			takes(s, 0, "SCRAM-SHA-256 a")
		}},
		{"earlier ones, after a crash", "", func(s *scene) {
			write(s, 0, "a")
			write(s, 1, "b")
			takes(s, 1, "SCRAM-SHA-256 b")
			s.Changed(1, 0)
			takes(s, 0, "SCRAM-SHA-256 a")
		}},
		{"a znode that was made anew", CredentialsCopied, func(s *scene) { write(s, 0, "a"); write(s, 0, "b") }},
	} {
		s := &scene{Checker: New(Config{Brokers: []Broker{{1, "b1"}}, Mechanism: "SCRAM-SHA-256"})}
		c.play(s)
		got := ""
		if f := s.Finding(); f != nil {
			got = f.Guarantee
		}
		if got != c.breaks {
			t.Errorf("%s: %q fell, want %q: %v", c.name, got, c.breaks, s.Finding())
		}
	}
}

// TestEmptyZnode: a znode that was made and never written to is nothing to hear of.
func TestEmptyZnode(t *testing.T) {
	s := &scene{Checker: New(Config{Brokers: []Broker{{1, "b1"}}, Mechanism: "SCRAM-SHA-256"})}
	s.Committed(1, 0, &wire.Txn{Zxid: 1, Body: &wire.CreateTxn{Path: "/config/users/u"}})
	if got := s.Pending(); got != "" {
		t.Errorf("pending: %s", got)
	}
	s.Committed(2, 0, &wire.Txn{Zxid: 2, Body: &wire.SetDataTxn{Path: "/config/users/u", Version: 1, Data: []byte(`{"config":{"SCRAM-SHA-256":"a"}}`)}})
	if got := s.Pending(); got == "" {
		t.Error("nobody has heard of a password, and nothing is pending")
	}
}
