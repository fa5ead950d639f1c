package coordinator

import (
	"strings"
	"testing"

	"github.com/stampede-sim/stampede/nodes/quorum"
)

func TestConfigIsValidated(t *testing.T) {
	members := []Member{{Sid: 1}, {Sid: 2}, {Sid: 3}}
	for _, c := range []struct {
		name, want string
		cfg        Config
	}{
		{"plain", "", Config{Sid: 1, Members: members}},
		{"stranger", "own sid 4 is not a member", Config{Sid: 4, Members: members}},
		{"twice", "sid 1 appears twice", Config{Sid: 1, Members: append(members, members[0])}},
		{"grouped", "", Config{Sid: 1, Members: members, Groups: []quorum.Group{{{Sid: 1, Weight: 1}, {Sid: 2}}, {{Sid: 3, Weight: 2}}}}},
		{"forgotten", "groups hold 2 of 3 voting members", Config{Sid: 1, Members: members, Groups: []quorum.Group{{{Sid: 1, Weight: 1}, {Sid: 2}}}}},
		{"stranger grouped", "server 4 of a group is not a voting member", Config{Sid: 1, Members: members, Groups: []quorum.Group{{{Sid: 1, Weight: 1}, {Sid: 4}}}}},
		{"observer grouped", "server 3 of a group is not a voting member", Config{Sid: 1, Members: []Member{{Sid: 1}, {Sid: 3, Observer: true}}, Groups: []quorum.Group{{{Sid: 1, Weight: 1}, {Sid: 3}}}}},
		{"only observers", "every member is an observer", Config{Sid: 1, Members: []Member{{Sid: 1, Observer: true}}}},
		{"reaps nothing", "reaping every 1m0s, -1 a minute", Config{Sid: 1, Members: members, ReapsPerMinute: -1}},
		{"short requests", "requests of 9 bytes", Config{Sid: 1, Members: members, MaxBuffer: 9}},
		{"nobody decides", "no server has a positive weight", Config{Sid: 1, Members: members, Groups: []quorum.Group{{{Sid: 1}, {Sid: 2}, {Sid: 3}}}}},
	} {
		err := c.cfg.Validate()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want …%s…", c.name, err, c.want)
		}
	}
}
