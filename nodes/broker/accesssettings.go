package broker

import (
	"slices"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/nodes/broker/acl"
	"github.com/stampede-sim/stampede/nodes/broker/config"
	"github.com/stampede-sim/stampede/nodes/broker/sasl"
)

// authorizerKey is the key that turns authorisation on. What else is said of it changes
// only a broker that authorises.
const authorizerKey = "authorizer.class.name"

// accessSettings are about who may do what, and how clients prove who they are. What they
// point at is shared among copies of a configuration, so that each of them writes another.
var accessSettings = []setting{
	{authorizerKey, readAuthorizer, writeAuthorizer},
	{"super.users", readSuperUsers, func(c *Config, value string) {
		c.rewriteAccess(func(a *acl.Config) { a.SuperUsers = superUsers(value) })
	}},
	{"allow.everyone.if.no.acl.found",
		func(c *Config) string { return strconv.FormatBool(c.Access != nil && c.Access.OpenByDefault) },
		func(c *Config, value string) {
			c.rewriteAccess(func(a *acl.Config) { a.OpenByDefault = value == "true" })
		}},
	{"sasl.enabled.mechanisms", readMechanisms, writeMechanisms},
}

func readAuthorizer(c *Config) string {
	if c.Access == nil {
		return ""
	}
	return config.Authorizer
}

func writeAuthorizer(c *Config, value string) {
	switch {
	case value == "":
		c.Access = nil
	case c.Access == nil:
		c.Access = &acl.Config{}
	}
}

func (c *Config) rewriteAccess(change func(*acl.Config)) {
	if c.Access != nil {
		next := *c.Access
		change(&next)
		c.Access = &next
	}
}

func readSuperUsers(c *Config) string {
	if c.Access == nil {
		return ""
	}
	return strings.Join(c.Access.SuperUsers, ";")
}

// superUsers are the principals between semicolons.
func superUsers(value string) (all []string) {
	for one := range strings.SplitSeq(value, ";") {
		if one = strings.TrimSpace(one); one != "" {
			all = append(all, one)
		}
	}
	return all
}

func readMechanisms(c *Config) string {
	if c.SASL == nil {
		return config.NoMechanism
	}
	return strings.Join(c.SASL.Mechanisms, ",")
}

// writeMechanisms says by what the listener for clients asks, if it speaks SASL.
func writeMechanisms(c *Config, value string) {
	if c.SASL != nil {
		next := *c.SASL
		next.Mechanisms = slices.DeleteFunc(config.Items(value), func(m string) bool { return !slices.Contains(sasl.Mechanisms, m) })
		c.SASL = &next
	}
}
