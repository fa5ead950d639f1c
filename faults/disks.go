package faults

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// mending is how long a server that its disk made exit may stay away after the disk
// is well: until its supervisor tries again, and it has found its peers.
const mending = 2 * time.Second

// each strikes the disks of those that are there and remembers how to end it.
func (in *Injector) each(i int, ids []node.ID, strike func(node.ID) func()) bool {
	var ends []func()
	for _, id := range ids {
		if end := strike(id); end != nil {
			ends = append(ends, end)
		}
	}
	if len(ends) == 0 {
		return false
	}
	return in.last(i, in.plan[i].For, ids, func() {
		for _, end := range ends {
			end()
		}
	})
}

// ailing carries out the faults of disks.
func (in *Injector) ailing(i int, ids []node.ID) bool {
	f := in.plan[i]
	return in.each(i, ids, func(id node.ID) func() {
		switch f.Kind {
		case FailSync:
			return in.world.FailSync(id, f.File)
		case FullDisk:
			return in.world.FillDisk(id)
		case SlowDisk:
			return in.world.SlowDisk(id, f.File, sim.Latency{Min: f.AddMin, Mean: (f.AddMin + f.AddMax) / 2, Max: f.AddMax})
		}
		repair, ok := in.world.Rot(id, f.File, in.options.Vocabulary.Reach)
		if !ok {
			return nil
		}
		return repair
	})
}

// file draws one of the group's kinds of files, or all.
func (d *drawer) file() string {
	if len(d.shape.Files) == 0 || d.chance(1, 3) {
		return ""
	}
	return d.shape.Files[d.r.IntN(len(d.shape.Files))]
}

func (d *drawer) failSync() Fault {
	return Fault{Kind: FailSync, Target: d.few(), File: d.file(), For: d.length()}
}

func (d *drawer) fullDisk() Fault {
	return Fault{Kind: FullDisk, Target: d.few(), For: d.length()}
}

// slowDisk makes a disk late: by a little, or by more than its peers have patience.
func (d *drawer) slowDisk() Fault {
	most := time.Millisecond + d.upTo(d.shape.Settle/2)
	if d.chance(1, 3) {
		most = d.shape.Notice + d.upTo(d.shape.Notice/2)
	}
	return Fault{Kind: SlowDisk, Target: d.few(), File: d.file(), AddMin: d.upTo(most), AddMax: most, For: d.length()}
}

// decay flips a bit on the disk of a server and ends its process, so that it must
// read its files again, and find out.
func (d *drawer) decay() []Fault {
	if len(d.shape.Rots) == 0 {
		return []Fault{d.crash()}
	}
	victim := Target{Name: d.shape.Names[d.r.IntN(len(d.shape.Names))]}
	rot := Fault{Kind: Rot, Target: victim, File: d.shape.Rots[d.r.IntN(len(d.shape.Rots))], For: d.length()}
	crash := Fault{Kind: Crash, Target: victim, Keep: d.keep(), At: d.upTo(rot.For), Restart: time.Millisecond + d.upTo(d.shape.Settle/4)}
	return []Fault{rot, crash}
}
