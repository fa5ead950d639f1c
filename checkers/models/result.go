// Package models holds sequential specifications for porcupine, and the rules by
// which a history becomes something porcupine can search within bounds: parted by
// znode, cut into windows, unknown outcomes resolved or few.
package models

import "github.com/anishathalye/porcupine"

// Result is the answer of one search.
type Result struct {
	// Model is the specification's name, Path the znode it was held against.
	Model, Path string
	// Outcome is porcupine's word.
	Outcome porcupine.CheckResult
	// Why says why the outcome is unknown.
	Why string
	// Ops are the identifiers of the operations searched.
	Ops []int
	// Spec and Info draw the failed search with porcupine.Visualize.
	Spec porcupine.Model
	Info porcupine.LinearizationInfo
}
