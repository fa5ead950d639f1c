// Package znodes is what a Kafka cluster keeps in ZooKeeper: the paths, and the JSON
// in them, byte for byte as Kafka 3.x on Scala 2.13 writes it (kafka.zk.ZkData). It
// encodes and decodes and decides nothing.
//
// Scala writes the fields of the larger objects in the order of its hash tables, so the
// order here looks arbitrary and is not. Two orders are ours: partitions ascend, which
// is also Scala's order of up to ten, and the keys of configurations are sorted, where
// Java's depends on the release.
//
// Decoding takes older versions, leaves out what is missing where Kafka does, and
// ignores fields that it does not know; its errors say what is wrong with which znode.
package znodes

import (
	"fmt"
	"strconv"
	"strings"
)

// The znodes that exist once. See [PersistentRoots] for those that brokers create.
const (
	Consumers            = "/consumers"
	ClusterID            = "/cluster/id"
	Controller           = "/controller"
	ControllerEpoch      = "/controller_epoch"
	BrokerIDs            = "/brokers/ids"
	BrokerSequence       = "/brokers/seqid"
	Topics               = "/brokers/topics"
	Config               = "/config"
	ConfigChanges        = "/config/changes"
	IsrChanges           = "/isr_change_notification"
	LogDirEvents         = "/log_dir_event_notification"
	DeleteTopics         = "/admin/delete_topics"
	ReassignPartitions   = "/admin/reassign_partitions"
	PreferredElection    = "/admin/preferred_replica_election"
	LatestProducerBlock  = "/latest_producer_id_block"
	FeatureVersions      = "/feature"
	changePrefix         = ConfigChanges + "/config_change_"
	isrChangePrefix      = IsrChanges + "/isr_change_"
	logDirEventPrefix    = LogDirEvents + "/log_dir_event_"
	consumerOffsetsInfix = "/offsets/"
)

// The entity types that have configurations.
const (
	TopicConfig  = "topics"
	ClientConfig = "clients"
	UserConfig   = "users"
	BrokerConfig = "brokers"
	IPConfig     = "ips"
)

// DefaultEntity is the name of the entity whose configuration applies to all of a type.
const DefaultEntity = "<default>"

// PersistentRoots are created by every broker that starts, if they are not there, each
// with its parents.
var PersistentRoots = []string{
	Consumers, BrokerIDs, Topics, ConfigChanges, DeleteTopics, BrokerSequence, IsrChanges, LatestProducerBlock,
	LogDirEvents, Config + "/" + TopicConfig, Config + "/" + ClientConfig, Config + "/" + UserConfig,
	Config + "/" + BrokerConfig, Config + "/" + IPConfig,
}

// TopicPartition names a partition.
type TopicPartition struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
}

// String is the partition as logs and directories name it, "orders-0".
func (p TopicPartition) String() string { return p.Topic + "-" + strconv.Itoa(int(p.Partition)) }

// Compare orders partitions by topic, then number.
func (p TopicPartition) Compare(q TopicPartition) int {
	if c := strings.Compare(p.Topic, q.Topic); c != 0 {
		return c
	}
	return int(p.Partition) - int(q.Partition)
}

// BrokerPath is the ephemeral znode that says a broker lives.
func BrokerPath(id int32) string { return BrokerIDs + "/" + strconv.Itoa(int(id)) }

// TopicPath holds the assignment of a topic.
func TopicPath(topic string) string { return Topics + "/" + topic }

// PartitionsPath is the parent of the partitions of a topic.
func PartitionsPath(topic string) string { return TopicPath(topic) + "/partitions" }

// PartitionPath is the parent of the state of a partition.
func PartitionPath(p TopicPartition) string {
	return PartitionsPath(p.Topic) + "/" + strconv.Itoa(int(p.Partition))
}

// StatePath holds who leads a partition, and its in-sync replicas.
func StatePath(p TopicPartition) string { return PartitionPath(p) + "/state" }

// ConfigPath holds the configuration of an entity, [TopicConfig] "orders".
func ConfigPath(entityType, name string) string { return Config + "/" + entityType + "/" + name }

// ConfigChangePath is what to create, sequentially, after a configuration has changed.
func ConfigChangePath() string { return changePrefix }

// IsrChangePath is what a leader creates, sequentially, after it has changed in-sync
// replicas.
func IsrChangePath() string { return isrChangePrefix }

// LogDirEventPath is what a broker creates, sequentially, whose disk failed.
func LogDirEventPath() string { return logDirEventPrefix }

// DeleteTopicPath asks the controller to delete a topic.
func DeleteTopicPath(topic string) string { return DeleteTopics + "/" + topic }

// ConsumerOffsetPath holds an offset that OffsetCommit v0 committed.
func ConsumerOffsetPath(group string, p TopicPartition) string {
	return fmt.Sprintf("%s/%s%s%s/%d", Consumers, group, consumerOffsetsInfix, p.Topic, p.Partition)
}

// ParseID reads the name of a child of [BrokerIDs] or [PartitionsPath].
func ParseID(name string) (int32, error) {
	n, err := strconv.ParseInt(name, 10, 32)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("znodes: %q is no broker and no partition; want a number from 0", name)
	}
	return int32(n), nil
}
