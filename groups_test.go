package stampede

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestGroupsAreReadAndRefused(t *testing.T) {
	for _, c := range []struct {
		groups    string
		tolerated int
		want      string // of the error
	}{
		{"none", 2, ""},
		{"1,2/3,4/5", 1, ""},
		{"1/2/3,4,5", 1, ""},
		{"1*3,2,3,4,5", 1, ""},
		{"1*4,2,3,4,5", 0, ""},
		{"1,2,3,4*0,5*0", 1, ""},
		{"1,2/3,4", 0, "each of the servers 1 to 5"},
		{"1,2/3,4/5,6", 0, "each of the servers 1 to 5"},
		{"1,2/2,3/4,5", 0, "server 2 is listed twice"},
		{"1*0,2*0,3*0,4*0,5*0", 0, "no server has a positive weight"},
		{"1,2/three", 0, `"three": want none, or groups`},
		{"1,2/3*-1", 0, `"3*-1": want none, or groups`},
		{"", 0, "want none, or groups"},
	} {
		k := drawKnobs(rand.New(rand.NewPCG(1, 1)))
		k.Servers = 5
		err := k.Set("groups=" + c.groups)
		if err == nil {
			err = k.Validate()
		}
		switch {
		case c.want != "":
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want …%s…", c.groups, err, c.want)
			}
		case err != nil:
			t.Errorf("%s: %v", c.groups, err)
		case k.tolerated() != c.tolerated:
			t.Errorf("%s tolerates the loss of %d, want %d", c.groups, k.tolerated(), c.tolerated)
		}
	}
}

// TestSomeEnsemblesHaveGroups keeps the draw from going blind.
func TestSomeEnsemblesHaveGroups(t *testing.T) {
	grouped, weightless, heavy := 0, 0, 0
	for seed := range uint64(300) {
		k := drawKnobs(rand.New(rand.NewPCG(seed, 0)))
		if k.Groups == noGroups {
			continue
		}
		grouped++
		if strings.Contains(k.Groups, "*0") {
			weightless++
		}
		if strings.Contains(k.Groups, "*2") {
			heavy++
		}
	}
	if grouped < 15 || weightless < 2 || heavy < 5 {
		t.Errorf("of 300 seeds %d have groups, %d a server without weight, %d a heavy one", grouped, weightless, heavy)
	}
}
