// Package bugs is the bug zoo: historical and generic protocol bugs that can be
// switched on, one readable line each at the decision it changes. The harness is
// trusted because it finds every one of them; the correct build has none on.
package bugs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// ID names one switchable bug.
type ID uint16

// The bugs of the coordinator, then those of the broker.
const (
	AckBeforeSync ID = iota + 1
	QuorumOffByOne
	SkippedTruncation
	NewLeaderAckBeforeLogged
	NewLeaderAckBeforeSynced
	ElectionIgnoresZxid
	EpochBeforeHistory
	StaleMemoryTree
	DiffWhereTrunc
	FollowerExpiresSession
	EphemeralsSurviveExpiry
	SequenceFromChildCount
	EpochAnnouncedBeforeDurable
	FailedMultiLeaksParent
	ReadOvertakesWrite
	PendingClearedAtNewLeader
	TruncKeepsNewerSnapshot
	TornTailRefusesStart
	SyncAnsweredLocally
	SessionTableForgotten
	LeaderKeepsRoleWithoutQuorum
	LateForwarding
	OutstandingTruncated
	OldConnectionKept
	RevalidationBySession
	CounterCarries
	WeightsIgnored
	ACLByDataVersion
	EphemeralsWithoutPrefix
	ReaperTrustsItsList
	ObserverCounted
	WatchAfterReply
	WatchMissesInFlight
	WatchSurvivesFiring
	ExistWatchesForgotten
	StatsNameTheLog
	UpgradedSessionKept
	UpgradeForgetsMulti
	EphemeralOfLocalSession
	LocalRevalidated
	ClosedTakenForLocal
	CreateNotLookedUp
	LockWokenIsHolder
	StaleTokenAccepted
	ReaderFollowsReader
	ElectionByName
	ReadOnlyServesOn
	ReadOnlyIgnoresSeen
	ReadOnlyTakesAll
	ReadOnlyTakesGlobal
	ReadOnlyTakesClosed
	ReadOnlyShortensCache
	OfferRetried
	GoneIsTaken
	QueueDeletesFirst
	PriorityFromOldList
	QueueByName
	AnyEventLiftsBarrier
	ComeAndGoneCounted
	DoubleBarrierLeftEarly
	ConfigReadAcrossChange
	PublisherNotChecked
	CounterCountsTwice
	CounterWithoutVersion
	BankWithoutVersions
	CacheNotWatchedAgain
	ReaperIgnoresTouch
	TTLFromCreation
	WatchModesOverwrite
	RecursiveToldOfChildren
	PersistentFiresOnce
	RecursiveWatchShallow
	RemoveTakesAllKinds
	WatchOfDeadConnection
	RecursiveWatchesForgotten
	LastWatchBatchDropped
	WatchBatchMovesSeen
	MirrorNotReadAgain
	ReconfigByNewQuorum
	ReconfigByOldQuorum
	JointQuorumDropped
	RemovedLeaderCommits
	RemovedMemberVotes
	NextConfigNotCarried
	ConfigAckBeforeDurable
	ActivatedAtProposal
	EventsUnfiltered
	DeletedIsReadable
	ACLOnlyForDigest
	AddressMaskOffByOne
	ACLCheckedAfter
	MultiSkipsACL
	DeleteChecksNode
	AuthNotReplayed
	ExistsUnchecked
	PasswordHashesShown
	IdentitiesOfAnother
	CommittedACLOnly
	ACLLostInReplay
	StandaloneAckBeforeSync
	LeaderServesNevertheless
	QuotaIgnoresMulti
	QuotaOfChildren
	VersionWraps
	Create2InMultiAsCreate
	CheckAlone
	ReadOnlyMultiPasses
	AbortedAlone
	MajorityCommits
	RecordWithoutMargin
	OutstandingNotReleased
	LogFsyncErrorIgnored
	EpochInPlace
	SnapshotBeforeLog
	QueuedReadsLost
	ClosedSessionServed
	PurgeCountsInvalid
	CommittedLogHole
	TruncKeepsMemory
	TruncateErrorIgnored
	TruncOffsetMiscounted
	DiskLogWithGap
	CurrentEpochAfterAck
	VoteOrderIgnoresEpoch
	CloseReplayForgetsParent
	DamagedLogCut
	SnapshotUnchecked
	RenameNotSynced
	FollowsLowerEpoch
	LimitOffByOne
	ReaperNotRestarted
	SequenceStuck
	LostDiskVotes
	MarkIgnoresSilent
	JoiningNotCounted
	LeavingNotCounted
	OutsidersNotCounted
	MinInsyncIgnored
	FollowersRemembered
	ExpandTooEarly
	BadVersionIsSuccess
	TruncateToMark
	LateAnswerApplied
	AckBeforeCommit
	DeletesBeyondMark
	ReadsUncommitted
	UncleanSilently
	LastReplicaLeaves
	EpochStartedByAppend
	ProducersNotReplicated
	DuplicateAppended
	SequenceGapAccepted
	LeaderEpochKept
	ReturnedLeaderKept
	ReassignedUnsynced
	RefusedStateAdopted
	FetchUnfenced
	DuplicateAckedEarly
	PrefixedDenyIgnored
	EntriesOutliveSession
	RefusedAppended
	MetadataShowsAll
	EntriesWithoutVersion
	ChangeToldApart
	SessionMissesRecords
	SessionForgetsNothing
	FollowerServesAll
	PreferredOutOfSync
	RetainsBeyondMark
	CompactsBeyondMark
	StaleEpochKept
	TombstoneTimedBySender
	CleanedUnsynced
	CleaningOutlivesCut
	TombstonesOverlooked
	RetentionByFirstRecord
	RetentionOneTooMany
	OldGenerationCommits
	CommitAckedEarly
	GroupsLoadedToMark
	GroupsKeptWhenDeposed
	OffsetsToldWhileLoading
	ChunkAppliedAlone
	ExpiryTakenLiterally
	SessionNotRenewed
	ReplacementNotLogged
	AbsentLeader
	RejoinNotHeeded
	HandedOverAtOnce
	TimeIndexOneTooFar
	ConfigMissedAfterSession
	AppendOverwrites
	ValidateOnlyApplies
	LimitsNotEnforced
	ControllerUnfenced
	FormerControllerObeyed
	FormerLifeObeyed
	BounceUnnoticed
	UnknownEpochIgnored
	PreferredUnsynced
	RefusedVersionKept
	AmbiguousRenumbered
	LastEventDropped
	ElectionNotAdopted
	ZnodeOfLastLife
	UsageOfConnection
	ToldButNotMuted
	CommitTopicUnchecked
	DeleteGroupsUnchecked
	GroupsShown
	AllRightsTold
	MinInsyncCheckedLate
	DefaultQuotaFirst
	SamplesNeverExpire
	OverdrawnAdmitted
	WithheldCounted
	ThrottleForgotten
	QuotasWithoutVersion
	StaleClaimKept
	GapSkipsBatch
	RemovedPasswordKept
	ScramProofUnchecked
	EmptyPasswordTaken
	LoadedWithoutSessions
	CutProducersKept
	EarlySnapshotBelieved
	EqualTimePassedOver
	OffsetsServedEarly
	ExpirySinceCommit
	AbsentMemberKept
	ToldPositionIgnored
	LaggardKept
	MarkNotedAhead
	IsrChangeKept
	FormerControllerBelieved
	EndToldEarly
	DeposedAcknowledges
	WonByAnyZnode
	VersionToldStale
	DeletionToldAlone
	MutedUntold
	StaleFetchTaken
	MembersGroupDeleted
	DeletedOffsetsLogged
	HeartbeatsNotCounted
	ReassignedForEver
	ElectionToldDone
	YoungestBatchFirst
	LengthUnchecked
	CleanMarkerKept
	LeaveUnchecked
	UnprovedServed
	StartsUnnoted
	AbsentWrittenOff
	FormerMemberHeard
	GroupsServedUncommitted
	last
)

// Set is a set of switched-on bugs. The zero value is the correct build.
type Set [last/64 + 1]uint64

// Of returns the set of the given bugs.
func Of(ids ...ID) Set {
	var s Set
	for _, id := range ids {
		s[id/64] |= 1 << (id % 64)
	}
	return s
}

// Has reports whether the bug is switched on. It is the one-line switch at the
// decision a bug changes.
func (s Set) Has(id ID) bool { return s[id/64]&(1<<(id%64)) != 0 }

// None reports whether this is the correct build.
func (s Set) None() bool { return s == Set{} }

// With returns the set with those of another one added.
func (s Set) With(more Set) Set {
	for i := range s {
		s[i] |= more[i]
	}
	return s
}

// String lists the names, comma-separated, "" for the correct build.
func (s Set) String() string {
	var names []string
	for _, b := range Catalogue {
		if s.Has(b.ID) {
			names = append(names, b.Name)
		}
	}
	return strings.Join(names, ",")
}

// Parse reads what String writes. Unknown names are an error that lists what
// comes close, or how to list all.
func Parse(names string) (Set, error) {
	var s Set
	for _, name := range strings.Split(names, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		b, ok := Lookup(name)
		if !ok {
			return Set{}, fmt.Errorf("unknown bug %q; `stampede list bugs` names them all", name)
		}
		s = s.With(Of(b.ID))
	}
	return s, nil
}

// Lookup finds a bug by name.
func Lookup(name string) (Bug, bool) {
	for _, b := range Catalogue {
		if b.Name == name {
			return b, true
		}
	}
	return Bug{}, false
}

// Catalogue lists every bug in order of ID. Breaks names guarantees by ID, most
// telling first; "no-panic" stands for an assertion inside a node, "liveness" for
// servers or brokers that do not recover after their faults have healed.
var Catalogue = inOrder(protocolBugs, watchBugs, limitBugs, roleBugs, accessBugs, recipeBugs, reconfigBugs, diskBugs, replicationBugs, reignBugs, controllerBugs, rightsBugs, quotaBugs, fetchBugs, logBugs, groupBugs, configBugs, storyBugs)

// inOrder joins pages, each of which may be anywhere in its file.
func inOrder(files ...[]Bug) []Bug {
	pages := slices.Concat(files...)
	slices.SortFunc(pages, func(a, b Bug) int { return cmp.Compare(a.ID, b.ID) })
	return pages
}

// Bug is one page of the catalogue.
type Bug struct {
	ID ID
	// Name is what --bug takes.
	Name string
	// Upstream is the issue id of the real system, or "" for a generic mutant.
	Upstream string
	// Wrong says what the code does wrong, Schedule what exposes it.
	Wrong, Schedule string
	// Breaks names the guarantees that fall, any of which may fire first.
	Breaks []string
	// Scenario is where it is hunted.
	Scenario string
}
