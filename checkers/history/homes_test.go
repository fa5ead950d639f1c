package history

import (
	"testing"

	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// The hashes are those that Java gives: "g0" is 3241, "group" 98629247, and
// "polygenelubricants" the least number there is, which has no opposite.
func TestHomes(t *testing.T) {
	for _, c := range []struct {
		group      string
		partitions int
		want       int
	}{{"g0", 1, 0}, {"g0", 3, 1}, {"g1", 3, 2}, {"group", 50, 47}, {"polygenelubricants", 50, 0}} {
		if got := HomeOf(c.group, c.partitions); got != c.want {
			t.Errorf("%s lives in %d of %d, want %d", c.group, got, c.partitions, c.want)
		}
	}
	says := func(data ...string) (h History) {
		for _, d := range data {
			h.Log = append(h.Log, Applied{Txn: &wire.Txn{Body: &wire.MultiTxn{Parts: []wire.SubTxn{
				{Body: &wire.CreateTxn{Path: "/brokers/topics/t", Data: []byte(`{"partitions":{"0":[1]}}`)}},
				{Body: &wire.SetDataTxn{Path: "/brokers/topics/__consumer_offsets", Data: []byte(d)}},
			}}}})
		}
		return h
	}
	const two = `{"version":2,"partitions":{"0":[1,2],"1":[2,1]}}`
	for _, c := range []struct {
		why       string
		log       []string
		partition string
		want      bool
	}{
		{"g0 lives in 1 of 2", []string{two}, "__consumer_offsets-1", true},
		{"and not in 0", []string{two}, "__consumer_offsets-0", false},
		{"a move changes nothing", []string{two, two}, "__consumer_offsets-0", false},
		{"nothing is known", nil, "__consumer_offsets-0", true},
		{"there were other numbers", []string{two, `{"partitions":{"0":[1]}}`}, "__consumer_offsets-0", true},
		{"it cannot be read", []string{"?"}, "__consumer_offsets-0", true},
		{"another topic", nil, "orders-0", false},
	} {
		h := says(c.log...)
		if got := h.Homes().Lives("g0", c.partition); got != c.want {
			t.Errorf("%s: %v", c.why, got)
		}
	}
}
