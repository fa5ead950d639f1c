package config

// accessKeys are about who may do what.
var accessKeys = each([]Key{
	class("authorizer.class.name", "", "what decides who may do what"),
	text("super.users", "", "who may do everything, as User:a;User:b"),
	boolean("allow.everyone.if.no.acl.found", "false", "let everybody do what no list is about"),
	list("sasl.enabled.mechanisms", "GSSAPI", "ways to prove who one is").perBroker(),
	text("sasl.mechanism.inter.broker.protocol", "GSSAPI", "the way in which brokers prove it to each other").perBroker(),
	long("connections.max.reauth.ms", "0", 0, "after how long a client must prove it again"),
}, func(k Key) Key { return k.absent("everybody may do everything here") })

// quotaKeys are about how much a client may have.
var quotaKeys = append([]Key{
	number("quota.window.num", "11", 1, "windows over which the use of a client is measured"),
	number("quota.window.size.seconds", "1", 1, "length of such a window"),
}, each([]Key{
	number("controller.quota.window.num", "11", 1, "windows over which changes of topics are counted"),
	number("controller.quota.window.size.seconds", "1", 1, "length of such a window"),
	number("replication.quota.window.num", "11", 1, "windows over which replication is measured"),
	number("replication.quota.window.size.seconds", "1", 1, "length of such a window"),
	number("alter.log.dirs.replication.quota.window.num", "11", 1, "windows over which moves between disks are measured"),
	number("alter.log.dirs.replication.quota.window.size.seconds", "1", 1, "length of such a window"),
}, func(k Key) Key { return k.idle("nobody is throttled for that here") })...)
