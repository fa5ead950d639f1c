package zoocfg

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/nodes/coordinator"
	"github.com/stampede-sim/stampede/nodes/coordinator/membership"
	"github.com/stampede-sim/stampede/nodes/quorum"
	"pgregory.net/rapid"
)

// from reads files out of a map.
func from(files map[string]string) func(string) (string, error) {
	return func(name string) (string, error) {
		text, ok := files[name]
		if !ok {
			return "", errors.New(name + ": no such file")
		}
		return text, nil
	}
}

const minimal = "tickTime=2000\ndataDir=/zk\nclientPort=2181\n"

const three = minimal + `initLimit=10
syncLimit=5
server.1=zk1:2888:3888
server.2=zk2:2888:3888:participant
server.3=zk3:2888:3888:observer;2181
`

func TestAnEnsemble(t *testing.T) {
	f, err := Parse("zoo.cfg", from(map[string]string{"zoo.cfg": three + `
# Comments and continued lines are allowed,
! in both ways.
4lw.commands.whitelist=srvr, \
   mntr
minSessionTimeout : 4000
readonlymode.enabled true
admin.enableServer=false
`, "/zk/myid": "2\n"}))
	if err != nil {
		t.Fatal(err)
	}
	c := f.Config
	if c.Sid != 2 || c.Tick != 2*time.Second || c.InitLimit != 10 || c.SyncLimit != 5 || c.MinSessionTimeout != 4*time.Second || !c.ReadOnlyMode || !c.DiskSync {
		t.Errorf("%+v", c)
	}
	want := []coordinator.Member{{Sid: 1, Node: 0}, {Sid: 2, Node: 1}, {Sid: 3, Node: 2, Observer: true}}
	if !reflect.DeepEqual(c.Members, want) {
		t.Errorf("members %v", c.Members)
	}
	if len(c.FourLetterWords) != 2 {
		t.Errorf("words %v", c.FourLetterWords)
	}
	if !reflect.DeepEqual(f.Ignored, []Setting{{"admin.enableServer", "false"}}) {
		t.Errorf("ignored %v", f.Ignored)
	}
	if s, err := f.Server(3); err != nil || !s.Observer || s.Client.Port != 2181 {
		t.Errorf("server 3 is %v, %v", s, err)
	}
	if _, err := f.Server(4); err == nil {
		t.Error("there is a server 4")
	}
}

// One server is no ensemble unless it is told that it is, and needs no id then.
func TestAServerAlone(t *testing.T) {
	f, err := Parse("zoo.cfg", from(map[string]string{"zoo.cfg": minimal}))
	if err != nil || f.Ensemble() || f.Config.Sid != 1 || len(f.Config.Members) != 1 {
		t.Errorf("%+v, %v", f, err)
	}
	one := minimal + "initLimit=1\nsyncLimit=1\nserver.5=zk5:1:2\n"
	if f, err = Parse("zoo.cfg", from(map[string]string{"zoo.cfg": one})); err != nil || f.Ensemble() {
		t.Errorf("%+v, %v", f, err)
	}
	f, err = Parse("zoo.cfg", from(map[string]string{"zoo.cfg": one + "standaloneEnabled=false\n", "/zk/myid": "5"}))
	if err != nil || !f.Ensemble() || f.Config.Sid != 5 {
		t.Errorf("%+v, %v", f, err)
	}
}

// The dynamic file holds the servers, where reconfigurations write them.
func TestDynamicFile(t *testing.T) {
	f, err := Parse("zoo.cfg", from(map[string]string{
		"zoo.cfg": "tickTime=2000\ndataDir=/zk\ninitLimit=1\nsyncLimit=1\ndynamicConfigFile=/zk/zoo.dynamic\n",
		"/zk/zoo.dynamic": "server.1=[::1]:2888:3888:participant;127.0.0.1:2181\n" +
			"server.2=a:1:2|b:3:4:participant;[fe80::2]:2182\n",
		"/zk/myid": "1",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if s := f.Servers[0]; s.Addresses[0].Host != "::1" || s.Client != (membership.Endpoint{Host: "127.0.0.1", Port: 2181}) {
		t.Errorf("%+v", s)
	}
	if s := f.Servers[1]; len(s.Addresses) != 2 || s.Addresses[1] != (membership.Address{Host: "b", Quorum: 3, Election: 4}) || s.Client.Host != "fe80::2" {
		t.Errorf("%+v", s)
	}
	if strings.Contains(f.String(), "server.") || !strings.Contains(f.Members(), "server.2=a:1:2|b:3:4:participant;[fe80::2]:2182\n") {
		t.Errorf("%s%s", f, f.Members())
	}
}

func TestGroupsAndWeights(t *testing.T) {
	const groups = "group.1=1:2\ngroup.2=3\nweight.1=3\nweight.3=0\n"
	observed := strings.Replace(three, ":observer", ":participant", 1)
	f, err := Parse("zoo.cfg", from(map[string]string{"zoo.cfg": observed + groups, "/zk/myid": "1"}))
	if err != nil {
		t.Fatal(err)
	}
	want := []quorum.Group{{{Sid: 1, Weight: 3}, {Sid: 2, Weight: 1}}, {{Sid: 3, Weight: 0}}}
	if !reflect.DeepEqual(f.Config.Groups, want) {
		t.Errorf("%v", f.Config.Groups)
	}
}

func TestErrorsNameTheLine(t *testing.T) {
	for _, c := range []struct{ add, want string }{
		{"tickTme=1", `zoo.cfg:4: tickTme: unknown key; did you mean tickTime?`},
		{"frobnicate=1", `zoo.cfg:4: frobnicate: unknown key`},
		{"initLimit", `zoo.cfg:4: "initLimit" has no value`},
		{"initLimit=ten", `zoo.cfg:4: initLimit: "ten" is no whole number (times are in milliseconds, without a unit)`},
		{"snapCount=-3", `zoo.cfg:4: snapCount: -3 is out of range`},
		{"clientPort=2182", `zoo.cfg:4: clientPort is set twice, before at zoo.cfg:3`},
		{"skipACL=perhaps", `zoo.cfg:4: skipACL: "perhaps" is neither true nor false`},
		{"electionAlg=0", `zoo.cfg:4: electionAlg: only 3, fast leader election, is left`},
		{"4lw.commands.whitelist=nope", `zoo.cfg:4: 4lw.commands.whitelist: unknown four-letter word "nope"`},
		{"server.x=zk1:1:2", `zoo.cfg:4: server.x: "x" is no number of a server or group`},
		{"server.1=zk1", `zoo.cfg:4: server.1: "zk1" has no host and port`},
		{"server.1=zk1:1", `zoo.cfg:4: server.1: "zk1:1": want host:port:port, and perhaps :participant or :observer`},
		{"server.1=zk1:1:99999", `zoo.cfg:4: server.1: "99999" is no port`},
		{"server.1=zk1:1:2:watcher", `zoo.cfg:4: server.1: "watcher" is neither participant nor observer`},
		{"server.1=[zk1]:1:2", `zoo.cfg:4: server.1: "[zk1]:1:2": in brackets belongs an address of IP version 6`},
		{"server.1=zk1:1:2;x", `zoo.cfg:4: server.1: "x" is no port`},
		{"server.1=zk1:1:2", "zoo.cfg: initLimit is not set"},
		{"group.1=a", `zoo.cfg:4: group.1: "a" is no server id`},
		{"dynamicConfigFile=gone", "gone: no such file"},
		{"minSessionTimeout=2\nmaxSessionTimeout=1", "zoo.cfg: coordinator: session timeouts 2ms..1ms are upside down"},
		{"snapshotSizeFactor=much", `zoo.cfg:4: snapshotSizeFactor: "much" is no number`},
	} {
		_, err := Parse("zoo.cfg", from(map[string]string{"zoo.cfg": minimal + c.add}))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.add, err, c.want)
		}
	}
	for _, c := range []struct{ id, want string }{
		{"", `/zk/myid:1: "" is no server id`}, {"7", "/zk/myid:1: there is no line server.7"},
	} {
		_, err := Parse("zoo.cfg", from(map[string]string{"zoo.cfg": three, "/zk/myid": c.id}))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("myid %q: got %v, want %s", c.id, err, c.want)
		}
	}
	_, err := Parse("zoo.cfg", from(map[string]string{"zoo.cfg": "syncLimit=1"}))
	for _, missing := range []string{"tickTime", "dataDir", "clientPort"} {
		if err == nil || !strings.Contains(err.Error(), missing+" is not set") {
			t.Errorf("%s may be missing: %v", missing, err)
		}
	}
}

// What is printed means the same when it is read again.
func TestPrintedFilesReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		b.WriteString(minimal + "initLimit=7\nsyncLimit=3\n")
		for _, line := range []string{
			"dataLogDir=/logs", "clientPortAddress=::", "minSessionTimeout=1", "maxSessionTimeout=90000", "snapCount=1000",
			"commitLogCount=700", "localSessionsEnabled=yes", "readonlymode.enabled=TRUE", "extendedTypesEnabled=true",
			"enforceQuota=true", "DigestAuthenticationProvider.superDigest=super:x=", "znode.container.checkIntervalMs=500",
			"4lw.commands.whitelist=*", "enforce.auth.schemes=digest,sasl", "snapshotSizeFactor=-0.5", "standaloneEnabled=false",
			"peerType=observer", "ssl.clientAuth=none", "electionAlg=3", "skipACL=no",
		} {
			if rapid.Bool().Draw(t, line) {
				b.WriteString(line + "\n")
			}
		}
		n := rapid.IntRange(1, 5).Draw(t, "servers")
		for sid := 1; sid <= n; sid++ {
			role := rapid.SampledFrom([]string{"", ":participant", ":observer"}).Draw(t, "role")
			if sid == 1 {
				role = ""
			}
			client := rapid.SampledFrom([]string{"", ";2181", ";host:2181", ";[::1]:2181"}).Draw(t, "client")
			fmt.Fprintf(&b, "server.%d=h%d:1:2%s%s\n", sid, sid, role, client)
		}
		files := map[string]string{"zoo.cfg": b.String(), "/zk/myid": "1"}
		f, err := Parse("zoo.cfg", from(files))
		if err != nil {
			t.Fatal(err)
		}
		files["zoo.cfg"] = f.String()
		again, err := Parse("zoo.cfg", from(files))
		if err != nil || !reflect.DeepEqual(f, again) {
			t.Fatalf("%s\nreads as %+v (%v)\nand was %+v", f, again, err, f)
		}
	})
}
