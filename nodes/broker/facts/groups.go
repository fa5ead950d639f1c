package facts

import (
	"fmt"
	"strings"
)

// Groups. The Text of a fact about a group is its name.
var (
	GroupsLoading  = kind(80, true, "groups-loading", "a partition of the topic of offsets is led here from now on; its groups are being read", "partition", "leaderEpoch")
	GroupsLoaded   = kind(81, true, "groups-loaded", "the groups of the partition are served; the body is a *GroupsImage", "partition", "leaderEpoch", "groups", "offsets")
	GroupsUnloaded = kind(82, true, "groups-unloaded", "the groups of the partition are served here no longer", "partition", "leaderEpoch", "groups")
	Rebalancing    = kind(83, true, "group-rebalancing", "the members of the group have to join anew", "generation", "members", "", "reason")
	Generation     = kind(84, true, "group-generation", "a generation begins; the body are its members, []string", "generation", "members")
	GroupAssigned  = kind(85, true, "group-assigned", "the assignment of the generation is in the log; the body is a []GroupShare", "generation", "members")
	MemberGone     = kind(86, true, "group-member-gone", "a member was taken out of the group; the body is its ID", "generation", "members", "", "how")
	MemberReplaced = kind(87, true, "group-member-replaced", "a static member returned under another ID, which fences the old one; the body is a Replacement", "generation")
	CommitStored   = kind(88, true, "offset-committed", "an offset is in the log and served; the body is the name of its partition", "offset", "generation", "leaderEpoch")
	CommitFenced   = kind(89, true, "offset-commit-fenced", "refused offsets of a member that is none of this generation", "generation", "asked", "", "why")
	OffsetGone     = kind(90, true, "offset-gone", "an offset is served no longer; the body is the name of its partition", "offset", "", "", "how")
	GroupDead      = kind(91, true, "group-dead", "the group and its offsets are gone", "generation")
	MemberNamed    = kind(92, true, "group-member-named", "a newcomer was given an ID, to join by (KIP-394); the body is it", "generation")
	GroupsDamaged  = kind(93, false, "groups-damaged", "what is at this offset of the partition could not be read, and was passed over", "partition", "offset")
)

// What is taken from members and clients and told to them, for judges.
var (
	GroupsWriting = kind(94, false, "groups-writing", "records are about to be appended to a partition of the topic of offsets, which the text names; the body is a []GroupRecord", "first", "leaderEpoch")
	JoinTold      = kind(95, false, "group-join-told", "a member is told that it is in the generation, and whether it leads; the body is its ID", "generation", "sessionMillis", "leads")
	ShareTold     = kind(96, false, "group-share-told", "a member is told its share of the generation, having asked for that of another or the same; the body is a GroupShare", "generation", "asked")
	MemberHeard   = kind(97, false, "group-member-heard", "a member of the generation has shown that it lives; the body is its ID", "generation")
	CommitTaken   = kind(98, false, "offset-commit-taken", "offsets are taken from who may commit in this generation; the body is a *GroupCommit", "generation")
	CommitTold    = kind(99, false, "offset-commit-told", "a client is told that its offsets are committed; the body is the *GroupCommit that was taken", "generation")
	OffsetsTold   = kind(100, false, "offsets-told", "a client is told committed offsets, -1 for none; the body is a []GroupOffset")
	StoredTold    = kind(101, false, "stored-offset-told", "a client of znodes is told that its offset is stored; the body is the name of its partition", "offset")
	StoredRead    = kind(102, false, "stored-offset-read", "a client of znodes is told an offset, -1 for none; the body is the name of its partition", "offset")
	MemberOwns    = kind(103, false, "group-member-owns", "a client takes itself for who may read what it was assigned; the body is an *Ownership", "generation")
	MemberLeads   = kind(104, true, "group-member-leads", "a client is told that it has to share the partitions of a generation out; the body is its ID", "generation", "members")
	MemberReads   = kind(106, false, "group-member-reads", "a client begins to read what its member owns; the body is an *Ownership of all that it reads, of the generation in which it was told its share", "generation")
	MemberSays    = kind(105, false, "group-member-says", "a member of the group joins again; the body is a *Saying")
	GroupGoneTold = kind(107, false, "group-deletion-told", "a client is told that the group is deleted, or, if the body has any, offsets of it; the body are the names of their partitions, []string", "generation")
	MemberBeats   = kind(143, false, "group-member-beats", "a member has its heartbeat answered by who takes it for one, so many nanoseconds after it was sent; the body is its ID", "generation", "broker", "after")
	BeatTold      = kind(153, false, "group-beat-told", "who sent a heartbeat is told that it is in the group, or that it has to join again; the body is its ID", "asked")
	LeaveTold     = kind(154, false, "group-leave-told", "who left the group is told that it has; the body is its ID")
	GroupTold     = kind(108, false, "group-told", "a client is told how the group is; the body is a *GroupDescription")
	GroupsTold    = kind(109, false, "groups-told", "a client is told which groups are coordinated here; the body is a []GroupListed", "filtered")
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

// Replacement is the body of [MemberReplaced].
type Replacement struct{ Instance, Old, New string }

// String is the new ID.
func (r Replacement) String() string { return r.New }

// GroupRecord is a record of the topic of offsets. A nil value says that there is nothing
// of this key any more.
type GroupRecord struct{ Key, Value []byte }

// GroupOffset is a committed offset of a partition of any topic.
type GroupOffset struct {
	Partition string
	Offset    int64
}

// GroupCommit are offsets and who commits them. It is one value from when it is taken
// until its client is told.
type GroupCommit struct {
	// Member and Instance are "" for who is in no group.
	Member, Instance string
	Offsets          []GroupOffset
}

// String names the member and its offsets.
func (c *GroupCommit) String() string { return fmt.Sprintf("%s:%v", c.Member, c.Offsets) }

// GroupsImage is the body of [GroupsLoaded]: what is served, sorted by name.
type GroupsImage struct {
	Groups []GroupImage
}

// GroupImage is one group, as it is served.
type GroupImage struct {
	Name       string
	Generation int32
	Members    []GroupMember
	Offsets    []GroupOffset
}

// GroupMember is a member of a group, with its share.
type GroupMember struct {
	ID, Instance  string
	SessionMillis int64
	Share         []byte
}

// String names the groups with their generations, members and offsets.
func (i *GroupsImage) String() string {
	if len(i.Groups) == 0 {
		return "nothing"
	}
	var b strings.Builder
	for _, g := range i.Groups {
		fmt.Fprintf(&b, "%s in generation %d of", g.Name, g.Generation)
		for _, m := range g.Members {
			b.WriteString(" " + m.ID)
		}
		fmt.Fprintf(&b, " at %v;", g.Offsets)
	}
	return b.String()
}

// Saying is the body of [MemberSays]: what a member says for the assignor of the
// generation that there is.
type Saying struct {
	Member   string
	Metadata []byte
}

// String names the member and how much it says.
func (s *Saying) String() string { return fmt.Sprintf("%s:%d bytes", s.Member, len(s.Metadata)) }

// GroupDescription is the body of [GroupTold]: a group as it is described.
type GroupDescription struct {
	State string
	// Members are all of them; their shares are told of a stable group only.
	Members []GroupShare
}

// String names the state and the members.
func (d *GroupDescription) String() string { return fmt.Sprintf("%s:%v", d.State, d.Members) }

// GroupListed is a group in a list.
type GroupListed struct{ Name, State string }

// Ownership is the body of [MemberOwns] and of [MemberReads].
type Ownership struct {
	Member string
	// Partitions are the names of all that it owns, or reads.
	Partitions []string
	// Begins are those that it has just begun to read.
	Begins []Beginning
}

// Beginning is a partition that a member begins to read: at what offset it was told that its
// group is, -1 for none, and at what it begins, -1 if it has yet to ask for the bounds of the
// log.
type Beginning struct {
	Partition string
	Told, At  int64
}

// String names the member and what it owns.
func (o *Ownership) String() string { return fmt.Sprintf("%s:%v", o.Member, o.Partitions) }
