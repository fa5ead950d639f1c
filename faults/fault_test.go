package faults

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// word draws a process, group or port name.
var word = rapid.StringMatching(`[a-z][a-z0-9_-]{0,6}`)

func duration(t *rapid.T, label string) time.Duration {
	return time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, label))
}

func drawTarget(t *rapid.T, k Kind, label string) Target {
	var allowed []Target
	if k.processes {
		allowed = append(allowed,
			Target{Name: word.Draw(t, label)},
			Target{Select: Leader, Name: "zk"}, Target{Select: All, Name: "zk"},
			Target{Select: Follower, Name: "zk", Index: rapid.IntRange(0, 9).Draw(t, "index")},
			Target{Select: Minority, Name: "zk", Index: 2})
		if k.Name != Crash && k.Name != Stop && !ailment(k.Name) {
			allowed = append(allowed, Target{Select: Client, Index: rapid.IntRange(0, 9).Draw(t, "client")})
		}
	}
	if k.splits {
		allowed = append(allowed, Target{Select: Halves, Name: "zk", Index: rapid.IntRange(0, 99).Draw(t, "split")})
	}
	return rapid.SampledFrom(allowed).Draw(t, label)
}

// drawFault draws any fault that its kind allows.
func drawFault(t *rapid.T) Fault {
	k := rapid.SampledFrom(Kinds).Draw(t, "kind")
	f := Fault{Kind: k.Name, At: duration(t, "at")}
	if k.processes {
		f.Target = drawTarget(t, k, "target")
	}
	has := func(name string) bool {
		return slices.Contains(k.needs, name) || slices.Contains(k.takes, name) && rapid.Bool().Draw(t, name+"?")
	}
	if has("from") {
		f.From, f.To = Target{Select: Leader, Name: "zk"}, Target{Name: word.Draw(t, "to")}
	}
	if has("keep") {
		f.Keep = rapid.SampledFrom([]Keep{KeepAll, Torn, Arbitrary, Lose}).Draw(t, "keep")
	}
	if has("for") {
		f.For = duration(t, "for")
	}
	if has("restart") {
		f.Restart = duration(t, "restart")
	}
	if has("file") {
		f.File = rapid.SampledFrom([]string{"", "log", "snapshot"}).Draw(t, "file")
	}
	if has("port") {
		f.Port = rapid.SampledFrom([]string{"", "client", "quorum"}).Draw(t, "port")
	}
	if has("add") {
		f.AddMin = duration(t, "add")
		f.AddMax = f.AddMin + duration(t, "more") + 1
	}
	if has("jump") {
		f.Jump = time.Duration(rapid.Int64Range(1, 1e7).Draw(t, "jump")) * -time.Millisecond
	}
	if has("ppm") {
		f.PPM = rapid.Int64Range(1, MaxDrift).Draw(t, "ppm")
	}
	if has("when") {
		f.When = &Trigger{Mark: "zk." + word.Draw(t, "mark"), After: rapid.IntRange(1, 99).Draw(t, "after"), Within: duration(t, "within"), About: rapid.SampledFrom([]string{"", "orders-0"}).Draw(t, "about")}
		if has("effects") {
			f.When.Effects = rapid.IntRange(0, 99).Draw(t, "effects")
		}
	}
	return f
}

func TestEveryFaultSurvivesPrintingAndParsing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := drawFault(t).String()
		parsed, err := ParseFault(line)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if again := parsed.String(); again != line {
			t.Fatalf("printed %q, parsed and printed again %q", line, again)
		}
	})
}

func TestExamplesOfKindsAreCanonical(t *testing.T) {
	for _, k := range Kinds {
		f, err := ParseFault(k.Example)
		if err != nil {
			t.Errorf("%s: %v", k.Name, err)
		}
		if f.Kind != k.Name || f.String() != k.Example {
			t.Errorf("%s: example %q prints as %q", k.Name, k.Example, f)
		}
	}
}

func TestParseErrorsSayWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"fault", `want "fault TIME KIND …"`},
		{"fault soon crash zk1", `time "soon": want a duration`},
		{"fault -1s crash zk1", `time "-1s": want a duration that is not negative`},
		{"fault 1s crsh zk1", `unknown kind "crsh"; kinds are crash, pause,`},
		{"fault 1s crash", "crash needs a target"},
		{"fault 1s crash leder(zk)", `unknown selector "leder"; selectors are leader,`},
		{"fault 1s crash leader(zk", "missing )"},
		{"fault 1s crash leader(zk,1)", "leader takes a group and nothing else"},
		{"fault 1s pause follower(zk,x)", "follower takes a number from 0"},
		{"fault 1s pause client(x)", "client takes a number from 0"},
		{"fault 1s stop client(1)", "clients cannot stop in order"},
		{"fault 1s crash halves(zk)", "only partition can"},
		{"fault 1s crash actor(zk)", "name the fact with when=MARK"},
		{"fault 1s crash zk1 keep=most", "want one of all, torn, arbitrary, lose"},
		{"fault 1s crash zk1 for=2s", `crash takes no argument "for"; it takes keep, restart`},
		{"fault 1s crash zk1 after=2", "belongs to a trigger"},
		{"fault 1s crash zk1 when=committed", "want the mark of a fact"},
		{"fault 1s crash zk1 when=zk.committed after=0", "want a number from 1"},
		{"fault 1s crash zk1 hard", `unexpected word "hard"`},
		{"fault 1s pause zk1 for=1s for=2s", `"for" is given twice`},
		{"fault 1s one-way from=zk1", "one-way needs the argument to"},
		{"fault 1s one-way zk1 from=zk1 to=zk2", "one-way takes no target"},
		{"fault 1s slow zk1 add=5s..1s", "want two durations LEAST..MOST"},
		{"fault 1s skew zk1 jump=1us", "whole milliseconds"},
		{"fault 1s drift zk1 ppm=1000000", "within ±100000"},
	} {
		_, err := ParseFault(c.line)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want …%s…", c.line, err, c.want)
		}
	}
}

func TestArgumentsMayComeInAnyOrder(t *testing.T) {
	f, err := ParseFault("fault 1s crash zk1 after=2 restart=1s when=zk.committed")
	if err != nil || f.When.After != 2 || f.Restart != time.Second {
		t.Fatalf("parsed %v, %v", f, err)
	}
}

func TestSimplifiedFaultsAreValidAndComeToAnEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFault(t)
		for step := 0; ; step++ {
			simpler := Simplify(f)
			if len(simpler) == 0 {
				return
			}
			if step > 300 {
				t.Fatalf("still simplifying %v", f)
			}
			f = rapid.SampledFrom(simpler).Draw(t, "simpler")
			if _, err := ParseFault(f.String()); err != nil {
				t.Fatalf("simplified to %q: %v", f, err)
			}
		}
	})
}
