package stampede

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator"
	"github.com/stampede-sim/stampede/nodes/coordinator/zoocfg"
	"github.com/stampede-sim/stampede/nodes/quorum"
)

// KnobsOf turns a ZooKeeper configuration into the knobs of runs on such an ensemble,
// as words for [PlanOptions]. What the file leaves open a seed decides; the members are
// numbered anew, voters first, in the order of their ids.
func KnobsOf(f *zoocfg.File) []string {
	c := &f.Config
	voters, observers := split(c)
	words := []string{
		fmt.Sprintf("servers=%d", len(voters)), fmt.Sprintf("observers=%d", len(observers)), "groups=" + groupWord(c, voters),
	}
	for _, k := range []struct {
		name string
		n    int
	}{
		{"init-limit", c.InitLimit}, {"sync-limit", c.SyncLimit}, {"snap-count", c.SnapCount}, {"commit-log-count", c.CommitLogCount},
		{"max-client-cnxns", c.MaxClientCnxns}, {"max-cnxns", c.MaxCnxns}, {"reaps-per-minute", c.ReapsPerMinute},
		{"max-buffer", c.MaxBuffer}, {"outstanding-limit", c.OutstandingLimit}, {"snap-retain", c.SnapRetain},
	} {
		if k.n > 0 {
			words = append(words, fmt.Sprintf("%s=%d", k.name, k.n))
		}
	}
	for _, k := range []struct {
		name string
		d    time.Duration
	}{{"tick", c.Tick}, {"never-used", c.NeverUsed}} {
		if k.d > 0 {
			words = append(words, fmt.Sprintf("%s=%v", k.name, k.d))
		}
	}
	return append(words, switches(f)...)
}

// switches are the features that a file turns on or leaves off.
func switches(f *zoocfg.File) (words []string) {
	c := &f.Config
	for _, k := range []struct {
		name string
		on   bool
	}{
		{"standalone", !f.Ensemble() && f.Alone}, {"leader-refuses", c.LeaderRefuses}, {"reconfig", c.ReconfigEnabled}, {"disk-sync", c.DiskSync}, {"local-sessions", c.LocalSessions},
		{"upgrade-sessions", c.UpgradeSessions}, {"extended-types", c.ExtendedTypes}, {"enforce-quota", c.EnforceQuota},
	} {
		words = append(words, fmt.Sprintf("%s=%v", k.name, k.on))
	}
	return words
}

// split lists the ids of voters and observers, in order.
func split(c *coordinator.Config) (voters, observers []int64) {
	for _, m := range c.Members {
		if m.Observer {
			observers = append(observers, m.Sid)
		} else {
			voters = append(voters, m.Sid)
		}
	}
	return voters, observers
}

// groupWord is the value of the knob groups.
func groupWord(c *coordinator.Config, voters []int64) string {
	if len(c.Groups) == 0 {
		return noGroups
	}
	var groups []string
	for _, g := range c.Groups {
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
