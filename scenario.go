package stampede

import (
	"fmt"
	"strings"

	"github.com/stampede-sim/stampede/faults"
	"github.com/stampede-sim/stampede/internal/near"
	"github.com/stampede-sim/stampede/workloads"
)

// Scenario is a system with a workload and a habit of faults: everything that a
// seed turns into a plan.
type Scenario struct {
	// Name is "system/workload", Doc one sentence for lists.
	Name, Doc string
	// Workload names the entry of package workloads that drives it.
	Workload string
	// Profile is how much goes wrong unless the caller asks otherwise.
	Profile faults.Profile
}

// Scenarios lists every scenario in a fixed order.
func Scenarios() []Scenario {
	var all []Scenario
	for _, w := range workloads.All() {
		all = append(all, Scenario{
			Name: scenarioName(w.Name), Doc: w.Doc, Workload: w.Name, Profile: faults.Swarm,
		})
	}
	return all
}

// scenarioName is "system/workload"; those of the coordinator do not say their system.
func scenarioName(workload string) string {
	if strings.Contains(workload, "/") {
		return workload
	}
	return "coordinator/" + workload
}

// Lookup finds a scenario by name. The error of an unknown one names those that
// come close, or all.
func Lookup(name string) (Scenario, error) {
	var all []string
	for _, s := range Scenarios() {
		if s.Name == name {
			return s, nil
		}
		all = append(all, s.Name)
	}
	if close := near.Names(name, all); len(close) > 0 {
		return Scenario{}, fmt.Errorf("unknown scenario %q; did you mean %s?", name, strings.Join(close, " or "))
	}
	return Scenario{}, fmt.Errorf("unknown scenario %q; `stampede list scenarios` names them all", name)
}

func (s Scenario) workload() workloads.Workload {
	w, ok := workloads.Lookup(s.Workload)
	if !ok {
		panic("stampede: scenario " + s.Name + " names the workload " + s.Workload + ", which does not exist")
	}
	return w
}
