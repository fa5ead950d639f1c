package zoocfg

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/node"
)

// files is a directory of files by name.
type files map[string]string

func (f files) read(name string) ([]byte, error) {
	text, ok := f[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}

// sample is the example of the Administrator's Guide, with an observer and groups.
const sample = `# The number of milliseconds of each tick
tickTime=2000
initLimit = 10
syncLimit: 5
dataDir=/var/lib/zookeeper
clientPort=2181
admin.serverPort=8080
4lw.commands.whitelist=stat, ruok, \
    mntr
autopurge.unknown=1
server.1=zoo1:2888:3888
server.2=zoo2:2888:3888:participant
server.3=zoo3:2888:3888;2182
server.4=zoo4:2888:3888:observer
group.1=1:2:3
weight.1=2
`

func without(text, line string) string { return strings.Replace(text, line+"\n", "", 1) }

func TestLoadsAnEnsemble(t *testing.T) {
	f, err := Load("zoo.cfg", files{
		"zoo.cfg": without(sample, "autopurge.unknown=1"), "/var/lib/zookeeper/myid": "2\n",
	}.read)
	if err != nil {
		t.Fatal(err)
	}
	if f.Sid != 2 || f.DataLogDir != "/var/lib/zookeeper" || f.Server.Tick != 2*time.Second || f.Server.InitLimit != 10 || f.Server.SyncLimit != 5 {
		t.Errorf("%+v", f)
	}
	if got := f.Server.FourLetterWords.String(); got != "stat, ruok, mntr" {
		t.Errorf("whitelist %s", got)
	}
	if len(f.Ignored) != 1 || f.Ignored[0].Key != "admin.serverPort" || f.Ignored[0].Line != 7 {
		t.Errorf("ignored %v", f.Ignored)
	}
	c := f.Coordinator(func(sid int64) node.ID { return node.ID(sid + 10) })
	if len(c.Members) != 4 || !c.Members[3].Observer || c.Members[0].Node != 11 || len(c.Groups) != 1 || c.Groups[0][0].Weight != 2 {
		t.Errorf("%+v", c)
	}
	if s, _ := f.Ensemble.Member(3); s.Client != 2182 {
		t.Errorf("server.3 serves clients on %d", s.Client)
	}
	if s, _ := f.Ensemble.Member(1); s.Client != 2181 {
		t.Errorf("server.1 serves clients on %d", s.Client)
	}
}

func TestLoadsAServerThatStandsAlone(t *testing.T) {
	f, err := Load("zoo.cfg", files{"zoo.cfg": "dataDir=/d\nclientPort=2181\n"}.read)
	if err != nil || f.Ensemble != nil || f.Server.Tick != 3*time.Second {
		t.Fatalf("%+v, %v", f, err)
	}
	if c := f.Coordinator(func(sid int64) node.ID { return 0 }); len(c.Members) != 1 || c.Sid != 1 {
		t.Errorf("%+v", c)
	}
}

func TestLoadsADynamicFile(t *testing.T) {
	f, err := Load("zoo.cfg", files{
		"zoo.cfg":                   "initLimit=10\nsyncLimit=5\ndataDir=/d\nstandaloneEnabled=false\ndynamicConfigFile=zoo.cfg.dynamic.100000000\n",
		"zoo.cfg.dynamic.100000000": "server.1=a:1:2:participant;0.0.0.0:3\nversion=100000000\n",
		"/d/myid":                   "1",
	}.read)
	if err != nil || len(f.Ensemble.Servers) != 1 {
		t.Fatalf("%+v, %v", f, err)
	}
}

// TestSaysWhereItIsWrong: every mistake is told with file, line and what to do.
func TestSaysWhereItIsWrong(t *testing.T) {
	base := without(sample, "autopurge.unknown=1")
	replaced := func(old, by string) string { return strings.Replace(base, old, by, 1) }
	for _, c := range []struct{ name, cfg, myid, want string }{
		{"a line without value", replaced("tickTime=2000", "tickTime 2000"), "1", `zoo.cfg:2: "tickTime 2000": want key=value`},
		{"a slip", replaced("tickTime", "tikTime"), "1", "zoo.cfg:2: tikTime: unknown key; did you mean tickTime"},
		{"a strange key", sample, "1", "zoo.cfg:10: autopurge.unknown: unknown key"},
		{"a word for a number", replaced("2000", "fast"), "1", `zoo.cfg:2: tickTime: "fast": want a positive number, in 1ms`},
		{"twice", base + "tickTime=1\n", "1", "zoo.cfg:16: tickTime: is set in line 2 already"},
		{"no data", without(base, "dataDir=/var/lib/zookeeper"), "1", "zoo.cfg: dataDir is missing"},
		{"no limit", without(base, "initLimit = 10"), "1", "zoo.cfg: initLimit is missing"},
		{"no client port", without(base, "clientPort=2181"), "1", "neither clientPort nor the line server.1"},
		{"a member without ports", replaced("zoo1:2888:3888", "zoo1"), "1", "zoo.cfg:10: server.1: want host:port:port"},
		{"a member with a strange role", replaced(":participant", ":boss"), "1", `no member is a "boss"`},
		{"two members at one address", replaced("zoo2", "zoo1"), "1", "zoo.cfg:10: servers 1 and 2 share an address"},
		{"a group with a stranger", replaced("1:2:3", "1:2:3:9"), "1", "server 9 of a group is no participant"},
		{"a group that forgets", replaced("1:2:3", "1:2"), "1", "groups hold 2 of 3 participants"},
		{"myid is no number", base, "one", `/var/lib/zookeeper/myid:1: "one" is no server id`},
		{"myid is a stranger", base, "7", "there is no line server.7 in zoo.cfg"},
		{"a strange word", replaced("ruok", "rouk"), "1", `unknown four-letter word "rouk"`},
		{"timeouts upside down", base + "minSessionTimeout=9000\nmaxSessionTimeout=8000\n", "1", "zoo.cfg: session timeouts 9s..8s are upside down"},
		{"an old election", base + "electionAlg=0\n", "1", "only 3"},
		{"yes for true", base + "localSessionsEnabled=yes\n", "1", `"yes": want true or false`},
		{"no dynamic file", "dataDir=/d\ndynamicConfigFile=gone\n", "1", "zoo.cfg:2: dynamicConfigFile: open gone"},
		{"members in both files", "dataDir=/d\ndynamicConfigFile=dyn\nserver.1=a:1:2\n", "1", "members are listed in the dynamic file"},
		{"a limit in the dynamic file", "dataDir=/d\ndynamicConfigFile=bad\n", "1", "bad:1: initLimit: a dynamic file holds lines server.N"},
		{"a version in the static file", "dataDir=/d\nversion=1\n", "1", "belongs into the dynamic file"},
		{"nobody to be with", "dataDir=/d\nclientPort=1\nstandaloneEnabled=false\n", "1", "zoo.cfg:3: standaloneEnabled=false, and no line server.N"},
		{"nobody to observe", "dataDir=/d\nclientPort=1\npeerType=observer\n", "1", "says whom to observe"},
		{"alone without a port", "dataDir=/d\n", "1", "clientPort is missing"},
	} {
		_, err := Load("zoo.cfg", files{"zoo.cfg": c.cfg, "/var/lib/zookeeper/myid": c.myid, "dyn": "", "bad": "initLimit=1\n"}.read)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v\nwant …%s…", c.name, err, c.want)
		}
	}
	if _, err := Load("zoo.cfg", files{"zoo.cfg": base}.read); err == nil || !strings.Contains(err.Error(), "/var/lib/zookeeper/myid must hold the id") {
		t.Errorf("without myid: %v", err)
	}
	if _, err := Load("zoo.cfg", files{}.read); err == nil {
		t.Error("a missing file was loaded")
	}
}

// TestAnythingIsReadOrRefused: no text makes the reader panic or speak in two lines.
func TestAnythingIsReadOrRefused(t *testing.T) {
	words := append(knownKeys(), "server.1", "group.1", "weight.1", "=", ":", "a:1:2", "a:1:2;3", "1", "true", "\n", "\\\n", "#", " ", "\x00", "-1", "18446744073709551616")
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 40).Draw(t, "words"), "")
		_, err := Load("zoo.cfg", files{"zoo.cfg": "dataDir=/d\n" + text, "/d/myid": "1"}.read)
		if err != nil && strings.Contains(fmt.Sprintf("%q", strings.TrimSpace(err.Error())), `\n`) && !strings.Contains(text, "\\\n") {
			t.Fatalf("%v", err)
		}
	})
}
