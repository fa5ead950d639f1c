package txnlog

import (
	"iter"
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/internal/crashdisk"
)

// stories are lives of a log. Every crash state at every moment is recovered.
var stories = map[string]func(r *rig){
	"the first records of a fresh disk": func(r *rig) {
		r.append(z(1, 1), 10)
		r.append(z(1, 2), 10)
		r.sync()
	},
	"a batch of records that span sectors": func(r *rig) {
		r.append(z(1, 1), 400)
		r.sync()
		r.append(z(1, 2), 700)
		r.append(z(1, 3), 20)
		r.append(z(1, 4), 1300)
		r.append(z(1, 5), 20)
		r.sync()
	},
	"records arrive while a sync is under way": func(r *rig) {
		r.append(z(1, 1), 10)
		r.startSync()
		r.append(z(1, 2), 500)
		r.complete()
		r.append(z(1, 3), 10)
		r.sync()
		r.sync()
	},
	"rolling with nothing unsynced": func(r *rig) {
		r.append(z(1, 1), 10)
		r.sync()
		r.log.Roll()
		r.append(z(1, 2), 600)
		r.append(z(1, 3), 10)
		r.sync()
	},
	"rolling under load": func(r *rig) {
		r.append(z(1, 1), 10)
		r.startSync()
		r.log.Roll()
		r.append(z(1, 2), 10)
		r.append(z(1, 3), 10)
		r.log.Roll()
		r.append(z(1, 4), 10)
		r.sync()
		r.sync()
		r.append(z(2, 1), 10)
		r.sync()
	},
	"cutting one file": func(r *rig) {
		r.append(z(1, 1), 300)
		r.append(z(1, 2), 300)
		r.append(z(1, 3), 300)
		r.sync()
		r.truncate(z(1, 1))
		r.sync()
		r.append(z(2, 1), 20)
		r.append(z(2, 2), 900)
		r.sync()
	},
	"appending behind a cut that is not durable": func(r *rig) {
		r.append(z(1, 1), 300)
		r.append(z(1, 2), 300)
		r.sync()
		r.truncate(z(1, 1))
		r.append(z(2, 1), 200)
		r.append(z(2, 2), 20)
		r.sync()
	},
	"cutting through several files": func(r *rig) {
		for i := range uint32(4) {
			r.append(z(1, 2*i+1), 10)
			r.append(z(1, 2*i+2), 10)
			r.sync()
			r.log.Roll()
		}
		r.truncate(z(1, 3))
		r.append(z(2, 1), 10)
		r.sync()
	},
	"cutting everything": func(r *rig) {
		r.append(z(1, 1), 10)
		r.sync()
		r.log.Roll()
		r.append(z(1, 2), 10)
		r.sync()
		r.truncate(0)
		r.append(z(1, 1), 10)
		r.sync()
	},
	"cutting twice, also what is held": func(r *rig) {
		r.append(z(1, 1), 10)
		r.append(z(1, 2), 10)
		r.sync()
		r.truncate(z(1, 1))
		r.append(z(2, 1), 10)
		r.append(z(2, 2), 10)
		r.truncate(z(2, 1))
		r.append(z(3, 1), 10)
		r.sync()
	},
}

func TestEveryCrashState(t *testing.T) {
	for name, story := range stories { //sim:unordered each is independent
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			states := 0
			r.disk.Effect = func() {
				for state := range r.disk.Crashes() {
					states++
					r.checkCrash(state)
				}
			}
			story(r)
			r.check()
			t.Logf("%d crash states", states)
			if states < 40 {
				t.Errorf("only %d crash states were tried", states)
			}
		})
	}
}

// A process that dies without its machine leaves the page cache; the power may
// fail later.
func TestPowerFailureAfterProcessDeath(t *testing.T) {
	for name, story := range stories { //sim:unordered each is independent
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.disk.Effect = func() { killThenLosePower(t, r) }
			story(r)
		})
	}
}

func killThenLosePower(t *testing.T, r *rig) {
	d := r.disk.Clone()
	second := &rig{t: t, disk: d}
	log, opened := Open(d, bugs.Set{})
	if opened.Corrupt != "" {
		t.Fatalf("a killed process leaves corruption: %s", opened.Corrupt)
	}
	second.log = log
	second.history, _ = read(log, 0)
	second.former, second.durable = append([][]wire.Zxid{r.history}, r.former...), r.durable
	d.Effect = func() {
		for state := range d.Crashes() {
			second.checkCrash(state)
		}
	}
	second.append(z(8, 1), 10)
	second.sync()
	d.Effect = nil
	second.check()
}

// The twin holds over any life, and so does recovery at any moment of it.
func TestAgainstTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, epoch, counter := newRig(t), int64(1), uint32(0)
		size := rapid.SampledFrom([]int{0, 5, 60, 450, 520, 1200})
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				counter++
				r.append(z(epoch, counter), size.Draw(t, "size"))
			},
			"new epoch": func(*rapid.T) { epoch, counter = epoch+1, 0 },
			"start":     func(*rapid.T) { r.startSync() },
			"complete":  func(*rapid.T) { r.complete() },
			"roll":      func(*rapid.T) { r.log.Roll() },
			"truncate": func(t *rapid.T) {
				if r.log.Syncing() || len(r.history) == 0 {
					return
				}
				r.truncate(rapid.SampledFrom(append(r.history, 0)).Draw(t, "to"))
				epoch, counter = epoch+1, 0
			},
			"read": func(t *rapid.T) {
				after := rapid.SampledFrom(append(r.history, 0)).Draw(t, "after")
				got, err := read(r.log, after)
				if want := countAbove(r.history, after); err != nil || len(got) != want {
					t.Fatalf("read after %v: %v (%v), want %d", after, got, err, want)
				}
			},
			"crash": func(t *rapid.T) {
				r.crash(rapid.IntRange(0, 200).Draw(t, "state"))
				epoch, counter = epoch+1, 0
			},
			"": func(*rapid.T) { r.check() },
		})
	})
}

// countAbove counts the zxids above a bound.
func countAbove(zs []wire.Zxid, bound wire.Zxid) (n int) {
	for _, z := range zs {
		if z > bound {
			n++
		}
	}
	return n
}

// crash restarts the log on the crash state of that number, or the last one if
// there are fewer. Number 0 is the death of the process alone: then a power
// failure may still undo what was not durable.
func (r *rig) crash(number int) {
	r.t.Helper()
	state, former := r.disk.Clone(), append(r.former, r.history)
	if number > 0 {
		state, former = nth(r.disk.Crashes(), number), nil
	}
	r.checkCrash(state.Clone())
	r.disk, r.former = state, former
	r.log, _ = Open(r.disk, bugs.Set{})
	r.history, _ = read(r.log, 0)
}

// nth returns the n-th of the states, or the last one if there are fewer.
func nth(states iter.Seq[*crashdisk.Disk], n int) (d *crashdisk.Disk) {
	for d = range states {
		if n--; n == 0 {
			break
		}
	}
	return d
}
