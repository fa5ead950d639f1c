package broker

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/facts"
	"github.com/stampede-sim/stampede/nodes/broker/sasl"
	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/broker/znodes"
	"github.com/stampede-sim/stampede/nodes/broker/zookeeper"
	cwire "github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// mostIterations is how often a password may be hashed at most: whoever logs in makes this
// broker's clients, and nobody else, pay for that, but not without bound (KIP-554).
const mostIterations = 16384

// scramMechanisms are those of SCRAM by their numbers in requests; 0 is none.
var scramMechanisms = []string{1: sasl.ScramSHA256, 2: sasl.ScramSHA512}

// scramOf is the mechanism of a number, "" of none.
func scramOf(number int8) string {
	if number < 0 || int(number) >= len(scramMechanisms) {
		return ""
	}
	return scramMechanisms[number]
}

// credentialChange is what becomes of the credentials of one user: what is written under a
// mechanism, "" for what is removed.
type credentialChange struct {
	user string
	ops  map[string]string
	code wire.ErrorCode
}

// alterCredentials writes credentials of SCRAM and removes them, all of a user or nothing
// (KIP-554). Only the controller does that, so that what two people want is done one after
// the other.
func (s *Server) alterCredentials(x *exchange) {
	r := x.Body.(*kmsg.AlterUserSCRAMCredentialsRequest)
	changes := credentialChanges(r)
	if _, active := s.controller.Active(); !active {
		for i := range changes {
			changes[i].code = wire.NotController
		}
	}
	s.env.Go("alter credentials", func(t *node.Task) {
		answer := kmsg.NewPtrAlterUserSCRAMCredentialsResponse()
		for _, c := range changes {
			if c.code == wire.OK {
				c.code = s.changeCredentials(t, c)
			}
			answer.Results = append(answer.Results, kmsg.AlterUserSCRAMCredentialsResponseResult{User: c.user, ErrorCode: int16(c.code)})
		}
		x.reply(answer)
	})
}

// credentialChanges reads a request, user by user in the order in which they are named, and
// says what is wrong with what is asked for each.
func credentialChanges(r *kmsg.AlterUserSCRAMCredentialsRequest) (all []credentialChange) {
	of := func(user string) *credentialChange {
		i := slices.IndexFunc(all, func(c credentialChange) bool { return c.user == user })
		if i < 0 {
			i = len(all)
			all = append(all, credentialChange{user: user, ops: map[string]string{}})
		}
		return &all[i]
	}
	add := func(user string, mechanism int8, value string, iterations int32) {
		c, name := of(user), scramOf(mechanism)
		_, twice := c.ops[name]
		switch {
		case c.code != wire.OK:
		case user == "" || iterations < sasl.LeastIterations || iterations > mostIterations:
			c.code = wire.UnacceptableCredential
		case name == "":
			c.code = wire.UnsupportedSASLMechanism
		case twice:
			c.code = wire.DuplicateResource
		}
		c.ops[name] = value
	}
	for _, d := range r.Deletions {
		add(d.Name, d.Mechanism, "", sasl.LeastIterations)
	}
	for _, u := range r.Upsertions {
		value := ""
		if name := scramOf(u.Mechanism); name != "" {
			value = sasl.Derive(name, u.SaltedPassword, u.Salt, int(u.Iterations)).String()
		}
		add(u.Name, u.Mechanism, value, u.Iterations)
	}
	return all
}

// changeCredentials makes one change. What is to be removed must be there.
func (s *Server) changeCredentials(t *node.Task, c credentialChange) wire.ErrorCode {
	now, code := s.storedCredentials(t, c.user)
	if code != wire.OK {
		return code
	}
	for mechanism, value := range c.ops { //sim:unordered any that is missing is the same error
		if value == "" && now[mechanism] == "" {
			return wire.ResourceNotFound
		}
	}
	return s.changeClient(t, clientEntity{user: c.user}, c.ops)
}

// storedCredentials reads what the tree says of a user.
func (s *Server) storedCredentials(t *node.Task, user string) (map[string]string, wire.ErrorCode) {
	path := znodes.Config + "/" + clientEntity{user: user}.path()
	r := s.zk.One(t, zookeeper.Get(path))
	switch {
	case r.Err == cwire.ErrNoNode:
		return nil, wire.OK
	case !r.OK():
		return nil, wire.Unknown
	}
	config, err := znodes.DecodeConfig(path, r.Data)
	if err != nil {
		return nil, wire.OK
	}
	return config, wire.OK
}

// describeCredentials says for which mechanisms users have credentials, and nothing that
// would help to guess a password.
func (s *Server) describeCredentials(x *exchange) {
	r := x.Body.(*kmsg.DescribeUserSCRAMCredentialsRequest)
	s.env.Go("describe credentials", func(t *node.Task) {
		answer := kmsg.NewPtrDescribeUserSCRAMCredentialsResponse()
		users, code := s.askedUsers(t, r)
		answer.ErrorCode = int16(code)
		for _, user := range users {
			out := kmsg.NewDescribeUserSCRAMCredentialsResponseResult()
			out.User = user
			named := 0
			for _, u := range r.Users {
				if u.Name == user {
					named++
				}
			}
			code := wire.DuplicateResource
			if named < 2 {
				out.CredentialInfos, code = s.describeUser(t, user)
			}
			if out.ErrorCode = int16(code); code == wire.ResourceNotFound && named == 0 {
				continue // who has none is not among all
			}
			answer.Results = append(answer.Results, out)
		}
		x.reply(answer)
	})
}

// askedUsers lists the users that a question is about, each once: those named, or all.
func (s *Server) askedUsers(t *node.Task, r *kmsg.DescribeUserSCRAMCredentialsRequest) (users []string, code wire.ErrorCode) {
	for _, u := range r.Users {
		if !slices.Contains(users, u.Name) {
			users = append(users, u.Name)
		}
	}
	if len(users) > 0 {
		return users, wire.OK
	}
	all := s.zk.One(t, zookeeper.Children(znodes.Config+"/"+znodes.UserConfig))
	if !all.OK() {
		return nil, wire.Unknown
	}
	for _, name := range all.Children {
		if e, ok := entityAt(znodes.UserConfig + "/" + name); ok {
			users = append(users, e.user)
		}
	}
	slices.Sort(users)
	return users, wire.OK
}

func (s *Server) describeUser(t *node.Task, user string) (infos []kmsg.DescribeUserSCRAMCredentialsResponseResultCredentialInfo, code wire.ErrorCode) {
	if user == "" {
		return nil, wire.ResourceNotFound
	}
	config, code := s.storedCredentials(t, user)
	for number, mechanism := range scramMechanisms {
		if c, err := sasl.ParseCredential(config[mechanism]); err == nil && mechanism != "" {
			infos = append(infos, kmsg.DescribeUserSCRAMCredentialsResponseResultCredentialInfo{Mechanism: int8(number), Iterations: int32(c.Iterations)})
		}
	}
	if code == wire.OK && len(infos) == 0 {
		code = wire.ResourceNotFound
	}
	return infos, code
}

// stateCredentials states by which credentials a user can log in here from now on, when
// those of another version of its znode are taken.
func (s *Server) stateCredentials(user string, version int32) {
	if was, stated := s.credentials[user]; s.cfg.SASL == nil || stated && was == version {
		return
	}
	s.credentials[user] = version
	body := &facts.Credentials{}
	for _, mechanism := range scramMechanisms[1:] {
		if c := s.clients[clientEntity{user: user}][mechanism]; c != "" {
			body.Secrets = append(body.Secrets, mechanism+" "+c)
		}
	}
	s.env.Observe(node.Event{Kind: facts.CredentialsTaken, Text: user, Body: body, N: [4]int64{int64(version)}})
}
