package membership

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/quorum"
	"pgregory.net/rapid"
)

const three = "server.1=zk1:2888:3888:participant;0.0.0.0:2181\n" +
	"server.2=zk2:2888:3888:participant;0.0.0.0:2181\n" +
	"server.3=zk3:2888:3888:observer;0.0.0.0:2181\n" +
	"version=100000003"

func TestTextOfZooKeeper(t *testing.T) {
	c, err := Parse(three)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.String(); got != three {
		t.Errorf("printed as\n%s", got)
	}
	if c.Version != wire.MakeZxid(1, 3) || c.Participants() != quorum.Of(1, 2) || !c.Observes(3) || c.Observes(1) || c.Observes(9) {
		t.Errorf("read as %+v", c)
	}
	if c.Verifier().HasQuorum(quorum.Of(1, 3)) || !c.Verifier().HasQuorum(quorum.Of(1, 2)) {
		t.Error("two participants decide, together")
	}
}

func TestGroupsInText(t *testing.T) {
	text := "server.1=a:1:2:participant;0.0.0.0:3\nserver.2=b:1:2:participant;0.0.0.0:3\n" +
		"group.1=1\ngroup.2=2\nweight.1=3\nweight.2=0\nversion=0"
	c, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.String(); got != text {
		t.Errorf("printed as\n%s", got)
	}
	if !c.Verifier().HasQuorum(quorum.Of(1)) || c.Participants() != quorum.Of(1, 2) {
		t.Error("server 1 has all the weight, both are participants")
	}
}

// What operators may leave out or write in another way, and how it is printed.
func TestLines(t *testing.T) {
	for text, want := range map[string]string{ //sim:unordered independent cases
		"a:1:2":                                 "a:1:2:participant",
		"a:1:2:OBSERVER;3":                      "a:1:2:observer;3",
		"a:1:2; 10.0.0.1:3":                     "a:1:2:participant;10.0.0.1:3",
		"[::1]:1:2:participant;[fe80::1]:2181":  "[::1]:1:2:participant;[fe80::1]:2181",
		"a:1:2|[fe80::2]:3:4|c:5:6:observer;11": "a:1:2|[fe80::2]:3:4|c:5:6:observer;11",
	} {
		l, err := ParseLine(1, text)
		if err != nil || l.String() != want {
			t.Errorf("%s reads as %v, %v; want %s", text, l, err, want)
		}
	}
	s, err := ParseServer(1, "[::1]:1:2;2181")
	if err != nil || s.Line() != "server.1=[::1]:1:2:participant;0.0.0.0:2181" {
		t.Errorf("a member on ::1 is %v, %v", s, err)
	}
}

func TestRefused(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"no number", "server.x=a:1:2;3", "number"},
		{"no value", "server.1", "key=value"},
		{"no client port", "server.1=a:1:2", "client port"},
		{"no role", "server.1=a:1:2:king;3", "king"},
		{"no port", "server.1=a:1:x;3", "no port"},
		{"several addresses", "server.1=a:1:2|b:1:2;3", "one address"},
		{"no host", "server.1=:1:2;3", "no host"},
		{"no address", "server.1=[a]:1:2;3", "IP version 6"},
		{"no group", "server.1=a:1:2;3\ngroup.1=a", `"a" is no server id`},
		{"sid", "server.64=a:1:2;3", "[1, 63]"},
		{"twice", "server.1=a:1:2;3\nserver.1=b:1:2;3", "twice"},
		{"address", "server.1=a:1:2;3\nserver.2=a:2:3;3", "share an address"},
		{"group of strangers", "server.1=a:1:2;3\ngroup.1=2", "no participant"},
		{"forgotten in groups", "server.1=a:1:2;3\nserver.2=b:1:2;3\ngroup.1=2", "1 of 2"},
		{"unknown", "dataDir.1=/x", "unknown key"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := Parse(tc.text); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
		})
	}
}

func TestChanges(t *testing.T) {
	c, _ := Parse(three)
	grouped, _ := Parse("server.1=a:1:2;3\ngroup.1=1")
	for _, tc := range []struct {
		name string
		on   *Config
		ch   Change
		want string // participants and observers, or an error
	}{
		{"nothing", c, Change{}, "{1,2} {3}"},
		{"leaving", c, Change{Leaving: "2,3"}, "{1} {}"},
		{"a stranger leaves", c, Change{Leaving: "7"}, "{1,2} {3}"},
		{"joining", c, Change{Joining: Usual(4, "zk4", false).Line()}, "{1,2,4} {3}"},
		{"an observer is promoted", c, Change{Joining: Usual(3, "zk3", false).Line()}, "{1,2,3} {}"},
		{"a participant is demoted", c, Change{Joining: Usual(1, "zk1", true).Line()}, "{2} {1,3}"},
		{"out and in again", c, Change{Leaving: "1", Joining: Usual(1, "zk1", false).Line()}, "{1,2} {3}"},
		{"all of them", c, Change{Members: Usual(5, "zk5", false).Line() + "," + Usual(6, "zk6", true).Line()}, "{5} {6}"},
		{"nobody left", c, Change{Leaving: "1,2"}, "nobody would have a vote"},
		{"observers only", c, Change{Members: Usual(6, "zk6", true).Line()}, "nobody would have a vote"},
		{"no sid", c, Change{Leaving: "one"}, "server ids"},
		{"no line", c, Change{Joining: "4"}, "server.N="},
		{"another's address", c, Change{Joining: Usual(4, "zk1", false).Line()}, "share an address"},
		{"no groups for it", grouped, Change{Joining: Usual(4, "zk4", false).Line()}, "give all members"},
		{"no more groups", grouped, Change{Members: Usual(4, "zk4", false).Line()}, "{4} {}"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			next, err := tc.on.Apply(tc.ch)
			got := fmt.Sprint(err)
			if err == nil {
				got = next.Participants().String() + " " + observers(next).String()
				if next.Version != tc.on.Version {
					t.Errorf("version %v", next.Version)
				}
			}
			if !strings.Contains(got, tc.want) {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func observers(c *Config) (b quorum.Bits) {
	for _, s := range c.Servers {
		if s.Observer {
			b = b.Add(s.Sid)
		}
	}
	return b
}

// drawConfig draws members on hosts of their own, sometimes in groups.
func drawConfig(t *rapid.T) *Config {
	var servers []Server
	var groups []quorum.Group
	for _, sid := range rapid.SliceOfNDistinct(rapid.Int64Range(1, 9), 1, 6, rapid.ID[int64]).Draw(t, "sids") {
		servers = append(servers, Usual(sid, fmt.Sprintf("zk%d", sid), len(servers) > 0 && rapid.Bool().Draw(t, "observer")))
	}
	if rapid.IntRange(0, 3).Draw(t, "grouped") == 0 {
		groups = []quorum.Group{nil, nil}
		for i, s := range slices.SortedFunc(slices.Values(servers), func(a, b Server) int { return int(a.Sid - b.Sid) }) {
			if !s.Observer {
				groups[i%2] = append(groups[i%2], quorum.Server{Sid: s.Sid, Weight: rapid.Int64Range(1, 3).Draw(t, "weight")})
			}
		}
		groups = slices.DeleteFunc(groups, func(g quorum.Group) bool { return len(g) == 0 })
	}
	c, err := New(wire.Zxid(rapid.Int64Range(0, 1<<62).Draw(t, "version")), servers, groups)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPrintedIsParsed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawConfig(t)
		d, err := Parse(c.String())
		if err != nil || !d.SameMembers(c) || d.Version != c.Version || d.Participants() != c.Participants() || d.String() != c.String() {
			t.Fatalf("%v\nread again as\n%v, %v", c, d, err)
		}
		if e := c.At(c.Version + 1); !e.Newer(c) || c.Newer(e) || !e.SameMembers(c) {
			t.Fatalf("%v under another version is %v", c, e)
		}
	})
}

// The dumb twin of an incremental change is a map from sid to role.
func TestChangeAgreesWithMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawConfig(t)
		if len(c.Groups) > 0 {
			return
		}
		roles := map[int64]bool{}
		for _, s := range c.Servers {
			roles[s.Sid] = s.Observer
		}
		var ch Change
		var words []string
		for _, sid := range rapid.SliceOfN(rapid.Int64Range(1, 9), 0, 3).Draw(t, "leaving") {
			delete(roles, sid)
			words = append(words, fmt.Sprint(sid))
		}
		ch.Leaving, words = strings.Join(words, ","), nil
		for _, sid := range rapid.SliceOfN(rapid.Int64Range(1, 9), 0, 3).Draw(t, "joining") {
			roles[sid] = rapid.Bool().Draw(t, "as observer")
			words = append(words, Usual(sid, fmt.Sprintf("zk%d", sid), roles[sid]).Line())
		}
		ch.Joining = strings.Join(words, ",")
		voters := 0
		for _, observer := range roles {
			if !observer {
				voters++
			}
		}
		next, err := c.Apply(ch)
		if (err == nil) != (voters > 0) {
			t.Fatalf("%v to %v: %v with %d voters", c, ch, err, voters)
		}
		if err != nil {
			return
		}
		if len(next.Servers) != len(roles) {
			t.Fatalf("%v to %v makes %v", c, ch, next)
		}
		for sid, observer := range roles {
			if s, ok := next.Member(sid); !ok || s.Observer != observer {
				t.Fatalf("%v to %v: server %d is %v, %v", c, ch, sid, s, ok)
			}
		}
	})
}
