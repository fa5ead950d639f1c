package wire

import "fmt"

// ErrorCode is an error of the Kafka protocol.
type ErrorCode int16

// The errors, by their numbers in the protocol.
const (
	Unknown                      ErrorCode = -1
	OK                           ErrorCode = 0
	OffsetOutOfRange             ErrorCode = 1
	CorruptMessage               ErrorCode = 2
	UnknownTopicOrPartition      ErrorCode = 3
	InvalidFetchSize             ErrorCode = 4
	LeaderNotAvailable           ErrorCode = 5
	NotLeaderOrFollower          ErrorCode = 6
	RequestTimedOut              ErrorCode = 7
	BrokerNotAvailable           ErrorCode = 8
	ReplicaNotAvailable          ErrorCode = 9
	MessageTooLarge              ErrorCode = 10
	StaleControllerEpoch         ErrorCode = 11
	OffsetMetadataTooLarge       ErrorCode = 12
	NetworkException             ErrorCode = 13
	CoordinatorLoadInProgress    ErrorCode = 14
	CoordinatorNotAvailable      ErrorCode = 15
	NotCoordinator               ErrorCode = 16
	InvalidTopic                 ErrorCode = 17
	RecordListTooLarge           ErrorCode = 18
	NotEnoughReplicas            ErrorCode = 19
	NotEnoughReplicasAfterAppend ErrorCode = 20
	InvalidRequiredAcks          ErrorCode = 21
	IllegalGeneration            ErrorCode = 22
	InconsistentGroupProtocol    ErrorCode = 23
	InvalidGroupID               ErrorCode = 24
	UnknownMemberID              ErrorCode = 25
	InvalidSessionTimeout        ErrorCode = 26
	RebalanceInProgress          ErrorCode = 27
	InvalidCommitOffsetSize      ErrorCode = 28
	TopicAuthorizationFailed     ErrorCode = 29
	GroupAuthorizationFailed     ErrorCode = 30
	ClusterAuthorizationFailed   ErrorCode = 31
	InvalidTimestamp             ErrorCode = 32
	UnsupportedSASLMechanism     ErrorCode = 33
	IllegalSASLState             ErrorCode = 34
	UnsupportedVersion           ErrorCode = 35
	TopicAlreadyExists           ErrorCode = 36
	InvalidPartitions            ErrorCode = 37
	InvalidReplicationFactor     ErrorCode = 38
	InvalidReplicaAssignment     ErrorCode = 39
	InvalidConfig                ErrorCode = 40
	NotController                ErrorCode = 41
	InvalidRequest               ErrorCode = 42
	UnsupportedForMessageFormat  ErrorCode = 43
	PolicyViolation              ErrorCode = 44
	OutOfOrderSequenceNumber     ErrorCode = 45
	DuplicateSequenceNumber      ErrorCode = 46
	InvalidProducerEpoch         ErrorCode = 47
	InvalidTxnState              ErrorCode = 48
	InvalidProducerIDMapping     ErrorCode = 49
	TransactionalIDAuthorization ErrorCode = 53
	SecurityDisabled             ErrorCode = 54
	KafkaStorageError            ErrorCode = 56
	SASLAuthenticationFailed     ErrorCode = 58
	UnknownProducerID            ErrorCode = 59
	ReassignmentInProgress       ErrorCode = 60
	NonEmptyGroup                ErrorCode = 68
	GroupIDNotFound              ErrorCode = 69
	FetchSessionIDNotFound       ErrorCode = 70
	InvalidFetchSessionEpoch     ErrorCode = 71
	ListenerNotFound             ErrorCode = 72
	TopicDeletionDisabled        ErrorCode = 73
	FencedLeaderEpoch            ErrorCode = 74
	UnknownLeaderEpoch           ErrorCode = 75
	UnsupportedCompressionType   ErrorCode = 76
	StaleBrokerEpoch             ErrorCode = 77
	OffsetNotAvailable           ErrorCode = 78
	MemberIDRequired             ErrorCode = 79
	PreferredLeaderNotAvailable  ErrorCode = 80
	GroupMaxSizeReached          ErrorCode = 81
	FencedInstanceID             ErrorCode = 82
	EligibleLeadersNotAvailable  ErrorCode = 83
	ElectionNotNeeded            ErrorCode = 84
	NoReassignmentInProgress     ErrorCode = 85
	GroupSubscribedToTopic       ErrorCode = 86
	InvalidRecord                ErrorCode = 87
	UnstableOffsetCommit         ErrorCode = 88
	ThrottlingQuotaExceeded      ErrorCode = 89
	ProducerFenced               ErrorCode = 90
	ResourceNotFound             ErrorCode = 91
	DuplicateResource            ErrorCode = 92
	UnacceptableCredential       ErrorCode = 93
	InvalidUpdateVersion         ErrorCode = 95
	UnknownTopicID               ErrorCode = 100
	InconsistentTopicID          ErrorCode = 103
	FetchSessionTopicIDError     ErrorCode = 106
)

var errorNames = map[ErrorCode]string{
	Unknown: "UNKNOWN_SERVER_ERROR", OK: "NONE", OffsetOutOfRange: "OFFSET_OUT_OF_RANGE", CorruptMessage: "CORRUPT_MESSAGE",
	UnknownTopicOrPartition: "UNKNOWN_TOPIC_OR_PARTITION", InvalidFetchSize: "INVALID_FETCH_SIZE", LeaderNotAvailable: "LEADER_NOT_AVAILABLE",
	NotLeaderOrFollower: "NOT_LEADER_OR_FOLLOWER", RequestTimedOut: "REQUEST_TIMED_OUT", BrokerNotAvailable: "BROKER_NOT_AVAILABLE",
	ReplicaNotAvailable: "REPLICA_NOT_AVAILABLE", MessageTooLarge: "MESSAGE_TOO_LARGE", StaleControllerEpoch: "STALE_CONTROLLER_EPOCH",
	OffsetMetadataTooLarge: "OFFSET_METADATA_TOO_LARGE", NetworkException: "NETWORK_EXCEPTION",
	CoordinatorLoadInProgress: "COORDINATOR_LOAD_IN_PROGRESS", CoordinatorNotAvailable: "COORDINATOR_NOT_AVAILABLE", NotCoordinator: "NOT_COORDINATOR",
	InvalidTopic: "INVALID_TOPIC_EXCEPTION", RecordListTooLarge: "RECORD_LIST_TOO_LARGE", NotEnoughReplicas: "NOT_ENOUGH_REPLICAS",
	NotEnoughReplicasAfterAppend: "NOT_ENOUGH_REPLICAS_AFTER_APPEND", InvalidRequiredAcks: "INVALID_REQUIRED_ACKS", IllegalGeneration: "ILLEGAL_GENERATION",
	InconsistentGroupProtocol: "INCONSISTENT_GROUP_PROTOCOL", InvalidGroupID: "INVALID_GROUP_ID", UnknownMemberID: "UNKNOWN_MEMBER_ID",
	InvalidSessionTimeout: "INVALID_SESSION_TIMEOUT", RebalanceInProgress: "REBALANCE_IN_PROGRESS", InvalidCommitOffsetSize: "INVALID_COMMIT_OFFSET_SIZE",
	TopicAuthorizationFailed: "TOPIC_AUTHORIZATION_FAILED", GroupAuthorizationFailed: "GROUP_AUTHORIZATION_FAILED", ClusterAuthorizationFailed: "CLUSTER_AUTHORIZATION_FAILED",
	InvalidTimestamp: "INVALID_TIMESTAMP", UnsupportedSASLMechanism: "UNSUPPORTED_SASL_MECHANISM", IllegalSASLState: "ILLEGAL_SASL_STATE",
	UnsupportedVersion: "UNSUPPORTED_VERSION", TopicAlreadyExists: "TOPIC_ALREADY_EXISTS", InvalidPartitions: "INVALID_PARTITIONS",
	InvalidReplicationFactor: "INVALID_REPLICATION_FACTOR", InvalidReplicaAssignment: "INVALID_REPLICA_ASSIGNMENT", InvalidConfig: "INVALID_CONFIG",
	NotController: "NOT_CONTROLLER", InvalidRequest: "INVALID_REQUEST", UnsupportedForMessageFormat: "UNSUPPORTED_FOR_MESSAGE_FORMAT", PolicyViolation: "POLICY_VIOLATION",
	OutOfOrderSequenceNumber: "OUT_OF_ORDER_SEQUENCE_NUMBER", DuplicateSequenceNumber: "DUPLICATE_SEQUENCE_NUMBER", InvalidProducerEpoch: "INVALID_PRODUCER_EPOCH",
	InvalidTxnState: "INVALID_TXN_STATE", InvalidProducerIDMapping: "INVALID_PRODUCER_ID_MAPPING", KafkaStorageError: "KAFKA_STORAGE_ERROR",
	TransactionalIDAuthorization: "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", SecurityDisabled: "SECURITY_DISABLED",
	SASLAuthenticationFailed: "SASL_AUTHENTICATION_FAILED", UnknownProducerID: "UNKNOWN_PRODUCER_ID", ReassignmentInProgress: "REASSIGNMENT_IN_PROGRESS",
	NonEmptyGroup: "NON_EMPTY_GROUP", GroupIDNotFound: "GROUP_ID_NOT_FOUND", FetchSessionIDNotFound: "FETCH_SESSION_ID_NOT_FOUND",
	InvalidFetchSessionEpoch: "INVALID_FETCH_SESSION_EPOCH", ListenerNotFound: "LISTENER_NOT_FOUND", TopicDeletionDisabled: "TOPIC_DELETION_DISABLED",
	FencedLeaderEpoch: "FENCED_LEADER_EPOCH", UnknownLeaderEpoch: "UNKNOWN_LEADER_EPOCH", UnsupportedCompressionType: "UNSUPPORTED_COMPRESSION_TYPE",
	StaleBrokerEpoch: "STALE_BROKER_EPOCH", OffsetNotAvailable: "OFFSET_NOT_AVAILABLE", MemberIDRequired: "MEMBER_ID_REQUIRED",
	PreferredLeaderNotAvailable: "PREFERRED_LEADER_NOT_AVAILABLE", GroupMaxSizeReached: "GROUP_MAX_SIZE_REACHED", FencedInstanceID: "FENCED_INSTANCE_ID",
	EligibleLeadersNotAvailable: "ELIGIBLE_LEADERS_NOT_AVAILABLE", ElectionNotNeeded: "ELECTION_NOT_NEEDED", NoReassignmentInProgress: "NO_REASSIGNMENT_IN_PROGRESS",
	GroupSubscribedToTopic: "GROUP_SUBSCRIBED_TO_TOPIC", InvalidRecord: "INVALID_RECORD", UnstableOffsetCommit: "UNSTABLE_OFFSET_COMMIT",
	ThrottlingQuotaExceeded: "THROTTLING_QUOTA_EXCEEDED", ProducerFenced: "PRODUCER_FENCED", InvalidUpdateVersion: "INVALID_UPDATE_VERSION",
	ResourceNotFound: "RESOURCE_NOT_FOUND", DuplicateResource: "DUPLICATE_RESOURCE", UnacceptableCredential: "UNACCEPTABLE_CREDENTIAL",
	UnknownTopicID: "UNKNOWN_TOPIC_ID", InconsistentTopicID: "INCONSISTENT_TOPIC_ID", FetchSessionTopicIDError: "FETCH_SESSION_TOPIC_ID_ERROR",
}

// String is the name in the protocol.
func (e ErrorCode) String() string {
	if name, ok := errorNames[e]; ok {
		return name
	}
	return fmt.Sprintf("ERROR_%d", int16(e))
}

// Retriable reports whether the same request may succeed later, perhaps elsewhere.
func (e ErrorCode) Retriable() bool {
	switch e {
	case CorruptMessage, UnknownTopicOrPartition, LeaderNotAvailable, NotLeaderOrFollower, RequestTimedOut, ReplicaNotAvailable, NetworkException,
		CoordinatorLoadInProgress, CoordinatorNotAvailable, NotCoordinator, NotEnoughReplicas, NotEnoughReplicasAfterAppend, NotController,
		KafkaStorageError, FetchSessionIDNotFound, InvalidFetchSessionEpoch, ListenerNotFound, FencedLeaderEpoch, UnknownLeaderEpoch,
		OffsetNotAvailable, PreferredLeaderNotAvailable, EligibleLeadersNotAvailable, ElectionNotNeeded, UnstableOffsetCommit, ThrottlingQuotaExceeded,
		UnknownTopicID, InconsistentTopicID, FetchSessionTopicIDError:
		return true
	}
	return false
}
