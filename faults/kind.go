package faults

import (
	"slices"
	"strings"
)

// Kind describes one kind of fault.
type Kind struct {
	// Name is what plans write, Doc says what it does, Example is a line of it.
	Name, Doc, Example string
	// needs and takes name the arguments it must and may have.
	needs, takes []string
	// splits allows targets that split a group; processes allows the others.
	splits, processes bool
}

var triggerArgs = []string{"when", "about", "after", "within"}

// Names of the kinds.
const (
	Crash     = "crash"
	Pause     = "pause"
	Partition = "partition"
	Isolate   = "isolate"
	OneWay    = "one-way"
	Cut       = "cut"
	Slow      = "slow"
	Skew      = "skew"
	Drift     = "drift"
	FailSync  = "fail-sync"
	FullDisk  = "full-disk"
	SlowDisk  = "slow-disk"
	Rot       = "rot"
	Wipe      = "wipe"
	Stop      = "stop"
)

// Kinds lists every kind of fault.
var Kinds = []Kind{
	{
		Name: Crash, processes: true, takes: append([]string{"keep", "restart", "effects"}, triggerArgs...),
		Doc:     "the process dies; keep says what survives of its unsynced data (all, torn, arbitrary, lose), restart when it boots again",
		Example: "fault 2s crash actor(zk) keep=arbitrary restart=1s when=zk.committed after=3 effects=2 within=5s",
	},
	{
		Name: Pause, processes: true, takes: append([]string{"for"}, triggerArgs...),
		Doc:     "the process stands still, as under SIGSTOP or a long collection, while its clocks go on",
		Example: "fault 5s pause leader(zk) for=2s",
	},
	{
		Name: Partition, processes: true, splits: true, takes: append([]string{"for", "port"}, triggerArgs...),
		Doc:     "the target and the rest of its group do not hear each other, or the group is split as the target says; other groups notice nothing",
		Example: "fault 3s partition halves(zk,4) for=4s",
	},
	{
		Name: Isolate, processes: true, takes: append([]string{"for", "port"}, triggerArgs...),
		Doc:     "nobody at all hears the target and it hears nobody",
		Example: "fault 3s isolate leader(zk) for=2.5s port=quorum",
	},
	{
		Name: OneWay, needs: []string{"from", "to"}, takes: append([]string{"for", "port"}, triggerArgs...),
		Doc:     "what one process sends to another does not arrive; the opposite direction works",
		Example: "fault 3s one-way from=zk1 to=leader(zk) for=1s",
	},
	{
		Name: Cut, processes: true, takes: append([]string{"port"}, triggerArgs...),
		Doc:     "every live connection of the target breaks at an arbitrary message; new ones may be opened at once",
		Example: "fault 4s cut any(zk,1) port=quorum",
	},
	{
		Name: Slow, processes: true, needs: []string{"add"}, takes: append([]string{"for", "port"}, triggerArgs...),
		Doc:     "every message from and to the target takes longer by a time between two bounds",
		Example: "fault 5s slow leader(zk) for=3s add=50ms..400ms",
	},
	{
		Name: Skew, processes: true, needs: []string{"jump"}, takes: triggerArgs,
		Doc:     "the target's wall clock jumps and stays there",
		Example: "fault 6s skew zk3 jump=-5s",
	},
	{
		Name: Drift, processes: true, needs: []string{"ppm"}, takes: append([]string{"for"}, triggerArgs...),
		Doc:     "the target's clocks run faster or slower by parts per million",
		Example: "fault 6s drift zk2 for=8s ppm=20000",
	},
	{
		Name: FailSync, processes: true, takes: append([]string{"file", "for"}, triggerArgs...),
		Doc:     "the target's next sync of such a file fails, once, and what it covered is gone when the process is, as the kernel takes it for written",
		Example: "fault 3s fail-sync leader(zk) for=2s file=log",
	},
	{
		Name: FullDisk, processes: true, takes: append([]string{"for"}, triggerArgs...),
		Doc:     "the target's disk has no room: writes put down a part of what they should and fail, and so does cutting a file",
		Example: "fault 3s full-disk any(zk,1) for=2s",
	},
	{
		Name: SlowDisk, processes: true, needs: []string{"add"}, takes: append([]string{"file", "for"}, triggerArgs...),
		Doc:     "the target's syncs of such files take longer by a time between two bounds, and those of other files overtake them",
		Example: "fault 3s slow-disk follower(zk) for=4s file=log add=100ms..2s",
	},
	{
		Name: Rot, processes: true, takes: append([]string{"file", "for"}, triggerArgs...),
		Doc:     "a bit is flipped in a synced file of the target, for whoever reads it, until it is repaired from a mirror; never in the last record of a log, whose damage nobody can tell from a crash",
		Example: "fault 3s rot zk2 for=4s file=snapshot",
	},
	{
		Name: Wipe, processes: true, takes: append([]string{"restart"}, triggerArgs...),
		Doc:     "the process dies and loses its disk for good: when it boots again, after restart, it finds a bare one",
		Example: "fault 3s wipe zk2 restart=1s",
	},
	{
		Name: Stop, processes: true, takes: append([]string{"restart"}, triggerArgs...),
		Doc:     "the process is asked to end, as by SIGTERM: a broker gives its leaderships away and closes its logs first, others just die; restart says how long after its end it boots again",
		Example: "fault 3s stop controller(broker) restart=500ms",
	},
}

// LookupKind finds a kind by name.
func LookupKind(name string) (Kind, bool) {
	for _, k := range Kinds {
		if k.Name == name {
			return k, true
		}
	}
	return Kind{}, false
}

func kindNames() string {
	names := make([]string, len(Kinds))
	for i, k := range Kinds {
		names[i] = k.Name
	}
	return strings.Join(names, ", ")
}

// ailment reports whether a kind is one of disks.
func ailment(kind string) bool {
	return kind == FailSync || kind == FullDisk || kind == SlowDisk || kind == Rot
}

// allows reports whether the kind may have the argument.
func (k Kind) allows(arg string) bool {
	return slices.Contains(k.takes, arg) || slices.Contains(k.needs, arg)
}
