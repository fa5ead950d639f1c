// Package sim is the simulated world: virtual time, a network, disks, clocks and
// processes, all driven by one event queue and one seed. It implements the
// contract of package node and knows no protocol.
//
// # What a run is
//
// A [World] holds processes (registered with [World.Add]) and a queue of events
// ordered by virtual time and, within one instant, by the order of scheduling.
// [World.Run] takes the earliest event, moves the clock there and calls the one
// process it concerns; idle time costs nothing. Everything happens on the
// caller's goroutine. The same configuration, the same nodes and the same calls
// give the same run, event for event, on any machine.
//
// Every processed event, observed fact and disk write folds into a running hash
// ([World.Hash]); [World.Checkpoints] keeps some of its values, so that two runs
// that should agree and do not can be bisected to the step where they part.
//
// # What may go wrong, and only that
//
// Connections are ordered and reliable until they break; a partition stalls
// them, a crash or a cut resets them after an arbitrary prefix of what was in
// flight, a long stall times them out. Disks keep what was synced; a crash keeps
// a legal subset of the rest. Datagrams are lost, duplicated and reordered.
// Clocks drift and jump. Processes crash between any two effects, or pause.
//
// # Randomness
//
// One seed, many labelled streams ([World.Stream]): drawing from one never
// shifts another. No decision rests on a floating-point number, a map's order, a
// goroutine or the wall clock.
package sim
