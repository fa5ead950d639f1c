package groups

import (
	"slices"
	"strings"
	"testing"
)

// formed is a group of a and b in its first generation, coordinated by b1.
const formed = `
	elect b1 1
	b1 loads 1
	b1 rebalances
	b1 starts 1 a,b
	b1 joins 1 b
	b1 shares 1 a:t-0 b:t-1
	b1 tells 1 a:t-0
	b1 tells 1 b:t-1
`

// good are scenes that are odd and legal.
var good = []struct{ name, scene string }{
	{"a group forms, reads and commits", formed + `
		a owns 1 t-0
		b owns 1 t-1
		b1 commits 1 a t-0=5
		b1 says t-0=5 t-1=-1
		rest`},
	{"an empty group is somebody's who assigns itself", `
		elect b1 1
		b1 loads 1
		b1 commits -1 nobody t-0=5
		b1 says t-0=5`},
	{"a member does not join again, and was waited for", formed + `
		wait 1s
		b1 rebalances
		wait 20s
		b1 drops b not-rejoined
		b1 starts 2 a
		b1 shares 2 a:t-0,t-1`},
	{"a coordinator that hung has not noticed that a member is silent", formed + `
		wait 30s
		b1 hears a
		wait 1s
		b1 hears a
		wait 1s
		b1 hears a`},
	{"a member is silent while it waits for others", formed + `
		b1 rebalances` + strings.Repeat(`
		wait 1s
		b1 says t-0=-1`, 20)},
	{"a leader was told of one partition of two", formed + `
		b1 rebalances
		b1 starts 2 a,b
		b1 shares 2 a:t-0*1 b:nothing`},
	{"a leader has heard of a partition that was added", formed + `
		b1 rebalances
		b1 starts 2 a,b
		b1 shares 2 a:t-0*3 b:t-1,t-2
		rest`},
	{"members commit what they have read while they are asked to join", formed + `
		b1 rebalances
		b1 commits 1 b t-1=7`},
	{"members are heard, also while they are to join, until they leave", formed + `
		b1 nods 1 a
		b1 rebalances
		b1 nods 1 b
		b1 drops b left
		b1 leaves b
		b1 starts 2 a
		b1 nods 2 a`},
	{"a member whose answer was lost joins again", formed + `
		b1 again b
		b1 joins 1 b
		b1 again b +t-0
		b1 rebalances
		b1 starts 2 a,b`},
	{"a new coordinator has everything", formed + `
		b1 commits 1 a t-0=5
		b1 crashes
		elect b2 2
		b2 loads 2
		b2 says t-0=5
		b2 tells 1 a:t-0
		b2 commits 1 b t-1=3
		b2 rebalances
		b2 starts 2 a
		b2 shares 2 a:t-0,t-1
		b2 tells 2 a:t-0,t-1`},
	{"a generation that only its coordinator knew is given again", formed + `
		b1 rebalances
		b1 starts 2 a,b
		b1 joins 2 a
		b1 rebalances
		b1 starts 3 a,b
		b1 writes 3 a:t-0 b:t-1
		elect b2 2
		b2 loads 2
		b2 rebalances
		b2 starts 2 a
		b2 shares 2 a:t-0,t-1
		b2 tells 2 a:t-0,t-1`},
	{"a commit whose outcome nobody was told turns up with the next coordinator", formed + `
		b1 commits 1 a t-0=5
		b1 takes 1 a t-0=6
		elect b2 2 keeping
		commit
		b2 loads 2
		b2 says t-0=6
		b1 says t-0=5`},
	{"a commit is told that is committed, before its member is", formed + `
		b1 commits 1 a t-0=5
		b1 takes 1 a t-0=6
		commit
		b1 says t-0=6`},
	{"the offsets of a group expire when nobody has been in it for long enough", formed + `
		b1 commits 1 a t-0=5
		wait 9s
		b1 hears a
		b1 hears b
		wait 2s
		b1 drops a left
		b1 drops b left
		b1 begins 2
		wait 1m
		b1 forgets t-0 expired`},
	{"members begin where their group is, or where they like if it has been nowhere", formed + `
		b1 commits 1 a t-0=5
		b1 says t-0=5 t-1=-1
		a reads on t-0 told 5 at 5
		b reads on t-1 told -1 at -1`},
	{"a static member has a share of a generation that it has not joined", `
		elect b1 1
		b1 loads 1
		b1 begins 1 a,b
		b1 joins 1 a leads
		b1 shares 1 a:t-0 b/one:t-1`},
	{"a coordinator that is deposed and does not know it tells old offsets and old shares", formed + `
		b1 commits 1 a t-0=5
		elect b2 2
		b2 loads 2
		b2 commits 1 a t-0=6
		b2 rebalances
		b2 starts 2 b
		b2 shares 2 b:t-0,t-1
		b2 tells 2 b:t-0,t-1
		b1 says t-0=5
		b1 tells 1 a:t-0`},
	{"shares wait long for the log", formed + `
		b1 rebalances
		b1 starts 2 a,b` + strings.Repeat(`
		wait 1s
		b1 hears b`, 13) + `
		b1 shares 2 a:t-0 b:t-1
		b1 tells 2 a:t-0
		b1 tells 2 b:t-1`},
	{"a member has come back, and its new ID waits long for the log", formed + `
		b1 renames a to c` + strings.Repeat(`
		wait 1s
		b1 hears b`, 13)},
	{"a static member returns, and keeps its share", `
		elect b1 1
		b1 loads 1
		b1 starts 1 a
		b1 shares 1 a/one:t-0,t-1
		b1 tells 1 a/one:t-0,t-1
		b1 renames a to c
		b1 writes 1 c/one:t-0,t-1
		commit
		b1 joins 1 c
		b1 tells 1 c/one:t-0,t-1
		c owns 1 t-0 t-1
		b1 commits 1 c t-0=5`},
	{"a static member's new ID that it was never told is forgotten with its coordinator", `
		elect b1 1
		b1 loads 1
		b1 starts 1 a
		b1 shares 1 a/one:t-0,t-1
		b1 tells 1 a/one:t-0,t-1
		b1 renames a to c
		elect b2 2
		b2 loads 2
		b2 commits 1 a t-0=5`},
	{"what a member has yet to give up is nobody's", formed + `
		b1 rebalances
		b1 starts 2 a,b
		b1 writes 2 a:t-0+t-0 b:nothing+t-1
		commit
		b1 assigns 2 a:t-0 b:nothing`},
	{"who was silent for a session is out, and so is who was for longer", formed + `
		wait 9s
		b1 hears b
		wait 1s
		b1 drops a expired
		wait 1h
		b1 drops b expired`},
	{"offsets of a group that is gone expire", `
		elect b1 1
		b1 loads 1
		b1 commits -1 nobody t-0=5
		wait 1m
		b1 forgets t-0 expired
		b1 says t-0=-1`},
	{"a topic is deleted", formed + `
		b1 commits 1 a t-0=5
		delete
		b1 forgets t-0 topic-deleted`},
	{"a group ends, and one of its name begins", formed + `
		b1 drops a left
		b1 drops b left
		b1 starts 2
		b1 dies
		b1 buries
		commit
		b1 starts 1 c
		b1 shares 1 c:t-0,t-1
		b1 tells 1 c:t-0,t-1
		elect b2 2
		b2 loads 2
		b2 commits 1 c t-0=1`},
	{"after a loss that is explained nobody is blamed for what is lost", formed + `
		b1 commits 1 a t-0=5
		b1 takes 1 a t-0=6
		commit
		lose
		b1 acks a
		elect b2 2
		b2 loads 2
		b2 says t-0=5`},
	{"an assignment is lost in a way that is explained, and its generation is given again", formed + `
		lose
		elect b2 2
		b2 loads 2
		b2 starts 1 c
		b2 shares 1 c:t-0,t-1
		b2 tells 1 c:t-0,t-1`},
	{"a log that could not be read says nothing of what is served", formed + `
		b1 commits 1 a t-0=5
		elect b2 2
		b2 loading 2
		b2 damaged
		b2 loaded 2 but nothing
		b2 says t-0=-1
		b2 starts 1 c`},
	{"offsets in znodes are told as they are, or as they were", `
		b1 reads t-0=-1
		put t-0=5
		b1 stored t-0=5
		put t-0=6
		b2 reads t-0=5
		b2 reads t-0=6
		b1 reads t-0=5
		b2 expires
		b2 reads t-0=5`},
}

// bad are scenes whose last line, and no other, breaks a guarantee.
var bad = []struct{ name, falls, scene string }{
	{"one partition for two", OneOwner, formed + `
		b1 rebalances
		b1 starts 2 a,b
		b1 shares 2 a:t-0,t-1 b:t-1`},
	{"two coordinators tell different shares of one generation", OneOwner, formed + `
		elect b2 2
		b2 loads 2
		b2 renames a to b # or so it says
		b2 tells 1 b:t-0`},
	{"a generation begins without a member that was not waited for", MemberAwaited, formed + `
		wait 1s
		b1 rebalances
		wait 19s
		b1 drops b not-rejoined`},
	{"a partition is given that there is not", AssignedThere, formed + `
		b1 rebalances
		b1 starts 2 a,b
		b1 shares 2 a:t-0*2 b:t-1,t-2`},
	{"a member that is silent stays", MemberLost, formed + strings.Repeat(`
		wait 1s
		b1 hears a`, 13)},
	{"a member that a new coordinator has read of stays", MemberLost, formed + `
		b1 crashes
		elect b2 2
		b2 loads 2` + strings.Repeat(`
		wait 1s
		b2 hears a`, 13)},
	{"a partition is left out that its leader has heard of", AllAssigned, formed + `
		b1 rebalances
		b1 starts 2 a,b
		b1 shares 2 a:t-0*3 b:t-1`},
	{"a topic is left out that its leader has heard of", AllAssigned, formed + `
		b1 rebalances
		b1 starts 2 a,b
		b1 shares 2 a:nothing*1 b:nothing`},
	{"a partition is left out", AllAssigned, formed + `
		b1 rebalances
		b1 starts 2 a
		b1 shares 2 a:t-0`},
	{"a member reads on what it had", OwnGeneration, formed + `
		a owns 1 t-0
		b1 rebalances
		b1 starts 2 a,b
		b1 shares 2 a:t-1 b:t-0
		b1 tells 2 a:t-1
		a owns 2 t-0 t-1`},
	{"a member reads what it was never told", OwnGeneration, formed + `
		c owns 1 t-0`},
	{"a partition goes to another while its owner has it", OneOwner, formed + `
		b1 rebalances
		b1 starts 2 a,b
		b1 shares 2 a:t-0,t-1 b:nothing+t-1`},
	{"a member has given something up and is told that all is as before", JoinHeeded, formed + `
		b1 again b +t-0
		b1 joins 1 b`},
	{"the leader has not joined", LeaderPresent, formed + `
		b1 rebalances
		b1 begins 2 a,b
		b1 joins 2 b
		b1 hears b`},
	{"members are told an assignment that is not committed", AssignmentLogged, formed + `
		b1 rebalances
		b1 starts 2 a
		b1 writes 2 a:t-0,t-1
		b1 assigns 2 a:t-0,t-1`},
	{"the log has another assignment", AssignmentLogged, formed + `
		b1 rebalances
		b1 starts 2 a,b
		b1 writes 2 a:t-0 b:t-1
		commit
		b1 assigns 2 a:t-1 b:t-0`},
	{"a member is told another's share", AssignmentLogged, formed + `
		b1 tells 1 a:t-1`},
	{"a member is told a share while the group rebalances", AssignmentLogged, formed + `
		b1 rebalances
		b1 tells 1 a:t-0`},
	{"a member is out that has just been told its share", MemberKept, `
		elect b1 1
		b1 loads 1
		b1 starts 1 a
		b1 joins 1 a
		wait 8s
		b1 shares 1 a:t-0,t-1
		b1 tells 1 a:t-0,t-1
		wait 2s
		b1 drops a expired`},
	{"a new coordinator takes a member for silent since before its time", MemberKept, formed + `
		wait 8s
		elect b2 2
		b2 loads 2
		wait 3s
		b2 drops a expired`},
	{"a generation is left out", GenerationGrows, formed + `
		b1 starts 3 a,b`},
	{"a coordinator starts a generation that has been", GenerationGrows, formed + `
		elect b2 2
		b2 loads 2
		b2 starts 1 a`},
	{"a member is told that it is in a generation that it is not in", GenerationGrows, formed + `
		b1 joins 1 c`},
	{"a member of the generation before is told its share of this one", MemberFenced, formed + `
		b1 rebalances
		b1 starts 2 a,b
		b1 shares 2 a:t-0 b:t-1
		b1 answers 2 1 a:t-0`},
	{"a member of the generation before is heard", MemberFenced, formed + `
		b1 rebalances
		b1 starts 2 a,b
		b1 nods 1 a`},
	{"a member that is out is heard", MemberFenced, formed + `
		b1 drops b left
		b1 nods 1 b`},
	{"a member that is told that it has left is still in", MemberFenced, formed + `
		b1 leaves b`},
	{"a member of the generation before commits", CommitFenced, formed + `
		b1 rebalances
		b1 starts 2 b
		b1 shares 2 b:t-0,t-1
		b1 takes 1 a t-0=5`},
	{"a member that is out commits", CommitFenced, formed + `
		b1 drops a left
		b1 takes 1 a t-0=5`},
	{"somebody commits in a group with members", CommitFenced, formed + `
		b1 takes -1 nobody t-0=5`},
	{"a member commits before the new generation is assigned anything", CommitFenced, formed + `
		b1 rebalances
		b1 starts 2 a,b
		b1 takes 2 a t-0=5`},
	{"a static member is told a new ID that is not in the log", InstanceFenced, `
		elect b1 1
		b1 loads 1
		b1 starts 1 a
		b1 shares 1 a/one:t-0,t-1
		b1 renames a to c
		b1 joins 1 c`},
	{"a static member's old self is served", InstanceFenced, `
		elect b1 1
		b1 loads 1
		b1 starts 1 a
		b1 shares 1 a/one:t-0,t-1
		b1 renames a to c
		b1 writes 1 c/one:t-0,t-1
		commit
		b1 joins 1 c
		b1 hears a`},
	{"two coordinate in one epoch", OneCoordinator, `
		elect b1 1
		b1 loads 1
		b2 loading 1`},
	{"an election is heard of late", OneCoordinator, `
		elect b1 1
		elect b1 3
		b1 loads 3
		b1 loading 1`},
	{"a coordinator answers before it has read its log", OneCoordinator, formed + `
		elect b2 2
		b2 loading 2
		b2 says t-0=-1`},
	{"a coordinator that knows that it is deposed answers", OneCoordinator, formed + `
		b1 unloads 1
		b1 says t-0=-1`},
	{"a coordinator writes without leading", OneCoordinator, formed + `
		b2 writes 2 a:t-0`},
	{"a commit is acknowledged before it is committed", CommitLogged, formed + `
		b1 takes 1 a t-0=5
		b1 acks a`},
	{"a deposed coordinator acknowledges what is cut off", CommitLogged, formed + `
		b1 takes 1 a t-0=5
		elect b2 2
		b2 loads 2
		b2 commits 1 b t-1=1
		b1 acks a`},
	{"what may come to nothing is served after a move", LoadedWhole, formed + `
		b1 commits 1 a t-0=5
		b1 takes 1 a t-0=6
		elect b2 2 keeping
		b2 loads 2`},
	{"an offset is missing after a move", LoadedWhole, formed + `
		b1 commits 1 a t-0=5
		elect b2 2
		b2 loads 2 but t-0=-1`},
	{"an offset is an old one after a move", LoadedWhole, formed + `
		b1 commits 1 a t-0=5
		b1 commits 1 a t-0=6
		elect b2 2
		b2 loads 2 but t-0=5`},
	{"an offset that was deleted is back after a move", LoadedWhole, `
		elect b1 1
		b1 loads 1
		b1 commits -1 nobody t-0=5
		b1 buries
		commit
		elect b2 2
		b2 loads 2 but t-0=5`},
	{"a group is an old one after a move", LoadedWhole, formed + `
		elect b2 2
		b2 loads 2 but generation=7`},
	{"a group is missing after a move", LoadedWhole, formed + `
		elect b2 2
		b2 loads 2 but nothing`},
	{"an old offset is told", OffsetTold, formed + `
		b1 commits 1 a t-0=5
		b1 commits 1 a t-0=6
		b1 says t-0=5`},
	{"a member was told where its group is, and begins elsewhere", BeginsWhereTold, formed + `
		b1 commits 1 a t-0=5
		b1 says t-0=5
		a reads on t-0 told 5 at -1`},
	{"a member was told that its group has been nowhere, and begins somewhere", BeginsWhereTold, formed + `
		b1 says t-0=-1
		a reads on t-0 told -1 at 5`},
	{"a member begins where nobody has said that its group is", BeginsWhereTold, formed + `
		b1 commits 1 a t-0=5
		b1 says t-0=5
		a reads on t-0 told 4 at 4`},
	{"an offset is told before it is committed", OffsetTold, formed + `
		b1 commits 1 a t-0=5
		b1 takes 1 a t-0=6
		b1 says t-0=6`},
	{"an offset expires with the time that its group had members", OffsetKept, formed + `
		b1 commits 1 a t-0=5
		wait 9s
		b1 hears a
		b1 hears b
		wait 2s
		b1 drops a left
		b1 drops b left
		b1 begins 2
		wait 50s
		b1 forgets t-0 expired`},
	{"an offset expires while its group rebalances", OffsetKept, formed + `
		b1 commits 1 a t-0=5
		b1 rebalances
		wait 1h
		b1 forgets t-0 expired`},
	{"a generation has a member that did not join it", GenerationGrows, `
		elect b1 1
		b1 loads 1
		b1 begins 1 a,b
		b1 joins 1 a leads
		b1 shares 1 a:t-0 b:t-1`},
	{"an offset is told that nobody committed", OffsetTold, formed + `
		b1 says t-0=5`},
	{"an offset expires too early", OffsetKept, `
		elect b1 1
		b1 loads 1
		b1 commits -1 nobody t-0=5
		wait 59s
		b1 forgets t-0 expired`},
	{"an offset expires that members go by", OffsetKept, formed + `
		b1 commits 1 a t-0=5
		wait 1h
		b1 forgets t-0 expired`},
	{"an offset is forgotten as of a topic that is there", OffsetKept, formed + `
		b1 commits 1 a t-0=5
		b1 forgets t-0 topic-deleted`},
	{"an offset is said to be stored and is not", StoredOffset, `
		b1 stored t-0=5`},
	{"a broker reads in a znode what was there before it wrote", StoredOffset, `
		put t-0=5
		put t-0=6
		b1 stored t-0=6
		b1 reads t-0=5`},
}

// TestGoodScenes: nobody is blamed for what Kafka allows.
func TestGoodScenes(t *testing.T) {
	for _, g := range slices.Concat(good, goodEndings) {
		t.Run(g.name, func(t *testing.T) {
			s := newStage(t)
			s.play(g.scene)
			if f := s.c.Finding(); f != nil {
				t.Errorf("%s falls: %s %v", f.Guarantee, f.Explanation, f.Evidence)
			}
		})
	}
}

// TestBadScenes: each breaks what it should with its last line, and nothing before.
func TestBadScenes(t *testing.T) {
	for _, b := range slices.Concat(bad, badEndings) {
		t.Run(b.name, func(t *testing.T) {
			s := newStage(t)
			lines := strings.Split(strings.TrimSpace(b.scene), "\n")
			s.play(strings.Join(lines[:len(lines)-1], "\n"))
			if f := s.c.Finding(); f != nil {
				t.Fatalf("falls before its last line: %s: %s %v", f.Guarantee, f.Explanation, f.Evidence)
			}
			s.play(lines[len(lines)-1])
			if f := s.c.Finding(); f == nil || f.Guarantee != b.falls {
				t.Fatalf("got %+v, want %s to fall", f, b.falls)
			}
		})
	}
}

// TestEveryGuaranteeCanFall: a rule that no scene breaks may as well not be there.
func TestEveryGuaranteeCanFall(t *testing.T) {
	broken := map[string]bool{}
	for _, b := range slices.Concat(bad, badEndings) {
		broken[b.falls] = true
	}
	for _, g := range Guarantees {
		if !broken[g.ID] {
			t.Errorf("no scene breaks %s", g.ID)
		}
	}
}

// TestPending: a cluster is not at rest while a group rebalances, or has no coordinator.
func TestPending(t *testing.T) {
	for scene, want := range map[string]string{
		"elect b1 1": "b1 does not coordinate __consumer_offsets-0 in epoch 1",
		"elect b1 1\n b1 loads 1\n b1 rebalances": "group g is preparing a rebalance",
		formed: "",
		formed + "b1 rebalances\n b1 starts 2 a,b\n b1 shares 2 a:t-0 b:nothing+t-1": "generation 2 of group g leaves t-1 to nobody",
		formed + "b1 rebalances\n b1 starts 2 a,b\n b1 shares 2 a:t-0*1 b:nothing":   "generation 2 of group g leaves t-1 to nobody",
	} {
		s := newStage(t)
		s.play(scene)
		if got := s.c.Pending(); got != want {
			t.Errorf("after %q it waits for %q, want %q", scene, got, want)
		}
	}
}
