package broker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker"
	"github.com/stampede-sim/stampede/nodes/broker/acl"
	"github.com/stampede-sim/stampede/nodes/broker/client"
	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/sasl"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// trusting is a cluster with SCRAM whose one known user may do everything.
func trusting(t *testing.T, brokers int) (*cluster, *application) {
	salt := []byte("salt")
	known := sasl.Derive(sasl.ScramSHA256, sasl.Salted(sasl.ScramSHA256, "pw", salt, sasl.LeastIterations), salt, sasl.LeastIterations)
	c := newCluster(t, brokers, func(cfg *broker.Config) {
		cfg.SASL = &broker.SASLConfig{Mechanisms: sasl.Mechanisms[1:], Scram: map[string]map[string]sasl.Credential{sasl.ScramSHA256: {"root": known}}}
		cfg.Access = &acl.Config{SuperUsers: []string{"User:root"}}
	})
	c.run(5 * time.Second)
	return c, c.login(sasl.Login{Mechanism: sasl.ScramSHA256, User: "root", Password: "pw"})
}

// TestPasswordsChange gives a user passwords, changes and removes them, and has it log in.
func TestPasswordsChange(t *testing.T) {
	c, root := trusting(t, 2)
	a := root.NewAdmin()
	var got string
	note := func(d client.Done) { got = fmt.Sprint(d.Outcome, " ", d.Code) }
	expect := c.expects(&got, 3*time.Second)
	alice := func(mechanism, password string) sasl.Login {
		return sasl.Login{Mechanism: mechanism, User: "ali=c, e/", Password: password}
	}
	try := func(login sasl.Login, want string) {
		t.Helper()
		root.TryLogin(login, func(_ int32, d client.Done) { note(d) })
		expect(fmt.Sprint(login), want)
	}
	passwords := func(want string) {
		t.Helper()
		a.Passwords("ali=c, e/", func(all []string, d client.Done) { got = fmt.Sprint(d.Outcome, all) })
		expect("passwords", want)
	}
	const yes, no = "ok NONE", "failed SASL_AUTHENTICATION_FAILED"
	c.run(time.Second)
	passwords("ok []")
	try(alice(sasl.ScramSHA256, "one"), no)
	for i, mechanism := range sasl.Mechanisms[1:] {
		a.SetPassword(alice(mechanism, "one"), []byte("s1"), sasl.LeastIterations+i, note)
		expect("set", yes)
		try(alice(mechanism, "one"), yes)
	}
	passwords("ok [SCRAM-SHA-256 4096 SCRAM-SHA-512 4097]")
	a.SetPassword(alice(sasl.ScramSHA256, "two"), []byte("s2"), sasl.LeastIterations, note)
	expect("change", yes)
	try(alice(sasl.ScramSHA256, "one"), no)
	try(alice(sasl.ScramSHA256, "two"), yes)
	try(alice(sasl.ScramSHA512, "one"), yes)
	try(alice("GSSAPI", "one"), "failed UNSUPPORTED_SASL_MECHANISM")
	a.RemovePassword("ali=c, e/", sasl.ScramSHA256, note)
	expect("remove", yes)
	a.RemovePassword("ali=c, e/", sasl.ScramSHA256, note)
	expect("remove again", "failed RESOURCE_NOT_FOUND")
	try(alice(sasl.ScramSHA256, "two"), no)
	try(alice(sasl.ScramSHA512, "one"), yes)
	passwords("ok [SCRAM-SHA-512 4097]")
}

// TestRequestsForCredentials asks for what is not to be had, user by user.
func TestRequestsForCredentials(t *testing.T) {
	c := newCluster(t, 2)
	c.run(5 * time.Second)
	set := func(user string, mechanism int8, iterations int32) kmsg.AlterUserSCRAMCredentialsRequestUpsertion {
		u := kmsg.NewAlterUserSCRAMCredentialsRequestUpsertion()
		u.Name, u.Mechanism, u.Iterations, u.Salt, u.SaltedPassword = user, mechanism, iterations, []byte("s"), []byte("p")
		return u
	}
	remove := func(user string) kmsg.AlterUserSCRAMCredentialsRequestDeletion {
		d := kmsg.NewAlterUserSCRAMCredentialsRequestDeletion()
		d.Name, d.Mechanism = user, 1
		return d
	}
	s := c.client(func(s *script, task *node.Task) {
		r := kmsg.NewPtrAlterUserSCRAMCredentialsRequest()
		r.Deletions = append(r.Deletions, remove("nobody"), remove("both"))
		r.Upsertions = append(r.Upsertions, set("a", 1, 4096), set("b", 2, 4096), set("b", 2, 5000), set("c", 1, 4095), set("d", 1, 16385), set("e", 0, 4096), set("", 1, 4096), set("both", 2, 4096), set("f", 3, 4096))
		var told [2]string
		for i, to := range c.brokers {
			for _, one := range s.ask(task, to, r).(*kmsg.AlterUserSCRAMCredentialsResponse).Results {
				told[i] += fmt.Sprintf("%s:%v ", one.User, wire.ErrorCode(one.ErrorCode))
			}
		}
		want := "nobody:RESOURCE_NOT_FOUND both:RESOURCE_NOT_FOUND a:NONE b:DUPLICATE_RESOURCE c:UNACCEPTABLE_CREDENTIAL d:UNACCEPTABLE_CREDENTIAL e:UNSUPPORTED_SASL_MECHANISM :UNACCEPTABLE_CREDENTIAL f:UNSUPPORTED_SASL_MECHANISM "
		other := "nobody:NOT_CONTROLLER both:NOT_CONTROLLER a:NOT_CONTROLLER b:NOT_CONTROLLER c:NOT_CONTROLLER d:NOT_CONTROLLER e:NOT_CONTROLLER :NOT_CONTROLLER f:NOT_CONTROLLER "
		if told != [2]string{want, other} && told != [2]string{other, want} {
			t.Errorf("told %q", told)
		}
		ask := func(want string, users ...string) {
			r := kmsg.NewPtrDescribeUserSCRAMCredentialsRequest()
			for _, u := range users {
				r.Users = append(r.Users, kmsg.DescribeUserSCRAMCredentialsRequestUser{Name: u})
			}
			got := ""
			for _, one := range s.ask(task, c.brokers[0], r).(*kmsg.DescribeUserSCRAMCredentialsResponse).Results {
				got += fmt.Sprintf("%s:%v:%d ", one.User, wire.ErrorCode(one.ErrorCode), len(one.CredentialInfos))
			}
			if got != want {
				t.Errorf("of %q: %q, want %q", users, got, want)
			}
		}
		task.Sleep(time.Second)
		ask("a:NONE:1 ")
		ask("a:NONE:1 x:RESOURCE_NOT_FOUND:0 ", "a", "x")
		ask("a:DUPLICATE_RESOURCE:0 b:RESOURCE_NOT_FOUND:0 :RESOURCE_NOT_FOUND:0 ", "a", "b", "a", "")
	})
	c.run(8 * time.Second)
	if !s.done {
		t.Fatal("the script was not finished")
	}
}

// TestPasswordChangedWhileABrokerRegisters: between when a broker has read what is said of
// users and when it first lists notifications, a password is changed. The notification is
// there when it lists them, and it must not take it for one that it knows.
func TestPasswordChangedWhileABrokerRegisters(t *testing.T) {
	c, root := trusting(t, 3)
	a := root.NewAdmin()
	set := func(password string) {
		t.Helper()
		done := false
		login := sasl.Login{Mechanism: sasl.ScramSHA256, User: "u", Password: password}
		a.SetPassword(login, []byte("salt"), sasl.LeastIterations, func(d client.Done) { done = d.Outcome == client.Succeeded })
		for until := c.world.Now() + 700*time.Millisecond; !done && c.world.Now() < until; {
			c.run(time.Millisecond)
		}
		if !done {
			t.Fatal("the password was not set")
		}
	}
	c.run(time.Second)
	set("one")
	late := c.brokers[2]
	c.world.Pause(late)
	c.run(5 * time.Second) // its session is over, and it is not the controller any more
	set("two")
	c.run(time.Second) // the others have heard
	seen := c.seen[facts.CredentialsTaken]
	c.world.Resume(late)
	for until := c.world.Now() + 5*time.Second; c.seen[facts.CredentialsTaken] == seen && c.world.Now() < until; {
		c.run(10 * time.Microsecond)
	}
	c.world.Pause(late)
	set("three")
	c.world.Resume(late)
	c.run(5 * time.Second)
	latest := map[node.ID]int64{}
	for _, f := range c.facts {
		if f.Event.Kind == facts.CredentialsTaken {
			latest[f.Node] = f.Event.N[0]
		}
	}
	for _, id := range c.brokers {
		if latest[id] != 3 { // the znode is made empty first
			t.Errorf("process %d goes by version %d of the credentials, want 3", id, latest[id])
		}
	}
}
