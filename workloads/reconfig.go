package workloads

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/membership"
)

// configPath is the znode that shows the configuration.
const configPath = "/zookeeper/config"

// reconfiguring changes the ensemble under registers that are written and read:
// servers join, leave and change roles, one after the other and several at a time,
// the leader among them; now and then a client asks for what cannot be. Clients watch
// the configuration. Which servers there are is for the knobs to say; whoever is no
// member follows without a vote, and serves clients all the same.
func reconfiguring() Workload {
	return Workload{
		Name:         "reconfig",
		Doc:          "servers that join, leave and change roles while registers are written and read, and clients that watch the configuration",
		NamesServers: true,
		Knobs: func(r *rand.Rand) []string {
			return []string{
				"reconfig=" + strconv.FormatBool(r.IntN(24) > 0), "skip-acl=" + strconv.FormatBool(r.IntN(24) > 0), "spares=" + strconv.Itoa(r.IntN(3)),
				"servers=" + choose(r, "1", "3", "3", "3", "3", "5"), "groups=none", "observers=" + strconv.Itoa(max(0, r.IntN(4)-2)),
			}
		},
		Draw: func(r *rand.Rand) Shape {
			s := drawShape(r, 6, 5)
			s.Mix = swarm(r, []Weight{
				{"join", 3}, {"leave", 3}, {"replace", 2}, {"members", 2}, {"bad-change", 1}, {"get-config", 3}, {"watch-config", 2},
				{"write", 12}, {"cas", 8}, {"get", 6}, {"sync-get", 8}, {"recreate", 1}, {"multi", 2}, {"move", 1},
			}, "replace", "members", "bad-change", "get-config", "watch-config", "write", "get", "recreate", "multi", "move")
			return s
		},
		Generate: func(r *rand.Rand, s Shape) []Op {
			return timeline(r, s, func(kind string) []Op { return reconfigOps(r, s, kind) }, func(client int) []Op {
				path := child(registers, client%s.Keys)
				return []Op{
					{F: history.Get, Path: configPath},
					{F: history.Create, Path: path}, {F: history.Set, Path: path, Version: Any}, {F: history.SyncGet, Path: path},
				}
			})
		},
		Setup:      func(s Shape) []Op { return creates(registers, s.Keys) },
		FinalReads: func(s Shape) []Op { return finals(history.SyncGet, s, children(registers, s.Keys)...) },
		Judges:     []string{"witness", "register"},
		NeedsKinds: []history.F{history.Set, history.SyncGet, history.Get},
	}
}

func reconfigOps(r *rand.Rand, s Shape, kind string) []Op {
	change := Op{F: history.Reconfig, Version: choose(r, Any, Any, Any, Seen)}
	switch kind {
	case "join":
		change.Change.Joining = drawServer(r, s, 4)
	case "leave":
		change.Change.Leaving = sid(r, s)
	case "replace":
		change.Change.Joining, change.Change.Leaving = drawServer(r, s, 6), sid(r, s)
	case "members":
		change.Change.Members = drawMembers(r, s)
	case "bad-change":
		change.Change = drawNonsense(r, s)
	case "get-config":
		return []Op{{F: history.Get, Path: configPath}}
	case "watch-config":
		return []Op{{F: history.Get, Path: configPath, Watch: true}}
	case "move":
		return []Op{{F: Move}}
	default:
		return registerOps(r, s, kind)
	}
	return []Op{change}
}

// sid draws one of the servers, members or not.
func sid(r *rand.Rand, s Shape) string { return strconv.Itoa(1 + r.IntN(max(1, s.Servers))) }

// drawServer draws a server with a role: one in so many is to be an observer.
func drawServer(r *rand.Rand, s Shape, oneIn int) string {
	if r.IntN(oneIn) == 0 {
		return sid(r, s) + ":observer"
	}
	return sid(r, s)
}

// drawMembers draws a whole ensemble, now and then a hierarchical one.
func drawMembers(r *rand.Rand, s Shape) string {
	var out []string
	for _, i := range r.Perm(max(1, s.Servers)) {
		switch r.IntN(6) {
		case 0:
		case 1:
			out = append(out, strconv.Itoa(i+1)+":observer")
		default:
			out = append(out, strconv.Itoa(i+1))
		}
	}
	if len(out) == 0 {
		return "1"
	}
	separator := ","
	if r.IntN(6) == 0 && len(out) > 2 && !slices.ContainsFunc(out, func(m string) bool { return strings.Contains(m, ":") }) {
		separator = "/"
	}
	return strings.Join(out, separator)
}

// drawNonsense draws what no ensemble can do: to go without voters.
func drawNonsense(r *rand.Rand, s Shape) Change {
	if r.IntN(2) == 0 {
		return Change{Members: "1:observer"}
	}
	var all []string
	for i := range max(1, s.Servers) {
		all = append(all, strconv.Itoa(i+1))
	}
	return Change{Leaving: strings.Join(all, ",")}
}

// append writes what a plan line says of the change.
func (ch Change) append(b *strings.Builder) {
	for _, f := range []struct{ key, value string }{{"joining", ch.Joining}, {"leaving", ch.Leaving}, {"members", ch.Members}} {
		if f.value != "" {
			b.WriteString(" " + f.key + "=" + quote(f.value))
		}
	}
}

// set takes one of the arguments of a change, and reports whether it was one.
func (ch *Change) set(t token) bool {
	switch t.key {
	case "joining":
		ch.Joining = t.value
	case "leaving":
		ch.Leaving = t.value
	case "members":
		ch.Members = t.value
	default:
		return false
	}
	return true
}

// resolve turns server ids into the lines of a configuration.
func (ch Change) resolve(from int64) *history.Change {
	return &history.Change{Joining: memberLines(ch.Joining), Leaving: ch.Leaving, Members: memberLines(ch.Members), From: from}
}

func memberLines(list string) string {
	if list == "" {
		return ""
	}
	var lines, groups []string
	for i, group := range strings.Split(list, "/") {
		var sids []string
		for _, word := range strings.Split(group, ",") {
			number, role, _ := strings.Cut(word, ":")
			id, err := strconv.ParseInt(number, 10, 64)
			if err != nil {
				lines = append(lines, word) // for the server to refuse
				continue
			}
			sids = append(sids, number)
			lines = append(lines, membership.Usual(id, "zk"+number, role == "observer").Line())
		}
		groups = append(groups, fmt.Sprintf("group.%d=%s", i+1, strings.Join(sids, ":")))
	}
	if len(groups) > 1 {
		lines = append(lines, groups...)
	}
	return strings.Join(lines, ",")
}

// configID is the version of the configuration that a change is to replace.
func (c *Client) configID(v VersionArg) int64 {
	if v == Seen {
		return c.config
	}
	return int64(v)
}

// learnConfig keeps the version of a configuration that a reply showed.
func (c *Client) learnConfig(text string) {
	if config, err := membership.Parse(text); err == nil {
		c.config = int64(config.Version)
	}
}
