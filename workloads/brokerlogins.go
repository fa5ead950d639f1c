package workloads

import (
	"fmt"
	"math/rand/v2"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/broker/client"
	"github.com/stampede-sim/stampede/nodes/broker/sasl"
)

// loginUsers is how many users there are whom clients give passwords and take them from;
// passwords is how many each of them may have, one at a time.
const (
	loginUsers = 2
	passwords  = 3
)

// loginOps draws what is done with passwords: that of a user from the beginning, which
// nobody changes, is tried by whoever comes, and wrong ones, too.
func loginOps(r *rand.Rand, s Shape, kind string) []Op {
	user := fmt.Sprintf("u%d", r.IntN(loginUsers))
	switch kind {
	case "log-in":
		word := fmt.Sprint(r.IntN(passwords))
		switch r.IntN(5) {
		case 0:
			user, word = fmt.Sprintf("c%d", r.IntN(s.Clients)), choose(r, "right", "right", "0", "none")
		case 1:
			word = choose(r, "right", "none")
		case 2:
			return []Op{{F: history.LogIn, Path: user, Log: LogArgs{Args: "password=none unproved=" + choose(r, "metadata", "produce", "groups", "topics")}}}
		}
		return []Op{{F: history.LogIn, Path: user, Log: LogArgs{Args: "password=" + word}}}
	case "set-password":
		word := fmt.Sprint(r.IntN(passwords))
		if r.IntN(4) == 0 {
			word = "remove"
		}
		args := "password=" + word
		if r.IntN(5) == 0 {
			args += " mechanism=other"
		}
		return []Op{{F: history.SetPassword, Path: user, Log: LogArgs{Args: args}}}
	}
	return []Op{{F: history.Passwords, Path: user}}
}

// mechanismOf is the one that an operation on passwords is about: that by which clients log
// in here, or another of SCRAM.
func (c *BrokerClient) mechanismOf(op Op) string {
	mine := c.cfg.Login.Mechanism
	if op.F == history.LogIn && mine != "" {
		return mine
	}
	if (mine == sasl.ScramSHA512) != (op.Log.word("mechanism", "") == "other") {
		return sasl.ScramSHA512
	}
	return sasl.ScramSHA256
}

// identify begins an operation about passwords.
func (c *BrokerClient) identify(op Op, done func(client.Done)) {
	login := sasl.Login{Mechanism: c.mechanismOf(op), User: op.Path}
	remove := false
	login.Password, remove = history.PasswordIn(op.Path, op.Log.Args)
	switch {
	case op.F == history.Passwords:
		c.admin.Passwords(op.Path, c.named(op))
	case op.F == history.SetPassword && remove:
		c.rec.amend(op.ID, func(l *history.LogOp) { l.Names = []string{login.Mechanism} })
		c.admin.RemovePassword(login.User, login.Mechanism, done)
	case op.F == history.SetPassword:
		c.rec.amend(op.ID, func(l *history.LogOp) { l.Names = []string{login.Mechanism} })
		c.admin.SetPassword(login, []byte("salt of "+login.Password), sasl.LeastIterations, done)
	case op.Log.word("unproved", "") != "":
		c.unproved(op)
	default:
		c.cluster.TryLogin(login, func(broker int32, d client.Done) {
			c.ended(op.ID, outcomeOf(d.Outcome), func(l *history.LogOp) {
				l.Err, l.Broker, l.Names = int16(d.Code), max(broker, 0), []string{login.Mechanism}
			})
		})
	}
}

// unproved asks for something before it says who it is, where that has to be said first.
func (c *BrokerClient) unproved(op Op) {
	var ask kmsg.Request
	switch op.Log.word("unproved", "") {
	case "produce":
		produce := kmsg.NewPtrProduceRequest()
		produce.Acks = -1
		ask = produce
	case "groups":
		ask = kmsg.NewPtrListGroupsRequest()
	case "topics":
		ask = kmsg.NewPtrCreateTopicsRequest()
	default:
		ask = kmsg.NewPtrMetadataRequest()
	}
	c.cluster.TryUnproved(ask, func(broker int32, d client.Done) {
		c.ended(op.ID, outcomeOf(d.Outcome), func(l *history.LogOp) {
			l.Broker = max(broker, 0)
			if c.cfg.Login.Mechanism != "" {
				l.Names = []string{history.Unproved}
			}
		})
	})
}
