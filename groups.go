package stampede

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/checkers/live"
	"github.com/stampede-sim/stampede/nodes/quorum"
)

// noGroups is the value of the knob groups when a majority decides.
const noGroups = "none"

// parseGroups reads the knob groups: "none", or the server ids of each group with
// their weights, as in "1,2*3/4,5*0/3". A weight of 1 is left out.
func parseGroups(s string) ([]quorum.Group, error) {
	if s == noGroups {
		return nil, nil
	}
	var groups []quorum.Group
	for _, text := range strings.Split(s, "/") {
		var g quorum.Group
		for _, word := range strings.Split(text, ",") {
			id, heavy, weighted := strings.Cut(word, "*")
			if !weighted {
				heavy = "1"
			}
			sid, err := strconv.ParseUint(id, 10, 8)
			weight, wrong := strconv.ParseUint(heavy, 10, 8)
			if err != nil || wrong != nil {
				return nil, fmt.Errorf("%q: want none, or groups as in 1,2*3/4,5*0/3", word)
			}
			g = append(g, quorum.Server{Sid: int64(sid), Weight: int64(weight)})
		}
		groups = append(groups, g)
	}
	_, err := quorum.Hierarchical(groups...)
	return groups, err
}

// quorum is who decides, and in which groups, if any.
func (k Knobs) quorum() (quorum.Verifier, []quorum.Group, error) {
	groups, err := parseGroups(k.Groups)
	if err != nil {
		return nil, nil, fmt.Errorf("knob groups=%s: %w", k.Groups, err)
	}
	var all, grouped []int64
	for sid := 1; sid <= k.Servers; sid++ {
		all = append(all, int64(sid))
	}
	if len(groups) == 0 {
		return quorum.Majority(all...), nil, nil
	}
	for _, g := range groups {
		for _, s := range g {
			grouped = append(grouped, s.Sid)
		}
	}
	if quorum.Of(grouped...) != quorum.Of(all...) {
		return nil, nil, fmt.Errorf("knob groups=%s: want each of the servers 1 to %d in one group", k.Groups, k.Servers)
	}
	v, err := quorum.Hierarchical(groups...)
	return v, groups, err
}

// groups are those of knobs that have been validated.
func (k Knobs) groups() []quorum.Group {
	_, groups, err := k.quorum()
	if err != nil {
		panic("stampede: " + err.Error())
	}
	return groups
}

// judgedGroups are the groups as the live checker takes them.
func (k Knobs) judgedGroups() []live.Group {
	var out []live.Group
	for _, g := range k.groups() {
		var judged live.Group
		for _, s := range g {
			judged = append(judged, live.Voter{Sid: s.Sid, Weight: s.Weight})
		}
		out = append(out, judged)
	}
	return out
}

// tolerated is how many voters may be lost, whichever they are, with a quorum left.
func (k Knobs) tolerated() int {
	v, _, err := k.quorum()
	if err != nil {
		panic("stampede: " + err.Error())
	}
	fatal := k.Servers
	for lost := range uint64(1) << k.Servers {
		if n := bits.OnesCount64(lost); n < fatal && !v.HasQuorum(v.Members()&^quorum.Bits(lost<<1)) {
			fatal = n
		}
	}
	return fatal - 1
}

// groups draws three groups for some of the ensembles that are large enough for
// groups to differ from a majority: mostly equals, now and then a heavy server or
// one that does not count.
func (d dice) groups(servers int) string {
	if servers < 5 || !d.chance(1, 3) {
		return noGroups
	}
	groups := make([][]string, 3)
	for i, sid := range d.Perm(servers) {
		word := strconv.Itoa(sid + 1)
		switch n := d.IntN(8); {
		case n == 0:
			word += "*2"
		case n == 1 && i >= len(groups): // no group is without weight
			word += "*0"
		}
		groups[i%3] = append(groups[i%3], word)
	}
	var out []string
	for _, g := range groups {
		out = append(out, strings.Join(g, ","))
	}
	return strings.Join(out, "/")
}
