package client

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/sasl"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
)

// scramNumber is the number of a mechanism in requests, 0 of none.
func scramNumber(mechanism string) int8 {
	switch mechanism {
	case sasl.ScramSHA256:
		return 1
	case sasl.ScramSHA512:
		return 2
	}
	return 0
}

// SetPassword has a user log in by a mechanism with the password of a login from now on
// (KIP-554). The password does not leave the client, only what follows from it does.
func (a *Admin) SetPassword(login sasl.Login, salt []byte, iterations int, done func(Done)) {
	salted := sasl.Salt(login, salt, iterations, a.c.salted)
	a.alterCredentials(func(ask *kmsg.AlterUserSCRAMCredentialsRequest) {
		u := kmsg.NewAlterUserSCRAMCredentialsRequestUpsertion()
		u.Name, u.Mechanism, u.Iterations, u.Salt, u.SaltedPassword = login.User, scramNumber(login.Mechanism), int32(iterations), salt, salted
		ask.Upsertions = append(ask.Upsertions, u)
	}, done)
}

// RemovePassword takes from a user what it logs in with by a mechanism.
func (a *Admin) RemovePassword(user, mechanism string, done func(Done)) {
	a.alterCredentials(func(ask *kmsg.AlterUserSCRAMCredentialsRequest) {
		d := kmsg.NewAlterUserSCRAMCredentialsRequestDeletion()
		d.Name, d.Mechanism = user, scramNumber(mechanism)
		ask.Deletions = append(ask.Deletions, d)
	}, done)
}

func (a *Admin) alterCredentials(fill func(*kmsg.AlterUserSCRAMCredentialsRequest), done func(Done)) {
	a.start(&task{
		at: a.controller,
		make: func() kmsg.Request {
			ask := kmsg.NewPtrAlterUserSCRAMCredentialsRequest()
			fill(ask)
			return ask
		},
		code: func(r kmsg.Response) wire.ErrorCode {
			return wire.ErrorCode(r.(*kmsg.AlterUserSCRAMCredentialsResponse).Results[0].ErrorCode)
		},
		done: func(_ kmsg.Response, d Done) { done(d) },
	})
}

// Passwords asks by which mechanisms a user can log in: "SCRAM-SHA-256 4096", with how often
// its password is hashed. Who can by none is no error.
func (a *Admin) Passwords(user string, done func([]string, Done)) {
	a.start(&task{
		at: a.anybody, reads: true,
		make: func() kmsg.Request {
			ask := kmsg.NewPtrDescribeUserSCRAMCredentialsRequest()
			ask.Users = append(ask.Users, kmsg.DescribeUserSCRAMCredentialsRequestUser{Name: user})
			return ask
		},
		code: func(r kmsg.Response) wire.ErrorCode {
			answer := r.(*kmsg.DescribeUserSCRAMCredentialsResponse)
			code := wire.ErrorCode(answer.ErrorCode)
			if code == wire.OK && wire.ErrorCode(answer.Results[0].ErrorCode) != wire.ResourceNotFound {
				code = wire.ErrorCode(answer.Results[0].ErrorCode)
			}
			return code
		},
		done: func(r kmsg.Response, d Done) {
			var all []string
			if d.Outcome == Succeeded {
				for _, c := range r.(*kmsg.DescribeUserSCRAMCredentialsResponse).Results[0].CredentialInfos {
					all = append(all, fmt.Sprintf("%s %d", sasl.Mechanisms[c.Mechanism], c.Iterations))
				}
			}
			done(all, d)
		},
	})
}
