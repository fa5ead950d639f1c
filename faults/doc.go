// Package faults is what goes wrong in a run, as data. A plan is a list of
// [Fault] values that prints and parses as one line each:
//
//	fault 1.25s crash leader(zk) keep=torn restart=800ms
//	fault 2s crash actor(zk) when=zk.committed after=3 effects=2 within=5s keep=arbitrary restart=1s
//	fault 3s partition halves(zk,4) for=4s
//	fault 5s slow leader(zk) add=50ms..400ms for=3s
//
// Times count from the start of the safety phase. Targets are symbolic: who the
// leader is gets decided when the fault strikes, from the roles the processes
// stated, so a plan survives shrinking and most changes of the code. Whatever
// looks random about a target is an explicit index in the plan; nothing is drawn
// while the run goes on.
//
// [Draw] makes a plan from a random stream, [Apply] carries one out in a
// [sim.World], [Simplify] proposes weaker forms of a fault to a shrinker.
package faults
