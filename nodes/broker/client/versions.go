package client

import "github.com/twmb/franz-go/pkg/kmsg"

// versions says in which versions the client speaks each request. Below the minimum a
// field is missing that the client relies on; above the maximum topics have IDs only,
// or nothing is new that it would use.
var versions = map[int16]versionRange{
	0:  {3, 11}, // Produce: record batches of format 2
	1:  {4, 12}, // Fetch: by the names of topics
	2:  {1, 7},  // ListOffsets
	3:  {1, 12}, // Metadata
	4:  {5, 7},  // LeaderAndISR
	5:  {3, 4},  // StopReplica
	6:  {7, 8},  // UpdateMetadata
	8:  {2, 8},  // OffsetCommit: to the group's topic
	9:  {1, 7},  // OffsetFetch: one group
	10: {0, 3},  // FindCoordinator: one key
	11: {2, 9},  // JoinGroup
	12: {0, 4},  // Heartbeat
	13: {0, 5},  // LeaveGroup
	14: {0, 5},  // SyncGroup
	15: {0, 5},  // DescribeGroups
	16: {0, 4},  // ListGroups
	17: {0, 1},  // SASLHandshake: with tokens or SASLAuthenticate behind it
	19: {2, 7},  // CreateTopics
	20: {1, 5},  // DeleteTopics: by name
	21: {0, 2},  // DeleteRecords
	22: {0, 4},  // InitProducerID
	23: {2, 4},  // OffsetForLeaderEpoch
	29: {1, 3},  // DescribeACLs: of prefixes, too
	30: {1, 3},  // CreateACLs
	31: {1, 3},  // DeleteACLs
	32: {1, 4},  // DescribeConfigs
	33: {0, 2},  // AlterConfigs
	35: {3, 4},  // DescribeLogDirs: with an error of its own
	37: {0, 3},  // CreatePartitions
	42: {0, 2},  // DeleteGroups
	43: {0, 2},  // ElectLeaders
	44: {0, 1},  // IncrementalAlterConfigs
	45: {0, 0},  // AlterPartitionAssignments
	46: {0, 0},  // ListPartitionReassignments
	47: {0, 0},  // OffsetDelete
	48: {0, 1},  // DescribeClientQuotas
	49: {0, 1},  // AlterClientQuotas
	50: {0, 0},  // DescribeUserSCRAMCredentials
	51: {0, 0},  // AlterUserSCRAMCredentials
	60: {0, 0},  // DescribeCluster
	61: {0, 0},  // DescribeProducers
}

// oldest is a request that is to be sent in version 0, in which it means something else.
type oldest struct{ kmsg.Request }

// spoken is the entry of a request. The client asks for nothing that has none.
func spoken(key int16) versionRange {
	v, ok := versions[key]
	if !ok {
		panic("client: a request without an entry in its table of versions")
	}
	return v
}
