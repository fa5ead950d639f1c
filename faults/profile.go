package faults

import (
	"fmt"
	"time"
)

// Profile is how much goes wrong.
type Profile string

// The profiles, from nothing to nearly everything at once.
const (
	// None: no faults; the cluster only has its own races.
	None Profile = "none"
	// Light: now and then one fault of the plainest kinds, inside the budget.
	Light Profile = "light"
	// Swarm: each seed switches whole kinds off and draws how often the rest
	// strike; some seeds lose majorities and power for short times.
	Swarm Profile = "swarm"
	// Heavy: every kind, often, majorities and power included.
	Heavy Profile = "heavy"
)

// Profiles lists all, mildest first.
var Profiles = []Profile{None, Light, Swarm, Heavy}

// ParseProfile reads a profile's name.
func ParseProfile(s string) (Profile, error) {
	for _, p := range Profiles {
		if string(p) == s {
			return p, nil
		}
	}
	return "", fmt.Errorf("unknown fault profile %q; profiles are %v", s, Profiles)
}

// Shape is what a generator must know of the system it breaks.
type Shape struct {
	// Group is the group of servers that faults aim at, Voters its size, Names
	// the processes' names. Clients is the size of the group "client".
	Group   string
	Voters  int
	Names   []string
	Clients int
	// Tolerated is how many voters may be lost, whichever they are, with a quorum left.
	Tolerated int
	// Partitions names what the group's members lead one by one; a fault may aim at who
	// leads or follows in one of them.
	Partitions []string
	// Copies is how many members have one of the partitions.
	Copies int
	// Duration is the length of the safety phase.
	Duration time.Duration
	// Settle is about how long the group needs to elect a leader and synchronise;
	// durations of faults are drawn around it.
	Settle time.Duration
	// Notice is about how long the group's members need to notice that they no
	// longer hear each other.
	Notice time.Duration
	// Patience is about how long a client waits before it tries another server.
	Patience time.Duration
	// Expiry is how long a client tries to have something done before it gives up, 0 if it
	// does not.
	Expiry time.Duration
	// Ports names the services whose connections may be hit alone. If Peers and
	// Service are among them, the former is the one by which the group replicates,
	// the latter the one it offers to clients.
	Ports          []string
	Peers, Service string
	// Files are the beginnings of file names that a server has, Rots those among them
	// that a server protects by checksums.
	Files, Rots []string
	// Observers are how many of Names, the last ones, do not vote.
	Observers int
	// Moments are the marks at which triggered faults may strike.
	Moments []string
	// Rises are the marks by which a process shows that it is about to lead,
	// before it is established.
	Rises []string
	// Joins are the marks by which a process shows that it is being brought up to
	// date.
	Joins []string
	// Reigns are the marks by which a process shows that it leads one of the Partitions
	// from now on.
	Reigns []string
	// Claims are the marks by which a process shows that it is about to begin a reign
	// under a number of its own, which nobody else has heard of.
	Claims []string
	// Cuts are the marks by which a process shows that it is giving up a part of its
	// history: that it begins to, first.
	Cuts []string
	// Saves are the marks by which a process shows that a step of taking over what it
	// missed is durable.
	Saves []string
	// Windows are those of the Moments that begin something short, so that nothing but
	// a fault that waits for them hits it.
	Windows []string
	// Coordinators is the group whose servers keep the sessions of this one's members,
	// Sessions the service by which they do, and Notice how long a session lasts that is
	// not heard of; "" if there are no such.
	Coordinators, Sessions string
	// Asks are the marks by which a member shows that it is about to write there, the first
	// that it would control the group, Orders
	// those by which who controls the group shows that it has decided something and tells
	// others, Takeovers those of the steps of a new one.
	Asks, Orders, Takeovers []string
	// Moves are the marks by which it shows that somebody is to lead one of the Partitions
	// from now on although nobody failed.
	Moves []string
}
