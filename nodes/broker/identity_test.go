package broker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/acl"
	"github.com/stampede-sim/stampede/nodes/broker/client"
	"github.com/stampede-sim/stampede/nodes/broker/sasl"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// proving is a cluster whose clients have to say who they are.
func proving(t *testing.T) *cluster {
	salt := []byte("salt")
	scram := map[string]map[string]sasl.Credential{}
	for _, m := range sasl.Mechanisms[1:] {
		scram[m] = map[string]sasl.Credential{"root": sasl.Derive(m, sasl.Salted(m, "pw", salt, sasl.LeastIterations), salt, sasl.LeastIterations)}
	}
	c := newCluster(t, 1, func(cfg *broker.Config) {
		cfg.SASL = &broker.SASLConfig{Mechanisms: sasl.Mechanisms, Plain: map[string]string{"root": "pw", "a": "pw"}, Scram: scram}
		cfg.Access = &acl.Config{SuperUsers: []string{"User:root"}}
		cfg.Principals = map[node.ID]string{4: "User:root", 5: "User:root", 6: "User:root"} // counts for nothing
	})
	c.run(5 * time.Second)
	return c
}

// TestLogins has clients log in by each mechanism, with the right password and a wrong one,
// in messages with headers and without.
func TestLogins(t *testing.T) {
	c := proving(t)
	for i, login := range []struct {
		sasl.Login
		want string
	}{
		{sasl.Login{Mechanism: sasl.Plain, User: "root", Password: "pw"}, "ok NONE"},
		{sasl.Login{Mechanism: sasl.ScramSHA256, User: "root", Password: "pw"}, "ok NONE"},
		{sasl.Login{Mechanism: sasl.ScramSHA512, User: "root", Password: "pw"}, "ok NONE"},
		{sasl.Login{Mechanism: sasl.Plain, User: "a", Password: "pw"}, "failed TOPIC_AUTHORIZATION_FAILED"},
		{sasl.Login{Mechanism: sasl.Plain, User: "root", Password: "wp"}, "failed LEADER_NOT_AVAILABLE"},
		{sasl.Login{Mechanism: sasl.ScramSHA256, User: "root", Password: "wp"}, "failed LEADER_NOT_AVAILABLE"},
		{sasl.Login{Mechanism: "GSSAPI", User: "root"}, "failed LEADER_NOT_AVAILABLE"},
		{sasl.Login{}, "failed LEADER_NOT_AVAILABLE"},
	} {
		for _, raw := range []bool{false, true} {
			got := ""
			app := c.loginBy(login.Login, raw)
			app.NewAdmin().CreateTopic(client.NewTopic{Name: fmt.Sprintf("t%d-%t", i, raw), Partitions: 1, Replication: 1}, func(d client.Done) { got = fmt.Sprint(d.Outcome, " ", d.Code) })
			c.run(6 * time.Second)
			if got != login.want {
				t.Errorf("%+v, raw %t: %q, want %q", login.Login, raw, got, login.want)
			}
		}
	}
}

// TestOutOfTurn says things that come at the wrong time: some are answered by an error,
// some end the connection.
func TestOutOfTurn(t *testing.T) {
	c := proving(t)
	s := c.client(func(s *script, task *node.Task) {
		to := c.brokers[0]
		ask := func(r kmsg.Request) kmsg.Response {
			task.Sleep(100 * time.Millisecond) // if it was hung up on, it has heard of that
			return s.ask(task, to, r)
		}
		shake := func(mechanism string) string {
			r := kmsg.NewPtrSASLHandshakeRequest()
			r.Version, r.Mechanism = 1, mechanism
			return answered(ask(r), func(a kmsg.Response) int16 { return a.(*kmsg.SASLHandshakeResponse).ErrorCode })
		}
		prove := func(message string) string {
			r := kmsg.NewPtrSASLAuthenticateRequest()
			r.Version, r.SASLAuthBytes = 2, []byte(message)
			return answered(ask(r), func(a kmsg.Response) int16 { return a.(*kmsg.SASLAuthenticateResponse).ErrorCode })
		}
		metadata := func() string {
			r := kmsg.NewPtrMetadataRequest()
			r.Version = 9
			return answered(ask(r), func(kmsg.Response) int16 { return 0 })
		}
		versions := func() string {
			return answered(ask(kmsg.NewPtrApiVersionsRequest()), func(kmsg.Response) int16 { return 0 })
		}
		for i, step := range []struct{ got, want string }{
			{metadata(), "nothing"}, {versions(), "NONE"}, {prove("\x00root\x00pw"), "ILLEGAL_SASL_STATE"},
			{shake("GSSAPI"), "UNSUPPORTED_SASL_MECHANISM"}, {shake("PLAIN"), "NONE"}, {shake("PLAIN"), "ILLEGAL_SASL_STATE"},
			{versions(), "nothing"}, {shake("PLAIN"), "NONE"}, {prove("\x00root\x00wp"), "SASL_AUTHENTICATION_FAILED"},
			{shake("PLAIN"), "NONE"}, {prove("\x00root\x00pw"), "NONE"}, {metadata(), "NONE"}, {shake("PLAIN"), "ILLEGAL_SASL_STATE"}, {metadata(), "NONE"},
		} {
			if step.got != step.want {
				t.Errorf("step %d was answered by %s, want %s", i, step.got, step.want)
			}
		}
	})
	c.run(10 * time.Second)
	if !s.done {
		t.Fatal("the script was not finished")
	}
}

// answered names the error of an answer, "nothing" if none came.
func answered(r kmsg.Response, code func(kmsg.Response) int16) string {
	if r == nil {
		return "nothing"
	}
	return wire.ErrorCode(code(r)).String()
}
