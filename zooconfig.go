package stampede

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/zoocfg"
	"github.com/stampede-sim/stampede/nodes/quorum"
)

// KnobsOf turns a ZooKeeper configuration into the knobs of runs on such an ensemble,
// as words for [PlanOptions]. What the file leaves open a seed decides; the members are
// numbered anew, voters first, in the order of their ids.
func KnobsOf(f *zoocfg.File) []string {
	var words []string
	turn := func(name string, value any) { words = append(words, fmt.Sprintf("%s=%v", name, value)) }
	voters, observers := split(f)
	turn("servers", len(voters))
	turn("observers", len(observers))
	turn("groups", groupWord(f, voters))
	c := &f.Server
	for _, k := range []struct {
		name string
		n    int
	}{{"init-limit", c.InitLimit}, {"sync-limit", c.SyncLimit}, {"snap-count", c.SnapCount}, {"commit-log-count", c.CommitLogCount}} {
		if k.n > 0 {
			turn(k.name, k.n)
		}
	}
	for _, k := range []struct {
		name string
		d    time.Duration
	}{{"tick", c.Tick}, {"election-max", c.ElectionTimeoutMax}} {
		if k.d > 0 {
			turn(k.name, k.d)
		}
	}
	turn("local-sessions", c.LocalSessions)
	turn("upgrade-sessions", c.UpgradeSessions)
	turn("extended-types", c.ExtendedTypes)
	return words
}

// split lists the ids of voters and observers, in order.
func split(f *zoocfg.File) (voters, observers []int64) {
	if f.Ensemble == nil {
		return []int64{1}, nil
	}
	for _, s := range f.Ensemble.Servers {
		if s.Observer {
			observers = append(observers, s.Sid)
		} else {
			voters = append(voters, s.Sid)
		}
	}
	return voters, observers
}

// groupWord is the value of the knob groups.
func groupWord(f *zoocfg.File, voters []int64) string {
	if f.Ensemble == nil || len(f.Ensemble.Groups) == 0 {
		return noGroups
	}
	var groups []string
	for _, g := range f.Ensemble.Groups {
		groups = append(groups, memberWord(g, voters))
	}
	return strings.Join(groups, "/")
}

func memberWord(g quorum.Group, voters []int64) string {
	var members []string
	for _, s := range g {
		word := strconv.Itoa(slices.Index(voters, s.Sid) + 1)
		if s.Weight != 1 {
			word += "*" + strconv.FormatInt(s.Weight, 10)
		}
		members = append(members, word)
	}
	return strings.Join(members, ",")
}
