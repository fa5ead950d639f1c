package admin

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// busy is a leader with two clients, of which one has spoken.
func busy() *State {
	return &State{
		Sid: 1, Mode: Leader, Phase: "BROADCAST", LeaderSid: 1, Epoch: 2, Uptime: 4519 * time.Millisecond, Wall: 1795313987421,
		Zxid: wire.MakeZxid(2, 3), Nodes: 6, Ephemerals: 1, DataSize: 46,
		Digests:  []Digest{{wire.MakeZxid(1, 128), 0xabc}, {wire.MakeZxid(2, 0), 1}},
		Sessions: []Session{{ID: 0x100, TimeoutMs: 30000, Deadline: 1795314019000}, {ID: 0x101, TimeoutMs: 4000, Deadline: 1795314005000}},
		Owned:    []Holding{{"0x100", []string{"/e"}}},
		Connections: []Connection{
			{Address: "/10.0.0.7:42824", Session: 0x100, TimeoutMs: 30000, Stats: ConnStats{
				Counters:    Counters{Received: 3, Sent: 3, Latency: Latency{Min: 0, Max: 14, Total: 27, Count: 3}},
				Established: 1795313987000, LastResponse: 1795313987400, LastOp: wire.OpGetData, LastCxid: 2, LastZxid: wire.MakeZxid(2, 3), LastLatency: 1,
			}},
			{Address: "/10.0.0.8:42880", Stats: ConnStats{Counters: Counters{Received: 1}}},
		},
		Watches:  1,
		Watchers: []Holding{{"0x100", []string{"/e"}}}, Watched: []Holding{{"/e", []string{"0x100"}}},
		SnapshotBytes: 424, LogBytes: 67108880, LastSnapshot: wire.MakeZxid(1, 128),
		Followers: []int64{2, 3}, Observers: []int64{4}, Voters: []int64{1, 2, 3}, Proposals: Sizes{48, 36, 92},
		Settings: []Setting{{"clientPort", "2181"}, {"tickTime", "2000"}},
		Counters: Counters{Received: 5, Sent: 4, Latency: Latency{Min: 1, Max: 14, Total: 27, Count: 3}}, TraceMask: 306,
		Metrics: []Metric{{"election_count", 2}},
	}
}

// TestAnswers compares the text of every word with what the tools of ZooKeeper parse.
func TestAnswers(t *testing.T) {
	srvr := "Latency min/avg/max: 1/9.0/14\nReceived: 5\nSent: 4\nConnections: 2\nOutstanding: 0\n" +
		"Zxid: 0x200000003\nMode: leader\nNode count: 6\nProposal sizes last/min/max: 48/36/92\n"
	version := "Zookeeper version: " + Version + "\n"
	want := map[Word]string{
		Ruok: "imok", Isro: "rw", Gtmk: "306", Stmk: "306",
		Srvr: version + srvr,
		Stat: version + "Clients:\n /10.0.0.7:42824[1](queued=0,recved=3,sent=3)\n /10.0.0.8:42880[1](queued=0,recved=1,sent=0)\n\n" + srvr,
		Cons: " /10.0.0.7:42824[1](queued=0,recved=3,sent=3,sid=0x100,lop=GETD,est=1795313987000,to=30000,lcxid=0x2,lzxid=0x200000003," +
			"lresp=1795313987400,llat=1,minlat=0,avglat=9,maxlat=14)\n /10.0.0.8:42880[1](queued=0,recved=1,sent=0)\n\n",
		Wchs: "1 connections watching 1 paths\nTotal watches:1\n", Wchc: "0x100\n\t/e\n\n", Wchp: "/e\n\t0x100\n\n",
		Dirs: "datadir_size: 424\nlogdir_size: 67108880\n", Conf: "clientPort=2181\ntickTime=2000\n",
		Hash: "0x100000080: abc\n0x200000000: 1\n", Crst: "Connection stats reset.\n", Srst: "Server stats reset.\n",
		Dump: "SessionTracker dump:\nSession Sets (2)/(2):\n1 expire at Sun Nov 22 02:20:05 UTC 2026:\n\t0x101\n" +
			"1 expire at Sun Nov 22 02:20:19 UTC 2026:\n\t0x100\nephemeral nodes dump:\nSessions with Ephemerals (1):\n0x100:\n\t/e\n" +
			"Connections dump:\nConnections Sets (2)/(2):\n\tip: /10.0.0.7:42824 sessionId: 0x100\n\tip: /10.0.0.8:42880 sessionId: 0x0\n",
		Envi: "Environment:\nzookeeper.version=" + Version + "\nhost.name=simulated\n",
	}
	for _, w := range Words {
		if w == Mntr {
			continue // below
		}
		if got := Answer(w, busy()); got != want[w] {
			t.Errorf("%s:\n%s\nwant\n%s", w, got, want[w])
		}
	}
}

func TestFollowersDumpTimeouts(t *testing.T) {
	s := busy()
	s.Mode = Follower
	want := "SessionTracker dump:\nGlobal Sessions(2):\n0x100\t30000ms\n0x101\t4000ms\n"
	if got := Answer(Dump, s); !strings.HasPrefix(got, want) {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// TestMonitorLines: mntr is a name that begins with zk_, a tab and a value on every
// line, no name twice, and has what dashboards look for.
func TestMonitorLines(t *testing.T) {
	seen := map[string]string{}
	for line := range strings.Lines(Answer(Mntr, busy())) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok || !strings.HasPrefix(name, "zk_") || seen[name] != "" {
			t.Errorf("line %q", line)
		}
		seen[name] = value
	}
	for name, value := range map[string]string{
		"zk_server_state": "leader", "zk_znode_count": "6", "zk_synced_followers": "2", "zk_avg_latency": "9.0",
		"zk_ephemerals_count": "1", "zk_watch_count": "1", "zk_approximate_data_size": "46", "zk_election_count": "2",
	} {
		if seen[name] != value {
			t.Errorf("%s is %q, want %q", name, seen[name], value)
		}
	}
}

// TestWithoutALeader: most words then have one answer.
func TestWithoutALeader(t *testing.T) {
	s := &State{Sid: 1, Phase: "ELECTION", TraceMask: 306}
	for _, w := range Words {
		got := Answer(w, s)
		switch w {
		case Ruok, Gtmk, Stmk, Envi, Isro:
			if got == notServing {
				t.Errorf("%s is answered by every process", w)
			}
		default:
			if got != notServing {
				t.Errorf("%s: %q", w, got)
			}
		}
	}
	if r, err := Command("srvr", s); err != nil || r.Get("error") == nil {
		t.Errorf("srvr: %v, %v", r, err)
	}
	if r, err := Command("zabstate", s); err != nil || r.Get("zabstate") != "ELECTION" {
		t.Errorf("zabstate: %v, %v", r, err)
	}
}

// TestCommandsAreJSON: every command has an object that begins with its name and
// ends with its error.
func TestCommandsAreJSON(t *testing.T) {
	for _, name := range CommandNames() {
		r, err := Command(name, busy())
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(r)
		if err != nil || !json.Valid(text) {
			t.Fatalf("%s: %s, %v", name, text, err)
		}
		if got := string(text); !strings.HasPrefix(got, `{"command":"`+name+`"`) || !strings.HasSuffix(got, `"error":null}`) {
			t.Errorf("%s: %s", name, got)
		}
	}
	if _, err := Command("nonsense", busy()); err == nil || !strings.Contains(err.Error(), "voting_view") {
		t.Errorf("%v", err)
	}
	if r, _ := Command("mntr", busy()); r.Get("command") != "monitor" {
		t.Errorf("an alias has another name: %v", r)
	}
}

func TestWhitelist(t *testing.T) {
	list, err := ParseWhitelist("stat, ruok,")
	if err != nil || list.String() != "stat, ruok" {
		t.Fatalf("%v, %v", list, err)
	}
	if !list.Allows(Ruok, false) || list.Allows(Srvr, false) || list.Allows(Isro, false) || !list.Allows(Isro, true) {
		t.Error("allows what it must not, or the reverse")
	}
	if all, err := ParseWhitelist("*"); err != nil || len(all) != len(Words) {
		t.Errorf("%v, %v", all, err)
	}
	if _, err := ParseWhitelist("stat,nope"); err == nil || !strings.Contains(err.Error(), `"nope"`) {
		t.Errorf("%v", err)
	}
}

// TestDigestsNeverGrowBeyond keeps the newest.
func TestDigestsNeverGrowBeyond(t *testing.T) {
	d := Digests{Interval: 2}
	for c := uint32(1); c <= 4*digestsKept; c++ {
		d.Applied(wire.MakeZxid(1, c), uint64(c))
	}
	if n := len(d.List()); n != digestsKept || d.List()[n-1].Zxid != wire.MakeZxid(1, 4*digestsKept) || d.List()[0].Zxid != wire.MakeZxid(1, 2*digestsKept+2) {
		t.Errorf("%d digests, from %v to %v", n, d.List()[0], d.List()[n-1])
	}
}
