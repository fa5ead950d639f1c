// Package groups holds the coordinators of groups to what Kafka promises of them while
// they run: whom they let commit, what they tell members to read, and what they remember
// of both. It is told every fact that a broker or a member states and every transaction
// that the coordinator commits, and stops at the first invariant that breaks.
//
// # What it trusts
//
// Who leads a partition of __consumer_offsets, what is committed there and what a leader
// holds, it asks the judge of replication for (see [Logs]). What a record says was stated
// before it was appended; the records are read here by code of the judge's own. Nothing
// here calls a broker's code.
//
// # Reigns
//
// A broker that leads a partition of __consumer_offsets coordinates the groups in it, in
// that leader epoch and until it hears of another. That is a reign, and the judge keeps
// for each what its coordinator must have in memory: what its log says as the reign
// begins, and then what it takes, writes and tells. A deposed coordinator that does not
// know it reigns on, and is held to its own reign: it may tell an old offset, but it
// must not acknowledge one that is not committed.
//
// # What is not blamed
//
// A generation is in the log only when its assignment is. One whose members were told its
// number and no more is forgotten with its coordinator, and the next gives the number
// again (so it is in Kafka): only generations whose assignment somebody was told are
// compared across reigns. What a coordinator was not told the outcome of may be in the
// log, and is told by the next; to a client that is an unknown outcome. After a loss that
// the judge of replication explains, nothing is said of what was lost.
package groups

import "github.com/stampede-sim/stampede/checkers/guarantee"

// IDs of the invariants.
const (
	OneOwner         = "k20-one-owner"
	AllAssigned      = "k20-all-assigned"
	OwnGeneration    = "k20-own-generation"
	BeginsWhereTold  = "k23-begins-where-told"
	AssignmentLogged = "k20-assignment-logged"
	JoinHeeded       = "k20-join-heeded"
	LeaderPresent    = "k20-leader-present"
	AssignedThere    = "k20-assigned-there"
	MemberAwaited    = "k20-member-awaited"
	GroupKept        = "k20-group-kept"
	GroupTold        = "k20-group-told"
	MemberKept       = "k20-member-kept"
	MemberLost       = "k20-member-lost"
	GenerationGrows  = "k21-generation"
	CommitFenced     = "k22-commit-fenced"
	MemberFenced     = "k22-member-fenced"
	InstanceFenced   = "k22-instance-fenced"
	OneCoordinator   = "k22-one-coordinator"
	CommitLogged     = "k23-commit-logged"
	LoadedWhole      = "k23-loaded"
	OffsetTold       = "k23-offset-told"
	OffsetKept       = "k23-offset-kept"
	DeletionTold     = "k23-deletion-told"
	StoredOffset     = "k23-stored-offset"
)

const (
	sourceProtocol = "Kafka documentation: consumer groups: "
	sourceKIP      = "Kafka Improvement Proposal "
)

// Guarantees lists the invariants this package checks.
var Guarantees = []guarantee.Guarantee{
	{
		ID: OneOwner, Sentence: "In a generation of a group each partition is given to one member at most, and, among members that keep what they have, to nobody while another still has it.", Source: sourceProtocol + "assignment",
		Not: "that nobody reads a partition any more who was told of it in an earlier generation: a member that hangs does not know, and only its commits are refused.",
	},
	{
		ID: AllAssigned, Sentence: "An assignment gives every partition of the topics that it shares out to somebody, but those that a member has yet to give up.", Source: sourceKIP + "429",
		Not: "that a member shares out a topic, or its newer partitions, before it has heard of them.",
	},
	{
		ID: OwnGeneration, Sentence: "A member takes itself for the owner of what it was assigned in the generation it is in, and nothing else.", Source: "KAFKA-14016, KAFKA-13419",
		Not: "that a generation is still the present one while a member reads.",
	},
	{
		ID: AssignmentLogged, Sentence: "A member is told its share as the log has it, in the generation that it asked for.", Source: sourceProtocol + "SyncGroup",
		Not: "that every member is told; one that does not ask in time is out.",
	},
	{
		ID: JoinHeeded, Sentence: "A member that joins again and has other things to say is heard by the leader of the next generation.", Source: sourceProtocol + "JoinGroup",
		Not: "that nothing changes hands when a member has nothing new to say: the leader may always assign anew.",
	},
	{
		ID: LeaderPresent, Sentence: "The leader of a generation has joined it, and is told that it leads when the generation begins.", Source: sourceProtocol + "JoinGroup",
		Not: "that the leader brings an assignment; if it does not, others lead the next.",
	},
	{
		ID: AssignedThere, Sentence: "An assignment gives nobody a partition that there is not, as far as its leader has heard.", Source: sourceProtocol + "SyncGroup",
		Not: "anything of leaders that do not note what they have heard.",
	},
	{
		ID: MemberAwaited, Sentence: "A member that does not join again is waited for until its rebalance timeout is over.", Source: sourceKIP + "62",
		Not: "anything of a member that the log of the group does not have, so that it is not known how long it wants to be waited for.",
	},
	{
		ID: GroupKept, Sentence: "A group ends only when it has no members.", Source: sourceProtocol + "DeleteGroups: NON_EMPTY_GROUP",
		Not: "that an empty group which members are about to join is kept.",
	},
	{
		ID: GroupTold, Sentence: "A group is described and listed as it is: in its state, with the members of its generation and, while it is stable, their shares.", Source: sourceProtocol + "DescribeGroups, ListGroups",
		Not: "who has joined while it rebalances, or that a deposed coordinator, who does not know it, tells what is.",
	},
	{
		ID: MemberKept, Sentence: "A member is taken for lost only after a session in which it gave no sign and was told nothing.", Source: sourceKIP + "62",
		Not: "that a member which is silent is out at once, or that a pause of the coordinator counts.",
	},
	{
		ID: MemberLost, Sentence: "A member of a stable group that has given no sign for a session, and was told nothing, is out two seconds later, if its coordinator has not hung.", Source: sourceKIP + "62",
		Not: "anything while a group rebalances, when members wait for their coordinator, or of one that states nothing for a second: it may have hung.",
	},
	{
		ID: GenerationGrows, Sentence: "A generation is one more than the last of its coordinator, who begins with that in the log. It is told to its members only, and to all but static ones when it begins.", Source: sourceProtocol + "JoinGroup",
		Not: "that a generation of which nobody was told the assignment is not given again by another coordinator.",
	},
	{
		ID: CommitFenced, Sentence: "Offsets are taken from members of the present generation, or from who is in no group where there are no members.", Source: sourceProtocol + "OffsetCommit",
		Not: "that offsets only grow, or are of partitions that the member was assigned; brokers do not look.",
	},
	{
		ID: MemberFenced, Sentence: "Heartbeats are answered, and shares told, to members of the present generation who have named it; who is told that it has left is a member no longer.", Source: sourceProtocol + "Heartbeat, SyncGroup, LeaveGroup",
		Not: "anything of a coordinator that is still reading its groups, which answers heartbeats of everybody.",
	},
	{
		ID: InstanceFenced, Sentence: "Once a static member was told its new ID, the log knows it, and who comes by the old one is refused.", Source: sourceKIP + "345; KAFKA-10284",
		Not: "that a new ID outlives its coordinator before its member was told it, or while the group rebalances.",
	},
	{
		ID: OneCoordinator, Sentence: "Groups are coordinated by the leader of their partition only, in its epoch, once it has read them.", Source: "KAFKA-10614",
		Not: "that a deposed coordinator, who does not know it yet, is silent.",
	},
	{
		ID: CommitLogged, Sentence: "A client is told that its offsets are committed when their records are.", Source: sourceProtocol + "offsets.commit.required.acks",
		Not: "that what was not acknowledged is not committed.",
	},
	{
		ID: LoadedWhole, Sentence: "A coordinator begins with what the log says, when all of that is committed: the groups and offsets of the last record of each key.", Source: "KAFKA-5600; " + sourceKIP + "848",
		Not: "anything after a loss that is explained: an unclean election, or the last replica's.",
	},
	{
		ID: OffsetTold, Sentence: "The offset that was acknowledged last is told to whoever asks, or a later one that is committed.", Source: sourceProtocol + "OffsetFetch",
		Not: "that a deposed coordinator tells the latest offset.",
	},
	{
		ID: BeginsWhereTold, Sentence: "A member begins to read a partition at the offset that it was told as that of its group, if it was told one.", Source: sourceProtocol + "OffsetFetch",
		Not: "that this is the latest: a coordinator may be deposed and not know it, or the answer be late.",
	},
	{
		ID: OffsetKept, Sentence: "Offsets are forgotten only after the time that they are kept for, which begins when the last member of the group is gone, and never while somebody reads the topic, unless it is deleted; a request deletes none that members read by.", Source: sourceKIP + "211, 496; KAFKA-8069",
		Not: "that offsets are forgotten in time; a clock that jumps moves the time.",
	},
	{
		ID: DeletionTold, Sentence: "Who is told that a group is deleted, or an offset, will find none, with the next coordinator either.", Source: sourceKIP + "229, 496",
		Not: "that nobody commits another; or that what a coordinator was not told the outcome of, and did not serve, is deleted as well.",
	},
	{
		ID: StoredOffset, Sentence: "A client of znodes is told of what was written to the znode, and of nothing older than its broker wrote or read there last.", Source: sourceProtocol + "offsets.storage=zookeeper",
		Not: "that another broker's write is seen at once, or that a member's generation is looked at.",
	},
}

// sentences has the sentence of each guarantee.
var sentences = func() map[string]string {
	m := map[string]string{}
	for _, g := range Guarantees {
		m[g.ID] = g.Sentence
	}
	return m
}()
