package admin

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// notServing is what a server answers that has no leader.
const notServing = "This ZooKeeper instance is not currently serving requests\n"

// Refusal is the answer to a word that the whitelist does not name.
func Refusal(w Word) string {
	return fmt.Sprintf("%s is not executed because it is not in the whitelist.\n", w)
}

// Answer renders what a server says to a word, in the text of ZooKeeper's. What a
// word changes (crst, srst, stmk) is the server's business; here is the confirmation.
func Answer(w Word, s *State) string {
	switch w {
	case Ruok:
		return "imok"
	case Gtmk:
		return fmt.Sprint(s.TraceMask)
	case Stmk:
		return fmt.Sprint(s.TraceMask)
	case Envi:
		return environment()
	}
	if s.Mode == NotServing {
		if w == Isro {
			return "null"
		}
		return notServing
	}
	return served[w](s)
}

// served renders the words that only a serving server answers.
var served = map[Word]func(*State) string{
	Conf: settings, Cons: connections, Dirs: sizes, Dump: dump, Hash: digests, Mntr: monitor, Isro: readOnly,
	Srvr: func(s *State) string { return title() + summary(s) },
	Stat: func(s *State) string { return title() + clients(s) + summary(s) },
	Wchs: watchSummary,
	Wchc: func(s *State) string { return holdings(s.Watchers) + "\n" },
	Wchp: func(s *State) string { return holdings(s.Watched) + "\n" },
	Crst: func(*State) string { return "Connection stats reset.\n" },
	Srst: func(*State) string { return "Server stats reset.\n" },
}

func title() string { return "Zookeeper version: " + Version + "\n" }

func readOnly(s *State) string {
	if s.Mode == ReadOnly {
		return "ro"
	}
	return "rw"
}

// summary is the common end of srvr and stat.
func summary(s *State) string {
	var b strings.Builder
	l := &s.Counters.Latency
	fmt.Fprintf(&b, "Latency min/avg/max: %d/%s/%d\n", l.Min, average(l), l.Max)
	fmt.Fprintf(&b, "Received: %d\nSent: %d\nConnections: %d\nOutstanding: %d\n",
		s.Counters.Received, s.Counters.Sent, len(s.Connections), s.Outstanding)
	fmt.Fprintf(&b, "Zxid: %#x\nMode: %s\nNode count: %d\n", uint64(s.Zxid), s.Mode, s.Nodes)
	if s.Mode == Leader {
		fmt.Fprintf(&b, "Proposal sizes last/min/max: %d/%d/%d\n", s.Proposals.Last, s.Proposals.Min, s.Proposals.Max)
	}
	return b.String()
}

// average has one digit at least and four at most, as Java prints it.
func average(l *Latency) string {
	text := strings.TrimRight(fmt.Sprintf("%.4f", l.Average()), "0")
	if strings.HasSuffix(text, ".") {
		return text + "0"
	}
	return text
}

// clients lists the connections in brief.
func clients(s *State) string {
	var b strings.Builder
	b.WriteString("Clients:\n")
	for i := range s.Connections {
		b.WriteString(brief(&s.Connections[i]) + ")\n")
	}
	return b.String() + "\n"
}

func brief(c *Connection) string {
	return fmt.Sprintf(" %s[1](queued=%d,recved=%d,sent=%d", c.Address, c.Queued, c.Stats.Received, c.Stats.Sent)
}

// opNames are the abbreviations of the last operation in cons.
var opNames = map[int32]string{
	0: "NOTF", 1: "CREA", 2: "DELE", 3: "EXIS", 4: "GETD", 5: "SETD", 6: "GETA", 7: "SETA", 8: "GETC", 9: "SYNC",
	11: "PING", 12: "GETC", 13: "CHEC", 14: "MULT", 15: "CREA", 16: "RECO", 17: "CHWA", 18: "REMW", 19: "CRCO",
	21: "CRTT", 22: "MULR", 100: "AUTH", 101: "SETW", 102: "SASL", 103: "GETE", 104: "GACN", 105: "STW2",
	106: "ADDW", 107: "WAMI", -10: "SESS", -11: "CLOS", -1: "ERRO",
}

// connections lists the connections in full.
func connections(s *State) string {
	var b strings.Builder
	for i := range s.Connections {
		c := &s.Connections[i]
		b.WriteString(brief(c))
		if st := &c.Stats; c.Session != 0 {
			op := opNames[int32(st.LastOp)]
			if st.Latency.Count == 0 {
				op = "NA"
			}
			fmt.Fprintf(&b, ",sid=%#x,lop=%s,est=%d,to=%d", uint64(c.Session), op, st.Established, c.TimeoutMs)
			if st.Latency.Count > 0 {
				fmt.Fprintf(&b, ",lcxid=%#x,lzxid=%#x,lresp=%d,llat=%d,minlat=%d,avglat=%d,maxlat=%d", uint32(st.LastCxid), uint64(st.LastZxid),
					st.LastResponse, st.LastLatency, st.Latency.Min, int64(st.Latency.Average()), st.Latency.Max)
			}
		}
		b.WriteString(")\n")
	}
	return b.String() + "\n"
}

func settings(s *State) string {
	var b strings.Builder
	for _, set := range s.Settings {
		fmt.Fprintf(&b, "%s=%s\n", set.Name, set.Value)
	}
	return b.String()
}

func sizes(s *State) string {
	return fmt.Sprintf("datadir_size: %d\nlogdir_size: %d\n", s.SnapshotBytes, s.LogBytes)
}

func digests(s *State) string {
	var b strings.Builder
	for _, d := range s.Digests {
		fmt.Fprintf(&b, "%#x: %x\n", uint64(d.Zxid), d.Value)
	}
	return b.String()
}

// watchSummary counts watches: a session that watches a path in two ways counts once.
func watchSummary(s *State) string {
	total := 0
	for _, h := range s.Watchers {
		total += len(h.Items)
	}
	return fmt.Sprintf("%d connections watching %d paths\nTotal watches:%d\n", len(s.Watchers), len(s.Watched), total)
}

// holdings lists holders, each followed by what it holds.
func holdings(list []Holding) string {
	var b strings.Builder
	for _, h := range list {
		fmt.Fprintf(&b, "%s\n", h.Holder)
		for _, item := range h.Items {
			fmt.Fprintf(&b, "\t%s\n", item)
		}
	}
	return b.String()
}

// dump lists the sessions, by deadline on the leader, and their ephemerals.
func dump(s *State) string {
	var b strings.Builder
	b.WriteString("SessionTracker dump:\n")
	if s.Mode == Leader || s.Mode == Standalone {
		b.WriteString(deadlines(s.Sessions))
	} else {
		fmt.Fprintf(&b, "Global Sessions(%d):\n", len(s.Sessions))
		for _, session := range s.Sessions {
			fmt.Fprintf(&b, "%#x\t%dms\n", uint64(session.ID), session.TimeoutMs)
		}
	}
	fmt.Fprintf(&b, "ephemeral nodes dump:\nSessions with Ephemerals (%d):\n", len(s.Owned))
	for _, h := range s.Owned {
		fmt.Fprintf(&b, "%s:\n", h.Holder)
		for _, path := range h.Items {
			fmt.Fprintf(&b, "\t%s\n", path)
		}
	}
	fmt.Fprintf(&b, "Connections dump:\nConnections Sets (%d)/(%d):\n", len(s.Connections), len(s.Connections))
	for i := range s.Connections {
		c := &s.Connections[i]
		fmt.Fprintf(&b, "\tip: %s sessionId: %#x\n", c.Address, uint64(c.Session))
	}
	return b.String()
}

// deadlines groups sessions by when they expire.
func deadlines(sessions []Session) string {
	byDeadline := slices.Clone(sessions)
	slices.SortStableFunc(byDeadline, func(a, b Session) int { return cmp.Compare(a.Deadline, b.Deadline) })
	var b strings.Builder
	groups := 0
	for len(byDeadline) > 0 {
		at, n := byDeadline[0].Deadline, 1
		for n < len(byDeadline) && byDeadline[n].Deadline == at {
			n++
		}
		fmt.Fprintf(&b, "%d expire at %s:\n", n, time.UnixMilli(at).UTC().Format("Mon Jan 02 15:04:05 UTC 2006"))
		for _, session := range byDeadline[:n] {
			fmt.Fprintf(&b, "\t%#x\n", uint64(session.ID))
		}
		byDeadline = byDeadline[n:]
		groups++
	}
	return fmt.Sprintf("Session Sets (%d)/(%d):\n", groups, len(sessions)) + b.String()
}

// environment is where the server runs: nowhere but in a simulation.
func environment() string {
	return "Environment:\nzookeeper.version=" + Version + "\nhost.name=simulated\n"
}
