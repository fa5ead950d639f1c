package config

// idleKeys are known, and mean nothing to a simulated broker.
var idleKeys = []Key{
	number("num.io.threads", "8", 1, "threads that serve requests").dynamic().idle(oneThread),
	number("num.network.threads", "3", 1, "threads that read and write connections").dynamic().idle(oneThread),
	number("num.recovery.threads.per.data.dir", "1", 1, "threads that recover logs").dynamic().idle(oneThread),
	number("num.replica.fetchers", "1", 1, "threads that fetch from a leader").dynamic().idle("a follower has one conversation with each leader"),
	number("num.replica.alter.log.dirs.threads", null, 1, "threads that move replicas between disks").idle(oneThread),
	number("background.threads", "10", 1, "threads for chores").dynamic().idle(oneThread),
	number("log.cleaner.threads", "1", 0, "threads that compact").dynamic().idle("one log is compacted at a time"),
	long("log.cleaner.dedupe.buffer.size", "134217728", 1, "memory for the keys of a compaction").dynamic().idle("a compaction has the memory that it needs"),
	number("log.cleaner.io.buffer.size", "524288", 0, "memory for the records of a compaction").dynamic().idle("a compaction has the memory that it needs"),
	double("log.cleaner.io.buffer.load.factor", "0.9", "how full the memory for keys may become").dynamic().idle("a compaction has the memory that it needs"),
	double("log.cleaner.io.max.bytes.per.second", "1.7976931348623157E308", "how fast compaction reads and writes").dynamic().idle("compaction is not throttled"),
	boolean("log.preallocate", "false", "make files as long as they may become").dynamic().of("preallocate").idle("a simulated disk does not fragment"),
	long("log.segment.delete.delay.ms", "60000", 0, "how long the files of a deleted segment stay").dynamic().of("file.delete.delay.ms").
		idle("they go at once: nobody has them open"),
	boolean("log.message.downconversion.enable", "true", "answer old consumers in old formats").dynamic().of("message.downconversion.enable").
		idle("formats before v2 are not served"),
	text("log.message.format.version", "3.0-IV1", "the format of records on the disk").of("message.format.version").idle("there is one format, v2"),
	text("log.dir", "/tmp/kafka-logs", "where logs are").idle(oneDir),
	text("log.dirs", null, "where logs are, if in several places").idle(oneDir),
	number("log.flush.start.offset.checkpoint.interval.ms", "60000", 0, "time between notes of log starts").
		idle("they are noted with recovery points, see log.flush.offset.checkpoint.interval.ms"),
	boolean("broker.id.generation.enable", "true", "give numbers to brokers that have none").idle("a run numbers its brokers"),
	number("reserved.broker.max.id", "1000", 0, "the first number to be given, less one").idle("a run numbers its brokers"),
	text("inter.broker.protocol.version", "3.0-IV1", "what brokers speak among themselves").idle("all brokers of a run are of one version"),
	number("zookeeper.connection.timeout.ms", null, 1, "how long the first connection may take").idle("a broker waits for its coordinators"),
	number("zookeeper.max.in.flight.requests", "10", 1, "requests that may wait for an answer").idle("they are not bounded"),
	number("zookeeper.sync.time.ms", "2000", 0, "how far behind a coordinator may be").idle("Kafka does not use it either"),
	text("zookeeper.clientCnxnSocket", null, "the class of connections to coordinators").idle(noSockets),
	number("socket.send.buffer.bytes", "102400", -1, "buffer of a connection").idle(noSockets),
	number("socket.receive.buffer.bytes", "102400", -1, "buffer of a connection").idle(noSockets),
	number("socket.request.max.bytes", "104857600", 1, "longest request").idle(noSockets),
	number("socket.listen.backlog.size", "50", 1, "connections that wait to be accepted").idle(noSockets),
	number("replica.socket.receive.buffer.bytes", "65536", -1, "buffer of a follower").idle(noSockets),
	long("socket.connection.setup.timeout.ms", "10000", 1, "how long a dial waits").idle("knob connect-timeout says it for all"),
	long("socket.connection.setup.timeout.max.ms", "30000", 1, "how long a dial waits at most").idle("knob connect-timeout says it for all"),
	long("connections.max.idle.ms", "600000", -1, "silence after which a connection is closed").idle("silent connections stay"),
	number("connection.failed.authentication.delay.ms", "100", 0, "how long a refused client waits for the end").idle("it ends at once"),
	number("max.connections", "2147483647", 0, "most connections").dynamic().idle("they are not bounded"),
	number("max.connections.per.ip", "2147483647", 0, "most connections of a host").dynamic().idle("they are not bounded"),
	text("max.connections.per.ip.overrides", "", "the same for some hosts").dynamic().idle("they are not bounded"),
	number("max.connection.creation.rate", "2147483647", 0, "most new connections in a second").dynamic().idle("they are not bounded"),
	number("queued.max.requests", "500", 1, "requests that may wait for a thread").idle(oneThread),
	long("queued.max.request.bytes", "-1", -1, "bytes of requests that may wait for a thread").idle(oneThread),
	number("fetch.purgatory.purge.interval.requests", "1000", 1, "how often waiting fetches are tidied").idle("who has been answered goes at once"),
	number("producer.purgatory.purge.interval.requests", "1000", 1, "how often waiting produces are tidied").idle("who has been answered goes at once"),
	number("delete.records.purgatory.purge.interval.requests", "1", 1, "how often waiting deletions are tidied").idle("who has been answered goes at once"),
	list("metric.reporters", "", "classes that report metrics").dynamic().idle(noMetrics),
	number("metrics.num.samples", "2", 1, "samples of a metric").idle(noMetrics),
	long("metrics.sample.window.ms", "30000", 1, "length of a sample").idle(noMetrics),
	text("metrics.recording.level", "INFO", "which metrics there are").idle(noMetrics),
	list("kafka.metrics.reporters", "", "classes that report metrics").idle(noMetrics),
	number("kafka.metrics.polling.interval.secs", "10", 1, "how often they report").idle(noMetrics),
	boolean("auto.include.jmx.reporter", "true", "report metrics by JMX").idle(noMetrics),
	class("principal.builder.class", "org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder", "what names clients").
		perBroker().idle("clients are named after what they proved"),
	class("create.topic.policy.class.name", null, "what decides which topics may be created").idle("classes cannot be loaded"),
	class("alter.config.policy.class.name", null, "what decides which changes are allowed").idle("classes cannot be loaded"),
	number("transaction.max.timeout.ms", "900000", 1, "longest transaction").idle(noTxns),
	number("transaction.state.log.num.partitions", "50", 1, "partitions of the topic of transactions").idle(noTxns),
	number("transaction.state.log.replication.factor", "3", 1, "replicas of the topic of transactions").idle(noTxns),
	number("transaction.state.log.min.isr", "2", 1, "in-sync replicas that the topic of transactions needs").idle(noTxns),
	number("transaction.state.log.segment.bytes", "104857600", 1, "length of a segment of the topic of transactions").idle(noTxns),
	number("transaction.state.log.load.buffer.size", "5242880", 1, "how much of that topic is read at a time").idle(noTxns),
	number("transactional.id.expiration.ms", "604800000", 1, "silence after which a transactional producer is forgotten").idle(noTxns),
	number("transaction.abort.timed.out.transaction.cleanup.interval.ms", "10000", 1, "how often transactions that take too long are aborted").idle(noTxns),
	number("transaction.remove.expired.transaction.cleanup.interval.ms", "3600000", 1, "how often old ones are forgotten").idle(noTxns),
}

// absentKeys ask for what is not here. They may have their default.
var absentKeys = []Key{
	long("log.flush.interval.messages", "9223372036854775807", 1, "records after which a log is flushed").dynamic().of("flush.messages").absent(noFlush),
	long("log.flush.interval.ms", null, 0, "time after which a log is flushed").
		dynamic().of("flush.ms").before(Older{"log.flush.scheduler.interval.ms", 1}).absent(noFlush),
	long("log.flush.scheduler.interval.ms", "9223372036854775807", 0, "how often that is looked at").absent(noFlush),
	boolean("log.cleaner.enable", "true", "compact what is to be compacted").absent("the cleaner is always on"),
	boolean("controlled.shutdown.enable", "true", "give leaderships away before a stop").absent("an orderly stop always does"),
	number("offsets.commit.required.acks", "-1", -32768, "whom a commit waits for").upTo(32767).absent("commits wait for all in-sync replicas"),
	boolean("zookeeper.set.acl", "false", "protect the znodes").absent("the znodes of brokers are open"),
	boolean("zookeeper.ssl.client.enable", "false", "encrypt connections to coordinators").absent(noTLS),
	text("control.plane.listener.name", null, "the listener that the controller uses").absent("it uses that of brokers"),
	long("quota.producer.default", "9223372036854775807", 1, "bytes a second that an application may write").absent(saidOfClients),
	long("quota.consumer.default", "9223372036854775807", 1, "bytes a second that an application may read").absent(saidOfClients),
	class("client.quota.callback.class", null, "what finds the quota of a client").absent("classes cannot be loaded"),
	boolean("remote.log.storage.system.enable", "false", "keep old segments elsewhere").absent("there are no tiers"),
	list("process.roles", "", "broker, controller or both, without ZooKeeper").absent(noKRaft),
	number("node.id", "-1", -1, "the number of a process without ZooKeeper").absent(noKRaft),
	list("controller.quorum.voters", "", "who keeps the metadata, without ZooKeeper").absent(noKRaft),
	text("controller.listener.names", null, "listeners of controllers, without ZooKeeper").absent(noKRaft),
	boolean("zookeeper.metadata.migration.enable", "false", "leave ZooKeeper").absent(noKRaft),
}

// topicOnlyKeys are keys of topics that no key of brokers stands behind.
var topicOnlyKeys = []Key{
	list("leader.replication.throttled.replicas", "", "replicas whose leader is throttled").absent("replication is not throttled"),
	list("follower.replication.throttled.replicas", "", "replicas whose follower is throttled").absent("replication is not throttled"),
	long("message.timestamp.difference.max.ms", "9223372036854775807", 0, "how far a timestamp may be from the broker's clock").
		absent("say message.timestamp.before.max.ms and message.timestamp.after.max.ms"),
	boolean("remote.storage.enable", "false", "keep old segments elsewhere").absent("there are no tiers"),
}

// families are beginnings of names of which there are many, or any number.
var families = []struct {
	prefix string
	use    Use
	why    string
}{
	{"ssl.", Idle, noTLS + ", and a listener that wants it is refused"},
	{"zookeeper.ssl.", Idle, noTLS},
	{"sasl.", Idle, "mechanisms of SASL need nothing else here"},
	{"delegation.token.", Idle, "there are no delegation tokens"},
	{"password.encoder.", Idle, "nothing secret is kept in znodes"},
	{"remote.log.", Idle, "there are no tiers"},
	{"confluent.", Idle, noMetrics},
	{"listener.name.", Absent, "all listeners are configured alike"},
	{"controller.quorum.", Absent, noKRaft},
	{"metadata.", Absent, noKRaft},
	{"broker.heartbeat.", Absent, noKRaft},
	{"broker.session.", Absent, noKRaft},
}
