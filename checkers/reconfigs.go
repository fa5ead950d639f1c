package checkers

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// configPath is the znode that shows the active configuration.
const configPath = "/zookeeper/config"

// roster is a configuration as its text has it: the members' addresses and roles, the
// numbers of those in each group, their weights.
type roster struct {
	version wire.Zxid
	members map[int64]string
	groups  map[int64]string
	weights map[int64]string
}

// parseRoster reads the text of a configuration, or the lines of a request. The word
// says what makes no sense, "" for nothing.
func parseRoster(text string) (*roster, string) {
	e := &roster{members: map[int64]string{}, groups: map[int64]string{}, weights: map[int64]string{}}
	for _, line := range strings.Split(text, "\n") {
		key, value, ok := strings.Cut(line, "=")
		kind, digits, _ := strings.Cut(key, ".")
		if kind == "version" {
			v, err := strconv.ParseInt(value, 16, 64)
			if e.version = wire.Zxid(v); err != nil {
				return e, line
			}
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if !ok || err != nil {
			return e, line
		}
		switch kind {
		case "server":
			e.members[n] = value
		case "group":
			e.groups[n] = value
		case "weight":
			e.weights[n] = value
		default:
			return e, line
		}
	}
	return e, ""
}

// after is the configuration that a change makes of e; the word says why it makes none.
func (e *roster) after(ch *history.Change) (*roster, string) {
	if ch.Members != "" {
		next, wrong := parseRoster(strings.ReplaceAll(ch.Members, ",", "\n"))
		if wrong == "" {
			wrong = next.impossible()
		}
		return next, wrong
	}
	if len(e.groups) > 0 {
		return nil, "an incremental change of a hierarchical quorum"
	}
	next := &roster{members: map[int64]string{}}
	for sid, address := range e.members { //sim:unordered copies a map
		next.members[sid] = address
	}
	for _, word := range words(ch.Leaving) {
		sid, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return nil, word
		}
		delete(next.members, sid)
	}
	for _, line := range words(ch.Joining) {
		joins, wrong := parseRoster(line)
		if wrong != "" {
			return nil, wrong
		}
		for sid, address := range joins.members { //sim:unordered a line has one
			next.members[sid] = address
		}
	}
	return next, next.impossible()
}

func words(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

// impossible says why nobody could live with a configuration.
func (e *roster) impossible() string {
	voters, hosts := 0, map[string]bool{}
	for _, address := range e.members { //sim:unordered counts
		if !strings.Contains(address, ":observer;") {
			voters++
		}
		host, _, _ := strings.Cut(address, ":")
		hosts[host] = true
	}
	switch {
	case voters == 0:
		return "nobody has a vote"
	case len(hosts) < len(e.members):
		return "two servers share an address"
	}
	return ""
}

// is compares members and groups; the order of the numbers in a group says nothing.
func (e *roster) is(o *roster) bool {
	return e.describe() == o.describe()
}

// describe renders what counts of a configuration, in order.
func (e *roster) describe() string {
	var out []string
	for sid, address := range e.members { //sim:unordered sorted below
		out = append(out, fmt.Sprintf("%d=%s", sid, address))
	}
	for _, group := range e.groups { //sim:unordered sorted below
		sids := strings.Split(group, ":")
		sort.Strings(sids)
		out = append(out, "group "+strings.Join(sids, ":"))
	}
	for sid, weight := range e.weights { //sim:unordered sorted below
		if weight != "1" {
			out = append(out, fmt.Sprintf("weight %d %s", sid, weight))
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// activeBefore is the configuration that a transaction found, and whether another one
// was ever proposed before it.
func (w *witness) activeBefore(z wire.Zxid) (text string, changed bool) {
	if w.changes == nil {
		w.changes = []configAt{{text: w.h.Config}}
		for i := range w.h.Log {
			txn := w.h.Log[i].Txn
			if b, ok := txn.Body.(*wire.SetDataTxn); ok && txn.Type == wire.OpReconfig {
				w.changes = append(w.changes, configAt{txn.Zxid, string(b.Data)})
			}
		}
	}
	n := sort.Search(len(w.changes), func(i int) bool { return i > 0 && w.changes[i].zxid >= z }) - 1
	return w.changes[n].text, n > 0
}

// configAt is a configuration and the zxid from which on it is the active one.
type configAt struct {
	zxid wire.Zxid
	text string
}

// reconfig checks what became of a request to change the ensemble.
func (r *replayer) reconfig(who int, op *history.Op, txn *wire.Txn) {
	text, changed := r.activeBefore(txn.Zxid)
	before, _ := parseRoster(text)
	next, wrong := before.after(op.Change)
	stale := op.Change.From != -1 && op.Change.From != int64(before.version)
	if e, refused := txn.Body.(*wire.ErrorTxn); refused {
		if because := r.unfounded(e.Err, changed, stale, wrong); because != "" {
			r.report(ConfigChange, who, fmt.Sprintf("But op %d was refused at %v: %v; %s.", op.ID, txn.Zxid, e.Err, because))
			return
		}
		r.rejection(who, op, txn, e.Err, []wire.ErrorCode{e.Err})
		return
	}
	b, ok := txn.Body.(*wire.SetDataTxn)
	switch {
	case !ok || b.Path != configPath:
		r.report(ConfigChange, who, fmt.Sprintf("But op %d asked for another configuration and became %s.", op.ID, describeBody(txn.Body)))
	case text == "" || stale || wrong != "":
		r.report(ConfigChange, who, fmt.Sprintf("But op %d took effect at %v; to replace %v by it is not possible (%s).",
			op.ID, txn.Zxid, before.version, wrong))
	default:
		r.configured(who, op, txn, string(b.Data), next)
	}
}

// configured checks the configuration that came of a change, and what the client heard.
func (r *replayer) configured(who int, op *history.Op, txn *wire.Txn, text string, want *roster) {
	got, wrong := parseRoster(text)
	switch {
	case wrong != "" || got.version != txn.Zxid || !got.is(want):
		r.report(ConfigChange, who, fmt.Sprintf("But op %d made at %v of version %v: %s; due was %s.",
			op.ID, txn.Zxid, got.version, got.describe(), want.describe()))
	case op.Outcome == history.OK && (op.OutValue != text || op.OutStat == nil || op.OutStat.Version != -1 || op.OutStat.Mzxid != txn.Zxid):
		r.report(ConfigChange, who, fmt.Sprintf("But op %d was told %q, and made %q.", op.ID, op.OutValue, text))
	}
}

// unfounded says why a refusal is none that the configuration calls for, "" if it may be.
// Whether enough servers were synchronised only the leader knows.
func (w *witness) unfounded(err wire.ErrorCode, changed, stale bool, wrong string) string {
	switch {
	case err == wire.ErrReconfigDisabled && w.h.Config != "":
		return "reconfigurations are enabled"
	case err == wire.ErrNoAuth && w.h.Rules.SkipACL:
		return "everybody may"
	case err == wire.ErrReconfigInProgress && !changed:
		return "none was proposed before"
	case err == wire.ErrBadVersion && !stale:
		return "that was the version"
	case err == wire.ErrBadArguments && (wrong == "" || stale):
		return "what was asked for is possible"
	case err == wire.ErrNewConfigNoQuorum && (wrong != "" || stale):
		return "it was not possible in the first place"
	}
	return ""
}

// configReads holds what clients saw of the configuration against the log. A read-only
// server shows what it knows, which may be what never came to be.
func (w *witness) configReads() {
	if w.h.Config == "" {
		return
	}
	alone := map[connection]bool{}
	for i := range w.h.Sessions {
		if e := &w.h.Sessions[i]; e.Kind == history.ConnectedReadOnly {
			alone[connection{e.Session, e.Conn}] = true
		}
	}
	for i := range w.h.Ops {
		op := &w.h.Ops[i]
		if op.F != history.Get || op.Path != configPath || op.Outcome != history.OK || alone[connection{op.Session, op.Conn}] {
			continue
		}
		text, _ := w.activeBefore(op.Zxid + 1)
		if op.OutValue != text {
			w.report(ConfigShown, i, fmt.Sprintf("But op %d read %q at %v, where %q was active.", op.ID, op.OutValue, op.Zxid, text))
			continue
		}
		e, _ := parseRoster(text)
		if op.OutStat == nil || op.OutStat.Version != -1 || op.OutStat.Mzxid != e.version {
			w.report(ConfigShown, i, fmt.Sprintf("But op %d got of %s a stat that is none of version %v.", op.ID, configPath, e.version))
		}
	}
}
