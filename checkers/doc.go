// Package checkers judges what clients saw: histories in, verdicts out.
//
// It knows the specification, not the program. The trees, logs and registers it
// compares with are its own (package reference), so a mistake of a node cannot hide
// in its judge, and a saved run can be judged again by any later build.
//
// One guarantee is one function and one sentence; what it finds is that sentence
// with the evidence.
package checkers
