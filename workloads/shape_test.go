package workloads

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestShapesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.SampledFrom(All()).Draw(t, "workload")
		s := w.Draw(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)))
		got, err := ParseShape(s.String())
		if err != nil || !reflect.DeepEqual(got, s) {
			t.Fatalf("%v\nparsed %+v, %v\n  want %+v", s, got, err, s)
		}
	})
}

func TestShapeErrors(t *testing.T) {
	const good = "clients=2 keys=1 duration=1s think=1ms hot=0 burst=0 burst-len=0 mix=get:1 "
	tests := []struct{ text, want string }{
		{"clients", `"clients"; write key=value`},
		{"clients=many", `clients: strconv.Atoi: parsing "many"`},
		{"colour=red", "colour: unknown knob; knobs are clients"},
		{"mix=get", `mix: "get"; write kind:weight`},
		{"mix=get:1,get:2", "kind get occurs twice"},
		{good + "clients=0", "clients=0 keys=1; both must be at least 1"},
		{good + "keys=1000", "keys=1000; at most 400"},
		{good + "think=0s", "think=0s; neither may be negative, nor think zero"},
		{good + "hot=101", "hot=101 burst=0; give percentages"},
		{good + "burst-len=-1", "burst-len=-1"},
		{good + "mix=get:-1", "a weight must not be negative"},
		{good + "mix=get:0", "every weight of mix is 0"},
	}
	for _, test := range tests {
		_, err := ParseShape(test.text)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q\n got %v\nwant %s", test.text, err, test.want)
		}
	}
	if _, err := ParseShape(good); err != nil {
		t.Errorf("%q: %v", good, err)
	}
}
