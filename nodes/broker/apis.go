package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/stampede-sim/stampede/nodes/broker/wire"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// api is one kind of request: its versions that are served, and by whom.
type api struct {
	key      kmsg.Key
	min, max int16
	// claims is what is added to min where the versions are told.
	claims int16
	handle func(*Server, *exchange)
}

// apis are all requests that are served, by key. Versions are those whose fields are
// all understood.
func apis() []api {
	return []api{
		// librdkafka compresses nothing for who does not claim to know the oldest format, and
		// Kafka 4 claims it for just that reason (KAFKA-18659); nobody sends it.
		{key: kmsg.Produce, min: 3, max: 9, claims: -3, handle: (*Server).produce},
		{key: kmsg.Fetch, min: 4, max: 12, handle: (*Server).fetch},
		{key: kmsg.ListOffsets, min: 1, max: 7, handle: (*Server).listOffsets},
		{key: kmsg.Metadata, min: 0, max: 12, handle: (*Server).describe},
		{key: kmsg.LeaderAndISR, min: 5, max: 7, handle: (*Server).leaderAndISR},
		{key: kmsg.StopReplica, min: 3, max: 4, handle: (*Server).stopReplica},
		{key: kmsg.UpdateMetadata, min: 7, max: 8, handle: (*Server).updateMetadata},
		{key: kmsg.ControlledShutdown, min: 1, max: 3, handle: (*Server).controlledShutdown},
		{key: kmsg.OffsetCommit, min: 0, max: 8, handle: (*Server).serveGroup},
		{key: kmsg.OffsetFetch, min: 0, max: 8, handle: (*Server).serveGroup},
		{key: kmsg.FindCoordinator, min: 0, max: 4, handle: (*Server).findCoordinator},
		{key: kmsg.JoinGroup, min: 0, max: 9, handle: (*Server).serveGroup},
		{key: kmsg.Heartbeat, min: 0, max: 4, handle: (*Server).serveGroup},
		{key: kmsg.LeaveGroup, min: 0, max: 5, handle: (*Server).serveGroup},
		{key: kmsg.SyncGroup, min: 0, max: 5, handle: (*Server).serveGroup},
		{key: kmsg.DescribeGroups, min: 0, max: 5, handle: (*Server).serveGroup},
		{key: kmsg.ListGroups, min: 0, max: 4, handle: (*Server).serveGroup},
		{key: kmsg.SASLHandshake, min: 0, max: 1, handle: (*Server).saslHandshake},
		{key: kmsg.ApiVersions, min: 0, max: 4, handle: (*Server).apiVersions},
		{key: kmsg.CreateTopics, min: 0, max: 7, handle: (*Server).createTopics},
		{key: kmsg.DeleteTopics, min: 0, max: 6, handle: (*Server).deleteTopics},
		{key: kmsg.DeleteRecords, min: 0, max: 2, handle: (*Server).deleteRecords},
		{key: kmsg.InitProducerID, min: 0, max: 4, handle: (*Server).initProducerID},
		{key: kmsg.OffsetForLeaderEpoch, min: 2, max: 4, handle: (*Server).offsetForLeaderEpoch},
		{key: kmsg.DescribeACLs, min: 0, max: 3, handle: (*Server).describeACLs},
		{key: kmsg.CreateACLs, min: 0, max: 3, handle: (*Server).createACLs},
		{key: kmsg.DeleteACLs, min: 0, max: 3, handle: (*Server).deleteACLs},
		{key: kmsg.DescribeConfigs, min: 0, max: 4, handle: (*Server).describeConfigs},
		{key: kmsg.AlterConfigs, min: 0, max: 2, handle: (*Server).alterConfigs},
		{key: kmsg.DescribeLogDirs, min: 0, max: 4, handle: (*Server).describeLogDirs},
		{key: kmsg.SASLAuthenticate, min: 0, max: 2, handle: (*Server).saslAuthenticate},
		{key: kmsg.CreatePartitions, min: 0, max: 3, handle: (*Server).createPartitions},
		{key: kmsg.DeleteGroups, min: 0, max: 2, handle: (*Server).serveGroup},
		{key: kmsg.ElectLeaders, min: 0, max: 2, handle: (*Server).electLeaders},
		{key: kmsg.IncrementalAlterConfigs, min: 0, max: 1, handle: (*Server).incrementalAlterConfigs},
		{key: kmsg.AlterPartitionAssignments, min: 0, max: 0, handle: (*Server).alterAssignments},
		{key: kmsg.ListPartitionReassignments, min: 0, max: 0, handle: (*Server).listReassignments},
		{key: kmsg.OffsetDelete, min: 0, max: 0, handle: (*Server).serveGroup},
		{key: kmsg.DescribeClientQuotas, min: 0, max: 1, handle: (*Server).describeQuotas},
		{key: kmsg.AlterClientQuotas, min: 0, max: 1, handle: (*Server).alterQuotas},
		{key: kmsg.DescribeUserSCRAMCredentials, min: 0, max: 0, handle: (*Server).describeCredentials},
		{key: kmsg.AlterUserSCRAMCredentials, min: 0, max: 0, handle: (*Server).alterCredentials},
		{key: kmsg.DescribeCluster, min: 0, max: 0, handle: (*Server).describeCluster},
		{key: kmsg.DescribeProducers, min: 0, max: 0, handle: (*Server).describeProducers},
	}
}

// byKey has the row of each request at its key, nil where there is none.
func byKey(rows []api) []*api {
	all := make([]*api, rows[len(rows)-1].key.Int16()+1)
	for i := range rows {
		all[rows[i].key.Int16()] = &rows[i]
	}
	return all
}

// apiOf finds the row of a request, nil if it is not served in this version.
func (s *Server) apiOf(key, version int16) *api {
	if key < 0 || int(key) >= len(s.apiAt) {
		return nil
	}
	row := s.apiAt[key]
	if row == nil || version < row.min || version > row.max {
		return nil
	}
	return row
}

// dispatch has a request handled. One that cannot be read ends the connection: nothing
// can be said in a response of unknown form, except by ApiVersions, whose form is fixed
// for just that purpose (KIP-511).
func (s *Server) dispatch(x *exchange) {
	row := s.apiOf(x.Key, x.Version)
	switch {
	case x.channel.proof != nil && !s.cfg.Bugs.Has(bugs.UnprovedServed) && !s.mayProceed(x):
	case row != nil && x.Body != nil:
		if s.access == nil || s.authorize(x) {
			s.statePerformed(x)
			row.handle(s, x)
		}
	case x.Key == kmsg.ApiVersions.Int16():
		s.unknownVersion(x)
	default:
		x.hangup()
	}
}

// apiVersions lists what is served.
func (s *Server) apiVersions(x *exchange) {
	x.reply(s.versionsServed())
}

// unknownVersion answers a client that is younger than we are: in the form that
// everybody reads, with the versions among which it may choose.
func (s *Server) unknownVersion(x *exchange) {
	answer := s.versionsServed()
	answer.ErrorCode = int16(wire.UnsupportedVersion)
	x.Version = 0
	x.reply(answer)
}

func (s *Server) versionsServed() *kmsg.ApiVersionsResponse {
	answer := kmsg.NewPtrApiVersionsResponse()
	for _, row := range s.apis {
		key := kmsg.NewApiVersionsResponseApiKey()
		key.ApiKey, key.MinVersion, key.MaxVersion = row.key.Int16(), row.min+row.claims, row.max
		answer.ApiKeys = append(answer.ApiKeys, key)
	}
	return answer
}
