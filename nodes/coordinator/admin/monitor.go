package admin

import (
	"fmt"
	"strings"
)

// metrics lists what mntr tells of every serving server, in the names that
// ZooKeeper's tools look for.
func metrics(s *State) []Metric {
	l := &s.Counters.Latency
	list := []Metric{
		{"max_latency", l.Max}, {"min_latency", l.Min},
		{"packets_received", s.Counters.Received}, {"packets_sent", s.Counters.Sent},
		{"num_alive_connections", int64(len(s.Connections))}, {"outstanding_requests", int64(s.Outstanding)},
		{"znode_count", int64(s.Nodes)}, {"ephemerals_count", int64(s.Ephemerals)},
		{"watch_count", int64(s.Watches)}, {"approximate_data_size", int64(s.DataSize)},
		{"global_sessions", int64(len(s.Sessions))}, {"uptime", s.Uptime.Milliseconds()},
	}
	if s.Mode == Leader {
		list = append(list,
			Metric{"learners", int64(len(s.Followers) + len(s.Observers))}, Metric{"synced_followers", int64(len(s.Followers))},
			Metric{"synced_observers", int64(len(s.Observers))}, Metric{"quorum_size", int64(len(s.Voters))},
			Metric{"last_proposal_size", s.Proposals.Last}, Metric{"min_proposal_size", s.Proposals.Min},
			Metric{"max_proposal_size", s.Proposals.Max})
	}
	return append(list, s.Metrics...)
}

func watches(s *State) int64 {
	total := 0
	for _, h := range s.Watchers {
		total += len(h.Items)
	}
	return int64(total)
}

// monitor is mntr: a name and a value a line, between them a tab.
func monitor(s *State) string {
	var b strings.Builder
	fmt.Fprintf(&b, "zk_version\t%s\nzk_server_state\t%s\nzk_avg_latency\t%s\n", Version, s.Mode, average(&s.Counters.Latency))
	for _, m := range metrics(s) {
		fmt.Fprintf(&b, "zk_%s\t%d\n", m.Name, m.Value)
	}
	return b.String()
}
