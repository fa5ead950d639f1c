package stampede

import (
	"fmt"

	"github.com/stampede-sim/stampede/nodes/coordinator/membership"
)

// observes and spare say what the server of a sid is at first, if not a voter.
func (k Knobs) observes(sid int) bool { return sid > k.Servers && sid <= k.Servers+k.Observers }
func (k Knobs) spare(sid int) bool    { return sid > k.Servers+k.Observers }

// initialConfig is the text of the configuration that an ensemble begins with whose
// members can change; "" if they cannot.
func (k Knobs) initialConfig() string {
	if !k.Reconfig {
		return ""
	}
	var servers []membership.Server
	for sid := 1; !k.spare(sid); sid++ {
		servers = append(servers, membership.Usual(int64(sid), fmt.Sprintf("zk%d", sid), k.observes(sid)))
	}
	c, err := membership.New(0, servers, k.groups())
	if err != nil {
		panic("stampede: " + err.Error()) // the knobs are valid
	}
	return c.String()
}
