package workloads

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"pgregory.net/rapid"
)

func TestPlanLines(t *testing.T) {
	tests := []struct {
		line string
		op   Op
	}{
		{"op 17 c3 1.204s cas /r/2 value=c3.17 version=seen",
			Op{ID: 17, Client: 3, At: 1204 * time.Millisecond, F: history.Set, Path: "/r/2", Value: "c3.17", Version: Seen}},
		{"op 18 c0 0s write /r/2 value=c0.18",
			Op{ID: 18, F: history.Set, Path: "/r/2", Value: "c0.18", Version: Any}},
		{"op 19 c1 20ms cas /r/2 value=x version=0",
			Op{ID: 19, Client: 1, At: 20 * time.Millisecond, F: history.Set, Path: "/r/2", Value: "x"}},
		{"op 20 c1 20ms create /q/0/n- value=c1.20 mode=ephemeral-sequential pipelined",
			Op{ID: 20, Client: 1, At: 20 * time.Millisecond, F: history.Create, Path: "/q/0/n-", Value: "c1.20",
				Mode: wire.ModeEphemeralSequential, Pipelined: true}},
		{"op 20 c1 20ms create /l/0 value=c1.20 mode=ttl ttl=300ms",
			Op{ID: 20, Client: 1, At: 20 * time.Millisecond, F: history.Create, Path: "/l/0", Value: "c1.20",
				Mode: wire.ModeTTL, TTL: 300 * time.Millisecond}},
		{"op 21 c1 20ms delete /q/0/?",
			Op{ID: 21, Client: 1, At: 20 * time.Millisecond, F: history.Delete, Path: "/q/0/?", Version: Any}},
		{"op 22 c1 20ms multi [check /r/0 version=3] [write /r/0 value=a] [create /r/1 value=b] [delete /r/2]",
			Op{ID: 22, Client: 1, At: 20 * time.Millisecond, F: history.Multi, Parts: []Part{
				{F: history.Check, Path: "/r/0", Version: 3},
				{F: history.Set, Path: "/r/0", Value: "a", Version: Any},
				{F: history.Create, Path: "/r/1", Value: "b"},
				{F: history.Delete, Path: "/r/2", Version: Any},
			}}},
		{"op 23 c1 2s hang for=3s",
			Op{ID: 23, Client: 1, At: 2 * time.Second, F: Hang, For: 3 * time.Second}},
		{"op 23 c1 2s exists /w/0 watch pipelined",
			Op{ID: 23, Client: 1, At: 2 * time.Second, F: history.Exists, Path: "/w/0", Watch: true, Pipelined: true}},
		{"op 24 c1 2s sync-children /q/0", Op{ID: 24, Client: 1, At: 2 * time.Second, F: SyncChildren, Path: "/q/0"}},
		{"op 27 c1 2s set-acl /q/0 value=c1.27 version=1",
			Op{ID: 27, Client: 1, At: 2 * time.Second, F: history.SetACL, Path: "/q/0", Value: "c1.27", Version: 1}},
		{"op 28 c1 2s multi-read [get /q/0] [children /q/0]", Op{ID: 28, Client: 1, At: 2 * time.Second, F: history.MultiRead,
			Parts: []Part{{F: history.Get, Path: "/q/0"}, {F: history.Children, Path: "/q/0"}}}},
		{"op 28 c1 2s lock /lock/0 hold=80ms within=2s mute", Op{ID: 28, Client: 1, At: 2 * time.Second, F: Lock, Path: "/lock/0",
			Recipe: RecipeArgs{Hold: 80 * time.Millisecond, Within: 2 * time.Second, Mute: true}}},
		{"op 29 c1 2s add-watch /w kind=recursive",
			Op{ID: 29, Client: 1, At: 2 * time.Second, F: history.AddWatch, Path: "/w", Mode: int32(wire.WatchRecursive)}},
		{"op 30 c1 2s remove-watch /w kind=any",
			Op{ID: 30, Client: 1, At: 2 * time.Second, F: history.RemoveWatch, Path: "/w", Mode: int32(wire.AnyWatches)}},
		{`op 27 c1 2s set-acl /g/0 value="" acl=auth::31`,
			Op{ID: 27, Client: 1, At: 2 * time.Second, F: history.SetACL, Path: "/g/0", Version: Any, ACL: "auth::31"}},
		{`op 27 c1 2s create /g/0 value=x acl="world:anyone:1,digest:u:h=:31"`,
			Op{ID: 27, Client: 1, At: 2 * time.Second, F: history.Create, Path: "/g/0", Value: "x", ACL: "world:anyone:1,digest:u:h=:31"}},
		{"op 27 c1 2s multi [create /g/0 value=x acl=ip:10.0.0.1/31:4]", Op{ID: 27, Client: 1, At: 2 * time.Second, F: history.Multi,
			Parts: []Part{{F: history.Create, Path: "/g/0", Value: "x", ACL: "ip:10.0.0.1/31:4"}}}},
		{"op 27 c1 2s auth value=digest:u1:p1 pipelined",
			Op{ID: 27, Client: 1, At: 2 * time.Second, F: Auth, Value: "digest:u1:p1", Pipelined: true}},
		{"op 27 c1 2s who-am-i", Op{ID: 27, Client: 1, At: 2 * time.Second, F: history.WhoAmI}},
		{"op 31 c1 2s stumble", Op{ID: 31, Client: 1, At: 2 * time.Second, F: Stumble}},
		{"op 25 c1 2s move", Op{ID: 25, Client: 1, At: 2 * time.Second, F: Move}},
		{`op 26 c1 2s write "/a b" value=""`,
			Op{ID: 26, Client: 1, At: 2 * time.Second, F: history.Set, Path: "/a b", Version: Any}},
	}
	for _, test := range tests {
		got, err := ParseOp(test.line)
		if err != nil || !reflect.DeepEqual(got, test.op) {
			t.Errorf("%s\nparsed %+v, %v\n  want %+v", test.line, got, err, test.op)
		}
		if got := test.op.String(); got != test.line {
			t.Errorf("printed %s\n   want %s", got, test.line)
		}
	}
}

func TestPlanLineErrors(t *testing.T) {
	tests := []struct{ line, want string }{
		{"", `a line starts with "op"`},
		{"opp 1 c0 0s move", `a line starts with "op", not "opp"`},
		{"op x c0 0s move", `"x" is no number of an operation`},
		{"op 0 c0 0s move", `"0" is no number of an operation`},
		{"op 1", "the client, like c3, is missing"},
		{"op 1 3 0s move", `"3" is no client; write c0`},
		{"op 1 c0 soon move", `time "soon"; write a duration`},
		{"op 1 c0 -1s move", `time "-1s"; write a duration`},
		{"op 1 c0 0s", "the function is missing"},
		{"op 1 c0 0s crate /a", `unknown function "crate"; here they are create, delete`},
		{"op 1 c0 0s get", "the path of get is missing"},
		{"op 1 c0 0s get value=x", "the path of get is missing"},
		{"op 1 c0 0s get a", `path "a"; paths start with /`},
		{"op 1 c0 0s get /a value=x", "get takes no value="},
		{"op 1 c0 0s get /a b", `get: unexpected word "b"`},
		{"op 1 c0 0s get /a [", `get takes no "["`},
		{"op 1 c0 0s cas /a value=x", "cas needs version=seen"},
		{"op 1 c0 0s cas /a value=x version=any", "cas needs version=seen"},
		{"op 1 c0 0s cas /a value=x version=-1", `version "-1"; write any, seen or a number`},
		{"op 1 c0 0s create /a mode=temporary", `unknown mode "temporary"; modes are persistent`},
		{"op 1 c0 0s create /a mode=ttl", "ttl= goes with mode=ttl"},
		{"op 1 c0 0s create /a mode=ttl ttl=0s", "ttl= goes with mode=ttl"},
		{"op 1 c0 0s create /a ttl=1s", "ttl= goes with mode=ttl"},
		{"op 1 c0 0s create /a mode=ttl ttl=1us", "znodes live for whole milliseconds"},
		{"op 1 c0 0s get /a ttl=1s", "get takes no ttl="},
		{"op 1 c0 0s add-watch /a kind=data", `unknown kind "data"; kinds are persistent, recursive`},
		{"op 1 c0 0s check-watch /a kind=", `unknown kind ""; kinds are children, data`},
		{"op 1 c0 0s create /a acl=anyone", `acl entry "anyone"`},
		{"op 1 c0 0s delete /a acl=auth::1", "delete takes no acl="},
		{"op 1 c0 0s auth value=me", `auth value "me"; write scheme:secret`},
		{"op 1 c0 0s multi", "multi without parts; add some, like [check"},
		{"op 1 c0 0s multi-read", "multi-read without parts; add some, like [get"},
		{"op 1 c0 0s multi-read [delete /a]", `unknown function "delete"; here they are get, children`},
		{"op 1 c0 0s multi [get /a]", `unknown function "get"; here they are create, delete, write, cas, check`},
		{"op 1 c0 0s multi [write /a value=x", "lacks its ]"},
		{"op 1 c0 0s multi [cas /a value=x]", "cas needs version=seen"},
		{"op 1 c0 0s hang for=long", `for "long"; write a duration`},
		{"op 1 c0 0s lock /lock/0 n=3", "lock takes no n="},
		{"op 1 c0 0s lock /lock/0 mute=yes", "lock takes no mute="},
		{"op 1 c0 0s lock /lock/0 hold", `lock: unexpected word "hold"`},
		{"op 1 c0 0s lock /lock/0 hold=long", `hold "long"; write a duration`},
		{"op 1 c0 0s move mute", `move: unexpected word "mute"`},
		{"op 1 c0 0s move pipelined pipelined", `unexpected word "pipelined"`},
		{`op 1 c0 0s write /a value="x`, "unfinished quote"},
	}
	for _, test := range tests {
		_, err := ParseOp(test.line)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q\n got %v\nwant %s", test.line, err, test.want)
		}
	}
}

// part draws the arguments that a verb takes.
func part(t *rapid.T, v verb) Part {
	p := Part{F: v.f}
	if v.topic {
		p.Path = rapid.StringMatching(`[a-z]{1,5}-[0-9](,[a-z]{1,3}-1)?`).Draw(t, "topics")
	} else if v.path {
		p.Path = "/" + rapid.String().Draw(t, "path")
	}
	if v.value {
		p.Value = rapid.String().Draw(t, "value")
	}
	if v.asks {
		p.Value = rapid.SampledFrom(wordNames()).Draw(t, "word")
	}
	switch {
	case v.conditional:
		p.Version = rapid.SampledFrom([]VersionArg{Seen, 0, 1, 1 << 30}).Draw(t, "version")
	case v.version:
		p.Version = rapid.SampledFrom([]VersionArg{Any, Seen, 0, 7}).Draw(t, "version")
	case v.f == history.Set:
		p.Version = Any
	}
	if v.kinds != nil {
		p.Mode = rapid.Int32Range(v.leastKind(), int32(len(v.kinds)-1)).Draw(t, "kind")
	}
	if v.f == Auth {
		p.Value = "digest:" + p.Value
	}
	if v.acl {
		p.ACL = rapid.SampledFrom([]string{"", "auth::31", "world:anyone:1,digest:a b:h=:31"}).Draw(t, "acl")
	}
	if v.mode {
		p.Mode = rapid.Int32Range(0, int32(len(modeNames)-1)).Draw(t, "mode")
		if hasTTL(p.Mode) {
			p.TTL = time.Duration(rapid.IntRange(1, 1e6).Draw(t, "ttl")) * time.Millisecond
		}
	}
	return p
}

// recipeArgs draws the arguments that a recipe step takes.
func recipeArgs(t *rapid.T, v verb) (a RecipeArgs) {
	for _, word := range strings.Fields(v.recipe) {
		switch word {
		case "hold":
			a.Hold = time.Duration(rapid.Int64Min(0).Draw(t, "hold"))
		case "within":
			a.Within = time.Duration(rapid.Int64Min(0).Draw(t, "within"))
		case "n":
			a.N = rapid.IntRange(0, 9).Draw(t, "n")
		case "to":
			a.To = "/" + rapid.String().Draw(t, "to")
		case "mute":
			a.Mute = rapid.Bool().Draw(t, "mute")
		default:
			t.Fatalf("nobody reads the argument %q of %s", word, v.name)
		}
	}
	return a
}

// logArgs draws the arguments of an operation on brokers.
func logArgs(t *rapid.T, v verb) (a LogArgs) {
	for _, word := range strings.Fields(v.logs) {
		switch word {
		case "key":
			a.Key = rapid.String().Draw(t, "key")
		case "acks":
			a.Acks = Acks(rapid.IntRange(0, 2).Draw(t, "acks"))
		case "from":
			a.From = rapid.SampledFrom([]string{"", "beginning", "end", "committed"}).Draw(t, "from")
		case "group":
			a.Group = rapid.StringMatching(`[a-z]{0,3}`).Draw(t, "group")
		case "args":
			a.Args = rapid.SampledFrom([]string{"", "replicas=1,2", "partitions=3 retention.ms=100"}).Draw(t, "args")
		case "znodes":
			a.Znodes = rapid.Bool().Draw(t, "znodes")
		case "tombstone":
			a.Tombstone = rapid.Bool().Draw(t, "tombstone")
		default:
			t.Fatalf("nobody reads the argument %q of %s", word, v.name)
		}
	}
	return a
}

func TestPlanLinesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fitting := func(verb) bool { return true }
		v := rapid.SampledFrom(verbs).Filter(fitting).Draw(t, "verb")
		p := part(t, v)
		op := Op{
			ID: rapid.IntRange(1, 1<<40).Draw(t, "id"), Client: rapid.IntRange(0, 99).Draw(t, "client"),
			At: time.Duration(rapid.Int64Min(0).Draw(t, "at")), Pipelined: rapid.Bool().Draw(t, "pipelined"), Patient: rapid.Bool().Draw(t, "patient"),
			F: p.F, Path: p.Path, Value: p.Value, Version: p.Version, Mode: p.Mode, TTL: p.TTL,
		}
		if v.hangs {
			op.For = time.Duration(rapid.Int64Min(0).Draw(t, "for"))
		}
		if v.asks {
			op.Server = rapid.IntRange(0, maxServers-1).Draw(t, "server")
		}
		op.Recipe, op.Log = recipeArgs(t, v), logArgs(t, v)
		op.Watch = v.watch && rapid.Bool().Draw(t, "watch")
		if v.parts {
			fitting := rapid.SampledFrom(verbs).Filter(func(part verb) bool { return part.fits(v.f) })
			for range rapid.IntRange(1, 4).Draw(t, "parts") {
				op.Parts = append(op.Parts, part(t, fitting.Draw(t, "part")))
			}
		}
		got, err := ParseOp(op.String())
		if err != nil || !reflect.DeepEqual(got, op) {
			t.Fatalf("%v\nparsed %+v, %v\n  want %+v", op, got, err, op)
		}
	})
}

func ExampleParseOp() {
	op, err := ParseOp("op 17 c3 1.204s cas /r/2 value=c3.17 version=seen pipelined")
	if err != nil {
		fmt.Println(err)
		return
	}
	op.Version, op.Pipelined = 4, false
	fmt.Println(op)
	// Output: op 17 c3 1.204s cas /r/2 value=c3.17 version=4
}
