package facts

import "fmt"

// Groups. The Text of a fact about a group is its name.
var (
	GroupsLoading  = kind(80, true, "groups-loading", "a partition of the topic of offsets is led here from now on; its groups are being read", "partition", "leaderEpoch")
	GroupsLoaded   = kind(81, true, "groups-loaded", "the groups of the partition are served", "partition", "leaderEpoch", "groups", "offsets")
	GroupsUnloaded = kind(82, true, "groups-unloaded", "the groups of the partition are served here no longer", "partition", "leaderEpoch", "groups")
	Rebalancing    = kind(83, true, "group-rebalancing", "the members of the group have to join anew", "generation", "members", "", "reason")
	Generation     = kind(84, true, "group-generation", "a generation begins; the body are its members, []string", "generation", "members")
	GroupAssigned  = kind(85, true, "group-assigned", "the assignment of the generation is in the log; the body is a []GroupShare", "generation", "members")
	MemberGone     = kind(86, true, "group-member-gone", "a member was taken out of the group; the body is its ID", "generation", "members", "", "how")
	MemberReplaced = kind(87, true, "group-member-replaced", "a static member returned under another ID, which fences the old one; the body is the new ID", "generation")
	CommitStored   = kind(88, true, "offset-committed", "an offset is in the log and served; the body is the name of its partition", "offset", "generation", "leaderEpoch")
	CommitFenced   = kind(89, true, "offset-commit-fenced", "refused offsets of a member that is none of this generation", "generation", "asked", "", "why")
	OffsetGone     = kind(90, true, "offset-gone", "an offset is served no longer; the body is the name of its partition", "offset", "", "", "how")
	GroupDead      = kind(91, true, "group-dead", "the group and its offsets are gone", "generation")
	MemberNamed    = kind(92, true, "group-member-named", "a newcomer was given an ID, to join by (KIP-394); the body is it", "generation")
	GroupsDamaged  = kind(93, false, "groups-damaged", "what is at this offset of the partition could not be read, and was passed over", "partition", "offset")
)

// The cases of facts about groups.
var (
	RebalanceReasons = []string{"joined", "rejoined", "left", "expired", "sync-expired", "sync-failed", "static"}
	GoneHow          = []string{"left", "expired", "not-rejoined", "sync-expired", "crowded-out"}
	OffsetGoneHow    = []string{"expired", "topic-deleted", "deleted", "group-deleted"}
	FencedWhy        = []string{"generation", "member", "instance", "no-group", "rebalancing"}
)

func init() {
	Rebalancing.Cases, MemberGone.Cases, CommitFenced.Cases = RebalanceReasons, GoneHow, FencedWhy
	OffsetGone.Cases = OffsetGoneHow
}

// GroupShare is what one member of a group is assigned, in the encoding of its
// protocol, which the coordinator does not read.
type GroupShare struct {
	Member, Instance string
	Assignment       []byte
}

// String names the member and what it is assigned.
func (s GroupShare) String() string { return fmt.Sprintf("%s:%q", s.Member, s.Assignment) }
