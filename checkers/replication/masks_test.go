package replication

import "testing"

// masks are bad scenes that what is excused must not hide: each is a good scene of losses
// with a bug in the place of the mishap.
var masks = []struct{ name, falls, scene string }{
	{"a leader commits by what a follower said it had, and never did, before it died", StrongIsr, usual + `
		commit 0..3
		b1 appends 4..4
		b1 hears b2 at 5
		b1 hears b3 at 5
		b3 copies 4..4
		b2 crashes
		b2 opens 0..4 mark 4
		b1 marks 5`},
	{"a leader commits by what a follower had, whose process alone died, and which cut it when it came back", StrongIsr, usual + `
		commit 0..3
		b1 appends 4..4
		b2 copies 4..4
		b3 copies 4..4
		b1 hears b2 at 5
		b1 hears b3 at 5
		b1 marks 5
		b2 dies
		b2 opens 0..4 mark 4`},
	{"the last in-sync replica cuts its log when its process alone died, and leads", StrongIsr, usual + `
		commit 0..3
		isr b1
		b1 knows b1 version 1
		commit 4..6
		b1 dies
		elect nobody epoch 2 isr b1
		b1 opens 0..4 mark 4`},
	{"the last in-sync replica loses its tail, has it again, and cuts it when its process alone dies", StrongIsr, usual + `
		commit 0..3
		isr b1
		b1 knows b1 version 1
		commit 4..6
		b1 crashes
		elect nobody epoch 2 isr b1
		b1 opens 0..4 mark 4
		elect b1 epoch 3 isr b1
		b1 leads
		commit 4..4
		b1 dies
		b1 opens 0..4 mark 4`},
	{"the last in-sync replica comes back with a hole, and an end behind it", StrongIsr, usual + `
		commit 0..0
		commit 1..1
		isr b1
		b1 knows b1 version 1
		commit 2..2
		b1 crashes
		elect nobody epoch 2 isr b1
		b1 opens 0..3 without 1 mark 3`},
	{"a follower shows what its leader has deleted, and had otherwise", ReadsCommitted, `config unclean.leader.election.enable=true` + usual + `
		b1 appends 0..1
		b2 copies 0..1
		isr b1
		elect b3 epoch 2 isr b3
		b3 leads
		commit 0..1
		b3 forgets 2 why delete-records
		b2 follows
		b2 believes 2
		b2 serves 0..1`},
	{"a leader that loses everything twice loses what it had committed between, without a crash", StrongIsr, lostAll + `
		commit 0..0
		b1 cuts 0`},
	{"a replica that is elected uncleanly takes the end of its log for its high watermark", HighWatermarkGrows, `config unclean.leader.election.enable=true` + usual + `
		commit 0..3
		b1 appends 4..4
		b3 copies 4..4
		isr b1
		elect b3 epoch 2 isr b3
		b3 leads with 5`},
	{"a leader that is elected again takes the end of its log for its high watermark", HighWatermarkGrows, usual + `
		commit 0..3
		b1 appends 4..4
		elect b1 epoch 2 isr b1,b2,b3
		b1 leads with 5`},
	{"a deposed leader is elected uncleanly, and serves beyond its mark", ReadsCommitted, `config unclean.leader.election.enable=true` + usual + `
		commit 0..3
		isr b1
		b1 knows b1 version 1
		elect b2 epoch 2 isr b2
		b1 appends 4..4 epoch 1
		b1 marks 5 epoch 1
		b1 appends 5..5 epoch 1
		b2 leads
		b2 appends 4..4
		b2 marks 5
		elect b1 epoch 3 isr b1
		b1 leads mark 5
		b1 serves 0..5`},
}

func TestMasks(t *testing.T) {
	for _, scene := range masks {
		t.Run(scene.name, func(t *testing.T) { falls(t, scene.falls, scene.scene) })
	}
}
