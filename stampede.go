// Package stampede finds bugs in distributed systems by running them in a
// simulated world, breaking that world as a seed says, and judging what clients
// saw. One integer reproduces a run to the last byte.
//
// A [Scenario] and a seed make a [Plan]: the knobs of the cluster, the faults and
// the clients' operations, all written out as text that can be read, edited and
// run again. [Run] executes a plan and returns a [Result] with a verdict:
//
//	plan, err := stampede.PlanFor("coordinator/register", 91, stampede.PlanOptions{})
//	…
//	result := stampede.Run(plan, stampede.RunOptions{})
//	fmt.Println(result.Verdict, result.Guarantee, result.Hash)
//
// [Hunt] runs many seeds on all processors, [Shrink] cuts a failing plan down to
// what matters, and [HuntBugs] plants known bugs to see whether they are found.
//
// # The life of a run
//
// All processes boot and client 0 sets the workload up (warm-up). Then the
// operations of the plan run while its faults strike (safety phase). Then
// everything is healed, and the world has a bounded virtual time to converge:
// one established leader, all servers up to date, every client served (liveness
// phase). The clients make their final reads, and the history is judged.
// Invariants of the protocol are held against every fact that a server states
// while the run goes on; the first one broken ends it.
//
// # Determinism
//
// A run uses one goroutine, no clock and no randomness but the streams of its
// seed. [Result.Hash] covers every event; two runs of a plan must agree on it on
// any machine. Only [Hunt] starts goroutines, one world each, nothing shared.
package stampede
