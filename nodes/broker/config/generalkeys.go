package config

// Reasons that several keys share.
const (
	oneThread     = "a simulated broker has no threads"
	noSockets     = "connections are simulated"
	noTLS         = "there is no TLS here"
	noTxns        = "transactions are not here"
	noKRaft       = "the metadata is in ZooKeeper"
	noMetrics     = "a run has facts and marks instead of metrics"
	oneDir        = "a simulated broker has one disk"
	noFlush       = "an append is never flushed, whatever may be lost by that"
	saidOfClients = "say it of clients/<default>, as a quota"
)

const (
	second = 1000
	minute = 60 * second
	hour   = 60 * minute
)

// generalKeys are about the broker as such, and about its listeners.
var generalKeys = []Key{
	number("broker.id", "-1", -1, "the number of the broker, -1 to be given one").upTo(62),
	text("broker.rack", null, "where the broker stands, for the placement of replicas"),
	text("zookeeper.connect", null, "the coordinators, as host:port,host:port/chroot"),
	number("zookeeper.session.timeout.ms", "18000", 1, "silence after which the coordinators take the broker for dead"),
	number("request.timeout.ms", "30000", 1, "how long the broker waits for the controller"),
	number("controller.socket.timeout.ms", "30000", 1, "how long the controller waits for an answer of a broker"),
	boolean("auto.create.topics.enable", "true", "create a topic when somebody asks for its metadata"),
	boolean("delete.topic.enable", "true", "let topics be deleted"),
	number("num.partitions", "1", 1, "partitions of a topic whose creator does not say"),
	number("message.max.bytes", "1048588", 0, "longest batch that is taken").dynamic().of("max.message.bytes"),
	number("fetch.max.bytes", "57671680", 1024, "longest response to a fetch"),
	number("max.incremental.fetch.session.cache.slots", "1000", 0, "sessions of fetches that a broker keeps"),
	choice("replica.selector.class", null, "what finds the replica that a consumer reads from",
		"org.apache.kafka.common.replica.LeaderSelector", "org.apache.kafka.common.replica.RackAwareReplicaSelector"),
	number("controlled.shutdown.max.retries", "3", 1, "attempts to give leaderships away before a stop"),
	long("controlled.shutdown.retry.backoff.ms", "5000", 1, "time between these attempts"),
	long("producer.id.expiration.ms", "86400000", 1, "silence after which an idempotent producer is forgotten").dynamic(),
	list("listeners", "PLAINTEXT://:9092", "where the broker listens, as NAME://host:port").perBroker(),
	text("advertised.listeners", null, "the listeners as others reach them").perBroker(),
	text("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL",
		"what is spoken on the listeners").perBroker(),
	text("inter.broker.listener.name", null, "the listener that brokers use among themselves"),
	choice("security.inter.broker.protocol", "PLAINTEXT", "what brokers speak, unless inter.broker.listener.name says it", protocols...),
}

// protocols are what listeners speak.
var protocols = []string{"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"}

// logKeys are about logs: what topics may override, and what is done to all of them.
var logKeys = []Key{
	number("log.segment.bytes", "1073741824", 14, "length of a segment").dynamic().of("segment.bytes"),
	long("log.roll.ms", null, 1, "age of the last segment at which another begins").
		dynamic().of("segment.ms").before(Older{"log.roll.hours", hour}),
	number("log.roll.hours", "168", 1, "log.roll.ms in hours"),
	long("log.roll.jitter.ms", null, 0, "most that is taken off log.roll.ms, so that segments do not all end at once").
		dynamic().of("segment.jitter.ms").before(Older{"log.roll.jitter.hours", hour}),
	number("log.roll.jitter.hours", "0", 0, "log.roll.jitter.ms in hours"),
	long("log.retention.ms", null, -1, "how long records are kept, -1 for ever").
		dynamic().of("retention.ms").before(Older{"log.retention.minutes", minute}, Older{"log.retention.hours", hour}),
	number("log.retention.minutes", null, -1, "log.retention.ms in minutes"),
	number("log.retention.hours", "168", -1, "log.retention.ms in hours"),
	long("log.retention.bytes", "-1", -1, "how much of a partition is kept, -1 for all").dynamic().of("retention.bytes"),
	long("log.retention.check.interval.ms", "300000", 1, "time between searches for what need not be kept"),
	choice("compression.type", "producer", "what leaders store records in", "uncompressed", "zstd", "lz4", "snappy", "gzip", "producer").
		dynamic().of("compression.type"),
	list("log.cleanup.policy", "delete", "what becomes of old records", "compact", "delete").dynamic().of("cleanup.policy"),
	number("log.index.interval.bytes", "4096", 0, "bytes between two entries of an index").dynamic().of("index.interval.bytes"),
	number("log.index.size.max.bytes", "10485760", 12, "length of an index at which its segment ends").dynamic().of("segment.index.bytes"),
	choice("log.message.timestamp.type", "CreateTime", "whether records keep the time of their producer", "CreateTime", "LogAppendTime").
		dynamic().of("message.timestamp.type"),
	long("log.message.timestamp.before.max.ms", null, 0, "how far a timestamp may be before the broker's clock (KIP-937)").
		dynamic().of("message.timestamp.before.max.ms").before(Older{"log.message.timestamp.difference.max.ms", 1}),
	long("log.message.timestamp.after.max.ms", null, 0, "how far a timestamp may be after the broker's clock (KIP-937)").
		dynamic().of("message.timestamp.after.max.ms").before(Older{"log.message.timestamp.difference.max.ms", 1}),
	long("log.message.timestamp.difference.max.ms", "9223372036854775807", 0, "the two above in one"),
	long("log.cleaner.backoff.ms", "15000", 1, "time between searches for what to compact").dynamic(),
	long("log.cleaner.delete.retention.ms", "86400000", 0, "how long a compacted log shows what was deleted").dynamic().of("delete.retention.ms"),
	ratio("log.cleaner.min.cleanable.ratio", "0.5", "how much of a log must be dirty before it is compacted").dynamic().of("min.cleanable.dirty.ratio"),
	long("log.cleaner.min.compaction.lag.ms", "0", 0, "how long a record is safe from compaction").dynamic().of("min.compaction.lag.ms"),
	long("log.cleaner.max.compaction.lag.ms", "9223372036854775807", 1, "age at which a record is compacted whatever the ratio").
		dynamic().of("max.compaction.lag.ms"),
	number("log.flush.offset.checkpoint.interval.ms", "60000", 1, "time between notes of recovery points and log starts"),
	boolean("unclean.leader.election.enable", "false", "let a replica lead that is not in sync, if no other can").dynamic().of("unclean.leader.election.enable"),
	number("min.insync.replicas", "1", 1, "in-sync replicas without which acks=all is refused").dynamic().of("min.insync.replicas"),
}

// ratio is a number from 0 to 1.
func ratio(name, value, doc string) Key {
	k := double(name, value, doc)
	k.Least, k.Most = 0, 1
	return k
}

// replicationKeys are about replicas, leaders and the controller.
var replicationKeys = []Key{
	number("default.replication.factor", "1", 1, "replicas of a topic whose creator does not say").upTo(32767),
	long("replica.lag.time.max.ms", "30000", 1, "time behind after which a follower is out of sync"),
	number("replica.fetch.wait.max.ms", "500", 1, "how long a follower's fetch waits for news"),
	number("replica.fetch.min.bytes", "1", 1, "how much a follower's fetch waits for"),
	number("replica.fetch.max.bytes", "1048576", 1, "how much a follower takes of a partition at a time"),
	number("replica.fetch.response.max.bytes", "10485760", 1, "how much a follower takes at a time"),
	number("replica.fetch.backoff.ms", "1000", 1, "how long a follower waits after a failure"),
	number("replica.socket.timeout.ms", "30000", 1, "how long a follower waits for an answer"),
	long("replica.high.watermark.checkpoint.interval.ms", "5000", 1, "time between notes of high watermarks"),
	boolean("auto.leader.rebalance.enable", "true", "give leaderships back to the preferred replicas"),
	long("leader.imbalance.check.interval.seconds", "300", 1, "how often that is looked at"),
	number("leader.imbalance.per.broker.percentage", "10", 0, "leaderships that may be elsewhere").upTo(100),
}

// groupKeys are about groups of consumers and their offsets.
var groupKeys = []Key{
	number("group.min.session.timeout.ms", "6000", 1, "shortest session that a member may ask for"),
	number("group.max.session.timeout.ms", "1800000", 1, "longest session that a member may ask for"),
	number("group.initial.rebalance.delay.ms", "3000", 0, "how long the first members of a group wait for others"),
	number("group.max.size", "2147483647", 1, "most members of a group"),
	number("offset.metadata.max.bytes", "4096", 1, "longest note with an offset"),
	number("offsets.commit.timeout.ms", "5000", 1, "how long a commit waits for the in-sync replicas"),
	number("offsets.load.buffer.size", "5242880", 1, "how much of a partition of offsets is read at a time"),
	number("offsets.retention.minutes", "10080", 1, "how long offsets outlive the use of their group"),
	long("offsets.retention.check.interval.ms", "600000", 1, "time between searches for offsets that need not be kept"),
	number("offsets.topic.num.partitions", "50", 1, "partitions of the topic of offsets"),
	number("offsets.topic.replication.factor", "3", 1, "replicas of the topic of offsets").upTo(32767),
	number("offsets.topic.segment.bytes", "104857600", 1, "length of a segment of the topic of offsets"),
	number("offsets.topic.compression.codec", "0", 0, "what commits are compressed with: 0 nothing, 1 gzip, 2 snappy, 3 lz4, 4 zstd").upTo(4),
}
