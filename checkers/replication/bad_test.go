package replication

import (
	"slices"
	"testing"
)

// badScene falls by the guarantee named, at its last line and not before.
type badScene struct{ name, falls, scene string }

// bad are the bad scenes about the life of a partition; badCleaning and badRequests are the
// others.
var bad = []badScene{
	{"success is told before the followers have the record", AckCommitted, usual + `
		b1 appends 0..0
		b1 acks 0`},
	{"success is told of a record that another leader has overwritten", AckCommitted, usual + `
		commit 0..1
		b1 appends 2..2
		elect b2 epoch 2 isr b1,b2
		b2 leads
		b1 follows
		b1 cuts 2
		commit 2..2
		elect b1 epoch 3 isr b1,b2
		b1 leads
		b1 acks 2 epoch 1`},
	{"success is told with too few in sync", AckMinInsync, `config min.insync.replicas=2` + usual + `
		b1 appends 0..0
		b1 hears b2 at 1
		b1 hears b3 at 1
		b2 copies 0..0
		b3 copies 0..0
		b1 marks 1
		b1 proposes b1
		isr b1
		b1 knows b1 version 1
		b1 acks 0`},
	{"a record is committed with too few in sync", CommitMinInsync, `config min.insync.replicas=2` + usual + `
		b1 proposes b1
		isr b1
		b1 knows b1 version 1
		b1 appends 0..0
		b1 marks 1`},
	{"a follower is behind for long, and still in sync", LaggardsLeave, usual + `
		commit 0..0
		b1 appends 1..1
		b1 hears b2 at 2
		wait
		b1 hears b2 at 2
		wait
		b1 hears b2 at 2
		wait
		b1 hears b2 at 2
		wait
		b1 hears b2 at 2
		wait
		b1 hears b2 at 2`},
	{"a follower is put out that has just caught up", LaggardsLeave, usual + `
		commit 0..0
		wait
		wait
		b1 hears b2 at 1
		b1 appends 1..1
		b1 proposes b1,b3 early`},
	{"a follower is told a lower high watermark than before", MarkFollowed, usual + `
		commit 0..0
		commit 1..1
		b2 believes 2
		b2 believes 1`},
	{"a broker finds a high watermark that it never had", HighWatermarkGrows, usual + `
		commit 0..0
		b2 believes 1
		b1 appends 1..1
		b2 copies 1..1
		b2 dies
		b2 opens 0..2 mark 2`},
	{"a leader tells an end beyond what is committed", EndTold, usual + `
		commit 0..0
		b1 appends 1..1
		b1 tells 2`},
	{"a follower lets its log begin where that of its leader does not", LogStart, usual + `
		commit 0..3
		b1 forgets 2 why delete-records
		b2 believes 4
		b2 forgets 4`},
	{"a follower begins its log anew where that of its leader ends", LogStart, usual + `
		commit 0..3
		b1 forgets 2 why delete-records
		b3 starts-over 4`},
	{"a log begins behind records that nobody deleted", LogStart, usual + `
		commit 0..3
		b2 dies
		b2 opens 4..4 start 4`},
	{"a follower follows somebody who was not elected", OneLeaderPerEpoch, usual + `
		elect b2 epoch 2 isr b2,b3
		b3 follows epoch 2 whom b1`},
	{"a broker tells clients of a leader that no state znode named", MetadataTold, usual + `
		elect b2 epoch 2 isr b2,b3
		b3 informed leader b2 epoch 2 isr b2,b3 version 1
		b3 informed leader b1 epoch 2 isr b2,b3 version 1`},
	{"a broker tells clients of in-sync replicas of another version", MetadataTold, usual + `
		isr b1,b2
		b3 informed leader b1 epoch 1 isr b1,b2,b3 version 1`},
	{"a broker tells clients for long of who led before", MetadataTold, usual + `
		rest
		b3 deaf
		elect b2 epoch 2 isr b1,b2,b3
		b2 leads
		b1 follows epoch 2
		b3 follows epoch 2
		unrest
		wait
		wait
		wait
		unrest`},
	{"a leader begins with in-sync replicas of another version", StateCAS, usual + `
		elect b2 epoch 2 isr b2,b3
		b2 leads isr b2,b3 version 0`},
	{"a record for all is taken with too few in sync", AppendMinInsync, `config min.insync.replicas=2` + usual + `
		b1 proposes b1
		isr b1
		b1 knows b1 version 1
		b1 appends 0..0
		b1 appends 1..1 acks -1`},
	{"a record for all is taken with too few in sync, and one on its way in", AppendMinInsync, `config min.insync.replicas=2` + usual + `
		b1 proposes b1
		isr b1
		b1 knows b1 version 1
		b1 hears b2 at 0
		b1 proposes b1,b2
		b1 appends 0..0 acks -1`},
	{"the leader changes and the epoch does not", LeaderEpochGrows, usual + `
		elect b2 epoch 1 isr b2,b3`},
	{"the leader epoch falls", LeaderEpochGrows, usual + `
		elect b2 epoch 2 isr b2,b3
		elect b3 epoch 1 isr b2,b3`},
	{"a broker takes itself for the controller of another's epoch", OneController, usual + `
		b2 rules epoch 1`},
	{"a leader leaves offsets out", Contiguous, usual + `
		b1 appends 1..1`},
	{"a follower takes a record over twice", Contiguous, usual + `
		b1 appends 0..0
		b2 copies 0..0
		b2 copies 0..0`},
	{"a leader goes on in its epoch after it has been told to follow", Contiguous, usual + `
		elect b2 epoch 2 isr b1,b2,b3
		b1 follows
		b1 appends 0..0 epoch 1`},
	{"a follower takes itself for the leader", OneLeaderPerEpoch, usual + `
		b2 leads epoch 1`},
	{"two append in an epoch", OneLeaderPerEpoch, usual + `
		b1 appends 0..0
		b2 appends 0..0`},
	{"a follower commits", OneLeaderPerEpoch, usual + `
		commit 0..0
		b2 marks 1 counting b2`},
	{"a leader's high watermark falls", HighWatermarkGrows, usual + `
		commit 0..3
		b1 marks 2`},
	{"a leader commits what it does not have", HighWatermarkGrows, usual + `
		b1 hears b2 at 5
		b1 hears b3 at 5
		b1 marks 5`},
	{"a follower takes for committed what is not", MarkFollowed, usual + `
		b1 appends 0..0
		b2 copies 0..0
		b2 believes 1`},
	{"a leader gives a consumer what is not committed", ReadsCommitted, usual + `
		commit 0..0
		b1 appends 1..1
		b1 serves 0..1`},
	{"a follower gives a consumer what it does not know to be committed", ReadsCommitted, usual + `
		commit 0..0
		b1 appends 1..1
		b2 copies 1..1
		b3 copies 1..1
		b1 hears b2 at 2
		b1 hears b3 at 2
		b1 marks 2
		b2 serves 1..1`},
	{"a consumer is sent to a replica that is out of sync", PreferredInSync, usual + `
		commit 0..0
		b1 proposes b1,b3
		isr b1,b3
		b1 knows b1,b3 version 1
		b1 sends b2 at 0`},
	{"a consumer is sent to a replica that has not got so far", PreferredInSync, usual + `
		commit 0..0
		b1 sends b2 at 2`},
	{"a follower sends a consumer elsewhere", PreferredInSync, usual + `
		commit 0..0
		b2 sends b3 at 0`},
	{"a new leader tells an end that is behind what was told before", EndTold, usual + `
		b1 appends 0..1
		b2 copies 0..1
		b3 copies 0..1
		b1 hears b2 at 2
		b1 hears b3 at 2
		b1 marks 2
		elect b2 epoch 2 isr b2,b3
		b2 leads
		b2 tells 0`},
	{"an in-sync replica cuts what is committed: truncation to its own high watermark", StrongIsr, usual + `
		commit 0..0
		b1 appends 1..1
		b2 copies 1..1
		b3 copies 1..1
		b1 hears b2 at 2
		b1 hears b3 at 2
		b1 marks 2
		b2 cuts 1`},
	{"a replica that is in sync has another record, which fooled its leader", StrongIsr, usual + `
		b1 appends 0..0 sum good
		b2 copies 0..0 sum good
		b3 copies 0..0 sum bad
		b1 hears b2 at 1
		b1 hears b3 at 1
		b1 marks 1`},
	{"a replica is deleted while in sync: an order meant for an earlier life", StrongIsr, usual + `
		commit 0..0
		b3 deletes`},
	{"a leader counts one replica too few", CountsInSync, usual + `
		b1 appends 0..0
		b2 copies 0..0
		b1 hears b2 at 1
		b1 marks 1 counting b1,b2`},
	{"a leader takes a refused write for done and counts the few it wanted", CountsInSync, usual + `
		b1 proposes b1
		b1 appends 0..0
		b1 marks 1 counting b1`},
	{"a leader counts a fetch of its last reign", MarkFetched, usual + `
		b1 appends 0..0
		b2 copies 0..0
		b3 copies 0..0
		b1 hears b2 at 1
		b1 hears b3 at 1
		elect b1 epoch 2 isr b1,b2,b3
		b1 leads
		b1 marks 1`},
	{"the high watermark is one beyond the slowest", MarkFetched, usual + `
		b1 appends 0..0
		b2 copies 0..0
		b1 hears b2 at 1
		b1 hears b3 at 0
		b1 marks 1`},
	{"one is in sync who is not assigned", IsrOfAssigned, usual + `
		isr b1,b2,b3,b4`},
	{"the preferred replica is elected and not in sync", LeaderInSync, usual + `
		isr b1,b2
		elect b3 epoch 2 isr b1,b2`},
	{"one is elected who was not in sync", ElectionClean, usual + `
		isr b1
		elect b3 epoch 2 isr b3`},
	{"unclean elections were allowed once, and are not any more", ElectionClean, `config unclean.leader.election.enable=true` + usual + `
		config unclean.leader.election.enable=false
		isr b1
		elect b3 epoch 2 isr b3`},
	{"the controller takes somebody in", LeaderExpands, usual + `
		isr b1
		elect b1 epoch 2 isr b1,b2`},
	{"one is taken in who is behind the high watermark", JoinerCaughtUp, usual + `
		isr b1,b2
		b1 knows b1,b2 version 1
		commit 0..3
		b1 hears b3 at 2
		b1 proposes b1,b2,b3`},
	{"one is taken in who has not all that the reign began with", JoinerCaughtUp, usual + `
		isr b1,b2
		b1 knows b1,b2 version 1
		commit 0..0
		b1 appends 1..5
		b2 copies 1..5
		elect b2 epoch 2 isr b1,b2
		b2 leads
		b2 hears b3 at 1
		b2 proposes b1,b2,b3`},
	{"a follower counts that is in a later reign than its leader", MarkFetched, usual + `
		b1 appends 0..0
		b2 copies 0..0
		b3 copies 0..0
		b1 hears b2 at 1
		b1 hears b3 at 1 epoch 2
		b1 marks 1`},
	{"one is taken in whose broker is known to be gone", JoinerLives, usual + `
		isr b1,b2
		b1 knows b1,b2 version 1
		b1 hears b3 at 0
		b1 lists b1,b2
		b1 proposes b1,b2,b3`},
	{"a leader that hears of its election late has cut what was committed before", LeaderCompleteness, usual + `
		commit 0..0
		elect b2 epoch 2 isr b1,b2,b3
		elect b3 epoch 3 isr b1,b3
		b2 cuts 0
		b2 leads epoch 2`},
	{"one is in sync again that cut its log when it was not", StrongIsr, usual + `
		commit 0..0
		isr b1,b2
		b3 cuts 0
		isr b1,b2,b3`},
	{"a crash took something, and a wrong truncation more", StrongIsr, usual + `
		commit 0..4
		commit 5..9
		b2 crashes
		b2 opens 0..5
		b2 follows
		b2 cuts 0`},
	{"a leader that hung commits what nothing took of who was elected, and committed something else", LogMatching, usual + `
		isr b1,b2
		b1 knows b1,b2 version 1
		b1 appends 0..0
		b2 copies 0..0
		b2 dies
		b2 opens 0..1
		elect b2 epoch 2 isr b2
		b2 cuts 0
		b2 leads
		b2 appends 0..0
		b2 marks 1
		b1 hears b2 at 1 life 0 epoch 1
		b1 marks 1 epoch 1`},
	{"a leader takes a version for what it is not", StateCAS, usual + `
		isr b1,b2
		b1 knows b1,b2,b3 version 1`},
	{"a leader says that somebody else wrote what it wrote itself", StateCAS, usual + `
		isr b1,b2
		b1 loses b1,b2 version 1`},
	{"the controller takes a version for what it is not", StateCAS, usual + `
		isr b1,b2
		b1 wrote b1,b2,b3 version 1 leader b1`},
	{"a controller that was replaced elects", ControllerFenced, usual + `
		controller b2
		elect b2 epoch 2 isr b2,b3 by b1`},
	{"a controller that was replaced moves a partition", ControllerFenced, usual + `
		controller b2
		topic b1,b2,b3,b4 adding b4 by b1`},
	{"a controller that was replaced deletes a topic", ControllerFenced, usual + `
		doomed
		controller b2
		gone by b1`},
	{"a broker obeys the last controller after the next", ControllerObeyed, usual + `
		b3 obeys 2
		b3 obeys 1`},
	{"a replica stops because a controller says so that was replaced", ControllerObeyed, usual + `
		b3 obeys 2
		b3 stops by 1`},
	{"a replica stops because a broker shall that it was before", ControllerObeyed, usual + `
		b3 registers 70
		b3 stops by 1 life 60`},
	{"a replica stops as of an earlier reign", ReplicaFenced, usual + `
		elect b2 epoch 2 isr b1,b2,b3
		b3 follows epoch 2
		b3 stops by 1 epoch 1`},
	{"a broker obeys what was meant for its last life", ControllerObeyed, usual + `
		b3 registers 70
		b3 obeys 1 life 60`},
	{"a broker obeys what its controller has given up waiting for", ControllerObeyed, usual + `
		b3 registers 60
		b3 obeys 1 life 60 number 9
		b3 registers 70
		b3 obeys 1 life 70 number 4
		b3 obeys 1 life 70 number 6
		b3 obeys 1 life 70 number 5`},
	{"a replica goes back to its last leader", ReplicaFenced, usual + `
		elect b2 epoch 2 isr b1,b2,b3
		b3 follows epoch 2
		b3 follows epoch 1`},
	{"a replica begins to lead in an epoch that is over, having heard of the next", ReplicaFenced, usual + `
		elect b2 epoch 2 isr b1,b2,b3
		elect b3 epoch 3 isr b1,b2,b3
		b2 follows epoch 3
		b2 leads epoch 2`},
	{"a producer writes on in an epoch that has been replaced", ProducerFenced, usual + `
		commit 0..0 producer 7/0/0
		commit 1..1 producer 7/1/0
		commit 2..2 producer 7/0/1`},
	{"a follower has another record where one was committed", LogMatching, usual + `
		isr b1,b2
		b1 knows b1,b2 version 1
		commit 0..0 sum good
		b3 copies 0..0 sum bad
		b3 believes 1`},
	{"a leader notes no epoch when it begins", EpochNoted, usual + `
		commit 0..0
		elect b2 epoch 2 isr b1,b2,b3
		b2 leads unnoted yes`},
	{"a leader tells a wrong end of an epoch", EpochNoted, usual + `
		commit 0..4
		elect b1 epoch 3 isr b1,b2,b3
		b1 leads
		b1 appends 5..9
		b1 diverges b2 epoch 1 end 10`},
	{"a leader tells the end of an epoch that its log does not have", EpochNoted, usual + `
		commit 0..4
		elect b1 epoch 3 isr b1,b2,b3
		b1 leads
		b1 diverges b2 epoch 2 end 5`},
	{"records are deleted that are not committed", LogStart, usual + `
		commit 0..4
		b1 appends 5..9
		b1 forgets 7`},
	{"a leader commits by what a follower says after a crash that it has", StrongIsr, usual + `
		commit 0..3
		b1 appends 4..4
		b2 copies 4..4
		b1 hears b2 at 5
		b2 crashes
		b2 opens 0..4 mark 4
		b2 follows
		b1 hears b2 at 5
		b1 proposes b1,b2
		isr b1,b2
		b1 knows b1,b2 version 1
		b1 marks 5`},
	{"a follower takes what was lost for committed, above where the leader begins", LogMatching, lostAll + `
		commit 0..1
		commit 2..3
		b1 forgets 2
		b2 follows
		commit 4..4
		b2 copies 4..4
		b2 believes 5`},
	{"a deletion is told before a follower has hidden anything", DeletionTold, usual + `
		commit 0..6
		b1 peers b1,b2,b3
		b1 forgets 4
		b2 forgets 4
		b1 reports low 4 asked 4`},
	{"a deletion is told that a follower has hidden the half of", DeletionTold, usual + `
		commit 0..3
		commit 4..6
		b1 peers b1,b3
		b1 forgets 4
		b3 forgets 4
		b1 reports low 4 asked 4
		b1 forgets 7
		b1 reports low 7`},
	{"a deletion is told by a low watermark before it", DeletionTold, usual + `
		commit 0..6
		b1 forgets 4
		b1 reports low 3 asked 4`},
	{"a deletion is told of all that is committed, and some is left", DeletionTold, usual + `
		commit 0..6
		b1 forgets 4
		b1 reports low 4 below 7`},
	{"a low watermark is told that the leader itself has not reached", DeletionTold, usual + `
		commit 0..6
		b1 forgets 4
		b1 reports low 5 asked 4`},
	{"a deletion is told by who follows", DeletionTold, usual + `
		commit 0..6
		b1 forgets 4
		b2 forgets 4
		b2 reports low 4 asked 4`},
	{"a log begins earlier again", LogStart, usual + `
		commit 0..4
		b1 forgets 4
		b1 forgets 2`},
	{"who asks for a time is told a later record than the first", OffsetByTime, usual + `
		commit 0..4
		b1 seeks 20 finds 2 among 0@10,1@20,2@30`},
	{"who asks for a time is told that there is none", OffsetByTime, usual + `
		commit 0..4
		b1 seeks 30 finds -1 among 0@10,1@20,2@30`},
	{"who asks for a time is told an earlier record", OffsetByTime, usual + `
		commit 0..4
		b1 seeks 30 finds 1 among 0@10,1@20,2@30`},
	{"who asks for a time is told of what is not committed", OffsetByTime, usual + `
		commit 0..4
		b1 appends 5..5
		b1 seeks 30 finds 5 among 0@10,5@30 end 6`},
	{"a follower knows again what it has cut", ProducersKnown, usual + `
		commit 0..1 producer 7/0/0
		b1 appends 2..3 producer 7/0/2
		elect b2 epoch 2 isr b2,b3
		b2 leads
		b1 follows
		b1 cuts 2 producers 7/0/3@3*2`},
	{"a broker that was started again has forgotten a producer", ProducersKnown, usual + `
		commit 0..1 producer 7/0/0
		b2 dies
		b2 opens 0..2 producers nothing`},
	{"a new leader goes on with a producer where it was before", ProducersKnown, usual + `
		commit 0..1 producer 7/0/0
		commit 2..3 producer 7/0/2
		elect b2 epoch 2 isr b1,b2,b3
		b2 leads producers 7/0/1@1*1`},
	{"a new leader takes a producer for one of an earlier epoch", ProducersKnown, usual + `
		commit 0..1 producer 7/1/0
		elect b2 epoch 2 isr b1,b2,b3
		b2 leads producers 7/0/1@1*1`},
	{"a new leader knows the last batch of a producer only", ProducersKnown, usual + `
		commit 0..1 producer 7/0/0
		commit 2..3 producer 7/0/2
		elect b2 epoch 2 isr b1,b2,b3
		b2 leads producers 7/0/3@3*1`},
	{"a new leader knows a producer of which it has nothing", ProducersKnown, usual + `
		commit 0..1 producer 7/0/0
		elect b2 epoch 2 isr b1,b2,b3
		b2 leads producers 7/0/1@1*1,8/0/1@1*1`},
	{"a batch of a producer is committed twice", SequenceWhole, usual + `
		commit 0..1 producer 7/0/0
		commit 2..3 producer 7/0/0`},
	{"a batch of a producer is left out", SequenceWhole, usual + `
		commit 0..1 producer 7/0/0
		commit 2..3 producer 7/0/4`},
	{"an epoch of a producer begins in the middle", SequenceWhole, usual + `
		commit 0..1 producer 7/0/0
		commit 2..3 producer 7/1/2`},
	{"a marker of a clean stop is believed that nobody left", CleanStopBelieved, usual + `
		b2 crashes
		b2 finds closed`},
	{"a marker of a clean stop outlives the start after it", CleanStopBelieved, usual + `
		b2 closes
		b2 dies
		b2 finds closed
		b2 opens 0..0
		b2 crashes
		b2 finds closed`},
	{"a log has after a crash something twice", RecoveredWritten, usual + `
		commit 0..3
		b2 crashes
		b2 opens 0..3 again 0`},
	{"a log has after a crash what nobody wrote", RecoveredWritten, usual + `
		commit 0..3
		b2 crashes
		b2 opens 0..6`},
	{"a log has after a crash what it did not write, and behind it what it did", RecoveredWritten, usual + `
		b1 appends 0..3
		b2 copies 0..3
		b2 copies 4..5
		b3 copies 0..3 sum other
		b2 crashes
		b2 opens 0..6 instead b3`},
	{"a crash puts another record in the place of a committed one", StrongIsr, usual + `
		b1 appends 0..3
		b2 copies 0..3 sum other
		b2 cuts 0
		b2 copies 0..3
		b3 copies 0..3
		b1 hears b2 at 4
		b1 hears b3 at 4
		b1 marks 4
		b2 crashes
		b2 opens 0..4 former`},
	{"a new topic has the records of the old one of its name", TopicIdentity, usual + `
		commit 0..4
		doomed
		b3 deletes
		b3 crashes
		b1 deletes
		b2 deletes
		gone
		topic b1,b2,b3
		b3 opens 0..5`},
	{"a topic has the ID of one that is gone", TopicIdentity, usual + `
		doomed
		b1 deletes
		b2 deletes
		b3 deletes
		gone
		topic b1,b2,b3 id 1`},
	{"a broker does not hear of what is said of its topic", ConfigFollowed, usual + `
		says topics/orders segment.bytes=99
		b1 takes topics/orders segment.bytes=99
		b2 takes topics/orders segment.bytes=98
		b3 takes topics/orders segment.bytes=99
		unrest
		wait
		unrest
		wait
		wait
		unrest`},
	{"a broker goes on by what was said before it was taken back", ConfigFollowed, usual + `
		says brokers/4 log.roll.ms=7
		b4 takes brokers/4 log.roll.ms=7
		says brokers/4
		unrest
		wait
		wait
		wait
		unrest`},
}

// TestBadScenes: each bad scene falls by its guarantee, at its last line and not before.
func TestBadScenes(t *testing.T) {
	for _, b := range slices.Concat(bad, badCleaning, badRequests) {
		t.Run(b.name, func(t *testing.T) { falls(t, b.falls, b.scene) })
	}
}
