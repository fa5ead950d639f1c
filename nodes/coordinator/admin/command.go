package admin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Record is the answer to a command of the administration port: fields in order,
// as the body of its JSON object.
type Record []Field

// Field is one entry of a record. Values are strings, numbers, booleans, lists of
// strings or numbers, and records.
type Field struct {
	Name  string
	Value any
}

// Get returns the value of a field, nil if there is none.
func (r Record) Get(name string) any {
	for _, f := range r {
		if f.Name == name {
			return f.Value
		}
	}
	return nil
}

// command is one thing that the administration port answers.
type command struct {
	names []string
	// idle: a server that serves nobody answers, too.
	idle bool
	run  func(*State) Record
}

// commands are those of ZooKeeper's admin server that only tell, under all their names.
var commands = []command{
	{[]string{"configuration", "conf", "config"}, false, configurationRecord},
	{[]string{"connections", "cons"}, false, connectionsRecord},
	{[]string{"dirs"}, false, func(s *State) Record {
		return Record{{"datadir_size", s.SnapshotBytes}, {"logdir_size", s.LogBytes}}
	}},
	{[]string{"dump"}, false, func(s *State) Record {
		return Record{{"sessions", sessionRecords(s.Sessions)}, {"session_id_to_ephemeral_paths", holdingRecords(s.Owned)}}
	}},
	{[]string{"environment", "env", "envi"}, true, func(*State) Record {
		return Record{{"zookeeper.version", Version}, {"host.name", "simulated"}}
	}},
	{[]string{"hash"}, false, digestsRecord},
	{[]string{"is_read_only", "isro"}, false, func(s *State) Record { return Record{{"read_only", s.Mode == ReadOnly}} }},
	{[]string{"last_snapshot", "lsnp"}, false, func(s *State) Record {
		return Record{{"zxid", fmt.Sprintf("%#x", uint64(s.LastSnapshot))}, {"timestamp", s.Wall}}
	}},
	{[]string{"leader", "lead"}, true, func(s *State) Record {
		return Record{{"is_leader", s.Mode == Leader}, {"leader_id", s.LeaderSid}}
	}},
	{[]string{"monitor", "mntr"}, false, monitorRecord},
	{[]string{"observers", "obsr"}, false, func(s *State) Record {
		return Record{{"synced_observers", len(s.Observers)}, {"observers", s.Observers}}
	}},
	{[]string{"ruok"}, true, func(*State) Record { return nil }},
	{[]string{"server_stats", "srvr"}, false, serverRecord},
	{[]string{"stats", "stat"}, false, func(s *State) Record {
		return append(serverRecord(s), Field{"connections", connectionRecords(s.Connections)})
	}},
	{[]string{"voting_view"}, true, func(s *State) Record { return Record{{"current_config", s.Voters}} }},
	{[]string{"watches", "wchc"}, false, func(s *State) Record {
		return Record{{"session_id_to_watched_paths", holdingRecords(s.Watchers)}}
	}},
	{[]string{"watches_by_path", "wchp"}, false, func(s *State) Record {
		return Record{{"path_to_session_ids", holdingRecords(s.Watched)}}
	}},
	{[]string{"watch_summary", "wchs"}, false, func(s *State) Record {
		return Record{{"num_connections", len(s.Watchers)}, {"num_paths", len(s.Watched)}, {"num_total_watches", watches(s)}}
	}},
	{[]string{"zabstate"}, true, func(s *State) Record {
		return Record{{"zabstate", s.Phase}, {"voting", slices.Contains(s.Voters, s.Sid)}, {"last_zxid", fmt.Sprintf("%#x", uint64(s.Zxid))}, {"epoch", s.Epoch}}
	}},
}

// Command answers a command of the administration port. Every answer names the
// command, and says under "error" what kept it from an answer, nil if nothing did. The
// error of an unknown command lists those that there are.
func Command(name string, s *State) (Record, error) {
	i := slices.IndexFunc(commands, func(c command) bool { return slices.Contains(c.names, name) })
	if i < 0 {
		return nil, fmt.Errorf("unknown command %q; commands are %s", name, strings.Join(CommandNames(), ", "))
	}
	c := &commands[i]
	head := Record{{"command", c.names[0]}}
	if s.Mode == NotServing && !c.idle {
		return append(head, Field{"error", strings.TrimSuffix(notServing, "\n")}), nil
	}
	return append(append(head, c.run(s)...), Field{"error", nil}), nil
}

// CommandNames lists the first name of every command, sorted.
func CommandNames() []string {
	var names []string
	for i := range commands {
		names = append(names, commands[i].names[0])
	}
	slices.Sort(names)
	return names
}

func configurationRecord(s *State) (r Record) {
	for _, set := range s.Settings {
		r = append(r, Field{set.Name, set.Value})
	}
	return r
}

func serverRecord(s *State) Record {
	l := &s.Counters.Latency
	r := Record{
		{"version", Version}, {"read_only", s.Mode == ReadOnly},
		{"server_stats", Record{
			{"packets_sent", s.Counters.Sent}, {"packets_received", s.Counters.Received}, {"server_state", string(s.Mode)},
			{"min_latency", l.Min}, {"avg_latency", average(l)}, {"max_latency", l.Max},
			{"outstanding_requests", s.Outstanding}, {"num_alive_client_connections", len(s.Connections)},
			{"last_processed_zxid", fmt.Sprintf("%#x", uint64(s.Zxid))}, {"uptime", s.Uptime.Milliseconds()},
		}},
		{"node_count", s.Nodes},
	}
	if s.Mode == Leader {
		p := s.Proposals
		r = append(r, Field{"proposal_stats", Record{{"last_buffer_size", p.Last}, {"min_buffer_size", p.Min}, {"max_buffer_size", p.Max}}})
	}
	return r
}

func connectionsRecord(s *State) Record {
	return Record{{"connections", connectionRecords(s.Connections)}}
}

func connectionRecords(list []Connection) (out []Record) {
	for i := range list {
		c := &list[i]
		out = append(out, Record{
			{"remote_socket_address", c.Address}, {"session_id", fmt.Sprintf("%#x", uint64(c.Session))}, {"session_timeout", c.TimeoutMs},
			{"outstanding_requests", c.Queued}, {"packets_received", c.Stats.Received}, {"packets_sent", c.Stats.Sent},
			{"last_operation", c.Stats.LastOp.String()}, {"last_cxid", c.Stats.LastCxid}, {"last_zxid", fmt.Sprintf("%#x", uint64(c.Stats.LastZxid))},
			{"last_latency", c.Stats.LastLatency}, {"min_latency", c.Stats.Latency.Min}, {"max_latency", c.Stats.Latency.Max},
		})
	}
	return out
}

func digestsRecord(s *State) Record {
	var list []Record
	for _, d := range s.Digests {
		list = append(list, Record{{"zxid", fmt.Sprintf("%#x", uint64(d.Zxid))}, {"digest", fmt.Sprintf("%x", d.Value)}})
	}
	return Record{{"digests", list}}
}

func monitorRecord(s *State) Record {
	r := Record{{"version", Version}, {"server_state", string(s.Mode)}, {"avg_latency", average(&s.Counters.Latency)}}
	for _, m := range metrics(s) {
		r = append(r, Field{m.Name, m.Value})
	}
	return r
}

func sessionRecords(list []Session) (out []Record) {
	for _, s := range list {
		out = append(out, Record{{"session_id", fmt.Sprintf("%#x", uint64(s.ID))}, {"timeout", s.TimeoutMs}, {"expires", s.Deadline}})
	}
	return out
}

func holdingRecords(list []Holding) (r Record) {
	for _, h := range list {
		r = append(r, Field{h.Holder, h.Items})
	}
	return r
}

// MarshalJSON writes the fields in their order.
func (r Record) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range r {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(f.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(f.Value)
		if err != nil {
			return nil, fmt.Errorf("admin: field %s: %w", f.Name, err)
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
