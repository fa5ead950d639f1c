package config

// Authorizer is what decides by lists in znodes (KIP-504).
const Authorizer = "kafka.security.authorizer.AclAuthorizer"

// NoMechanism is Kafka's default of mechanisms. It is not here, so that a listener that
// speaks SASL needs to be told another.
const NoMechanism = "GSSAPI"

// accessKeys are about who may do what, and how clients prove who they are.
var accessKeys = []Key{
	choice("authorizer.class.name", "", "what decides who may do what, nothing if it is empty", "", Authorizer),
	text("super.users", "", "who may do everything, as User:a;User:b"),
	boolean("allow.everyone.if.no.acl.found", "false", "let everybody do what no list is about"),
	list("sasl.enabled.mechanisms", NoMechanism, "ways to prove who one is, where a listener speaks SASL", NoMechanism, "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512").perBroker(),
	text("sasl.mechanism.inter.broker.protocol", NoMechanism, "the way in which brokers prove it to each other").
		perBroker().absent("brokers know one another without a proof"),
	long("connections.max.reauth.ms", "0", 0, "after how long a client must prove it again").absent("who has proved it once need not again on that connection"),
}

// quotaKeys are about how much a client may have.
var quotaKeys = append([]Key{
	number("quota.window.num", "11", 1, "windows over which the use of a client is measured"),
	number("quota.window.size.seconds", "1", 1, "length of such a window"),
	number("controller.quota.window.num", "11", 1, "windows whose changes of topics may be made at once"),
	number("controller.quota.window.size.seconds", "1", 1, "length of such a window"),
}, each([]Key{
	number("replication.quota.window.num", "11", 1, "windows over which replication is measured"),
	number("replication.quota.window.size.seconds", "1", 1, "length of such a window"),
	number("alter.log.dirs.replication.quota.window.num", "11", 1, "windows over which moves between disks are measured"),
	number("alter.log.dirs.replication.quota.window.size.seconds", "1", 1, "length of such a window"),
}, func(k Key) Key { return k.idle("nobody is throttled for that here") })...)
