package stampede

import (
	"fmt"

	"github.com/stampede-sim/stampede/checkers/live"
	"github.com/stampede-sim/stampede/nodes/coordinator/facts"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/sim"
)

// ensemble follows which servers take part in which epoch, from the facts they
// state, to know when a healed world has converged.
type ensemble struct {
	servers []live.Server
	// epochs holds per server the epoch in which it serves, 0 for none; leads says
	// whether it does so as the established leader.
	epochs []int64
	leads  []bool
}

func newEnsemble(k Knobs) ensemble {
	e := ensemble{epochs: make([]int64, k.size()), leads: make([]bool, k.size())}
	for i, name := range k.serverNames() {
		e.servers = append(e.servers, live.Server{ID: serverID(i + 1), Sid: int64(i + 1), Name: name, Observer: k.observes(i + 1), Spare: k.spare(i + 1)})
	}
	return e
}

func (e *ensemble) observe(s *sim.Seen) {
	switch s.Event.Kind {
	case facts.Established:
		e.epochs[s.Node], e.leads[s.Node] = s.Event.N[0], true
	case facts.StandsAlone: // its epoch may be 0, which here means that nobody serves
		e.epochs[s.Node], e.leads[s.Node] = max(1, wire.Zxid(s.Event.N[0]).Epoch()), true
	case facts.UpToDate:
		e.epochs[s.Node], e.leads[s.Node] = s.Event.N[0], false
	case facts.StepDown, facts.ElectionStarted:
		e.lost(s.Node)
	}
}

// lost tells that a server serves no longer.
func (e *ensemble) lost(id node.ID) { e.epochs[id], e.leads[id] = 0, false }

// pending says why the ensemble is not one leader with all others behind it, ""
// if it is.
func (e *ensemble) pending() string {
	leader := -1
	for i := range e.servers {
		if e.leads[i] && (leader < 0 || e.epochs[i] > e.epochs[leader]) {
			leader = i
		}
	}
	if leader < 0 {
		return "no leader is established"
	}
	for i, s := range e.servers {
		if e.epochs[i] != e.epochs[leader] {
			return fmt.Sprintf("%s does not serve in epoch %d of %s", s.Name, e.epochs[leader], e.servers[leader].Name)
		}
	}
	return ""
}

// describe says in which epoch a server serves.
func (e *ensemble) describe(id node.ID) string {
	switch {
	case e.epochs[id] == 0:
		return ", not serving"
	case e.leads[id]:
		return fmt.Sprintf(", established in epoch %d", e.epochs[id])
	}
	return fmt.Sprintf(", up to date in epoch %d", e.epochs[id])
}
