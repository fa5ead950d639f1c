package sasl

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/bugs"
)

// TestVectors is the conversation of RFC 7677, message by message.
func TestVectors(t *testing.T) {
	login := Login{ScramSHA256, "user", "pencil"}
	salt := bytesOf("W22ZaJ0SNY7soEsUEjb6gQ==")
	cred := Derive(ScramSHA256, Salted(ScramSHA256, "pencil", salt, 4096), salt, 4096)
	client := NewClient(login, "rOprNGfwEbeRWgbNEkqO", nil)
	server := NewServer(ScramSHA256, nil, func(user string) (Credential, bool) { return cred, user == "user" }, "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", bugs.Set{})
	say := func(what string, got []byte, err error, want string) []byte {
		t.Helper()
		if err != nil || string(got) != want {
			t.Fatalf("%s is %q, %v; want %q", what, got, err, want)
		}
		return got
	}
	m := say("the client's first", client.First(), nil, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO")
	m, err := server.Next(m)
	m = say("the server's first", m, err, "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")
	m, err = client.Next(m)
	m = say("the client's last", m, err, "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
	m, err = server.Next(m)
	m = say("the server's last", m, err, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
	if m, err = client.Next(m); m != nil || err != nil || !server.Done() || server.User() != "user" {
		t.Errorf("in the end %q, %v, done %t as %s", m, err, server.Done(), server.User())
	}
}

// converse has two ends talk, and reports whether each believes the other.
func converse(login Login, server *Server, salted map[string][]byte) (client, broker bool) {
	c := NewClient(login, "fyko+d2lbbFgONRv9qkxdawL", salted)
	for m := c.First(); ; {
		answer, err := server.Next(m)
		if err != nil {
			return false, false
		}
		if m, err = c.Next(answer); err != nil {
			return false, server.Done()
		}
		if m == nil {
			return true, server.Done()
		}
	}
}

// TestTwoEnds: whoever has the password is believed, and nobody else.
func TestTwoEnds(t *testing.T) {
	creds := map[string]map[string]Credential{}
	for _, mechanism := range Mechanisms[1:] {
		creds[mechanism] = map[string]Credential{}
		for _, user := range []string{"alice", "bo=b,", "ü"} {
			salt := []byte("salt of " + user)
			cred := Derive(mechanism, Salted(mechanism, "pw-"+user, salt, LeastIterations), salt, LeastIterations)
			back, err := ParseCredential(cred.String())
			if err != nil || back.String() != cred.String() {
				t.Fatalf("%s came back as %v, %v", cred, back, err)
			}
			creds[mechanism][user] = back
		}
	}
	salted := map[string][]byte{}
	rapid.Check(t, func(t *rapid.T) {
		mechanism := rapid.SampledFrom(Mechanisms).Draw(t, "mechanism")
		user := rapid.SampledFrom([]string{"alice", "bo=b,", "ü", "nobody"}).Draw(t, "user")
		right := rapid.Bool().Draw(t, "right")
		password := "pw-" + user
		if !right {
			password = rapid.SampledFrom([]string{"pw-alicE", "pw", "x"}).Draw(t, "password")
		}
		plain := map[string]string{"alice": "pw-alice", "bo=b,": "pw-bo=b,", "ü": "pw-ü"}
		server := NewServer(mechanism, plain, func(u string) (Credential, bool) { c, ok := creds[mechanism][u]; return c, ok }, "3rfcNHYJY1ZVvWVs7j", bugs.Set{})
		cache := salted
		if !right {
			cache = nil
		}
		client, broker := converse(Login{mechanism, user, password}, server, cache)
		if want := right && user != "nobody"; client != want || broker != want || want && server.User() != user {
			t.Fatalf("%s of %s with %q: the client %t, the broker %t", mechanism, user, password, client, broker)
		}
	})
}

// TestNonsense: no message makes an end panic, or believe.
func TestNonsense(t *testing.T) {
	salt := []byte("salt")
	cred := Derive(ScramSHA256, Salted(ScramSHA256, "p", salt, LeastIterations), salt, LeastIterations)
	rapid.Check(t, func(t *rapid.T) {
		mechanism := rapid.SampledFrom(Mechanisms).Draw(t, "mechanism")
		server := NewServer(mechanism, map[string]string{"u": "p"}, func(string) (Credential, bool) { return cred, true }, "n", bugs.Set{})
		client := NewClient(Login{mechanism, "u", "q"}, "m", nil)
		client.First()
		for _, m := range rapid.SliceOfN(rapid.SampledFrom([]string{"", "n,,", "n,,n=u,r=m", "p,,n=u", "c=biws,r=mn,p=", "c=biws,r=mn,p=AAAA", "\x00u\x00", "u", "r=mn,s=,i=4096", "v=", "e=no"}), 1, 4).Draw(t, "messages") {
			server.Next([]byte(m))
			if _, err := client.Next([]byte(m)); err == nil && mechanism != Plain && m != "r=mn,s=,i=4096" {
				t.Fatalf("the client believed %q", m)
			}
		}
		if server.Done() {
			t.Fatal("the broker believed nonsense")
		}
	})
}

// TestCredentialErrors: what is no credential is said to be none.
func TestCredentialErrors(t *testing.T) {
	for _, text := range []string{"", "salt=,stored_key=,server_key=,iterations=4096", "salt=QQ==,stored_key=QQ==,server_key=QQ==,iterations=4095", "salt=*,stored_key=QQ==,server_key=QQ==,iterations=9999"} {
		if c, err := ParseCredential(text); err == nil {
			t.Errorf("%q was read as %v", text, c)
		}
	}
}
