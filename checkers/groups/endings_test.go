package groups

// leftAt5 begins a scene with a group without members that is at offset 5 of t-0.
const leftAt5 = `
	elect b1 1
	b1 loads 1
	b1 commits -1 nobody t-0=5`

// goodEndings are scenes of what goes and of what is told of groups, that break nothing.
var goodEndings = []struct{ name, scene string }{
	{"a group is deleted, told so, and gone", leftAt5 + `
		b1 forgets t-0 group-deleted
		b1 dies
		b1 buries
		commit
		b1 deleted
		b1 describes Dead
		b1 lists
		b1 says t-0=-1
		elect b2 2
		b2 loads 2
		b2 says t-0=-1`},
	{"a group is deleted, and another of its name before its client is told", leftAt5 + `
		b1 forgets t-0 group-deleted
		b1 dies
		b1 buries
		b1 takes -1 nobody t-0=7
		commit
		b1 deleted
		b1 acks nobody
		b1 says t-0=7`},
	{"an offset is deleted that nobody reads by", leftAt5 + `
		b1 erases t-0
		commit
		b1 forgets t-0 deleted
		b1 deleted t-0 t-1`},
	{"an offset is deleted right behind a commit", leftAt5 + `
		b1 takes -1 nobody t-0=6
		b1 erases t-0
		commit
		b1 acks nobody
		b1 forgets t-0 deleted
		b1 deleted t-0`},
	{"an offset expires, and another is committed", leftAt5 + `
		wait 1h
		b1 forgets t-0 expired
		b1 erases t-0
		b1 takes -1 nobody t-0=6
		commit
		b1 acks nobody`},
	{"a member beats, and is out a session later", formed + `
		wait 9s
		a beats at b1 and hears after 1s
		wait 9500ms
		b1 drops a expired`},
	{"a member beats at a coordinator that is deposed", formed + `
		elect b2 2
		b2 loads 2
		wait 9s
		a beats at b1 and hears after 1s
		wait 1500ms
		b2 drops a expired`},
	{"groups are described and listed as they are", formed + `
		b1 describes Stable a:t-0 b:t-1
		b1 lists Stable
		b1 rebalances
		b1 describes PreparingRebalance a:nothing b:nothing c:nothing
		b1 starts 2 a,c
		b1 describes CompletingRebalance a:nothing c:nothing
		b1 lists CompletingRebalance
		b1 shares 2 a:t-0 c:t-1
		b1 describes Stable a:t-0 c:t-1`},
}

// badEndings are such scenes whose last line, and no other, breaks a guarantee.
var badEndings = []struct{ name, falls, scene string }{
	{"a group with members is deleted", GroupKept, formed + `
		b1 dies`},
	{"a group is deleted while members join", GroupKept, leftAt5 + `
		b1 forgets t-0 group-deleted
		b1 rebalances
		b1 dies`},
	{"a group ends with an offset", OffsetKept, leftAt5 + `
		b1 dies`},
	{"an offset is deleted that members read by", OffsetKept, formed + `
		b1 commits 1 a t-0=5
		b1 erases t-0`},
	{"an offset expires behind one that is on its way", OffsetKept, leftAt5 + `
		wait 1h
		b1 takes -1 nobody t-0=6
		b1 forgets t-0 expired
		b1 erases t-0
		commit
		b1 acks nobody`},
	{"a group is deleted with an offset on its way", OffsetTold, leftAt5 + `
		b1 takes -1 nobody t-1=6
		b1 forgets t-0 group-deleted
		b1 dies
		commit
		b1 acks nobody
		b1 says t-1=-1`},
	{"a group is said to be deleted before that is committed", DeletionTold, leftAt5 + `
		b1 forgets t-0 group-deleted
		b1 dies
		b1 buries
		b1 deleted`},
	{"a group is said to be deleted, and its offsets are in the log", DeletionTold, leftAt5 + `
		b1 forgets t-0 group-deleted
		b1 dies
		commit
		b1 deleted`},
	{"a group is said to be deleted that is there", DeletionTold, leftAt5 + `
		b1 buries
		commit
		b1 deleted`},
	{"an offset is said to be deleted that is there", DeletionTold, leftAt5 + `
		b1 erases t-0
		commit
		b1 deleted t-0`},
	{"an offset is said to be deleted that is in the log", DeletionTold, leftAt5 + `
		b1 forgets t-0 deleted
		b1 deleted t-0`},
	{"a member is out whose heartbeats were answered", MemberKept, formed + `
		wait 9s
		a beats at b1 and hears after 1s
		wait 2s
		b1 drops a expired`},
	{"a member is out while it waits for the next generation", MemberKept, formed + `
		b1 again a +t-0
		b1 rebalances
		wait 20s
		b1 drops a expired`},
	{"an offset is said to be older than it is", OffsetKept, formed + `
		b1 predates 1 a t-0=5`},
	{"an offset expires with the time that its group had members under another coordinator", OffsetKept, formed + `
		b1 commits 1 a t-0=5
		wait 9s
		b1 hears a
		b1 hears b
		wait 2s
		b1 drops a left
		b1 drops b left
		b1 begins 2
		b1 writes 2
		commit
		elect b2 2
		b2 loads 2
		wait 50s
		b2 forgets t-0 expired`},
	{"a group is said to be in another state", GroupTold, formed + `
		b1 describes Empty`},
	{"a group with offsets is said not to be", GroupTold, leftAt5 + `
		b1 describes Dead`},
	{"a group is said to have a member that it does not have", GroupTold, formed + `
		b1 describes Stable a:t-0 c:t-1`},
	{"a member is left out of what is said of its group", GroupTold, formed + `
		b1 describes Stable a:t-0`},
	{"a member is said to have another's share", GroupTold, formed + `
		b1 describes Stable a:t-0 b:t-0`},
	{"a group is not listed", GroupTold, formed + `
		b1 lists`},
	{"a group is listed in another state", GroupTold, formed + `
		b1 lists Empty`},
	{"a coordinator lists what it has not read", OneCoordinator, formed + `
		elect b2 2
		b2 loading 2
		b2 lists Stable`},
}
