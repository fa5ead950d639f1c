package checkers

import (
	"testing"

	"github.com/stampede-sim/stampede/checkers/history"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// TestWhatServersClaim reads answers, among them such as Apache ZooKeeper gives.
func TestWhatServersClaim(t *testing.T) {
	srvr := "Zookeeper version: 3.8.0, built on 2024-12-29 17:54 UTC\nLatency min/avg/max: 1/9.0/14\nReceived: 5\nSent: 4\n" +
		"Connections: 2\nOutstanding: 0\nZxid: 0x100000002\nMode: standalone\nNode count: 6\n"
	for _, c := range []struct {
		word, answer string
		want         []claim
		wrong        bool
	}{
		{word: "srvr", answer: srvr, want: []claim{{zxid: wire.MakeZxid(1, 2), nodes: 6}}},
		{word: "stat", answer: srvr, want: []claim{{zxid: wire.MakeZxid(1, 2), nodes: 6}}},
		{word: "mntr", answer: "zk_znode_count\t6\n"},
		{word: "srvr", answer: "This ZooKeeper instance is not currently serving requests\n"},
		{word: "srvr", answer: "Zxid: 0x1\nMode: read-only\nNode count: 5\n"},
		{word: "srvr", answer: "Mode: leader\n", wrong: true},
		{word: "srvr", answer: "Zxid: 0x1\nNode count: many\n", wrong: true},
		{word: "hash", answer: "0x1: a\n0x80: ffffffffffffffff\n", want: []claim{{1, -1, 10}, {128, -1, 1<<64 - 1}}},
		{word: "hash", answer: "0x1\n", wrong: true},
	} {
		got, err := claims(&history.Op{F: history.Ask, Value: c.word, OutValue: c.answer})
		if (err != nil) != c.wrong || len(got) != len(c.want) {
			t.Errorf("%s %q: %v, %v", c.word, c.answer, got, err)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s %q: %v, want %v", c.word, c.answer, got[i], c.want[i])
			}
		}
	}
}
